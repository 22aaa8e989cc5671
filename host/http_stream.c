/* SPDX-License-Identifier: Apache-2.0 */
/* Queue between an HTTP transfer and a reader that asks. See http_stream.h. */
#include "http_stream.h"

#include <stdlib.h>
#include <string.h>

enum { HIGH_WATER = 1 << 20, LOW_WATER = 1 << 18, MAX_LINE = 8 << 20 };

typedef struct chunk {
    struct chunk *next;
    char *data;
    size_t len;
    int kind;
} chunk;

struct lsqm_http_stream {
    lsqm_http_op *op; /* NULL after the end */
    const lsqm_decoder *decoder;
    void *state;
    chunk *head, *tail;
    size_t queued;
    unsigned char ended, paused;
    lsqm_error err;
    void (*ready)(void *user);
    void *ready_user;
    lsqm_http_response response;
    lsqm_buffer texts; /* what response points to */
};

static void notify(lsqm_http_stream *s)
{
    void (*ready)(void *) = s->ready;
    s->ready = NULL;
    if (ready)
        ready(s->ready_user);
}

static int push(void *user, int kind, const char *data, size_t len)
{
    lsqm_http_stream *s = user;
    chunk *c = calloc(1, sizeof *c);
    char *copy = c ? malloc(len + 1) : NULL;
    if (!copy) {
        free(c);
        return LSQM_ENOMEM;
    }
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    *c = (chunk){NULL, copy, len, kind};
    if (s->tail)
        s->tail->next = c;
    else
        s->head = c;
    s->tail = c;
    s->queued += len + sizeof *c;
    return LSQM_OK;
}

/* A sink's code without words gets its stock sentence. */
static int describe(int rc, lsqm_error *err)
{
    if (rc != LSQM_OK && err->code == LSQM_OK)
        lsqm_error_set(err, rc, "stream", NULL);
    return rc;
}

static int on_data(void *user, const char *data, size_t len, lsqm_error *err)
{
    lsqm_http_stream *s = user;
    int rc =
        s->decoder ? s->decoder->feed(s->state, data, len, push, s, err) : push(s, 0, data, len);
    if (s->queued > HIGH_WATER && !s->paused) {
        s->paused = 1;
        lsqm_http_pause(s->op);
    }
    if (s->head)
        notify(s);
    return describe(rc, err);
}

/* One allocation for three texts; the pointers are set when it no longer grows. */
static int keep_response(lsqm_http_stream *s, const lsqm_http_response *r)
{
    lsqm_buffer_add(&s->texts, r->headers, r->headers_len);
    lsqm_buffer_addc(&s->texts, '\0');
    lsqm_buffer_add(&s->texts, r->body, r->body_len);
    lsqm_buffer_addc(&s->texts, '\0');
    lsqm_buffer_adds(&s->texts, r->url);
    if (s->texts.failed)
        return lsqm_error_set(&s->err, LSQM_ENOMEM, "stream", NULL);
    s->response = *r;
    s->response.headers = s->texts.data;
    s->response.body = s->texts.data + r->headers_len + 1;
    s->response.url = s->response.body + r->body_len + 1;
    return LSQM_OK;
}

static void on_done(void *user, const lsqm_http_response *response, const lsqm_error *err)
{
    lsqm_http_stream *s = user;
    s->op = NULL;
    s->ended = 1;
    s->err = *err;
    if (response && keep_response(s, response) == LSQM_OK && s->decoder &&
        response->status >= 200 && response->status < 300)
        describe(s->decoder->end(s->state, push, s, &s->err), &s->err);
    notify(s);
}

int lsqm_http_stream_open(lsqm_http *http, const lsqm_http_request *request,
                          const lsqm_decoder *decoder, lsqm_http_stream **out, lsqm_error *err)
{
    lsqm_http_stream *s = calloc(1, sizeof *s);
    if (s && decoder)
        s->state = calloc(1, decoder->size);
    if (!s || (decoder && !s->state)) {
        free(s);
        return lsqm_error_set(err, LSQM_ENOMEM, "stream", NULL);
    }
    s->decoder = decoder;
    lsqm_http_request own = *request;
    own.on_data = on_data;
    own.done = on_done;
    own.user = s;
    if (lsqm_http_start(http, &own, &s->op, err) != LSQM_OK) {
        lsqm_http_stream_close(s);
        return err->code;
    }
    *out = s;
    return LSQM_OK;
}

static void take(lsqm_http_stream *s, char **data, size_t *len, int *kind)
{
    chunk *c = s->head;
    s->head = c->next;
    if (!s->head)
        s->tail = NULL;
    s->queued -= c->len + sizeof *c;
    *data = c->data;
    *len = c->len;
    *kind = c->kind;
    free(c);
    if (s->paused && s->queued < LOW_WATER) {
        s->paused = 0;
        if (s->op)
            lsqm_http_resume(s->op);
    }
}

int lsqm_http_stream_next(lsqm_http_stream *s, char **data, size_t *len, int *kind, lsqm_error *err)
{
    if (s->head) {
        take(s, data, len, kind);
        return LSQM_STREAM_CHUNK;
    }
    if (!s->ended)
        return LSQM_STREAM_PENDING;
    *err = s->err;
    return s->err.code == LSQM_OK ? LSQM_STREAM_END : LSQM_STREAM_FAILED;
}

void lsqm_http_stream_wait(lsqm_http_stream *s, void (*ready)(void *user), void *user)
{
    s->ready = ready;
    s->ready_user = user;
}

const lsqm_http_response *lsqm_http_stream_response(const lsqm_http_stream *s)
{
    return &s->response;
}

void lsqm_http_stream_close(lsqm_http_stream *s)
{
    if (!s)
        return;
    if (s->op)
        lsqm_http_drop(s->op);
    while (s->head) {
        chunk *c = s->head;
        s->head = c->next;
        free(c->data);
        free(c);
    }
    if (s->decoder && s->decoder->release)
        s->decoder->release(s->state);
    free(s->state);
    lsqm_buffer_free(&s->texts);
    free(s);
}

/* --- lines --------------------------------------------------------------------------------- */

static int give_line(const char *data, size_t len, lsqm_piece_sink sink, void *user)
{
    if (len && data[len - 1] == '\r')
        len--;
    return len ? sink(user, 0, data, len) : LSQM_OK;
}

/* `rest` holds the start of a line whose end has not come. */
static int lines_feed(void *state, const char *data, size_t len, lsqm_piece_sink sink, void *user,
                      lsqm_error *err)
{
    lsqm_buffer *rest = state;
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t part = end ? (size_t)(end - data) : len;
        int rc = LSQM_OK;
        if (rest->len + part > MAX_LINE)
            return lsqm_error_set(err, LSQM_ELIMIT, "stream", "a line is longer than 8 MiB");
        if ((rest->len || !end) && (rc = lsqm_buffer_add(rest, data, part)) != LSQM_OK)
            return lsqm_error_set(err, rc, "stream", NULL);
        if (!end)
            return LSQM_OK;
        rc = rest->len ? give_line(rest->data, rest->len, sink, user)
                       : give_line(data, part, sink, user);
        if (rc != LSQM_OK)
            return rc;
        lsqm_buffer_clear(rest);
        data = end + 1;
        len -= part + 1;
    }
    return LSQM_OK;
}

static int lines_end(void *state, lsqm_piece_sink sink, void *user, lsqm_error *err)
{
    lsqm_buffer *rest = state;
    (void)err;
    return give_line(rest->data, rest->len, sink, user);
}

static void lines_release(void *state)
{
    lsqm_buffer_free(state);
}

const lsqm_decoder lsqm_lines_decoder = {sizeof(lsqm_buffer), lines_feed, lines_end, lines_release};

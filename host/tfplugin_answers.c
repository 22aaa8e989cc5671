/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of answers, and lists of headers.
 *
 * An answer is recorded once and never changes or goes away afterwards, until the whole memory is
 * released; whoever wants the same while it is recorded waits instead of asking the provider too.
 */
#include "tfplugin_internal.h"
#include "tfplugin_schema.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)512 << 20)
#define MAX_ANSWERS 256
/* A shorter endpoint could be part of other words. */
#define MIN_ENDPOINT 8

struct lsqm_tfplugin_answers {
    int refs;
    size_t bytes, count;
    lsqm_tf_answer *list;
};

/* --- headers ------------------------------------------------------------------------------- */

int lsqm_tf_headers_add(lsqm_tf_headers *h, const nghttp2_nv *nv)
{
    if (h->count == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 8;
        nghttp2_nv *list = realloc(h->list, cap * sizeof *list);
        if (!list)
            return LSQM_ENOMEM;
        h->list = list;
        h->cap = cap;
    }
    char *text = malloc(nv->namelen + nv->valuelen + 2);
    if (!text)
        return LSQM_ENOMEM;
    nghttp2_nv *to = &h->list[h->count++];
    *to = *nv;
    memcpy(text, nv->name, nv->namelen);
    text[nv->namelen] = '\0';
    memcpy(text + nv->namelen + 1, nv->value, nv->valuelen);
    text[nv->namelen + 1 + nv->valuelen] = '\0';
    to->name = (uint8_t *)text;
    to->value = (uint8_t *)text + nv->namelen + 1;
    to->flags &= NGHTTP2_NV_FLAG_NO_INDEX; /* nghttp2 copies what it is given */
    return LSQM_OK;
}

int lsqm_tf_headers_copy(lsqm_tf_headers *to, const lsqm_tf_headers *from)
{
    for (size_t i = 0; i < from->count; i++)
        if (lsqm_tf_headers_add(to, &from->list[i]) != LSQM_OK)
            return LSQM_ENOMEM;
    return LSQM_OK;
}

const char *lsqm_tf_headers_get(const lsqm_tf_headers *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (strcmp((const char *)h->list[i].name, name) == 0)
            return (const char *)h->list[i].value;
    return NULL;
}

void lsqm_tf_headers_free(lsqm_tf_headers *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->list[i].name);
    free(h->list);
    memset(h, 0, sizeof *h);
}

/* --- the memory ---------------------------------------------------------------------------- */

lsqm_tfplugin_answers *lsqm_tfplugin_answers_new(void)
{
    lsqm_tfplugin_answers *a = calloc(1, sizeof *a);
    if (a)
        a->refs = 1;
    return a;
}

void lsqm_tf_answers_retain(lsqm_tfplugin_answers *a)
{
    a->refs++;
}

static void free_answer(lsqm_tf_answer *answer)
{
    lsqm_tf_headers_free(&answer->head);
    lsqm_tf_headers_free(&answer->trailers);
    lsqm_buffer_free(&answer->body);
    free(answer->marks);
    free(answer);
}

void lsqm_tfplugin_answers_release(lsqm_tfplugin_answers *a)
{
    if (!a || --a->refs > 0)
        return;
    while (a->list) {
        lsqm_tf_answer *answer = a->list;
        a->list = answer->next;
        free_answer(answer);
    }
    free(a);
}

/* The next place of the endpoint in text[from…], or NULL. */
static const char *next_mark(const lsqm_buffer *text, size_t from, const char *endpoint)
{
    size_t len = strlen(endpoint);
    if (len < MIN_ENDPOINT || from >= text->len)
        return NULL;
    return memmem(text->data + from, text->len - from, endpoint, len);
}

/* Each part goes in with its length, so that no two requests can make the same sequence. */
static int add_part(lsqm_sha256 *h, const char *data, size_t len, lsqm_error *err)
{
    uint64_t size = len;
    int rc = lsqm_sha256_update(h, &size, sizeof size, err);
    return rc == LSQM_OK && len ? lsqm_sha256_update(h, data, len, err) : rc;
}

int lsqm_tf_answers_key(const char *identity, const char *path, const lsqm_buffer *message,
                        const char *endpoint, char key[LSQM_SHA256_HEX])
{
    lsqm_error err;
    lsqm_sha256 h = {NULL};
    size_t width = strlen(endpoint), from = 0;
    if (lsqm_sha256_init(&h, &err) != LSQM_OK)
        return LSQM_ENOMEM;
    int rc = add_part(&h, identity, strlen(identity), &err);
    if (rc == LSQM_OK)
        rc = add_part(&h, path, strlen(path), &err);
    if (rc == LSQM_OK)
        rc = lsqm_sha256_update(&h, &width, sizeof width, &err);
    for (const char *at; rc == LSQM_OK && (at = next_mark(message, from, endpoint)) != NULL;) {
        size_t here = (size_t)(at - message->data);
        rc = add_part(&h, message->data + from, here - from, &err);
        from = here + width;
    }
    if (rc == LSQM_OK)
        rc = add_part(&h, message->data + from, message->len - from, &err);
    if (rc == LSQM_OK)
        return lsqm_sha256_final(&h, key, &err);
    lsqm_sha256_free(&h);
    return rc;
}

lsqm_tf_answer *lsqm_tf_answers_find(lsqm_tfplugin_answers *a, const char *key)
{
    for (lsqm_tf_answer *answer = a->list; answer; answer = answer->next)
        if (strcmp(answer->key, key) == 0)
            return answer;
    return NULL;
}

lsqm_tf_answer *lsqm_tf_answers_begin(lsqm_tfplugin_answers *a, const char *key)
{
    if (a->count >= MAX_ANSWERS || a->bytes >= MAX_BYTES)
        return NULL;
    lsqm_tf_answer *answer = calloc(1, sizeof *answer);
    if (!answer)
        return NULL;
    memcpy(answer->key, key, sizeof answer->key);
    answer->next = a->list;
    a->list = answer;
    a->count++;
    return answer;
}

/* One by one, because what the told one does can take others out of the list. */
static void tell(lsqm_tf_answer *answer, int ready)
{
    while (answer->waiters) {
        lsqm_tf_waiter *waiter = answer->waiters;
        answer->waiters = waiter->next;
        waiter->told(waiter->user, ready);
    }
}

void lsqm_tf_answers_drop(lsqm_tfplugin_answers *a, lsqm_tf_answer *answer)
{
    for (lsqm_tf_answer **at = &a->list; *at; at = &(*at)->next) {
        if (*at == answer) {
            *at = answer->next;
            break;
        }
    }
    a->count--;
    tell(answer, 0);
    free_answer(answer);
}

static int find_marks(lsqm_tf_answer *answer, const char *endpoint)
{
    size_t from = 0, cap = 0;
    for (const char *at; (at = next_mark(&answer->body, from, endpoint)) != NULL;) {
        if (answer->mark_count == cap) {
            cap = cap ? cap * 2 : 64;
            size_t *marks = realloc(answer->marks, cap * sizeof *marks);
            if (!marks)
                return LSQM_ENOMEM;
            answer->marks = marks;
        }
        answer->marks[answer->mark_count] = (size_t)(at - answer->body.data);
        from = answer->marks[answer->mark_count++] + strlen(endpoint);
    }
    return LSQM_OK;
}

void lsqm_tf_answers_finish(lsqm_tfplugin_answers *a, lsqm_tf_answer *answer, const char *endpoint)
{
    if (answer->body.failed || a->bytes + answer->body.len > MAX_BYTES ||
        find_marks(answer, endpoint) != LSQM_OK) {
        lsqm_tf_answers_drop(a, answer);
        return;
    }
    answer->ready = 1;
    a->bytes += answer->body.len;
    tell(answer, 1);
}

void lsqm_tf_answer_wait(lsqm_tf_answer *answer, lsqm_tf_waiter *waiter)
{
    waiter->next = answer->waiters;
    answer->waiters = waiter;
}

void lsqm_tf_answer_unwait(lsqm_tf_answer *answer, lsqm_tf_waiter *waiter)
{
    for (lsqm_tf_waiter **at = &answer->waiters; *at; at = &(*at)->next) {
        if (*at == waiter) {
            *at = waiter->next;
            return;
        }
    }
}

int lsqm_tf_answer_fill(const lsqm_tf_answer *answer, const char *endpoint, lsqm_buffer *out)
{
    if (lsqm_buffer_add(out, answer->body.data, answer->body.len) != LSQM_OK)
        return LSQM_ENOMEM;
    for (size_t i = 0; i < answer->mark_count; i++)
        memcpy(out->data + answer->marks[i], endpoint, strlen(endpoint));
    return LSQM_OK;
}

int lsqm_tf_answer_fill_schema(const lsqm_tf_answer *answer, const char *const *types,
                               lsqm_buffer *out)
{
    int rc = lsqm_tfplugin_trim_schema(answer->body.data, answer->body.len, types, out);
    return rc == LSQM_EINVAL ? lsqm_tf_answer_fill(answer, "", out) : rc;
}

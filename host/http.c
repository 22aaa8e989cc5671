/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP client's loop side: curl_multi on uv polls and one timer. See http.h.
 *
 * curl must not be re-entered from its own callbacks and a caller must not hear back from inside
 * its own call, so cancel and resume only mark the operation; `kick`, a timer of 0 ms, acts.
 */
#include "http_impl.h"

#include <stdlib.h>

struct lsqm_http {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer; /* curl's clock */
    uv_timer_t kick;
    int open_timers;
    unsigned char closing;
    lsqm_http_op *ops;
};

typedef struct watch {
    uv_poll_t poll;
    lsqm_http *http;
    curl_socket_t fd;
} watch;

static uv_once_t curl_once = UV_ONCE_INIT;

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* --- life of an operation ------------------------------------------------------------------ */

static void unlink_op(lsqm_http_op *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        op->http->ops = op->next;
    if (op->next)
        op->next->prev = op->prev;
}

static void detach(lsqm_http_op *op)
{
    if (op->added)
        curl_multi_remove_handle(op->http->multi, op->easy);
    op->added = 0;
}

/* The operation's end: hands over the answer or op->err, then frees. */
static void complete(lsqm_http_op *op)
{
    lsqm_http_response response;
    const char *url = NULL;
    detach(op);
    unlink_op(op);
    if (op->done && op->err.code != LSQM_OK) {
        op->done(op->user, NULL, &op->err);
    } else if (op->done) {
        curl_easy_getinfo(op->easy, CURLINFO_RESPONSE_CODE, &response.status);
        curl_easy_getinfo(op->easy, CURLINFO_EFFECTIVE_URL, &url);
        response.url = url ? url : op->url;
        response.headers = op->head.data ? op->head.data : "";
        response.headers_len = op->head.len;
        response.body = op->memory.data ? op->memory.data : "";
        response.body_len = op->memory.len;
        op->done(op->user, &response, &op->err);
    }
    lsqm_http_free(op);
}

static void set_cancelled(lsqm_http_op *op)
{
    lsqm_error_set(&op->err, LSQM_ECANCELLED, "http", "cancelled: %s", op->url);
}

static int add(lsqm_http_op *op)
{
    CURLMcode code = curl_multi_add_handle(op->http->multi, op->easy);
    if (code != CURLM_OK)
        return lsqm_error_set(&op->err, LSQM_EINTERNAL, "http", "%s", curl_multi_strerror(code));
    op->added = 1;
    return LSQM_OK;
}

/* Sets off for the redirect's target; 0 when this is not one or it cannot be followed. */
static int follow(lsqm_http_op *op)
{
    if (lsqm_http_redirect(op) <= 0)
        return 0;
    detach(op);
    return lsqm_http_configure(op, uv_now(op->http->loop), &op->err) == LSQM_OK &&
           add(op) == LSQM_OK;
}

static void transfer_ended(lsqm_http_op *op, CURLcode code)
{
    if (op->cancelled)
        set_cancelled(op);
    else if (code == CURLE_OK && follow(op))
        return;
    lsqm_http_conclude(op, code);
    complete(op);
}

static void collect(lsqm_http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        char *op = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &op);
        transfer_ended((lsqm_http_op *)(void *)op, code);
    }
}

/* --- curl on the loop ---------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    lsqm_http *http = timer->data;
    int running;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(http);
}

static int curl_wants_timer(CURLM *multi, long ms, void *user)
{
    lsqm_http *http = user;
    (void)multi;
    if (http->closing)
        return 0;
    if (ms < 0)
        uv_timer_stop(&http->timer);
    else
        uv_timer_start(&http->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    watch *w = poll->data;
    lsqm_http *http = w->http;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    int running;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(http->multi, w->fd, flags, &running);
    collect(http);
}

static void free_watch(uv_handle_t *handle)
{
    free(handle->data);
}

static watch *new_watch(lsqm_http *http, curl_socket_t fd)
{
    watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->http = http;
    w->fd = fd;
    if (uv_poll_init(http->loop, &w->poll, fd) != 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    curl_multi_assign(http->multi, fd, w);
    return w;
}

static int curl_wants_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned)
{
    lsqm_http *http = user;
    watch *w = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            curl_multi_assign(http->multi, fd, NULL);
            uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, free_watch);
        }
        return 0;
    }
    if (!w && (w = new_watch(http, fd)) == NULL)
        return -1;
    int events = 0;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&w->poll, events, on_socket);
    return 0;
}

/* --- client -------------------------------------------------------------------------------- */

static void act(lsqm_http_op *op)
{
    op->kicked = 0;
    if (op->cancelled) {
        set_cancelled(op);
        complete(op);
    } else if (!op->paused && op->stuck) {
        op->stuck = 0;
        curl_easy_pause(op->easy, CURLPAUSE_CONT);
        /* When the held bytes were the last ones, libcurl 7.88 watches no socket and sets no timer
         * that would end the transfer: run it by hand. */
        int running;
        curl_multi_perform(op->http->multi, &running);
    }
}

/* The list may change under any callback: it starts over after each action. */
static void on_kick(uv_timer_t *timer)
{
    lsqm_http *http = timer->data;
    lsqm_http_op *op = http->ops;
    while (op) {
        if (op->kicked) {
            act(op);
            op = http->ops;
        } else {
            op = op->next;
        }
    }
    collect(http);
}

static void kick(lsqm_http_op *op)
{
    op->kicked = 1;
    if (!op->http->closing)
        uv_timer_start(&op->http->kick, on_kick, 0, 0);
}

int lsqm_http_open(uv_loop_t *loop, lsqm_http **out, lsqm_error *err)
{
    uv_once(&curl_once, init_curl);
    lsqm_http *http = calloc(1, sizeof *http);
    CURLM *multi = http ? curl_multi_init() : NULL;
    if (!multi) {
        free(http);
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    }
    http->loop = loop;
    http->multi = multi;
    uv_timer_init(loop, &http->timer);
    uv_timer_init(loop, &http->kick);
    http->open_timers = 2;
    http->timer.data = http;
    http->kick.data = http;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, curl_wants_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, curl_wants_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 16L);
    *out = http;
    return LSQM_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    lsqm_http *http = handle->data;
    if (--http->open_timers > 0)
        return;
    while (http->ops) {
        set_cancelled(http->ops);
        complete(http->ops);
    }
    free(http);
}

void lsqm_http_close(lsqm_http *http)
{
    if (!http || http->closing)
        return;
    http->closing = 1;
    for (lsqm_http_op *op = http->ops; op; op = op->next)
        detach(op);
    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    uv_close((uv_handle_t *)&http->timer, on_timer_closed);
    uv_close((uv_handle_t *)&http->kick, on_timer_closed);
}

int lsqm_http_start(lsqm_http *http, const lsqm_http_request *request, lsqm_http_op **out,
                    lsqm_error *err)
{
    lsqm_error_clear(err);
    if (http->closing)
        return lsqm_error_set(err, LSQM_ECANCELLED, "http", "the client is closed");
    lsqm_http_op *op = calloc(1, sizeof *op);
    if (!op)
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    op->http = http;
    op->body_fd = op->part_fd = -1;
    uv_update_time(http->loop);
    if (lsqm_http_prepare(op, request, uv_now(http->loop), err) != LSQM_OK)
        goto fail;
    if (add(op) != LSQM_OK) {
        *err = op->err;
        goto fail;
    }
    op->next = http->ops;
    if (op->next)
        op->next->prev = op;
    http->ops = op;
    if (out)
        *out = op;
    return LSQM_OK;
fail:
    lsqm_http_free(op);
    return err->code;
}

void lsqm_http_cancel(lsqm_http_op *op)
{
    op->cancelled = 1;
    kick(op);
}

void lsqm_http_drop(lsqm_http_op *op)
{
    op->done = NULL;
    op->on_data = NULL;
    lsqm_http_cancel(op);
}

void lsqm_http_pause(lsqm_http_op *op)
{
    op->paused = 1;
}

void lsqm_http_resume(lsqm_http_op *op)
{
    op->paused = 0;
    kick(op);
}

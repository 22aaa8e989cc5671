/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link: terraform's connection and one of its own to the provider, an HTTP/2 session on each.
 *
 * When one end goes the other goes too, so each side sees of the other what it would see without
 * us. A session takes more from its socket only as fast as the other passes it on (flow control
 * windows are given back in tfplugin_stream.c when the bytes are on their way).
 */
#include "tfplugin_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define STREAM_WINDOW (4 << 20)
#define LINK_WINDOW (16 << 20)
/* One write to a socket; more is gathered when it is done. */
#define WRITE_MAX ((size_t)256 << 10)
#define READ_CHUNK 65536

static void on_closed(uv_handle_t *handle)
{
    lsqm_tf_side *side = handle->data;
    lsqm_tf_link *link = side->link;
    if (--link->handles > 0)
        return;
    lsqm_tfplugin *p = link->plugin;
    for (int i = 0; i < 2; i++) {
        nghttp2_session_del(link->side[i].h2);
        lsqm_buffer_free(&link->side[i].out);
    }
    free(link);
    lsqm_tf_plugin_link_gone(p);
}

static void note_interruption(lsqm_tf_link *link)
{
    for (lsqm_tf_stream *s = link->streams; s; s = s->next)
        if (lsqm_tf_stream_is_busy(s))
            link->plugin->state.interrupted = 1;
}

void lsqm_tf_link_close(lsqm_tf_link *link)
{
    lsqm_tfplugin *p = link->plugin;
    if (link->closing)
        return;
    if (link->inside) { /* pump does it when the session has returned */
        link->failed = 1;
        return;
    }
    link->closing = 1;
    note_interruption(link);
    if (p->owner == link)
        p->owner = NULL;
    if (link->prev)
        link->prev->next = link->next;
    else
        p->links = link->next;
    if (link->next)
        link->next->prev = link->prev;
    p->state.links--;
    while (link->streams)
        lsqm_tf_stream_free(link->streams);
    for (int i = 0; i < 2; i++)
        if (link->side[i].pipe.data)
            uv_close((uv_handle_t *)&link->side[i].pipe, on_closed);
}

/* --- sending ------------------------------------------------------------------------------- */

static void on_written(uv_write_t *req, int status)
{
    lsqm_tf_side *side = req->data;
    side->writing = 0;
    if (side->link->closing)
        return;
    if (status < 0)
        side->link->failed = 1;
    lsqm_tf_link_pump(side->link);
}

/* Returns 1 when something was sent. */
static int flush(lsqm_tf_side *side)
{
    const uint8_t *data;
    ssize_t n = 0;
    if (side->writing || !side->connected)
        return 0;
    lsqm_buffer_clear(&side->out);
    while (side->out.len < WRITE_MAX && (n = nghttp2_session_mem_send(side->h2, &data)) > 0)
        lsqm_buffer_add(&side->out, data, (size_t)n);
    if (n < 0 || side->out.failed) {
        side->link->failed = 1;
        return 0;
    }
    if (side->out.len == 0)
        return 0;
    uv_buf_t buf = uv_buf_init(side->out.data, (unsigned)side->out.len);
    side->writing = 1;
    side->write.data = side;
    if (uv_write(&side->write, (uv_stream_t *)&side->pipe, &buf, 1, on_written) != 0) {
        side->writing = 0;
        side->link->failed = 1;
    }
    return 1;
}

static int has_ended(lsqm_tf_link *link)
{
    for (int i = 0; i < 2; i++)
        if (!nghttp2_session_want_read(link->side[i].h2) &&
            !nghttp2_session_want_write(link->side[i].h2) && !link->side[i].writing)
            return 1;
    return 0;
}

void lsqm_tf_link_pump(lsqm_tf_link *link)
{
    if (link->inside || link->closing)
        return;
    link->inside = 1;
    /* What one side sends gives the other window to return. */
    while (!link->failed) {
        int sent = flush(&link->side[LSQM_TF_CLIENT]);
        if (!flush(&link->side[LSQM_TF_PROVIDER]) && !sent)
            break;
    }
    link->inside = 0;
    if (link->failed || has_ended(link))
        lsqm_tf_link_close(link);
}

/* --- receiving ----------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    /* One for all of a thread: it is used up before the next is asked for. */
    static _Thread_local char chunk[READ_CHUNK];
    (void)handle, (void)suggested;
    *buf = uv_buf_init(chunk, sizeof chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    lsqm_tf_side *side = stream->data;
    lsqm_tf_link *link = side->link;
    if (count == 0 || link->closing)
        return;
    if (count < 0) {
        lsqm_tf_link_close(link);
        return;
    }
    link->inside = 1;
    if (nghttp2_session_mem_recv(side->h2, (const uint8_t *)buf->base, (size_t)count) < 0)
        link->failed = 1;
    link->inside = 0;
    lsqm_tf_link_pump(link);
}

/* The process behind the provider's socket, also when it runs under a wrapper. */
static void note_pid(lsqm_tf_side *side)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((uv_handle_t *)&side->pipe, &fd) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        side->link->plugin->state.pid = (int)peer.pid;
}

static void on_connected(uv_connect_t *req, int status)
{
    lsqm_tf_link *link = req->data;
    lsqm_tf_side *side = &link->side[LSQM_TF_PROVIDER];
    if (link->closing)
        return;
    if (status < 0 || uv_read_start((uv_stream_t *)&side->pipe, on_alloc, on_read) != 0) {
        lsqm_tf_link_close(link);
        return;
    }
    note_pid(side);
    side->connected = 1;
    lsqm_tf_link_pump(link);
}

/* --- opening ------------------------------------------------------------------------------- */

static int open_session(lsqm_tf_side *side, const nghttp2_session_callbacks *callbacks,
                        const nghttp2_option *option)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
    };
    int rc = side->role == LSQM_TF_CLIENT
                 ? nghttp2_session_server_new2(&side->h2, callbacks, side, option)
                 : nghttp2_session_client_new2(&side->h2, callbacks, side, option);
    if (rc == 0)
        rc = nghttp2_submit_settings(side->h2, NGHTTP2_FLAG_NONE, settings, 1);
    if (rc == 0)
        rc = nghttp2_session_set_local_window_size(side->h2, NGHTTP2_FLAG_NONE, 0, LINK_WINDOW);
    return rc;
}

static int open_sessions(lsqm_tf_link *link)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int rc = lsqm_tf_stream_callbacks(&callbacks);
    if (rc == 0)
        rc = nghttp2_option_new(&option);
    if (rc == 0)
        nghttp2_option_set_no_auto_window_update(option, 1);
    for (int i = 0; i < 2 && rc == 0; i++)
        rc = open_session(&link->side[i], callbacks, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return rc;
}

static void insert(lsqm_tf_link *link)
{
    lsqm_tfplugin *p = link->plugin;
    link->next = p->links;
    if (p->links)
        p->links->prev = link;
    p->links = link;
    p->state.links++;
    p->link_count++;
}

static lsqm_tf_link *new_link(lsqm_tfplugin *p)
{
    lsqm_tf_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->plugin = p;
    for (int i = 0; i < 2; i++) {
        lsqm_tf_side *side = &link->side[i];
        side->link = link;
        side->role = i;
        uv_pipe_init(p->loop, &side->pipe, 0);
        side->pipe.data = side;
        link->handles++;
    }
    insert(link);
    return link;
}

void lsqm_tf_link_accept(lsqm_tfplugin *p)
{
    lsqm_tf_link *link = new_link(p);
    if (!link)
        return; /* out of memory: the connection waits until the listener closes */
    lsqm_tf_side *client = &link->side[LSQM_TF_CLIENT], *provider = &link->side[LSQM_TF_PROVIDER];
    if (uv_accept((uv_stream_t *)&p->listener, (uv_stream_t *)&client->pipe) != 0 || !p->leased ||
        open_sessions(link) != 0 ||
        uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0) {
        lsqm_tf_link_close(link);
        return;
    }
    client->connected = 1;
    link->connect.data = link;
    uv_pipe_connect(&link->connect, &provider->pipe, p->provider_socket, on_connected);
    lsqm_tf_link_pump(link);
}

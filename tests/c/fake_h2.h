/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of an HTTP/2 connection over a unix socket, for tests: asks as terraform does, or
 * answers as a provider does. Everything that came is kept.
 */
#ifndef LSQM_FAKE_H2_H
#define LSQM_FAKE_H2_H

#include "buffer.h"
#include "error.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define H2_STREAMS 64

typedef struct h2_stream {
    int32_t id;
    char path[128], status[16], extra[64]; /* :path; grpc-status; the trailer x-extra */
    lsqm_buffer in, out;
    size_t sent, cut;   /* sent of out; reset the stream after so many bytes of it (0: never) */
    int headers, ended; /* header blocks that came; the other end has said all */
    int closed;
    uint32_t code;
    char answer[16]; /* grpc-status to end with; empty: no trailers */
} h2_stream;

typedef struct h2_peer h2_peer;
struct h2_peer {
    uv_pipe_t pipe;
    uv_connect_t connect;
    nghttp2_session *h2;
    h2_stream streams[H2_STREAMS];
    int count, closed, connected, is_server;
    void (*asked)(h2_peer *peer, h2_stream *stream); /* server: a request is whole */
    void *user;
};

static inline void h2_gone(uv_handle_t *handle)
{
    h2_peer *peer = handle->data;
    for (int i = 0; i < peer->count; i++) {
        lsqm_buffer_free(&peer->streams[i].in);
        lsqm_buffer_free(&peer->streams[i].out);
    }
    nghttp2_session_del(peer->h2);
    if (peer->is_server)
        free(peer);
}

static inline void h2_close(h2_peer *peer)
{
    if (!peer->closed && !uv_is_closing((uv_handle_t *)&peer->pipe))
        uv_close((uv_handle_t *)&peer->pipe, h2_gone);
    peer->closed = 1;
}

typedef struct h2_write {
    uv_write_t req;
    char data[];
} h2_write;

static inline void h2_written(uv_write_t *req, int status)
{
    (void)status;
    free(req);
}

static inline void h2_flush(h2_peer *peer)
{
    const uint8_t *data;
    ssize_t n;
    while (!peer->closed && peer->connected &&
           (n = nghttp2_session_mem_send(peer->h2, &data)) > 0) {
        h2_write *w = malloc(sizeof *w + (size_t)n);
        memcpy(w->data, data, (size_t)n);
        uv_buf_t buf = uv_buf_init(w->data, (unsigned)n);
        if (uv_write(&w->req, (uv_stream_t *)&peer->pipe, &buf, 1, h2_written) != 0)
            free(w);
    }
}

static inline void h2_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    static _Thread_local char chunk[65536];
    (void)handle, (void)size;
    *buf = uv_buf_init(chunk, sizeof chunk);
}

static inline void h2_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    h2_peer *peer = stream->data;
    if (count < 0 || nghttp2_session_mem_recv(peer->h2, (const uint8_t *)buf->base,
                                              (size_t)count) < 0)
        h2_close(peer);
    else
        h2_flush(peer);
}

static inline h2_stream *h2_find(h2_peer *peer, int32_t id)
{
    for (int i = 0; i < peer->count; i++)
        if (peer->streams[i].id == id)
            return &peer->streams[i];
    return NULL;
}

static inline h2_stream *h2_add(h2_peer *peer, int32_t id)
{
    if (peer->count == H2_STREAMS)
        abort();
    h2_stream *s = &peer->streams[peer->count++];
    memset(s, 0, sizeof *s);
    s->id = id;
    return s;
}

static inline int h2_on_header(nghttp2_session *h2, const nghttp2_frame *frame,
                               const uint8_t *name, size_t namelen, const uint8_t *value,
                               size_t valuelen, uint8_t flags, void *user)
{
    (void)h2, (void)flags, (void)namelen, (void)valuelen;
    h2_peer *peer = user;
    h2_stream *s = h2_find(peer, frame->hd.stream_id);
    if (!s)
        s = h2_add(peer, frame->hd.stream_id);
    if (strcmp((const char *)name, ":path") == 0)
        snprintf(s->path, sizeof s->path, "%s", (const char *)value);
    if (strcmp((const char *)name, "grpc-status") == 0)
        snprintf(s->status, sizeof s->status, "%s", (const char *)value);
    if (strcmp((const char *)name, "x-extra") == 0)
        snprintf(s->extra, sizeof s->extra, "%s", (const char *)value);
    return 0;
}

static inline int h2_on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data,
                             size_t len, void *user)
{
    (void)h2, (void)flags;
    h2_stream *s = h2_find(user, id);
    return lsqm_buffer_add(&s->in, data, len) == LSQM_OK ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static inline int h2_on_frame(nghttp2_session *h2, const nghttp2_frame *frame, void *user)
{
    (void)h2;
    h2_peer *peer = user;
    h2_stream *s = h2_find(peer, frame->hd.stream_id);
    if (!s)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS)
        s->headers++;
    if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        s->ended = 1;
        if (peer->asked)
            peer->asked(peer, s);
    }
    return 0;
}

static inline int h2_on_close(nghttp2_session *h2, int32_t id, uint32_t code, void *user)
{
    (void)h2;
    h2_stream *s = h2_find(user, id);
    if (s) {
        s->closed = 1;
        s->code = code;
    }
    return 0;
}

static inline ssize_t h2_body(nghttp2_session *h2, int32_t id, uint8_t *buf, size_t length,
                              uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)source;
    h2_stream *s = h2_find(user, id);
    size_t left = s->out.len - s->sent;
    size_t n = left < length ? left : length;
    if (n)
        memcpy(buf, s->out.data + s->sent, n);
    s->sent += n;
    if (s->cut && s->sent >= s->cut) {
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
        return NGHTTP2_ERR_DEFERRED;
    }
    if (s->sent < s->out.len)
        return (ssize_t)n;
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (s->answer[0]) {
        nghttp2_nv trailers[] = {
            {(uint8_t *)(uintptr_t)"grpc-status", (uint8_t *)s->answer, 11, strlen(s->answer), 0},
            {(uint8_t *)(uintptr_t)"x-extra", (uint8_t *)(uintptr_t)"kept", 7, 4, 0},
        };
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        nghttp2_submit_trailer(h2, id, trailers, 2);
    }
    return (ssize_t)n;
}

static inline void h2_open(h2_peer *peer, int is_server)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, h2_on_close);
    peer->is_server = is_server;
    if (is_server)
        nghttp2_session_server_new(&peer->h2, callbacks, peer);
    else
        nghttp2_session_client_new(&peer->h2, callbacks, peer);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(peer->h2, NGHTTP2_FLAG_NONE, NULL, 0);
    peer->pipe.data = peer;
}

static inline void h2_connected(uv_connect_t *req, int status)
{
    h2_peer *peer = req->handle->data;
    if (status != 0) {
        h2_close(peer);
        return;
    }
    peer->connected = 1;
    uv_read_start((uv_stream_t *)&peer->pipe, h2_alloc, h2_read);
    h2_flush(peer);
}

static inline void h2_connect(h2_peer *peer, uv_loop_t *loop, const char *path)
{
    memset(peer, 0, sizeof *peer);
    uv_pipe_init(loop, &peer->pipe, 0);
    h2_open(peer, 0);
    uv_pipe_connect(&peer->connect, &peer->pipe, path, h2_connected);
}

static inline h2_stream *h2_ask(h2_peer *peer, const char *path, const char *body, size_t len)
{
    nghttp2_nv head[] = {
        {(uint8_t *)(uintptr_t)":method", (uint8_t *)(uintptr_t)"POST", 7, 4, 0},
        {(uint8_t *)(uintptr_t)":scheme", (uint8_t *)(uintptr_t)"http", 7, 4, 0},
        {(uint8_t *)(uintptr_t)":path", (uint8_t *)(uintptr_t)path, 5, strlen(path), 0},
        {(uint8_t *)(uintptr_t)":authority", (uint8_t *)(uintptr_t)"unused", 10, 6, 0},
        {(uint8_t *)(uintptr_t)"te", (uint8_t *)(uintptr_t)"trailers", 2, 8, 0},
    };
    nghttp2_data_provider data = {{0}, h2_body};
    int32_t id = nghttp2_submit_request(peer->h2, NULL, head, 5, &data, NULL);
    h2_stream *s = h2_add(peer, id);
    lsqm_buffer_add(&s->out, body, len);
    h2_flush(peer);
    return s;
}

static inline void h2_reset(h2_peer *peer, h2_stream *s, uint32_t code)
{
    nghttp2_submit_rst_stream(peer->h2, NGHTTP2_FLAG_NONE, s->id, code);
    h2_flush(peer);
}

/* A server's answer; s->out holds the body. */
static inline void h2_answer(h2_peer *peer, h2_stream *s, const char *grpc_status)
{
    nghttp2_nv head[] = {
        {(uint8_t *)(uintptr_t)":status", (uint8_t *)(uintptr_t)"200", 7, 3, 0},
        {(uint8_t *)(uintptr_t)"content-type", (uint8_t *)(uintptr_t)"application/grpc", 12, 16, 0},
    };
    nghttp2_data_provider data = {{0}, h2_body};
    snprintf(s->answer, sizeof s->answer, "%s", grpc_status);
    nghttp2_submit_response(peer->h2, s->id, head, 2, &data);
}

#endif

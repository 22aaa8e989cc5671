/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server for tests: answers each path with scripted bytes, badly if the script says so. Runs on
 * the test's own loop; keeps what it was asked.
 */
#ifndef LSQM_FAKE_HTTP_H
#define LSQM_FAKE_HTTP_H

#include "buffer.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

typedef enum fake_end {
    FAKE_KEEP,  /* the connection stays usable */
    FAKE_CLOSE, /* closes after the bytes */
    FAKE_RESET, /* RST after the bytes */
    FAKE_SLOW,  /* one byte every 20 ms, then closes */
    FAKE_HANG   /* says nothing more */
} fake_end;

typedef struct fake_reply {
    const char *path; /* start of the target; NULL ends the table and matches nothing */
    fake_end end;
    const char *bytes;
    size_t len; /* 0: strlen(bytes) */
} fake_reply;

typedef struct fake_server {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } listener;
    uv_loop_t *loop;
    int port;
    const fake_reply *replies;
    lsqm_buffer asked; /* all requests, one after the other */
    int connections, requests, open;
} fake_server;

typedef struct fake_peer {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    uv_timer_t timer;
    uv_write_t write;
    fake_server *server;
    const fake_reply *reply;
    size_t sent;
    int handles, closing, is_tcp;
    lsqm_buffer in;
} fake_peer;

static inline void fake_peer_closed(uv_handle_t *handle)
{
    fake_peer *peer = handle->data;
    if (--peer->handles > 0)
        return;
    peer->server->open--;
    lsqm_buffer_free(&peer->in);
    free(peer);
}

static inline void fake_peer_close(fake_peer *peer, int reset)
{
    if (peer->closing)
        return;
    peer->closing = 1;
    if (reset && peer->is_tcp)
        uv_tcp_close_reset(&peer->socket.tcp, fake_peer_closed);
    else
        uv_close((uv_handle_t *)&peer->socket, fake_peer_closed);
    uv_close((uv_handle_t *)&peer->timer, fake_peer_closed);
}

static inline size_t fake_length(const fake_reply *reply)
{
    return reply->len ? reply->len : strlen(reply->bytes);
}

static inline void fake_write(fake_peer *peer, size_t len, uv_write_cb done)
{
    /* uv_buf_t has no const; uv_write only reads. */
    uv_buf_t buf = {.base = (char *)(uintptr_t)(peer->reply->bytes + peer->sent), .len = len};
    peer->sent += len;
    uv_write(&peer->write, &peer->socket.stream, &buf, 1, done);
}

static inline void fake_written(uv_write_t *write, int status)
{
    fake_peer *peer = write->data;
    (void)status;
    if (peer->reply->end == FAKE_CLOSE)
        fake_peer_close(peer, 0);
    else if (peer->reply->end == FAKE_RESET)
        fake_peer_close(peer, 1);
}

static inline void fake_trickle(uv_timer_t *timer)
{
    fake_peer *peer = timer->data;
    if (peer->sent < fake_length(peer->reply))
        fake_write(peer, 1, NULL);
    else
        fake_peer_close(peer, 0);
}

static inline void fake_answer(fake_peer *peer)
{
    static const fake_reply missing = {"", FAKE_KEEP,
                                       "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 0};
    const char *target = strchr(peer->in.data, ' ');
    peer->reply = &missing;
    for (const fake_reply *r = peer->server->replies; target && r->path; r++)
        if (strncmp(target + 1, r->path, strlen(r->path)) == 0) {
            peer->reply = r;
            break;
        }
    peer->server->requests++;
    lsqm_buffer_add(&peer->server->asked, peer->in.data, peer->in.len);
    lsqm_buffer_adds(&peer->server->asked, "\n");
    lsqm_buffer_clear(&peer->in);
    peer->sent = 0;
    if (peer->reply->end == FAKE_SLOW)
        uv_timer_start(&peer->timer, fake_trickle, 20, 20);
    else
        fake_write(peer, fake_length(peer->reply), fake_written);
}

static inline void fake_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
    static char space[65536];
    (void)handle;
    (void)hint;
    *buf = uv_buf_init(space, sizeof space);
}

static inline void fake_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    fake_peer *peer = stream->data;
    if (n < 0) {
        fake_peer_close(peer, 0);
        return;
    }
    lsqm_buffer_add(&peer->in, buf->base, (size_t)n);
    const char *end = peer->in.len ? strstr(peer->in.data, "\r\n\r\n") : NULL;
    if (!end)
        return;
    const char *length = strstr(peer->in.data, "Content-Length: ");
    size_t body = length && length < end ? (size_t)atol(length + 16) : 0;
    if (peer->in.len >= (size_t)(end + 4 - peer->in.data) + body)
        fake_answer(peer);
}

static inline void fake_connected(uv_stream_t *listener, int status)
{
    fake_server *server = listener->data;
    fake_peer *peer = status == 0 ? calloc(1, sizeof *peer) : NULL;
    if (!peer)
        return;
    peer->is_tcp = server->port != 0;
    if (peer->is_tcp)
        uv_tcp_init(server->loop, &peer->socket.tcp);
    else
        uv_pipe_init(server->loop, &peer->socket.pipe, 0);
    uv_timer_init(server->loop, &peer->timer);
    peer->socket.stream.data = peer->timer.data = peer->write.data = peer;
    peer->server = server;
    peer->handles = 2;
    server->connections++;
    server->open++;
    uv_accept(listener, &peer->socket.stream);
    uv_read_start(&peer->socket.stream, fake_alloc, fake_read);
}

/* `path` NULL: on a free port of 127.0.0.1 (server->port). The listener does not hold the loop. */
static inline int fake_start(fake_server *server, uv_loop_t *loop, const char *path,
                             const fake_reply *replies)
{
    struct sockaddr_in address;
    int size = sizeof address;
    memset(server, 0, sizeof *server);
    server->loop = loop;
    server->replies = replies;
    if (path) {
        uv_pipe_init(loop, &server->listener.pipe, 0);
        uv_pipe_bind(&server->listener.pipe, path);
    } else {
        uv_tcp_init(loop, &server->listener.tcp);
        uv_ip4_addr("127.0.0.1", 0, &address);
        uv_tcp_bind(&server->listener.tcp, (const struct sockaddr *)&address, 0);
    }
    server->listener.stream.data = server;
    int rc = uv_listen(&server->listener.stream, 16, fake_connected);
    if (!path) {
        uv_tcp_getsockname(&server->listener.tcp, (struct sockaddr *)&address, &size);
        server->port = ntohs(address.sin_port);
    }
    uv_unref((uv_handle_t *)&server->listener);
    return rc;
}

static inline void fake_stop(fake_server *server)
{
    uv_close((uv_handle_t *)&server->listener, NULL);
    lsqm_buffer_free(&server->asked);
}

#endif

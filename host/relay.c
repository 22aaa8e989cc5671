/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs of connections. Each side reads only while nothing of what it read waits to be written on
 * the other one, so a slow reader slows its writer down and nothing piles up.
 */
#include "relay.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define CHUNK 65536
#define BACKLOG 128
#define MAX_PATH sizeof(((struct sockaddr_un *)0)->sun_path)

typedef union any_stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} any_stream;

typedef struct pair pair;

typedef struct side {
    any_stream at;
    pair *pair;
    uv_write_t write; /* of what the other side read */
    uv_shutdown_t shut;
    int ended; /* its end of file was seen */
    char data[CHUNK];
} side;

struct pair {
    lsqm_relay *relay;
    pair *prev, *next;
    side client, server;
    uv_connect_t connect;
    lsqm_relay_watch watch;
    double began;
    int handles, closing;
};

struct lsqm_relay {
    uv_loop_t *loop;
    any_stream listener;
    lsqm_relay_address to; /* its strings are ours */
    pair *pairs;
    int is_pipe, port, closing, listening;
    lsqm_relay_refusal refused[LSQM_RELAY_REFUSALS];
    size_t refusals;
    unsigned long long answered;
};

static double now(void)
{
    return (double)uv_hrtime() / 1e9;
}

static void free_if_done(lsqm_relay *r)
{
    if (!r->closing || r->listening || r->pairs)
        return;
    free((char *)r->to.path);
    free((char *)r->to.host);
    free(r);
}

/* --- ending -------------------------------------------------------------------------------- */

static void on_side_closed(uv_handle_t *handle)
{
    pair *p = ((side *)handle->data)->pair;
    lsqm_relay *r = p->relay;
    if (--p->handles > 0)
        return;
    if (p->prev)
        p->prev->next = p->next;
    else
        r->pairs = p->next;
    if (p->next)
        p->next->prev = p->prev;
    lsqm_relay_watch_free(&p->watch);
    free(p);
    free_if_done(r);
}

static void close_pair(pair *p)
{
    if (p->closing)
        return;
    p->closing = 1;
    uv_close(&p->client.at.handle, on_side_closed);
    uv_close(&p->server.at.handle, on_side_closed);
}

/* --- passing on ---------------------------------------------------------------------------- */

static void begin_reading(side *s);

static side *other(side *s)
{
    return s == &s->pair->client ? &s->pair->server : &s->pair->client;
}

static void note_answer(pair *p)
{
    lsqm_relay *r = p->relay;
    r->answered++;
    if (p->watch.status < 500)
        return;
    for (size_t i = 0; i < r->refusals; i++) {
        lsqm_relay_refusal *one = &r->refused[i];
        if (one->status == p->watch.status && strcmp(one->operation, p->watch.operation) == 0) {
            one->count++;
            return;
        }
    }
    if (r->refusals == LSQM_RELAY_REFUSALS)
        return;
    lsqm_relay_refusal *one = &r->refused[r->refusals++];
    one->status = p->watch.status;
    one->count = 1;
    memcpy(one->operation, p->watch.operation, sizeof one->operation);
}

static void watch(side *from, size_t len)
{
    pair *p = from->pair;
    if (from == &p->client) {
        if (lsqm_relay_watch_client(&p->watch, from->data, len))
            p->began = now();
    } else if (lsqm_relay_watch_server(&p->watch, from->data, len)) {
        note_answer(p);
    }
}

static void on_written(uv_write_t *req, int status)
{
    side *from = req->data;
    if (from->pair->closing)
        return;
    if (status < 0)
        close_pair(from->pair);
    else
        begin_reading(from);
}

static void on_shut(uv_shutdown_t *req, int status)
{
    side *from = req->data;
    (void)status; /* the other end may be gone already: the same outcome */
    if (from->ended && other(from)->ended)
        close_pair(from->pair);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    side *s = handle->data;
    (void)size;
    *buf = uv_buf_init(s->data, sizeof s->data);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    side *from = stream->data;
    (void)buf;
    if (n == 0)
        return;
    uv_read_stop(stream);
    if (n == UV_EOF) {
        from->ended = 1;
        from->shut.data = from;
        if (uv_shutdown(&from->shut, &other(from)->at.stream, on_shut) != 0)
            close_pair(from->pair);
        return;
    }
    if (n < 0) {
        close_pair(from->pair);
        return;
    }
    watch(from, (size_t)n);
    uv_buf_t out = uv_buf_init(from->data, (unsigned)n);
    from->write.data = from;
    if (uv_write(&from->write, &other(from)->at.stream, &out, 1, on_written) != 0)
        close_pair(from->pair);
}

static void begin_reading(side *s)
{
    if (uv_read_start(&s->at.stream, on_alloc, on_read) != 0)
        close_pair(s->pair);
}

/* --- beginning ----------------------------------------------------------------------------- */

static int init_stream(uv_loop_t *loop, any_stream *s, int is_pipe)
{
    return is_pipe ? uv_pipe_init(loop, &s->pipe, 0) : uv_tcp_init(loop, &s->tcp);
}

static int address_of(const lsqm_relay_address *a, struct sockaddr_storage *out)
{
    if (uv_ip4_addr(a->host, a->port, (struct sockaddr_in *)out) == 0)
        return 0;
    return uv_ip6_addr(a->host, a->port, (struct sockaddr_in6 *)out);
}

static void on_connected(uv_connect_t *req, int status)
{
    pair *p = req->data;
    if (p->closing)
        return;
    if (status < 0) {
        close_pair(p);
        return;
    }
    begin_reading(&p->client);
    if (!p->closing)
        begin_reading(&p->server);
}

static int connect_out(pair *p)
{
    const lsqm_relay_address *to = &p->relay->to;
    struct sockaddr_storage address;
    p->connect.data = p;
    if (to->path) {
        uv_pipe_connect(&p->connect, &p->server.at.pipe, to->path, on_connected);
        return 0;
    }
    int rc = address_of(to, &address);
    if (rc != 0)
        return rc;
    return uv_tcp_connect(&p->connect, &p->server.at.tcp, (struct sockaddr *)&address,
                          on_connected);
}

static void on_connection(uv_stream_t *listener, int status)
{
    lsqm_relay *r = listener->data;
    pair *p = status < 0 || r->closing ? NULL : calloc(1, sizeof *p);
    if (!p)
        return; /* the client stays in the backlog, or is refused by its end */
    p->relay = r;
    p->client.pair = p->server.pair = p;
    if (init_stream(r->loop, &p->client.at, r->is_pipe) != 0) {
        free(p);
        return;
    }
    p->client.at.handle.data = &p->client;
    p->handles = 2;
    p->next = r->pairs;
    if (r->pairs)
        r->pairs->prev = p;
    r->pairs = p;
    init_stream(r->loop, &p->server.at, r->to.path != NULL);
    p->server.at.handle.data = &p->server;
    if (uv_accept(listener, &p->client.at.stream) != 0 || connect_out(p) != 0)
        close_pair(p);
}

static int bind_listener(lsqm_relay *r, const lsqm_relay_address *from)
{
    struct sockaddr_storage address;
    if (from->path)
        return uv_pipe_bind(&r->listener.pipe, from->path);
    int rc = address_of(from, &address);
    return rc != 0 ? rc : uv_tcp_bind(&r->listener.tcp, (struct sockaddr *)&address, 0);
}

static void read_port(lsqm_relay *r)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    if (r->is_pipe || uv_tcp_getsockname(&r->listener.tcp, (struct sockaddr *)&address, &len) != 0)
        return;
    uint16_t port = address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                  : ((struct sockaddr_in *)&address)->sin_port;
    r->port = ntohs(port);
}

static int copy_target(lsqm_relay *r, const lsqm_relay_address *to)
{
    r->to.port = to->port;
    r->to.path = to->path ? strdup(to->path) : NULL;
    r->to.host = to->path ? NULL : strdup(to->host);
    return r->to.path || r->to.host;
}

int lsqm_relay_open(uv_loop_t *loop, const lsqm_relay_address *from, const lsqm_relay_address *to,
                    lsqm_relay **out, lsqm_error *err)
{
    const char *name = from->path ? from->path : from->host;
    const char *paths[] = {from->path, to->path};
    for (int i = 0; i < 2; i++)
        if (paths[i] && strlen(paths[i]) >= MAX_PATH)
            return lsqm_error_set(err, LSQM_EINVAL, "relay", "a socket's path is too long");
    lsqm_relay *r = calloc(1, sizeof *r);
    if (!r || !copy_target(r, to)) {
        free(r);
        return lsqm_error_set(err, LSQM_ENOMEM, "relay", NULL);
    }
    r->loop = loop;
    r->is_pipe = from->path != NULL;
    int rc = init_stream(loop, &r->listener, r->is_pipe);
    if (rc != 0) {
        r->closing = 1;
        free_if_done(r);
        return lsqm_error_set(err, LSQM_EIO, "relay", "%s: %s", name, uv_strerror(rc));
    }
    r->listener.handle.data = r;
    r->listening = 1;
    rc = bind_listener(r, from);
    if (rc == 0)
        rc = uv_listen(&r->listener.stream, BACKLOG, on_connection);
    if (rc != 0) {
        lsqm_relay_close(r);
        return lsqm_error_set(err, LSQM_EIO, "relay", "%s: %s", name, uv_strerror(rc));
    }
    uv_unref(&r->listener.handle); /* an idle relay is nothing to wait for */
    read_port(r);
    *out = r;
    return LSQM_OK;
}

/* --- what was seen ------------------------------------------------------------------------- */

int lsqm_relay_port(const lsqm_relay *relay)
{
    return relay->port;
}

static void insert(lsqm_relay_request *list, size_t used, size_t max, const pair *p, double at)
{
    lsqm_relay_request one;
    memcpy(one.operation, p->watch.operation, sizeof one.operation);
    one.seconds = at - p->began;
    size_t i = used < max ? used : max;
    if (i == max && (max == 0 || list[max - 1].seconds >= one.seconds))
        return;
    if (i == max)
        i--;
    for (; i > 0 && list[i - 1].seconds < one.seconds; i--)
        list[i] = list[i - 1];
    list[i] = one;
}

size_t lsqm_relay_pending(const lsqm_relay *relay, lsqm_relay_request *list, size_t max)
{
    size_t count = 0;
    double at = now();
    for (const pair *p = relay->pairs; p; p = p->next)
        if (!p->closing && lsqm_relay_watch_is_waiting(&p->watch))
            insert(list, count++, max, p, at);
    return count;
}

size_t lsqm_relay_refused(const lsqm_relay *relay, const lsqm_relay_refusal **list)
{
    *list = relay->refused;
    return relay->refusals;
}

unsigned long long lsqm_relay_answered(const lsqm_relay *relay)
{
    return relay->answered;
}

/* --- closing ------------------------------------------------------------------------------- */

static void on_listener_closed(uv_handle_t *handle)
{
    lsqm_relay *r = handle->data;
    r->listening = 0;
    free_if_done(r);
}

void lsqm_relay_close(lsqm_relay *relay)
{
    if (!relay || relay->closing)
        return;
    relay->closing = 1;
    for (pair *p = relay->pairs; p; p = p->next)
        close_pair(p);
    uv_ref(&relay->listener.handle);
    uv_close(&relay->listener.handle, on_listener_closed);
}

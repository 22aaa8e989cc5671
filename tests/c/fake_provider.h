/* SPDX-License-Identifier: Apache-2.0 */
/* A program that pretends to be a provider: what it answers depends on the name of the call. */
#ifndef LSQM_FAKE_PROVIDER_H
#define LSQM_FAKE_PROVIDER_H

#include "fake_h2.h"

#include <stdio.h>
#include <unistd.h>

#define BIG ((size_t)20 << 20)

static int schemas, checks;

static inline void answer_with(h2_peer *peer, h2_stream *s, const char *text)
{
    lsqm_buffer_adds(&s->out, text);
    h2_answer(peer, s, "0");
}

static inline int count_resets(const h2_peer *peer)
{
    int n = 0;
    for (int i = 0; i < peer->count; i++)
        n += peer->streams[i].closed && peer->streams[i].code == NGHTTP2_CANCEL;
    return n;
}

static inline void check_configuration(h2_peer *peer, h2_stream *s)
{
    if (s->in.len && s->in.data[0] == '~')
        return; /* thinks about it for ever */
    lsqm_buffer_addf(&s->out, "check %d of ", ++checks);
    lsqm_buffer_add(&s->out, s->in.data, s->in.len);
    h2_answer(peer, s, s->in.len && s->in.data[0] == '!' ? "3" : "0");
}

static inline void provide(h2_peer *peer, h2_stream *s)
{
    char text[64];
    const char *call = strrchr(s->path, '/') + 1;
    if (strcmp(call, "GetSchema") == 0) {
        snprintf(text, sizeof text, "schema %d", ++schemas);
        answer_with(peer, s, text);
    } else if (strcmp(call, "PrepareProviderConfig") == 0) {
        check_configuration(peer, s);
    } else if (strcmp(call, "Big") == 0) {
        lsqm_buffer_reserve(&s->out, BIG);
        for (size_t i = 0; i < BIG; i++)
            s->out.data[i] = (char)(i * 7 % 251);
        s->out.len = BIG;
        h2_answer(peer, s, "0");
    } else if (strcmp(call, "Resets") == 0) {
        snprintf(text, sizeof text, "%d", count_resets(peer));
        answer_with(peer, s, text);
    } else if (strcmp(call, "Broken") == 0) {
        s->cut = 4;
        answer_with(peer, s, "some text");
    } else if (strcmp(call, "Die") == 0) {
        fprintf(stderr, "panic: as asked\n");
        _exit(7);
    } else if (strcmp(call, "Shutdown") == 0) {
        _exit(0);
    } else if (strcmp(call, "Hang") != 0) {
        lsqm_buffer_add(&s->out, s->in.data, s->in.len);
        h2_answer(peer, s, "0");
    }
}

static inline void on_client(uv_stream_t *listener, int status)
{
    (void)status;
    h2_peer *peer = calloc(1, sizeof *peer);
    uv_pipe_init(listener->loop, &peer->pipe, 0);
    h2_open(peer, 1);
    peer->asked = provide;
    peer->connected = 1;
    uv_accept(listener, (uv_stream_t *)&peer->pipe);
    uv_read_start((uv_stream_t *)&peer->pipe, h2_alloc, h2_read);
}

/* kind: "good", or what is printed instead of a handshake; "silent" and "exit" say nothing. */
static inline int fake_provider_main(const char *kind)
{
    uv_loop_t *loop = uv_default_loop();
    uv_pipe_t listener;
    char path[108];
    if (!getenv("TF_PLUGIN_MAGIC_COOKIE") || !getenv("PLUGIN_PROTOCOL_VERSIONS"))
        return 2;
    if (strcmp(kind, "exit") == 0) {
        fprintf(stderr, "first line\nno room to run\n");
        return 3;
    }
    snprintf(path, sizeof path, "%s/provider.sock", getenv("TMPDIR"));
    unlink(path);
    uv_pipe_init(loop, &listener, 0);
    uv_pipe_bind(&listener, path);
    uv_listen((uv_stream_t *)&listener, 8, on_client);
    if (strcmp(kind, "good") == 0)
        printf("1|5|unix|%s|grpc|\n", path);
    else if (strcmp(kind, "silent") != 0)
        printf("%s\n", kind);
    fflush(stdout);
    return uv_run(loop, UV_RUN_DEFAULT);
}

#endif

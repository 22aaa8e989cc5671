/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's transport against a fake engine on a unix socket. */
#include "docker.h"
#include "docker_frames.h"
#include "fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAMES "\1\0\0\0\0\0\0\2hi\2\0\0\0\0\0\0\2no"

static fake_reply replies[] = {
    {"/_ping", FAKE_KEEP, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK", 0},
    {"/v1.41/logs", FAKE_CLOSE, "HTTP/1.1 200 OK\r\n\r\n" FRAMES,
     sizeof("HTTP/1.1 200 OK\r\n\r\n" FRAMES) - 1},
    {"/v1.41/short", FAKE_CLOSE, "HTTP/1.1 200 OK\r\n\r\n" FRAMES,
     sizeof("HTTP/1.1 200 OK\r\n\r\n" FRAMES) - 2},
    {"/v1.41/create", FAKE_KEEP, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", 0},
    {NULL, FAKE_KEEP, NULL, 0},
};

typedef struct world {
    uv_loop_t loop;
    fake_server server;
    lsqm_http *http;
    lsqm_docker *docker;
    char dir[32], path[48];
    int calls;
    long status;
    lsqm_error err;
} world;

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    lsqm_error err;
    uv_loop_init(&w->loop);
    strcpy(w->dir, "/tmp/lsqm-docker-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof w->path, "%s/sock", w->dir);
    assert_int_equal(fake_start(&w->server, &w->loop, w->path, replies), 0);
    assert_int_equal(lsqm_http_open(&w->loop, &w->http, &err), LSQM_OK);
    assert_int_equal(lsqm_docker_open(w->http, w->path, &w->docker, &err), LSQM_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    lsqm_docker_close(w->docker);
    lsqm_http_close(w->http);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    fake_stop(&w->server);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    unlink(w->path);
    rmdir(w->dir);
    free(w);
    return 0;
}

static void on_done(void *user, const lsqm_http_response *response, const lsqm_error *err)
{
    world *w = user;
    w->calls++;
    w->err = *err;
    w->status = response ? response->status : 0;
    if (response && response->body_len == 2 && memcmp(response->body, "OK", 2) == 0)
        lsqm_docker_adopt_api(w->docker, response);
}

static void call(world *w, const lsqm_docker_call *what)
{
    lsqm_error err;
    w->calls = 0;
    assert_int_equal(lsqm_docker_request(w->docker, what, on_done, w, NULL, &err), LSQM_OK);
    while (w->calls == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
}

static void the_older_api_wins(void **state)
{
    world *w = *state;
    const lsqm_http_response newer = {.headers = "Server: x\r\napi-version: 9.99\r\n"};
    assert_string_equal(lsqm_docker_api(w->docker), "");
    call(w, &(lsqm_docker_call){.path = "/_ping"});
    assert_string_equal(lsqm_docker_api(w->docker), "1.41");
    call(w, &(lsqm_docker_call){
                .method = "POST", .path = "/create?name=x", .body = "{}", .body_len = 2});
    assert_int_equal(w->status, 201);
    assert_non_null(strstr(w->server.asked.data, "POST /v1.41/create?name=x"));
    assert_non_null(strstr(w->server.asked.data, "Content-Type: application/json\r\n"));
    lsqm_docker_adopt_api(w->docker, &newer);
    assert_string_equal(lsqm_docker_api(w->docker), "1.47");
}

/* Reads the stream to its end; returns the last state. */
static int read_all(world *w, lsqm_http_stream *s, char out[4][64], lsqm_error *err)
{
    char *data;
    size_t len;
    int kind, rc;
    while ((rc = lsqm_http_stream_next(s, &data, &len, &kind, err)) <= LSQM_STREAM_PENDING) {
        if (rc == LSQM_STREAM_PENDING) {
            uv_run(&w->loop, UV_RUN_ONCE);
            continue;
        }
        strncat(out[kind], data, 63 - strlen(out[kind]));
        free(data);
    }
    return rc;
}

static void log_streams_are_told_apart(void **state)
{
    world *w = *state;
    lsqm_http_stream *s;
    lsqm_error err;
    call(w, &(lsqm_docker_call){.path = "/_ping"});
    const char *paths[] = {"/logs", "/short"};
    for (int i = 0; i < 2; i++) {
        char out[4][64] = {{0}};
        lsqm_docker_call what = {.path = paths[i]};
        assert_int_equal(lsqm_docker_stream(w->docker, &what, LSQM_DOCKER_FRAMES, &s, &err),
                         LSQM_OK);
        int last = read_all(w, s, out, &err);
        assert_int_equal(last, i == 0 ? LSQM_STREAM_END : LSQM_STREAM_FAILED);
        assert_string_equal(out[LSQM_DOCKER_STDOUT], "hi");
        assert_string_equal(out[LSQM_DOCKER_STDERR], i == 0 ? "no" : "n");
        if (i == 1)
            assert_int_equal(err.code, LSQM_ENET);
        lsqm_http_stream_close(s);
    }
}

static void no_engine_is_unavailable(void **state)
{
    world *w = *state;
    lsqm_docker *nowhere;
    lsqm_error err;
    lsqm_docker *engine = w->docker;
    assert_int_equal(lsqm_docker_open(w->http, "/nonexistent/d.sock", &nowhere, &err), LSQM_OK);
    w->docker = nowhere;
    call(w, &(lsqm_docker_call){.path = "/_ping"});
    w->docker = engine;
    lsqm_docker_close(nowhere);
    assert_int_equal(w->err.code, LSQM_EUNAVAILABLE);
    assert_string_equal(w->err.message, "no such socket: /nonexistent/d.sock");
    lsqm_docker_explain(&w->err);
    assert_non_null(strstr(w->err.hint, "DOCKER_HOST"));
}

static void no_right_to_the_socket_is_denied(void **state)
{
    world *w = *state;
    uid_t self = geteuid();
    chmod(w->path, 0);
    if (self == 0 && seteuid(65534) != 0) /* root passes every check */
        skip();
    call(w, &(lsqm_docker_call){.path = "/_ping"});
    assert_int_equal(seteuid(self), 0);
    assert_int_equal(w->err.code, LSQM_EDENIED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_older_api_wins),
        CASE(log_streams_are_told_apart),
        CASE(no_engine_is_unavailable),
        CASE(no_right_to_the_socket_is_denied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The relay between a client and a server that misbehaves on request, and what it sees. */
#include "fake_http.h"
#include "http.h"
#include "relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* --- watching: texts in pieces, no sockets ------------------------------------------------- */

#define AUTH \
    "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/%s/aws4_request, x\r\n"

static void give(lsqm_relay_watch *w, const char *text, size_t piece)
{
    for (size_t at = 0, len = strlen(text); at < len; at += piece)
        lsqm_relay_watch_client(w, text + at, at + piece > len ? len - at : piece);
}

static void names_operations_of_every_protocol(void **state)
{
    static const struct {
        const char *request, *operation;
    } cases[] = {
        {"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\n" AUTH "\r\n{}",
         "sqs CreateQueue"},
        {"POST / HTTP/1.1\r\n"
         "content-type: application/x-www-form-urlencoded; charset=utf-8\r\n" AUTH
         "Content-Length: 25\r\n\r\nAction=CreateTopic&Name=x",
         "sns CreateTopic"},
        {"POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n" AUTH
         "Content-Length: 14\r\n\r\nAction=GetUser",
         "iam GetUser"},
        {"PUT /bucket/key?x=1 HTTP/1.1\r\n" AUTH "\r\n", "s3 PUT /bucket/key"},
        {"GET /_health HTTP/1.1\r\nHost: x\r\n\r\n", "GET /_health"},
        {"GET /\x01\x7f HTTP/1.1\r\nHost: x\r\n\r\nx-amz-target: A.b\r\n", "GET /??"},
    };
    static const char *services[] = {"sqs", "sns", "iam", "s3", "", ""};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t piece = 1; piece < 200; piece += 33) {
            char text[512];
            lsqm_relay_watch w = {0};
            snprintf(text, sizeof text, cases[i].request, services[i]);
            give(&w, text, piece);
            assert_true(lsqm_relay_watch_is_waiting(&w));
            assert_string_equal(w.operation, cases[i].operation);
            lsqm_relay_watch_free(&w);
        }
}

static void takes_interim_answers_for_none(void **state)
{
    lsqm_relay_watch w = {0};
    (void)state;
    give(&w, "PUT /b/k HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", 7);
    const char *interim = "HTTP/1.1 100 Continue\r\n\r\n";
    assert_int_equal(lsqm_relay_watch_server(&w, interim, strlen(interim)), 0);
    assert_true(lsqm_relay_watch_is_waiting(&w));
    assert_int_equal(lsqm_relay_watch_client(&w, "body", 4), 0);
    assert_int_equal(lsqm_relay_watch_server(&w, "HTTP/1.1 2", 10), 0);
    assert_int_equal(lsqm_relay_watch_server(&w, "00 OK\r\n", 7), 1);
    assert_int_equal(w.status, 200);
    give(&w, "GET /next HTTP/1.1\r\n\r\n", 100);
    assert_string_equal(w.operation, "GET /next");
    lsqm_relay_watch_free(&w);
}

static void is_blind_to_what_is_not_http(void **state)
{
    static const char *texts[] = {"\x16\x03\x01 tls hello\r\n\r\n", " / HTTP\r\n\r\n",
                                  "AVERYLONGMETHODNAME / HTTP/1.1\r\n\r\n"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        lsqm_relay_watch w = {0};
        give(&w, texts[i], 5);
        assert_false(lsqm_relay_watch_is_waiting(&w));
        assert_int_equal(lsqm_relay_watch_server(&w, "HTTP/1.1 200 OK\r\n", 17), 0);
        lsqm_relay_watch_free(&w);
    }
    lsqm_relay_watch w = {0};
    for (int i = 0; i < 40000; i++)
        lsqm_relay_watch_client(&w, "x", 1);
    assert_int_equal(w.state, LSQM_WATCH_BLIND);
    lsqm_relay_watch_free(&w);
}

/* --- relaying ------------------------------------------------------------------------------ */

static const fake_reply replies[] = {
    {"/hello", FAKE_KEEP, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0},
    {"/missing", FAKE_KEEP, "HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n", 0},
    {"/cut", FAKE_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel", 0},
    {"/hang", FAKE_HANG, "", 0},
    {"/big", FAKE_KEEP, NULL, 0},
    {NULL, FAKE_KEEP, NULL, 0},
};
static fake_reply own_replies[6];
static char *big;
enum { BIG_BODY = 8 << 20 };

typedef struct world {
    uv_loop_t loop;
    fake_server server;
    lsqm_http *http;
    lsqm_relay *relay;
    char path[64];
    int calls, code;
    long status;
    size_t body;
} world;

static void make_big(void)
{
    static const char form[] = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n";
    size_t head = (size_t)snprintf(NULL, 0, form, BIG_BODY);
    big = calloc(1, head + BIG_BODY + 1);
    snprintf(big, head + 1, form, BIG_BODY);
    memset(big + head, 'x', BIG_BODY);
    memcpy(own_replies, replies, sizeof replies);
    own_replies[4].bytes = big;
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    lsqm_error err;
    make_big();
    uv_loop_init(&w->loop);
    fake_start(&w->server, &w->loop, NULL, own_replies);
    assert_int_equal(lsqm_http_open(&w->loop, &w->http, &err), LSQM_OK);
    snprintf(w->path, sizeof w->path, "/tmp/lsqm-relay-%d.sock", (int)getpid());
    lsqm_relay_address from = {.path = w->path};
    lsqm_relay_address to = {.host = "127.0.0.1", .port = w->server.port};
    assert_int_equal(lsqm_relay_open(&w->loop, &from, &to, &w->relay, &err), LSQM_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    lsqm_http_close(w->http);
    lsqm_relay_close(w->relay);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(access(w->path, F_OK), -1);
    fake_stop(&w->server);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    free(big);
    free(w);
    return 0;
}

static void on_done(void *user, const lsqm_http_response *r, const lsqm_error *err)
{
    world *w = user;
    w->calls++;
    w->code = err->code;
    w->status = r ? r->status : 0;
    w->body = r ? r->body_len : 0;
}

static lsqm_http_op *ask(world *w, const char *path)
{
    lsqm_http_op *op = NULL;
    lsqm_error err;
    char url[64];
    snprintf(url, sizeof url, "http://relay%s", path);
    w->calls = 0;
    lsqm_http_request request = {.url = url, .unix_socket = w->path, .timeout = 20,
                                 .done = on_done, .user = w};
    assert_int_equal(lsqm_http_start(w->http, &request, &op, &err), LSQM_OK);
    return op;
}

static void fetch(world *w, const char *path)
{
    ask(w, path);
    while (w->calls == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
}

static void passes_bytes_both_ways(void **state)
{
    world *w = *state;
    for (int i = 0; i < 3; i++) {
        fetch(w, "/hello");
        assert_int_equal(w->status, 200);
    }
    fetch(w, "/big");
    assert_int_equal(w->body, BIG_BODY);
    assert_int_equal(w->server.connections, 1);
    assert_int_equal(lsqm_relay_answered(w->relay), 4);
    fetch(w, "/cut");
    assert_int_not_equal(w->code, LSQM_OK);
}

static void counts_what_was_refused(void **state)
{
    world *w = *state;
    const lsqm_relay_refusal *list;
    fetch(w, "/missing");
    fetch(w, "/missing");
    fetch(w, "/hello");
    assert_int_equal(lsqm_relay_refused(w->relay, &list), 1);
    assert_string_equal(list[0].operation, "GET /missing");
    assert_int_equal(list[0].status, 501);
    assert_int_equal(list[0].count, 2);
}

static void tells_what_hangs(void **state)
{
    world *w = *state;
    lsqm_relay_request pending[2];
    lsqm_http_op *op = ask(w, "/hang");
    while (lsqm_relay_pending(w->relay, pending, 2) == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_string_equal(pending[0].operation, "GET /hang");
    assert_true(pending[0].seconds >= 0 && pending[0].seconds < 20);
    lsqm_http_cancel(op);
    while (w->calls == 0 || lsqm_relay_pending(w->relay, pending, 2) > 0)
        uv_run(&w->loop, UV_RUN_ONCE);
}

static void ends_the_client_when_the_target_is_not_there(void **state)
{
    world *w = *state;
    lsqm_error err;
    lsqm_relay *relay = NULL;
    lsqm_relay_address from = {.host = "127.0.0.1", .port = 0};
    lsqm_relay_address to = {.path = "/tmp/lsqm-relay-nobody.sock"};
    assert_int_equal(lsqm_relay_open(&w->loop, &from, &to, &relay, &err), LSQM_OK);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", lsqm_relay_port(relay));
    lsqm_http_op *op = NULL;
    lsqm_http_request request = {.url = url, .timeout = 20, .done = on_done, .user = w};
    assert_int_equal(lsqm_http_start(w->http, &request, &op, &err), LSQM_OK);
    while (w->calls == 0)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_int_equal(w->code, LSQM_ENET);
    lsqm_relay_close(relay);
}

static void refuses_addresses_it_cannot_have(void **state)
{
    world *w = *state;
    lsqm_error err;
    lsqm_relay *relay = NULL;
    lsqm_relay_address to = {.host = "127.0.0.1", .port = 1};
    lsqm_relay_address taken = {.path = w->path};
    assert_int_equal(lsqm_relay_open(&w->loop, &taken, &to, &relay, &err), LSQM_EIO);
    lsqm_relay_address name = {.host = "localhost", .port = 0};
    assert_int_equal(lsqm_relay_open(&w->loop, &name, &to, &relay, &err), LSQM_EIO);
    char path[300];
    memset(path, 'x', sizeof path);
    path[299] = '\0';
    lsqm_relay_address longer = {.path = path};
    assert_int_equal(lsqm_relay_open(&w->loop, &longer, &to, &relay, &err), LSQM_EINVAL);
    /* the socket of the first relay is still its own */
    fetch(w, "/hello");
    assert_int_equal(w->status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_operations_of_every_protocol),
        cmocka_unit_test(takes_interim_answers_for_none),
        cmocka_unit_test(is_blind_to_what_is_not_http),
        cmocka_unit_test_setup_teardown(passes_bytes_both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_what_was_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_what_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(ends_the_client_when_the_target_is_not_there, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_addresses_it_cannot_have, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The pass-through, between a client of ours and a pretended provider: this program itself, run
 * with the argument "provider". */
#include "fake_provider.h"
#include "tfplugin.h"
#include "tfplugin_handshake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define P5 "/tfplugin5.Provider/"

/* --- the test's side ----------------------------------------------------------------------- */

typedef struct bed {
    uv_loop_t loop;
    uv_timer_t limit;
    lsqm_tfplugin *plugin;
    lsqm_tfplugin_answers *answers;
    h2_peer clients[4];
    int ready, status, ended, late;
    lsqm_error ready_err, why;
    char dir[64], socket[120], tmpdir[80], self[256];
} bed;

static void on_ready(void *user, int status, const lsqm_error *err)
{
    bed *b = user;
    b->ready++;
    b->status = status;
    b->ready_err = *err;
}

static void on_ended(void *user, const lsqm_error *err)
{
    bed *b = user;
    b->ended++;
    b->why = *err;
    b->plugin = NULL;
}

static void on_limit(uv_timer_t *timer)
{
    ((bed *)timer->data)->late = 1;
}

/* Turns the loop until the condition holds; 60 s are a failure. */
#define UNTIL(b, condition)                                                 \
    do {                                                                    \
        (b)->late = 0;                                                      \
        uv_timer_start(&(b)->limit, on_limit, 60000, 0);                    \
        while (!(condition) && !(b)->late)                                  \
            uv_run(&(b)->loop, UV_RUN_ONCE);                                \
        uv_timer_stop(&(b)->limit);                                         \
        assert_true(condition);                                             \
    } while (0)

static int try_start(bed *b, const char *kind, double timeout, lsqm_error *err)
{
    const char *argv[] = {b->self, "provider", kind, NULL};
    const char *env[] = {"PATH=/usr/bin:/bin", b->tmpdir, NULL};
    const lsqm_tfplugin_options o = {.argv = argv, .env = env, .socket = b->socket,
                                     .identity = "fake", .answers = b->answers,
                                     .timeout = timeout, .ready = on_ready, .ended = on_ended,
                                     .user = b};
    b->ready = b->ended = 0;
    return lsqm_tfplugin_start(&b->loop, &o, &b->plugin, err);
}

static void start(bed *b, const char *kind, double timeout)
{
    lsqm_error err;
    lsqm_error_clear(&err);
    assert_int_equal(try_start(b, kind, timeout, &err), LSQM_OK);
    UNTIL(b, b->ready);
}

static void lease(bed *b, const char *endpoint)
{
    lsqm_error err;
    assert_int_equal(lsqm_tfplugin_lease(b->plugin, endpoint, NULL, &err), LSQM_OK);
}

static h2_peer *connect_client(bed *b, int i)
{
    h2_connect(&b->clients[i], &b->loop, b->socket);
    return &b->clients[i];
}

static h2_stream *ask(bed *b, h2_peer *client, const char *path, const char *body)
{
    h2_stream *s = h2_ask(client, path, body, strlen(body));
    UNTIL(b, s->closed || client->closed);
    return s;
}

static void assert_answer(const h2_stream *s, const char *text)
{
    assert_non_null(s->in.data);
    assert_string_equal(s->in.data, text);
    assert_string_equal(s->status, "0");
}

static lsqm_tfplugin_state state_of(const bed *b)
{
    lsqm_tfplugin_state s;
    lsqm_tfplugin_read_state(b->plugin, &s);
    return s;
}

static void stop(bed *b)
{
    lsqm_tfplugin_close(b->plugin);
    UNTIL(b, b->ended);
}

static int setup(void **state)
{
    bed *b = calloc(1, sizeof *b);
    size_t size = sizeof b->self;
    uv_exepath(b->self, &size);
    uv_loop_init(&b->loop);
    uv_timer_init(&b->loop, &b->limit);
    b->limit.data = b;
    strcpy(b->dir, "/tmp/lsqm-tfplugin-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->socket, sizeof b->socket, "%s/ours.sock", b->dir);
    snprintf(b->tmpdir, sizeof b->tmpdir, "TMPDIR=%s", b->dir);
    b->answers = lsqm_tfplugin_answers_new();
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    bed *b = *state;
    char path[108];
    for (int i = 0; i < 4; i++)
        if (b->clients[i].h2)
            h2_close(&b->clients[i]);
    if (b->plugin)
        lsqm_tfplugin_close(b->plugin);
    uv_close((uv_handle_t *)&b->limit, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    int left = uv_loop_close(&b->loop);
    lsqm_tfplugin_answers_release(b->answers);
    snprintf(path, sizeof path, "%s/provider.sock", b->dir);
    unlink(path);
    left |= rmdir(b->dir); /* our own socket is gone */
    free(b);
    return left;
}

/* --- calls --------------------------------------------------------------------------------- */

static void passes_what_it_does_not_know(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    h2_stream *s = ask(b, c, P5 "ReadResource", "a request");
    assert_answer(s, "a request");
    assert_string_equal(s->extra, "kept");
    assert_int_equal(s->headers, 2);
    assert_int_equal(s->code, NGHTTP2_NO_ERROR);
    s = ask(b, c, "/plugin.GRPCBroker/StartStream", "");
    assert_string_equal(s->status, "0");
    assert_int_equal(state_of(b).passed, 2);
    assert_int_equal(state_of(b).answered, 0);
    assert_true(state_of(b).pid > 0 && state_of(b).pid != getpid());
    assert_int_equal(state_of(b).protocol, 5);
}

static void answers_the_same_bytes_from_memory(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    assert_answer(ask(b, c, P5 "GetSchema", "x"), "schema 1");
    h2_stream *again = ask(b, c, P5 "GetSchema", "x");
    assert_answer(again, "schema 1");
    assert_string_equal(again->extra, "kept");
    assert_answer(ask(b, c, P5 "GetSchema", "y"), "schema 2");
    assert_answer(ask(b, connect_client(b, 1), P5 "GetSchema", "x"), "schema 1");
    assert_int_equal(state_of(b).passed, 2);
    assert_int_equal(state_of(b).answered, 2);
    /* Also the next process of the same program. */
    stop(b);
    start(b, "good", 0);
    lease(b, NULL);
    assert_answer(ask(b, connect_client(b, 2), P5 "GetSchema", "y"), "schema 2");
    assert_int_equal(state_of(b).passed, 0);
}

static void does_not_remember_a_refusal(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    h2_stream *s = ask(b, c, P5 "PrepareProviderConfig", "!");
    assert_string_equal(s->status, "3");
    assert_string_equal(s->in.data, "check 1 of !");
    assert_string_equal(ask(b, c, P5 "PrepareProviderConfig", "!")->in.data, "check 2 of !");
}

static void lets_the_lease_s_endpoint_stand_for_itself(void **state)
{
    static const char one[] = "a=http://127.0.0.1:10001/ b=127.0.0.1:10001";
    bed *b = *state;
    start(b, "good", 0);
    lease(b, "127.0.0.1:10001");
    assert_answer(ask(b, connect_client(b, 0), P5 "PrepareProviderConfig", one),
                  "check 1 of a=http://127.0.0.1:10001/ b=127.0.0.1:10001");
    lsqm_tfplugin_release(b->plugin);
    lease(b, "127.0.0.1:20002");
    h2_peer *c = connect_client(b, 1);
    assert_answer(ask(b, c, P5 "PrepareProviderConfig",
                      "a=http://127.0.0.1:20002/ b=127.0.0.1:20002"),
                  "check 1 of a=http://127.0.0.1:20002/ b=127.0.0.1:20002");
    /* The endpoint of another lease is a text like any other. */
    assert_answer(ask(b, c, P5 "PrepareProviderConfig", one),
                  "check 2 of a=http://127.0.0.1:10001/ b=127.0.0.1:10001");
    lsqm_tfplugin_release(b->plugin);
    lease(b, "127.0.0.1:3003"); /* shorter: nothing remembered fits */
    assert_answer(ask(b, connect_client(b, 2), P5 "PrepareProviderConfig",
                      "a=http://127.0.0.1:3003/ b=127.0.0.1:3003"),
                  "check 3 of a=http://127.0.0.1:3003/ b=127.0.0.1:3003");
}

static void asks_once_what_two_want_at_the_same_time(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0), *d = connect_client(b, 1);
    h2_stream *s[] = {h2_ask(c, P5 "GetSchema", "x", 1), h2_ask(c, P5 "GetSchema", "x", 1),
                      h2_ask(d, P5 "GetSchema", "x", 1)};
    UNTIL(b, s[0]->closed && s[1]->closed && s[2]->closed);
    for (int i = 0; i < 3; i++)
        assert_answer(s[i], "schema 1");
    assert_int_equal(state_of(b).passed, 1);
}

static void carries_20_mb_both_ways_and_concurrently(void **state)
{
    bed *b = *state;
    char *data = malloc(BIG);
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    for (size_t i = 0; i < BIG; i++)
        data[i] = (char)(i * 7 % 251);
    h2_stream *s[] = {h2_ask(c, P5 "Echo", data, BIG), h2_ask(c, P5 "Big", "", 0),
                      h2_ask(c, P5 "Echo", data, BIG / 3), h2_ask(c, P5 "Echo", "small", 5)};
    UNTIL(b, s[0]->closed && s[1]->closed && s[2]->closed && s[3]->closed);
    const size_t sizes[] = {BIG, BIG, BIG / 3};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(s[i]->in.len, sizes[i]);
        assert_memory_equal(s[i]->in.data, data, sizes[i]);
        assert_string_equal(s[i]->status, "0");
    }
    assert_answer(s[3], "small");
    free(data);
}

static void holds_a_large_request_to_be_remembered(void **state)
{
    bed *b = *state;
    size_t size = (size_t)3 << 20;
    char *data = malloc(size);
    start(b, "good", 0);
    lease(b, NULL);
    memset(data, 'z', size);
    h2_peer *c = connect_client(b, 0);
    for (int i = 0; i < 2; i++) {
        h2_stream *s = h2_ask(c, P5 "PrepareProviderConfig", data, size);
        UNTIL(b, s->closed);
        assert_int_equal(s->in.len, size + strlen("check 1 of "));
    }
    assert_int_equal(state_of(b).passed, 1);
    free(data);
}

/* --- cancellation and death ---------------------------------------------------------------- */

static void passes_a_reset_to_the_provider(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    h2_stream *hung = h2_ask(c, P5 "Hang", "", 0);
    assert_answer(ask(b, c, P5 "Resets", ""), "0");
    assert_false(state_of(b).interrupted);
    h2_reset(c, hung, NGHTTP2_CANCEL);
    assert_answer(ask(b, c, P5 "Resets", ""), "1");
    assert_true(state_of(b).interrupted);
    lsqm_tfplugin_release(b->plugin);
    lease(b, NULL);
    assert_false(state_of(b).interrupted); /* of the new lease */
}

static void passes_a_reset_to_the_client(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_stream *s = ask(b, connect_client(b, 0), P5 "Broken", "");
    assert_int_equal(s->code, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void hands_a_recording_on_when_its_client_goes(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0), *d = connect_client(b, 1);
    char *data = calloc(1, BIG / 4);
    h2_stream *first = h2_ask(c, P5 "PrepareProviderConfig", data, BIG / 4);
    h2_stream *second = h2_ask(d, P5 "PrepareProviderConfig", data, BIG / 4);
    UNTIL(b, first->headers == 1); /* it records, and d waits or is about to */
    h2_close(c);
    UNTIL(b, second->closed);
    assert_string_equal(second->status, "0");
    assert_true(second->in.len > BIG / 4);
    free(data);
}

static void forgets_a_client_that_waited_and_went(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0), *d = connect_client(b, 1);
    h2_ask(c, P5 "PrepareProviderConfig", "~", 1);
    UNTIL(b, state_of(b).passed == 1);
    h2_stream *s = h2_ask(d, P5 "PrepareProviderConfig", "~", 1);
    assert_answer(ask(b, d, P5 "ReadResource", "later"), "later"); /* so the other was read */
    assert_int_equal(state_of(b).passed, 2);
    h2_reset(d, s, NGHTTP2_CANCEL);
    assert_answer(ask(b, d, P5 "ReadResource", "later"), "later");
    h2_close(c); /* gives the recording up and tells who waits: nobody */
    UNTIL(b, state_of(b).links == 1);
    assert_int_equal(state_of(b).passed, 3);
}

static void drops_the_client_when_the_provider_dies(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    h2_ask(c, P5 "Hang", "", 0);
    h2_ask(c, P5 "Die", "", 0);
    UNTIL(b, c->closed && b->ended);
    assert_string_equal(b->why.message, "ended with exit code 7: panic: as asked");
    assert_int_equal(b->why.code, LSQM_EUNAVAILABLE);
}

static void notes_a_client_that_goes_in_mid_call(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    ask(b, c, P5 "ReadResource", "");
    h2_ask(c, "/plugin.GRPCStdio/Hang", "", 0); /* open as long as the connection */
    UNTIL(b, state_of(b).passed == 2);
    h2_close(c);
    UNTIL(b, state_of(b).links == 0);
    assert_false(state_of(b).interrupted);
    c = connect_client(b, 1);
    h2_ask(c, P5 "Hang", "", 0);
    UNTIL(b, state_of(b).passed == 3);
    h2_close(c);
    UNTIL(b, state_of(b).links == 0);
    assert_true(state_of(b).interrupted);
}

static void keeps_shutdown_and_marks_stop(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0);
    h2_stream *s = ask(b, c, "/plugin.GRPCController/Shutdown", "");
    assert_string_equal(s->status, "0");
    assert_int_equal(s->in.len, 5); /* an empty message */
    assert_false(state_of(b).interrupted);
    assert_answer(ask(b, c, P5 "Stop", "now"), "now"); /* still there, and Stop passes */
    assert_true(state_of(b).interrupted);
}

/* --- leases -------------------------------------------------------------------------------- */

static void refuses_a_second_configuration_s_calls(void **state)
{
    bed *b = *state;
    start(b, "good", 0);
    lease(b, NULL);
    h2_peer *c = connect_client(b, 0), *d = connect_client(b, 1);
    ask(b, c, P5 "Configure", "west");
    assert_answer(ask(b, c, P5 "ReadResource", "1"), "1");
    ask(b, d, P5 "Configure", "east"); /* terraform's next walk: c says nothing more */
    assert_answer(ask(b, d, P5 "ReadResource", "2"), "2");
    assert_false(state_of(b).conflict);
    assert_answer(ask(b, c, P5 "UpgradeResourceState", "3"), "3");
    assert_string_equal(ask(b, c, P5 "ReadResource", "4")->status, "9");
    assert_true(state_of(b).conflict);
    h2_ask(d, P5 "Hang", "", 0);
    UNTIL(b, state_of(b).passed == 6);
    assert_string_equal(ask(b, c, P5 "Configure", "west")->status, "9");
}

static void serves_nobody_without_a_lease(void **state)
{
    bed *b = *state;
    lsqm_error err;
    start(b, "good", 0);
    h2_peer *c = connect_client(b, 0);
    h2_ask(c, P5 "ReadResource", "", 0);
    UNTIL(b, c->closed);
    lease(b, NULL);
    assert_int_equal(lsqm_tfplugin_lease(b->plugin, NULL, NULL, &err), LSQM_ECONFLICT);
    c = connect_client(b, 1);
    ask(b, c, P5 "ReadResource", "");
    lsqm_tfplugin_release(b->plugin);
    UNTIL(b, c->closed && state_of(b).links == 0);
    char longer[80];
    memset(longer, 'x', sizeof longer);
    longer[79] = '\0';
    assert_int_equal(lsqm_tfplugin_lease(b->plugin, longer, NULL, &err), LSQM_EINVAL);
}

/* --- starting ------------------------------------------------------------------------------ */

static void tells_why_a_provider_does_not_start(void **state)
{
    static const struct {
        const char *kind, *message;
        int code;
        double timeout;
    } cases[] = {
        {"exit", "ended with exit code 3 before its handshake: no room to run",
         LSQM_EUNAVAILABLE, 0},
        {"hello", "not a handshake: 'hello'", LSQM_ESYNTAX, 0},
        {"1|4|unix|/x|grpc|", "protocol '4' is not supported", LSQM_EUNSUPPORTED, 0},
        {"silent", "no handshake in time", LSQM_ETIMEOUT, 0.05},
    };
    bed *b = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(b, cases[i].kind, cases[i].timeout);
        assert_int_equal(b->status, cases[i].code);
        assert_string_equal(b->ready_err.message, cases[i].message);
        UNTIL(b, b->ended);
        assert_int_equal(b->ready, 1);
    }
    lsqm_error err;
    strcpy(b->self, "/nowhere/provider");
    assert_int_equal(try_start(b, "good", 0, &err), LSQM_ENOENT);
    memset(b->socket, '/', sizeof b->socket - 1);
    assert_int_equal(try_start(b, "good", 0, &err), LSQM_EINVAL);
}

static void reads_handshakes(void **state)
{
    static const struct {
        const char *line;
        int code;
    } cases[] = {
        {"1|5|unix|/tmp/a|grpc|", LSQM_OK},
        {"1|6|unix|/tmp/a|grpc", LSQM_OK},
        {"1|6|unix|/tmp/a|grpc||true", LSQM_OK},
        {"", LSQM_ESYNTAX},
        {"1|5|unix|/tmp/a", LSQM_ESYNTAX},
        {"2|5|unix|/tmp/a|grpc|", LSQM_EUNSUPPORTED},
        {"1|55|unix|/tmp/a|grpc|", LSQM_EUNSUPPORTED},
        {"1|5|tcp|127.0.0.1:1|grpc|", LSQM_EUNSUPPORTED},
        {"1|5|unix|relative|grpc|", LSQM_EUNSUPPORTED},
        {"1|5|unix||grpc|", LSQM_EUNSUPPORTED},
        {"1|5|unix|/tmp/a|netrpc|", LSQM_EUNSUPPORTED},
        {"1|5|unix|/tmp/a|grpc|MIIB", LSQM_EUNSUPPORTED},
    };
    (void)state;
    lsqm_tfplugin_handshake hello;
    lsqm_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(lsqm_tfplugin_read_handshake(cases[i].line, strlen(cases[i].line),
                                                      &hello, &err),
                         cases[i].code);
    assert_int_equal(lsqm_tfplugin_read_handshake("1|5|un\0ix|/|grpc|", 18, &hello, &err),
                     LSQM_ESYNTAX);
    char line[200] = "1|5|unix|/";
    memset(line + 10, 'a', 150);
    strcpy(line + 160, "|grpc|");
    assert_int_equal(lsqm_tfplugin_read_handshake(line, strlen(line), &hello, &err),
                     LSQM_EUNSUPPORTED);
}

#define BED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        BED(passes_what_it_does_not_know),
        BED(answers_the_same_bytes_from_memory),
        BED(does_not_remember_a_refusal),
        BED(lets_the_lease_s_endpoint_stand_for_itself),
        BED(asks_once_what_two_want_at_the_same_time),
        BED(carries_20_mb_both_ways_and_concurrently),
        BED(holds_a_large_request_to_be_remembered),
        BED(passes_a_reset_to_the_provider),
        BED(passes_a_reset_to_the_client),
        BED(hands_a_recording_on_when_its_client_goes),
        BED(forgets_a_client_that_waited_and_went),
        BED(drops_the_client_when_the_provider_dies),
        BED(notes_a_client_that_goes_in_mid_call),
        BED(keeps_shutdown_and_marks_stop),
        BED(refuses_a_second_configuration_s_calls),
        BED(serves_nobody_without_a_lease),
        BED(tells_why_a_provider_does_not_start),
        cmocka_unit_test(reads_handshakes),
    };
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3 && strcmp(argv[1], "provider") == 0)
        return fake_provider_main(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

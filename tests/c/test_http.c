/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a server that misbehaves on request. */
#include "fake_http.h"
#include "http.h"
#include "http_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "check.h"

static char redirect_away[256], redirect_home[256], redirect_loop[256];
static char *big; /* head and 4 MiB */
enum { BIG_BODY = 4 << 20 };

static const fake_reply other_replies[] = {
    {"/landing", FAKE_KEEP, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nlanded", 0},
    {NULL, FAKE_KEEP, NULL, 0},
};

static fake_reply replies[] = {
    {"/hello", FAKE_KEEP, "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello", 0},
    {"/busy", FAKE_KEEP,
     "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nwait", 0},
    {"/reset", FAKE_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel", 0},
    {"/cut", FAKE_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhel", 0},
    {"/slow", FAKE_SLOW, "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhello", 0},
    {"/hang", FAKE_HANG, "HTTP/1.1 200 OK\r\n", 0},
    {"/silent", FAKE_CLOSE, "", 0},
    {"/junk", FAKE_CLOSE, "\1\2\3 this is not HTTP at all\r\n\r\n", 0},
    {"/away", FAKE_KEEP, redirect_away, 0},
    {"/home", FAKE_KEEP, redirect_home, 0},
    {"/loop", FAKE_KEEP, redirect_loop, 0},
    {"/big", FAKE_KEEP, NULL, 0},
    {NULL, FAKE_KEEP, NULL, 0},
};

typedef struct world {
    uv_loop_t loop;
    fake_server server, other;
    lsqm_http *http;
} world;

typedef struct answer {
    int calls, code, parts;
    long status;
    lsqm_buffer headers, body, url;
    size_t received;
    lsqm_error err;
    lsqm_http_op *op;
} answer;

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    uv_loop_init(&w->loop);
    fake_start(&w->other, &w->loop, NULL, other_replies);
    fake_start(&w->server, &w->loop, NULL, replies);
    const char *moved = "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 5\r\n\r\nmoved";
    char target[64];
    snprintf(target, sizeof target, "http://127.0.0.1:%d/landing", w->other.port);
    snprintf(redirect_away, sizeof redirect_away, moved, target);
    snprintf(redirect_home, sizeof redirect_home, moved, "/hello?x");
    snprintf(redirect_loop, sizeof redirect_loop, moved, "/loop");
    lsqm_error err;
    assert_int_equal(lsqm_http_open(&w->loop, &w->http, &err), LSQM_OK);
    *state = w;
    return 0;
}

/* Whatever a test did, nothing may be left on the loop. */
static int teardown(void **state)
{
    world *w = *state;
    lsqm_http_close(w->http);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->server.open, 0);
    fake_stop(&w->server);
    fake_stop(&w->other);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    free(w);
    return 0;
}

static void on_time(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    *(int *)timer->data = 1;
}

/* Lets everybody work for a while. */
static void run_for(world *w, uint64_t ms)
{
    uv_timer_t timer;
    int over = 0;
    uv_timer_init(&w->loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, on_time, ms, 0);
    while (!over)
        uv_run(&w->loop, UV_RUN_ONCE);
    uv_run(&w->loop, UV_RUN_NOWAIT);
}

static void on_done(void *user, const lsqm_http_response *r, const lsqm_error *err)
{
    answer *a = user;
    a->calls++;
    a->code = err->code;
    a->err = *err;
    a->op = NULL;
    assert_true((r == NULL) == (err->code != LSQM_OK));
    if (!r)
        return;
    a->status = r->status;
    lsqm_buffer_add(&a->headers, r->headers, r->headers_len);
    lsqm_buffer_add(&a->body, r->body, r->body_len);
    lsqm_buffer_adds(&a->url, r->url);
}

static void forget(answer *a)
{
    lsqm_buffer_free(&a->headers);
    lsqm_buffer_free(&a->body);
    lsqm_buffer_free(&a->url);
}

static const char *url_of(const world *w, const char *path)
{
    static char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", w->server.port, path);
    return url;
}

static void run_until(world *w, const answer *a)
{
    while (a->calls == 0)
        assert_true(uv_run(&w->loop, UV_RUN_ONCE) != 0 || a->calls > 0);
}

static answer fetch(world *w, const char *path, lsqm_http_request request)
{
    answer a = {0};
    lsqm_error err;
    if (!request.url)
        request.url = url_of(w, path);
    if (request.timeout == 0)
        request.timeout = 10;
    request.done = on_done;
    request.user = &a;
    assert_int_equal(lsqm_http_start(w->http, &request, &a.op, &err), LSQM_OK);
    assert_int_equal(a.calls, 0);
    run_until(w, &a);
    assert_int_equal(a.calls, 1);
    return a;
}

static void gets_an_answer_and_reuses_the_connection(void **state)
{
    world *w = *state;
    for (int i = 0; i < 3; i++) {
        answer a = fetch(w, "/hello", (lsqm_http_request){0});
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body.data, "hello");
        assert_non_null(strstr(a.headers.data, "X-A: 1\r\n"));
        forget(&a);
    }
    assert_int_equal(w->server.connections, 1);
}

static void any_status_is_an_answer(void **state)
{
    answer a = fetch(*state, "/busy", (lsqm_http_request){0});
    assert_int_equal(a.code, LSQM_OK);
    assert_int_equal(a.status, 429);
    assert_non_null(strstr(a.headers.data, "Retry-After: 3"));
    assert_string_equal(a.body.data, "wait");
    forget(&a);
}

static void sends_method_headers_and_body(void **state)
{
    world *w = *state;
    const char *headers[] = {"X-One: yes", "Content-Type: text/plain", NULL};
    answer a = fetch(
        w, "/hello",
        (lsqm_http_request){.method = "PUT", .headers = headers, .body = "a\0b", .body_len = 3});
    const char *asked = w->server.asked.data;
    assert_non_null(strstr(asked, "PUT /hello HTTP/1.1\r\n"));
    assert_non_null(strstr(asked, "X-One: yes\r\n"));
    assert_non_null(strstr(asked, "Content-Length: 3\r\n"));
    assert_null(strstr(asked, "Expect"));
    assert_memory_equal(strstr(asked, "\r\n\r\n") + 4, "a\0b", 3);
    forget(&a);
}

static void each_fault_is_told_apart(void **state)
{
    static const struct {
        const char *path, *text;
        int code;
    } cases[] = {{"/reset", "broke", LSQM_ENET},
                 {"/cut", "ended too early", LSQM_ENET},
                 {"/silent", "without an answer", LSQM_ENET},
                 {"/junk", "not HTTP", LSQM_EHTTP}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer a = fetch(*state, cases[i].path, (lsqm_http_request){0});
        assert_int_equal(a.code, cases[i].code);
        assert_string_equal(a.err.op, "http GET");
        if (!strstr(a.err.message, cases[i].text))
            fail_msg("%s: %s", cases[i].path, a.err.message);
        forget(&a);
    }
}

static void nobody_at_the_port_is_a_network_error(void **state)
{
    answer a = fetch(*state, "", (lsqm_http_request){.url = "http://u:secret@127.0.0.1:9/p?k=v"});
    assert_int_equal(a.code, LSQM_ENET);
    assert_string_equal(a.err.message, "cannot connect: http://127.0.0.1:9/p");
    forget(&a);
}

static void the_whole_exchange_has_one_timeout(void **state)
{
    const char *paths[] = {"/slow", "/hang"};
    for (int i = 0; i < 2; i++) {
        answer a = fetch(*state, paths[i], (lsqm_http_request){.timeout = 0.15});
        assert_int_equal(a.code, LSQM_ETIMEOUT);
        forget(&a);
    }
}

static void bad_requests_do_not_start(void **state)
{
    world *w = *state;
    const char *split[] = {"X: a\r\nY: b", NULL}, *nameless[] = {"no colon", NULL};
    const lsqm_http_request bad[] = {
        {.url = url_of(w, "/hello"), .headers = split},
        {.url = url_of(w, "/hello"), .headers = nameless},
        {.url = "http://127.0.0.1/a b"},
        {.url = url_of(w, "/hello"), .method = "GET /x"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lsqm_error err;
        assert_int_equal(lsqm_http_start(w->http, &bad[i], NULL, &err), LSQM_EINVAL);
    }
    answer a = fetch(w, "", (lsqm_http_request){.url = "file:///etc/passwd"});
    assert_int_equal(a.code, LSQM_EINVAL);
    forget(&a);
}

static void redirects_are_answers_unless_followed(void **state)
{
    world *w = *state;
    answer a = fetch(w, "/home", (lsqm_http_request){0});
    assert_int_equal(a.status, 302);
    forget(&a);
    a = fetch(w, "/home", (lsqm_http_request){.redirects = 1});
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body.data, "hello");
    assert_non_null(strstr(a.url.data, "/hello?x"));
    forget(&a);
    a = fetch(w, "/loop", (lsqm_http_request){.redirects = 3});
    assert_int_equal(a.code, LSQM_ELIMIT);
    assert_int_equal(w->server.requests, 2 + 1 + 4);
    forget(&a);
}

static void secrets_do_not_follow_to_another_host(void **state)
{
    world *w = *state;
    const char *headers[] = {"Authorization: Bearer t0p", "Cookie: c=t0p", "X-Api-Key: t0p",
                             "Accept: text/x", NULL};
    answer a = fetch(
        w, "/away",
        (lsqm_http_request){
            .headers = headers, .redirects = 2, .method = "POST", .body = "t0p", .body_len = 3});
    assert_string_equal(a.body.data, "landed");
    assert_non_null(strstr(w->server.asked.data, "Bearer t0p"));
    assert_null(strstr(w->other.asked.data, "t0p"));
    assert_non_null(strstr(w->other.asked.data, "GET /landing"));
    assert_non_null(strstr(w->other.asked.data, "Accept: text/x"));
    forget(&a);
    a = fetch(w, "/home", (lsqm_http_request){.headers = headers, .redirects = 2});
    assert_non_null(strstr(strstr(w->server.asked.data, "GET /hello?x"), "Bearer t0p"));
    forget(&a);
}

static void a_long_answer_is_cut_and_says_so(void **state)
{
    answer a = fetch(*state, "/big", (lsqm_http_request){.max_body = 1000});
    assert_int_equal(a.code, LSQM_ELIMIT);
    assert_non_null(strstr(a.err.message, "larger than 1000 bytes"));
    forget(&a);
}

static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *data = calloc(1, BIG_BODY + 1);
    *len = f ? fread(data, 1, BIG_BODY, f) : 0;
    if (f)
        fclose(f);
    return data;
}

static int count_files(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n - 2;
}

static void a_file_is_replaced_only_by_a_whole_answer(void **state)
{
    world *w = *state;
    char dir[] = "/tmp/lsqm-http-XXXXXX", path[64];
    size_t len;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/out", dir);
    answer a = fetch(w, "/hello", (lsqm_http_request){.to_file = path});
    assert_int_equal(a.body.len, 0);
    forget(&a);
    const char *bad[] = {"/cut", "/busy", "/reset"};
    for (int i = 0; i < 3; i++) {
        a = fetch(w, bad[i], (lsqm_http_request){.to_file = path});
        forget(&a);
        char *data = slurp(path, &len);
        assert_string_equal(data, "hello");
        free(data);
        assert_int_equal(count_files(dir), 1);
    }
    a = fetch(w, "/big", (lsqm_http_request){.to_file = path});
    char *data = slurp(path, &len);
    assert_int_equal(len, BIG_BODY);
    free(data);
    forget(&a);
    a = fetch(w, "/hello", (lsqm_http_request){.method = "POST", .body_file = path});
    assert_non_null(strstr(w->server.asked.data, "Content-Length: 4194304"));
    forget(&a);
    unlink(path);
    rmdir(dir);
}

static void cancelled_requests_end_once_and_leave_nothing(void **state)
{
    world *w = *state;
    lsqm_error err;
    int before = count_fds();
    answer answers[8] = {0};
    for (int i = 0; i < 8; i++) {
        lsqm_http_request r = {
            .url = url_of(w, i % 2 ? "/hang" : "/slow"), .done = on_done, .user = &answers[i]};
        assert_int_equal(lsqm_http_start(w->http, &r, &answers[i].op, &err), LSQM_OK);
    }
    run_for(w, 100);
    for (int i = 0; i < 8; i++) {
        if (i == 3) {
            lsqm_http_drop(answers[i].op);
            continue;
        }
        lsqm_http_cancel(answers[i].op);
        lsqm_http_cancel(answers[i].op);
        assert_int_equal(answers[i].calls, 0);
    }
    run_for(w, 100);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(answers[i].calls, i == 3 ? 0 : 1);
        assert_int_equal(answers[i].code, i == 3 ? LSQM_OK : LSQM_ECANCELLED);
    }
    assert_int_equal(w->server.open, 0);
    assert_true(count_fds() <= before + 4); /* curl's own wake-up pair may stay */
}

static void closing_the_client_cancels_what_runs(void **state)
{
    world *w = *state;
    lsqm_error err;
    answer a = {0};
    lsqm_http_request r = {.url = url_of(w, "/hang"), .done = on_done, .user = &a};
    assert_int_equal(lsqm_http_start(w->http, &r, &a.op, &err), LSQM_OK);
    run_for(w, 100);
    lsqm_http_close(w->http);
    assert_int_equal(a.calls, 0);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(a.calls, 1);
    assert_int_equal(a.code, LSQM_ECANCELLED);
    assert_int_equal(lsqm_http_open(&w->loop, &w->http, &err), LSQM_OK);
}

static void mark(void *user)
{
    ++*(int *)user;
}

static size_t drain(lsqm_http_stream *s, int *last)
{
    size_t total = 0, len;
    char *data;
    int kind;
    lsqm_error err;
    while ((*last = lsqm_http_stream_next(s, &data, &len, &kind, &err)) == LSQM_STREAM_CHUNK) {
        total += len;
        free(data);
    }
    return total;
}

static void a_stream_waits_for_its_reader(void **state)
{
    world *w = *state;
    lsqm_http_stream *s;
    lsqm_error err;
    lsqm_http_request r = {.url = url_of(w, "/big")};
    int ready = 0, last;
    assert_int_equal(lsqm_http_stream_open(w->http, &r, NULL, &s, &err), LSQM_OK);
    run_for(w, 400);
    size_t total = drain(s, &last);
    assert_int_equal(last, LSQM_STREAM_PENDING);
    assert_in_range(total, 1, 2 << 20);
    while (last == LSQM_STREAM_PENDING) {
        lsqm_http_stream_wait(s, mark, &ready);
        for (ready = 0; ready == 0;)
            uv_run(&w->loop, UV_RUN_ONCE);
        total += drain(s, &last);
    }
    assert_int_equal(last, LSQM_STREAM_END);
    assert_int_equal(total, BIG_BODY);
    assert_int_equal(lsqm_http_stream_response(s)->status, 200);
    lsqm_http_stream_close(s);
}

static void a_paused_stream_can_be_dropped(void **state)
{
    world *w = *state;
    lsqm_http_stream *s;
    lsqm_error err;
    lsqm_http_request r = {.url = url_of(w, "/big")};
    assert_int_equal(lsqm_http_stream_open(w->http, &r, NULL, &s, &err), LSQM_OK);
    run_for(w, 400);
    lsqm_http_stream_close(s);
    answer a = fetch(w, "/hello", (lsqm_http_request){0});
    assert_int_equal(a.status, 200);
    forget(&a);
}

static void the_proxy_of_the_environment_is_asked(void **state)
{
    world *w = *state;
    char proxy[64];
    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", w->server.port);
    setenv("http_proxy", proxy, 1);
    answer a = fetch(w, "", (lsqm_http_request){.url = "http://example.invalid/hello"});
    unsetenv("http_proxy");
    assert_int_equal(a.status, 404); /* the fake server knows paths only */
    assert_non_null(strstr(w->server.asked.data, "GET http://example.invalid/hello HTTP/1.1"));
    forget(&a);
}

static void loopback_needs_no_proxy_and_errors_tell_no_secrets(void **state)
{
    world *w = *state;
    setenv("http_proxy", "http://127.0.0.1:9", 1);
    setenv("no_proxy", "", 1);
    answer a = fetch(w, "/hello", (lsqm_http_request){0});
    assert_int_equal(a.status, 200);
    forget(&a);
    a = fetch(w, "", (lsqm_http_request){.url = "http://u:s3cret@example.invalid/s3cret?s3cret"});
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    assert_string_equal(a.err.message, "cannot connect: http://example.invalid");
    forget(&a);
}

static int make_big(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n";
    (void)state;
    unsetenv("http_proxy");
    big = malloc(sizeof head + BIG_BODY);
    memcpy(big, head, sizeof head - 1);
    memset(big + sizeof head - 1, 'x', BIG_BODY);
    for (fake_reply *r = replies; r->path; r++)
        if (strcmp(r->path, "/big") == 0)
            r->bytes = big, r->len = sizeof head - 1 + BIG_BODY;
    return 0;
}

static int free_big(void **state)
{
    (void)state;
    free(big);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gets_an_answer_and_reuses_the_connection),
        CASE(any_status_is_an_answer),
        CASE(sends_method_headers_and_body),
        CASE(each_fault_is_told_apart),
        CASE(nobody_at_the_port_is_a_network_error),
        CASE(the_whole_exchange_has_one_timeout),
        CASE(bad_requests_do_not_start),
        CASE(redirects_are_answers_unless_followed),
        CASE(secrets_do_not_follow_to_another_host),
        CASE(a_long_answer_is_cut_and_says_so),
        CASE(a_file_is_replaced_only_by_a_whole_answer),
        CASE(cancelled_requests_end_once_and_leave_nothing),
        CASE(closing_the_client_cancels_what_runs),
        CASE(a_stream_waits_for_its_reader),
        CASE(a_paused_stream_can_be_dropped),
        CASE(the_proxy_of_the_environment_is_asked),
        CASE(loopback_needs_no_proxy_and_errors_tell_no_secrets),
    };
    return cmocka_run_group_tests(tests, make_big, free_big);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The process runner: results, limits, and what happens when a program will not behave. */
#include "process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct run {
    uv_loop_t loop;
    int calls, status;
    lsqm_process_result result;
    unsigned long long streamed;
} run;

static const char *const plain_env[] = {"PATH=/usr/bin:/bin", NULL};

static void on_done(void *user, int status, lsqm_process_result *result, const lsqm_error *err)
{
    (void)err;
    run *r = user;
    r->calls++;
    r->status = status;
    lsqm_buffer_free(&r->result.out.text);
    lsqm_buffer_free(&r->result.err.text);
    r->result = *result;
    memset(&result->out.text, 0, sizeof result->out.text);
    memset(&result->err.text, 0, sizeof result->err.text);
}

static void on_output(void *user, int stream, const char *data, size_t len)
{
    (void)data;
    run *r = user;
    assert_true(stream == LSQM_PROCESS_STDOUT || stream == LSQM_PROCESS_STDERR);
    r->streamed += len;
}

static int setup(void **state)
{
    run *r = calloc(1, sizeof *r);
    uv_loop_init(&r->loop);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    run *r = *state;
    int closed = uv_loop_close(&r->loop);
    lsqm_buffer_free(&r->result.out.text);
    lsqm_buffer_free(&r->result.err.text);
    free(r);
    return closed; /* UV_EBUSY: a handle was left open */
}

static lsqm_process_options options(run *r, const char *const *argv)
{
    lsqm_process_options o;
    memset(&o, 0, sizeof o);
    o.argv = argv;
    o.env = plain_env;
    o.done = on_done;
    o.user = r;
    return o;
}

static lsqm_process *start(run *r, const lsqm_process_options *o)
{
    lsqm_error err;
    lsqm_process *p = NULL;
    lsqm_error_clear(&err);
    if (lsqm_process_start(&r->loop, o, &p, &err) != LSQM_OK)
        fail_msg("%s: %s", err.op, err.message);
    assert_int_equal(r->calls, 0);
    return p;
}

static void sh(run *r, const char *script, lsqm_process_options o)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    o.argv = argv;
    start(r, &o);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->calls, 1);
}

static const char *out_text(const run *r)
{
    return r->result.out.text.data ? r->result.out.text.data : "";
}

static void reports_exit_code_and_both_streams(void **state)
{
    run *r = *state;
    sh(r, "echo out; echo err >&2; exit 7", options(r, NULL));
    assert_int_equal(r->status, LSQM_OK);
    assert_int_equal(r->result.exit_code, 7);
    assert_int_equal(r->result.signal, 0);
    assert_string_equal(out_text(r), "out\n");
    assert_string_equal(r->result.err.text.data, "err\n");
    assert_true(r->result.duration > 0 && r->result.duration < 10);
}

static void merged_streams_keep_their_order(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.merge = 1;
    sh(r, "echo 1; echo 2 >&2; echo 3", o);
    assert_string_equal(out_text(r), "1\n2\n3\n");
    assert_int_equal(r->result.err.total, 0);
}

static void passes_the_environment_exactly(void **state)
{
    run *r = *state;
    const char *const env[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};
    const char *const argv[] = {"env", NULL};
    setenv("LSQM_TEST_TOKEN", "leaked", 1);
    lsqm_process_options o = options(r, argv);
    o.env = env;
    start(r, &o);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_string_equal(out_text(r), "PATH=/usr/bin:/bin\nONLY=this\n");
}

static void gives_input_cwd_and_names_of_its_streams(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.input = "hello";
    o.input_len = 5;
    o.cwd = "/usr";
    sh(r, "cat > /dev/stdout; pwd", o);
    assert_string_equal(out_text(r), "hello/usr\n");
}

static void large_input_that_is_not_read_does_no_harm(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.input_len = 8u << 20;
    char *input = calloc(1, o.input_len);
    o.input = input;
    sh(r, "exit 0", o);
    free(input);
    assert_int_equal(r->result.exit_code, 0);
}

static void large_input_comes_back_whole(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.input_len = 3u << 20;
    char *input = malloc(o.input_len);
    memset(input, 'x', o.input_len);
    o.input = input;
    sh(r, "cat", o);
    assert_int_equal(r->result.out.text.len, o.input_len);
    assert_memory_equal(r->result.out.text.data, input, o.input_len);
    free(input);
}

static void refuse(run *r, lsqm_process_options o, int code, const char *named)
{
    lsqm_error err;
    lsqm_error_clear(&err);
    assert_int_equal(lsqm_process_start(&r->loop, &o, NULL, &err), code);
    if (!strstr(err.message, named))
        fail_msg("%s", err.message);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->calls, 0);
}

static void start_failures_name_the_cause_and_leak_nothing(void **state)
{
    run *r = *state;
    const char *const missing[] = {"no-such-program-here", NULL};
    const char *const data[] = {"/etc/passwd", NULL};
    const char *const fine[] = {"true", NULL};
    const char *const empty[] = {NULL};
    lsqm_process_options o = options(r, fine);
    start(r, &o); /* the loop's own descriptors come with the first child */
    uv_run(&r->loop, UV_RUN_DEFAULT);
    r->calls = 0;
    int before = count_fds();
    refuse(r, options(r, missing), LSQM_ENOENT, "no-such-program-here");
    refuse(r, options(r, data), LSQM_EDENIED, "/etc/passwd");
    refuse(r, options(r, empty), LSQM_EINVAL, "empty command");
    o.cwd = "/no/such/folder";
    refuse(r, o, LSQM_ENOENT, "/no/such/folder");
    assert_int_equal(count_fds(), before);
}

static int is_gone(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 1;
    char *line = fgets(text, sizeof text, f);
    fclose(f);
    /* nobody may be there to collect an orphan: a zombie is dead too */
    return !line || strstr(text, ") Z ") != NULL;
}

static void assert_dies(const char *pid_text)
{
    pid_t pid = (pid_t)strtol(pid_text, NULL, 10);
    assert_true(pid > 1);
    for (int i = 0; i < 200 && !is_gone(pid); i++)
        usleep(10000);
    assert_true(is_gone(pid));
}

static void timeout_ends_the_whole_group(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.timeout = 0.3;
    sh(r, "sleep 60 & echo $!; wait", o);
    assert_int_equal(r->status, LSQM_OK);
    assert_true(r->result.timed_out);
    assert_int_equal(r->result.signal, SIGTERM);
    assert_true(r->result.duration < 3);
    assert_dies(out_text(r));
}

static void what_the_child_leaves_behind_is_killed(void **state)
{
    run *r = *state;
    sh(r, "sleep 60 >/dev/null 2>&1 & echo $!", options(r, NULL));
    assert_int_equal(r->result.exit_code, 0);
    assert_dies(out_text(r));
}

static void child_that_ignores_term_is_killed(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.timeout = 0.5;
    o.grace = 0.3;
    sh(r, "trap '' TERM; echo ready; while :; do sleep 1; done", o);
    assert_true(r->result.timed_out);
    assert_int_equal(r->result.signal, SIGKILL);
    assert_string_equal(out_text(r), "ready\n");
    assert_true(r->result.duration >= 0.75 && r->result.duration < 5);
}

static void clean_exit_after_term_still_counts_as_timed_out(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.timeout = 0.5;
    sh(r, "trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done", o);
    assert_true(r->result.timed_out);
    assert_int_equal(r->result.exit_code, 3);
    assert_string_equal(out_text(r), "bye\n");
}

static void grandchild_that_holds_the_pipe_does_not_hang(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.drain = 0.2;
    uint64_t begun = uv_hrtime();
    sh(r, "setsid sleep 5 & echo started", o);
    assert_true((double)(uv_hrtime() - begun) / 1e9 < 3);
    assert_string_equal(out_text(r), "started\n");
    assert_int_equal(r->result.exit_code, 0);
}

static void huge_output_is_cut_in_the_middle(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.max_output = 10000;
    o.on_output = on_output;
    sh(r, "echo first; head -c 104857600 /dev/zero; echo; echo last", o);
    assert_int_equal(r->result.exit_code, 0);
    assert_int_equal(r->result.out.total, 104857600 + 12);
    assert_int_equal(r->result.out.cut, 104857600 + 12 - 10000);
    assert_int_equal(r->streamed, r->result.out.total);
    assert_true(r->result.out.text.len < 10100);
    assert_memory_equal(r->result.out.text.data, "first\n", 6);
    assert_memory_equal(r->result.out.text.data + r->result.out.text.len - 5, "last\n", 5);
}

static void small_cap_keeps_exact_ends(void **state)
{
    run *r = *state;
    lsqm_process_options o = options(r, NULL);
    o.max_output = 4;
    sh(r, "for i in 0 1 2 3 4 5 6 7 8 9; do printf $i; done", o);
    assert_int_equal(r->result.out.cut, 6);
    assert_string_equal(out_text(r), "01\n[… 6 bytes cut …]\n89");
}

static void on_cancel_timer(uv_timer_t *timer)
{
    lsqm_process_cancel(timer->data);
    uv_close((uv_handle_t *)timer, NULL);
}

static void cancel_ends_it_with_that_status(void **state)
{
    run *r = *state;
    const char *const argv[] = {"sleep", "60", NULL};
    lsqm_process_options o = options(r, argv);
    uv_timer_t timer;
    uv_timer_init(&r->loop, &timer);
    timer.data = start(r, &o);
    uv_timer_start(&timer, on_cancel_timer, 100, 0);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->calls, 1);
    assert_int_equal(r->status, LSQM_ECANCELLED);
    assert_true(r->result.duration < 3);
}

static void busy_loop_loses_no_output_and_makes_no_timeout(void **state)
{
    run *r = *state;
    const char *const argv[] = {"sh", "-c", "sleep 0.05; echo done", NULL};
    lsqm_process_options o = options(r, argv);
    o.timeout = 0.5;
    o.drain = 0.01;
    start(r, &o);
    usleep(700000); /* nobody turns the loop */
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_false(r->result.timed_out);
    assert_string_equal(out_text(r), "done\n");
}

static void paused_output_waits_and_resumes(void **state)
{
    run *r = *state;
    const char *const argv[] = {"head", "-c", "1000000", "/dev/zero", NULL};
    lsqm_process_options o = options(r, argv);
    lsqm_process *p = start(r, &o);
    lsqm_process_pause(p, 1);
    for (int i = 0; i < 5; i++) {
        usleep(10000);
        uv_run(&r->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(r->calls, 0);
    lsqm_process_pause(p, 0);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->result.out.total, 1000000);
}

static void signal_reaches_the_group(void **state)
{
    run *r = *state;
    lsqm_error err;
    const char *const argv[] = {"sleep", "60", NULL};
    lsqm_process_options o = options(r, argv);
    lsqm_process *p = start(r, &o);
    assert_true(lsqm_process_pid(p) > 1);
    assert_int_equal(lsqm_process_signal(p, SIGINT, &err), LSQM_OK);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(r->status, LSQM_OK);
    assert_int_equal(r->result.signal, SIGINT);
}

static void many_runs_leave_no_descriptor(void **state)
{
    run *r = *state;
    int first = 0;
    for (int i = 0; i < 30; i++) {
        r->calls = 0;
        sh(r, "echo x", options(r, NULL));
        if (i == 0)
            first = count_fds();
    }
    assert_int_equal(count_fds(), first);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reports_exit_code_and_both_streams),
        CASE(merged_streams_keep_their_order),
        CASE(passes_the_environment_exactly),
        CASE(gives_input_cwd_and_names_of_its_streams),
        CASE(large_input_that_is_not_read_does_no_harm),
        CASE(large_input_comes_back_whole),
        CASE(start_failures_name_the_cause_and_leak_nothing),
        CASE(timeout_ends_the_whole_group),
        CASE(what_the_child_leaves_behind_is_killed),
        CASE(child_that_ignores_term_is_killed),
        CASE(clean_exit_after_term_still_counts_as_timed_out),
        CASE(grandchild_that_holds_the_pipe_does_not_hang),
        CASE(huge_output_is_cut_in_the_middle),
        CASE(small_cap_keeps_exact_ends),
        CASE(cancel_ends_it_with_that_status),
        CASE(busy_loop_loses_no_output_and_makes_no_timeout),
        CASE(paused_output_waits_and_resumes),
        CASE(signal_reaches_the_group),
        CASE(many_runs_leave_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

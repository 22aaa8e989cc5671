/* SPDX-License-Identifier: Apache-2.0 */
/* Threads over a job list: every job once, failures and cancellation end cleanly. */
#include "crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { JOBS = 500 };

typedef struct record {
    int runs[JOBS];         /* each slot is written by one thread only */
    atomic_int opened, closed, started;
    int fail_open;
    lsqm_crew *crew;        /* set when the test cancels from the loop */
    int done, status;
    lsqm_error err;
} record;

static void *open_context(void *user, lsqm_error *err)
{
    record *r = user;
    if (r->fail_open) {
        lsqm_error_set(err, LSQM_EUNAVAILABLE, "open", "no context");
        return NULL;
    }
    atomic_fetch_add(&r->opened, 1);
    return malloc(1);
}

static void run_job(void *user, void *context, size_t job)
{
    record *r = user;
    (void)context;
    atomic_fetch_add(&r->started, 1);
    r->runs[job]++;
}

static void close_context(void *user, void *context)
{
    record *r = user;
    atomic_fetch_add(&r->closed, 1);
    free(context);
}

static void on_done(void *user, int status, const lsqm_error *err)
{
    record *r = user;
    r->done++;
    r->status = status;
    r->err = *err;
}

static void run_crew(record *r, size_t jobs, unsigned threads, int cancel)
{
    uv_loop_t loop;
    lsqm_error err;
    lsqm_crew_work work = {open_context, run_job, close_context, on_done, r, jobs, threads};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(lsqm_crew_start(&loop, &work, &r->crew, &err), LSQM_OK);
    assert_int_equal(r->done, 0);
    if (cancel)
        lsqm_crew_cancel(r->crew);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(r->done, 1);
    assert_int_equal(atomic_load(&r->opened), atomic_load(&r->closed));
}

static void every_job_runs_once(void **state)
{
    (void)state;
    record r = {.done = 0};
    run_crew(&r, JOBS, 4, 0);
    assert_int_equal(r.status, LSQM_OK);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(r.runs[i], 1);
    assert_true(atomic_load(&r.opened) <= 4);
}

static void no_jobs_is_fine(void **state)
{
    (void)state;
    record r = {.done = 0};
    run_crew(&r, 0, 2, 0);
    assert_int_equal(r.status, LSQM_OK);
    assert_int_equal(atomic_load(&r.started), 0);
}

static void a_context_that_fails_is_reported(void **state)
{
    (void)state;
    record r = {.fail_open = 1};
    run_crew(&r, JOBS, 3, 0);
    assert_int_equal(r.status, LSQM_EUNAVAILABLE);
    assert_string_equal(r.err.message, "no context");
    assert_int_equal(atomic_load(&r.started), 0);
}

static void cancelling_begins_no_new_job(void **state)
{
    (void)state;
    record r = {.done = 0};
    run_crew(&r, JOBS, 2, 1);
    assert_int_equal(r.status, LSQM_ECANCELLED);
    for (int i = 0; i < JOBS; i++)
        assert_true(r.runs[i] <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once),
        cmocka_unit_test(no_jobs_is_fine),
        cmocka_unit_test(a_context_that_fails_is_reported),
        cmocka_unit_test(cancelling_begins_no_new_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

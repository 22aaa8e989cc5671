/* SPDX-License-Identifier: Apache-2.0 */
#include "work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct job {
    atomic_int *gate; /* run waits until it is set; NULL: does not wait */
    int result, ran, calls, status;
    char message[64];
} job;

static int run(void *user, lsqm_error *err)
{
    job *j = user;
    while (j->gate && !atomic_load(j->gate))
        uv_sleep(1);
    j->ran = 1;
    return j->result == LSQM_OK ? LSQM_OK : lsqm_error_set(err, j->result, "job", "went wrong");
}

static void done(void *user, int status, const lsqm_error *err)
{
    job *j = user;
    j->calls++;
    j->status = status;
    snprintf(j->message, sizeof j->message, "%.60s", err->message);
}

static void test_runs_once_and_reports(void **state)
{
    (void)state;
    uv_loop_t loop;
    lsqm_error err;
    job good = {0}, bad = {.result = LSQM_EIO};
    uv_loop_init(&loop);
    assert_int_equal(lsqm_work_queue(&loop, run, done, &good, NULL, &err), LSQM_OK);
    assert_int_equal(lsqm_work_queue(&loop, run, done, &bad, NULL, &err), LSQM_OK);
    assert_int_equal(good.calls + bad.calls, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(good.calls, 1);
    assert_int_equal(good.status, LSQM_OK);
    assert_int_equal(bad.calls, 1);
    assert_int_equal(bad.status, LSQM_EIO);
    assert_string_equal(bad.message, "went wrong");
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* All pool threads are held by gated jobs, so the last one cannot have begun. */
static void test_cancel_takes_back_what_has_not_begun(void **state)
{
    (void)state;
    enum { HOLD = 128 };
    static job held[HOLD];
    uv_loop_t loop;
    lsqm_error err;
    lsqm_work *work = NULL;
    atomic_int gate = 0;
    job last = {0};
    uv_loop_init(&loop);
    for (int i = 0; i < HOLD; i++) {
        held[i].gate = &gate;
        assert_int_equal(lsqm_work_queue(&loop, run, done, &held[i], NULL, &err), LSQM_OK);
    }
    assert_int_equal(lsqm_work_queue(&loop, run, done, &last, &work, &err), LSQM_OK);
    lsqm_work_cancel(work);
    assert_int_equal(last.calls, 0);
    atomic_store(&gate, 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(last.calls, 1);
    assert_int_equal(last.status, LSQM_ECANCELLED);
    assert_int_equal(last.ran, 0);
    assert_int_equal(held[HOLD - 1].calls, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_once_and_reports),
        cmocka_unit_test(test_cancel_takes_back_what_has_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"

#include "error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_appends(void **state)
{
    (void)state;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    assert_int_equal(lsqm_buffer_adds(&b, "ab"), LSQM_OK);
    assert_int_equal(lsqm_buffer_addc(&b, 'c'), LSQM_OK);
    assert_int_equal(lsqm_buffer_addf(&b, "-%d-%s", 12, "x"), LSQM_OK);
    assert_int_equal(lsqm_buffer_add(&b, NULL, 0), LSQM_OK);
    assert_string_equal(b.data, "abc-12-x");
    assert_int_equal(b.len, 8);
    lsqm_buffer_clear(&b);
    assert_string_equal(b.data, "");
    lsqm_buffer_free(&b);
    assert_null(b.data);
}

static void test_grows_and_keeps_zero_bytes(void **state)
{
    (void)state;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    for (int i = 0; i < 10000; i++)
        assert_int_equal(lsqm_buffer_add(&b, "\0x", 2), LSQM_OK);
    assert_int_equal(b.len, 20000);
    assert_int_equal(b.data[b.len], 0);
    assert_int_equal(b.data[19999], 'x');
    lsqm_buffer_free(&b);
}

static void test_detach(void **state)
{
    (void)state;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    size_t len = 9;
    assert_null(lsqm_buffer_detach(&b, &len));
    assert_int_equal(len, 0);
    lsqm_buffer_adds(&b, "mine");
    char *text = lsqm_buffer_detach(&b, &len);
    assert_string_equal(text, "mine");
    assert_int_equal(len, 4);
    assert_null(b.data);
    free(text);
}

static void test_failure_sticks_and_keeps_content(void **state)
{
    (void)state;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    lsqm_buffer_adds(&b, "keep");
    assert_int_equal(lsqm_buffer_reserve(&b, SIZE_MAX - 2), LSQM_ENOMEM);
    assert_int_equal(lsqm_buffer_adds(&b, "no"), LSQM_ENOMEM);
    assert_string_equal(b.data, "keep");
    lsqm_buffer_clear(&b);
    assert_int_equal(lsqm_buffer_adds(&b, "yes"), LSQM_OK);
    lsqm_buffer_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_grows_and_keeps_zero_bytes),
        cmocka_unit_test(test_detach),
        cmocka_unit_test(test_failure_sticks_and_keeps_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

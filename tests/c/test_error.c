/* SPDX-License-Identifier: Apache-2.0 */
#include "error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_set_and_clear(void **state)
{
    (void)state;
    lsqm_error err;
    assert_int_equal(lsqm_error_set(&err, LSQM_ENOENT, "open", "%s: %d", "x", 7), LSQM_ENOENT);
    assert_string_equal(err.op, "open");
    assert_string_equal(err.message, "x: 7");
    lsqm_error_hint(&err, "try %s", "y");
    assert_string_equal(err.hint, "try y");
    assert_string_equal(err.message, "x: 7");
    lsqm_error_set(&err, LSQM_ENOMEM, NULL, NULL);
    assert_string_equal(err.message, "out of memory");
    assert_string_equal(err.hint, "");
    lsqm_error_clear(&err);
    assert_int_equal(err.code, LSQM_OK);
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    lsqm_error err;
    char big[2000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    lsqm_error_set(&err, LSQM_EIO, big, "%s", big);
    assert_int_equal(strlen(err.op), sizeof err.op - 1);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static void test_codes(void **state)
{
    (void)state;
    lsqm_error err;
    assert_string_equal(lsqm_code_name(LSQM_OK), "ok");
    assert_string_equal(lsqm_code_name(LSQM_ENOENT), "not_found");
    assert_string_equal(lsqm_code_name(-999), "internal");
    assert_int_equal(lsqm_error_errno(&err, EACCES, "read", "f"), LSQM_EDENIED);
    assert_string_equal(err.message, "f: Permission denied");
    assert_int_equal(lsqm_code_from_errno(ENOSPC), LSQM_EIO);
    assert_int_equal(lsqm_code_from_errno(EEXIST), LSQM_EEXIST);
}

static void test_position_and_source(void **state)
{
    (void)state;
    const char text[] = "one\ntwo\tx\nthree";
    lsqm_error err;
    lsqm_error_set(&err, LSQM_ESYNTAX, "yaml", "bad");
    lsqm_error_at(&err, "f.yaml", 2, 5, text, sizeof text - 1);
    assert_string_equal(err.file, "f.yaml");
    assert_string_equal(err.source, "two x");
    assert_int_equal(err.caret, 5);
    lsqm_error_at(&err, "f", 99, 1, text, sizeof text - 1);
    assert_string_equal(err.source, "");
    lsqm_error_at(&err, NULL, 1, 1, NULL, 0);
    assert_string_equal(err.file, "");
}

static void test_long_lines_are_cut_around_the_caret(void **state)
{
    (void)state;
    char text[500];
    lsqm_error err;
    memset(text, 'x', sizeof text);
    text[299] = '!';
    lsqm_error_set(&err, LSQM_ESYNTAX, "yaml", "bad");
    lsqm_error_at(&err, "f", 1, 300, text, sizeof text);
    assert_int_equal(err.source[err.caret - 1], '!');
    assert_int_equal(strlen(err.source), sizeof err.source - 1);
    lsqm_error_at(&err, "f", 1, 4000, text, sizeof text);
    assert_string_equal(err.source, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_clear),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_position_and_source),
        cmocka_unit_test(test_long_lines_are_cut_around_the_caret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

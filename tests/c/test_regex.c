/* SPDX-License-Identifier: Apache-2.0 */
#include "regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int match(const char *pattern, int flags, const char *text)
{
    lsqm_regex *re;
    lsqm_error err;
    assert_int_equal(lsqm_regex_compile(pattern, strlen(pattern), flags, &re, &err), LSQM_OK);
    int rc = lsqm_regex_match(re, text, strlen(text), 0, &err);
    lsqm_regex_free(re);
    return rc;
}

static void test_matches(void **state)
{
    (void)state;
    assert_int_equal(match("^a+$", 0, "aaa"), 1);
    assert_int_equal(match("^a+$", 0, "aab"), 0);
    assert_int_equal(match("A", LSQM_REGEX_CASELESS, "a"), 1);
    assert_int_equal(match("^b$", LSQM_REGEX_MULTILINE, "a\nb"), 1);
    assert_int_equal(match("a$", 0, "a\n"), 1);
    assert_int_equal(match("a$", LSQM_REGEX_ECMA, "a\n"), 0);
    assert_int_equal(match("^\\u00e9$", LSQM_REGEX_ECMA, "\xc3\xa9"), 1);
}

static void test_groups(void **state)
{
    (void)state;
    lsqm_regex *re;
    lsqm_error err;
    assert_int_equal(lsqm_regex_compile("(b)(c)?", 7, 0, &re, &err), LSQM_OK);
    assert_int_equal(lsqm_regex_match(re, "abb", 3, 2, &err), 1);
    assert_int_equal(lsqm_regex_count(re), 3);
    assert_int_equal(lsqm_regex_group(re, 1).start, 2);
    assert_int_equal(lsqm_regex_group(re, 1).end, 3);
    assert_true(lsqm_regex_group(re, 2).start == (size_t)-1);
    lsqm_regex_free(re);
    lsqm_regex_free(NULL);
}

static void test_failures(void **state)
{
    (void)state;
    lsqm_regex *re;
    lsqm_error err;
    assert_int_equal(lsqm_regex_compile("a(b", 3, 0, &re, &err), LSQM_ESYNTAX);
    assert_null(re);
    assert_non_null(strstr(err.message, "at character 4 of \"a(b\""));
    assert_int_equal(match("^(a+)+$", 0, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), LSQM_ELIMIT);
    assert_int_equal(match("a", 0, "\xff"), LSQM_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

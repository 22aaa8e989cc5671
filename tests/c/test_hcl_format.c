/* SPDX-License-Identifier: Apache-2.0 */
/* The HCL formatter; every expectation here is what terraform fmt 1.11 prints. */
#include "hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *from, *to;
} cases[] = {
    {"", ""},
    {"a=1\nlong  =2 # x\nb=3 # y\n", "a    = 1\nlong = 2 # x\nb    = 3 # y\n"},
    {"b {\na=1\n\n\tc {}\n}\n", "b {\n  a = 1\n\n  c {}\n}\n"},
    {"a = \"${x}\"\nb = \"${x}${y}\"\n", "a = x\nb = \"${x}${y}\"\n"},
    {"a = \"${x ?\n1 : 2}\"\n", "a = (x ?\n1 : 2)\n"},
    {"variable \"x\" {\n type=\"list\"\n}\n", "variable \"x\" {\n  type = list(string)\n}\n"},
    {"variable \"x\" {\n type=map\n}\n", "variable \"x\" {\n  type = map(any)\n}\n"},
    {"foo a /* c */ \"b\" {}\n", "foo \"a\" \"b\" {}\n"},
    {"a = - 1\nb=x  -1\nc=! y\n", "a = -1\nb = x - 1\nc = !y\n"},
    {"a = [for x in[1]:x ...]\n", NULL},
    {"a = f( 1,2 )\nb = {a=1}\n", "a = f(1, 2)\nb = { a = 1 }\n"},
    {"a = 1 \n  ", "a = 1\n  "},
    {"\xef\xbb\xbf" "a=1\r\nbb=2\r\n", "a  = 1\r\nbb = 2\r\n"},
    {"x = <<E\n  k=1\n  E\nlonger=2\n", "x      = <<E\n  k=1\n  E\nlonger = 2\n"},
    {"a = \"\xe6\x97\xa5\" # c\nbb = \"e\xcc\x81\" # d\n",
     "a  = \"\xe6\x97\xa5\" # c\nbb = \"e\xcc\x81\" # d\n"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out = NULL;
        size_t len = 0;
        lsqm_error err;
        int status = lsqm_hcl_format(cases[i].from, strlen(cases[i].from), NULL, &out, &len, &err);
        if (!cases[i].to) {
            assert_int_equal(status, LSQM_ESYNTAX);
            continue;
        }
        assert_int_equal(status, LSQM_OK);
        assert_string_equal(out, cases[i].to);
        assert_int_equal(len, strlen(cases[i].to));
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

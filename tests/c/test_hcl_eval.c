/* SPDX-License-Identifier: Apache-2.0 */
/* The HCL evaluator: values, what stays unknown, errors, limits. */
#include "hcl_eval.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is(lsqm_hcl_str s, const char *want)
{
    return s.len == strlen(want) && memcmp(s.data, want, s.len) == 0;
}

/* var.list, var.name, var.none; every other name is unknown. */
static const lsqm_hcl_value *get(void *ctx, lsqm_hcl_eval *e, lsqm_hcl_str root,
                                 const lsqm_hcl_str *member, int *used)
{
    (void)ctx;
    if (!is(root, "var") || !member)
        return NULL;
    *used = 1;
    if (is(*member, "name"))
        return lsqm_hcl_value_text(e, "n", 1);
    if (is(*member, "none"))
        return lsqm_hcl_value_new(e, LSQM_HCL_V_NULL);
    if (!is(*member, "list"))
        return NULL;
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    lsqm_hcl_value_append(e, list, lsqm_hcl_value_text(e, "a", 1));
    lsqm_hcl_value_append(e, list, lsqm_hcl_value_text(e, "b", 1));
    return list;
}

typedef struct outcome {
    lsqm_hcl_vkind kind;
    int status;
    char text[400];
} outcome;

static outcome evaluate(const char *expr, const char *around)
{
    lsqm_hcl *doc;
    lsqm_error err;
    outcome o = {.text = ""};
    size_t size = strlen(expr) + strlen(around) + 32;
    char *source = malloc(size);
    snprintf(source, size, "v = %s(\n%s\n)\n", around, expr);
    if (lsqm_hcl_parse(source, strlen(source), NULL, &doc, &err) != LSQM_OK)
        fail_msg("%s: %s", expr, err.message);
    lsqm_hcl_eval *e = lsqm_hcl_eval_new(get, NULL);
    const lsqm_hcl_value *v = lsqm_hcl_evaluate(e, lsqm_hcl_root(doc)->items->expr);
    o.kind = v->kind;
    o.status = lsqm_hcl_eval_status(e);
    snprintf(o.text, sizeof o.text, "%.*s", (int)v->text.len, v->text.data ? v->text.data : "");
    lsqm_hcl_eval_free(e);
    lsqm_hcl_free(doc);
    free(source);
    return o;
}

/* Values are compared as jsonencode writes them. */
static void test_values(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"1 + 2 * 3 - 4 / 2", "5"},
        {"-7 % 3", "-1"},
        {"!(1 < 2 && 2 >= 2) || 3 != 3", "false"},
        {"\"a${var.name}-${1.5}\"", "\"an-1.5\""},
        {"\"%{ for x in var.list ~}${x},%{ endfor }%{ if true }y%{ endif }\"", "\"a,b,y\""},
        {"{ for k, v in { b = 2, a = 1 } : upper(k) => v if v > 1 }", "{\"B\":2}"},
        {"{ for v in [\"x\", \"y\", \"x\"] : v => 1... }", "{\"x\":[1,1],\"y\":[1]}"},
        {"[for i, v in var.list : \"${i}${v}\"]", "[\"0a\",\"1b\"]"},
        {"[{ a = 1 }, { a = 2 }][*].a", "[1,2]"},
        {"var.none[*].a", "[]"},
        {"{ \"k\" = null, (var.name) = true }", "{\"k\":null,\"n\":true}"},
        {"try(var.none.a, [1][3], \"d\")", "\"d\""},
        {"can(regex(\"^x\", \"abc\"))", "false"},
        {"regex(\"^(a)(z)?b\", \"ab\")", "[\"a\",null]"},
        {"regexall(\"[a-z]\", \"a1b\")", "[\"a\",\"b\"]"},
        {"replace(\"a-b_c\", \"/[-_]/\", \"\")", "\"abc\""},
        {"format(\"%s-%03d %d%%\", \"a\", 7, 3)", "\"a-007 3%\""},
        {"substr(\"h\xc3\xa9" "llo\", 1, 2)", "\"\xc3\xa9" "l\""},
        {"split(\",\", \"a,,b\")", "[\"a\",\"\",\"b\"]"},
        {"join(\"-\", [\"a\", 1], [\"b\"])", "\"a-1-b\""},
        {"merge({ a = 1, b = 1 }, { b = 2 })", "{\"a\":1,\"b\":2}"},
        {"toset([\"b\", \"a\", \"b\"])", "[\"a\",\"b\"]"},
        {"element(var.list, 3)", "\"b\""},
        {"slice([1, 2, 3], 1, 3)", "[2,3]"},
        {"flatten([[1], [2, [3]]])", "[1,2,3]"},
        {"setproduct([1, 2], [3])", "[[1,3],[2,3]]"},
        {"lookup({ a = 1 }, \"b\", 5)", "5"},
        {"coalesce(null, \"\", \"x\")", "\"x\""},
        {"cidrsubnet(\"10.0.0.0/16\", 8, 3)", "\"10.0.3.0/24\""},
        {"cidrhost(\"10.0.1.0/24\", -2)", "\"10.0.1.254\""},
        {"cidrnetmask(\"10.0.0.0/20\")", "\"255.255.240.0\""},
        {"base64encode(\"hi\")", "\"aGk=\""},
        {"md5(\"\")", "\"d41d8cd98f00b204e9800998ecf8427e\""},
        {"jsonencode({ a = [1, \"<\"] })", "\"{\\\"a\\\":[1,\\\"\\\\u003c\\\"]}\""},
        {"basename(\"a/b.zip\") == \"b.zip\" ? dirname(\"a/b.zip\") : \"\"", "\"a\""},
        {"0.1 + 0.2 == 0.3", "false"},
        {"1e3", "1000"},
        {"chunklist([1, 2, 3], 2)", "[[1,2],[3]]"},
        {"chunklist([1, 2], 1e300)", "[[1,2]]"},
        {"parseint(\"ff\", 16)", "255"},
        {"tonumber(\"12\") + tonumber(\"1\")", "13"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        outcome o = evaluate(cases[i][0], "jsonencode");
        if (o.kind != LSQM_HCL_V_STRING || strcmp(o.text, cases[i][1]) != 0)
            fail_msg("%s: %s (kind %d), not %s", cases[i][0], o.text, o.kind, cases[i][1]);
    }
}

static void check_kind(const char *expr, lsqm_hcl_vkind kind)
{
    outcome o = evaluate(expr, "");
    if (o.kind != kind)
        fail_msg("%s: kind %d, not %d (%s)", expr, o.kind, kind, o.text);
}

static void test_what_is_not_known_stays_unknown(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "var.other", "aws_vpc.x.id", "\"a${var.other}\"", "upper(var.other)", "uuid()",
        "file(\"x\")", "true && var.other", "var.other ? 1 : 2", "[var.other] == [1]",
        "jsonencode([var.other])", "contains([var.other], 1)", "var.other[0]", "try(var.other, 1)",
        "cidrsubnet(\"fd00::/8\", 8, 1)", "toset([var.other])",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_kind(cases[i], LSQM_HCL_V_UNKNOWN);
    check_kind("false && var.other", LSQM_HCL_V_BOOL);
    check_kind("contains([var.other, 1], 1)", LSQM_HCL_V_BOOL);
    check_kind("length([var.other])", LSQM_HCL_V_NUMBER);
    check_kind("var.other ? 1 : 1", LSQM_HCL_V_NUMBER);
}

static void test_errors_are_values(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "[1][1]", "{}.a", "var.none.a", "1 / 0", "\"a\" + 1", "\"a${[1]}\"", "\"a${var.none}\"",
        "regex(\"(\", \"\")", "slice([1], 0, 2)", "one([1, 2])", "upper()", "tonumber(\"x\")",
        "{ for v in [1, 1] : v => v }", "[for v in 1 : v]", "null ? 1 : 2", "index([1], 2)",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_kind(cases[i], LSQM_HCL_V_ERROR);
}

static void test_limits(void **state)
{
    (void)state;
    outcome o = evaluate("[for a in range(1000) : [for b in range(1000) : b]]", "");
    assert_int_equal(o.kind, LSQM_HCL_V_UNKNOWN);
    assert_int_equal(o.status, LSQM_ELIMIT);
    o = evaluate("join(\"\", [for a in range(1000) : join(\"\", [for b in range(9) : "
                 "\"0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "0123456789012345678901234567890123456789012345678901234567890123456789"
                 "01234567890123456789012345678901234567890123456789\"])])", "");
    assert_int_equal(o.kind, LSQM_HCL_V_UNKNOWN);
    assert_int_equal(o.status, LSQM_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_what_is_not_known_stays_unknown),
        cmocka_unit_test(test_errors_are_values),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

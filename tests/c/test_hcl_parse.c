/* SPDX-License-Identifier: Apache-2.0 */
/* The HCL parser: trees, positions, whole error texts, limits. */
#include "hcl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lsqm_hcl *parse(const char *text)
{
    lsqm_hcl *doc;
    lsqm_error err;
    int status = lsqm_hcl_parse(text, strlen(text), "t.tf", &doc, &err);
    if (status != LSQM_OK)
        fail_msg("%s:%d:%d: %s", err.file, err.line, err.col, err.message);
    return doc;
}

static const lsqm_hcl_expr *first(const lsqm_hcl *doc)
{
    return lsqm_hcl_root(doc)->items->expr;
}

static int is(lsqm_hcl_str s, const char *want)
{
    return s.len == strlen(want) && memcmp(s.data, want, s.len) == 0;
}

static void check_error(const char *text, const char *want)
{
    char got[1024];
    lsqm_hcl *doc;
    lsqm_error err;
    assert_int_equal(lsqm_hcl_parse(text, strlen(text), "t.tf", &doc, &err), LSQM_ESYNTAX);
    assert_null(doc);
    snprintf(got, sizeof got, "%s:%d:%d: %s\n%s\n%*s", err.file, err.line, err.col, err.message,
             err.source, err.caret, "^");
    assert_string_equal(got, want);
}

static void test_block_and_attribute_positions(void **state)
{
    (void)state;
    lsqm_hcl *doc = parse("# c\nresource \"aws_x\" y {\n  name = \"n\"\n}\n");
    const lsqm_hcl_item *block = lsqm_hcl_root(doc)->items;
    assert_true(block->is_block && is(block->name, "resource"));
    assert_int_equal(block->line, 2);
    assert_int_equal(block->col, 1);
    assert_true(is(block->labels->value, "aws_x") && is(block->labels->next->value, "y"));
    assert_int_equal(block->labels->next->col, 18);
    const lsqm_hcl_item *name = block->body.items;
    assert_false(name->is_block);
    assert_int_equal(name->line, 3);
    assert_int_equal(name->col, 3);
    assert_int_equal(name->expr->col, 10);
    assert_true(is(name->expr->name, "n"));
    lsqm_hcl_free(doc);
}

static void test_precedence(void **state)
{
    (void)state;
    lsqm_hcl *doc = parse("a = 1 + 2 * 3 == 7 && !x || y\n");
    const lsqm_hcl_expr *e = first(doc);
    assert_true(e->kind == LSQM_HCL_BINARY && is(e->name, "||"));
    assert_true(is(e->kid[0]->name, "&&"));
    assert_true(is(e->kid[0]->kid[0]->name, "=="));
    assert_true(is(e->kid[0]->kid[0]->kid[0]->name, "+"));
    assert_true(is(e->kid[0]->kid[0]->kid[0]->kid[1]->name, "*"));
    assert_int_equal(e->kid[0]->kid[1]->kind, LSQM_HCL_UNARY);
    lsqm_hcl_free(doc);
    doc = parse("a = x || y && z - 1 - 2\n");
    e = first(doc);
    assert_true(is(e->name, "||") && is(e->kid[1]->name, "&&"));
    assert_true(is(e->kid[1]->kid[1]->kid[1]->name, "2"));
    lsqm_hcl_free(doc);
}

static void test_splats_and_indexes(void **state)
{
    (void)state;
    lsqm_hcl *doc = parse("a = x[*].b[0].c\nb = x.*.b[0]\nc = x.0\n");
    const lsqm_hcl_expr *full = first(doc);
    assert_int_equal(full->kind, LSQM_HCL_SPLAT);
    assert_int_equal(full->flag, 1);
    assert_true(is(full->kid[1]->name, "c"));
    const lsqm_hcl_expr *attr = lsqm_hcl_root(doc)->items->next->expr;
    assert_int_equal(attr->kind, LSQM_HCL_INDEX);
    assert_int_equal(attr->kid[0]->kind, LSQM_HCL_SPLAT);
    assert_int_equal(attr->kid[0]->flag, 0);
    const lsqm_hcl_expr *legacy = lsqm_hcl_root(doc)->items->next->next->expr;
    assert_true(legacy->kind == LSQM_HCL_INDEX && legacy->flag == 1);
    lsqm_hcl_free(doc);
}

static void check_string(const char *source, const char *want)
{
    char text[512];
    snprintf(text, sizeof text, "a = %s\n", source);
    lsqm_hcl *doc = parse(text);
    assert_int_equal(first(doc)->kind, LSQM_HCL_STRING);
    assert_true(is(first(doc)->name, want));
    lsqm_hcl_free(doc);
}

static void test_strings(void **state)
{
    (void)state;
    check_string("\"\"", "");
    check_string("\"a\\n\\\"\\\\\\u00e9\\U0001f600\"", "a\n\"\\\xc3\xa9\xf0\x9f\x98\x80");
    check_string("\"$${x} %%{y} $ % $$\"", "${x} %{y} $ % $$");
    check_string("<<E\n  a\\n\n b\nE", "  a\\n\n b\n");
    check_string("<<-E\n    a\n\n      b\n    E", "a\n\n  b\n");
}

static void test_template_directives(void **state)
{
    (void)state;
    lsqm_hcl *doc = parse("a = \"x %{ if c ~} y %{ else }n%{ endif }"
                          "%{ for k, v in m }${v}%{ endfor }\"\n");
    const lsqm_hcl_expr *part = first(doc)->list;
    assert_true(is(part->name, "x "));
    part = part->next;
    assert_int_equal(part->kind, LSQM_HCL_IF);
    assert_true(is(part->kid[1]->list->name, "y "));
    assert_true(is(part->kid[2]->list->name, "n"));
    part = part->next;
    assert_int_equal(part->kind, LSQM_HCL_LOOP);
    assert_true(is(part->key_name, "k") && is(part->name, "v"));
    assert_null(part->next);
    lsqm_hcl_free(doc);
}

static void test_for_and_calls(void **state)
{
    (void)state;
    lsqm_hcl *doc = parse("a = { for k, v in m : k => v... if v }\nb = a::f(1, x...)\n");
    const lsqm_hcl_expr *e = first(doc);
    assert_int_equal(e->kind, LSQM_HCL_FOR);
    assert_true(e->flag && e->kid[1] && e->kid[3]);
    const lsqm_hcl_expr *call = lsqm_hcl_root(doc)->items->next->expr;
    assert_true(is(call->name, "a::f") && call->flag);
    assert_null(call->list->next->next);
    lsqm_hcl_free(doc);
}

static void test_error_texts(void **state)
{
    (void)state;
    check_error("a = \n",
                "t.tf:1:5: expected an expression, found the end of the line\na = \n    ^");
    check_error("a = [1 2]\n",
                "t.tf:1:8: expected ',' or ']' after the element, found '2'\na = [1 2]\n       ^");
    check_error("b {\n  a = 1\n",
                "t.tf:3:1: expected an argument or block name, or '}', "
                "found the end of the file\n\n^");
    check_error("a = \"x\n",
                "t.tf:1:5: string is not closed before the end of its line\na = \"x\n    ^");
    check_error("a = 1\na = 2\n", "t.tf:2:1: argument 'a' is set twice in this block\na = 2\n^");
    check_error("a = <<E\nx\n", "t.tf:1:5: heredoc is not closed, expected a line with only \"E\"\n"
                                "a = <<E\n    ^");
    check_error("a = \"\\q\"\n", "t.tf:1:6: invalid escape, expected one of "
                                "\\n \\r \\t \\\" \\\\ \\uNNNN \\UNNNNNNNN\na = \"\\q\"\n     ^");
    check_error("a = 'x'\n", "t.tf:1:5: unexpected character '''\na = 'x'\n    ^");
    check_error("a = \"%{ if x }\"\n", "t.tf:1:6: directive is not closed, expected \"%{ endif }\" "
                                       "before the template ends\na = \"%{ if x }\"\n     ^");
}

static int parse_status(const char *head, const char *unit, int times)
{
    size_t n = strlen(unit);
    char *text = malloc(strlen(head) + n * (size_t)times + 1);
    assert_non_null(text);
    strcpy(text, head);
    char *p = text + strlen(head);
    for (int i = 0; i < times; i++, p += n)
        memcpy(p, unit, n);
    lsqm_hcl *doc;
    lsqm_error err;
    int status = lsqm_hcl_parse(text, (size_t)(p - text), "t.tf", &doc, &err);
    lsqm_hcl_free(doc);
    free(text);
    return status;
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(parse_status("a = ", "(", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("a = ", "-", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("a = ", "\"${", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("a = x", "[*]", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("a = x", ".y", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("a = 1", "+1", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("", "b {\n", 100000), LSQM_ELIMIT);
    assert_int_equal(parse_status("a = 1", "+1", 1000), LSQM_OK);
    assert_int_equal(parse_status("a = ", "[", LSQM_HCL_MAX_DEPTH - 1), LSQM_ESYNTAX);
    assert_int_equal(parse_status("a = [", "1,", 200000), LSQM_ESYNTAX);
    assert_int_equal(parse_status("", "\n", LSQM_HCL_MAX_BYTES + 1), LSQM_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_and_attribute_positions),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_splats_and_indexes),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_template_directives),
        cmocka_unit_test(test_for_and_calls),
        cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "buffer.h"
#include "yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static lsqm_yaml *parse(const char *text, const lsqm_yaml_options *o)
{
    lsqm_yaml *doc;
    lsqm_error err;
    int rc = lsqm_yaml_parse(text, strlen(text), o, &doc, &err);
    if (rc != LSQM_OK)
        print_message("%d:%d %s\n", err.line, err.col, err.message);
    assert_int_equal(rc, LSQM_OK);
    return doc;
}

static const lsqm_yaml_node *item(const lsqm_yaml *doc, size_t i)
{
    return lsqm_yaml_root(doc)->items[i];
}

static const lsqm_yaml_node *get(const lsqm_yaml_node *map, const char *key)
{
    for (size_t i = 0; i < map->len; i++)
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return map->pairs[i].value;
    return NULL;
}

static void assert_fails(const char *text, int code, int line, int col, const char *words)
{
    lsqm_yaml *doc;
    lsqm_error err;
    lsqm_yaml_options o = {.file = "t.yaml"};
    assert_int_equal(lsqm_yaml_parse(text, strlen(text), &o, &doc, &err), code);
    assert_null(doc);
    assert_string_equal(err.file, "t.yaml");
    assert_int_equal(err.line, line);
    assert_int_equal(err.col, col);
    assert_non_null(strstr(err.message, words));
}

static void test_scalars(void **state)
{
    (void)state;
    static const int types[] = {
        LSQM_YAML_NULL, LSQM_YAML_NULL, LSQM_YAML_BOOL, LSQM_YAML_INT, LSQM_YAML_INT,
        LSQM_YAML_INT, LSQM_YAML_FLOAT, LSQM_YAML_FLOAT, LSQM_YAML_STRING, LSQM_YAML_STRING,
        LSQM_YAML_STRING, LSQM_YAML_STRING, LSQM_YAML_STRING, LSQM_YAML_STRING, LSQM_YAML_FLOAT};
    lsqm_yaml *doc = parse("[~, null, True, 12, -3, 0x1F, 1.5, 1e3, 012345678901, "
                           "99999999999999999999, \"12\", yes, 2012-10-17, 1.2.3, .inf]", NULL);
    assert_int_equal(lsqm_yaml_root(doc)->len, sizeof types / sizeof types[0]);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_int_equal(item(doc, i)->type, types[i]);
    assert_int_equal(item(doc, 4)->integer, -3);
    assert_int_equal(item(doc, 5)->integer, 31);
    assert_string_equal(item(doc, 8)->text, "012345678901");
    lsqm_yaml_free(doc);
}

static void test_yaml11_booleans(void **state)
{
    (void)state;
    lsqm_yaml_options o = {.yaml11 = 1};
    lsqm_yaml *doc = parse("[yes, Off, 'no', y]", &o);
    assert_int_equal(item(doc, 0)->type, LSQM_YAML_BOOL);
    assert_int_equal(item(doc, 1)->boolean, 0);
    assert_int_equal(item(doc, 2)->type, LSQM_YAML_STRING);
    assert_int_equal(item(doc, 3)->type, LSQM_YAML_STRING);
    lsqm_yaml_free(doc);
}

static void test_tags_and_positions(void **state)
{
    (void)state;
    lsqm_yaml *doc = parse("a: !Sub 12\nb: !!str 12\nc: !If [x, 1]\n", NULL);
    const lsqm_yaml_node *root = lsqm_yaml_root(doc);
    assert_string_equal(get(root, "a")->tag, "!Sub");
    assert_int_equal(get(root, "a")->type, LSQM_YAML_STRING);
    assert_int_equal(get(root, "a")->col, 4);
    assert_null(get(root, "b")->tag);
    assert_int_equal(get(root, "b")->type, LSQM_YAML_STRING);
    assert_string_equal(get(root, "c")->tag, "!If");
    assert_int_equal(get(root, "c")->items[1]->type, LSQM_YAML_INT);
    assert_int_equal(get(root, "c")->items[1]->line, 3);
    lsqm_yaml_free(doc);
}

static void test_aliases_and_merges(void **state)
{
    (void)state;
    lsqm_yaml *doc = parse("base: &b {x: 1, y: 2}\n"
                           "one: {<<: *b, y: 3}\n"
                           "two: {<<: [{x: 7}, *b], z: 4}\n"
                           "same: *b\n", NULL);
    const lsqm_yaml_node *root = lsqm_yaml_root(doc);
    assert_int_equal(get(get(root, "one"), "y")->integer, 3);
    assert_int_equal(get(get(root, "one"), "x")->integer, 1);
    assert_int_equal(get(root, "one")->len, 2);
    assert_int_equal(get(get(root, "two"), "x")->integer, 7);
    assert_int_equal(get(get(root, "two"), "y")->integer, 2);
    assert_ptr_equal(get(root, "same"), get(root, "base"));
    lsqm_yaml_free(doc);
}

static void test_bomb(void **state)
{
    (void)state;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    lsqm_buffer_adds(&b, "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (int i = 1; i < 10; i++) {
        lsqm_buffer_addf(&b, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            lsqm_buffer_addf(&b, "%s*a%d", k ? ", " : "", i - 1);
        lsqm_buffer_adds(&b, "]\n");
    }
    lsqm_yaml *doc;
    lsqm_error err;
    assert_int_equal(lsqm_yaml_parse(b.data, b.len, NULL, &doc, &err), LSQM_ELIMIT);
    assert_non_null(strstr(err.message, "aliases expand to more than 100000 nodes"));
    assert_int_equal(err.line, 6);
    lsqm_buffer_free(&b);
}

static void test_limits(void **state)
{
    (void)state;
    lsqm_yaml_options small = {.max_bytes = 4, .max_depth = 2};
    lsqm_yaml *doc;
    lsqm_error err;
    assert_int_equal(lsqm_yaml_parse("a: bcd", 6, &small, &doc, &err), LSQM_ELIMIT);
    assert_non_null(strstr(err.message, "limit of 4"));
    assert_int_equal(lsqm_yaml_parse("[[1", 3, &small, &doc, &err), LSQM_ESYNTAX);
    assert_int_equal(lsqm_yaml_parse("[[[1", 4, &small, &doc, &err), LSQM_ELIMIT);
    char *deep = malloc(100000);
    memset(deep, '[', 100000);
    assert_int_equal(lsqm_yaml_parse(deep, 100000, NULL, &doc, &err), LSQM_ELIMIT);
    /* found by the fuzzer: the parser's time grows with the square of a directive's length */
    memset(deep, 'x', 100000);
    memcpy(deep, "# a\n%Y", 6);
    assert_int_equal(lsqm_yaml_parse(deep, 100000, NULL, &doc, &err), LSQM_ELIMIT);
    assert_int_equal(err.line, 2);
    free(deep);
}

static void test_errors_have_positions(void **state)
{
    (void)state;
    assert_fails("a: 1\nb: 2\na: 3\n", LSQM_ESYNTAX, 3, 1, "duplicate key \"a\" (first on line 1)");
    assert_fails("a: [1,\nb: }\n", LSQM_ESYNTAX, 2, 4, "");
    assert_fails("ok: \"\xff\"\n", LSQM_ESYNTAX, 1, 6, "0xff is not UTF-8");
    assert_fails("a: *none\n", LSQM_ESYNTAX, 1, 5, "no finished anchor \"none\"");
    assert_fails("a: &a [*a]\n", LSQM_ESYNTAX, 1, 9, "no finished anchor");
    assert_fails("? [x]\n: 1\n", LSQM_ESYNTAX, 1, 3, "a key must be a scalar");
    assert_fails("a: {<<: 1}\n", LSQM_ESYNTAX, 1, 9, "<< merges mappings");
    assert_fails("a: !!int x\n", LSQM_ESYNTAX, 1, 4, "does not fit its tag");
    assert_fails("a: 1\n---\nb: 2\n", LSQM_ESYNTAX, 2, 1, "a second document");
    assert_fails("a: \"\xed\xa0\x80\"", LSQM_ESYNTAX, 1, 5, "UTF-8");
}

static void test_documents_and_odd_inputs(void **state)
{
    (void)state;
    lsqm_yaml_options multi = {.multi = 1};
    lsqm_yaml *doc = parse("a: 1\n---\n- 2\n", &multi);
    assert_int_equal(lsqm_yaml_root(doc)->len, 2);
    lsqm_yaml_free(doc);
    doc = parse("", NULL);
    assert_int_equal(lsqm_yaml_root(doc)->type, LSQM_YAML_NULL);
    lsqm_yaml_free(doc);
    doc = parse("\xef\xbb\xbf{\"a\":\t[1,\n\t\"\\u00e9\"]}", NULL);
    assert_string_equal(get(lsqm_yaml_root(doc), "a")->items[1]->text, "\xc3\xa9");
    lsqm_yaml_free(doc);
    lsqm_yaml_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_yaml11_booleans),
        cmocka_unit_test(test_tags_and_positions),
        cmocka_unit_test(test_aliases_and_merges),
        cmocka_unit_test(test_bomb),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_errors_have_positions),
        cmocka_unit_test(test_documents_and_odd_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

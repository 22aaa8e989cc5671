/* SPDX-License-Identifier: Apache-2.0 */
/* PCRE2 with limits. See regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex.h"

#include <pcre2.h>
#include <stdlib.h>

/* Backtracking steps, and KB of heap, for one search. */
enum { MATCH_LIMIT = 1000000, DEPTH_LIMIT = 10000, HEAP_LIMIT = 20000 };

struct lsqm_regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *context;
};

static const char op[] = "regex";

static uint32_t options_of(int flags)
{
    uint32_t options = PCRE2_UTF;
    if (flags & LSQM_REGEX_CASELESS)
        options |= PCRE2_CASELESS;
    if (flags & LSQM_REGEX_MULTILINE)
        options |= PCRE2_MULTILINE;
    if (flags & LSQM_REGEX_DOTALL)
        options |= PCRE2_DOTALL;
    if (flags & LSQM_REGEX_ECMA)
        options |= PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF;
    return options;
}

static pcre2_code *compile_code(const char *pattern, size_t len, int flags, lsqm_error *err)
{
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, len, options_of(flags), &number, &offset,
                                     NULL);
    if (code)
        return code;
    char message[200];
    pcre2_get_error_message(number, (PCRE2_UCHAR *)message, sizeof message);
    lsqm_error_set(err, LSQM_ESYNTAX, op, "%s at character %zu of \"%.*s\"", message,
                   (size_t)offset + 1, (int)(len < 200 ? len : 200), pattern);
    return NULL;
}

int lsqm_regex_compile(const char *pattern, size_t len, int flags, lsqm_regex **out,
                       lsqm_error *err)
{
    *out = NULL;
    pcre2_code *code = compile_code(pattern, len, flags, err);
    if (!code)
        return err->code;
    lsqm_regex *re = calloc(1, sizeof *re);
    if (!re) {
        pcre2_code_free(code);
        return lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
    }
    re->code = code;
    re->data = pcre2_match_data_create_from_pattern(code, NULL);
    re->context = pcre2_match_context_create(NULL);
    if (!re->data || !re->context) {
        lsqm_regex_free(re);
        return lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
    }
    pcre2_set_match_limit(re->context, MATCH_LIMIT);
    pcre2_set_depth_limit(re->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(re->context, HEAP_LIMIT);
    *out = re;
    return LSQM_OK;
}

int lsqm_regex_match(lsqm_regex *re, const char *text, size_t len, size_t from, lsqm_error *err)
{
    int rc = pcre2_match(re->code, (PCRE2_SPTR)text, len, from, 0, re->data, re->context);
    if (rc > 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT)
        return lsqm_error_set(err, LSQM_ELIMIT, op, "the pattern needs too many steps");
    char message[200];
    pcre2_get_error_message(rc, (PCRE2_UCHAR *)message, sizeof message);
    return lsqm_error_set(err, LSQM_EINVAL, op, "%s", message);
}

size_t lsqm_regex_count(const lsqm_regex *re)
{
    return pcre2_get_ovector_count(re->data);
}

lsqm_regex_span lsqm_regex_group(const lsqm_regex *re, size_t index)
{
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->data);
    return (lsqm_regex_span){v[2 * index], v[2 * index + 1]};
}

void lsqm_regex_free(lsqm_regex *re)
{
    if (!re)
        return;
    pcre2_match_context_free(re->context);
    pcre2_match_data_free(re->data);
    pcre2_code_free(re->code);
    free(re);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's functions on strings. */
#include "hcl_eval_internal.h"
#include "regex.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Arguments as strings; 0 and *odd when one is none. */
static int texts(lsqm_hcl_eval *e, hcl_val *args, int n, hcl_val *odd)
{
    for (int i = 0; i < n; i++) {
        args[i] = hcl_to_text(e, args[i]);
        if (args[i]->kind == LSQM_HCL_V_STRING)
            continue;
        *odd = args[i]->kind == LSQM_HCL_V_NULL ? hcl_error(e, "an argument is null") : args[i];
        return 0;
    }
    return 1;
}

/* ASCII only: other letters make the result unknown. */
static hcl_val change_case(lsqm_hcl_eval *e, hcl_val *args, int n, int how)
{
    hcl_val odd;
    hcl_builder b = {.e = e};
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str s = args[0]->text;
    int start = 1;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c >= 0x80)
            return hcl_unknown();
        int upper = how == 'u' || (how == 't' && start);
        char changed = (char)(upper ? toupper(c) : how == 'l' ? tolower(c) : c);
        start = !isalnum(c) && c != '\'' && c != '_';
        hcl_put(&b, &changed, 1);
    }
    return hcl_built(&b);
}

static hcl_val f_lower(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return change_case(e, args, n, 'l');
}

static hcl_val f_upper(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return change_case(e, args, n, 'u');
}

static hcl_val f_title(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return change_case(e, args, n, 't');
}

/* --- trimming and searching ---------------------------------------------------------------- */

static int in_set(char c, lsqm_hcl_str set)
{
    return set.len && memchr(set.data, c, set.len) != NULL;
}

static hcl_val trim(lsqm_hcl_eval *e, lsqm_hcl_str s, lsqm_hcl_str set)
{
    while (s.len && in_set(s.data[0], set)) {
        s.data++;
        s.len--;
    }
    while (s.len && in_set(s.data[s.len - 1], set))
        s.len--;
    return hcl_text(e, s.data, s.len);
}

static hcl_val f_trim(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    return texts(e, args, n, &odd) ? trim(e, args[0]->text, args[1]->text) : odd;
}

static hcl_val f_trimspace(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    return texts(e, args, n, &odd) ? trim(e, args[0]->text, (lsqm_hcl_str){" \t\r\n\v\f", 6}) : odd;
}

static hcl_val f_chomp(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str s = args[0]->text;
    while (s.len && in_set(s.data[s.len - 1], (lsqm_hcl_str){"\r\n", 2}))
        s.len--;
    return hcl_text(e, s.data, s.len);
}

static int starts(lsqm_hcl_str s, lsqm_hcl_str with)
{
    return s.len >= with.len && (with.len == 0 || memcmp(s.data, with.data, with.len) == 0);
}

static int ends(lsqm_hcl_str s, lsqm_hcl_str with)
{
    return s.len >= with.len &&
           (with.len == 0 || memcmp(s.data + s.len - with.len, with.data, with.len) == 0);
}

/* Offset of `what` in s from `at`, or s.len + 1. */
static size_t find(lsqm_hcl_str s, lsqm_hcl_str what, size_t at)
{
    const char *hit = at <= s.len ? memmem(s.data + at, s.len - at, what.data, what.len) : NULL;
    return hit ? (size_t)(hit - s.data) : s.len + 1;
}

static hcl_val f_startswith(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    return texts(e, args, n, &odd) ? hcl_bool(e, starts(args[0]->text, args[1]->text)) : odd;
}

static hcl_val f_endswith(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    return texts(e, args, n, &odd) ? hcl_bool(e, ends(args[0]->text, args[1]->text)) : odd;
}

static hcl_val f_strcontains(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    if (!texts(e, args, n, &odd))
        return odd;
    return hcl_bool(e, find(args[0]->text, args[1]->text, 0) <= args[0]->text.len);
}

static hcl_val f_trimprefix(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str s = args[0]->text, cut = args[1]->text;
    return starts(s, cut) ? hcl_text(e, s.data + cut.len, s.len - cut.len) : args[0];
}

static hcl_val f_trimsuffix(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str s = args[0]->text, cut = args[1]->text;
    return ends(s, cut) ? hcl_text(e, s.data, s.len - cut.len) : args[0];
}

/* Offset of the character number n (UTF-8). */
static size_t offset_of(lsqm_hcl_str s, double n)
{
    size_t at = 0;
    for (; at < s.len && n > 0; n--)
        for (at++; at < s.len && ((unsigned char)s.data[at] & 0xc0) == 0x80;)
            at++;
    return at;
}

static hcl_val f_substr(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd, from = hcl_to_number(e, args[1]), length = hcl_to_number(e, args[2]);
    if (!texts(e, args, n, &odd))
        return odd;
    if (from->kind != LSQM_HCL_V_NUMBER || length->kind != LSQM_HCL_V_NUMBER)
        return hcl_error(e, "substr needs numbers");
    lsqm_hcl_str s = args[0]->text;
    double chars = 0, start = from->number;
    for (size_t i = 0; i < s.len; i++)
        chars += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    start = start < 0 ? start + chars : start;
    size_t begin = offset_of(s, start);
    s.data += begin;
    s.len -= begin;
    return hcl_text(e, s.data, length->number < 0 ? s.len : offset_of(s, length->number));
}

static hcl_val f_split(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str by = args[0]->text, s = args[1]->text;
    if (by.len == 0)
        return hcl_unknown();
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    for (size_t at = 0; at <= s.len && hcl_eval_step(e);) {
        size_t hit = find(s, by, at), stop = hit > s.len ? s.len : hit;
        lsqm_hcl_value_append(e, list, hcl_text(e, s.data + at, stop - at));
        at = hit > s.len ? hit : hit + by.len;
    }
    return list;
}

static hcl_val f_join(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd, by = hcl_to_text(e, args[0]);
    hcl_builder b = {.e = e};
    if (by->kind != LSQM_HCL_V_STRING)
        return hcl_error(e, "join needs a string");
    int first = 1;
    for (int i = 1; i < n; i++) {
        if (args[i]->kind != LSQM_HCL_V_LIST)
            return hcl_error(e, "join needs lists");
        for (hcl_val v = args[i]->first; v; v = v->next, first = 0) {
            hcl_val text = v;
            if (!texts(e, &text, 1, &odd))
                return odd;
            hcl_put(&b, by->text.data, first ? 0 : by->text.len);
            hcl_put(&b, text->text.data, text->text.len);
        }
    }
    return hcl_built(&b);
}

/* --- regular expressions ------------------------------------------------------------------- */

/* "$1" and "${name}" in a replacement are not known here. */
static hcl_val replace_regex(lsqm_hcl_eval *e, lsqm_hcl_str s, lsqm_hcl_str pattern,
                             lsqm_hcl_str by)
{
    lsqm_regex *re;
    lsqm_error err;
    hcl_builder b = {.e = e};
    if (by.len && memchr(by.data, '$', by.len))
        return hcl_unknown();
    if (lsqm_regex_compile(pattern.data, pattern.len, 0, &re, &err) != LSQM_OK)
        return hcl_error(e, "%.100s", err.message);
    size_t at = 0;
    int hit = 0;
    while (at <= s.len && (hit = lsqm_regex_match(re, s.data, s.len, at, &err)) == 1) {
        lsqm_regex_span span = lsqm_regex_group(re, 0);
        int empty = span.end == span.start;
        hcl_put(&b, s.data + at, span.start - at);
        hcl_put(&b, by.data, by.len);
        hcl_put(&b, s.data + span.start, empty && span.start < s.len);
        at = span.end + (size_t)empty;
    }
    lsqm_regex_free(re);
    if (hit < 0)
        return hcl_unknown();
    if (at < s.len)
        hcl_put(&b, s.data + at, s.len - at);
    return hcl_built(&b);
}

static hcl_val f_replace(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val odd;
    hcl_builder b = {.e = e};
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str s = args[0]->text, what = args[1]->text, by = args[2]->text;
    if (what.len > 1 && what.data[0] == '/' && what.data[what.len - 1] == '/')
        return replace_regex(e, s, (lsqm_hcl_str){what.data + 1, what.len - 2}, by);
    if (what.len == 0)
        return hcl_unknown();
    size_t at = 0;
    for (size_t hit; (hit = find(s, what, at)) <= s.len; at = hit + what.len) {
        hcl_put(&b, s.data + at, hit - at);
        hcl_put(&b, by.data, by.len);
    }
    hcl_put(&b, s.data + at, s.len - at);
    return hcl_built(&b);
}

/* The match, or its groups as a list. Named groups are not known here. */
static hcl_val matched(lsqm_hcl_eval *e, lsqm_regex *re, lsqm_hcl_str s)
{
    size_t groups = lsqm_regex_count(re);
    lsqm_regex_span span = lsqm_regex_group(re, 0);
    if (groups <= 1)
        return hcl_text(e, s.data + span.start, span.end - span.start);
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    for (size_t i = 1; i < groups; i++) {
        span = lsqm_regex_group(re, i);
        int none = span.start == (size_t)-1;
        lsqm_hcl_value_append(e, list, none ? lsqm_hcl_value_new(e, LSQM_HCL_V_NULL)
                              : hcl_text(e, s.data + span.start, span.end - span.start));
    }
    return list;
}

static hcl_val search(lsqm_hcl_eval *e, hcl_val *args, int n, int all)
{
    hcl_val odd;
    lsqm_regex *re;
    lsqm_error err;
    if (!texts(e, args, n, &odd))
        return odd;
    lsqm_hcl_str pattern = args[0]->text, s = args[1]->text;
    if (memmem(pattern.data, pattern.len, "(?P<", 4))
        return hcl_unknown();
    if (lsqm_regex_compile(pattern.data, pattern.len, 0, &re, &err) != LSQM_OK)
        return hcl_error(e, "%.100s", err.message);
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    hcl_val first = NULL;
    int hit = 0;
    for (size_t at = 0; at <= s.len && hcl_eval_step(e) &&
                        (hit = lsqm_regex_match(re, s.data, s.len, at, &err)) == 1;) {
        lsqm_regex_span span = lsqm_regex_group(re, 0);
        hcl_val v = matched(e, re, s);
        lsqm_hcl_value_append(e, list, v);
        first = v;
        at = span.end + (size_t)(span.end == span.start);
        if (!all)
            break;
    }
    lsqm_regex_free(re);
    if (hit < 0)
        return hcl_unknown();
    return all ? list : first ? first : hcl_error(e, "the pattern does not match");
}

static hcl_val f_regex(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return search(e, args, n, 0);
}

static hcl_val f_regexall(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return search(e, args, n, 1);
}

/* --- format -------------------------------------------------------------------------------- */

/* One verb at s[0] == '%'; bytes used, or 0 and *odd. */
static size_t put_verb(hcl_builder *b, lsqm_hcl_str s, hcl_val v, hcl_val *odd)
{
    char spec[16], out[128];
    size_t n = 1;
    while (n < s.len && n < 8 && strchr("+-0123456789. ", s.data[n]))
        n++;
    char verb = n < s.len ? s.data[n] : '\0';
    *odd = hcl_unknown();
    if (!verb || !strchr("svdqtfgxX", verb) || n >= 8 || !v)
        return 0;
    hcl_val number = strchr("dfgxX", verb) ? hcl_to_number(b->e, v) : NULL;
    hcl_val text = hcl_to_text(b->e, v);
    if ((number && number->kind != LSQM_HCL_V_NUMBER) || text->kind != LSQM_HCL_V_STRING)
        return 0;
    memcpy(spec, s.data, n);
    snprintf(spec + n, sizeof spec - n, "%s", verb == 'd' ? ".0f" : verb == 's' ? "s" : "");
    if (verb == 'd' && !memchr(spec, '.', n)) {
        int len = snprintf(out, sizeof out, spec, number->number);
        hcl_put(b, out, len > 0 && (size_t)len < sizeof out ? (size_t)len : 0);
    } else if ((verb == 's' || verb == 'v' || verb == 't') && n == 1) {
        hcl_put(b, text->text.data, text->text.len);
    } else if (verb == 'q' && n == 1 && !memchr(text->text.data, '"', text->text.len)) {
        hcl_put(b, "\"", 1);
        hcl_put(b, text->text.data, text->text.len);
        hcl_put(b, "\"", 1);
    } else {
        return 0;
    }
    return n + 1;
}

static hcl_val f_format(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val spec = hcl_to_text(e, args[0]), odd;
    hcl_builder b = {.e = e};
    int next = 1;
    if (spec->kind != LSQM_HCL_V_STRING)
        return hcl_error(e, "format needs a string");
    for (lsqm_hcl_str s = spec->text; s.len;) {
        size_t used = 1;
        if (s.data[0] != '%') {
            hcl_put(&b, s.data, 1);
        } else if (s.len > 1 && s.data[1] == '%') {
            hcl_put(&b, "%", 1);
            used = 2;
        } else if (!(used = put_verb(&b, s, next < n ? args[next] : NULL, &odd))) {
            return odd;
        } else {
            next++;
        }
        s.data += used;
        s.len -= used;
    }
    return hcl_built(&b);
}

static hcl_val f_tostring(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return hcl_to_text(e, args[0]);
}

const hcl_function_entry hcl_text_functions[] = {
    {"chomp", 1, 1, f_chomp},           {"endswith", 2, 2, f_endswith},
    {"format", 1, -1, f_format},        {"join", 2, -1, f_join},
    {"lower", 1, 1, f_lower},           {"regex", 2, 2, f_regex},
    {"regexall", 2, 2, f_regexall},     {"replace", 3, 3, f_replace},
    {"split", 2, 2, f_split},           {"startswith", 2, 2, f_startswith},
    {"strcontains", 2, 2, f_strcontains}, {"substr", 3, 3, f_substr},
    {"title", 1, 1, f_title},           {"tostring", 1, 1, f_tostring},
    {"trim", 2, 2, f_trim},             {"trimprefix", 2, 2, f_trimprefix},
    {"trimspace", 1, 1, f_trimspace},   {"trimsuffix", 2, 2, f_trimsuffix},
    {"upper", 1, 1, f_upper},           {NULL, 0, 0, NULL},
};

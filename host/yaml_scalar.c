/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars of the YAML core schema. See yaml_scalar.h. */
#include "yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More digits than a double keeps: the text is worth more than the number. */
enum { FLOAT_DIGITS = 17 };

static int is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return 1;
    return 0;
}

static int to_null(lsqm_yaml_node *n)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    if (!is_one_of(n->text, words))
        return 0;
    n->type = LSQM_YAML_NULL;
    return 1;
}

static int to_bool(lsqm_yaml_node *n, int yaml11)
{
    static const char *const yes[] = {"true", "True", "TRUE", NULL};
    static const char *const no[] = {"false", "False", "FALSE", NULL};
    static const char *const yes11[] = {"yes", "Yes", "YES", "on", "On", "ON", NULL};
    static const char *const no11[] = {"no", "No", "NO", "off", "Off", "OFF", NULL};
    int is_true = is_one_of(n->text, yes) || (yaml11 && is_one_of(n->text, yes11));
    if (!is_true && !is_one_of(n->text, no) && !(yaml11 && is_one_of(n->text, no11)))
        return 0;
    n->type = LSQM_YAML_BOOL;
    n->boolean = is_true;
    return 1;
}

/* Digits of the base from `text` to its end, at least one. */
static int all_digits(const char *text, int base)
{
    const char *start = text;
    for (; *text; text++) {
        int ok = base == 16 ? isxdigit((unsigned char)*text) : *text >= '0' && *text < '0' + base;
        if (!ok)
            return 0;
    }
    return text > start;
}

static int to_int(lsqm_yaml_node *n)
{
    const char *digits = n->text;
    int base = 10;
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o')) {
        base = digits[1] == 'x' ? 16 : 8;
        digits += 2;
    } else if (*digits == '-' || *digits == '+') {
        digits++;
    }
    if (!all_digits(digits, base) || (base == 10 && digits[0] == '0' && digits[1]))
        return 0;
    errno = 0;
    long long value = strtoll(base == 10 ? n->text : digits, NULL, base);
    if (errno)
        return 0;
    n->type = LSQM_YAML_INT;
    n->integer = value;
    return 1;
}

static int to_special_float(lsqm_yaml_node *n)
{
    static const char *const inf[] = {".inf", ".Inf", ".INF", NULL};
    static const char *const nan[] = {".nan", ".NaN", ".NAN", NULL};
    const char *text = n->text;
    int minus = *text == '-';
    if (is_one_of(text, nan))
        n->number = (double)NAN;
    else if (is_one_of(text + (minus || *text == '+'), inf))
        n->number = minus ? -(double)INFINITY : (double)INFINITY;
    else
        return 0;
    n->type = LSQM_YAML_FLOAT;
    return 1;
}

static const char *skip_digits(const char *p, size_t *count)
{
    const char *start = p;
    while (*p >= '0' && *p <= '9')
        p++;
    *count = (size_t)(p - start);
    return p;
}

static int to_float(lsqm_yaml_node *n)
{
    size_t whole, fraction = 0, exponent = 1;
    int has_point, has_exponent;
    const char *p = n->text;
    p += *p == '-' || *p == '+';
    const char *first = p;
    p = skip_digits(p, &whole);
    has_point = *p == '.';
    if (has_point)
        p = skip_digits(p + 1, &fraction);
    has_exponent = *p == 'e' || *p == 'E';
    if (has_exponent) {
        p++;
        p += *p == '-' || *p == '+';
        p = skip_digits(p, &exponent);
    }
    if (*p || !exponent || whole + fraction == 0 || !(has_point || has_exponent))
        return 0;
    if (whole + fraction > FLOAT_DIGITS || (whole > 1 && *first == '0'))
        return 0;
    double value = strtod(n->text, NULL);
    if (!isfinite(value))
        return 0;
    n->type = LSQM_YAML_FLOAT;
    n->number = value;
    return 1;
}

void lsqm_yaml_resolve(lsqm_yaml_node *n, int yaml11)
{
    n->type = LSQM_YAML_STRING;
    if (strlen(n->text) != n->len)
        return;
    if (!to_null(n) && !to_bool(n, yaml11) && !to_int(n) && !to_special_float(n))
        (void)to_float(n);
}

int lsqm_yaml_resolve_as(lsqm_yaml_node *n, const char *core)
{
    static const char *const texts[] = {"str", "binary", "timestamp", NULL};
    int fits;
    n->type = LSQM_YAML_STRING;
    if (is_one_of(core, texts))
        return LSQM_OK;
    if (strcmp(core, "null") == 0) {
        fits = to_null(n);
    } else if (strcmp(core, "bool") == 0) {
        fits = to_bool(n, 1);
    } else if (strcmp(core, "int") == 0) {
        fits = to_int(n);
    } else if (strcmp(core, "float") == 0) {
        fits = to_special_float(n) || to_float(n) || to_int(n);
        if (fits && n->type == LSQM_YAML_INT) {
            n->number = (double)n->integer;
            n->type = LSQM_YAML_FLOAT;
        }
    } else {
        return LSQM_ENOENT;
    }
    return fits ? LSQM_OK : LSQM_EINVAL;
}

/* Length of the sequence that starts with `lead`; 0 when none does. */
static size_t utf8_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* Overlong forms, surrogates and what lies above U+10FFFF show in the second byte. */
static int second_is_bad(unsigned char lead, unsigned char second)
{
    return (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
           (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
}

size_t lsqm_yaml_utf8_prefix(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (at < len) {
        size_t n = utf8_length(s[at]);
        if (n == 0 || n > len - at || (n > 1 && second_is_bad(s[at], s[at + 1])))
            return at;
        for (size_t i = 1; i < n; i++)
            if ((s[at + i] & 0xc0) != 0x80)
                return at;
        at += n;
    }
    return len;
}

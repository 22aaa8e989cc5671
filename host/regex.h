/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions over PCRE2, for patterns that are regexes and not Lua patterns.
 *
 * Patterns and subjects are UTF-8. Matching is limited (LSQM_ELIMIT), so a hostile pattern ends.
 */
#ifndef LSQM_REGEX_H
#define LSQM_REGEX_H

#include "error.h"

#include <stddef.h>

typedef struct lsqm_regex lsqm_regex;

typedef struct lsqm_regex_span {
    size_t start, end; /* offsets; both (size_t)-1 for a group that took no part */
} lsqm_regex_span;

enum {
    LSQM_REGEX_CASELESS = 1,
    LSQM_REGEX_MULTILINE = 2,
    LSQM_REGEX_DOTALL = 4,
    LSQM_REGEX_ECMA = 8 /* JSON Schema's dialect: $ only at the very end, \uXXXX, \d is ASCII */
};

/* Compiles; *out is yours to free. LSQM_ESYNTAX whose message names the character. */
int lsqm_regex_compile(const char *pattern, size_t len, int flags, lsqm_regex **out,
                       lsqm_error *err);

/* Searches from offset `from`. 1 = found (spans filled, whole match first), 0 = not found,
 * negative = LSQM_ELIMIT, or LSQM_EINVAL for a subject that is not UTF-8. */
int lsqm_regex_match(lsqm_regex *re, const char *text, size_t len, size_t from, lsqm_error *err);

/* After a match: number of spans (1 + groups) and the spans; valid until the next match. */
size_t lsqm_regex_count(const lsqm_regex *re);
lsqm_regex_span lsqm_regex_group(const lsqm_regex *re, size_t index);

/* NULL is fine. */
void lsqm_regex_free(lsqm_regex *re);

#endif

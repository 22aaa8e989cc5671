/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by archive.c (writing) and archive_read.c. */
#ifndef LSQM_ARCHIVE_INTERNAL_H
#define LSQM_ARCHIVE_INTERNAL_H

#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

/* libarchive converts names through the thread's locale; in "C" it loses all but ASCII. */
typedef struct lsqm_archive_locale {
    locale_t own, before;
} lsqm_archive_locale;

/* Gives this thread a locale of UTF-8; where there is none it keeps its own. Pairs with leave. */
void lsqm_archive_locale_enter(lsqm_archive_locale *l);
/* The thread's locale of before. */
void lsqm_archive_locale_leave(lsqm_archive_locale *l);

/* LSQM_EUNSAFE for empty and absolute names and for those with a ".." in them. */
int lsqm_archive_check_name(const char *name, const char *op, lsqm_error *err);
/* libarchive's own words; returns `code`. */
int lsqm_archive_fail(struct archive *a, int code, const char *op, const char *name,
                      lsqm_error *err);

#endif

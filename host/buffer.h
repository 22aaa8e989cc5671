/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer. Invariant: data is NULL or data[len] == '\0', so it can be read as a C
 * string. The owner frees it; detach hands the memory over.
 */
#ifndef LSQM_BUFFER_H
#define LSQM_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

typedef struct lsqm_buffer {
    char *data;
    size_t len;
    size_t cap;
    int failed; /* an allocation failed: later appends do nothing; check once at the end */
} lsqm_buffer;

#define LSQM_BUFFER_INIT {NULL, 0, 0, 0}

/* Each returns LSQM_OK or LSQM_ENOMEM; on failure the content stays as it was. */
int lsqm_buffer_reserve(lsqm_buffer *b, size_t extra);
int lsqm_buffer_add(lsqm_buffer *b, const void *data, size_t len);
int lsqm_buffer_adds(lsqm_buffer *b, const char *text);
int lsqm_buffer_addc(lsqm_buffer *b, char c);
int lsqm_buffer_addf(lsqm_buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets the content, keeps the memory. */
void lsqm_buffer_clear(lsqm_buffer *b);
/* Frees the memory; b can be used again. */
void lsqm_buffer_free(lsqm_buffer *b);
/* You now own the returned string (free() it; NULL when b was empty); b is empty again. */
char *lsqm_buffer_detach(lsqm_buffer *b, size_t *len);

#endif

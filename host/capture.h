/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the head and the tail of a byte stream of any length in bounded memory. */
#ifndef LSQM_CAPTURE_H
#define LSQM_CAPTURE_H

#include "buffer.h"

typedef struct lsqm_capture {
    size_t max; /* bytes kept: the first half as head, the rest as tail */
    lsqm_buffer head, tail;
    unsigned long long total;
} lsqm_capture;

/* max: bytes to keep. Frees nothing, allocates nothing. */
void lsqm_capture_init(lsqm_capture *c, size_t max);
/* LSQM_OK or LSQM_ENOMEM (the bytes are lost, what was kept stays). */
int lsqm_capture_add(lsqm_capture *c, const char *data, size_t len);
/* Moves the text into *out (yours); a cut is marked in it by a line. Returns the bytes cut. */
unsigned long long lsqm_capture_take(lsqm_capture *c, lsqm_buffer *out);
/* Adds the text so far, with its cut, to *out. LSQM_OK or LSQM_ENOMEM. */
int lsqm_capture_copy(const lsqm_capture *c, lsqm_buffer *out);
/* Gives the memory back; twice is fine. */
void lsqm_capture_free(lsqm_capture *c);

#endif

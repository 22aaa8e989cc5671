/* SPDX-License-Identifier: Apache-2.0 */
/* Growing byte buffer. See buffer.h. */
#include "buffer.h"

#include "error.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lsqm_buffer_reserve(lsqm_buffer *b, size_t extra)
{
    if (b->failed)
        return LSQM_ENOMEM;
    if (extra > SIZE_MAX / 2 - b->len - 1) {
        b->failed = 1;
        return LSQM_ENOMEM;
    }
    size_t want = b->len + extra + 1;
    if (want <= b->cap)
        return LSQM_OK;
    size_t cap = b->cap ? b->cap : 64;
    while (cap < want)
        cap += cap / 2 + 1;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = 1;
        return LSQM_ENOMEM;
    }
    b->data = data;
    b->cap = cap;
    b->data[b->len] = '\0';
    return LSQM_OK;
}

int lsqm_buffer_add(lsqm_buffer *b, const void *data, size_t len)
{
    int rc = lsqm_buffer_reserve(b, len);
    if (rc != LSQM_OK)
        return rc;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return LSQM_OK;
}

int lsqm_buffer_adds(lsqm_buffer *b, const char *text)
{
    return lsqm_buffer_add(b, text, strlen(text));
}

int lsqm_buffer_addc(lsqm_buffer *b, char c)
{
    return lsqm_buffer_add(b, &c, 1);
}

int lsqm_buffer_addf(lsqm_buffer *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (need < 0)
        return LSQM_EINVAL;
    int rc = lsqm_buffer_reserve(b, (size_t)need);
    if (rc != LSQM_OK)
        return rc;
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)need + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)need;
    return LSQM_OK;
}

void lsqm_buffer_clear(lsqm_buffer *b)
{
    b->len = 0;
    b->failed = 0;
    if (b->data)
        b->data[0] = '\0';
}

void lsqm_buffer_free(lsqm_buffer *b)
{
    free(b->data);
    *b = (lsqm_buffer)LSQM_BUFFER_INIT;
}

char *lsqm_buffer_detach(lsqm_buffer *b, size_t *len)
{
    char *data = b->data;
    if (len)
        *len = b->len;
    *b = (lsqm_buffer)LSQM_BUFFER_INIT;
    return data;
}

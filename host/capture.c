/* SPDX-License-Identifier: Apache-2.0 */
/* Head and tail of a stream. The tail buffer may grow to twice its share before it is trimmed, so
 * trimming costs one move per share and not one per piece. */
#include "capture.h"

#include "error.h"

#include <string.h>

void lsqm_capture_init(lsqm_capture *c, size_t max)
{
    memset(c, 0, sizeof *c);
    c->max = max;
}

static void keep_last(lsqm_buffer *b, size_t count)
{
    if (b->len <= count)
        return;
    memmove(b->data, b->data + (b->len - count), count);
    b->len = count;
    b->data[count] = '\0';
}

int lsqm_capture_add(lsqm_capture *c, const char *data, size_t len)
{
    size_t head_max = c->max / 2, tail_max = c->max - head_max;
    c->total += len;
    if (c->head.len < head_max) {
        size_t n = head_max - c->head.len;
        if (n > len)
            n = len;
        if (lsqm_buffer_add(&c->head, data, n) != LSQM_OK)
            return LSQM_ENOMEM;
        data += n;
        len -= n;
    }
    if (len > tail_max) {
        data += len - tail_max;
        len = tail_max;
    }
    if (len == 0)
        return LSQM_OK;
    if (c->tail.len + len > 2 * tail_max)
        keep_last(&c->tail, tail_max - len);
    return lsqm_buffer_add(&c->tail, data, len);
}

int lsqm_capture_copy(const lsqm_capture *c, lsqm_buffer *out)
{
    size_t tail_max = c->max - c->max / 2;
    size_t tail = c->tail.len < tail_max ? c->tail.len : tail_max;
    unsigned long long cut = c->total - c->head.len - tail;
    if (c->head.len)
        lsqm_buffer_add(out, c->head.data, c->head.len);
    if (cut)
        lsqm_buffer_addf(out, "\n[… %llu bytes cut …]\n", cut);
    if (tail)
        lsqm_buffer_add(out, c->tail.data + (c->tail.len - tail), tail);
    return out->failed ? LSQM_ENOMEM : LSQM_OK;
}

unsigned long long lsqm_capture_take(lsqm_capture *c, lsqm_buffer *out)
{
    keep_last(&c->tail, c->max - c->max / 2);
    unsigned long long cut = c->total - c->head.len - c->tail.len;
    lsqm_capture_copy(c, out);
    lsqm_capture_free(c);
    return cut;
}

void lsqm_capture_free(lsqm_capture *c)
{
    lsqm_buffer_free(&c->head);
    lsqm_buffer_free(&c->tail);
}

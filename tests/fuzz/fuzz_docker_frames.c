/* SPDX-License-Identifier: Apache-2.0 */
/* The demultiplexer on arbitrary bytes, cut at arbitrary places: the first byte is the cut. What
 * comes out must not depend on how the input was cut. */
#include "docker_frames.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct tally {
    size_t bytes;
    uint64_t sum;
} tally;

static int count(void *user, int kind, const char *data, size_t len)
{
    tally *t = user;
    for (size_t i = 0; i < len; i++)
        t->sum = t->sum * 31 + (unsigned char)data[i] + (unsigned)kind * 257;
    t->bytes += len;
    return LSQM_OK;
}

static int run(const char *data, size_t size, size_t step, tally *t)
{
    lsqm_docker_frames frames;
    lsqm_error err;
    memset(&frames, 0, sizeof frames);
    for (size_t at = 0; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;
        int rc = lsqm_docker_frames_feed(&frames, data + at, n, count, t, &err);
        if (rc != LSQM_OK)
            return rc;
    }
    return lsqm_docker_frames_end(&frames, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tally whole = {0, 0}, cut = {0, 0};
    if (size < 2)
        return 0;
    const char *input = (const char *)data + 1;
    int a = run(input, size - 1, size, &whole);
    int b = run(input, size - 1, (size_t)data[0] % 13 + 1, &cut);
    if (a != b || whole.bytes != cut.bytes || whole.sum != cut.sum)
        abort();
    return 0;
}

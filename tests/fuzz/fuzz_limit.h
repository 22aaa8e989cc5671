/* SPDX-License-Identifier: Apache-2.0 */
/* A target's time limit: 1 s of processor time per MB of input, checked even under sanitizers. */
#ifndef LSQM_FUZZ_LIMIT_H
#define LSQM_FUZZ_LIMIT_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What a small input may take: page faults and sanitizer reports are not the parser's. */
#define LSQM_FUZZ_FLOOR 0.1

static inline double fuzz_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void fuzz_check_time(double began, size_t size)
{
    double took = fuzz_clock() - began;
    if (took > LSQM_FUZZ_FLOOR + (double)size / 1e6) {
        fprintf(stderr, "too slow: %.3f s for %zu bytes\n", took, size);
        abort();
    }
}

#endif

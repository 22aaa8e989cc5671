/* SPDX-License-Identifier: Apache-2.0 */
/* What several test programs check with. Include it after cmocka.h. */
#ifndef LSQM_TEST_CHECK_H
#define LSQM_TEST_CHECK_H

#include "error.h"

#include <dirent.h>
#include <stdio.h>

/* A host call that must work; it reports into the program's own `err`. */
#define OK(call)                                     \
    do {                                             \
        lsqm_error_clear(&err);                      \
        if ((call) != LSQM_OK)                       \
            fail_msg("%s: %s", err.op, err.message); \
    } while (0)

/* Descriptors of this process: what leaks shows in a second count. */
static inline int count_fds(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* The beginning of a text file, valid until the next call; NULL: no such file. */
static inline char *read_file(const char *base, const char *name)
{
    static char text[256];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", base, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

#endif

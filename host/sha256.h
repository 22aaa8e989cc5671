/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 over libcrypto (which uses the CPU's own instructions), whole or in pieces. */
#ifndef LSQM_SHA256_H
#define LSQM_SHA256_H

#include "error.h"

#include <stdatomic.h>
#include <stddef.h>

enum { LSQM_SHA256_SIZE = 32, LSQM_SHA256_HEX = 65 /* with the final '\0' */ };

typedef struct lsqm_sha256 {
    void *ctx; /* NULL: not begun, or ended */
} lsqm_sha256;

/* Begins; end with _final or _free. Fails with LSQM_ENOMEM. */
int lsqm_sha256_init(lsqm_sha256 *h, lsqm_error *err);
/* Adds bytes. Fails with LSQM_EINTERNAL when libcrypto does. */
int lsqm_sha256_update(lsqm_sha256 *h, const void *data, size_t len, lsqm_error *err);
/* Lower-case hex of everything added; frees h's memory also on failure. */
int lsqm_sha256_final(lsqm_sha256 *h, char hex[LSQM_SHA256_HEX], lsqm_error *err);
/* Gives up; fine on an ended or zeroed h. */
void lsqm_sha256_free(lsqm_sha256 *h);

/* One text in one step. */
int lsqm_sha256_string(const void *data, size_t len, char hex[LSQM_SHA256_HEX], lsqm_error *err);
/* A file's content; blocks, so call it on a worker thread. `stop` (may be NULL) is looked at
 * between blocks: LSQM_ECANCELLED. Directories and unreadable files fail with the code of their
 * errno. */
int lsqm_sha256_file(const char *path, atomic_int *stop, char hex[LSQM_SHA256_HEX],
                     lsqm_error *err);

#endif

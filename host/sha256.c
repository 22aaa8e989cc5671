/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 over EVP. See sha256.h. */
#include "sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

static const char op[] = "sha256";

int lsqm_sha256_init(lsqm_sha256 *h, lsqm_error *err)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    h->ctx = NULL;
    if (!ctx)
        return lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
    if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        return lsqm_error_set(err, LSQM_EINTERNAL, op, "libcrypto offers no SHA-256");
    }
    h->ctx = ctx;
    return LSQM_OK;
}

int lsqm_sha256_update(lsqm_sha256 *h, const void *data, size_t len, lsqm_error *err)
{
    if (!h->ctx)
        return lsqm_error_set(err, LSQM_EINVAL, op, "the hash has ended");
    if (len && EVP_DigestUpdate(h->ctx, data, len) != 1)
        return lsqm_error_set(err, LSQM_EINTERNAL, op, "libcrypto failed");
    return LSQM_OK;
}

static void to_hex(const unsigned char *bytes, char hex[LSQM_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < LSQM_SHA256_SIZE; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * LSQM_SHA256_SIZE] = '\0';
}

int lsqm_sha256_final(lsqm_sha256 *h, char hex[LSQM_SHA256_HEX], lsqm_error *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (!h->ctx)
        return lsqm_error_set(err, LSQM_EINVAL, op, "the hash has ended");
    int ok = EVP_DigestFinal_ex(h->ctx, bytes, NULL);
    lsqm_sha256_free(h);
    if (ok != 1)
        return lsqm_error_set(err, LSQM_EINTERNAL, op, "libcrypto failed");
    to_hex(bytes, hex);
    return LSQM_OK;
}

void lsqm_sha256_free(lsqm_sha256 *h)
{
    EVP_MD_CTX_free(h->ctx);
    h->ctx = NULL;
}

int lsqm_sha256_string(const void *data, size_t len, char hex[LSQM_SHA256_HEX], lsqm_error *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    if (EVP_Digest(len ? data : "", len, bytes, NULL, EVP_sha256(), NULL) != 1)
        return lsqm_error_set(err, LSQM_EINTERNAL, op, "libcrypto failed");
    to_hex(bytes, hex);
    return LSQM_OK;
}

static int hash_fd(lsqm_sha256 *h, int fd, const char *path, atomic_int *stop, lsqm_error *err)
{
    int rc = LSQM_OK;
    char *block = malloc(BLOCK);
    if (!block)
        return lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
    while (rc == LSQM_OK) {
        if (stop && atomic_load(stop)) {
            rc = lsqm_error_set(err, LSQM_ECANCELLED, op, "%s: cancelled", path);
            break;
        }
        ssize_t got = read(fd, block, BLOCK);
        if (got == 0)
            break;
        if (got > 0)
            rc = lsqm_sha256_update(h, block, (size_t)got, err);
        else if (errno != EINTR)
            rc = lsqm_error_errno(err, errno, op, path);
    }
    free(block);
    return rc;
}

int lsqm_sha256_file(const char *path, atomic_int *stop, char hex[LSQM_SHA256_HEX],
                     lsqm_error *err)
{
    lsqm_sha256 h;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lsqm_error_errno(err, errno, op, path);
    int rc = lsqm_sha256_init(&h, err);
    if (rc == LSQM_OK)
        rc = hash_fd(&h, fd, path, stop, err);
    if (rc == LSQM_OK)
        rc = lsqm_sha256_final(&h, hex, err);
    lsqm_sha256_free(&h);
    close(fd);
    return rc;
}

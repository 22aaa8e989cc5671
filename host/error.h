/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, in a form that every layer can pass on unchanged.
 *
 * A host function returns LSQM_OK or a negative code and describes the failure in the caller's
 * lsqm_error (never NULL). Nothing here allocates: an error can be reported when memory is gone.
 */
#ifndef LSQM_ERROR_H
#define LSQM_ERROR_H

#include <stdarg.h>

/* Code, name that Lua sees in err.code, sentence used when there is no better one. */
#define LSQM_CODES(X)                                          \
    X(EINVAL, -1, "invalid", "invalid argument")               \
    X(ENOMEM, -2, "nomem", "out of memory")                    \
    X(EIO, -3, "io", "input/output error")                     \
    X(ENOENT, -4, "not_found", "not found")                    \
    X(EEXIST, -5, "exists", "already exists")                  \
    X(ESYNTAX, -6, "syntax", "syntax error")                   \
    X(ELIMIT, -7, "limit", "limit exceeded")                   \
    X(ETIMEOUT, -8, "timeout", "timed out")                    \
    X(ECANCELLED, -9, "cancelled", "cancelled")                \
    X(ENET, -10, "network", "network error")                   \
    X(EHTTP, -11, "http", "unexpected HTTP answer")            \
    X(EDENIED, -12, "denied", "permission denied")             \
    X(EREJECTED, -13, "rejected", "rejected by the other side") \
    X(EUNSAFE, -14, "unsafe", "refused as unsafe")             \
    X(ECONFLICT, -15, "conflict", "conflicting state")         \
    X(EUNAVAILABLE, -16, "unavailable", "not available")       \
    X(EUNSUPPORTED, -17, "unsupported", "not supported")       \
    X(EINTERNAL, -18, "internal", "internal error")

enum {
    LSQM_OK = 0,
#define LSQM_CODE_ENUM(id, value, name, text) LSQM_##id = (value),
    LSQM_CODES(LSQM_CODE_ENUM)
#undef LSQM_CODE_ENUM
};

typedef struct lsqm_error {
    int code;           /* LSQM_OK or LSQM_E… */
    char op[48];        /* "docker create": operation that failed, may be empty */
    char message[512];  /* "image not found: alpine:9": operand and cause */
    char hint[192];     /* what the user can do, may be empty */
    char file[256];     /* position, for parsers; empty when there is none */
    int line, col;      /* 1-based; 0 = unknown */
    char source[96];    /* the offending source line, cut; empty when there is none */
    int caret;          /* 1-based column of the caret within `source` */
} lsqm_error;

/* Resets err to "no error". */
void lsqm_error_clear(lsqm_error *err);

/* Fills err and returns code, so that `return lsqm_error_set(…)` reads as one step. */
int lsqm_error_set(lsqm_error *err, int code, const char *op, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for a caller that has the arguments as a list. */
int lsqm_error_vset(lsqm_error *err, int code, const char *op, const char *fmt, va_list ap);

/* The same from errno; `operand` is the path or name that the call was about. */
int lsqm_error_errno(lsqm_error *err, int errnum, const char *op, const char *operand);

/* Adds advice; keeps the rest. */
void lsqm_error_hint(lsqm_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds a position and cuts the source line around it. `text` is the whole input (may be NULL). */
void lsqm_error_at(lsqm_error *err, const char *file, int line, int col, const char *text,
                   unsigned long len);

/* "not_found" for LSQM_ENOENT …; "ok" for 0; never NULL. */
const char *lsqm_code_name(int code);
/* LSQM_E… for an errno; LSQM_EIO for one that has no code of its own. */
int lsqm_code_from_errno(int errnum);

#endif

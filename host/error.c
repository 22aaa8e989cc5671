/* SPDX-License-Identifier: Apache-2.0 */
/* Error values: fixed-size, no allocation. See error.h. */
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    const char *name;
    const char *text;
} codes[] = {
#define LSQM_CODE_ROW(id, value, name, text) {LSQM_##id, name, text},
    LSQM_CODES(LSQM_CODE_ROW)
#undef LSQM_CODE_ROW
};

enum { CODE_COUNT = sizeof codes / sizeof codes[0] };

const char *lsqm_code_name(int code)
{
    for (int i = 0; i < CODE_COUNT; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return code == LSQM_OK ? "ok" : "internal";
}

static const char *code_text(int code)
{
    for (int i = 0; i < CODE_COUNT; i++)
        if (codes[i].code == code)
            return codes[i].text;
    return "unknown error";
}

void lsqm_error_clear(lsqm_error *err)
{
    memset(err, 0, sizeof *err);
}

int lsqm_error_vset(lsqm_error *err, int code, const char *op, const char *fmt, va_list ap)
{
    lsqm_error_clear(err);
    err->code = code;
    if (op)
        snprintf(err->op, sizeof err->op, "%s", op);
    if (fmt)
        vsnprintf(err->message, sizeof err->message, fmt, ap);
    if (!err->message[0])
        snprintf(err->message, sizeof err->message, "%s", code_text(code));
    return code;
}

int lsqm_error_set(lsqm_error *err, int code, const char *op, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    lsqm_error_vset(err, code, op, fmt, ap);
    va_end(ap);
    return code;
}

int lsqm_code_from_errno(int errnum)
{
    switch (errnum) {
    case ENOENT: case ENOTDIR: return LSQM_ENOENT;
    case EEXIST: case ENOTEMPTY: return LSQM_EEXIST;
    case EACCES: case EPERM: case EROFS: return LSQM_EDENIED;
    case ENOMEM: return LSQM_ENOMEM;
    case EINVAL: return LSQM_EINVAL;
    case ETIMEDOUT: return LSQM_ETIMEOUT;
    case ECANCELED: return LSQM_ECANCELLED;
    case ECONNREFUSED: case ECONNRESET: case EHOSTUNREACH: case ENETUNREACH: return LSQM_ENET;
    default: return LSQM_EIO;
    }
}

int lsqm_error_errno(lsqm_error *err, int errnum, const char *op, const char *operand)
{
    return lsqm_error_set(err, lsqm_code_from_errno(errnum), op, "%s%s%s",
                          operand ? operand : "", operand ? ": " : "", strerror(errnum));
}

void lsqm_error_hint(lsqm_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
}

/* Offset of the first byte of the 1-based line, or len when the text has fewer lines. */
static unsigned long line_start(const char *text, unsigned long len, int line)
{
    unsigned long at = 0;
    while (line > 1 && at < len) {
        const char *nl = memchr(text + at, '\n', len - at);
        if (!nl)
            return len;
        at = (unsigned long)(nl - text) + 1;
        line--;
    }
    return at;
}

static void cut_source(lsqm_error *err, const char *text, unsigned long len)
{
    enum { KEEP_LEFT = 60 };
    unsigned long start = line_start(text, len, err->line);
    const char *nl = memchr(text + start, '\n', len - start);
    unsigned long width = nl ? (unsigned long)(nl - text) - start : len - start;
    unsigned long skip = err->col > KEEP_LEFT ? (unsigned long)(err->col - KEEP_LEFT) : 0;
    if (skip > width)
        skip = width;
    unsigned long take = width - skip;
    if (take >= sizeof err->source)
        take = sizeof err->source - 1;
    memcpy(err->source, text + start + skip, take);
    err->source[take] = '\0';
    for (char *p = err->source; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    err->caret = err->col - (int)skip;
}

void lsqm_error_at(lsqm_error *err, const char *file, int line, int col, const char *text,
                   unsigned long len)
{
    snprintf(err->file, sizeof err->file, "%s", file ? file : "");
    err->line = line;
    err->col = col;
    err->source[0] = '\0';
    err->caret = 0;
    if (text && line > 0 && col > 0)
        cut_source(err, text, len);
}

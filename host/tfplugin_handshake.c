/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads go-plugin's handshake: CORE|PROTOCOL|NETWORK|ADDRESS|KIND|CERTIFICATE|MULTIPLEX, of which
 * the last two may be missing. We ask for no certificate, so one that comes is refused: the
 * provider would speak TLS.
 */
#include "tfplugin_handshake.h"

#include <string.h>

#define OP "provider handshake"

enum { CORE, PROTOCOL, NETWORK, ADDRESS, KIND, CERTIFICATE, FIELDS = 7 };

typedef struct field {
    const char *text;
    size_t len;
} field;

static int is_text(field f, const char *text)
{
    return f.len == strlen(text) && memcmp(f.text, text, f.len) == 0;
}

static size_t split(const char *line, size_t len, field fields[FIELDS])
{
    size_t n = 0, from = 0;
    for (size_t i = 0; i <= len && n < FIELDS; i++) {
        if (i == len || line[i] == '|') {
            fields[n++] = (field){line + from, i - from};
            from = i + 1;
        }
    }
    return n;
}

static int refuse(lsqm_error *err, const char *what, field f)
{
    return lsqm_error_set(err, LSQM_EUNSUPPORTED, OP, "%s '%.*s' is not supported", what,
                          (int)(f.len > 60 ? 60 : f.len), f.text);
}

static int check(const field *fields, lsqm_error *err)
{
    if (!is_text(fields[CORE], "1"))
        return refuse(err, "core version", fields[CORE]);
    if (!is_text(fields[PROTOCOL], "5") && !is_text(fields[PROTOCOL], "6"))
        return refuse(err, "protocol", fields[PROTOCOL]);
    if (!is_text(fields[NETWORK], "unix"))
        return refuse(err, "network", fields[NETWORK]);
    if (!is_text(fields[KIND], "grpc"))
        return refuse(err, "kind", fields[KIND]);
    if (fields[CERTIFICATE].len > 0)
        return lsqm_error_set(err, LSQM_EUNSUPPORTED, OP, "the provider insists on TLS");
    return LSQM_OK;
}

int lsqm_tfplugin_read_handshake(const char *line, size_t len, lsqm_tfplugin_handshake *out,
                                 lsqm_error *err)
{
    field fields[FIELDS] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
    if (len > LSQM_TFPLUGIN_LINE_MAX || memchr(line, '\0', len) || split(line, len, fields) <= KIND)
        return lsqm_error_set(err, LSQM_ESYNTAX, OP, "not a handshake: '%.*s'",
                              (int)(len > 120 ? 120 : len), line);
    if (check(fields, err) != LSQM_OK)
        return err->code;
    field path = fields[ADDRESS];
    if (path.len == 0 || path.text[0] != '/' || path.len >= sizeof out->socket)
        return refuse(err, "socket", path);
    out->protocol = fields[PROTOCOL].text[0] - '0';
    memcpy(out->socket, path.text, path.len);
    out->socket[path.len] = '\0';
    return LSQM_OK;
}

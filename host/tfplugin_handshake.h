/* SPDX-License-Identifier: Apache-2.0 */
/* The line a go-plugin program prints when it is ready: "1|5|unix|/tmp/plugin123|grpc|". */
#ifndef LSQM_TFPLUGIN_HANDSHAKE_H
#define LSQM_TFPLUGIN_HANDSHAKE_H

#include "error.h"

#include <stddef.h>

/* What a line may be long; a longer one is no handshake. */
#define LSQM_TFPLUGIN_LINE_MAX 4096

typedef struct lsqm_tfplugin_handshake {
    int protocol;     /* 5 or 6 */
    char socket[108]; /* absolute path, fits a unix address */
} lsqm_tfplugin_handshake;

/* `line` is without its end, any bytes. LSQM_ESYNTAX: it is no handshake; LSQM_EUNSUPPORTED: it
 * is one that we do not speak. */
int lsqm_tfplugin_read_handshake(const char *line, size_t len, lsqm_tfplugin_handshake *out,
                                 lsqm_error *err);

#endif

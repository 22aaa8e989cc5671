/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's first line, any bytes: what is accepted is a socket we can connect to. */
#include "tfplugin_handshake.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lsqm_tfplugin_handshake hello;
    lsqm_error err;
    memset(&hello, 0xff, sizeof hello);
    if (lsqm_tfplugin_read_handshake((const char *)data, size, &hello, &err) != LSQM_OK)
        return 0;
    if (hello.socket[0] != '/' || strnlen(hello.socket, sizeof hello.socket) == sizeof hello.socket)
        abort();
    if (hello.protocol != 5 && hello.protocol != 6)
        abort();
    return 0;
}

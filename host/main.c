/* SPDX-License-Identifier: Apache-2.0 */
/* The program: everything it does begins in stdlib/boot.lua. */
#include "../lua/runtime.h"

int main(int argc, char **argv)
{
    return lsqm_runtime_main(argc, argv);
}

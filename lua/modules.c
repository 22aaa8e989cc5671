/* SPDX-License-Identifier: Apache-2.0 */
/* The table of native modules, made from modules.def. */
#include "modules.h"

#define X(unit) int luaopen_lsqm_raw_##unit(lua_State *L);
#include "modules.def"
#undef X

const lsqm_module lsqm_modules[] = {
#define X(unit) {"lsqm.raw." #unit, luaopen_lsqm_raw_##unit},
#include "modules.def"
#undef X
    {0, 0},
};

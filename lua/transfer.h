/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries plain values between Lua states: nil, booleans, numbers, strings and tables of them.
 * Metatables are dropped but for the mark of std.json arrays (field __jsontype).
 */
#ifndef LSQM_TRANSFER_H
#define LSQM_TRANSFER_H

#include "../host/buffer.h"

#include <lua.h>

/* [-0, +0] Appends the value at `index`. LSQM_EINVAL with *what = the offending type's name, or
 * "nesting" for tables deeper than 100 levels (cycles end here). */
int lsqm_transfer_pack(lua_State *L, int index, lsqm_buffer *out, const char **what);

/* [-0, +1] Reads one value; may raise on memory exhaustion. The data must come from pack. */
void lsqm_transfer_unpack(lua_State *L, const char *data, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every binding needs: errors, the loop, and the one way to wait.
 *
 * A binding converts its arguments, calls one host function and converts the result. It never
 * resumes or yields a coroutine itself: await.c does. Stack effects are given as [-pop, +push].
 */
#ifndef LSQM_BINDING_H
#define LSQM_BINDING_H

#include "../host/error.h"

#include <lauxlib.h>
#include <lua.h>
#include <uv.h>

/* [-0, +1] an error table {message, code, op, …}, metatable "lsqm.error" (see std.error). */
void lsqm_push_error(lua_State *L, const lsqm_error *err);
/* [-0, +2] nil and the error table; returns 2, for `return lsqm_fail(L, &err)`. */
int lsqm_fail(lua_State *L, const lsqm_error *err);

/* The state's loop; the same one luv uses. */
uv_loop_t *lsqm_loop(lua_State *L);

/* --- waiting ------------------------------------------------------------------------------ */

typedef struct lsqm_op_type {
    /* [-0, +n] runs on the waiting coroutine after the wake; pushes the results; may raise. */
    int (*finish)(lua_State *L, void *op);
    /* Asks the host operation to end early. Its callback must still come and wake the op.
     * NULL: it cannot be hurried, the cancelled task waits for it. */
    void (*cancel)(void *op);
    /* Frees what the op owns; called once, when the wait is over (also if finish raised). */
    void (*dispose)(void *op);
} lsqm_op_type;

/* [-0, +1] zeroed memory of `size` bytes, on the stack as a userdata. It is pinned from await
 * until its wake, so the host's callback may hold the pointer. */
void *lsqm_op_new(lua_State *L, size_t size, const lsqm_op_type *type);

/* Waits for lsqm_op_wake(op) and returns what `finish` pushed. The op must be on the stack (any
 * slot). Tail call only: `return lsqm_op_await(L, op);`. In a cancelled task it raises the
 * error "cancelled" after the wake. */
int lsqm_op_await(lua_State *L, void *op);

/* Marks the op as finished. Called once per op, from the loop's thread; before the await is
 * fine too. No Lua code runs in here. */
void lsqm_op_wake(void *op);

/* Starting failed after lsqm_op_new: disposes of the op and pushes nil, err; returns 2. */
int lsqm_op_fail(lua_State *L, void *op, const lsqm_error *err);

/* --- argument helpers: [-0, +0], raise on misuse ------------------------------------------- */

/* Field `name` of the options table at `index`: default when nil, misuse when of another type. */
const char *lsqm_opt_string(lua_State *L, int index, const char *name, const char *def);
const char *lsqm_opt_lstring(lua_State *L, int index, const char *name, size_t *len);
lua_Number lsqm_opt_number(lua_State *L, int index, const char *name, lua_Number def);
lua_Integer lsqm_opt_integer(lua_State *L, int index, const char *name, lua_Integer def);
int lsqm_opt_boolean(lua_State *L, int index, const char *name, int def);
/* A required string field. */
const char *lsqm_need_string(lua_State *L, int index, const char *name);
/* [-0, +2] a required list of strings, left on the stack as the list and, as userdata, a
 * NULL-terminated array of its strings, which is returned. */
const char *const *lsqm_need_strings(lua_State *L, int index, const char *name);

#endif

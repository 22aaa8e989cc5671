/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Lua state with its loop, scheduler, native modules and the stdlib's entry point.
 *
 * One runtime per thread: the main one runs the program, worker threads make their own. This
 * header names no Lua type, so that host/main.c can include it.
 */
#ifndef LSQM_RUNTIME_H
#define LSQM_RUNTIME_H

#include "../host/error.h"

struct lua_State;
typedef struct lsqm_runtime lsqm_runtime;

/* Opens a state whose `std` is the one that belongs to this program. Returns NULL and err on
 * failure. The caller closes it. */
lsqm_runtime *lsqm_runtime_open(lsqm_error *err);
/* Closes the state, runs the loop until its handles are closed, frees all. NULL is fine. */
void lsqm_runtime_close(lsqm_runtime *rt);
/* Lives as long as the runtime. */
struct lua_State *lsqm_runtime_state(lsqm_runtime *rt);

/* Runs stdlib/boot.lua's main with the arguments as a task; returns the exit code. The first
 * SIGINT or SIGTERM cancels the task, the second ends the process. */
int lsqm_runtime_main(int argc, char **argv);

#endif

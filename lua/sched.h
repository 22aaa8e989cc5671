/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: tasks are coroutines, the loop wakes them, await.c resumes them.
 *
 * Callbacks of the loop never run Lua code: they mark an operation as finished and put its task
 * on the ready list. lsqm_sched_step runs what is ready, then turns the loop once. So Lua code is
 * never inside uv_run, and a wait in a place that cannot yield may drive the loop itself.
 *
 * Owner: one lsqm_sched per Lua state; freed by lsqm_sched_close after the state is closed.
 */
#ifndef LSQM_SCHED_H
#define LSQM_SCHED_H

#include <lua.h>
#include <uv.h>

typedef struct lsqm_sched lsqm_sched;
typedef struct lsqm_task lsqm_task;

/* Makes the scheduler of L over `loop` and registers it; NULL when memory is gone. */
lsqm_sched *lsqm_sched_open(lua_State *L, uv_loop_t *loop);
/* Frees the scheduler; its Lua state is closed already. */
void lsqm_sched_close(lsqm_sched *s);
/* The scheduler that belongs to L's state. */
lsqm_sched *lsqm_sched_of(lua_State *L);

/* [-(nargs+1), +1] a task userdata that will call the function; it starts at the next step. */
lsqm_task *lsqm_task_spawn(lua_State *L, int nargs);
/* Asks the task to end: what it waits for is cancelled and the wait raises, once. */
void lsqm_task_cancel(lsqm_task *task);
/* Whether its results are there. */
int lsqm_task_is_done(const lsqm_task *task);
/* [-0, +n] results of a finished task: true, values… or false, error. */
int lsqm_task_results(lua_State *L, lsqm_task *task);

/* Runs ready tasks, then turns the loop once (waiting for events if `block` and none is ready).
 * Returns 0 when nothing is left that could ever make progress. */
int lsqm_sched_step(lsqm_sched *s, int block);

/* [-0, +1] the task this code runs in; nil outside of tasks. */
void lsqm_task_push_current(lua_State *L);

/* For the signal handler: the thread that runs now (async-signal-safe read), and the mark that
 * its task has had its cancellation raised. */
lua_State *lsqm_sched_running(lsqm_sched *s);
void lsqm_sched_mark_interrupted(lua_State *L);

/* Who the next SIGINT or SIGTERM cancels, instead of the program's root task; forgets earlier
 * signals. The caller keeps the task alive. Main thread only (elsewhere it does nothing). */
void lsqm_runtime_foreground(lua_State *L, lsqm_task *task);

/* Message handler for protected calls: [-1, +1] any error value becomes an error table with
 * message, file, line and traceback. */
int lsqm_error_handler(lua_State *L);

#endif

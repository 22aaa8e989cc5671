/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One piece of CPU or blocking work on libuv's thread pool.
 *
 * `run` executes on a pool thread and may touch only what `user` owns; `done` is called exactly
 * once from the loop, never from inside the starting call. `user` stays the caller's.
 */
#ifndef LSQM_WORK_H
#define LSQM_WORK_H

#include "error.h"

#include <uv.h>

typedef struct lsqm_work lsqm_work;

typedef int (*lsqm_work_run)(void *user, lsqm_error *err);
/* status: what run returned, or LSQM_ECANCELLED when it never ran. */
typedef void (*lsqm_work_done)(void *user, int status, const lsqm_error *err);

/* Queues the work. On success *out (may be NULL) is valid until `done` was called. */
int lsqm_work_queue(uv_loop_t *loop, lsqm_work_run run, lsqm_work_done done, void *user,
                    lsqm_work **out, lsqm_error *err);

/* Takes work back that has not begun; `done` still comes, with LSQM_ECANCELLED. Work that runs
 * goes on to its end: let `run` look at a flag of its own where it can take long. */
void lsqm_work_cancel(lsqm_work *work);

#endif

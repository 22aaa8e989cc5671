/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A crew of threads that works through a numbered list of jobs.
 *
 * Each thread opens a context of its own (say, an interpreter), takes job after job until none is
 * left, and closes the context. The results are the caller's: `run` writes to the slot of its job
 * number, which no other thread touches; `done` comes from the loop when every thread has ended.
 */
#ifndef LSQM_CREW_H
#define LSQM_CREW_H

#include "error.h"

#include <stddef.h>
#include <uv.h>

typedef struct lsqm_crew lsqm_crew;

typedef struct lsqm_crew_work {
    void *(*open)(void *user, lsqm_error *err);        /* on the thread; NULL = failed */
    void (*run)(void *user, void *context, size_t job); /* on the thread */
    void (*close)(void *user, void *context);          /* on the thread; context not NULL */
    /* From the loop, once. status: LSQM_OK, LSQM_ECANCELLED, or what open reported. */
    void (*done)(void *user, int status, const lsqm_error *err);
    void *user;
    size_t jobs;
    unsigned threads; /* 0: one per core, never more than jobs */
} lsqm_crew_work;

/* Starts the threads. On success *out is valid until `done` was called. */
int lsqm_crew_start(uv_loop_t *loop, const lsqm_crew_work *work, lsqm_crew **out,
                    lsqm_error *err);

/* No new job is begun; running ones end normally; `done` comes with LSQM_ECANCELLED. */
void lsqm_crew_cancel(lsqm_crew *crew);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Threads over a shared job counter. See crew.h. */
#include "crew.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_THREADS = 64 };

struct lsqm_crew {
    lsqm_crew_work work;
    uv_async_t ended;      /* sent by the last thread */
    atomic_size_t next;    /* the next job's number */
    atomic_uint running;   /* threads that have not ended */
    atomic_int cancelled;
    uv_mutex_t lock;       /* guards status and err */
    int status;
    lsqm_error err;
    unsigned count;
    uv_thread_t threads[MAX_THREADS];
};

static void note_failure(lsqm_crew *crew, const lsqm_error *err)
{
    uv_mutex_lock(&crew->lock);
    if (crew->status == LSQM_OK) {
        crew->status = err->code ? err->code : LSQM_EINTERNAL;
        crew->err = *err;
    }
    uv_mutex_unlock(&crew->lock);
    atomic_store(&crew->cancelled, 1);
}

static void thread_main(void *arg)
{
    lsqm_crew *crew = arg;
    lsqm_error err;
    lsqm_error_clear(&err);
    void *context = crew->work.open(crew->work.user, &err);
    if (!context) {
        note_failure(crew, &err);
    } else {
        size_t job;
        while (!atomic_load(&crew->cancelled) &&
               (job = atomic_fetch_add(&crew->next, 1)) < crew->work.jobs)
            crew->work.run(crew->work.user, context, job);
        crew->work.close(crew->work.user, context);
    }
    if (atomic_fetch_sub(&crew->running, 1) == 1)
        uv_async_send(&crew->ended);
}

static void on_closed(uv_handle_t *handle)
{
    lsqm_crew *crew = handle->data;
    if (crew->status == LSQM_OK && atomic_load(&crew->cancelled))
        crew->status = lsqm_error_set(&crew->err, LSQM_ECANCELLED, "workers", NULL);
    crew->work.done(crew->work.user, crew->status, &crew->err);
    uv_mutex_destroy(&crew->lock);
    free(crew);
}

static void on_ended(uv_async_t *async)
{
    lsqm_crew *crew = async->data;
    for (unsigned i = 0; i < crew->count; i++)
        uv_thread_join(&crew->threads[i]);
    uv_close((uv_handle_t *)async, on_closed);
}

static unsigned thread_count(const lsqm_crew_work *work)
{
    size_t n = work->threads ? work->threads : uv_available_parallelism();
    if (n > work->jobs)
        n = work->jobs;
    if (n > MAX_THREADS)
        n = MAX_THREADS;
    return n ? (unsigned)n : 1;
}

int lsqm_crew_start(uv_loop_t *loop, const lsqm_crew_work *work, lsqm_crew **out,
                    lsqm_error *err)
{
    lsqm_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return lsqm_error_set(err, LSQM_ENOMEM, "workers", NULL);
    crew->work = *work;
    unsigned want = thread_count(work);
    uv_mutex_init(&crew->lock);
    uv_async_init(loop, &crew->ended, on_ended);
    crew->ended.data = crew;
    /* One more than the threads, given back below: no thread can be the last one before all
     * have been started. */
    atomic_store(&crew->running, want + 1);
    while (crew->count < want &&
           uv_thread_create(&crew->threads[crew->count], thread_main, crew) == 0)
        crew->count++;
    if (crew->count < want) {
        lsqm_error failed;
        lsqm_error_set(&failed, LSQM_EUNAVAILABLE, "workers", "cannot start a thread");
        if (crew->count == 0)
            note_failure(crew, &failed);
    }
    unsigned unused = want - crew->count + 1;
    if (atomic_fetch_sub(&crew->running, unused) == unused)
        uv_async_send(&crew->ended);
    *out = crew;
    return LSQM_OK;
}

void lsqm_crew_cancel(lsqm_crew *crew)
{
    atomic_store(&crew->cancelled, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Thread-pool jobs over uv_queue_work. See work.h. */
#include "work.h"

#include <stdlib.h>

struct lsqm_work {
    uv_work_t req;
    lsqm_work_run run;
    lsqm_work_done done;
    void *user;
    int status;
    lsqm_error err;
};

static void on_run(uv_work_t *req)
{
    lsqm_work *work = req->data;
    work->status = work->run(work->user, &work->err);
}

static void on_done(uv_work_t *req, int uv_status)
{
    lsqm_work *work = req->data;
    if (uv_status == UV_ECANCELED)
        work->status = lsqm_error_set(&work->err, LSQM_ECANCELLED, "work", NULL);
    work->done(work->user, work->status, &work->err);
    free(work);
}

int lsqm_work_queue(uv_loop_t *loop, lsqm_work_run run, lsqm_work_done done, void *user,
                    lsqm_work **out, lsqm_error *err)
{
    lsqm_work *work = calloc(1, sizeof *work);
    if (!work)
        return lsqm_error_set(err, LSQM_ENOMEM, "work", NULL);
    work->req.data = work;
    work->run = run;
    work->done = done;
    work->user = user;
    int rc = uv_queue_work(loop, &work->req, on_run, on_done);
    if (rc != 0) {
        free(work);
        return lsqm_error_set(err, LSQM_EINTERNAL, "work", "%s", uv_strerror(rc));
    }
    if (out)
        *out = work;
    return LSQM_OK;
}

void lsqm_work_cancel(lsqm_work *work)
{
    uv_cancel((uv_req_t *)&work->req);
}

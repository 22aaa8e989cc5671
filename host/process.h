/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program to its end on the loop: own session, time limit, bounded capture of its output.
 *
 * The child leads a process group of its own, so a signal reaches everything it started; what is
 * left of the group when the child has ended is killed. Nothing is inherited: the environment is
 * exactly the given one, descriptors 0-2 are the only open ones.
 */
#ifndef LSQM_PROCESS_H
#define LSQM_PROCESS_H

#include "buffer.h"
#include "error.h"

#include <uv.h>

#define LSQM_PROCESS_MAX_OUTPUT ((size_t)4 << 20)
#define LSQM_PROCESS_GRACE 5.0
#define LSQM_PROCESS_DRAIN 0.5

typedef struct lsqm_process lsqm_process;

enum { LSQM_PROCESS_STDOUT = 1, LSQM_PROCESS_STDERR = 2 };

typedef struct lsqm_process_stream {
    lsqm_buffer text;          /* all of it, or head + a line that tells the cut + tail */
    unsigned long long total;  /* bytes the program wrote */
    unsigned long long cut;    /* bytes missing in the middle of `text` */
} lsqm_process_stream;

typedef struct lsqm_process_result {
    int exit_code;  /* meaningless when signal != 0 */
    int signal;     /* that ended it, or 0 */
    int timed_out;  /* it was ended because its time was over */
    double duration; /* seconds */
    lsqm_process_stream out, err;
} lsqm_process_result;

/* Called once from the loop, after every handle of the process is closed. status is LSQM_OK
 * however the program ended, LSQM_ECANCELLED after a cancel, LSQM_ENOMEM when output was lost.
 * The result is freed after the call; detach its buffers to keep them. */
typedef void (*lsqm_process_done)(void *user, int status, lsqm_process_result *result,
                                  const lsqm_error *err);
/* Called from the loop for each piece of output as it comes, also for pieces that are cut. */
typedef void (*lsqm_process_output)(void *user, int stream, const char *data, size_t len);

typedef struct lsqm_process_options {
    const char *const *argv; /* NULL-terminated; [0] without a slash is looked up in env's PATH */
    const char *const *env;  /* "NAME=value", NULL-terminated; NULL = empty */
    const char *cwd;         /* NULL = ours */
    const void *input;       /* copied; NULL = /dev/null */
    size_t input_len;
    double timeout;          /* seconds; 0 = none */
    double grace;            /* seconds from SIGTERM to SIGKILL; 0 = LSQM_PROCESS_GRACE */
    double drain;            /* seconds to read on when others hold the pipes; 0 = default */
    size_t max_output;       /* per stream; 0 = LSQM_PROCESS_MAX_OUTPUT */
    int merge;               /* stderr goes where stdout goes, in the order it was written */
    int leave_group;         /* do not kill what the child leaves behind */
    lsqm_process_output on_output; /* may be NULL */
    lsqm_process_done done;
    void *user;
} lsqm_process_options;

/* Starts the program; the options are not needed afterwards. LSQM_ENOENT (no such program or
 * working directory), LSQM_EDENIED, …: `done` is not called then, and what the attempt took is
 * given back at the next turn of the loop. *out is valid until `done` returns. Sets SIGPIPE to
 * "ignored" where it still has its default. */
int lsqm_process_start(uv_loop_t *loop, const lsqm_process_options *options, lsqm_process **out,
                       lsqm_error *err);

/* Of the program itself, which is its group's, too. */
int lsqm_process_pid(const lsqm_process *p);

/* Adds what the stream has brought so far to *out (yours). */
int lsqm_process_peek(const lsqm_process *p, int stream, lsqm_buffer *out);

/* Sends a signal to the whole group. LSQM_ENOENT when the program has ended. */
int lsqm_process_signal(lsqm_process *p, int signum, lsqm_error *err);

/* SIGTERM, then SIGKILL after the grace; `done` comes with LSQM_ECANCELLED. */
void lsqm_process_cancel(lsqm_process *p);

/* Stops (1) or resumes (0) reading: the program blocks when its pipe is full. A cancel or the
 * time limit resumes. */
void lsqm_process_pause(lsqm_process *p, int paused);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process runner. One lsqm_process owns five handles (child, timer, three pipes); it ends in
 * steps: the child exits -> its pipes drain -> every handle closes -> `done`.
 *
 * The timer serves one purpose at a time: time limit, then grace, then drain.
 */
#include "process.h"

#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_CHUNK 65536
#define LAST_LOOK_MS 10

typedef struct output {
    uv_pipe_t pipe;
    int id;
    int open; /* not yet at its end */
    lsqm_capture capture;
} output;

struct lsqm_process {
    uv_loop_t *loop;
    uv_process_t child;
    uv_timer_t timer;
    uv_pipe_t input;
    output out, err;
    uv_write_t write;
    char *input_data;
    int handles; /* initialised and not yet closed */
    int started, exited, closing, paused;
    int lost_output, cancelled, timed_out, last_look, leave_group;
    double grace, drain;
    int pid;
    uint64_t begun;
    lsqm_process_result result;
    lsqm_process_output on_output;
    lsqm_process_done done;
    void *user;
    char chunk[READ_CHUNK];
};

static void on_timeout(uv_timer_t *timer);
static void on_grace(uv_timer_t *timer);
static void on_drain(uv_timer_t *timer);

static uint64_t to_ms(double seconds)
{
    if (seconds > 1e9)
        seconds = 1e9;
    double ms = seconds * 1000;
    return ms < 1 ? 1 : (uint64_t)ms;
}

static void free_process(lsqm_process *p)
{
    lsqm_buffer_free(&p->result.out.text);
    lsqm_buffer_free(&p->result.err.text);
    lsqm_capture_free(&p->out.capture);
    lsqm_capture_free(&p->err.capture);
    free(p->input_data);
    free(p);
}

static void take_output(output *from, lsqm_process_stream *to)
{
    to->total = from->capture.total;
    to->cut = lsqm_capture_take(&from->capture, &to->text);
}

static void complete(lsqm_process *p)
{
    lsqm_error err;
    lsqm_error_clear(&err);
    take_output(&p->out, &p->result.out);
    take_output(&p->err, &p->result.err);
    p->result.timed_out = p->timed_out;
    int status = LSQM_OK;
    if (p->cancelled)
        status = lsqm_error_set(&err, LSQM_ECANCELLED, "process", "cancelled");
    else if (p->lost_output || p->result.out.text.failed || p->result.err.text.failed)
        status = lsqm_error_set(&err, LSQM_ENOMEM, "process", "out of memory for its output");
    p->done(p->user, status, &p->result, &err);
}

static void on_closed(uv_handle_t *handle)
{
    lsqm_process *p = handle->data;
    if (--p->handles > 0)
        return;
    if (p->started)
        complete(p);
    free_process(p);
}

static void close_handle(void *handle)
{
    uv_handle_t *h = handle;
    /* No data: the handle was never initialised. */
    if (h->data && !uv_is_closing(h))
        uv_close(h, on_closed);
}

static void close_all(lsqm_process *p)
{
    if (p->closing)
        return;
    p->closing = 1;
    if (p->started && !p->leave_group)
        kill(-p->pid, SIGKILL);
    close_handle(&p->timer);
    close_handle(&p->input);
    close_handle(&p->out.pipe);
    close_handle(&p->err.pipe);
    close_handle(&p->child);
}

/* --- output ------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    lsqm_process *p = handle->data;
    *buf = uv_buf_init(p->chunk, sizeof p->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    lsqm_process *p = stream->data;
    output *o = stream == (uv_stream_t *)&p->out.pipe ? &p->out : &p->err;
    if (count > 0) {
        if (lsqm_capture_add(&o->capture, buf->base, (size_t)count) != LSQM_OK)
            p->lost_output = 1;
        if (p->on_output)
            p->on_output(p->user, o->id, buf->base, (size_t)count);
    } else if (count < 0) {
        o->open = 0;
        uv_read_stop(stream);
        if (p->exited && !p->out.open && !p->err.open)
            close_all(p);
    }
}

int lsqm_process_peek(const lsqm_process *p, int stream, lsqm_buffer *out)
{
    const output *o = stream == LSQM_PROCESS_STDERR ? &p->err : &p->out;
    return lsqm_capture_copy(&o->capture, out);
}

static void set_reading(lsqm_process *p, output *o)
{
    if (!o->open || p->closing)
        return;
    if (p->paused)
        uv_read_stop((uv_stream_t *)&o->pipe);
    else
        uv_read_start((uv_stream_t *)&o->pipe, on_alloc, on_read);
}

void lsqm_process_pause(lsqm_process *p, int paused)
{
    p->paused = paused && !p->cancelled && !p->timed_out;
    set_reading(p, &p->out);
    set_reading(p, &p->err);
}

/* --- ending ------------------------------------------------------------------------------- */

static void on_drain(uv_timer_t *timer)
{
    lsqm_process *p = timer->data;
    if (p->paused) {
        uv_timer_start(timer, on_drain, to_ms(p->drain), 0);
    } else if (!p->last_look) {
        /* When the loop was busy elsewhere this timer runs before the pipes were read: give the
         * poll one chance more, so that nothing written before the exit is lost. */
        p->last_look = 1;
        uv_timer_start(timer, on_drain, LAST_LOOK_MS, 0);
    } else {
        close_all(p);
    }
}

static void on_exit_child(uv_process_t *child, int64_t exit_status, int term_signal)
{
    lsqm_process *p = child->data;
    p->exited = 1;
    p->result.exit_code = (int)exit_status;
    p->result.signal = term_signal;
    p->result.duration = (double)(uv_hrtime() - p->begun) / 1e9;
    /* The group's number stays taken as long as it has a member, so this cannot hit another. */
    if (p->cancelled || p->timed_out)
        kill(-p->pid, SIGKILL);
    if (!p->out.open && !p->err.open)
        close_all(p);
    else
        uv_timer_start(&p->timer, on_drain, to_ms(p->drain), 0);
}

static void terminate(lsqm_process *p)
{
    kill(-p->pid, SIGTERM);
    /* A stopped process takes SIGTERM only once it goes on. */
    kill(-p->pid, SIGCONT);
    lsqm_process_pause(p, 0);
    uv_timer_start(&p->timer, on_grace, to_ms(p->grace), 0);
}

static void on_grace(uv_timer_t *timer)
{
    lsqm_process *p = timer->data;
    kill(-p->pid, SIGKILL);
}

static void on_timeout(uv_timer_t *timer)
{
    lsqm_process *p = timer->data;
    siginfo_t info;
    memset(&info, 0, sizeof info);
    /* It may have ended in time while the loop was busy elsewhere. */
    if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0)
        return;
    p->timed_out = 1;
    terminate(p);
}

void lsqm_process_cancel(lsqm_process *p)
{
    if (p->cancelled || p->closing)
        return;
    p->cancelled = 1;
    if (p->exited)
        close_all(p);
    else
        terminate(p);
}

int lsqm_process_signal(lsqm_process *p, int signum, lsqm_error *err)
{
    if (p->exited)
        return lsqm_error_set(err, LSQM_ENOENT, "process signal", "process %d has ended", p->pid);
    if (kill(-p->pid, signum) != 0)
        return lsqm_error_errno(err, errno, "process signal", "");
    return LSQM_OK;
}

int lsqm_process_pid(const lsqm_process *p)
{
    return p->pid;
}

/* --- starting ----------------------------------------------------------------------------- */

static void on_written(uv_write_t *req, int status)
{
    (void)status; /* a program need not read its input */
    lsqm_process *p = req->data;
    close_handle(&p->input);
}

static int init_pipe(lsqm_process *p, uv_pipe_t *pipe)
{
    int rc = uv_pipe_init(p->loop, pipe, 0);
    if (rc == 0) {
        pipe->data = p;
        p->handles++;
    }
    return rc;
}

/* Plain pipes, not libuv's socket pairs: a socket cannot be opened by the name /dev/stdout. */
static int make_pipe(lsqm_process *p, uv_pipe_t *pipe, int ours, int *theirs)
{
    uv_file fds[2];
    int rc = uv_pipe(fds, ours == 0 ? UV_NONBLOCK_PIPE : 0, ours == 1 ? UV_NONBLOCK_PIPE : 0);
    if (rc != 0)
        return rc;
    *theirs = fds[!ours];
    rc = init_pipe(p, pipe);
    if (rc == 0)
        rc = uv_pipe_open(pipe, fds[ours]);
    if (rc != 0)
        close(fds[ours]);
    return rc;
}

static int make_pipes(lsqm_process *p, const lsqm_process_options *o, int theirs[3])
{
    int rc = 0;
    if (o->input) {
        p->input_data = malloc(o->input_len + 1);
        if (!p->input_data)
            return UV_ENOMEM;
        memcpy(p->input_data, o->input, o->input_len);
        rc = make_pipe(p, &p->input, 1, &theirs[0]);
    }
    if (rc == 0)
        rc = make_pipe(p, &p->out.pipe, 0, &theirs[1]);
    if (rc == 0 && !o->merge)
        rc = make_pipe(p, &p->err.pipe, 0, &theirs[2]);
    return rc;
}

static int spawn(lsqm_process *p, const lsqm_process_options *o, const int theirs[3])
{
    static char *no_env[] = {NULL};
    uv_stdio_container_t stdio[3];
    memset(stdio, 0, sizeof stdio);
    for (int i = 0; i < 3; i++) {
        stdio[i].flags = theirs[i] < 0 ? UV_IGNORE : UV_INHERIT_FD;
        stdio[i].data.fd = theirs[i];
    }
    if (o->merge)
        stdio[2] = stdio[1];
    uv_process_options_t u;
    memset(&u, 0, sizeof u);
    u.exit_cb = on_exit_child;
    u.file = o->argv[0];
    /* libuv and exec do not write to these; their types only lack the const. */
    u.args = (char **)(uintptr_t)o->argv;
    u.env = o->env ? (char **)(uintptr_t)o->env : no_env;
    u.cwd = o->cwd;
    u.flags = UV_PROCESS_DETACHED;
    u.stdio_count = 3;
    u.stdio = stdio;
    p->begun = uv_hrtime();
    int rc = uv_spawn(p->loop, &p->child, &u);
    p->child.data = p;
    p->handles++; /* also when it failed: the handle then wants to be closed */
    p->pid = p->child.pid;
    return rc;
}

static int fail_start(int rc, const lsqm_process_options *o, lsqm_error *err)
{
    lsqm_error_errno(err, -rc, "process start", o->argv[0]);
    if (rc == UV_ENOENT)
        lsqm_error_set(err, LSQM_ENOENT, "process start", "program not found: %s", o->argv[0]);
    return err->code;
}

static int check(const lsqm_process_options *o, lsqm_error *err)
{
    struct stat st;
    if (!o->argv || !o->argv[0] || !*o->argv[0])
        return lsqm_error_set(err, LSQM_EINVAL, "process start", "empty command");
    if (o->cwd && stat(o->cwd, &st) != 0)
        return lsqm_error_errno(err, errno, "process start in", o->cwd);
    return LSQM_OK;
}

static void ignore_sigpipe(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        now.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &now, NULL);
    }
}

static lsqm_process *new_process(uv_loop_t *loop, const lsqm_process_options *o)
{
    lsqm_process *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    size_t max = o->max_output ? o->max_output : LSQM_PROCESS_MAX_OUTPUT;
    p->loop = loop;
    p->grace = o->grace > 0 ? o->grace : LSQM_PROCESS_GRACE;
    p->drain = o->drain > 0 ? o->drain : LSQM_PROCESS_DRAIN;
    p->leave_group = o->leave_group;
    p->on_output = o->on_output;
    p->done = o->done;
    p->user = o->user;
    p->out.id = LSQM_PROCESS_STDOUT;
    p->err.id = LSQM_PROCESS_STDERR;
    lsqm_capture_init(&p->out.capture, max);
    lsqm_capture_init(&p->err.capture, max);
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    p->handles = 1;
    return p;
}

static void begin(lsqm_process *p, const lsqm_process_options *o)
{
    p->started = 1;
    p->out.open = 1;
    p->err.open = !o->merge;
    lsqm_process_pause(p, 0);
    if (o->timeout > 0)
        uv_timer_start(&p->timer, on_timeout, to_ms(o->timeout), 0);
    if (!p->input_data)
        return;
    /* One uv_buf_t holds what fits an unsigned int; 4 GB of input from memory is misuse. */
    uv_buf_t buf = uv_buf_init(p->input_data, (unsigned)o->input_len);
    p->write.data = p;
    if (uv_write(&p->write, (uv_stream_t *)&p->input, &buf, 1, on_written) != 0)
        close_handle(&p->input);
}

int lsqm_process_start(uv_loop_t *loop, const lsqm_process_options *options, lsqm_process **out,
                       lsqm_error *err)
{
    int theirs[3] = {-1, -1, -1};
    if (check(options, err) != LSQM_OK)
        return err->code;
    lsqm_process *p = new_process(loop, options);
    if (!p)
        return lsqm_error_set(err, LSQM_ENOMEM, "process start", NULL);
    ignore_sigpipe();
    uv_update_time(loop);
    int rc = make_pipes(p, options, theirs);
    if (rc == 0)
        rc = spawn(p, options, theirs);
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    if (rc != 0) {
        close_all(p);
        return fail_start(rc, options, err);
    }
    begin(p, options);
    if (out)
        *out = p;
    return LSQM_OK;
}

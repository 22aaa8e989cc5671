/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.process: child processes.
 *
 * The host's callbacks hold a `box` on the heap, shared by the userdata and by every wait; the
 * last one to go frees it. A collected userdata kills its process.
 */
#include "../host/process.h"
#include "binding.h"
#include "modules.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PROCESS_TYPE "lsqm.process"
#define PENDING_MAX ((size_t)1 << 20)

int luaopen_lsqm_raw_process(lua_State *L);

typedef struct box box;

typedef struct wait_op {
    box *box;
    struct wait_op *next;
    int for_output;
} wait_op;

struct box {
    int refs; /* userdata, running process, waits */
    lsqm_process *p; /* NULL once it has ended */
    int pid, stream, unread; /* unread: nobody will read what is pending */
    wait_op *waits;
    lsqm_buffer pending[2];
    int status;
    lsqm_error err;
    lsqm_process_result result;
};

static void box_release(box *b)
{
    if (--b->refs > 0)
        return;
    lsqm_buffer_free(&b->pending[0]);
    lsqm_buffer_free(&b->pending[1]);
    lsqm_buffer_free(&b->result.out.text);
    lsqm_buffer_free(&b->result.err.text);
    free(b);
}

static void wake(box *b, int only_output)
{
    for (wait_op *w = b->waits; w; w = w->next)
        if (w->for_output || !only_output)
            lsqm_op_wake(w);
}

static void on_done(void *user, int status, lsqm_process_result *result, const lsqm_error *err)
{
    box *b = user;
    b->p = NULL;
    b->status = status;
    b->err = *err;
    b->result = *result;
    memset(&result->out.text, 0, sizeof result->out.text);
    memset(&result->err.text, 0, sizeof result->err.text);
    wake(b, 0);
    box_release(b);
}

static void on_output(void *user, int stream, const char *data, size_t len)
{
    box *b = user;
    if (b->unread)
        return;
    lsqm_buffer_add(&b->pending[stream == LSQM_PROCESS_STDERR], data, len);
    if (b->pending[0].len + b->pending[1].len > PENDING_MAX)
        lsqm_process_pause(b->p, 1);
    wake(b, 1);
}

static box *check_box(lua_State *L)
{
    return *(box **)luaL_checkudata(L, 1, PROCESS_TYPE);
}

/* --- starting ----------------------------------------------------------------------------- */

static void read_options(lua_State *L, lsqm_process_options *o)
{
    memset(o, 0, sizeof *o);
    o->argv = lsqm_need_strings(L, 1, "argv");
    o->env = lsqm_need_strings(L, 1, "env");
    o->cwd = lsqm_opt_string(L, 1, "cwd", NULL);
    o->input = lsqm_opt_lstring(L, 1, "stdin", &o->input_len);
    o->timeout = lsqm_opt_number(L, 1, "timeout", 0);
    o->grace = lsqm_opt_number(L, 1, "grace", 0);
    lua_Integer max = lsqm_opt_integer(L, 1, "max_output", 0);
    if (max < 0)
        luaL_error(L, "max_output must not be negative");
    o->max_output = (size_t)max;
    o->merge = lsqm_opt_boolean(L, 1, "merge", 0);
    o->leave_group = lsqm_opt_boolean(L, 1, "leave_group", 0);
    o->on_output = lsqm_opt_boolean(L, 1, "stream", 0) ? on_output : NULL;
    o->done = on_done;
}

/* start{argv, env, …} -> process | nil, err */
static int process_start(lua_State *L)
{
    lsqm_process_options o;
    lsqm_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    read_options(L, &o);
    box **slot = lua_newuserdatauv(L, sizeof *slot, 0);
    *slot = NULL;
    luaL_setmetatable(L, PROCESS_TYPE);
    box *b = calloc(1, sizeof *b);
    if (!b)
        return luaL_error(L, "out of memory");
    *slot = b;
    b->refs = 1;
    b->stream = o.on_output != NULL;
    o.user = b;
    lsqm_error_clear(&err);
    if (lsqm_process_start(lsqm_loop(L), &o, &b->p, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    b->refs++;
    b->pid = lsqm_process_pid(b->p);
    return 1;
}

/* --- results ------------------------------------------------------------------------------ */

static void push_buffer(lua_State *L, const lsqm_buffer *b, const char *field)
{
    lua_pushlstring(L, b->data ? b->data : "", b->len);
    lua_setfield(L, -2, field);
}

static int push_result(lua_State *L, const box *b)
{
    const lsqm_process_result *r = &b->result;
    unsigned long long cut = r->out.cut + r->err.cut;
    if (b->status != LSQM_OK)
        return lsqm_fail(L, &b->err);
    lua_createtable(L, 0, 8);
    /* as shells say it, so that `code == 0` alone means success */
    lua_pushinteger(L, r->signal ? 128 + r->signal : r->exit_code);
    lua_setfield(L, -2, "code");
    if (r->signal) {
        lua_pushinteger(L, r->signal);
        lua_setfield(L, -2, "signal");
    }
    lua_pushboolean(L, r->timed_out);
    lua_setfield(L, -2, "timed_out");
    lua_pushnumber(L, r->duration);
    lua_setfield(L, -2, "duration");
    if (cut)
        lua_pushinteger(L, (lua_Integer)cut);
    else
        lua_pushboolean(L, 0);
    lua_setfield(L, -2, "truncated");
    push_buffer(L, &r->out.text, "stdout");
    push_buffer(L, &r->err.text, "stderr");
    return 1;
}

/* --- waiting ------------------------------------------------------------------------------ */

static int push_pending(lua_State *L, box *b)
{
    for (int i = 0; i < 2; i++) {
        lsqm_buffer *from = &b->pending[i];
        if (from->len == 0)
            continue;
        lua_pushstring(L, i ? "stderr" : "stdout");
        lua_pushlstring(L, from->data, from->len);
        lsqm_buffer_clear(from);
        if (b->p)
            lsqm_process_pause(b->p, 0);
        return 2;
    }
    return 0;
}

/* A second reader may have been faster: `false` then, and std.process asks again. */
static int read_finish(lua_State *L, box *b)
{
    int n = push_pending(L, b);
    if (n)
        return n;
    if (b->p)
        lua_pushboolean(L, 0);
    else
        lua_pushnil(L);
    return 1;
}

static int wait_finish(lua_State *L, void *op)
{
    wait_op *w = op;
    return w->for_output ? read_finish(L, w->box) : push_result(L, w->box);
}

static void wait_cancel(void *op)
{
    lsqm_op_wake(op);
}

static void wait_dispose(void *op)
{
    wait_op *w = op;
    if (!w->box)
        return;
    for (wait_op **at = &w->box->waits; *at; at = &(*at)->next) {
        if (*at == w) {
            *at = w->next;
            break;
        }
    }
    box_release(w->box);
    w->box = NULL;
}

static const lsqm_op_type wait_type = {wait_finish, wait_cancel, wait_dispose};

static int await_box(lua_State *L, box *b, int for_output)
{
    wait_op *w = lsqm_op_new(L, sizeof *w, &wait_type);
    w->box = b;
    w->for_output = for_output;
    w->next = b->waits;
    b->waits = w;
    b->refs++;
    return lsqm_op_await(L, w);
}

/* p:wait() -> result | nil, err */
static int process_wait(lua_State *L)
{
    box *b = check_box(L);
    return b->p ? await_box(L, b, 0) : push_result(L, b);
}

/* p:read() -> "stdout" | "stderr", text; nil at the end; false: ask again */
static int process_read(lua_State *L)
{
    box *b = check_box(L);
    if (!b->p || b->pending[0].len || b->pending[1].len)
        return read_finish(L, b);
    return await_box(L, b, 1);
}

/* --- the rest ----------------------------------------------------------------------------- */

/* p:poll() -> result | nil (runs) | nil, err */
static int process_poll(lua_State *L)
{
    box *b = check_box(L);
    if (!b->p)
        return push_result(L, b);
    lua_pushnil(L);
    return 1;
}

/* p:output() -> stdout, stderr so far */
static int process_output(lua_State *L)
{
    box *b = check_box(L);
    const lsqm_buffer *ended[2] = {&b->result.out.text, &b->result.err.text};
    for (int i = 0; i < 2; i++) {
        if (!b->p) {
            lua_pushlstring(L, ended[i]->data ? ended[i]->data : "", ended[i]->len);
            continue;
        }
        lsqm_buffer text = LSQM_BUFFER_INIT;
        lsqm_process_peek(b->p, i ? LSQM_PROCESS_STDERR : LSQM_PROCESS_STDOUT, &text);
        lua_pushlstring(L, text.data ? text.data : "", text.len);
        lsqm_buffer_free(&text);
    }
    return 2;
}

static int process_signal(lua_State *L)
{
    box *b = check_box(L);
    int signum = (int)luaL_checkinteger(L, 2);
    lsqm_error err;
    lsqm_error_clear(&err);
    if (!b->p)
        lsqm_error_set(&err, LSQM_ENOENT, "process signal", "process %d has ended", b->pid);
    else if (lsqm_process_signal(b->p, signum, &err) == LSQM_OK)
        return lua_pushboolean(L, 1), 1;
    return lsqm_fail(L, &err);
}

/* p:cancel(): begins the end; wait() tells when it has come */
static int process_cancel(lua_State *L)
{
    box *b = check_box(L);
    b->unread = 1;
    if (b->p)
        lsqm_process_cancel(b->p);
    return 0;
}

static int process_pid(lua_State *L)
{
    lua_pushinteger(L, check_box(L)->pid);
    return 1;
}

static int process_gc(lua_State *L)
{
    box **slot = luaL_checkudata(L, 1, PROCESS_TYPE);
    box *b = *slot;
    lsqm_error err;
    *slot = NULL;
    if (!b)
        return 0;
    b->unread = 1;
    if (b->p) {
        lsqm_process_signal(b->p, SIGKILL, &err);
        lsqm_process_cancel(b->p);
    }
    box_release(b);
    return 0;
}

static const luaL_Reg methods[] = {
    {"cancel", process_cancel},
    {"output", process_output},
    {"pid", process_pid},
    {"poll", process_poll},
    {"read", process_read},
    {"signal", process_signal},
    {"wait", process_wait},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"start", process_start},
    {NULL, NULL},
};

int luaopen_lsqm_raw_process(lua_State *L)
{
    luaL_newmetatable(L, PROCESS_TYPE);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, process_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

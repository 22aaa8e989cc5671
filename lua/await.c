/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks and the one yield/resume pair.
 *
 * lsqm_op_await is the only place that yields, resume_task the only one that resumes. An op is a
 * userdata: header here, the binding's part behind it. It is pinned in the registry from await to
 * wake, because the host's callback holds its address.
 */
#include "binding.h"
#include "sched.h"

#include <stdlib.h>
#include <string.h>

#define TASK_TYPE "lsqm.task"
#define OP_TYPE "lsqm.op"

static const char sched_key;

typedef struct op_header {
    const lsqm_op_type *type;
    lsqm_sched *sched;
    lsqm_task *task; /* who waits, while it waits */
    int pin;         /* registry reference, LUA_NOREF when not pinned */
    unsigned char woken, disposed;
} op_header;

/* The binding's part must be aligned for any type. */
#define HEADER_SIZE ((sizeof(op_header) + 15) & ~(size_t)15)

static op_header *header_of(void *op)
{
    return (op_header *)((char *)op - HEADER_SIZE);
}

static void *body_of(op_header *h)
{
    return (char *)h + HEADER_SIZE;
}

struct lsqm_task {
    lsqm_sched *sched;
    lua_State *co;
    int pin; /* the userdata, while the task lives */
    op_header *waiting;
    op_header *joiners[8]; /* who waits for the end; more than this is misuse */
    lsqm_task *next_ready;
    unsigned char ready, started, done, failed;
    unsigned char cancel_asked, cancel_raised;
    int nargs;    /* arguments on co before the start */
    int nresults; /* results on co after the end */
};

struct lsqm_sched {
    lua_State *L;
    uv_loop_t *loop;
    lsqm_task *ready_head, *ready_tail;
    lua_State *volatile running;
    int in_loop;
    int alive; /* tasks that are not done */
};

/* --- scheduler ---------------------------------------------------------------------------- */

lsqm_sched *lsqm_sched_of(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &sched_key);
    lsqm_sched *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
}

uv_loop_t *lsqm_loop(lua_State *L)
{
    return lsqm_sched_of(L)->loop;
}

lua_State *lsqm_sched_running(lsqm_sched *s)
{
    return s->running;
}

static lsqm_task *task_of(lua_State *L)
{
    return *(lsqm_task **)lua_getextraspace(L);
}

static void make_ready(lsqm_task *task)
{
    if (task->ready || task->done)
        return;
    lsqm_sched *s = task->sched;
    task->ready = 1;
    task->next_ready = NULL;
    if (s->ready_tail)
        s->ready_tail->next_ready = task;
    else
        s->ready_head = task;
    s->ready_tail = task;
}

static lsqm_task *take_ready(lsqm_sched *s)
{
    lsqm_task *task = s->ready_head;
    if (!task)
        return NULL;
    s->ready_head = task->next_ready;
    if (!s->ready_head)
        s->ready_tail = NULL;
    task->ready = 0;
    return task;
}

static int task_body_end(lua_State *L, int status, lua_KContext ctx)
{
    lsqm_task *task = (lsqm_task *)ctx;
    task->failed = status != LUA_OK && status != LUA_YIELD;
    return lua_gettop(L) - 1; /* slot 1 holds the message handler */
}

/* The protected call is inside the coroutine, so that <close> variables may wait while an error
 * unwinds. */
static int task_body(lua_State *L)
{
    lsqm_task *task = task_of(L);
    lua_pushcfunction(L, lsqm_error_handler);
    lua_insert(L, 1);
    int status = lua_pcallk(L, task->nargs, LUA_MULTRET, 1, (lua_KContext)task, task_body_end);
    return task_body_end(L, status, (lua_KContext)task);
}

static void end_task(lsqm_task *task, int nresults)
{
    task->done = 1;
    task->nresults = nresults;
    task->sched->alive--;
    for (size_t i = 0; i < sizeof task->joiners / sizeof task->joiners[0]; i++)
        if (task->joiners[i])
            lsqm_op_wake(body_of(task->joiners[i]));
    luaL_unref(task->sched->L, LUA_REGISTRYINDEX, task->pin);
    task->pin = LUA_NOREF;
}

static void foreign_yield(lsqm_task *task)
{
    lua_State *co = task->co;
    lua_settop(co, 0);
    luaL_traceback(co, co, "a task yielded outside of a waiting call: use std.parallel instead of "
                           "coroutine.yield", 0);
    task->failed = 1;
    end_task(task, 1);
}

static void resume_task(lsqm_sched *s, lsqm_task *task)
{
    lua_State *before = s->running;
    int nres = 0;
    int nargs = task->started ? 0 : task->nargs + 1;
    task->started = 1;
    s->running = task->co;
    int status = lua_resume(task->co, s->L, nargs, &nres);
    s->running = before;
    if (status == LUA_YIELD) {
        if (!task->waiting)
            foreign_yield(task);
        return;
    }
    if (status != LUA_OK) /* only memory errors get past task_body */
        task->failed = 1, nres = 1;
    end_task(task, nres);
}

int lsqm_sched_step(lsqm_sched *s, int block)
{
    lsqm_task *task;
    int ran = 0;
    for (int budget = 256; budget > 0 && (task = take_ready(s)) != NULL; budget--) {
        ran = 1;
        resume_task(s, task);
    }
#ifdef LSQM_GCSTRESS
    lua_gc(s->L, LUA_GCCOLLECT);
#endif
    s->in_loop = 1;
    int active = uv_run(s->loop, (ran || s->ready_head || !block) ? UV_RUN_NOWAIT : UV_RUN_ONCE);
    s->in_loop = 0;
    return ran || active || s->ready_head != NULL;
}

/* --- operations --------------------------------------------------------------------------- */

static void dispose(op_header *h)
{
    if (h->disposed)
        return;
    h->disposed = 1;
    if (h->type->dispose)
        h->type->dispose(body_of(h));
}

static int op_gc(lua_State *L)
{
    dispose(lua_touserdata(L, 1));
    return 0;
}

void *lsqm_op_new(lua_State *L, size_t size, const lsqm_op_type *type)
{
    op_header *h = lua_newuserdatauv(L, HEADER_SIZE + size, 0);
    memset(h, 0, HEADER_SIZE + size);
    h->type = type;
    h->sched = lsqm_sched_of(L);
    h->pin = LUA_NOREF;
    luaL_setmetatable(L, OP_TYPE);
    return body_of(h);
}

void lsqm_op_wake(void *op)
{
    op_header *h = header_of(op);
    h->woken = 1;
    if (h->task)
        make_ready(h->task);
}

int lsqm_op_fail(lua_State *L, void *op, const lsqm_error *err)
{
    dispose(header_of(op));
    return lsqm_fail(L, err);
}

static void pin_op(lua_State *L, op_header *h)
{
    for (int i = lua_gettop(L); i > 0; i--) {
        if (lua_touserdata(L, i) == (void *)h) {
            lua_pushvalue(L, i);
            h->pin = luaL_ref(L, LUA_REGISTRYINDEX);
            return;
        }
    }
    luaL_error(L, "internal: the operation to wait for is not on the stack");
}

static int raise_cancelled(lua_State *L, lsqm_task *task)
{
    lsqm_error err;
    task->cancel_raised = 1;
    lsqm_error_set(&err, LSQM_ECANCELLED, "", "cancelled");
    lsqm_push_error(L, &err);
    return lua_error(L);
}

static int finish_op(lua_State *L, op_header *h)
{
    lsqm_task *task = h->task;
    h->task = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, h->pin);
    h->pin = LUA_NOREF;
    if (task) {
        task->waiting = NULL;
        if (task->cancel_asked && !task->cancel_raised) {
            dispose(h);
            return raise_cancelled(L, task);
        }
    }
    int top = lua_gettop(L);
    int n = h->type->finish ? h->type->finish(L, body_of(h)) : 0;
    if (n > lua_gettop(L) - top)
        n = lua_gettop(L) - top;
    dispose(h);
    return n;
}

static int await_k(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    return finish_op(L, (op_header *)ctx);
}

/* Waits where no yield is possible: main chunk, REPL, metamethods, sort callbacks. */
static int drive_until_woken(lua_State *L, op_header *h)
{
    lsqm_sched *s = h->sched;
    if (s->in_loop)
        return luaL_error(L, "cannot wait inside an event callback: start a task with "
                             "parallel.spawn there");
    while (!h->woken)
        if (!lsqm_sched_step(s, 1) && !h->woken)
            return luaL_error(L, "deadlock: nothing is left that could end this wait");
    return finish_op(L, h);
}

int lsqm_op_await(lua_State *L, void *op)
{
    op_header *h = header_of(op);
    lsqm_task *task = task_of(L);
    pin_op(L, h);
    if (!task || !lua_isyieldable(L))
        return drive_until_woken(L, h);
    h->task = task;
    task->waiting = h;
    if (h->woken)
        make_ready(task);
    else if (task->cancel_asked && !task->cancel_raised && h->type->cancel)
        h->type->cancel(op);
    return lua_yieldk(L, 0, (lua_KContext)h, await_k);
}

/* --- tasks -------------------------------------------------------------------------------- */

static int task_gc(lua_State *L)
{
    lsqm_task *task = lua_touserdata(L, 1);
    if (!task->done)
        task->sched->alive--;
    task->done = 1;
    return 0;
}

lsqm_task *lsqm_task_spawn(lua_State *L, int nargs)
{
    lsqm_sched *s = lsqm_sched_of(L);
    lsqm_task *task = lua_newuserdatauv(L, sizeof *task, 1); /* fn args… task */
    memset(task, 0, sizeof *task);
    task->sched = s;
    task->pin = LUA_NOREF;
    task->done = 1; /* safe to collect until it is complete */
    luaL_setmetatable(L, TASK_TYPE);
    lua_State *co = lua_newthread(L);
    lua_setiuservalue(L, -2, 1);
    task->co = co;
    task->nargs = nargs;
    *(lsqm_task **)lua_getextraspace(co) = task;
    lua_pushvalue(L, -1);
    task->pin = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_insert(L, -(nargs + 2)); /* task fn args… */
    lua_pushcfunction(co, task_body);
    lua_xmove(L, co, nargs + 1);
    task->done = 0;
    s->alive++;
    make_ready(task);
    return task;
}

void lsqm_task_cancel(lsqm_task *task)
{
    if (task->done || task->cancel_asked)
        return;
    task->cancel_asked = 1;
    op_header *h = task->waiting;
    if (h && !h->woken && h->type->cancel)
        h->type->cancel(body_of(h));
}

int lsqm_task_is_done(const lsqm_task *task)
{
    return task->done;
}

int lsqm_task_results(lua_State *L, lsqm_task *task)
{
    lua_State *co = task->co;
    int n = task->nresults;
    luaL_checkstack(L, n + 1, "too many results");
    lua_pushboolean(L, !task->failed);
    int first = lua_gettop(co) - n + 1;
    for (int i = 0; i < n; i++)
        lua_pushvalue(co, first + i);
    lua_xmove(co, L, n);
    return n + 1;
}

void lsqm_task_push_current(lua_State *L)
{
    lsqm_task *task = task_of(L);
    if (task && task->pin != LUA_NOREF)
        lua_rawgeti(L, LUA_REGISTRYINDEX, task->pin);
    else
        lua_pushnil(L);
}

void lsqm_sched_mark_interrupted(lua_State *L)
{
    lsqm_task *task = task_of(L);
    if (task)
        task->cancel_asked = task->cancel_raised = 1;
}

/* join: an operation that the end of the task wakes. */
typedef struct join_op {
    lsqm_task *task;
    int slot;
} join_op;

static int join_finish(lua_State *L, void *op)
{
    join_op *j = op;
    if (!j->task->done)
        return 0; /* only a cancelled waiter gets here, and it raises */
    return lsqm_task_results(L, j->task);
}

static void join_cancel(void *op)
{
    lsqm_op_wake(op);
}

static void join_dispose(void *op)
{
    join_op *j = op;
    if (j->task)
        j->task->joiners[j->slot] = NULL;
}

static const lsqm_op_type join_type = {join_finish, join_cancel, join_dispose};

static int task_join(lua_State *L)
{
    lsqm_task *task = luaL_checkudata(L, 1, TASK_TYPE);
    if (task->done)
        return lsqm_task_results(L, task);
    luaL_argcheck(L, task != task_of(L), 1, "a task cannot wait for itself");
    size_t slots = sizeof task->joiners / sizeof task->joiners[0], slot = 0;
    while (slot < slots && task->joiners[slot])
        slot++;
    luaL_argcheck(L, slot < slots, 1, "too many tasks wait for this one");
    join_op *j = lsqm_op_new(L, sizeof *j, &join_type);
    j->task = task;
    j->slot = (int)slot;
    task->joiners[slot] = header_of(j);
    return lsqm_op_await(L, j);
}

static int task_cancel(lua_State *L)
{
    lsqm_task_cancel(luaL_checkudata(L, 1, TASK_TYPE));
    return 0;
}

static int task_status(lua_State *L)
{
    lsqm_task *task = luaL_checkudata(L, 1, TASK_TYPE);
    lua_pushstring(L, task->done ? (task->failed ? "failed" : "done")
                                 : (task->started ? "running" : "new"));
    return 1;
}

static int task_is_cancelled(lua_State *L)
{
    lsqm_task *task = luaL_checkudata(L, 1, TASK_TYPE);
    lua_pushboolean(L, task->cancel_asked);
    return 1;
}

static const luaL_Reg task_methods[] = {
    {"cancel", task_cancel},
    {"is_cancelled", task_is_cancelled},
    {"join", task_join},
    {"status", task_status},
    {NULL, NULL},
};

static void new_type(lua_State *L, const char *name, lua_CFunction gc)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
}

lsqm_sched *lsqm_sched_open(lua_State *L, uv_loop_t *loop)
{
    lsqm_sched *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->L = L;
    s->loop = loop;
    s->running = L;
    *(lsqm_task **)lua_getextraspace(L) = NULL;
    lua_pushlightuserdata(L, s);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &sched_key);
    new_type(L, OP_TYPE, op_gc);
    lua_pop(L, 1);
    new_type(L, TASK_TYPE, task_gc);
    luaL_newlib(L, task_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    return s;
}

void lsqm_sched_close(lsqm_sched *s)
{
    free(s);
}

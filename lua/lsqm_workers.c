/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.workers: Lua functions on threads, each thread with a Lua state of its own.
 *
 * Items and results cross as flat buffers (transfer.h). A thread's state lives for one map call.
 */
#include "../host/crew.h"
#include "binding.h"
#include "modules.h"
#include "runtime.h"
#include "sched.h"
#include "transfer.h"

#include <stdlib.h>
#include <string.h>

int luaopen_lsqm_raw_workers(lua_State *L);

/* Owned by the op until the crew has ended; slots are written by one thread each. */
typedef struct map_op {
    lsqm_crew *crew;
    char *module, *function;
    lsqm_buffer *items, *results;
    size_t count;
    int status;
    lsqm_error err;
} map_op;

/* --- on the worker thread ------------------------------------------------------------------ */

static void *worker_open(void *user, lsqm_error *err)
{
    (void)user;
    return lsqm_runtime_open(err);
}

static void worker_close(void *user, void *context)
{
    (void)user;
    lsqm_runtime_close(context);
}

/* Arguments: map_op, item buffer. Runs as a task body, so the function may wait. */
static int call_function(lua_State *L)
{
    map_op *m = lua_touserdata(L, 1);
    const lsqm_buffer *item = lua_touserdata(L, 2);
    lua_settop(L, 0);
    lua_getglobal(L, "require");
    lua_pushstring(L, m->module);
    lua_call(L, 1, 1);
    if (!lua_istable(L, 1))
        return luaL_error(L, "module '%s' is not a table", m->module);
    if (lua_getfield(L, 1, m->function) != LUA_TFUNCTION)
        return luaL_error(L, "module '%s' has no function '%s'", m->module, m->function);
    lsqm_transfer_unpack(L, item->data, item->len);
    lua_call(L, 1, 1);
    return 1;
}

/* [-0, +1] {ok=, value=|err=} from the task's results. */
static void push_outcome(lua_State *L, lsqm_task *task)
{
    lua_createtable(L, 0, 2);
    int outcome = lua_gettop(L);
    int n = lsqm_task_results(L, task);
    int ok = lua_toboolean(L, outcome + 1);
    if (n < 2)
        lua_pushnil(L);
    lua_pushvalue(L, outcome + 2);
    lua_setfield(L, outcome, ok ? "value" : "err");
    lua_pushboolean(L, ok);
    lua_setfield(L, outcome, "ok");
    lua_settop(L, outcome);
}

static int run_protected(lua_State *L)
{
    map_op *m = lua_touserdata(L, 1);
    size_t job = (size_t)lua_tointeger(L, 2);
    lua_pushcfunction(L, call_function);
    lua_pushlightuserdata(L, m);
    lua_pushlightuserdata(L, &m->items[job]);
    lsqm_task *task = lsqm_task_spawn(L, 2);
    while (!lsqm_task_is_done(task))
        if (!lsqm_sched_step(lsqm_sched_of(L), 1) && !lsqm_task_is_done(task))
            return luaL_error(L, "deadlock in a worker");
    push_outcome(L, task);
    const char *what;
    if (lsqm_transfer_pack(L, -1, &m->results[job], &what) != LSQM_OK) {
        lsqm_buffer_clear(&m->results[job]);
        return luaL_error(L, "%s.%s returned a value that cannot leave its thread: %s", m->module,
                          m->function, what ? what : "out of memory");
    }
    return 0;
}

static void worker_run(void *user, void *context, size_t job)
{
    map_op *m = user;
    lua_State *L = lsqm_runtime_state(context);
    const char *what;
    lua_settop(L, 0);
    lua_pushcfunction(L, run_protected);
    lua_pushlightuserdata(L, m);
    lua_pushinteger(L, (lua_Integer)job);
    if (lua_pcall(L, 2, 0, 0) == LUA_OK)
        return;
    lua_createtable(L, 0, 2);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "ok");
    lua_createtable(L, 0, 1);
    luaL_tolstring(L, 1, NULL);
    lua_setfield(L, -2, "message");
    lua_setfield(L, -2, "err");
    lsqm_transfer_pack(L, -1, &m->results[job], &what);
}

/* --- on the caller's thread ----------------------------------------------------------------- */

static void on_done(void *user, int status, const lsqm_error *err)
{
    map_op *m = user;
    m->crew = NULL;
    m->status = status;
    m->err = *err;
    lsqm_op_wake(m);
}

static int map_finish(lua_State *L, void *op)
{
    map_op *m = op;
    if (m->status != LSQM_OK)
        return lsqm_fail(L, &m->err);
    lua_createtable(L, (int)m->count, 0);
    for (size_t i = 0; i < m->count; i++) {
        lsqm_transfer_unpack(L, m->results[i].data, m->results[i].len);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static void map_cancel(void *op)
{
    map_op *m = op;
    if (m->crew)
        lsqm_crew_cancel(m->crew);
}

static void map_dispose(void *op)
{
    map_op *m = op;
    for (size_t i = 0; i < m->count; i++) {
        lsqm_buffer_free(&m->items[i]);
        lsqm_buffer_free(&m->results[i]);
    }
    free(m->items);
    free(m->results);
    free(m->module);
    free(m->function);
}

static const lsqm_op_type map_type = {map_finish, map_cancel, map_dispose};

static void pack_items(lua_State *L, map_op *m, size_t count)
{
    m->items = calloc(count ? count : 1, sizeof *m->items);
    m->results = calloc(count ? count : 1, sizeof *m->results);
    if (!m->items || !m->results)
        luaL_error(L, "out of memory");
    m->count = count;
    for (size_t i = 0; i < count; i++) {
        const char *what;
        lua_rawgeti(L, 3, (lua_Integer)i + 1);
        if (lsqm_transfer_pack(L, -1, &m->items[i], &what) != LSQM_OK)
            luaL_error(L, "item %d cannot be given to a worker: %s", (int)i + 1,
                       what ? what : "out of memory");
        lua_pop(L, 1);
    }
}

/* map(module, function, items, threads) -> {{ok=, value=|err=}…} | nil, err */
static int workers_map(lua_State *L)
{
    const char *module = luaL_checkstring(L, 1);
    const char *function = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_Integer threads = luaL_checkinteger(L, 4);
    luaL_argcheck(L, threads >= 0 && threads <= 64, 4, "between 0 and 64 threads");
    map_op *m = lsqm_op_new(L, sizeof *m, &map_type);
    m->module = strdup(module);
    m->function = strdup(function);
    pack_items(L, m, (size_t)lua_rawlen(L, 3));
    lsqm_crew_work work = {worker_open, worker_run, worker_close, on_done, m,
                           m->count, (unsigned)threads};
    lsqm_error err;
    if (lsqm_crew_start(lsqm_loop(L), &work, &m->crew, &err) != LSQM_OK)
        return lsqm_op_fail(L, m, &err);
    return lsqm_op_await(L, m);
}

static const luaL_Reg functions[] = {
    {"map", workers_map},
    {NULL, NULL},
};

int luaopen_lsqm_raw_workers(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

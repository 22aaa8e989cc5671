/* SPDX-License-Identifier: Apache-2.0 */
/* lsqm.raw.sched: tasks and sleeping, for std.parallel. */
#include "binding.h"
#include "modules.h"
#include "sched.h"

#include <math.h>
#include <stdlib.h>

int luaopen_lsqm_raw_sched(lua_State *L);

/* spawn(fn, ...) -> task */
static int sched_spawn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lsqm_task_spawn(L, lua_gettop(L) - 1);
    return 1;
}

/* current() -> task | nil */
static int sched_current(lua_State *L)
{
    lsqm_task_push_current(L);
    return 1;
}

/* foreground(task): the task that Ctrl-C cancels from now on; kept alive here */
static int sched_foreground(lua_State *L)
{
    lsqm_task *task = luaL_checkudata(L, 1, "lsqm.task");
    lua_settop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "lsqm.foreground");
    lsqm_runtime_foreground(L, task);
    return 0;
}

/* The timer outlives the op when the wait is cancelled: it is freed by its close callback. */
typedef struct sleep_op {
    uv_timer_t *timer;
} sleep_op;

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_timer(uv_timer_t *timer)
{
    lsqm_op_wake(timer->data);
}

static void sleep_cancel(void *op)
{
    lsqm_op_wake(op);
}

static void sleep_dispose(void *op)
{
    sleep_op *o = op;
    if (!o->timer)
        return;
    uv_timer_stop(o->timer);
    uv_close((uv_handle_t *)o->timer, on_timer_closed);
    o->timer = NULL;
}

static const lsqm_op_type sleep_type = {NULL, sleep_cancel, sleep_dispose};

/* sleep(seconds) */
static int sched_sleep(lua_State *L)
{
    lua_Number seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 1, "seconds between 0 and 1e9 expected");
    sleep_op *o = lsqm_op_new(L, sizeof *o, &sleep_type);
    uv_timer_t *timer = malloc(sizeof *timer);
    if (!timer)
        return luaL_error(L, "out of memory");
    uv_timer_init(lsqm_loop(L), timer);
    timer->data = o;
    o->timer = timer;
    uv_update_time(lsqm_loop(L));
    uv_timer_start(timer, on_timer, (uint64_t)ceil(seconds * 1000), 0);
    return lsqm_op_await(L, o);
}

/* An event: tasks wait for it, set() wakes all of them; it stays set. */
#define EVENT_TYPE "lsqm.event"

typedef struct wait_op {
    struct event *event;
    struct wait_op *next;
} wait_op;

typedef struct event {
    wait_op *waiting;
    int set;
} event;

static void unlink_wait(wait_op *w)
{
    for (wait_op **at = &w->event->waiting; *at; at = &(*at)->next) {
        if (*at == w) {
            *at = w->next;
            return;
        }
    }
}

static int wait_finish(lua_State *L, void *op)
{
    wait_op *w = op;
    lua_pushboolean(L, w->event->set);
    return 1;
}

static void wait_dispose(void *op)
{
    unlink_wait(op);
}

static const lsqm_op_type wait_type = {wait_finish, sleep_cancel, wait_dispose};

static int event_new(lua_State *L)
{
    event *e = lua_newuserdatauv(L, sizeof *e, 0);
    *e = (event){NULL, 0};
    luaL_setmetatable(L, EVENT_TYPE);
    return 1;
}

static int event_wait(lua_State *L)
{
    event *e = luaL_checkudata(L, 1, EVENT_TYPE);
    if (e->set) {
        lua_pushboolean(L, 1);
        return 1;
    }
    wait_op *w = lsqm_op_new(L, sizeof *w, &wait_type);
    w->event = e; /* stays alive: it is argument 1 of the waiting call */
    w->next = e->waiting;
    e->waiting = w;
    return lsqm_op_await(L, w);
}

static int event_set(lua_State *L)
{
    event *e = luaL_checkudata(L, 1, EVENT_TYPE);
    e->set = 1;
    for (wait_op *w = e->waiting; w; w = w->next)
        lsqm_op_wake(w);
    return 0;
}

static int event_is_set(lua_State *L)
{
    event *e = luaL_checkudata(L, 1, EVENT_TYPE);
    lua_pushboolean(L, e->set);
    return 1;
}

static const luaL_Reg event_methods[] = {
    {"is_set", event_is_set},
    {"set", event_set},
    {"wait", event_wait},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"current", sched_current},
    {"error_handler", lsqm_error_handler},
    {"event", event_new},
    {"foreground", sched_foreground},
    {"sleep", sched_sleep},
    {"spawn", sched_spawn},
    {NULL, NULL},
};

int luaopen_lsqm_raw_sched(lua_State *L)
{
    luaL_newmetatable(L, EVENT_TYPE);
    luaL_newlib(L, event_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

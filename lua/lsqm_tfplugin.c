/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.tfplugin: warm Terraform providers.
 *
 *   answers() -> answers                         the memory that providers share
 *   start{argv, env, cwd, socket, identity, answers, timeout} -> provider | nil, err
 *   provider:ready() -> true | nil, err          waits for the handshake
 *   provider:lease{endpoint, types} -> true | nil, err   types: a list of names; nil: all
 *   provider:release()
 *   provider:state() -> {…} | nil, err           err: how it ended
 *   provider:close()                             waits until it is gone
 *
 * The host's callbacks hold a `box` on the heap, shared by the userdata and by every wait; the
 * last one to go frees it. A collected userdata ends its provider.
 */
#include "../host/tfplugin.h"
#include "binding.h"
#include "modules.h"

#include <stdlib.h>
#include <string.h>

#define PROVIDER_TYPE "lsqm.tfplugin"
#define ANSWERS_TYPE "lsqm.tfplugin.answers"

int luaopen_lsqm_raw_tfplugin(lua_State *L);

typedef struct box box;

typedef struct wait_op {
    box *box;
    struct wait_op *next;
    int for_ready; /* else for the end */
} wait_op;

struct box {
    int refs;         /* userdata, running provider, waits */
    lsqm_tfplugin *p; /* NULL once it has ended */
    wait_op *waits;
    int ready; /* ready was told */
    int status;
    lsqm_error err; /* why it did not get ready, later how it ended */
};

static void box_release(box *b)
{
    if (--b->refs == 0)
        free(b);
}

static void wake(box *b)
{
    for (wait_op *w = b->waits; w; w = w->next)
        if (!b->p || (w->for_ready && b->ready))
            lsqm_op_wake(w);
}

static void on_ready(void *user, int status, const lsqm_error *err)
{
    box *b = user;
    b->ready = 1;
    b->status = status;
    b->err = *err;
    wake(b);
}

static void on_ended(void *user, const lsqm_error *err)
{
    box *b = user;
    b->p = NULL;
    if (b->status == LSQM_OK)
        b->err = *err;
    wake(b);
    box_release(b);
}

static box *check_box(lua_State *L)
{
    return *(box **)luaL_checkudata(L, 1, PROVIDER_TYPE);
}

/* --- waiting ------------------------------------------------------------------------------- */

static int wait_finish(lua_State *L, void *op)
{
    wait_op *w = op;
    if (!w->for_ready)
        return 0;
    if (w->box->status != LSQM_OK)
        return lsqm_fail(L, &w->box->err);
    lua_pushboolean(L, 1);
    return 1;
}

/* A start that is not wanted any more ends the provider; its end cannot be hurried. */
static void wait_cancel(void *op)
{
    wait_op *w = op;
    if (w->for_ready && w->box->p)
        lsqm_tfplugin_close(w->box->p);
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

static int await_box(lua_State *L, box *b, int for_ready)
{
    wait_op *w = lsqm_op_new(L, sizeof *w, &wait_type);
    w->box = b;
    w->for_ready = for_ready;
    w->next = b->waits;
    b->waits = w;
    b->refs++;
    if (!b->p || (for_ready && b->ready))
        lsqm_op_wake(w);
    return lsqm_op_await(L, w);
}

/* --- starting ------------------------------------------------------------------------------ */

static void read_options(lua_State *L, lsqm_tfplugin_options *o)
{
    memset(o, 0, sizeof *o);
    luaL_checktype(L, 1, LUA_TTABLE);
    o->argv = lsqm_need_strings(L, 1, "argv");
    o->env = lsqm_need_strings(L, 1, "env");
    o->cwd = lsqm_opt_string(L, 1, "cwd", NULL);
    o->socket = lsqm_need_string(L, 1, "socket");
    o->identity = lsqm_need_string(L, 1, "identity");
    o->timeout = lsqm_opt_number(L, 1, "timeout", 0);
    lua_getfield(L, 1, "answers");
    o->answers = *(lsqm_tfplugin_answers **)luaL_checkudata(L, -1, ANSWERS_TYPE);
    o->ready = on_ready;
    o->ended = on_ended;
}

static int tfplugin_start(lua_State *L)
{
    lsqm_tfplugin_options o;
    lsqm_error err;
    read_options(L, &o);
    box **slot = lua_newuserdatauv(L, sizeof *slot, 0);
    *slot = NULL;
    luaL_setmetatable(L, PROVIDER_TYPE);
    box *b = calloc(1, sizeof *b);
    if (!b)
        return luaL_error(L, "out of memory");
    *slot = b;
    b->refs = 1;
    o.user = b;
    lsqm_error_clear(&err);
    if (lsqm_tfplugin_start(lsqm_loop(L), &o, &b->p, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    b->refs++;
    return 1;
}

/* p:ready() -> true | nil, err */
static int provider_ready(lua_State *L)
{
    return await_box(L, check_box(L), 1);
}

/* --- leases -------------------------------------------------------------------------------- */

static int provider_lease(lua_State *L)
{
    box *b = check_box(L);
    lsqm_error err;
    lsqm_error_clear(&err);
    luaL_checktype(L, 2, LUA_TTABLE);
    const char *endpoint = lsqm_opt_string(L, 2, "endpoint", NULL);
    int all = lua_getfield(L, 2, "types") == LUA_TNIL;
    const char *const *types = all ? NULL : lsqm_need_strings(L, 2, "types");
    if (!b->p)
        return lsqm_fail(L, &b->err);
    if (lsqm_tfplugin_lease(b->p, endpoint, types, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_pushboolean(L, 1);
    return 1;
}

static int provider_release(lua_State *L)
{
    box *b = check_box(L);
    if (b->p)
        lsqm_tfplugin_release(b->p);
    return 0;
}

static int provider_state(lua_State *L)
{
    box *b = check_box(L);
    lsqm_tfplugin_state s;
    if (!b->p)
        return lsqm_fail(L, &b->err);
    lsqm_tfplugin_read_state(b->p, &s);
    const struct {
        const char *name;
        lua_Integer value;
    } numbers[] = {
        {"protocol", s.protocol},
        {"pid", s.pid},
        {"links", s.links},
        {"passed", (lua_Integer)s.passed},
        {"answered", (lua_Integer)s.answered},
    };
    lua_createtable(L, 0, 8);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        lua_pushinteger(L, numbers[i].value);
        lua_setfield(L, -2, numbers[i].name);
    }
    lua_pushboolean(L, s.interrupted);
    lua_setfield(L, -2, "interrupted");
    lua_pushboolean(L, s.conflict);
    lua_setfield(L, -2, "conflict");
    return 1;
}

static int provider_close(lua_State *L)
{
    box *b = check_box(L);
    if (!b->p)
        return 0;
    lsqm_tfplugin_close(b->p);
    return await_box(L, b, 0);
}

static int provider_gc(lua_State *L)
{
    box **slot = luaL_checkudata(L, 1, PROVIDER_TYPE);
    box *b = *slot;
    *slot = NULL;
    if (!b)
        return 0;
    if (b->p)
        lsqm_tfplugin_close(b->p);
    box_release(b);
    return 0;
}

static int tfplugin_answers(lua_State *L)
{
    lsqm_tfplugin_answers **slot = lua_newuserdatauv(L, sizeof *slot, 0);
    *slot = NULL;
    luaL_setmetatable(L, ANSWERS_TYPE);
    *slot = lsqm_tfplugin_answers_new();
    return *slot ? 1 : luaL_error(L, "out of memory");
}

static int answers_gc(lua_State *L)
{
    lsqm_tfplugin_answers **slot = luaL_checkudata(L, 1, ANSWERS_TYPE);
    lsqm_tfplugin_answers_release(*slot);
    *slot = NULL;
    return 0;
}

static const luaL_Reg methods[] = {
    {"close", provider_close},     {"lease", provider_lease}, {"ready", provider_ready},
    {"release", provider_release}, {"state", provider_state}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"answers", tfplugin_answers},
    {"start", tfplugin_start},
    {NULL, NULL},
};

int luaopen_lsqm_raw_tfplugin(lua_State *L)
{
    luaL_newmetatable(L, ANSWERS_TYPE);
    lua_pushcfunction(L, answers_gc);
    lua_setfield(L, -2, "__gc");
    luaL_newmetatable(L, PROVIDER_TYPE);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, provider_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 2);
    luaL_newlib(L, functions);
    return 1;
}

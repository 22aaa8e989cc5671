/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.hcl_eval: eval(text, scope, null, unknown) -> value | nil, message
 *
 * scope[root] or scope[root][member] gives names their values (metamethods are honoured), nil means
 * unknown; `null` and `unknown` stand for HCL's null and for what is not known. Lists, sets and
 * maps get metatables whose __jsontype tells them apart when they are empty.
 */
#include "../host/hcl_eval.h"
#include "binding.h"
#include "modules.h"

#include <math.h>
#include <string.h>

int luaopen_lsqm_raw_hcl_eval(lua_State *L);

enum { SCOPE = 2, NULL_VALUE = 3, UNKNOWN = 4, MAX_DEPTH = 100 };

static const char *const metatables[] = {"lsqm.hcl.list", "lsqm.hcl.set", "lsqm.hcl.map"};

/* What one call owns; freed also when Lua raises in the middle. */
typedef struct holder {
    lsqm_hcl *doc;
    lsqm_hcl_eval *eval;
} holder;

static int holder_gc(lua_State *L)
{
    holder *h = lua_touserdata(L, 1);
    lsqm_hcl_eval_free(h->eval);
    lsqm_hcl_free(h->doc);
    *h = (holder){NULL, NULL};
    return 0;
}

static holder *new_holder(lua_State *L)
{
    holder *h = lua_newuserdatauv(L, sizeof *h, 0);
    *h = (holder){NULL, NULL};
    if (luaL_newmetatable(L, "lsqm.hcl_eval.holder")) {
        lua_pushcfunction(L, holder_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return h;
}

/* --- from Lua ------------------------------------------------------------------------------ */

static const lsqm_hcl_value *read_value(lua_State *L, lsqm_hcl_eval *e, int depth);

/* 'l' list, 's' set, 'm' map. */
static int table_kind(lua_State *L)
{
    int kind = lua_rawlen(L, -1) > 0 ? 'l' : 'm';
    if (!lua_getmetatable(L, -1))
        return kind;
    luaL_getmetatable(L, metatables[1]);
    int is_set = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    lua_pushliteral(L, "__jsontype");
    lua_rawget(L, -2);
    const char *type = lua_tostring(L, -1);
    if (type)
        kind = strcmp(type, "array") == 0 ? 'l' : 'm';
    lua_pop(L, 2);
    return is_set ? 's' : kind;
}

static const lsqm_hcl_value *read_list(lua_State *L, lsqm_hcl_eval *e, int depth, int is_set)
{
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
    list->flag = is_set;
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        lsqm_hcl_value_append(e, list, read_value(L, e, depth + 1));
        lua_pop(L, 1);
    }
    return list;
}

static const lsqm_hcl_value *read_map(lua_State *L, lsqm_hcl_eval *e, int depth)
{
    lsqm_hcl_value *map = lsqm_hcl_value_new(e, LSQM_HCL_V_MAP);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            lsqm_hcl_str key;
            key.data = lua_tolstring(L, -2, &key.len);
            lsqm_hcl_value_put(e, map, key, read_value(L, e, depth + 1));
        }
        lua_pop(L, 1);
    }
    return map;
}

/* The value at the top of the stack, which stays. */
static const lsqm_hcl_value *read_value(lua_State *L, lsqm_hcl_eval *e, int depth)
{
    luaL_checkstack(L, 8, "a value is nested too deeply");
    lsqm_hcl_value *v;
    size_t len;
    const char *text;
    if (lua_rawequal(L, -1, NULL_VALUE))
        return lsqm_hcl_value_new(e, LSQM_HCL_V_NULL);
    if (lua_rawequal(L, -1, UNKNOWN) || depth > MAX_DEPTH)
        return lsqm_hcl_value_new(e, LSQM_HCL_V_UNKNOWN);
    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        v = lsqm_hcl_value_new(e, LSQM_HCL_V_BOOL);
        v->flag = lua_toboolean(L, -1);
        return v;
    case LUA_TNUMBER:
        v = lsqm_hcl_value_new(e, LSQM_HCL_V_NUMBER);
        v->number = lua_tonumber(L, -1);
        return v;
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &len);
        return lsqm_hcl_value_text(e, text, len);
    case LUA_TTABLE: {
        int kind = table_kind(L);
        return kind == 'm' ? read_map(L, e, depth) : read_list(L, e, depth, kind == 's');
    }
    default: return lsqm_hcl_value_new(e, LSQM_HCL_V_UNKNOWN);
    }
}

static const lsqm_hcl_value *get(void *ctx, lsqm_hcl_eval *e, lsqm_hcl_str root,
                                 const lsqm_hcl_str *member, int *used)
{
    lua_State *L = ctx;
    int top = lua_gettop(L);
    luaL_checkstack(L, 8, "an expression is nested too deeply");
    lua_pushlstring(L, root.data, root.len);
    lua_gettable(L, SCOPE);
    if (member && lua_istable(L, -1) && !lua_rawequal(L, -1, UNKNOWN) &&
        !lua_rawequal(L, -1, NULL_VALUE)) {
        *used = 1;
        lua_pushlstring(L, member->data, member->len);
        lua_gettable(L, -2);
    }
    const lsqm_hcl_value *v = lua_isnil(L, -1) ? NULL : read_value(L, e, 0);
    lua_settop(L, top);
    return v;
}

/* --- to Lua -------------------------------------------------------------------------------- */

static void push_value(lua_State *L, const lsqm_hcl_value *v);

static void push_items(lua_State *L, const lsqm_hcl_value *v)
{
    lua_Integer n = 0;
    int is_map = v->kind == LSQM_HCL_V_MAP;
    lua_createtable(L, is_map ? 0 : (int)v->count, is_map ? (int)v->count : 0);
    for (const lsqm_hcl_value *item = v->first; item; item = item->next) {
        if (is_map)
            lua_pushlstring(L, item->key.data, item->key.len);
        push_value(L, item);
        if (is_map)
            lua_rawset(L, -3);
        else
            lua_rawseti(L, -2, ++n);
    }
    luaL_setmetatable(L, metatables[is_map ? 2 : v->flag ? 1 : 0]);
}

static void push_value(lua_State *L, const lsqm_hcl_value *v)
{
    luaL_checkstack(L, 8, "a value is nested too deeply");
    switch (v->kind) {
    case LSQM_HCL_V_NULL: lua_pushvalue(L, NULL_VALUE); return;
    case LSQM_HCL_V_BOOL: lua_pushboolean(L, v->flag); return;
    case LSQM_HCL_V_NUMBER:
        if (floor(v->number) == v->number && fabs(v->number) < 9007199254740992.0)
            lua_pushinteger(L, (lua_Integer)v->number);
        else
            lua_pushnumber(L, v->number);
        return;
    case LSQM_HCL_V_STRING: lua_pushlstring(L, v->text.data, v->text.len); return;
    case LSQM_HCL_V_LIST:
    case LSQM_HCL_V_MAP: push_items(L, v); return;
    default: lua_pushvalue(L, UNKNOWN); return;
    }
}

/* The expression of "v = (text)"; line breaks mean nothing within the parentheses. */
static int parse(lua_State *L, holder *h, lsqm_error *err)
{
    size_t len;
    lua_pushfstring(L, "v = (\n%s\n)\n", luaL_checkstring(L, 1));
    const char *text = lua_tolstring(L, -1, &len);
    int status = lsqm_hcl_parse(text, len, NULL, &h->doc, err);
    lua_pop(L, 1);
    return status;
}

static int eval(lua_State *L)
{
    lsqm_error err;
    luaL_checktype(L, SCOPE, LUA_TTABLE);
    lua_settop(L, UNKNOWN);
    holder *h = new_holder(L);
    h->eval = lsqm_hcl_eval_new(get, L);
    if (!h->eval)
        return luaL_error(L, "out of memory");
    if (parse(L, h, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    const lsqm_hcl_item *item = lsqm_hcl_root(h->doc)->items;
    if (!item || item->is_block || item->next) {
        lua_pushnil(L);
        lua_pushliteral(L, "not one expression");
        return 2;
    }
    const lsqm_hcl_value *v = lsqm_hcl_evaluate(h->eval, item->expr);
    if (v->kind == LSQM_HCL_V_ERROR) {
        lua_pushnil(L);
        lua_pushlstring(L, v->text.data, v->text.len);
        return 2;
    }
    push_value(L, v);
    /* Trees of long evaluations are not left to the collector. */
    lsqm_hcl_eval_free(h->eval);
    lsqm_hcl_free(h->doc);
    *h = (holder){NULL, NULL};
    return 1;
}

static const luaL_Reg functions[] = {
    {"eval", eval},
    {NULL, NULL},
};

int luaopen_lsqm_raw_hcl_eval(lua_State *L)
{
    for (size_t i = 0; i < sizeof metatables / sizeof *metatables; i++) {
        luaL_newmetatable(L, metatables[i]);
        lua_pushstring(L, i == 2 ? "object" : "array");
        lua_setfield(L, -2, "__jsontype");
        lua_pop(L, 1);
    }
    luaL_newlib(L, functions);
    return 1;
}

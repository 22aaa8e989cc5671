/* SPDX-License-Identifier: Apache-2.0 */
/* Error tables and argument helpers shared by all bindings. See binding.h. */
#include "binding.h"

#include "sched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERROR_TYPE "lsqm.error"

static void set_text(lua_State *L, const char *key, const char *text)
{
    if (!text[0])
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void set_int(lua_State *L, const char *key, int value)
{
    if (value <= 0)
        return;
    lua_pushinteger(L, value);
    lua_setfield(L, -2, key);
}

/* [-0, +1] an empty error table. std.error fills the metatable with __tostring. */
static void push_error_table(lua_State *L)
{
    lua_createtable(L, 0, 8);
    luaL_newmetatable(L, ERROR_TYPE);
    lua_setmetatable(L, -2);
}

void lsqm_push_error(lua_State *L, const lsqm_error *err)
{
    push_error_table(L);
    set_text(L, "message", err->message);
    set_text(L, "code", lsqm_code_name(err->code));
    set_text(L, "op", err->op);
    set_text(L, "hint", err->hint);
    set_text(L, "file", err->file);
    set_int(L, "line", err->line);
    set_int(L, "col", err->col);
    set_text(L, "source", err->source);
    set_int(L, "caret", err->caret);
}

int lsqm_fail(lua_State *L, const lsqm_error *err)
{
    lua_pushnil(L);
    lsqm_push_error(L, err);
    return 2;
}

/* [-0, +1] Lua cuts long paths in messages to "...tail": the frame it came from knows the whole. */
static void push_full_path(lua_State *L, const char *shown, size_t len)
{
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "S", &ar);
        if (ar.source[0] == '@' && strlen(ar.short_src) == len &&
            memcmp(ar.short_src, shown, len) == 0) {
            lua_pushstring(L, ar.source + 1);
            return;
        }
    }
    lua_pushlstring(L, shown, len);
}

/* Splits "path:12: text" as Lua writes it; leaves the whole text when it does not look so. */
static void set_position(lua_State *L, const char *text)
{
    const char *colon = text[0] ? strchr(text + 1, ':') : NULL;
    while (colon) {
        char *end = NULL;
        long line = strtol(colon + 1, &end, 10);
        if (end > colon + 1 && line > 0 && end[0] == ':' && end[1] == ' ') {
            push_full_path(L, text, (size_t)(colon - text));
            lua_setfield(L, -2, "file");
            set_int(L, "line", (int)line);
            set_text(L, "message", end + 2);
            return;
        }
        colon = strchr(colon + 1, ':');
    }
    set_text(L, "message", text);
}

int lsqm_error_handler(lua_State *L)
{
    if (!lua_istable(L, 1)) {
        const char *text = luaL_tolstring(L, 1, NULL);
        push_error_table(L);
        set_position(L, text);
        lua_pushstring(L, "raised");
        lua_setfield(L, -2, "code");
        lua_replace(L, 1);
        lua_settop(L, 1);
    }
    if (lua_getfield(L, 1, "traceback") == LUA_TNIL) {
        luaL_traceback(L, L, NULL, 1);
        lua_setfield(L, 1, "traceback");
    }
    lua_settop(L, 1);
    return 1;
}

/* [-0, +1] options[name]; type checked. */
static int get_option(lua_State *L, int index, const char *name, int type)
{
    if (lua_isnoneornil(L, index)) {
        lua_pushnil(L);
        return 0;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    int got = lua_getfield(L, index, name);
    if (got == LUA_TNIL)
        return 0;
    if (got != type)
        luaL_error(L, "option '%s' must be a %s, not a %s", name, lua_typename(L, type),
                   lua_typename(L, got));
    return 1;
}

const char *lsqm_opt_string(lua_State *L, int index, const char *name, const char *def)
{
    /* The table keeps the string alive. */
    const char *value = get_option(L, index, name, LUA_TSTRING) ? lua_tostring(L, -1) : def;
    lua_pop(L, 1);
    return value;
}

const char *lsqm_opt_lstring(lua_State *L, int index, const char *name, size_t *len)
{
    const char *value = NULL;
    *len = 0;
    if (get_option(L, index, name, LUA_TSTRING))
        value = lua_tolstring(L, -1, len);
    lua_pop(L, 1);
    return value;
}

const char *lsqm_need_string(lua_State *L, int index, const char *name)
{
    const char *value = lsqm_opt_string(L, index, name, NULL);
    if (!value)
        luaL_error(L, "option '%s' is required (a string)", name);
    return value;
}

const char *const *lsqm_need_strings(lua_State *L, int index, const char *name)
{
    if (lua_getfield(L, index, name) != LUA_TTABLE)
        luaL_error(L, "%s must be a list of strings", name);
    lua_Unsigned count = lua_rawlen(L, -1);
    const char **list = lua_newuserdatauv(L, (size_t)(count + 1) * sizeof *list, 0);
    for (lua_Unsigned i = 0; i < count; i++) {
        size_t len = 0;
        if (lua_rawgeti(L, -2, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "%s[%d] must be a string", name, (int)i + 1);
        list[i] = lua_tolstring(L, -1, &len);
        if (strlen(list[i]) != len)
            luaL_error(L, "%s[%d] has a zero byte in it", name, (int)i + 1);
        lua_pop(L, 1); /* stays in the list */
    }
    list[count] = NULL;
    return list;
}

lua_Number lsqm_opt_number(lua_State *L, int index, const char *name, lua_Number def)
{
    lua_Number value = get_option(L, index, name, LUA_TNUMBER) ? lua_tonumber(L, -1) : def;
    lua_pop(L, 1);
    return value;
}

lua_Integer lsqm_opt_integer(lua_State *L, int index, const char *name, lua_Integer def)
{
    lua_Integer value = def;
    if (get_option(L, index, name, LUA_TNUMBER)) {
        int exact = 0;
        value = lua_tointegerx(L, -1, &exact);
        if (!exact)
            luaL_error(L, "option '%s' must be a whole number", name);
    }
    lua_pop(L, 1);
    return value;
}

int lsqm_opt_boolean(lua_State *L, int index, const char *name, int def)
{
    int value = get_option(L, index, name, LUA_TBOOLEAN) ? lua_toboolean(L, -1) : def;
    lua_pop(L, 1);
    return value;
}

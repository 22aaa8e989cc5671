/* SPDX-License-Identifier: Apache-2.0 */
/* lsqm.raw.regex: compile(pattern, flags) -> regex; regex:exec(text, from) -> spans. */
#include "binding.h"
#include "modules.h"

#include "../host/regex.h"

#define REGEX_TYPE "lsqm.regex"

int luaopen_lsqm_raw_regex(lua_State *L);

typedef struct regex_box {
    lsqm_regex *re;
} regex_box;

static int regex_close(lua_State *L)
{
    regex_box *box = luaL_checkudata(L, 1, REGEX_TYPE);
    lsqm_regex_free(box->re);
    box->re = NULL;
    return 0;
}

static int flag_of(lua_State *L, char c)
{
    switch (c) {
    case 'i': return LSQM_REGEX_CASELESS;
    case 'm': return LSQM_REGEX_MULTILINE;
    case 's': return LSQM_REGEX_DOTALL;
    case 'e': return LSQM_REGEX_ECMA;
    default: return luaL_argerror(L, 2, "flags are made of i, m, s and e");
    }
}

/* compile(pattern, flags) -> regex | nil, err */
static int regex_compile(lua_State *L)
{
    size_t len;
    const char *pattern = luaL_checklstring(L, 1, &len);
    const char *letters = luaL_optstring(L, 2, "");
    int flags = 0;
    for (; *letters; letters++)
        flags |= flag_of(L, *letters);
    regex_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->re = NULL;
    luaL_setmetatable(L, REGEX_TYPE);
    lsqm_error err;
    if (lsqm_regex_compile(pattern, len, flags, &box->re, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

/* regex:exec(text[, from]) -> {{first, last} | false…} | false | nil, err; positions are Lua's */
static int regex_exec(lua_State *L)
{
    size_t len;
    regex_box *box = luaL_checkudata(L, 1, REGEX_TYPE);
    luaL_argcheck(L, box->re, 1, "the regex is closed");
    const char *text = luaL_checklstring(L, 2, &len);
    lua_Integer from = luaL_optinteger(L, 3, 1);
    luaL_argcheck(L, from >= 1 && (size_t)from <= len + 1, 3, "from lies outside the text");
    lsqm_error err;
    int rc = lsqm_regex_match(box->re, text, len, (size_t)from - 1, &err);
    if (rc < 0)
        return lsqm_fail(L, &err);
    if (rc == 0) {
        lua_pushboolean(L, 0);
        return 1;
    }
    size_t count = lsqm_regex_count(box->re);
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lsqm_regex_span span = lsqm_regex_group(box->re, i);
        if (span.start == (size_t)-1) {
            lua_pushboolean(L, 0);
        } else {
            lua_createtable(L, 2, 0);
            lua_pushinteger(L, (lua_Integer)span.start + 1);
            lua_rawseti(L, -2, 1);
            lua_pushinteger(L, (lua_Integer)span.end);
            lua_rawseti(L, -2, 2);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const luaL_Reg methods[] = {{"exec", regex_exec}, {"close", regex_close}, {NULL, NULL}};
static const luaL_Reg meta[] = {{"__gc", regex_close}, {"__close", regex_close}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"compile", regex_compile}, {NULL, NULL}};

int luaopen_lsqm_raw_regex(lua_State *L)
{
    luaL_newmetatable(L, REGEX_TYPE);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

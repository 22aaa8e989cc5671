/* SPDX-License-Identifier: Apache-2.0 */
/* lsqm.raw.relay: forwards connections and tells which requests hang or are refused. */
#include "../host/relay.h"
#include "binding.h"
#include "modules.h"

#define RELAY_TYPE "lsqm.relay"
#define PENDING_MAX 16

int luaopen_lsqm_raw_relay(lua_State *L);

static lsqm_relay *check_relay(lua_State *L)
{
    lsqm_relay **slot = luaL_checkudata(L, 1, RELAY_TYPE);
    if (!*slot)
        luaL_error(L, "the relay is closed");
    return *slot;
}

/* The table options[name]: {path=} or {host=, port=}. The strings stay in it. */
static lsqm_relay_address read_address(lua_State *L, const char *name)
{
    lsqm_relay_address a = {0};
    if (lua_getfield(L, 1, name) != LUA_TTABLE)
        luaL_error(L, "%s must be a table", name);
    int at = lua_gettop(L);
    a.path = lsqm_opt_string(L, at, "path", NULL);
    a.host = lsqm_opt_string(L, at, "host", "127.0.0.1");
    lua_Integer port = lsqm_opt_integer(L, at, "port", 0);
    if (port < 0 || port > 65535)
        luaL_error(L, "%s.port must be 0 to 65535", name);
    a.port = (int)port;
    return a;
}

/* open{from = address, to = address} -> relay | nil, err */
static int relay_open(lua_State *L)
{
    lsqm_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    lsqm_relay_address from = read_address(L, "from"), to = read_address(L, "to");
    lsqm_relay **slot = lua_newuserdatauv(L, sizeof *slot, 0);
    *slot = NULL;
    luaL_setmetatable(L, RELAY_TYPE);
    lsqm_error_clear(&err);
    if (lsqm_relay_open(lsqm_loop(L), &from, &to, slot, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

static int relay_port(lua_State *L)
{
    lua_pushinteger(L, lsqm_relay_port(check_relay(L)));
    return 1;
}

/* relay:pending() -> list of {operation, seconds}, longest first; how many in all */
static int relay_pending(lua_State *L)
{
    lsqm_relay_request list[PENDING_MAX];
    size_t count = lsqm_relay_pending(check_relay(L), list, PENDING_MAX);
    lua_newtable(L);
    for (size_t i = 0; i < count && i < PENDING_MAX; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, list[i].operation);
        lua_setfield(L, -2, "operation");
        lua_pushnumber(L, list[i].seconds);
        lua_setfield(L, -2, "seconds");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushinteger(L, (lua_Integer)count);
    return 2;
}

/* relay:refused() -> list of {operation, status, count}; answered requests in all */
static int relay_refused(lua_State *L)
{
    const lsqm_relay_refusal *list;
    lsqm_relay *relay = check_relay(L);
    size_t count = lsqm_relay_refused(relay, &list);
    lua_newtable(L);
    for (size_t i = 0; i < count; i++) {
        lua_createtable(L, 0, 3);
        lua_pushstring(L, list[i].operation);
        lua_setfield(L, -2, "operation");
        lua_pushinteger(L, list[i].status);
        lua_setfield(L, -2, "status");
        lua_pushinteger(L, list[i].count);
        lua_setfield(L, -2, "count");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushinteger(L, (lua_Integer)lsqm_relay_answered(relay));
    return 2;
}

/* relay:close(); again is fine */
static int relay_close(lua_State *L)
{
    lsqm_relay **slot = luaL_checkudata(L, 1, RELAY_TYPE);
    lsqm_relay_close(*slot);
    *slot = NULL;
    return 0;
}

static const luaL_Reg methods[] = {
    {"close", relay_close},
    {"pending", relay_pending},
    {"port", relay_port},
    {"refused", relay_refused},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"open", relay_open},
    {NULL, NULL},
};

int luaopen_lsqm_raw_relay(lua_State *L)
{
    luaL_newmetatable(L, RELAY_TYPE);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, relay_close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, relay_close);
    lua_setfield(L, -2, "__close");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Flat encoding: a type byte, then the payload. Same machine, so native number formats. */
#include "transfer.h"

#include "../host/error.h"

#include <lauxlib.h>
#include <string.h>

enum { MAX_DEPTH = 100 };

typedef struct packer {
    lua_State *L;
    lsqm_buffer *out;
    const char **what;
} packer;

static int pack_value(packer *p, int index, int depth);

static void pack_raw(packer *p, char tag, const void *data, size_t len)
{
    lsqm_buffer_addc(p->out, tag);
    lsqm_buffer_add(p->out, data, len);
}

static int pack_table(packer *p, int index, int depth)
{
    if (depth >= MAX_DEPTH || !lua_checkstack(p->L, 8)) {
        *p->what = "nesting";
        return LSQM_EINVAL;
    }
    int is_array = luaL_getmetafield(p->L, index, "__jsontype") != LUA_TNIL &&
                   lua_isstring(p->L, -1) && strcmp(lua_tostring(p->L, -1), "array") == 0;
    lua_settop(p->L, index); /* the caller keeps `index` on top */
    lsqm_buffer_addc(p->out, is_array ? 'A' : 'T');
    lua_pushnil(p->L);
    while (lua_next(p->L, index)) {
        int top = lua_gettop(p->L);
        lua_pushvalue(p->L, top - 1);
        int rc = pack_value(p, top + 1, depth + 1);
        lua_settop(p->L, top);
        if (rc == LSQM_OK)
            rc = pack_value(p, top, depth + 1);
        if (rc != LSQM_OK)
            return rc;
        lua_settop(p->L, top - 1);
    }
    lsqm_buffer_addc(p->out, 'E');
    return LSQM_OK;
}

static int pack_number(packer *p, int index)
{
    if (lua_isinteger(p->L, index)) {
        lua_Integer i = lua_tointeger(p->L, index);
        pack_raw(p, 'i', &i, sizeof i);
    } else {
        lua_Number n = lua_tonumber(p->L, index);
        pack_raw(p, 'd', &n, sizeof n);
    }
    return LSQM_OK;
}

/* `index` is absolute and the top of the stack. */
static int pack_value(packer *p, int index, int depth)
{
    size_t len;
    const char *text;
    switch (lua_type(p->L, index)) {
    case LUA_TNIL: lsqm_buffer_addc(p->out, 'n'); return LSQM_OK;
    case LUA_TBOOLEAN:
        lsqm_buffer_addc(p->out, lua_toboolean(p->L, index) ? 't' : 'f');
        return LSQM_OK;
    case LUA_TNUMBER: return pack_number(p, index);
    case LUA_TSTRING:
        text = lua_tolstring(p->L, index, &len);
        pack_raw(p, 's', &len, sizeof len);
        lsqm_buffer_add(p->out, text, len);
        return LSQM_OK;
    case LUA_TTABLE: return pack_table(p, index, depth);
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(p->L, index) == NULL) { /* cjson.null */
            lsqm_buffer_addc(p->out, '0');
            return LSQM_OK;
        }
        break;
    default: break;
    }
    *p->what = luaL_typename(p->L, index);
    return LSQM_EINVAL;
}

int lsqm_transfer_pack(lua_State *L, int index, lsqm_buffer *out, const char **what)
{
    packer p = {L, out, what};
    int top = lua_gettop(L);
    *what = NULL;
    lua_pushvalue(L, index);
    int rc = pack_value(&p, top + 1, 0);
    lua_settop(L, top);
    return rc == LSQM_OK && out->failed ? LSQM_ENOMEM : rc;
}

static const char *unpack_value(lua_State *L, const char *at);

static const char *unpack_table(lua_State *L, const char *at, int is_array)
{
    luaL_checkstack(L, 4, "nested too deeply");
    lua_newtable(L);
    while (*at != 'E') {
        at = unpack_value(L, at);
        at = unpack_value(L, at);
        lua_rawset(L, -3);
    }
    if (is_array) {
        if (luaL_newmetatable(L, "lsqm.json.array")) {
            lua_pushliteral(L, "array");
            lua_setfield(L, -2, "__jsontype");
        }
        lua_setmetatable(L, -2);
    }
    return at + 1;
}

static const char *unpack_value(lua_State *L, const char *at)
{
    size_t len;
    lua_Integer i;
    lua_Number n;
    switch (*at++) {
    case 't': lua_pushboolean(L, 1); return at;
    case 'f': lua_pushboolean(L, 0); return at;
    case '0': lua_pushlightuserdata(L, NULL); return at;
    case 'i':
        memcpy(&i, at, sizeof i);
        lua_pushinteger(L, i);
        return at + sizeof i;
    case 'd':
        memcpy(&n, at, sizeof n);
        lua_pushnumber(L, n);
        return at + sizeof n;
    case 's':
        memcpy(&len, at, sizeof len);
        lua_pushlstring(L, at + sizeof len, len);
        return at + sizeof len + len;
    case 'T': return unpack_table(L, at, 0);
    case 'A': return unpack_table(L, at, 1);
    default: lua_pushnil(L); return at;
    }
}

void lsqm_transfer_unpack(lua_State *L, const char *data, size_t len)
{
    if (len == 0)
        lua_pushnil(L);
    else
        unpack_value(L, data);
}

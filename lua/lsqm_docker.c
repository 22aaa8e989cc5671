/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.docker: calls to a Docker Engine; bodies are texts.
 *
 *   open(socket) -> engine
 *   engine:ping() -> answer | nil, err     and settles the API version
 *   engine:request{method=, path=, body=, …} -> {status, headers, body} | nil, err
 *   engine:stream({…same…}, "bytes"|"frames"|"lines") -> stream (see lsqm_http.c)
 *   engine:api() -> "1.41"
 */
#include "modules.h"
#include "net.h"

#include <string.h>

#define ENGINE_TYPE "lsqm.docker"

int luaopen_lsqm_raw_docker(lua_State *L);

static lsqm_docker *check_engine(lua_State *L)
{
    return *(lsqm_docker **)luaL_checkudata(L, 1, ENGINE_TYPE);
}

static lsqm_docker_call read_call(lua_State *L, int index)
{
    lsqm_docker_call call;
    memset(&call, 0, sizeof call);
    luaL_checktype(L, index, LUA_TTABLE);
    call.path = lsqm_need_string(L, index, "path");
    call.method = lsqm_opt_string(L, index, "method", NULL);
    call.content_type = lsqm_opt_string(L, index, "content_type", NULL);
    call.registry_auth = lsqm_opt_string(L, index, "registry_auth", NULL);
    call.body = lsqm_opt_lstring(L, index, "body", &call.body_len);
    call.body_file = lsqm_opt_string(L, index, "body_file", NULL);
    call.to_file = lsqm_opt_string(L, index, "to_file", NULL);
    call.timeout = lsqm_opt_number(L, index, "timeout", 0);
    call.max_body = (size_t)lsqm_opt_integer(L, index, "max_body", 0);
    return call;
}

static int run(lua_State *L, const lsqm_docker_call *call, int is_ping)
{
    lsqm_error err;
    lsqm_docker *docker = check_engine(L);
    lsqm_exchange *x = lsqm_exchange_new(L);
    x->is_docker = 1;
    x->docker = is_ping ? docker : NULL; /* argument 1 keeps it alive while the task waits */
    if (lsqm_docker_request(docker, call, lsqm_exchange_done, x, &x->http, &err) != LSQM_OK)
        return lsqm_op_fail(L, x, &err);
    return lsqm_op_await(L, x);
}

static int engine_ping(lua_State *L)
{
    const lsqm_docker_call call = {.path = "/_ping", .timeout = 10};
    return run(L, &call, 1);
}

static int engine_request(lua_State *L)
{
    lsqm_docker_call call = read_call(L, 2);
    return run(L, &call, 0);
}

static int engine_stream(lua_State *L)
{
    static const char *const names[] = {"bytes", "frames", "lines", NULL};
    lsqm_error err;
    lsqm_docker *docker = check_engine(L);
    lsqm_docker_call call = read_call(L, 2);
    lsqm_docker_framing framing = (lsqm_docker_framing)luaL_checkoption(L, 3, "bytes", names);
    lsqm_http_stream **stream = lsqm_stream_new(L);
    if (lsqm_docker_stream(docker, &call, framing, stream, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

static int engine_api(lua_State *L)
{
    lua_pushstring(L, lsqm_docker_api(check_engine(L)));
    return 1;
}

static int engine_gc(lua_State *L)
{
    lsqm_docker **docker = luaL_checkudata(L, 1, ENGINE_TYPE);
    lsqm_docker_close(*docker);
    *docker = NULL;
    return 0;
}

static const luaL_Reg engine_methods[] = {
    {"api", engine_api},       {"ping", engine_ping}, {"request", engine_request},
    {"stream", engine_stream}, {NULL, NULL},
};

static int docker_open(lua_State *L)
{
    lsqm_error err;
    const char *socket = luaL_checkstring(L, 1);
    lsqm_http *client = lsqm_net_client(L);
    lsqm_docker **docker = lua_newuserdatauv(L, sizeof *docker, 0);
    *docker = NULL;
    luaL_setmetatable(L, ENGINE_TYPE);
    if (lsqm_docker_open(client, socket, docker, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

static const luaL_Reg functions[] = {
    {"open", docker_open},
    {NULL, NULL},
};

int luaopen_lsqm_raw_docker(lua_State *L)
{
    luaL_newmetatable(L, ENGINE_TYPE);
    lua_pushcfunction(L, engine_gc);
    lua_setfield(L, -2, "__gc");
    luaL_newlib(L, engine_methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}

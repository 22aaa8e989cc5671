/* SPDX-License-Identifier: Apache-2.0 */
/* lsqm.raw.sha256: string(s), file(path), new() -> streaming hash. */
#include "binding.h"
#include "modules.h"

#include "../host/sha256.h"
#include "../host/work.h"

#include <stdlib.h>
#include <string.h>

#define HASH_TYPE "lsqm.sha256"

int luaopen_lsqm_raw_sha256(lua_State *L);

/* string(s) -> hex | nil, err */
static int sha256_string(lua_State *L)
{
    size_t len;
    const char *data = luaL_checklstring(L, 1, &len);
    char hex[LSQM_SHA256_HEX];
    lsqm_error err;
    if (lsqm_sha256_string(data, len, hex, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_pushstring(L, hex);
    return 1;
}

typedef struct file_op {
    char *path;
    atomic_int stop;
    char hex[LSQM_SHA256_HEX];
    lsqm_work *work; /* NULL once done */
    int status;
    lsqm_error err;
} file_op;

static int file_run(void *user, lsqm_error *err)
{
    file_op *op = user;
    return lsqm_sha256_file(op->path, &op->stop, op->hex, err);
}

static void file_done(void *user, int status, const lsqm_error *err)
{
    file_op *op = user;
    op->work = NULL;
    op->status = status;
    op->err = *err;
    lsqm_op_wake(op);
}

static int file_finish(lua_State *L, void *user)
{
    file_op *op = user;
    if (op->status != LSQM_OK)
        return lsqm_fail(L, &op->err);
    lua_pushstring(L, op->hex);
    return 1;
}

static void file_cancel(void *user)
{
    file_op *op = user;
    atomic_store(&op->stop, 1);
    if (op->work)
        lsqm_work_cancel(op->work);
}

static void file_dispose(void *user)
{
    file_op *op = user;
    free(op->path);
    op->path = NULL;
}

static const lsqm_op_type file_type = {file_finish, file_cancel, file_dispose};

/* file(path) -> hex | nil, err; waits */
static int sha256_file(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    lsqm_error err;
    file_op *op = lsqm_op_new(L, sizeof *op, &file_type);
    op->path = strdup(path);
    if (!op->path) {
        lsqm_error_set(&err, LSQM_ENOMEM, "sha256", NULL);
        return lsqm_op_fail(L, op, &err);
    }
    if (lsqm_work_queue(lsqm_loop(L), file_run, file_done, op, &op->work, &err) != LSQM_OK)
        return lsqm_op_fail(L, op, &err);
    return lsqm_op_await(L, op);
}

static lsqm_sha256 *check_hash(lua_State *L)
{
    lsqm_sha256 *h = luaL_checkudata(L, 1, HASH_TYPE);
    luaL_argcheck(L, h->ctx, 1, "the hash has ended");
    return h;
}

/* new() -> hash | nil, err */
static int sha256_new(lua_State *L)
{
    lsqm_error err;
    lsqm_sha256 *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->ctx = NULL;
    luaL_setmetatable(L, HASH_TYPE);
    if (lsqm_sha256_init(h, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

/* hash:update(s) -> hash */
static int hash_update(lua_State *L)
{
    size_t len;
    lsqm_sha256 *h = check_hash(L);
    const char *data = luaL_checklstring(L, 2, &len);
    lsqm_error err;
    if (lsqm_sha256_update(h, data, len, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_settop(L, 1);
    return 1;
}

/* hash:final() -> hex */
static int hash_final(lua_State *L)
{
    lsqm_sha256 *h = check_hash(L);
    char hex[LSQM_SHA256_HEX];
    lsqm_error err;
    if (lsqm_sha256_final(h, hex, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_pushstring(L, hex);
    return 1;
}

static int hash_close(lua_State *L)
{
    lsqm_sha256_free(luaL_checkudata(L, 1, HASH_TYPE));
    return 0;
}

static const luaL_Reg hash_methods[] = {
    {"update", hash_update}, {"final", hash_final}, {"close", hash_close}, {NULL, NULL}};

static const luaL_Reg hash_meta[] = {{"__gc", hash_close}, {"__close", hash_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"string", sha256_string}, {"file", sha256_file}, {"new", sha256_new}, {NULL, NULL}};

int luaopen_lsqm_raw_sha256(lua_State *L)
{
    luaL_newmetatable(L, HASH_TYPE);
    luaL_setfuncs(L, hash_meta, 0);
    luaL_newlib(L, hash_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

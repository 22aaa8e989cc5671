/* SPDX-License-Identifier: Apache-2.0 */
/* lsqm.raw.fs: files and trees. Only the copy of a tree waits on a worker thread. */
#include "binding.h"
#include "modules.h"

#include "../host/fs.h"
#include "../host/work.h"

#include <stdlib.h>
#include <string.h>

#define BOX_TYPE "lsqm.fs.box"

int luaopen_lsqm_raw_fs(lua_State *L);

static const char *const type_names[] = {"file", "dir", "link", "other"};

/* What a call holds in C memory, owned by Lua so that a raised error cannot leak it. */
typedef struct box {
    lsqm_buffer buffer;
    lsqm_fs_entries entries;
    char *text;
    const char **names;
} box;

static int box_close(lua_State *L)
{
    box *b = luaL_checkudata(L, 1, BOX_TYPE);
    lsqm_buffer_free(&b->buffer);
    lsqm_fs_entries_free(&b->entries);
    free(b->text);
    free(b->names);
    b->text = NULL;
    b->names = NULL;
    return 0;
}

/* [-0, +1] */
static box *push_box(lua_State *L)
{
    box *b = lua_newuserdatauv(L, sizeof *b, 0);
    memset(b, 0, sizeof *b);
    luaL_setmetatable(L, BOX_TYPE);
    return b;
}

/* A path that C sees whole. */
static const char *check_path(lua_State *L, int arg)
{
    size_t len;
    const char *path = luaL_checklstring(L, arg, &len);
    luaL_argcheck(L, strlen(path) == len, arg, "path contains a zero byte");
    return path;
}

static int push_status(lua_State *L, int rc, const lsqm_error *err)
{
    if (rc != LSQM_OK)
        return lsqm_fail(L, err);
    lua_pushboolean(L, 1);
    return 1;
}

/* [-0, +1] the C text as a Lua string; the C memory is released now. */
static int push_text(lua_State *L, box *b)
{
    lua_pushstring(L, b->text);
    free(b->text);
    b->text = NULL;
    return 1;
}

/* read(path[, max]) -> text | nil, err */
static int fs_read(lua_State *L)
{
    const char *path = check_path(L, 1);
    lua_Integer max = luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, max >= 0, 2, "max must not be negative");
    lsqm_error err;
    box *b = push_box(L);
    if (lsqm_fs_read(path, (size_t)max, &b->buffer, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_pushlstring(L, b->buffer.data ? b->buffer.data : "", b->buffer.len);
    lsqm_buffer_free(&b->buffer);
    return 1;
}

/* write(path, data) -> true | nil, err */
static int fs_write(lua_State *L)
{
    size_t len;
    const char *path = check_path(L, 1);
    const char *data = luaL_checklstring(L, 2, &len);
    lsqm_error err;
    return push_status(L, lsqm_fs_write(path, data, len, &err), &err);
}

/* append(path, data) -> true | nil, err */
static int fs_append(lua_State *L)
{
    size_t len;
    const char *path = check_path(L, 1);
    const char *data = luaL_checklstring(L, 2, &len);
    lsqm_error err;
    return push_status(L, lsqm_fs_append(path, data, len, &err), &err);
}

static int fs_mkdir(lua_State *L)
{
    lsqm_error err;
    return push_status(L, lsqm_fs_mkdir(check_path(L, 1), &err), &err);
}

static int fs_remove(lua_State *L)
{
    lsqm_error err;
    return push_status(L, lsqm_fs_remove(check_path(L, 1), &err), &err);
}

static int fs_rename(lua_State *L)
{
    lsqm_error err;
    return push_status(L, lsqm_fs_rename(check_path(L, 1), check_path(L, 2), &err), &err);
}

/* stat(path, follow) -> {type, size, mode, mtime} | nil, err */
static int fs_stat(lua_State *L)
{
    lsqm_fs_info info;
    lsqm_error err;
    if (lsqm_fs_stat(check_path(L, 1), lua_toboolean(L, 2), &info, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_createtable(L, 0, 4);
    lua_pushstring(L, type_names[info.type]);
    lua_setfield(L, -2, "type");
    lua_pushinteger(L, (lua_Integer)info.size);
    lua_setfield(L, -2, "size");
    lua_pushinteger(L, (lua_Integer)info.mode);
    lua_setfield(L, -2, "mode");
    lua_pushnumber(L, info.mtime);
    lua_setfield(L, -2, "mtime");
    return 1;
}

/* realpath(path) -> path | nil, err */
static int fs_realpath(lua_State *L)
{
    const char *path = check_path(L, 1);
    lsqm_error err;
    box *b = push_box(L);
    if (lsqm_fs_realpath(path, &b->text, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return push_text(L, b);
}

/* tempdir(prefix) -> path | nil, err */
static int fs_tempdir(lua_State *L)
{
    const char *prefix = check_path(L, 1);
    lsqm_error err;
    box *b = push_box(L);
    if (lsqm_fs_tempdir(prefix, &b->text, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return push_text(L, b);
}

/* list(path) -> {{name, type}…} | nil, err */
static int fs_list(lua_State *L)
{
    const char *path = check_path(L, 1);
    lsqm_error err;
    box *b = push_box(L);
    if (lsqm_fs_list(path, &b->entries, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_createtable(L, (int)b->entries.count, 0);
    for (size_t i = 0; i < b->entries.count; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, b->entries.items[i].name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, type_names[b->entries.items[i].type]);
        lua_setfield(L, -2, "type");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lsqm_fs_entries_free(&b->entries);
    return 1;
}

/* Fills b->names from the list of strings at `index`; the strings stay owned by that list. */
static void take_names(lua_State *L, int index, box *b)
{
    size_t count = lua_rawlen(L, index);
    b->names = calloc(count + 1, sizeof *b->names);
    if (!b->names)
        luaL_error(L, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "skip must be a list of names");
        b->names[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
}

/* walk(path, skip | nil, links, max_files) -> {path…} | nil, err */
static int fs_walk(lua_State *L)
{
    const char *path = check_path(L, 1);
    lua_Integer max = luaL_optinteger(L, 4, 0);
    lsqm_error err;
    lua_settop(L, 4);
    box *b = push_box(L);
    if (!lua_isnil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        take_names(L, 2, b);
    }
    lsqm_fs_walk_options options = {b->names, lua_toboolean(L, 3), max > 0 ? (size_t)max : 0};
    if (lsqm_fs_walk(path, &options, &b->entries, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_createtable(L, (int)b->entries.count, 0);
    for (size_t i = 0; i < b->entries.count; i++) {
        lua_pushstring(L, b->entries.items[i].name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lsqm_fs_entries_free(&b->entries);
    return 1;
}

/* --- copy: the one that may take long ------------------------------------------------------ */

typedef struct copy_op {
    char *from, *to;
    atomic_int stop;
    lsqm_work *work; /* NULL once done */
    int status;
    lsqm_error err;
} copy_op;

static int copy_run(void *user, lsqm_error *err)
{
    copy_op *op = user;
    return lsqm_fs_copy(op->from, op->to, &op->stop, err);
}

static void copy_done(void *user, int status, const lsqm_error *err)
{
    copy_op *op = user;
    op->work = NULL;
    op->status = status;
    op->err = *err;
    lsqm_op_wake(op);
}

static int copy_finish(lua_State *L, void *user)
{
    copy_op *op = user;
    return push_status(L, op->status, &op->err);
}

static void copy_cancel(void *user)
{
    copy_op *op = user;
    atomic_store(&op->stop, 1);
    if (op->work)
        lsqm_work_cancel(op->work);
}

static void copy_dispose(void *user)
{
    copy_op *op = user;
    free(op->from);
    free(op->to);
    op->from = op->to = NULL;
}

static const lsqm_op_type copy_type = {copy_finish, copy_cancel, copy_dispose};

/* copy(from, to) -> true | nil, err; waits */
static int fs_copy(lua_State *L)
{
    const char *from = check_path(L, 1);
    const char *to = check_path(L, 2);
    lsqm_error err;
    copy_op *op = lsqm_op_new(L, sizeof *op, &copy_type);
    op->from = strdup(from);
    op->to = strdup(to);
    if (!op->from || !op->to) {
        lsqm_error_set(&err, LSQM_ENOMEM, "copy", NULL);
        return lsqm_op_fail(L, op, &err);
    }
    if (lsqm_work_queue(lsqm_loop(L), copy_run, copy_done, op, &op->work, &err) != LSQM_OK)
        return lsqm_op_fail(L, op, &err);
    return lsqm_op_await(L, op);
}

static const luaL_Reg functions[] = {
    {"read", fs_read},         {"write", fs_write},   {"append", fs_append},
    {"mkdir", fs_mkdir},       {"remove", fs_remove}, {"rename", fs_rename},
    {"stat", fs_stat},         {"list", fs_list},     {"walk", fs_walk},
    {"realpath", fs_realpath}, {"copy", fs_copy},     {"tempdir", fs_tempdir},
    {NULL, NULL},
};

static const luaL_Reg box_meta[] = {{"__gc", box_close}, {NULL, NULL}};

int luaopen_lsqm_raw_fs(lua_State *L)
{
    luaL_newmetatable(L, BOX_TYPE);
    luaL_setfuncs(L, box_meta, 0);
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

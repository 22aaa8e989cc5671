/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.archive: each function takes one table of options and runs on a worker thread. The op
 * owns copies of everything the worker reads.
 */
#include "../host/archive.h"
#include "../host/work.h"
#include "binding.h"
#include "modules.h"

#include <stdlib.h>
#include <string.h>

int luaopen_lsqm_raw_archive(lua_State *L);

typedef struct job {
    lsqm_work_run run;
    int (*push)(lua_State *L, struct job *j); /* [-0, +n] */
    lsqm_work *work;
    char *path, *dir;
    atomic_int cancel;
    lsqm_archive_create_options create;
    lsqm_archive_entry *entries; /* their texts are ours, too */
    lsqm_archive_read_options read;
    lsqm_buffer out;
    lsqm_archive_totals totals;
    lsqm_archive_listing listing;
    int status;
    lsqm_error err;
} job;

static int run_create(void *user, lsqm_error *err)
{
    job *j = user;
    return lsqm_archive_create(&j->create, err);
}

static int run_extract(void *user, lsqm_error *err)
{
    job *j = user;
    return lsqm_archive_extract(&j->read, &j->totals, err);
}

static int run_list(void *user, lsqm_error *err)
{
    job *j = user;
    return lsqm_archive_list(&j->read, &j->listing, err);
}

static void on_done(void *user, int status, const lsqm_error *err)
{
    job *j = user;
    j->status = status;
    j->err = *err;
    j->work = NULL;
    lsqm_op_wake(j);
}

/* --- results ------------------------------------------------------------------------------ */

/* true when a file was written, else the archive itself */
static int push_created(lua_State *L, job *j)
{
    if (j->path)
        lua_pushboolean(L, 1);
    else
        lua_pushlstring(L, j->out.data ? j->out.data : "", j->out.len);
    return 1;
}

static int push_totals(lua_State *L, job *j)
{
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, (lua_Integer)j->totals.files);
    lua_setfield(L, -2, "files");
    lua_pushinteger(L, (lua_Integer)j->totals.bytes);
    lua_setfield(L, -2, "bytes");
    return 1;
}

static const char *type_name(char type)
{
    switch (type) {
    case 'f': return "file";
    case 'd': return "dir";
    case 'l': return "link";
    case 'h': return "hardlink";
    default: return "other";
    }
}

static int push_listing(lua_State *L, job *j)
{
    lua_createtable(L, (int)j->listing.count, 0);
    for (size_t i = 0; i < j->listing.count; i++) {
        const lsqm_archive_item *item = &j->listing.items[i];
        lua_createtable(L, 0, 5);
        lua_pushstring(L, item->path);
        lua_setfield(L, -2, "path");
        lua_pushstring(L, type_name(item->type));
        lua_setfield(L, -2, "type");
        lua_pushinteger(L, (lua_Integer)item->size);
        lua_setfield(L, -2, "size");
        lua_pushinteger(L, (lua_Integer)item->mode);
        lua_setfield(L, -2, "mode");
        lua_pushstring(L, item->link);
        lua_setfield(L, -2, "link");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* --- the op ------------------------------------------------------------------------------- */

static int job_finish(lua_State *L, void *op)
{
    job *j = op;
    return j->status == LSQM_OK ? j->push(L, j) : lsqm_fail(L, &j->err);
}

static void job_cancel(void *op)
{
    job *j = op;
    atomic_store(&j->cancel, 1);
    if (j->work)
        lsqm_work_cancel(j->work);
}

static void job_dispose(void *op)
{
    job *j = op;
    for (size_t i = 0; i < j->create.count; i++) {
        free((char *)(uintptr_t)j->entries[i].path);
        free((char *)(uintptr_t)j->entries[i].file);
        free((void *)(uintptr_t)j->entries[i].data);
    }
    free(j->entries);
    free(j->path);
    free(j->dir);
    lsqm_buffer_free(&j->out);
    lsqm_archive_listing_free(&j->listing);
}

static const lsqm_op_type job_type = {job_finish, job_cancel, job_dispose};

static char *copy(lua_State *L, const char *text, size_t len)
{
    if (!text)
        return NULL;
    char *own = malloc(len + 1);
    if (!own)
        luaL_error(L, "out of memory");
    memcpy(own, text, len);
    own[len] = '\0';
    return own;
}

static char *copy_option(lua_State *L, int index, const char *name, size_t *size)
{
    size_t len = 0;
    const char *text = lsqm_opt_lstring(L, index, name, &len);
    if (size)
        *size = len;
    return copy(L, text, len);
}

static job *new_job(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    job *j = lsqm_op_new(L, sizeof *j, &job_type);
    j->path = copy_option(L, 1, "path", NULL);
    j->dir = copy_option(L, 1, "dir", NULL);
    return j;
}

static int begin(lua_State *L, job *j)
{
    lsqm_error err;
    lsqm_error_clear(&err);
    if (lsqm_work_queue(lsqm_loop(L), j->run, on_done, j, &j->work, &err) != LSQM_OK)
        return lsqm_op_fail(L, j, &err);
    return lsqm_op_await(L, j);
}

/* The count grows with each entry, so that dispose finds exactly what is there. */
static void read_entries(lua_State *L, job *j)
{
    if (lua_getfield(L, 1, "entries") == LUA_TTABLE) {
        lua_Unsigned count = lua_rawlen(L, -1);
        j->entries = calloc((size_t)count + 1, sizeof *j->entries);
        if (!j->entries)
            luaL_error(L, "out of memory");
        for (lua_Unsigned i = 0; i < count; i++) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TTABLE)
                luaL_error(L, "entries[%d] must be a table", (int)i + 1);
            int at = lua_gettop(L);
            lsqm_archive_entry *e = &j->entries[j->create.count++];
            e->path = copy_option(L, at, "path", NULL);
            e->file = copy_option(L, at, "file", NULL);
            e->data = copy_option(L, at, "data", &e->len);
            e->mode = (unsigned)lsqm_opt_integer(L, at, "mode", 0);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* create{format = "zip" | "tar" | "tar.gz", path=, dir=, entries={{path=, data=|file=, mode=}}} */
static int archive_create(lua_State *L)
{
    static const char *const formats[] = {"zip", "tar", "tar.gz", NULL};
    job *j = new_job(L);
    lua_getfield(L, 1, "format");
    j->create.format = LSQM_ARCHIVE_ZIP + luaL_checkoption(L, -1, NULL, formats);
    read_entries(L, j);
    j->create.path = j->path;
    j->create.dir = j->dir;
    j->create.out = &j->out;
    j->create.entries = j->entries;
    j->create.cancel = &j->cancel;
    j->run = run_create;
    j->push = push_created;
    return begin(L, j);
}

static job *new_read(lua_State *L)
{
    job *j = new_job(L);
    j->read.path = j->path;
    j->read.dir = j->dir;
    j->read.max_bytes = (unsigned long long)lsqm_opt_integer(L, 1, "max_bytes", 0);
    j->read.max_files = (unsigned long long)lsqm_opt_integer(L, 1, "max_files", 0);
    j->read.max_ratio = lsqm_opt_number(L, 1, "max_ratio", 0);
    j->read.cancel = &j->cancel;
    return j;
}

/* extract{path= | fd=, dir=, max_bytes=, max_files=, max_ratio=} -> {files, bytes} */
static int archive_extract(lua_State *L)
{
    int fd = (int)lsqm_opt_integer(L, 1, "fd", 0);
    lsqm_need_string(L, 1, "dir");
    if (fd <= 0)
        lsqm_need_string(L, 1, "path");
    job *j = new_read(L);
    j->read.fd = fd;
    j->run = run_extract;
    j->push = push_totals;
    return begin(L, j);
}

/* list{path=} -> {{path, type, size, mode, link}} */
static int archive_list(lua_State *L)
{
    lsqm_need_string(L, 1, "path");
    job *j = new_read(L);
    j->run = run_list;
    j->push = push_listing;
    return begin(L, j);
}

static const luaL_Reg functions[] = {
    {"create", archive_create},
    {"extract", archive_extract},
    {"list", archive_list},
    {NULL, NULL},
};

int luaopen_lsqm_raw_archive(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

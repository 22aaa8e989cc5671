/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.git: each function takes one table of options, runs on a worker thread and returns its
 * result or nil, err. The op owns copies of all texts, because the worker must not see Lua's.
 */
#include "../host/git.h"
#include "../host/work.h"
#include "binding.h"
#include "modules.h"

#include <stdlib.h>
#include <string.h>

int luaopen_lsqm_raw_git(lua_State *L);

enum { PATH, URL, REMOTE, BRANCH, REF, MESSAGE, NAME, EMAIL, TOKEN, TEXTS };

static const char *const text_names[TEXTS] = {"path", "url", "remote", "branch", "ref",
                                              "message", "name", "email", "token"};

typedef struct job job;
typedef int (*job_run)(job *j, lsqm_error *err);
typedef int (*job_push)(lua_State *L, job *j); /* [-0, +n] */

struct job {
    job_run run;
    job_push push;
    lsqm_work *work;
    lsqm_git_control control;
    char *text[TEXTS];
    char **paths;
    int bare, create, favor, outcome;
    long long time;
    size_t max;
    char oid[LSQM_GIT_OID];
    lsqm_git_head_info head;
    lsqm_git_status_info status_info;
    lsqm_git_history history;
    lsqm_git_rebase_result rebased;
    lsqm_buffer url;
    int status;
    lsqm_error err;
};

/* --- on the worker ------------------------------------------------------------------------ */

static int run_init(job *j, lsqm_error *err)
{
    return lsqm_git_init(j->text[PATH], j->bare, err);
}

static int run_clone(job *j, lsqm_error *err)
{
    lsqm_git_clone_options o = {j->text[URL], j->text[PATH], j->text[BRANCH], j->bare};
    return lsqm_git_clone(&o, &j->control, err);
}

static int run_head(job *j, lsqm_error *err)
{
    return lsqm_git_head(j->text[PATH], &j->head, err);
}

static int run_status(job *j, lsqm_error *err)
{
    return lsqm_git_status(j->text[PATH], &j->status_info, err);
}

static int run_fetch(job *j, lsqm_error *err)
{
    return lsqm_git_fetch(j->text[PATH], j->text[REMOTE], &j->control, err);
}

static int run_pull(job *j, lsqm_error *err)
{
    return lsqm_git_pull(j->text[PATH], j->text[REMOTE], &j->control, &j->outcome, err);
}

static int run_checkout(job *j, lsqm_error *err)
{
    return lsqm_git_checkout(j->text[PATH], j->text[REF], j->create, err);
}

static int run_commit(job *j, lsqm_error *err)
{
    lsqm_git_commit_options o = {j->text[MESSAGE], (const char *const *)j->paths, j->text[NAME],
                                 j->text[EMAIL], j->time};
    return lsqm_git_commit(j->text[PATH], &o, j->oid, err);
}

static int run_push(job *j, lsqm_error *err)
{
    return lsqm_git_push(j->text[PATH], j->text[REMOTE], &j->control, err);
}

static int run_log(job *j, lsqm_error *err)
{
    return lsqm_git_log(j->text[PATH], j->max, &j->history, err);
}

static int run_set_remote(job *j, lsqm_error *err)
{
    return lsqm_git_set_remote(j->text[PATH], j->text[REMOTE], j->text[URL], err);
}

static int run_remote_url(job *j, lsqm_error *err)
{
    return lsqm_git_remote_url(j->text[PATH], j->text[REMOTE], &j->url, err);
}

static int run_rebase(job *j, lsqm_error *err)
{
    lsqm_git_rebase_options o = {j->text[REMOTE], j->favor};
    return lsqm_git_rebase_onto_upstream(j->text[PATH], &o, &j->control, &j->rebased, err);
}

/* --- results ------------------------------------------------------------------------------ */

static void set_string(lua_State *L, const char *key, const char *text)
{
    if (!text || !*text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, long long value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, key);
}

static void set_boolean(lua_State *L, const char *key, int value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, key);
}

static int push_true(lua_State *L, job *j)
{
    (void)j;
    lua_pushboolean(L, 1);
    return 1;
}

static void fill_head(lua_State *L, const lsqm_git_head_info *head)
{
    set_string(L, "branch", head->branch);
    set_string(L, "oid", head->oid);
    set_boolean(L, "bare", head->bare);
    set_boolean(L, "detached", head->detached);
}

static int push_head(lua_State *L, job *j)
{
    lua_createtable(L, 0, 4);
    fill_head(L, &j->head);
    return 1;
}

static int push_status(lua_State *L, job *j)
{
    const lsqm_git_status_info *s = &j->status_info;
    lua_createtable(L, 0, 16);
    fill_head(L, &s->head);
    set_integer(L, "added", (long long)s->added);
    set_integer(L, "modified", (long long)s->modified);
    set_integer(L, "deleted", (long long)s->deleted);
    set_integer(L, "untracked", (long long)s->untracked);
    set_integer(L, "conflicted", (long long)s->conflicted);
    set_integer(L, "ahead", (long long)s->ahead);
    set_integer(L, "behind", (long long)s->behind);
    set_boolean(L, "upstream", s->has_upstream);
    set_boolean(L, "clean", s->entries.len == 0);
    lua_newtable(L);
    lua_Integer n = 0;
    for (size_t at = 0; at < s->entries.len; at += strlen(s->entries.data + at) + 1) {
        lua_createtable(L, 0, 2);
        lua_pushlstring(L, s->entries.data + at, 1);
        lua_setfield(L, -2, "status");
        set_string(L, "path", s->entries.data + at + 1);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "entries");
    return 1;
}

static int push_outcome(lua_State *L, job *j)
{
    static const char *const names[] = {"up_to_date", "forwarded", "no_upstream"};
    lua_pushstring(L, names[j->outcome]);
    return 1;
}

/* the id, or false when there was nothing to commit */
static int push_oid(lua_State *L, job *j)
{
    if (j->oid[0])
        lua_pushstring(L, j->oid);
    else
        lua_pushboolean(L, 0);
    return 1;
}

static int push_history(lua_State *L, job *j)
{
    lua_createtable(L, (int)j->history.count, 0);
    for (size_t i = 0; i < j->history.count; i++) {
        const lsqm_git_commit_info *c = &j->history.items[i];
        lua_createtable(L, 0, 5);
        set_string(L, "oid", c->oid);
        lua_pushstring(L, c->message);
        lua_setfield(L, -2, "message");
        set_string(L, "name", c->name);
        set_string(L, "email", c->email);
        set_integer(L, "time", c->time);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int push_url(lua_State *L, job *j)
{
    lua_pushlstring(L, j->url.data ? j->url.data : "", j->url.len);
    return 1;
}

static int push_rebased(lua_State *L, job *j)
{
    lua_createtable(L, 0, 3);
    set_string(L, "oid", j->rebased.oid);
    set_integer(L, "replayed", (long long)j->rebased.replayed);
    set_integer(L, "dropped", (long long)j->rebased.dropped);
    return 1;
}

/* --- the op ------------------------------------------------------------------------------- */

static void on_done(void *user, int status, const lsqm_error *err)
{
    job *j = user;
    j->status = status;
    j->err = *err;
    j->work = NULL;
    lsqm_op_wake(j);
}

static int on_run(void *user, lsqm_error *err)
{
    job *j = user;
    return j->run(j, err);
}

static int job_finish(lua_State *L, void *op)
{
    job *j = op;
    return j->status == LSQM_OK ? j->push(L, j) : lsqm_fail(L, &j->err);
}

static void job_cancel(void *op)
{
    job *j = op;
    atomic_store(&j->control.cancel, 1);
    if (j->work)
        lsqm_work_cancel(j->work);
}

static void job_dispose(void *op)
{
    job *j = op;
    for (int i = 0; i < TEXTS; i++) {
        if (i == TOKEN && j->text[i])
            explicit_bzero(j->text[i], strlen(j->text[i]));
        free(j->text[i]);
    }
    for (char **p = j->paths; p && *p; p++)
        free(*p);
    free(j->paths);
    lsqm_buffer_free(&j->status_info.entries);
    lsqm_buffer_free(&j->url);
    lsqm_git_history_free(&j->history);
}

static const lsqm_op_type job_type = {job_finish, job_cancel, job_dispose};

static char *copy(lua_State *L, const char *text)
{
    char *own = strdup(text);
    if (!own)
        luaL_error(L, "out of memory");
    return own;
}

static void read_paths(lua_State *L, job *j)
{
    if (lua_getfield(L, 1, "paths") == LUA_TTABLE) {
        lua_Unsigned count = lua_rawlen(L, -1);
        j->paths = calloc((size_t)count + 1, sizeof *j->paths);
        for (lua_Unsigned i = 0; j->paths && i < count; i++) {
            if (lua_rawgeti(L, -1, (lua_Integer)i + 1) != LUA_TSTRING)
                luaL_error(L, "paths[%d] must be a string", (int)i + 1);
            j->paths[i] = copy(L, lua_tostring(L, -1));
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
}

/* The op disposes of what was copied even when reading an option raises: it is collected. */
static int begin(lua_State *L, job_run run, job_push push)
{
    lsqm_error err;
    lsqm_need_string(L, 1, "path");
    job *j = lsqm_op_new(L, sizeof *j, &job_type);
    j->run = run;
    j->push = push;
    for (int i = 0; i < TEXTS; i++) {
        const char *text = lsqm_opt_string(L, 1, text_names[i], NULL);
        if (text)
            j->text[i] = copy(L, text);
    }
    read_paths(L, j);
    j->control.token = j->text[TOKEN];
    j->bare = lsqm_opt_boolean(L, 1, "bare", 0);
    j->create = lsqm_opt_boolean(L, 1, "create", 0);
    j->favor = (int)lsqm_opt_integer(L, 1, "favor", 0);
    j->time = lsqm_opt_integer(L, 1, "time", 0);
    j->max = (size_t)lsqm_opt_integer(L, 1, "max", 0);
    lsqm_error_clear(&err);
    if (lsqm_work_queue(lsqm_loop(L), on_run, on_done, j, &j->work, &err) != LSQM_OK)
        return lsqm_op_fail(L, j, &err);
    return lsqm_op_await(L, j);
}

#define FUNCTION(name, run, push)           \
    static int git_##name(lua_State *L)     \
    {                                       \
        return begin(L, run, push);         \
    }

FUNCTION(init, run_init, push_true)
FUNCTION(head, run_head, push_head)
FUNCTION(status, run_status, push_status)
FUNCTION(fetch, run_fetch, push_true)
FUNCTION(pull, run_pull, push_outcome)
FUNCTION(push, run_push, push_true)
FUNCTION(log, run_log, push_history)
FUNCTION(remote_url, run_remote_url, push_url)
FUNCTION(rebase, run_rebase, push_rebased)

static int git_clone(lua_State *L)
{
    lsqm_need_string(L, 1, "url");
    return begin(L, run_clone, push_true);
}

static int git_checkout(lua_State *L)
{
    lsqm_need_string(L, 1, "ref");
    return begin(L, run_checkout, push_true);
}

static int git_commit(lua_State *L)
{
    lsqm_need_string(L, 1, "message");
    return begin(L, run_commit, push_oid);
}

static int git_set_remote(lua_State *L)
{
    lsqm_need_string(L, 1, "url");
    return begin(L, run_set_remote, push_true);
}

static const luaL_Reg functions[] = {
    {"checkout", git_checkout},     {"clone", git_clone},   {"commit", git_commit},
    {"fetch", git_fetch},           {"head", git_head},     {"init", git_init},
    {"log", git_log},               {"pull", git_pull},     {"push", git_push},
    {"rebase", git_rebase},         {"remote_url", git_remote_url},
    {"set_remote", git_set_remote}, {"status", git_status}, {NULL, NULL},
};

int luaopen_lsqm_raw_git(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

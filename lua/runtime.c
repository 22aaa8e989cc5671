/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes Lua states and runs the program. Finds the stdlib beside the executable, never in the
 * current directory; ignores LUA_PATH and LUA_INIT.
 */
#include "runtime.h"

#include "binding.h"
#include "modules.h"
#include "sched.h"

#include <errno.h>
#include <fcntl.h>
#include <lualib.h>
#include <luv/luv.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_ENVIRONMENT = 3, EXIT_INTERRUPTED = 130 };

struct lsqm_runtime {
    lua_State *L;
    uv_loop_t loop;
    lsqm_sched *sched;
    char share[4096]; /* the folder that holds stdlib/ and pipelines/ */
};

/* --- opening ------------------------------------------------------------------------------ */

static int is_share(const char *dir)
{
    char probe[4200];
    snprintf(probe, sizeof probe, "%s/stdlib/boot.lua", dir);
    return access(probe, R_OK) == 0;
}

/* <exe>/../ in a build tree, <exe>/../share/lsqm when installed. */
static int find_share(lsqm_runtime *rt, lsqm_error *err)
{
    static const char *const places[] = {"..", "../share/lsqm", "../.."};
    char exe[2048];
    size_t size = sizeof exe;
    if (uv_exepath(exe, &size) != 0)
        return lsqm_error_set(err, LSQM_EIO, "start", "cannot find the path of this program");
    char *slash = strrchr(exe, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char dir[2100];
        snprintf(dir, sizeof dir, "%s/%s", exe, places[i]);
        if (is_share(dir) && realpath(dir, rt->share))
            return LSQM_OK;
    }
    return lsqm_error_set(err, LSQM_ENOENT, "start", "stdlib/boot.lua not found beside %s", exe);
}

static void preload(lua_State *L, const char *name, lua_CFunction open)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, open);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

/* Protected set-up: everything that may raise. Argument: the runtime. */
static int open_state(lua_State *L)
{
    lsqm_runtime *rt = lua_touserdata(L, 1);
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    luaL_openlibs(L);
    luv_set_loop(L, &rt->loop);
    preload(L, "luv", luaopen_luv);
    for (const lsqm_module *m = lsqm_modules; m->name; m++)
        preload(L, m->name, m->open);
    lua_newtable(L);
    lua_pushstring(L, rt->share);
    lua_setfield(L, -2, "share");
    lua_pushstring(L, LSQM_VERSION);
    lua_setfield(L, -2, "version");
    lua_setfield(L, LUA_REGISTRYINDEX, "lsqm.program");
    lua_getfield(L, LUA_REGISTRYINDEX, "lsqm.program");
    lua_setglobal(L, "lsqm");
    char boot[4200];
    snprintf(boot, sizeof boot, "%s/stdlib/boot.lua", rt->share);
    if (luaL_loadfilex(L, boot, "t") != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 1); /* installs the searchers; returns {main=} */
    lua_setfield(L, LUA_REGISTRYINDEX, "lsqm.boot");
    return 0;
}

lsqm_runtime *lsqm_runtime_open(lsqm_error *err)
{
    lsqm_runtime *rt = calloc(1, sizeof *rt);
    if (!rt) {
        lsqm_error_set(err, LSQM_ENOMEM, "start", NULL);
        return NULL;
    }
    if (find_share(rt, err) != LSQM_OK)
        goto fail;
    if (uv_loop_init(&rt->loop) != 0) {
        lsqm_error_set(err, LSQM_EIO, "start", "cannot make an event loop");
        goto fail;
    }
    rt->L = luaL_newstate();
    rt->sched = rt->L ? lsqm_sched_open(rt->L, &rt->loop) : NULL;
    if (!rt->sched) {
        lsqm_error_set(err, LSQM_ENOMEM, "start", NULL);
        goto fail_loop;
    }
    lua_pushcfunction(rt->L, open_state);
    lua_pushlightuserdata(rt->L, rt);
    if (lua_pcall(rt->L, 1, 0, 0) != LUA_OK) {
        lsqm_error_set(err, LSQM_EINTERNAL, "start", "%s", luaL_tolstring(rt->L, -1, NULL));
        goto fail_loop;
    }
    return rt;
fail_loop:
    lsqm_runtime_close(rt);
    return NULL;
fail:
    free(rt);
    return NULL;
}

void lsqm_runtime_close(lsqm_runtime *rt)
{
    if (!rt)
        return;
    if (rt->L)
        lua_close(rt->L); /* finalisers close their handles; the loop runs the close callbacks */
    uv_run(&rt->loop, UV_RUN_DEFAULT);
    uv_loop_close(&rt->loop);
    lsqm_sched_close(rt->sched);
    free(rt);
}

lua_State *lsqm_runtime_state(lsqm_runtime *rt)
{
    return rt->L;
}

/* --- interrupts --------------------------------------------------------------------------- */

/* Process-wide, since signal handlers are: only the main runtime uses them. */
static lsqm_runtime *main_runtime;
static uv_async_t interrupt_async;
static volatile sig_atomic_t interrupts;

/* Runs in Lua code that never waits: raises there, with the position of the loop. */
static void interrupt_hook(lua_State *L, lua_Debug *ar)
{
    if (!lua_getinfo(L, "l", ar) || ar->currentline < 0)
        return; /* a C function is ending: wait for a line of Lua, which has a position */
    lua_sethook(L, NULL, 0, 0);
    lsqm_sched_mark_interrupted(L);
    luaL_where(L, 0); /* a hook has no frame of its own: level 0 is the loop */
    lua_pushliteral(L, "interrupted");
    lua_concat(L, 2);
    lua_error(L);
}

static void on_signal(int signum)
{
    if (++interrupts > 1) {
        signal(signum, SIG_DFL);
        raise(signum);
        return;
    }
    lua_State *running = lsqm_sched_running(main_runtime->sched);
    if (running != main_runtime->L && !lsqm_task_is_done(interrupt_async.data))
        lua_sethook(running, interrupt_hook,
                    LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
    uv_async_send(&interrupt_async);
}

static void on_interrupt(uv_async_t *async)
{
    lsqm_task_cancel(async->data);
}

static void watch_signals(lsqm_runtime *rt, lsqm_task *root)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    main_runtime = rt;
    uv_async_init(&rt->loop, &interrupt_async, on_interrupt);
    uv_unref((uv_handle_t *)&interrupt_async);
    interrupt_async.data = root;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Whom Ctrl-C ends; a task that is done: nobody, as at the prompt of the REPL. */
void lsqm_runtime_foreground(lua_State *L, lsqm_task *task)
{
    if (!main_runtime || lsqm_sched_of(L) != main_runtime->sched)
        return;
    interrupt_async.data = task;
    interrupts = 0;
}

static void unwatch_signals(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    uv_close((uv_handle_t *)&interrupt_async, NULL);
}

/* --- running ------------------------------------------------------------------------------ */

/* [-0, +1] pushes the root task that calls boot.main(argv). */
static int spawn_main(lua_State *L)
{
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    lua_getfield(L, LUA_REGISTRYINDEX, "lsqm.boot");
    lua_getfield(L, -1, "main");
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i);
    }
    lsqm_task_spawn(L, 1);
    return 1;
}

/* boot.main handles its own errors and returns the code; what gets here is its own failure. */
static int exit_code(lua_State *L, lsqm_task *root)
{
    lua_settop(L, 0);
    lsqm_task_results(L, root);
    if (lua_toboolean(L, 1))
        return (int)luaL_optinteger(L, 2, 0);
    if (lua_istable(L, 2))
        lua_getfield(L, 2, "message");
    fprintf(stderr, "lsqm: %s\n", luaL_tolstring(L, -1, NULL));
    return interrupts ? EXIT_INTERRUPTED : EXIT_ENVIRONMENT;
}

static int run_main(lsqm_runtime *rt, int argc, char **argv)
{
    lua_State *L = rt->L;
    lua_pushcfunction(L, spawn_main);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
        fprintf(stderr, "lsqm: %s\n", luaL_tolstring(L, -1, NULL));
        return EXIT_ENVIRONMENT;
    }
    lsqm_task *root = lua_touserdata(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, "lsqm.root");
    watch_signals(rt, root);
    while (!lsqm_task_is_done(root)) {
        if (!lsqm_sched_step(rt->sched, 1) && !lsqm_task_is_done(root)) {
            fprintf(stderr, "lsqm: deadlock: every task waits and nothing can wake one\n");
            unwatch_signals();
            return EXIT_ENVIRONMENT;
        }
    }
    unwatch_signals();
    return exit_code(L, root);
}

/* A closed stream gets a descriptor that cannot be used, so that no file that is opened later takes
 * its number: libuv aborts when it closes one below 3. */
static void fill_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
            (void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* A reader that went away has what it wanted; a full disk has not. */
static int has_reader(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) != 1 || !(out.revents & POLLERR);
}

/* At exit: output that was lost is a failure whatever the command said. */
static void check_stdout(void)
{
    int lost = fflush(stdout) != 0;
    if (!(lost || ferror(stdout)) || !has_reader())
        return;
    fprintf(stderr, "lsqm: stdout: not all of the output could be written\n");
    _exit(EXIT_ENVIRONMENT);
}

int lsqm_runtime_main(int argc, char **argv)
{
    fill_standard_streams();
    atexit(check_stdout);
    lsqm_error err;
    lsqm_error_clear(&err);
    lsqm_runtime *rt = lsqm_runtime_open(&err);
    if (!rt) {
        fprintf(stderr, "lsqm: %s: %s\n", err.op, err.message);
        return EXIT_ENVIRONMENT;
    }
    int code = run_main(rt, argc, argv);
    lsqm_runtime_close(rt);
    return code;
}

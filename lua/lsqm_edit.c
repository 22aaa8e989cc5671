/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.edit: line editing with history and completion (libedit).
 *
 * libedit keeps its state in globals, so there is one editor per process; it is used from the
 * main state only. The completer runs inside readline(), protected: an error in it completes
 * nothing.
 */
#include "binding.h"
#include "modules.h"

#include <editline/readline.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int luaopen_lsqm_raw_edit(lua_State *L);

static lua_State *editor;      /* set while readline runs */
static int interrupted;        /* by Ctrl-C in the line that is read */
static const char completer_key;

/* [-0, +1] asks the completer for the list of candidates; nil when there is none. */
static void push_candidates(lua_State *L, const char *text, int start)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &completer_key);
    if (!lua_isfunction(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
        return;
    }
    lua_pushlstring(L, rl_line_buffer, (size_t)start);
    lua_pushstring(L, text);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
}

/* Called again and again with a growing state until it returns NULL; the strings are libedit's to
 * free. The list stays on the stack of `editor` between the calls. */
static char *next_candidate(const char *text, int state)
{
    (void)text;
    lua_rawgeti(editor, -1, (lua_Integer)state + 1);
    const char *found = lua_tostring(editor, -1);
    char *copy = found ? strdup(found) : NULL;
    lua_pop(editor, 1);
    return copy;
}

static char **complete(const char *text, int start, int end)
{
    (void)end;
    rl_attempted_completion_over = 1; /* never fall back to file names */
    push_candidates(editor, text, start);
    char **matches = lua_istable(editor, -1) ? rl_completion_matches(text, next_candidate) : NULL;
    lua_pop(editor, 1);
    return matches;
}

/* Ctrl-C as a key: as a signal it would interrupt the session's task, and leave the line. */
static int on_interrupt_key(int count, int key)
{
    (void)count;
    (void)key;
    interrupted = rl_done = 1;
    return 0;
}

/* Runs when libedit has set up the terminal anew, as it does for each line. */
static int take_interrupt_key(void)
{
    rl_parse_and_bind("setty -d -isig");
    rl_add_defun("lsqm-interrupt", on_interrupt_key, 'C' & 0x1f);
    return 0;
}

/* read(prompt) -> line | nil at the end of input | false for a line that Ctrl-C ended */
static int edit_read(lua_State *L)
{
    const char *prompt = luaL_checkstring(L, 1);
    interrupted = 0;
    luaL_checkstack(L, 16, "completion");
    editor = L;
    rl_attempted_completion_function = complete;
    rl_pre_input_hook = take_interrupt_key;
    rl_completion_append_character = '\0';
    char *line = readline(prompt);
    editor = NULL;
    if (interrupted) {
        fputs("^C\n", stdout);
        lua_pushboolean(L, 0);
    } else {
        lua_pushstring(L, line); /* NULL becomes nil */
    }
    free(line);
    return 1;
}

static int edit_completer(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &completer_key);
    return 0;
}

static int edit_remember(lua_State *L)
{
    add_history(luaL_checkstring(L, 1));
    return 0;
}

static int edit_load(lua_State *L)
{
    using_history();
    lua_pushboolean(L, read_history(luaL_checkstring(L, 1)) == 0);
    return 1;
}

static int edit_save(lua_State *L)
{
    stifle_history(2000);
    lua_pushboolean(L, write_history(luaL_checkstring(L, 1)) == 0);
    return 1;
}

static const luaL_Reg functions[] = {
    {"completer", edit_completer},
    {"load", edit_load},
    {"read", edit_read},
    {"remember", edit_remember},
    {"save", edit_save},
    {NULL, NULL},
};

int luaopen_lsqm_raw_edit(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

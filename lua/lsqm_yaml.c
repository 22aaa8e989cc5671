/* SPDX-License-Identifier: Apache-2.0 */
/* lsqm.raw.yaml: parse(text, options) -> document; document:value(on_tag, marks) -> value. */
#include "binding.h"
#include "modules.h"

#include "../host/work.h"
#include "../host/yaml.h"

#include <stdlib.h>
#include <string.h>

#define DOC_TYPE "lsqm.yaml"

/* Above this the parse goes to a worker thread. */
enum { SMALL = 256 * 1024 };

int luaopen_lsqm_raw_yaml(lua_State *L);

typedef struct doc_box {
    lsqm_yaml *doc;
} doc_box;

static int doc_close(lua_State *L)
{
    doc_box *box = luaL_checkudata(L, 1, DOC_TYPE);
    lsqm_yaml_free(box->doc);
    box->doc = NULL;
    return 0;
}

/* [-0, +1] a document without content yet */
static doc_box *push_doc(lua_State *L)
{
    doc_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    box->doc = NULL;
    luaL_setmetatable(L, DOC_TYPE);
    return box;
}

/* --- from nodes to values ------------------------------------------------------------------ */

typedef struct converter {
    int on_tag; /* slot: function(tag, value, line, col, kind) -> value; 0: tags are dropped */
    int marks;  /* stack slot of the marks table; 0: none are made */
    int null;   /* stack slot of the value for null */
    int array;  /* stack slot of the metatable for lists */
} converter;

static void push_node(lua_State *L, const converter *c, const lsqm_yaml_node *n);

/* [-0, +1] {line, col} */
static void push_place(lua_State *L, const lsqm_yaml_node *n)
{
    lua_createtable(L, 2, 0);
    lua_pushinteger(L, n->line);
    lua_rawseti(L, -2, 1);
    lua_pushinteger(L, n->col);
    lua_rawseti(L, -2, 2);
}

static void set_position(lua_State *L, const lsqm_yaml_node *n)
{
    lua_pushinteger(L, n->line);
    lua_setfield(L, -2, "line");
    lua_pushinteger(L, n->col);
    lua_setfield(L, -2, "col");
}

/* [-0, +0] marks[table on top] = {line, col, order, keys} */
static void mark(lua_State *L, const converter *c, const lsqm_yaml_node *n)
{
    lua_pushvalue(L, -1);
    lua_createtable(L, 0, 4);
    set_position(L, n);
    lua_createtable(L, (int)n->len, 0);
    lua_createtable(L, 0, (int)n->len);
    for (size_t i = 0; i < n->len; i++) {
        lua_Integer at = (lua_Integer)i + 1;
        if (n->type == LSQM_YAML_LIST) {
            lua_pushinteger(L, at);
            push_place(L, n->items[i]);
        } else {
            lua_pushlstring(L, n->pairs[i].key->text, n->pairs[i].key->len);
            lua_pushvalue(L, -1);
            lua_rawseti(L, -4, at);
            push_place(L, n->pairs[i].key);
        }
        lua_rawset(L, -3);
    }
    lua_setfield(L, -3, "keys");
    lua_setfield(L, -2, "order");
    lua_rawset(L, c->marks);
}

static void push_list(lua_State *L, const converter *c, const lsqm_yaml_node *n)
{
    lua_createtable(L, (int)n->len, 0);
    for (size_t i = 0; i < n->len; i++) {
        push_node(L, c, n->items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushvalue(L, c->array);
    lua_setmetatable(L, -2);
}

static void push_map(lua_State *L, const converter *c, const lsqm_yaml_node *n)
{
    lua_createtable(L, 0, (int)n->len);
    for (size_t i = 0; i < n->len; i++) {
        lua_pushlstring(L, n->pairs[i].key->text, n->pairs[i].key->len);
        push_node(L, c, n->pairs[i].value);
        lua_rawset(L, -3);
    }
}

static void push_untagged(lua_State *L, const converter *c, const lsqm_yaml_node *n)
{
    switch (n->type) {
    case LSQM_YAML_NULL: lua_pushvalue(L, c->null); return;
    case LSQM_YAML_BOOL: lua_pushboolean(L, n->boolean); return;
    case LSQM_YAML_INT: lua_pushinteger(L, (lua_Integer)n->integer); return;
    case LSQM_YAML_FLOAT: lua_pushnumber(L, n->number); return;
    case LSQM_YAML_STRING: lua_pushlstring(L, n->text, n->len); return;
    case LSQM_YAML_LIST: push_list(L, c, n); break;
    case LSQM_YAML_MAP: push_map(L, c, n); break;
    }
    if (c->marks)
        mark(L, c, n);
}

static const char *kind_of(const lsqm_yaml_node *n)
{
    if (n->type == LSQM_YAML_LIST)
        return "list";
    return n->type == LSQM_YAML_MAP ? "map" : "scalar";
}

/* [-0, +1]; on_tag may raise: the document belongs to Lua, nothing is lost. */
static void push_node(lua_State *L, const converter *c, const lsqm_yaml_node *n)
{
    luaL_checkstack(L, 16, "yaml is nested too deeply");
    if (!n->tag || !c->on_tag) {
        push_untagged(L, c, n);
        return;
    }
    lua_pushvalue(L, c->on_tag);
    lua_pushstring(L, n->tag);
    push_untagged(L, c, n);
    lua_pushinteger(L, n->line);
    lua_pushinteger(L, n->col);
    lua_pushstring(L, kind_of(n));
    lua_call(L, 5, 1);
}

/* doc:value(on_tag | nil, marks | nil, null, array_metatable) -> value */
static int doc_value(lua_State *L)
{
    doc_box *box = luaL_checkudata(L, 1, DOC_TYPE);
    luaL_argcheck(L, box->doc, 1, "the document is closed");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    if (!lua_isnoneornil(L, 3))
        luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 5);
    converter c = {lua_isnil(L, 2) ? 0 : 2, lua_isnil(L, 3) ? 0 : 3, 4, 5};
    push_node(L, &c, lsqm_yaml_root(box->doc));
    return 1;
}

/* --- parsing ------------------------------------------------------------------------------- */

static size_t opt_size(lua_State *L, const char *name)
{
    lua_Integer value = lsqm_opt_integer(L, 2, name, 0);
    if (value < 0)
        luaL_error(L, "yaml: %s must not be negative", name);
    return (size_t)value;
}

/* The file's name stays owned by the options table. */
static lsqm_yaml_options take_options(lua_State *L)
{
    return (lsqm_yaml_options){
        .file = lsqm_opt_string(L, 2, "file", NULL),
        .yaml11 = lsqm_opt_boolean(L, 2, "yaml11", 0),
        .multi = lsqm_opt_boolean(L, 2, "multi", 0),
        .max_bytes = opt_size(L, "max_bytes"),
        .max_depth = opt_size(L, "max_depth"),
        .max_alias_nodes = opt_size(L, "max_alias_nodes"),
    };
}

typedef struct parse_op {
    char *text, *file;
    size_t len;
    lsqm_yaml_options options;
    lsqm_yaml *doc;
    lsqm_work *work; /* NULL once done */
    int status;
    lsqm_error err;
} parse_op;

static int parse_run(void *user, lsqm_error *err)
{
    parse_op *op = user;
    return lsqm_yaml_parse(op->text, op->len, &op->options, &op->doc, err);
}

static void parse_done(void *user, int status, const lsqm_error *err)
{
    parse_op *op = user;
    op->work = NULL;
    op->status = status;
    op->err = *err;
    lsqm_op_wake(op);
}

static int parse_finish(lua_State *L, void *user)
{
    parse_op *op = user;
    if (op->status != LSQM_OK)
        return lsqm_fail(L, &op->err);
    doc_box *box = push_doc(L);
    box->doc = op->doc;
    op->doc = NULL;
    return 1;
}

static void parse_cancel(void *user)
{
    parse_op *op = user;
    if (op->work)
        lsqm_work_cancel(op->work);
}

static void parse_dispose(void *user)
{
    parse_op *op = user;
    lsqm_yaml_free(op->doc);
    free(op->text);
    free(op->file);
    op->doc = NULL;
    op->text = op->file = NULL;
}

static const lsqm_op_type parse_type = {parse_finish, parse_cancel, parse_dispose};

static int parse_on_worker(lua_State *L, const char *text, size_t len, lsqm_yaml_options options)
{
    lsqm_error err;
    parse_op *op = lsqm_op_new(L, sizeof *op, &parse_type);
    op->text = malloc(len + 1);
    op->file = options.file ? strdup(options.file) : NULL;
    if (!op->text || (options.file && !op->file)) {
        lsqm_error_set(&err, LSQM_ENOMEM, "yaml", NULL);
        return lsqm_op_fail(L, op, &err);
    }
    memcpy(op->text, text, len + 1);
    op->len = len;
    op->options = options;
    op->options.file = op->file;
    if (lsqm_work_queue(lsqm_loop(L), parse_run, parse_done, op, &op->work, &err) != LSQM_OK)
        return lsqm_op_fail(L, op, &err);
    return lsqm_op_await(L, op);
}

/* parse(text, {file, yaml11, multi, max_bytes, max_depth, max_alias_nodes}) -> doc | nil, err */
static int yaml_parse(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_checktype(L, 2, LUA_TTABLE);
    lsqm_yaml_options options = take_options(L);
    lsqm_error err;
    if (len > SMALL)
        return parse_on_worker(L, text, len, options);
    doc_box *box = push_doc(L);
    if (lsqm_yaml_parse(text, len, &options, &box->doc, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

static const luaL_Reg doc_methods[] = {{"value", doc_value}, {"close", doc_close}, {NULL, NULL}};
static const luaL_Reg doc_meta[] = {{"__gc", doc_close}, {"__close", doc_close}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"parse", yaml_parse}, {NULL, NULL}};

int luaopen_lsqm_raw_yaml(lua_State *L)
{
    luaL_newmetatable(L, DOC_TYPE);
    luaL_setfuncs(L, doc_meta, 0);
    luaL_newlib(L, doc_methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}

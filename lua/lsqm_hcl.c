/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.hcl: HCL text to tables, and the formatter.
 *
 * parse(text, file) -> body | nil, err      format(text, file) -> text | nil, err
 * Recursion is bounded by the parser's limits. `expr.text` is cut from the source when asked for.
 */
#include "../host/hcl.h"
#include "binding.h"
#include "modules.h"

#include <stdlib.h>

int luaopen_lsqm_raw_hcl(lua_State *L);

/* How a kind of node looks in Lua: its fields for name, kid[0…3], list and flag. */
static const struct {
    const char *kind, *name, *kid[4], *list, *flag;
} shapes[] = {
    [LSQM_HCL_NULL] = {"literal", NULL, {NULL}, NULL, NULL},
    [LSQM_HCL_BOOL] = {"literal", NULL, {NULL}, NULL, "value"},
    [LSQM_HCL_NUMBER] = {"literal", NULL, {NULL}, NULL, NULL},
    [LSQM_HCL_STRING] = {"literal", "value", {NULL}, NULL, NULL},
    [LSQM_HCL_TEMPLATE] = {"template", NULL, {NULL}, "parts", NULL},
    [LSQM_HCL_VAR] = {"var", "name", {NULL}, NULL, NULL},
    [LSQM_HCL_ATTR] = {"attr", "name", {"object"}, NULL, NULL},
    [LSQM_HCL_INDEX] = {"index", NULL, {"object", "key"}, NULL, "legacy"},
    [LSQM_HCL_SPLAT] = {"splat", NULL, {"object", "each"}, NULL, "full"},
    [LSQM_HCL_ITEM] = {"item", NULL, {NULL}, NULL, NULL},
    [LSQM_HCL_CALL] = {"call", "name", {NULL}, "args", "expand"},
    [LSQM_HCL_UNARY] = {"unary", "op", {"operand"}, NULL, NULL},
    [LSQM_HCL_BINARY] = {"binary", "op", {"left", "right"}, NULL, NULL},
    [LSQM_HCL_COND] = {"cond", NULL, {"test", "yes", "no"}, NULL, NULL},
    [LSQM_HCL_TUPLE] = {"tuple", NULL, {NULL}, "items", NULL},
    [LSQM_HCL_OBJECT] = {"object", NULL, {NULL}, "items", NULL},
    [LSQM_HCL_FOR] = {"for", "value_var", {"collection", "key", "value", "test"}, NULL, "group"},
    [LSQM_HCL_PAREN] = {"paren", NULL, {"expr"}, NULL, NULL},
    [LSQM_HCL_IF] = {"if", NULL, {"test", "yes", "no"}, NULL, NULL},
    [LSQM_HCL_LOOP] = {"loop", "value_var", {"collection", "body"}, NULL, NULL},
};

/* The document, owned by a userdata while tables are made: pushing may raise. */
typedef struct holder {
    lsqm_hcl *doc;
    char *text;
} holder;

static int holder_gc(lua_State *L)
{
    holder *h = lua_touserdata(L, 1);
    lsqm_hcl_free(h->doc);
    free(h->text);
    h->doc = NULL;
    h->text = NULL;
    return 0;
}

static holder *new_holder(lua_State *L)
{
    holder *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->doc = NULL;
    h->text = NULL;
    if (luaL_newmetatable(L, "lsqm.hcl.holder")) {
        lua_pushcfunction(L, holder_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return h;
}

/* __index of expressions: upvalue 1 is the source. */
static int expr_index(lua_State *L)
{
    const char *key = lua_tostring(L, 2);
    if (!key || key[0] != 't' || lua_compare(L, 2, lua_upvalueindex(2), LUA_OPEQ) == 0)
        return 0;
    size_t len;
    const char *text = lua_tolstring(L, lua_upvalueindex(1), &len);
    lua_pushliteral(L, "first");
    lua_rawget(L, 1);
    lua_pushliteral(L, "last");
    lua_rawget(L, 1);
    lua_Integer first = lua_tointeger(L, -2), last = lua_tointeger(L, -1);
    if (first < 1 || last < first - 1 || (size_t)last > len)
        return 0;
    lua_pushlstring(L, text + first - 1, (size_t)(last - first + 1));
    return 1;
}

static void set_string(lua_State *L, const char *field, lsqm_hcl_str s)
{
    lua_pushlstring(L, s.data ? s.data : "", s.len);
    lua_setfield(L, -2, field);
}

static void set_place(lua_State *L, const int pos[2], uint32_t begin, uint32_t end)
{
    lua_pushinteger(L, pos[0]);
    lua_setfield(L, -2, "line");
    lua_pushinteger(L, pos[1]);
    lua_setfield(L, -2, "col");
    lua_pushinteger(L, (lua_Integer)begin + 1);
    lua_setfield(L, -2, "first");
    lua_pushinteger(L, end);
    lua_setfield(L, -2, "last");
}

static void push_expr(lua_State *L, const lsqm_hcl_expr *e, int meta);

static void push_list(lua_State *L, const lsqm_hcl_expr *first, int meta, int pairs)
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (const lsqm_hcl_expr *e = first; e; e = e->next) {
        if (pairs) {
            lua_createtable(L, 0, 2);
            push_expr(L, e, meta);
            lua_setfield(L, -2, "key");
            e = e->next;
        }
        push_expr(L, e, meta);
        if (pairs)
            lua_setfield(L, -2, "value");
        lua_rawseti(L, -2, ++n);
    }
}

static void set_number(lua_State *L, lsqm_hcl_str digits)
{
    lua_pushlstring(L, digits.data, digits.len);
    if (lua_stringtonumber(L, lua_tostring(L, -1)) == 0)
        lua_pushnumber(L, 0);
    lua_setfield(L, -3, "value");
    lua_pop(L, 1);
}

/* [-0, +1] `meta` is the stack index of the expressions' metatable. */
static void push_expr(lua_State *L, const lsqm_hcl_expr *e, int meta)
{
    luaL_checkstack(L, 8, "HCL is nested too deeply");
    lua_createtable(L, 0, 8);
    lua_pushstring(L, shapes[e->kind].kind);
    lua_setfield(L, -2, "kind");
    set_place(L, (int[]){e->line, e->col}, e->begin, e->end);
    if (e->kind == LSQM_HCL_NUMBER)
        set_number(L, e->name);
    if (shapes[e->kind].name)
        set_string(L, shapes[e->kind].name, e->name);
    if (e->key_name.len)
        set_string(L, "key_var", e->key_name);
    if (shapes[e->kind].flag) {
        lua_pushboolean(L, e->flag);
        lua_setfield(L, -2, shapes[e->kind].flag);
    }
    for (int i = 0; i < 4; i++) {
        if (!e->kid[i])
            continue;
        push_expr(L, e->kid[i], meta);
        lua_setfield(L, -2, shapes[e->kind].kid[i]);
    }
    if (shapes[e->kind].list) {
        push_list(L, e->list, meta, e->kind == LSQM_HCL_OBJECT);
        lua_setfield(L, -2, shapes[e->kind].list);
    }
    lua_pushvalue(L, meta);
    lua_setmetatable(L, -2);
}

static void push_body(lua_State *L, const lsqm_hcl_body *body, int meta);

static void push_item(lua_State *L, const lsqm_hcl_item *item, int meta)
{
    lua_Integer n = 0;
    luaL_checkstack(L, 8, "HCL is nested too deeply");
    lua_createtable(L, 0, 8);
    lua_pushstring(L, item->is_block ? "block" : "attribute");
    lua_setfield(L, -2, "kind");
    set_place(L, (int[]){item->line, item->col}, item->begin, item->end);
    set_string(L, item->is_block ? "type" : "name", item->name);
    if (!item->is_block) {
        push_expr(L, item->expr, meta);
        lua_setfield(L, -2, "expr");
        return;
    }
    lua_newtable(L);
    for (const lsqm_hcl_label *l = item->labels; l; l = l->next) {
        lua_pushlstring(L, l->value.data, l->value.len);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "labels");
    push_body(L, &item->body, meta);
    lua_setfield(L, -2, "body");
}

static void push_body(lua_State *L, const lsqm_hcl_body *body, int meta)
{
    lua_Integer n = 0;
    lua_createtable(L, 0, 1);
    lua_newtable(L);
    for (const lsqm_hcl_item *item = body->items; item; item = item->next) {
        push_item(L, item, meta);
        lua_rawseti(L, -2, ++n);
    }
    lua_setfield(L, -2, "items");
}

static int hcl_parse(lua_State *L)
{
    size_t len;
    lsqm_error err;
    const char *text = luaL_checklstring(L, 1, &len);
    const char *file = luaL_optstring(L, 2, NULL);
    holder *h = new_holder(L);
    if (lsqm_hcl_parse(text, len, file, &h->doc, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_pushliteral(L, "text");
    lua_pushcclosure(L, expr_index, 2);
    lua_setfield(L, -2, "__index");
    push_body(L, lsqm_hcl_root(h->doc), lua_gettop(L));
    lsqm_hcl_free(h->doc);
    h->doc = NULL;
    return 1;
}

static int hcl_format(lua_State *L)
{
    size_t len, out_len;
    lsqm_error err;
    const char *text = luaL_checklstring(L, 1, &len);
    const char *file = luaL_optstring(L, 2, NULL);
    holder *h = new_holder(L);
    if (lsqm_hcl_format(text, len, file, &h->text, &out_len, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    lua_pushlstring(L, h->text, out_len);
    free(h->text);
    h->text = NULL;
    return 1;
}

static const luaL_Reg functions[] = {
    {"format", hcl_format},
    {"parse", hcl_parse},
    {NULL, NULL},
};

int luaopen_lsqm_raw_hcl(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsqm.raw.http: one HTTP exchange, and answers read as streams.
 *
 *   request{url=, method=, headers={"Name: value"}, …} -> {status, headers, body, url} | nil, err
 *   stream{…same…} -> stream | nil, err
 *   stream:read() -> data, kind | nil at the end | nil, err;  stream:response(); stream:close()
 */
#include "modules.h"
#include "net.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_TYPE "lsqm.http"
#define STREAM_TYPE "lsqm.http.stream"

int luaopen_lsqm_raw_http(lua_State *L);

/* --- the client ---------------------------------------------------------------------------- */

static int client_gc(lua_State *L)
{
    lsqm_http **client = lua_touserdata(L, 1);
    lsqm_http_close(*client);
    *client = NULL;
    return 0;
}

lsqm_http *lsqm_net_client(lua_State *L)
{
    lsqm_error err;
    lua_getfield(L, LUA_REGISTRYINDEX, CLIENT_TYPE ".client");
    lsqm_http **client = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (client)
        return *client;
    client = lua_newuserdatauv(L, sizeof *client, 0);
    *client = NULL;
    if (luaL_newmetatable(L, CLIENT_TYPE)) {
        lua_pushcfunction(L, client_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    if (lsqm_http_open(lsqm_loop(L), client, &err) != LSQM_OK)
        luaL_error(L, "%s", err.message);
    lua_setfield(L, LUA_REGISTRYINDEX, CLIENT_TYPE ".client");
    return *client;
}

/* --- one exchange -------------------------------------------------------------------------- */

/* [-0, +0] headers[name] = value, or "before, value"; the table is on the top. */
static void add_header(lua_State *L, const char *line, const char *colon, const char *end)
{
    const char *value = colon + 1;
    luaL_Buffer name;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && isspace((unsigned char)end[-1]))
        end--;
    luaL_buffinit(L, &name);
    for (const char *p = line; p < colon; p++)
        luaL_addchar(&name, (char)tolower((unsigned char)*p));
    luaL_pushresult(&name);
    lua_pushlstring(L, value, (size_t)(end - value)); /* headers name value */
    lua_pushvalue(L, -2);
    if (lua_rawget(L, -4) == LUA_TSTRING) {
        lua_pushfstring(L, "%s, %s", lua_tostring(L, -1), lua_tostring(L, -2));
        lua_replace(L, -3);
    }
    lua_pop(L, 1);
    lua_rawset(L, -3);
}

/* [-0, +1] {["content-type"]=…}: names in lower case, repeated ones joined. */
static void push_headers(lua_State *L, const char *lines, size_t len)
{
    const char *end = lines + len;
    lua_newtable(L);
    while (lines < end) {
        const char *eol = memchr(lines, '\n', (size_t)(end - lines));
        const char *stop = eol ? eol : end;
        const char *colon = memchr(lines, ':', (size_t)(stop - lines));
        if (colon)
            add_header(L, lines, colon, stop);
        lines = eol ? eol + 1 : end;
    }
}

/* [-0, +1] {status, headers, body, url} */
static void push_answer(lua_State *L, const lsqm_http_response *r)
{
    lua_createtable(L, 0, 4);
    lua_pushinteger(L, r->status);
    lua_setfield(L, -2, "status");
    push_headers(L, r->headers, r->headers_len);
    lua_setfield(L, -2, "headers");
    lua_pushlstring(L, r->body, r->body_len);
    lua_setfield(L, -2, "body");
    lua_pushstring(L, r->url);
    lua_setfield(L, -2, "url");
}

static int exchange_finish(lua_State *L, void *op)
{
    lsqm_exchange *x = op;
    if (x->err.code != LSQM_OK) {
        if (x->is_docker)
            lsqm_docker_explain(&x->err);
        return lsqm_fail(L, &x->err);
    }
    lsqm_http_response r = {x->status,      x->headers.data ? x->headers.data : "",
                            x->headers.len, x->body.data ? x->body.data : "",
                            x->body.len,    x->url.data ? x->url.data : ""};
    push_answer(L, &r);
    return 1;
}

static void exchange_cancel(void *op)
{
    lsqm_exchange *x = op;
    if (x->http)
        lsqm_http_cancel(x->http);
}

static void exchange_dispose(void *op)
{
    lsqm_exchange *x = op;
    if (x->http)
        lsqm_http_drop(x->http);
    x->http = NULL;
    lsqm_buffer_free(&x->headers);
    lsqm_buffer_free(&x->body);
    lsqm_buffer_free(&x->url);
}

static const lsqm_op_type exchange_type = {exchange_finish, exchange_cancel, exchange_dispose};

lsqm_exchange *lsqm_exchange_new(lua_State *L)
{
    return lsqm_op_new(L, sizeof(lsqm_exchange), &exchange_type);
}

void lsqm_exchange_done(void *user, const lsqm_http_response *r, const lsqm_error *err)
{
    lsqm_exchange *x = user;
    x->http = NULL;
    x->err = *err;
    if (r) {
        x->status = r->status;
        lsqm_buffer_add(&x->headers, r->headers, r->headers_len);
        lsqm_buffer_add(&x->body, r->body, r->body_len);
        lsqm_buffer_adds(&x->url, r->url);
        if (x->headers.failed || x->body.failed || x->url.failed)
            lsqm_error_set(&x->err, LSQM_ENOMEM, "http", NULL);
        if (x->docker)
            lsqm_docker_adopt_api(x->docker, r);
    }
    lsqm_op_wake(x);
}

/* [-0, +1] the lines of options.headers as a C array, which the pushed userdata holds. */
static const char *const *header_lines(lua_State *L, int index)
{
    lua_Unsigned n = 0;
    int type = lua_getfield(L, index, "headers");
    if (type != LUA_TNIL && type != LUA_TTABLE)
        luaL_error(L, "option 'headers' must be a table of lines");
    if (type == LUA_TTABLE)
        n = lua_rawlen(L, -1);
    const char **lines = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *lines, 0);
    for (lua_Unsigned i = 0; i < n; i++) {
        if (lua_rawgeti(L, -2, (lua_Integer)i + 1) != LUA_TSTRING)
            luaL_error(L, "option 'headers' must hold only strings");
        lines[i] = lua_tostring(L, -1); /* the table keeps it alive */
        lua_pop(L, 1);
    }
    lines[n] = NULL;
    lua_remove(L, -2);
    return lines;
}

/* [-0, +1] leaves the header array on the stack, to be kept until the start. */
static lsqm_http_request read_request(lua_State *L, int index)
{
    lsqm_http_request r;
    memset(&r, 0, sizeof r);
    luaL_checktype(L, index, LUA_TTABLE);
    r.url = lsqm_need_string(L, index, "url");
    r.method = lsqm_opt_string(L, index, "method", NULL);
    r.body = lsqm_opt_lstring(L, index, "body", &r.body_len);
    r.body_file = lsqm_opt_string(L, index, "body_file", NULL);
    r.to_file = lsqm_opt_string(L, index, "to_file", NULL);
    r.unix_socket = lsqm_opt_string(L, index, "unix_socket", NULL);
    r.aws_sigv4 = lsqm_opt_string(L, index, "aws_sigv4", NULL);
    r.credentials = lsqm_opt_string(L, index, "credentials", NULL);
    r.timeout = lsqm_opt_number(L, index, "timeout", 0);
    r.connect_timeout = lsqm_opt_number(L, index, "connect_timeout", 0);
    r.redirects = (int)lsqm_opt_integer(L, index, "redirects", 0);
    r.max_body = (size_t)lsqm_opt_integer(L, index, "max_body", 0);
    r.headers = header_lines(L, index);
    return r;
}

static int http_request(lua_State *L)
{
    lsqm_error err;
    lsqm_http_request r = read_request(L, 1);
    lsqm_http *client = lsqm_net_client(L);
    lsqm_exchange *x = lsqm_exchange_new(L);
    r.done = lsqm_exchange_done;
    r.user = x;
    if (lsqm_http_start(client, &r, &x->http, &err) != LSQM_OK)
        return lsqm_op_fail(L, x, &err);
    return lsqm_op_await(L, x);
}

/* --- streams ------------------------------------------------------------------------------- */

typedef struct stream_box {
    lsqm_http_stream *stream; /* first: lsqm_stream_new gives out its address; NULL: closed */
    struct read_op *reader;
    char *data; /* a chunk on its way into a Lua string */
} stream_box;

typedef struct read_op {
    stream_box *box; /* NULL: the stream was closed meanwhile */
} read_op;

static void stream_ready(void *user)
{
    lsqm_op_wake(user);
}

static void close_box(stream_box *box)
{
    lsqm_http_stream *stream = box->stream;
    box->stream = NULL;
    free(box->data);
    box->data = NULL;
    if (box->reader) {
        box->reader->box = NULL;
        lsqm_op_wake(box->reader);
    }
    box->reader = NULL;
    lsqm_http_stream_close(stream);
}

/* [-0, +n] the next chunk, the end or the error; 0: nothing yet. */
static int read_now(lua_State *L, stream_box *box)
{
    size_t len = 0;
    int kind = 0;
    lsqm_error err;
    switch (lsqm_http_stream_next(box->stream, &box->data, &len, &kind, &err)) {
    case LSQM_STREAM_PENDING: return 0;
    case LSQM_STREAM_CHUNK:
        lua_pushlstring(L, box->data, len);
        free(box->data);
        box->data = NULL;
        lua_pushinteger(L, kind);
        return 2;
    case LSQM_STREAM_END: lua_pushnil(L); return 1;
    default: lsqm_docker_explain(&err); return lsqm_fail(L, &err);
    }
}

static int read_finish(lua_State *L, void *op)
{
    read_op *r = op;
    lsqm_error err;
    if (!r->box) {
        lsqm_error_set(&err, LSQM_ECANCELLED, "stream", "closed while it was read");
        return lsqm_fail(L, &err);
    }
    stream_box *box = r->box;
    box->reader = NULL;
    r->box = NULL;
    return read_now(L, box);
}

static void read_cancel(void *op)
{
    lsqm_op_wake(op);
}

static void read_dispose(void *op)
{
    read_op *r = op;
    if (!r->box)
        return;
    if (r->box->stream)
        lsqm_http_stream_wait(r->box->stream, NULL, NULL);
    r->box->reader = NULL;
    r->box = NULL;
}

static const lsqm_op_type read_type = {read_finish, read_cancel, read_dispose};

static stream_box *check_open(lua_State *L)
{
    stream_box *box = luaL_checkudata(L, 1, STREAM_TYPE);
    if (!box->stream)
        luaL_error(L, "the stream is closed");
    return box;
}

static int stream_read(lua_State *L)
{
    stream_box *box = check_open(L);
    if (box->reader)
        return luaL_error(L, "another task reads this stream");
    int n = read_now(L, box);
    if (n)
        return n;
    read_op *r = lsqm_op_new(L, sizeof *r, &read_type);
    r->box = box;
    box->reader = r;
    lsqm_http_stream_wait(box->stream, stream_ready, r);
    return lsqm_op_await(L, r);
}

static int stream_response(lua_State *L)
{
    stream_box *box = check_open(L);
    const lsqm_http_response *r = lsqm_http_stream_response(box->stream);
    if (r->status == 0)
        lua_pushnil(L);
    else
        push_answer(L, r);
    return 1;
}

static int stream_close(lua_State *L)
{
    close_box(luaL_checkudata(L, 1, STREAM_TYPE));
    return 0;
}

static const luaL_Reg stream_methods[] = {
    {"close", stream_close},
    {"read", stream_read},
    {"response", stream_response},
    {NULL, NULL},
};

static const luaL_Reg stream_meta[] = {
    {"__close", stream_close},
    {"__gc", stream_close},
    {NULL, NULL},
};

lsqm_http_stream **lsqm_stream_new(lua_State *L)
{
    stream_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    memset(box, 0, sizeof *box);
    if (luaL_newmetatable(L, STREAM_TYPE)) {
        luaL_setfuncs(L, stream_meta, 0);
        luaL_newlib(L, stream_methods);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return &box->stream;
}

static int http_stream(lua_State *L)
{
    lsqm_error err;
    lsqm_http_request r = read_request(L, 1);
    lsqm_http *client = lsqm_net_client(L);
    lsqm_http_stream **stream = lsqm_stream_new(L);
    if (lsqm_http_stream_open(client, &r, NULL, stream, &err) != LSQM_OK)
        return lsqm_fail(L, &err);
    return 1;
}

static const luaL_Reg functions[] = {
    {"request", http_request},
    {"stream", http_stream},
    {NULL, NULL},
};

int luaopen_lsqm_raw_http(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

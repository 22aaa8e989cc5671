/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provider's process and its life: started -> handshake read -> listening -> leased and
 * released, any number of times -> closed or died -> everything closed -> `ended`.
 *
 * The process belongs to lsqm_process, which kills what is left of its group; listener and timer
 * are ours; links are in tfplugin_link.c.
 */
#include "process.h"
#include "tfplugin_handshake.h"
#include "tfplugin_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OP "provider"
/* go-plugin's own variables. The cookie is terraform's sign to its plugins that it is no person
 * who starts them. */
#define COOKIE \
    "TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
#define VERSIONS "PLUGIN_PROTOCOL_VERSIONS=5,6"
#define BACKLOG 16
#define GRACE 2.0
/* Kept of what the provider logs, for the message when it dies. */
#define LOG_MAX ((size_t)64 << 10)

static void free_types(lsqm_tfplugin *p)
{
    for (char **type = p->types; type && *type; type++)
        free(*type);
    free(p->types);
    p->types = NULL;
}

static void free_plugin(lsqm_tfplugin *p)
{
    free_types(p);
    lsqm_tfplugin_answers_release(p->answers);
    lsqm_buffer_free(&p->line);
    free(p->identity);
    free(p);
}

static void end_when_gone(lsqm_tfplugin *p)
{
    if (!p->closing || p->process || p->handles > 0 || p->link_count > 0)
        return;
    p->ended(p->user, &p->why);
    free_plugin(p);
}

void lsqm_tf_plugin_link_gone(lsqm_tfplugin *p)
{
    p->link_count--;
    end_when_gone(p);
}

static void on_closed(uv_handle_t *handle)
{
    lsqm_tfplugin *p = handle->data;
    p->handles--;
    end_when_gone(p);
}

static void drop_links(lsqm_tfplugin *p)
{
    while (p->links)
        lsqm_tf_link_close(p->links);
}

static void tell_ready(lsqm_tfplugin *p, int status, const lsqm_error *err)
{
    if (p->told_ready)
        return;
    p->told_ready = 1;
    p->ready(p->user, status, err);
}

/* Everything but the process; safe to repeat. */
static void shut(lsqm_tfplugin *p)
{
    if (p->closing)
        return;
    p->closing = 1;
    p->leased = 0;
    drop_links(p);
    uv_close((uv_handle_t *)&p->timer, on_closed);
    uv_close((uv_handle_t *)&p->listener, on_closed);
}

void lsqm_tfplugin_close(lsqm_tfplugin *p)
{
    shut(p);
    if (p->process)
        lsqm_process_cancel(p->process);
}

static void give_up(lsqm_tfplugin *p, const lsqm_error *err)
{
    lsqm_error why = *err;
    lsqm_tfplugin_close(p);
    tell_ready(p, why.code, &why);
}

/* --- the process --------------------------------------------------------------------------- */

/* The last line that the provider logged. */
static void last_line(const lsqm_buffer *text, char *out, size_t size)
{
    size_t end = text->len;
    while (end > 0 && strchr("\r\n \t", text->data[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && text->data[begin - 1] != '\n')
        begin--;
    size_t len = end - begin < size - 1 ? end - begin : size - 1;
    if (len > 0)
        memcpy(out, text->data + begin, len);
    out[len] = '\0';
}

static void describe_end(lsqm_error *err, const lsqm_process_result *r, int had_begun)
{
    char said[200], how[40];
    last_line(r->err.text.len ? &r->err.text : &r->out.text, said, sizeof said);
    snprintf(how, sizeof how, r->signal ? "signal %d" : "exit code %d",
             r->signal ? r->signal : r->exit_code);
    lsqm_error_set(err, LSQM_EUNAVAILABLE, OP, "ended with %s%s%s%s", how,
                   had_begun ? "" : " before its handshake", *said ? ": " : "", said);
}

static void on_process_done(void *user, int status, lsqm_process_result *result,
                            const lsqm_error *err)
{
    lsqm_tfplugin *p = user;
    p->process = NULL;
    if (status == LSQM_ECANCELLED)
        p->why = *err;
    else
        describe_end(&p->why, result, p->told_ready);
    shut(p);
    tell_ready(p, p->why.code, &p->why);
    end_when_gone(p);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        lsqm_tf_link_accept(listener->data);
}

static int listen_here(lsqm_tfplugin *p, lsqm_error *err)
{
    unlink(p->socket);
    int rc = uv_pipe_bind(&p->listener, p->socket);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&p->listener, BACKLOG, on_connection);
    return rc == 0 ? LSQM_OK : lsqm_error_errno(err, -rc, "provider socket", p->socket);
}

static void take_line(lsqm_tfplugin *p, size_t len)
{
    lsqm_tfplugin_handshake hello;
    lsqm_error err;
    lsqm_error_clear(&err);
    if (len > 0 && p->line.data[len - 1] == '\r')
        len--;
    uv_timer_stop(&p->timer);
    p->line_taken = 1;
    if (lsqm_tfplugin_read_handshake(p->line.data, len, &hello, &err) != LSQM_OK ||
        listen_here(p, &err) != LSQM_OK) {
        give_up(p, &err);
        return;
    }
    p->state.protocol = hello.protocol;
    memcpy(p->provider_socket, hello.socket, sizeof p->provider_socket);
    tell_ready(p, LSQM_OK, &err);
}

static void on_output(void *user, int stream, const char *data, size_t len)
{
    lsqm_tfplugin *p = user;
    if (stream != LSQM_PROCESS_STDOUT || p->line_taken || p->closing)
        return;
    lsqm_buffer_add(&p->line, data, len);
    const char *end = p->line.len ? memchr(p->line.data, '\n', p->line.len) : NULL;
    if (end)
        take_line(p, (size_t)(end - p->line.data));
    else if (p->line.len > LSQM_TFPLUGIN_LINE_MAX || p->line.failed)
        take_line(p, p->line.len);
}

static void on_late(uv_timer_t *timer)
{
    lsqm_tfplugin *p = timer->data;
    lsqm_error err;
    lsqm_error_clear(&err);
    lsqm_error_set(&err, LSQM_ETIMEOUT, OP, "no handshake in time");
    give_up(p, &err);
}

/* --- starting ------------------------------------------------------------------------------ */

static int check(const lsqm_tfplugin_options *o, lsqm_error *err)
{
    lsqm_tfplugin *p;
    if (!o->socket || o->socket[0] != '/' || strlen(o->socket) >= sizeof p->socket)
        return lsqm_error_set(err, LSQM_EINVAL, "provider start",
                              "the socket needs an absolute path of at most %zu bytes: %s",
                              sizeof p->socket - 1, o->socket ? o->socket : "(none)");
    if (!o->answers || !o->env)
        return lsqm_error_set(err, LSQM_EINVAL, "provider start", "answers and env are needed");
    return LSQM_OK;
}

static lsqm_tfplugin *new_plugin(uv_loop_t *loop, const lsqm_tfplugin_options *o)
{
    lsqm_tfplugin *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->identity = strdup(o->identity ? o->identity : "");
    if (!p->identity) {
        free(p);
        return NULL;
    }
    p->loop = loop;
    memcpy(p->socket, o->socket, strlen(o->socket));
    p->answers = o->answers;
    lsqm_tf_answers_retain(p->answers);
    p->ready = o->ready;
    p->ended = o->ended;
    p->user = o->user;
    return p;
}

/* The caller's variables and go-plugin's; NULL without memory. The texts are borrowed. */
static const char **with_cookie(const char *const *env)
{
    size_t n = 0;
    while (env[n])
        n++;
    const char **all = malloc((n + 3) * sizeof *all);
    if (!all)
        return NULL;
    memcpy(all, env, n * sizeof *all);
    all[n] = COOKIE;
    all[n + 1] = VERSIONS;
    all[n + 2] = NULL;
    return all;
}

static void open_handles(lsqm_tfplugin *p, double seconds)
{
    uv_timer_init(p->loop, &p->timer);
    uv_pipe_init(p->loop, &p->listener, 0);
    p->timer.data = p->listener.data = p;
    p->handles = 2;
    seconds = seconds > 0 ? seconds : LSQM_TFPLUGIN_START_SECONDS;
    uv_timer_start(&p->timer, on_late, (uint64_t)(seconds * 1000), 0);
}

int lsqm_tfplugin_start(uv_loop_t *loop, const lsqm_tfplugin_options *options, lsqm_tfplugin **out,
                        lsqm_error *err)
{
    if (check(options, err) != LSQM_OK)
        return err->code;
    const char **env = with_cookie(options->env);
    lsqm_tfplugin *p = env ? new_plugin(loop, options) : NULL;
    if (!p) {
        free(env);
        return lsqm_error_set(err, LSQM_ENOMEM, "provider start", NULL);
    }
    const lsqm_process_options child = {.argv = options->argv, .env = env, .cwd = options->cwd,
                                        .grace = GRACE, .max_output = LOG_MAX,
                                        .on_output = on_output, .done = on_process_done,
                                        .user = p};
    int rc = lsqm_process_start(loop, &child, &p->process, err);
    free(env);
    if (rc != LSQM_OK) {
        free_plugin(p);
        return rc;
    }
    open_handles(p, options->timeout);
    *out = p;
    return LSQM_OK;
}

/* --- leases -------------------------------------------------------------------------------- */

static int copy_types(lsqm_tfplugin *p, const char *const *types)
{
    size_t n = 0;
    free_types(p);
    if (!types)
        return LSQM_OK;
    while (types[n])
        n++;
    p->types = calloc(n + 1, sizeof *p->types);
    for (size_t i = 0; p->types && i < n; i++) {
        p->types[i] = strdup(types[i]);
        if (!p->types[i])
            free_types(p);
    }
    return p->types ? LSQM_OK : LSQM_ENOMEM;
}

int lsqm_tfplugin_lease(lsqm_tfplugin *p, const char *endpoint, const char *const *types,
                        lsqm_error *err)
{
    lsqm_tfplugin_state *s = &p->state;
    if (p->closing || s->protocol == 0)
        return lsqm_error_set(err, LSQM_EUNAVAILABLE, "provider lease", "it does not run");
    if (p->leased)
        return lsqm_error_set(err, LSQM_ECONFLICT, "provider lease", "it is leased already");
    if (endpoint && strlen(endpoint) >= sizeof p->endpoint)
        return lsqm_error_set(err, LSQM_EINVAL, "provider lease", "endpoint too long: %s",
                              endpoint);
    if (copy_types(p, types) != LSQM_OK)
        return lsqm_error_set(err, LSQM_ENOMEM, "provider lease", NULL);
    snprintf(p->endpoint, sizeof p->endpoint, "%s", endpoint ? endpoint : "");
    s->interrupted = s->conflict = 0;
    s->passed = s->answered = 0;
    p->leased = 1;
    return LSQM_OK;
}

void lsqm_tfplugin_release(lsqm_tfplugin *p)
{
    p->leased = 0;
    drop_links(p);
}

void lsqm_tfplugin_read_state(const lsqm_tfplugin *p, lsqm_tfplugin_state *state)
{
    *state = p->state;
}

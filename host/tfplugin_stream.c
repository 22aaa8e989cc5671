/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to one gRPC call: passed to the provider as it comes, answered from memory, or
 * answered by us. nghttp2's callbacks of both sides are here.
 *
 * Life: made by the client's header block, freed when neither side has it open. Data waits in a
 * flow until the other session fetches it; only then is the sender's window given back.
 */
#include "tfplugin_internal.h"

#include <stdlib.h>
#include <string.h>

/* Requests that are collected whole; the provider's configuration is some kilobytes. */
#define HELD_MAX ((size_t)16 << 20)

#define SENT_MAX ((size_t)1 << 20)

#define GRPC_FAILED_PRECONDITION "9"

static const struct {
    const char *path;
    lsqm_tf_call call;
} calls[] = {
    {"/tfplugin5.Provider/GetSchema", LSQM_TF_KEPT},
    {"/tfplugin5.Provider/PrepareProviderConfig", LSQM_TF_KEPT},
    {"/tfplugin6.Provider/GetProviderSchema", LSQM_TF_KEPT},
    {"/tfplugin6.Provider/ValidateProviderConfig", LSQM_TF_KEPT},
    {"/tfplugin5.Provider/Configure", LSQM_TF_CONFIGURE},
    {"/tfplugin6.Provider/ConfigureProvider", LSQM_TF_CONFIGURE},
    {"/tfplugin5.Provider/Stop", LSQM_TF_STOP},
    {"/tfplugin6.Provider/StopProvider", LSQM_TF_STOP},
    {"/plugin.GRPCController/Shutdown", LSQM_TF_SHUTDOWN},
    {"/tfplugin5.Provider/GetMetadata", LSQM_TF_FREE},
    {"/tfplugin6.Provider/GetMetadata", LSQM_TF_FREE},
    {"/tfplugin5.Provider/GetFunctions", LSQM_TF_FREE},
    {"/tfplugin6.Provider/GetFunctions", LSQM_TF_FREE},
    {"/tfplugin5.Provider/ValidateResourceTypeConfig", LSQM_TF_FREE},
    {"/tfplugin5.Provider/ValidateDataSourceConfig", LSQM_TF_FREE},
    {"/tfplugin6.Provider/ValidateResourceConfig", LSQM_TF_FREE},
    {"/tfplugin6.Provider/ValidateDataResourceConfig", LSQM_TF_FREE},
    {"/tfplugin5.Provider/UpgradeResourceState", LSQM_TF_FREE},
    {"/tfplugin6.Provider/UpgradeResourceState", LSQM_TF_FREE},
};

static lsqm_tf_call classify(const char *path)
{
    if (strncmp(path, "/tfplugin", 9) != 0 && strcmp(path, "/plugin.GRPCController/Shutdown") != 0)
        return LSQM_TF_SERVICE;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].path, path) == 0)
            return calls[i].call;
    return LSQM_TF_CONFIGURED;
}

static const char *path_of(const lsqm_tf_stream *s)
{
    const char *path = lsqm_tf_headers_get(&s->request, ":path");
    return path ? path : "";
}

static nghttp2_session *session_of(const lsqm_tf_stream *s, int side)
{
    return s->link->side[side].h2;
}

static int other(int side)
{
    return !side;
}

/* The link is beyond repair; closed once its sessions have returned. */
static void fail(lsqm_tf_stream *s)
{
    s->link->failed = 1;
}

/* Gives the sender its window back; the connection's also when the stream is closed there. */
static void pay(lsqm_tf_flow *f, size_t len)
{
    int from = other(f->to);
    nghttp2_session *session = session_of(f->stream, from);
    if (len > 0 && f->stream->id[from] != 0)
        nghttp2_session_consume(session, f->stream->id[from], len);
    else if (len > 0)
        nghttp2_session_consume_connection(session, len);
}

/* --- life ---------------------------------------------------------------------------------- */

static lsqm_tf_stream *new_stream(lsqm_tf_link *link, int32_t client_id)
{
    lsqm_tf_stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->link = link;
    s->id[LSQM_TF_CLIENT] = client_id;
    for (int i = 0; i < 2; i++) {
        s->flow[i].stream = s;
        s->flow[i].to = i;
    }
    s->next = link->streams;
    if (link->streams)
        link->streams->prev = s;
    link->streams = s;
    return s;
}

void lsqm_tf_stream_free(lsqm_tf_stream *s)
{
    lsqm_tf_answer *recording = s->recording;
    lsqm_tfplugin_answers *answers = s->link->plugin->answers;
    if (s->prev)
        s->prev->next = s->next;
    else
        s->link->streams = s->next;
    if (s->next)
        s->next->prev = s->prev;
    if (s->awaited)
        lsqm_tf_answer_unwait(s->awaited, &s->waiter);
    lsqm_tf_headers_free(&s->request);
    for (int i = 0; i < 2; i++) {
        pay(&s->flow[i], s->flow[i].owed);
        lsqm_tf_headers_free(&s->incoming[i]);
        lsqm_tf_headers_free(&s->flow[i].trailers);
        lsqm_buffer_free(&s->flow[i].data);
    }
    free(s);
    if (recording)
        lsqm_tf_answers_drop(answers, recording);
}

int lsqm_tf_stream_is_busy(const lsqm_tf_stream *s)
{
    return s->call != LSQM_TF_SERVICE && s->id[LSQM_TF_PROVIDER] != 0 &&
           !s->flow[LSQM_TF_CLIENT].ended;
}

/* --- flows --------------------------------------------------------------------------------- */

static void wake_flow(lsqm_tf_flow *f)
{
    if (!f->deferred || f->stream->id[f->to] == 0)
        return;
    f->deferred = 0;
    if (nghttp2_session_resume_data(session_of(f->stream, f->to), f->stream->id[f->to]) != 0)
        fail(f->stream);
}

static void end_flow(lsqm_tf_flow *f)
{
    f->ended = 1;
    wake_flow(f);
}

/* What was sent need not be kept until a long message is over. Never moves more than was sent. */
static void drop_sent(lsqm_tf_flow *f)
{
    size_t left = f->data.len - f->sent;
    if (f->sent == 0 || (left > 0 && (f->sent < SENT_MAX || f->sent < left)))
        return;
    memmove(f->data.data, f->data.data + f->sent, left + 1); /* and the final zero */
    f->data.len = left;
    f->sent = 0;
}

/* nghttp2 wants the next bytes of a flow. */
static ssize_t read_flow(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)user;
    lsqm_tf_flow *f = source->ptr;
    size_t there = f->data.len - f->sent;
    size_t n = there < length ? there : length;
    if (n == 0 && !f->ended) {
        f->deferred = 1;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > 0) {
        memcpy(buf, f->data.data + f->sent, n);
        f->sent += n;
        size_t paid_before = there - f->owed;
        size_t due = n > paid_before ? n - paid_before : 0;
        f->owed -= due;
        pay(f, due);
    }
    drop_sent(f);
    if (f->data.len == 0 && f->ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (f->trailers.count > 0) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            if (nghttp2_submit_trailer(session, id, f->trailers.list, f->trailers.count) != 0)
                return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)n;
}

static const nghttp2_data_provider *body_of(lsqm_tf_flow *f, nghttp2_data_provider *body)
{
    /* A header block alone can end a stream; else nghttp2 asks the flow. */
    if (f->ended && f->data.len == 0 && f->trailers.count == 0)
        return NULL;
    body->source.ptr = f;
    body->read_callback = read_flow;
    return body;
}

static void send_head(lsqm_tf_stream *s, const lsqm_tf_headers *head)
{
    nghttp2_data_provider body;
    if (nghttp2_submit_response(session_of(s, LSQM_TF_CLIENT), s->id[LSQM_TF_CLIENT], head->list,
                                head->count, body_of(&s->flow[LSQM_TF_CLIENT], &body)) != 0)
        fail(s);
}

/* --- answers of our own -------------------------------------------------------------------- */

static nghttp2_nv nv(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

/* A gRPC answer: an empty message with status 0, or a status and its sentence. */
static void answer_ourselves(lsqm_tf_stream *s, const char *status, const char *sentence)
{
    static const char empty_message[5];
    const nghttp2_nv head[] = {nv(":status", "200"), nv("content-type", "application/grpc")};
    const nghttp2_nv trailers[] = {nv("grpc-status", status), nv("grpc-message", sentence)};
    lsqm_tf_flow *down = &s->flow[LSQM_TF_CLIENT];
    lsqm_tf_headers list = {NULL, 0, 0};
    int rc = LSQM_OK;
    for (int i = 0; i < 2 && rc == LSQM_OK; i++) {
        rc = lsqm_tf_headers_add(&list, &head[i]);
        if (rc == LSQM_OK)
            rc = lsqm_tf_headers_add(&down->trailers, &trailers[i]);
    }
    if (rc == LSQM_OK && status[0] == '0')
        rc = lsqm_buffer_add(&down->data, empty_message, sizeof empty_message);
    down->ended = 1;
    if (rc == LSQM_OK)
        send_head(s, &list);
    else
        fail(s);
    lsqm_tf_headers_free(&list);
}

static int is_schema(const lsqm_tf_stream *s)
{
    const char *path = path_of(s);
    return strcmp(path, "/tfplugin5.Provider/GetSchema") == 0 ||
           strcmp(path, "/tfplugin6.Provider/GetProviderSchema") == 0;
}

static int fill(const lsqm_tf_stream *s, const lsqm_tf_answer *answer, lsqm_buffer *out)
{
    const lsqm_tfplugin *p = s->link->plugin;
    if (p->types && answer->mark_count == 0 && is_schema(s))
        return lsqm_tf_answer_fill_schema(answer, (const char *const *)p->types, out);
    return lsqm_tf_answer_fill(answer, p->endpoint, out);
}

static void answer_from_memory(lsqm_tf_stream *s, const lsqm_tf_answer *answer)
{
    lsqm_tf_flow *down = &s->flow[LSQM_TF_CLIENT];
    s->link->plugin->state.answered++;
    lsqm_buffer_free(&s->flow[LSQM_TF_PROVIDER].data);
    down->ended = 1;
    if (fill(s, answer, &down->data) != LSQM_OK ||
        lsqm_tf_headers_copy(&down->trailers, &answer->trailers) != LSQM_OK)
        fail(s);
    else
        send_head(s, &answer->head);
}

/* --- requests ------------------------------------------------------------------------------ */

static void forward(lsqm_tf_stream *s)
{
    nghttp2_data_provider body;
    s->held = 0;
    int32_t id = nghttp2_submit_request(session_of(s, LSQM_TF_PROVIDER), NULL, s->request.list,
                                        s->request.count,
                                        body_of(&s->flow[LSQM_TF_PROVIDER], &body), s);
    if (id < 0) {
        fail(s);
        return;
    }
    s->id[LSQM_TF_PROVIDER] = id;
    s->link->plugin->state.passed++;
}

static void ask_memory(lsqm_tf_stream *s);

static void on_told(void *user, int ready)
{
    lsqm_tf_stream *s = user;
    lsqm_tf_answer *answer = s->awaited;
    s->awaited = NULL;
    if (s->link->closing)
        return;
    if (ready)
        answer_from_memory(s, answer);
    else
        ask_memory(s); /* perhaps we record it now */
    lsqm_tf_link_pump(s->link);
}

/* The held request is whole. */
static void ask_memory(lsqm_tf_stream *s)
{
    lsqm_tfplugin *p = s->link->plugin;
    char key[LSQM_SHA256_HEX];
    if (lsqm_tf_answers_key(p->identity, path_of(s), &s->flow[LSQM_TF_PROVIDER].data, p->endpoint,
                            key) != LSQM_OK) {
        fail(s);
        return;
    }
    lsqm_tf_answer *answer = lsqm_tf_answers_find(p->answers, key);
    if (answer && answer->ready) {
        answer_from_memory(s, answer);
    } else if (answer) {
        s->awaited = answer;
        s->waiter.told = on_told;
        s->waiter.user = s;
        lsqm_tf_answer_wait(answer, &s->waiter);
    } else {
        s->recording = lsqm_tf_answers_begin(p->answers, key);
        forward(s);
    }
}

/* Another connection's calls that the provider works on would change their configuration. */
static int others_are_busy(const lsqm_tf_link *link)
{
    for (const lsqm_tf_link *l = link->plugin->links; l; l = l->next) {
        if (l == link || !l->configured)
            continue;
        for (const lsqm_tf_stream *s = l->streams; s; s = s->next)
            if (s->call == LSQM_TF_CONFIGURED && lsqm_tf_stream_is_busy(s))
                return 1;
    }
    return 0;
}

static int is_refused(const lsqm_tf_stream *s)
{
    const lsqm_tf_link *link = s->link;
    if (s->call == LSQM_TF_CONFIGURE)
        return others_are_busy(link);
    return s->call == LSQM_TF_CONFIGURED && link->configured && link->plugin->owner != link;
}

static void begin_request(lsqm_tf_stream *s)
{
    lsqm_tfplugin *p = s->link->plugin;
    s->call = classify(path_of(s));
    if (is_refused(s)) {
        p->state.conflict = 1;
        answer_ourselves(s, GRPC_FAILED_PRECONDITION,
                         "a warm provider holds one configuration at a time");
        return;
    }
    if (s->call == LSQM_TF_CONFIGURE) {
        s->link->configured = 1;
        p->owner = s->link;
    }
    if (s->call == LSQM_TF_STOP)
        p->state.interrupted = 1;
    if (s->call == LSQM_TF_SHUTDOWN)
        answer_ourselves(s, "0", "");
    else if (s->call == LSQM_TF_KEPT && !lsqm_tf_headers_get(&s->request, "grpc-encoding"))
        s->held = 1;
    else
        forward(s);
}

/* --- what comes: header blocks ------------------------------------------------------------- */

static lsqm_tf_stream *stream_at(nghttp2_session *session, int32_t id)
{
    return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    lsqm_tf_side *side = user;
    int32_t id = frame->hd.stream_id;
    if (frame->hd.type != NGHTTP2_HEADERS)
        return 0;
    lsqm_tf_stream *s = stream_at(session, id);
    if (s) {
        lsqm_tf_headers_free(&s->incoming[side->role]);
        return 0;
    }
    if (side->role != LSQM_TF_CLIENT || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    s = new_stream(side->link, id);
    if (!s)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(session, id, s);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t namelen, const uint8_t *value, size_t valuelen, uint8_t flags,
                     void *user)
{
    lsqm_tf_side *side = user;
    lsqm_tf_stream *s = stream_at(session, frame->hd.stream_id);
    if (!s)
        return 0;
    const nghttp2_nv one = {(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, namelen,
                            valuelen, flags};
    if (lsqm_tf_headers_add(&s->incoming[side->role], &one) != LSQM_OK)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    return 0;
}

static void move_headers(lsqm_tf_headers *to, lsqm_tf_headers *from)
{
    lsqm_tf_headers_free(to);
    *to = *from;
    memset(from, 0, sizeof *from);
}

static void take_response(lsqm_tf_stream *s, int ends)
{
    lsqm_tf_headers *head = &s->incoming[LSQM_TF_PROVIDER];
    const char *status = lsqm_tf_headers_get(head, ":status");
    if (s->id[LSQM_TF_CLIENT] == 0)
        return;
    if (status && status[0] == '1') { /* an interim answer; the final one follows */
        if (nghttp2_submit_headers(session_of(s, LSQM_TF_CLIENT), NGHTTP2_FLAG_NONE,
                                   s->id[LSQM_TF_CLIENT], NULL, head->list, head->count, NULL) != 0)
            fail(s);
        return;
    }
    s->has_head = 1;
    s->flow[LSQM_TF_CLIENT].ended = ends;
    if (s->recording && lsqm_tf_headers_copy(&s->recording->head, head) != LSQM_OK)
        s->recording->body.failed = 1;
    send_head(s, head);
}

static void take_headers(lsqm_tf_stream *s, int side, int ends)
{
    lsqm_tf_flow *f = &s->flow[other(side)];
    if (side == LSQM_TF_PROVIDER && !s->has_head) {
        take_response(s, ends);
    } else if (side == LSQM_TF_CLIENT && s->request.count == 0) {
        move_headers(&s->request, &s->incoming[side]);
        f->ended = ends;
        begin_request(s);
        if (s->held && ends)
            ask_memory(s);
    } else {
        move_headers(&f->trailers, &s->incoming[side]);
        end_flow(f);
    }
}

/* --- what comes: data, ends ---------------------------------------------------------------- */

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t len, void *user)
{
    (void)flags;
    lsqm_tf_side *side = user;
    lsqm_tf_stream *s = stream_at(session, id);
    int to = other(side->role);
    if (!s || (s->id[to] == 0 && !s->held)) { /* nobody wants it any more */
        nghttp2_session_consume(session, id, len);
        return 0;
    }
    lsqm_tf_flow *f = &s->flow[to];
    if (lsqm_buffer_add(&f->data, data, len) != LSQM_OK)
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    if (side->role == LSQM_TF_PROVIDER && s->recording)
        lsqm_buffer_add(&s->recording->body, data, len);
    if (s->held) {
        nghttp2_session_consume(session, id, len);
        if (f->data.len > HELD_MAX)
            forward(s);
        return 0;
    }
    f->owed += len;
    wake_flow(f);
    return 0;
}

/* Kept only what the provider called good. */
static void finish_recording(lsqm_tf_stream *s)
{
    lsqm_tfplugin *p = s->link->plugin;
    lsqm_tf_answer *answer = s->recording;
    const lsqm_tf_headers *trailers = &s->flow[LSQM_TF_CLIENT].trailers;
    const char *status = lsqm_tf_headers_get(trailers, "grpc-status");
    if (!answer)
        return;
    s->recording = NULL;
    if (status && strcmp(status, "0") == 0 &&
        lsqm_tf_headers_copy(&answer->trailers, trailers) == LSQM_OK)
        lsqm_tf_answers_finish(p->answers, answer, p->endpoint);
    else
        lsqm_tf_answers_drop(p->answers, answer);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    lsqm_tf_side *side = user;
    lsqm_tf_stream *s = stream_at(session, frame->hd.stream_id);
    int ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    if (!s)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        take_headers(s, side->role, ends != 0);
    } else if (frame->hd.type == NGHTTP2_DATA && ends) {
        end_flow(&s->flow[other(side->role)]);
        if (side->role == LSQM_TF_CLIENT && s->held)
            ask_memory(s);
    }
    if (side->role == LSQM_TF_PROVIDER && s->flow[LSQM_TF_CLIENT].ended)
        finish_recording(s);
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    lsqm_tf_side *side = user;
    lsqm_tf_stream *s = stream_at(session, id);
    int far = other(side->role);
    if (!s)
        return 0;
    if (side->role == LSQM_TF_CLIENT && code != NGHTTP2_NO_ERROR && lsqm_tf_stream_is_busy(s))
        side->link->plugin->state.interrupted = 1;
    s->id[side->role] = 0;
    s->held = 0;
    /* A side that has said all it had to say may close; else the other learns of it. */
    int whole = s->flow[far].ended && (side->role == LSQM_TF_PROVIDER || code == NGHTTP2_NO_ERROR);
    if (s->id[far] == 0)
        lsqm_tf_stream_free(s);
    else if (!whole)
        nghttp2_submit_rst_stream(session_of(s, far), NGHTTP2_FLAG_NONE, s->id[far], code);
    return 0;
}

/* A request that cannot go out (the provider is leaving): the whole link has lost its sense. */
static int on_not_sent(nghttp2_session *session, const nghttp2_frame *frame, int code, void *user)
{
    (void)session, (void)code;
    lsqm_tf_side *side = user;
    if (side->role == LSQM_TF_PROVIDER && frame->hd.type == NGHTTP2_HEADERS)
        side->link->failed = 1;
    return 0;
}

int lsqm_tf_stream_callbacks(nghttp2_session_callbacks **out)
{
    int rc = nghttp2_session_callbacks_new(out);
    if (rc != 0)
        return rc;
    nghttp2_session_callbacks_set_on_begin_headers_callback(*out, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(*out, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*out, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(*out, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(*out, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(*out, on_not_sent);
    return 0;
}

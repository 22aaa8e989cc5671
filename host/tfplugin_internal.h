/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the tfplugin units: answers (memory), streams (what a gRPC call becomes), links (two
 * HTTP/2 sessions over two sockets), tfplugin.c (the process).
 *
 * Owner: a plugin owns its links, a link its streams. Nothing here frees a link or a stream while
 * one of its sessions is in a callback: failures are marked and carried out by lsqm_tf_link_pump.
 */
#ifndef LSQM_TFPLUGIN_INTERNAL_H
#define LSQM_TFPLUGIN_INTERNAL_H

#include "buffer.h"
#include "sha256.h"
#include "tfplugin.h"

#include <nghttp2/nghttp2.h>

/* --- headers: a list that owns its texts --------------------------------------------------- */

typedef struct lsqm_tf_headers {
    nghttp2_nv *list;
    size_t count, cap;
} lsqm_tf_headers;

/* Both copy the texts. LSQM_OK or LSQM_ENOMEM. */
int lsqm_tf_headers_add(lsqm_tf_headers *h, const nghttp2_nv *nv);
int lsqm_tf_headers_copy(lsqm_tf_headers *to, const lsqm_tf_headers *from);
/* The value, or NULL; borrowed. */
const char *lsqm_tf_headers_get(const lsqm_tf_headers *h, const char *name);
/* Frees the texts; the list is empty afterwards. */
void lsqm_tf_headers_free(lsqm_tf_headers *h);

/* --- answers ------------------------------------------------------------------------------- */

typedef struct lsqm_tf_waiter {
    /* ready: the recording ended well; 0: it was given up and is gone */
    void (*told)(void *user, int ready);
    void *user;
    struct lsqm_tf_waiter *next;
} lsqm_tf_waiter;

typedef struct lsqm_tf_answer {
    char key[LSQM_SHA256_HEX];
    int ready; /* 0: somebody records it now */
    lsqm_tf_headers head, trailers;
    lsqm_buffer body;
    size_t *marks; /* offsets of the endpoint in body */
    size_t mark_count;
    lsqm_tf_waiter *waiters;
    struct lsqm_tf_answer *next;
} lsqm_tf_answer;

/* One hold more, for lsqm_tfplugin_answers_release. */
void lsqm_tf_answers_retain(lsqm_tfplugin_answers *a);
/* The request's name; endpoint may be "". */
int lsqm_tf_answers_key(const char *identity, const char *path, const lsqm_buffer *message,
                        const char *endpoint, char key[LSQM_SHA256_HEX]);
/* Ready or being recorded; NULL: neither. Borrowed: a drop frees it. */
lsqm_tf_answer *lsqm_tf_answers_find(lsqm_tfplugin_answers *a, const char *key);
/* An empty answer to record into; NULL when there is no room. End with finish or drop. */
lsqm_tf_answer *lsqm_tf_answers_begin(lsqm_tfplugin_answers *a, const char *key);
/* Tells the waiters; a body that grew too large, or no memory, makes it a drop. */
void lsqm_tf_answers_finish(lsqm_tfplugin_answers *a, lsqm_tf_answer *answer,
                            const char *endpoint);
/* Tells the waiters that it is given up, and frees it. */
void lsqm_tf_answers_drop(lsqm_tfplugin_answers *a, lsqm_tf_answer *answer);
/* The waiter stays its caller's; it is told once, or taken back with unwait. */
void lsqm_tf_answer_wait(lsqm_tf_answer *answer, lsqm_tf_waiter *waiter);
void lsqm_tf_answer_unwait(lsqm_tf_answer *answer, lsqm_tf_waiter *waiter);
/* The body for this lease, into *out (yours). */
int lsqm_tf_answer_fill(const lsqm_tf_answer *answer, const char *endpoint, lsqm_buffer *out);
/* The same for a schema, which has no endpoint in it: what is not among the types is left out. */
int lsqm_tf_answer_fill_schema(const lsqm_tf_answer *answer, const char *const *types,
                               lsqm_buffer *out);

/* --- streams ------------------------------------------------------------------------------- */

/* The two sides of a link; also the index of what belongs to one. */
enum { LSQM_TF_CLIENT, LSQM_TF_PROVIDER };

typedef enum lsqm_tf_call {
    LSQM_TF_CONFIGURED, /* needs the configuration that this connection gave; the default */
    LSQM_TF_FREE,       /* needs none */
    LSQM_TF_CONFIGURE,
    LSQM_TF_KEPT,     /* answered from memory where possible */
    LSQM_TF_STOP,
    LSQM_TF_SHUTDOWN, /* never passed */
    LSQM_TF_SERVICE,  /* go-plugin's and gRPC's own, open as long as the connection */
} lsqm_tf_call;

typedef struct lsqm_tf_stream lsqm_tf_stream;
typedef struct lsqm_tf_link lsqm_tf_link;

/* One direction of a stream: what has come and has not been sent on. */
typedef struct lsqm_tf_flow {
    lsqm_tf_stream *stream;
    int to;           /* the side it is sent to */
    lsqm_buffer data;
    size_t sent;      /* of data */
    size_t owed;      /* bytes at the end of data that the sender may not replace yet */
    lsqm_tf_headers trailers;
    int ended;        /* nothing more will come */
    int deferred;     /* the session waits to be told of more */
} lsqm_tf_flow;

struct lsqm_tf_stream {
    lsqm_tf_link *link;
    lsqm_tf_stream *prev, *next;
    int32_t id[2];               /* on each side; 0 = not open (any more) */
    lsqm_tf_headers incoming[2]; /* of the header block that comes now */
    lsqm_tf_headers request;
    lsqm_tf_flow flow[2];        /* by the side it goes to */
    lsqm_tf_call call;
    int held;                    /* the request is collected whole before it goes anywhere */
    int has_head;                /* the provider's final header block has come */
    lsqm_tf_answer *recording;   /* ours to finish or drop */
    lsqm_tf_answer *awaited;     /* somebody else records what we need */
    lsqm_tf_waiter waiter;
};

/* nghttp2's callbacks of a side; the session's user data is its lsqm_tf_side. 0 or -1. */
int lsqm_tf_stream_callbacks(nghttp2_session_callbacks **out);
/* Takes the stream out of its link and frees it. */
void lsqm_tf_stream_free(lsqm_tf_stream *s);
/* Is the provider at work for it? */
int lsqm_tf_stream_is_busy(const lsqm_tf_stream *s);

/* --- links --------------------------------------------------------------------------------- */

typedef struct lsqm_tf_side {
    lsqm_tf_link *link;
    int role; /* LSQM_TF_CLIENT, LSQM_TF_PROVIDER */
    uv_pipe_t pipe;
    nghttp2_session *h2;
    uv_write_t write;
    lsqm_buffer out; /* what is being written */
    int connected, writing;
} lsqm_tf_side;

struct lsqm_tf_link {
    lsqm_tfplugin *plugin;
    lsqm_tf_link *prev, *next;
    lsqm_tf_side side[2];
    uv_connect_t connect;
    lsqm_tf_stream *streams;
    int handles, inside, failed, closing;
    int configured; /* it has sent Configure */
};

/* Accepts the connection that waits at the plugin's listener. */
void lsqm_tf_link_accept(lsqm_tfplugin *p);
/* Sends what is to be sent, or closes a link that failed. Harmless at any place. */
void lsqm_tf_link_pump(lsqm_tf_link *link);
/* Ends both connections; the link is freed once its handles are closed. Twice is fine. */
void lsqm_tf_link_close(lsqm_tf_link *link);

/* --- plugin -------------------------------------------------------------------------------- */

struct lsqm_tfplugin {
    uv_loop_t *loop;
    struct lsqm_process *process;
    uv_pipe_t listener;
    uv_timer_t timer;
    lsqm_buffer line; /* of the handshake, while it comes */
    char *identity;
    char endpoint[64];
    char **types; /* NULL-terminated; NULL: the lease names none */
    char socket[108], provider_socket[108];
    lsqm_tfplugin_answers *answers;
    lsqm_tf_link *links;
    lsqm_tf_link *owner; /* who configured the provider last */
    lsqm_tfplugin_state state;
    int handles, link_count; /* link_count: until their memory is gone */
    int told_ready, leased, closing, line_taken;
    lsqm_error why;
    void (*ready)(void *user, int status, const lsqm_error *err);
    void (*ended)(void *user, const lsqm_error *err);
    void *user;
};

/* A link's memory is gone. */
void lsqm_tf_plugin_link_gone(lsqm_tfplugin *p);

#endif

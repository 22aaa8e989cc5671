/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP client on the uv loop: libcurl's multi-socket interface.
 *
 * Owner: one lsqm_http per loop holds the one curl_multi, its timers and the connection pool;
 * whoever made it closes it. An lsqm_http_op belongs to the client and is valid until its `done`
 * was called. Everything here belongs to the loop's thread.
 *
 * TLS peers are always verified; one that fails is LSQM_EUNSAFE. The proxy comes from the usual
 * variables (https_proxy, NO_PROXY …; never for loopback addresses and unix sockets), the CA from
 * CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR, else from the system.
 */
#ifndef LSQM_HTTP_H
#define LSQM_HTTP_H

#include "error.h"

#include <stddef.h>
#include <uv.h>

typedef struct lsqm_http lsqm_http;
typedef struct lsqm_http_op lsqm_http_op;

/* All borrowed until `done` returns; the callback copies what it keeps. */
typedef struct lsqm_http_response {
    long status;
    const char *headers; /* "Name: value\r\n" lines of the last answer */
    size_t headers_len;
    const char *body; /* never NULL */
    size_t body_len;
    const char *url; /* where the answer came from, after redirects */
} lsqm_http_response;

/* Part of a 2xx answer. Returns LSQM_OK, or the code that ends the transfer, with err filled. */
typedef int (*lsqm_http_data)(void *user, const char *data, size_t len, lsqm_error *err);
/* response is NULL exactly when err->code is not LSQM_OK. Any status is an answer, not an error.
 * Called once, from the loop. It may start requests, but not close the client. */
typedef void (*lsqm_http_done)(void *user, const lsqm_http_response *response,
                               const lsqm_error *err);

enum { LSQM_HTTP_DEFAULT_BODY = 64 << 20, LSQM_HTTP_DEFAULT_REDIRECTS = 5 };

/* Zero means the default everywhere. Copied by lsqm_http_start: nothing has to outlive the call. */
typedef struct lsqm_http_request {
    const char *method;         /* NULL: GET */
    const char *url;            /* http: or https: */
    const char *const *headers; /* "Name: value", ends with NULL; may be NULL */
    const void *body;
    size_t body_len;
    const char *body_file;  /* sent instead of body, read while it is sent */
    double timeout;         /* seconds for the whole exchange; 0: none */
    double connect_timeout; /* seconds; 0: 30 */
    int redirects;          /* how many are followed; 0: none */
    size_t max_body;        /* more is LSQM_ELIMIT; 0: 64 MiB in memory, any size in a file */
    const char *unix_socket;
    const char *aws_sigv4;   /* "aws:amz:REGION:SERVICE": signed for AWS; follows no redirect */
    const char *credentials; /* for that: "KEY:SECRET" */
    const char *to_file;    /* a 2xx body replaces this file when it is complete */
    lsqm_http_data on_data; /* gets a 2xx body part by part; no limit then */
    lsqm_http_done done;
    void *user;
} lsqm_http_request;

/* Makes a client for the loop. An idle client does not keep the loop alive. */
int lsqm_http_open(uv_loop_t *loop, lsqm_http **out, lsqm_error *err);
/* Ends everything; requests that still run are completed with LSQM_ECANCELLED. The memory is
 * freed by the loop, which has to run once more. NULL is fine. Not from a callback of its own. */
void lsqm_http_close(lsqm_http *http);

/* Starts a request. On failure (bad URL, header, file) `done` is never called. A redirect to
 * another origin carries only harmless headers (Accept…, User-Agent, Content-Type, Range): no
 * Authorization, cookie or key; one from https to http is refused. */
int lsqm_http_start(lsqm_http *http, const lsqm_http_request *request, lsqm_http_op **out,
                    lsqm_error *err);
/* Completes the request soon with LSQM_ECANCELLED. */
void lsqm_http_cancel(lsqm_http_op *op);
/* The same, but `done` and on_data are never called again: `user` may go away now. */
void lsqm_http_drop(lsqm_http_op *op);

/* Back-pressure: after pause on_data is not called until resume. Both may be called anywhere. */
void lsqm_http_pause(lsqm_http_op *op);
void lsqm_http_resume(lsqm_http_op *op);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads along on one HTTP/1.1 connection to an AWS endpoint: which operation was asked for, whether
 * it was answered, with which status. It looks at heads (and at the beginning of form bodies, where
 * the Query protocol has its Action) and changes nothing; bytes that it does not understand make it
 * blind for the rest of the connection, never wrong.
 *
 * A new request is what the client sends after the status of the one before was seen: AWS clients
 * do not pipeline.
 */
#ifndef LSQM_RELAY_WATCH_H
#define LSQM_RELAY_WATCH_H

#include "buffer.h"

#define LSQM_RELAY_OPERATION 96

typedef struct lsqm_relay_watch {
    enum { LSQM_WATCH_HEAD, LSQM_WATCH_FORM, LSQM_WATCH_SENT, LSQM_WATCH_ANSWERED,
           LSQM_WATCH_BLIND } state;
    lsqm_buffer head, answer; /* bytes kept until they are understood; at most 32 KB and 4 KB */
    char operation[LSQM_RELAY_OPERATION]; /* "sqs CreateQueue", "s3 PUT /bucket"; "" before */
    int status;                           /* 0: no answer yet */
} lsqm_relay_watch;

/* What the client sent. Returns 1 when a request begins with these bytes. */
int lsqm_relay_watch_client(lsqm_relay_watch *w, const char *data, size_t len);
/* What the server sent. Returns 1 when these bytes complete the status of the request. */
int lsqm_relay_watch_server(lsqm_relay_watch *w, const char *data, size_t len);
/* Whether a request waits for its answer. */
int lsqm_relay_watch_is_waiting(const lsqm_relay_watch *w);
/* Frees the bytes it keeps; the watch itself is the caller's. */
void lsqm_relay_watch_free(lsqm_relay_watch *w);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relay: connections to an address of ours go to another one, byte for byte, and what AWS clients
 * ask on them is seen on the way. It gives a sandbox with a network namespace of its own the one
 * way out to its emulator (a unix socket in a folder that the sandbox sees), and tells which
 * request hangs or is refused.
 *
 * Everything happens on the loop's thread. Nothing in here waits.
 */
#ifndef LSQM_RELAY_H
#define LSQM_RELAY_H

#include "error.h"
#include "relay_watch.h"

#include <stddef.h>
#include <uv.h>

typedef struct lsqm_relay lsqm_relay;

/* Either a unix socket's path, or an address in digits and a port. */
typedef struct lsqm_relay_address {
    const char *path; /* NULL: host and port count */
    const char *host;
    int port; /* when listening, 0 takes a free one */
} lsqm_relay_address;

typedef struct lsqm_relay_request {
    char operation[LSQM_RELAY_OPERATION];
    double seconds; /* since its first byte */
} lsqm_relay_request;

typedef struct lsqm_relay_refusal {
    char operation[LSQM_RELAY_OPERATION];
    int status; /* 501, or another one from 500 on */
    unsigned count;
} lsqm_relay_refusal;

#define LSQM_RELAY_REFUSALS 64

/* Begins to listen. `to` is copied. */
int lsqm_relay_open(uv_loop_t *loop, const lsqm_relay_address *from, const lsqm_relay_address *to,
                    lsqm_relay **out, lsqm_error *err);
/* The TCP port it listens on; 0 for a unix socket. */
int lsqm_relay_port(const lsqm_relay *relay);
/* Requests without an answer yet, longest first; returns how many there are (may exceed max). */
size_t lsqm_relay_pending(const lsqm_relay *relay, lsqm_relay_request *list, size_t max);
/* Operations that were answered with 500 or more, as they came; the first LSQM_RELAY_REFUSALS
 * different ones are kept. Returns their number; *list is the relay's own. */
size_t lsqm_relay_refused(const lsqm_relay *relay, const lsqm_relay_refusal **list);
/* Requests that were answered, in all. */
unsigned long long lsqm_relay_answered(const lsqm_relay *relay);
/* Ends all connections and frees the relay once the loop has closed its handles; the pointer is
 * not valid afterwards. A unix socket's file is removed. */
void lsqm_relay_close(lsqm_relay *relay);

#endif

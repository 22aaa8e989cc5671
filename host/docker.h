/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Docker Engine API over its unix socket: transport, API version and framing. Bodies are JSON
 * texts that the caller writes and reads; what an operation means is the caller's knowledge.
 *
 * Owner: whoever opened it. It borrows the HTTP client, which must outlive it; requests that run
 * do not need it any more.
 */
#ifndef LSQM_DOCKER_H
#define LSQM_DOCKER_H

#include "http_stream.h"

typedef struct lsqm_docker lsqm_docker;

/* The newest API that this client was written for. */
#define LSQM_DOCKER_API_MAJOR 1
#define LSQM_DOCKER_API_MINOR 47

typedef enum lsqm_docker_framing {
    LSQM_DOCKER_BYTES,  /* as it comes: archives, terminals */
    LSQM_DOCKER_FRAMES, /* stdout and stderr mixed: logs, exec */
    LSQM_DOCKER_LINES   /* one JSON text per line: build, load, events */
} lsqm_docker_framing;

typedef struct lsqm_docker_call {
    const char *method;        /* NULL: GET */
    const char *path;          /* "/containers/json?all=1", without the version */
    const char *content_type;  /* NULL: application/json when there is a body */
    const char *registry_auth; /* X-Registry-Auth or NULL */
    const void *body;
    size_t body_len;
    const char *body_file; /* instead of body */
    const char *to_file;
    double timeout; /* seconds; 0: none */
    size_t max_body;
} lsqm_docker_call;

/* Remembers the socket's path (without "unix://"); does not connect. */
int lsqm_docker_open(lsqm_http *http, const char *socket, lsqm_docker **out, lsqm_error *err);
/* Frees it; requests that run go on. NULL is fine. */
void lsqm_docker_close(lsqm_docker *docker);

/* From the answer to "/_ping": afterwards calls use min(server's API, ours). Before that they go
 * out without a version, which the engine takes as its newest. */
void lsqm_docker_adopt_api(lsqm_docker *docker, const lsqm_http_response *ping);
/* "1.41"; "" before that. */
const char *lsqm_docker_api(const lsqm_docker *docker);

/* One exchange. No engine behind the socket is LSQM_EUNAVAILABLE, no right to it LSQM_EDENIED; an
 * answer of any status is an answer. `done` as for lsqm_http_start. */
int lsqm_docker_request(lsqm_docker *docker, const lsqm_docker_call *call, lsqm_http_done done,
                        void *user, lsqm_http_op **out, lsqm_error *err);
/* The same, with the 2xx body read chunk by chunk (see http_stream.h). */
int lsqm_docker_stream(lsqm_docker *docker, const lsqm_docker_call *call,
                       lsqm_docker_framing framing, lsqm_http_stream **out, lsqm_error *err);
/* Adds to an error of the transport what the user can do about it. */
void lsqm_docker_explain(lsqm_error *err);

#endif

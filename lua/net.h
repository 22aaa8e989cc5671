/* SPDX-License-Identifier: Apache-2.0 */
/* What the HTTP and the Docker binding share: the state's client, one exchange, streams. */
#ifndef LSQM_NET_H
#define LSQM_NET_H

#include "../host/docker.h"
#include "../host/http_stream.h"
#include "binding.h"

/* The state's HTTP client, made at first use, closed with the state. Raises without memory. */
lsqm_http *lsqm_net_client(lua_State *L);

typedef struct lsqm_exchange {
    lsqm_http_op *http;  /* NULL once it has ended */
    lsqm_docker *docker; /* learns its version from the answer; NULL: no */
    int is_docker;       /* errors get Docker's hints */
    long status;
    lsqm_buffer headers, body, url;
    lsqm_error err;
} lsqm_exchange;

/* [-0, +1] an op to start a request with: done = lsqm_exchange_done, user = the exchange. */
lsqm_exchange *lsqm_exchange_new(lua_State *L);
/* Copies the answer into the exchange and wakes its op. */
void lsqm_exchange_done(void *user, const lsqm_http_response *response, const lsqm_error *err);

/* [-0, +1] an empty stream object; the place to open the stream into. It closes what it holds. */
lsqm_http_stream **lsqm_stream_new(lua_State *L);

#endif

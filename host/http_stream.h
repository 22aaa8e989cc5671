/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 2xx answer read chunk by chunk, at the reader's pace: what is not taken yet is queued, and
 * beyond a mark the transfer pauses. A decoder may cut the bytes into pieces first.
 *
 * Owner: whoever opened the stream closes it, at any time, also while it waits.
 */
#ifndef LSQM_HTTP_STREAM_H
#define LSQM_HTTP_STREAM_H

#include "buffer.h"
#include "http.h"

/* Takes one piece; kind is the decoder's (frames: the stream number). Not LSQM_OK: stop. */
typedef int (*lsqm_piece_sink)(void *user, int kind, const char *data, size_t len);

/* State is `size` zeroed bytes. feed gets bytes cut anywhere; end is called after a whole answer;
 * both return LSQM_OK or a code with err filled. A non-zero result of the sink is passed on. */
typedef struct lsqm_decoder {
    size_t size;
    int (*feed)(void *state, const char *data, size_t len, lsqm_piece_sink sink, void *user,
                lsqm_error *err);
    int (*end)(void *state, lsqm_piece_sink sink, void *user, lsqm_error *err);
    void (*release)(void *state);
} lsqm_decoder;

/* Lines without their end ("\n" or "\r\n"), empty ones left out; over 8 MiB is LSQM_ELIMIT. */
extern const lsqm_decoder lsqm_lines_decoder;

typedef struct lsqm_http_stream lsqm_http_stream;

enum { LSQM_STREAM_CHUNK, LSQM_STREAM_PENDING, LSQM_STREAM_END, LSQM_STREAM_FAILED };

/* Starts the request; its on_data, done and user are ignored. decoder NULL: bytes as they come. */
int lsqm_http_stream_open(lsqm_http *http, const lsqm_http_request *request,
                          const lsqm_decoder *decoder, lsqm_http_stream **out, lsqm_error *err);
/* Takes the next chunk. LSQM_STREAM_CHUNK: *data is yours (free it). FAILED: err tells why. */
int lsqm_http_stream_next(lsqm_http_stream *s, char **data, size_t *len, int *kind,
                          lsqm_error *err);
/* While next says PENDING: `ready` is called once, from the loop, when it will say more. A NULL
 * `ready` takes the wish back. */
void lsqm_http_stream_wait(lsqm_http_stream *s, void (*ready)(void *user), void *user);
/* The answer, once next said END: borrowed until the close. The body is that of a non-2xx one. */
const lsqm_http_response *lsqm_http_stream_response(const lsqm_http_stream *s);
/* Ends the transfer where it still runs, and frees. NULL is fine. */
void lsqm_http_stream_close(lsqm_http_stream *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes apart the stream in which the Docker Engine mixes stdout and stderr: frames of an 8-byte
 * header (stream number, three zero bytes, big-endian length) and that many bytes.
 *
 * Input is hostile: lengths are believed only as a countdown, nothing is allocated.
 */
#ifndef LSQM_DOCKER_FRAMES_H
#define LSQM_DOCKER_FRAMES_H

#include "http_stream.h"

#include <stdint.h>

/* The engine's numbers; kinds of the decoder below. SYSTEM carries the engine's own error text. */
enum { LSQM_DOCKER_STDIN, LSQM_DOCKER_STDOUT, LSQM_DOCKER_STDERR, LSQM_DOCKER_SYSTEM };

/* Zeroed before first use. */
typedef struct lsqm_docker_frames {
    unsigned char header[8];
    unsigned char have; /* bytes of the header */
    int kind;
    uint32_t left; /* bytes of the payload still to come */
} lsqm_docker_frames;

/* Passes each part of a payload to the sink as it comes (one frame may take several calls).
 * LSQM_ESYNTAX for a header that no engine writes; the state is of no use after that. */
int lsqm_docker_frames_feed(lsqm_docker_frames *f, const char *data, size_t len,
                            lsqm_piece_sink sink, void *user, lsqm_error *err);
/* LSQM_ENET when the input stopped inside of a frame. */
int lsqm_docker_frames_end(const lsqm_docker_frames *f, lsqm_error *err);

extern const lsqm_decoder lsqm_docker_frames_decoder;

#endif

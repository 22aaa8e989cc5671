/* SPDX-License-Identifier: Apache-2.0 */
/* Demultiplexer of Docker's log and exec streams. See docker_frames.h. */
#include "docker_frames.h"

#include <string.h>

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int open_frame(lsqm_docker_frames *f, lsqm_error *err)
{
    const unsigned char *h = f->header;
    if (h[0] > LSQM_DOCKER_SYSTEM || h[1] || h[2] || h[3])
        return lsqm_error_set(err, LSQM_ESYNTAX, "docker stream",
                              "not a frame header: %02x %02x %02x %02x", h[0], h[1], h[2], h[3]);
    f->kind = h[0];
    f->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
    f->have = 0;
    return LSQM_OK;
}

int lsqm_docker_frames_feed(lsqm_docker_frames *f, const char *data, size_t len,
                            lsqm_piece_sink sink, void *user, lsqm_error *err)
{
    while (len > 0) {
        size_t n;
        int rc = LSQM_OK;
        if (f->left > 0) {
            n = min_size(f->left, len);
            rc = sink(user, f->kind, data, n);
            f->left -= (uint32_t)n;
        } else {
            n = min_size(sizeof f->header - f->have, len);
            memcpy(f->header + f->have, data, n);
            f->have = (unsigned char)(f->have + n);
            if (f->have == sizeof f->header)
                rc = open_frame(f, err);
        }
        if (rc != LSQM_OK)
            return rc;
        data += n;
        len -= n;
    }
    return LSQM_OK;
}

int lsqm_docker_frames_end(const lsqm_docker_frames *f, lsqm_error *err)
{
    if (f->have == 0 && f->left == 0)
        return LSQM_OK;
    return lsqm_error_set(err, LSQM_ENET, "docker stream",
                          "the stream ended inside of a frame, %lu bytes are missing",
                          f->have ? (unsigned long)(sizeof f->header - f->have)
                                  : (unsigned long)f->left);
}

static int decoder_feed(void *state, const char *data, size_t len, lsqm_piece_sink sink, void *user,
                        lsqm_error *err)
{
    return lsqm_docker_frames_feed(state, data, len, sink, user, err);
}

static int decoder_end(void *state, lsqm_piece_sink sink, void *user, lsqm_error *err)
{
    (void)sink;
    (void)user;
    return lsqm_docker_frames_end(state, err);
}

const lsqm_decoder lsqm_docker_frames_decoder = {sizeof(lsqm_docker_frames), decoder_feed,
                                                 decoder_end, NULL};

/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by http.c (loop, life of an operation) and http_transfer.c (one curl handle). */
#ifndef LSQM_HTTP_IMPL_H
#define LSQM_HTTP_IMPL_H

#include "buffer.h"
#include "http.h"

#include <curl/curl.h>
#include <stdint.h>

struct lsqm_http_op {
    lsqm_http *http;
    lsqm_http_op *prev, *next; /* in http->ops */
    CURL *easy;
    struct curl_slist *headers;
    char *method, *url, *body, *unix_socket, *to_file;
    size_t body_len;
    int body_fd; /* -1: none */
    int64_t body_size;
    char *part; /* the file while it grows; NULL: none */
    int part_fd;
    uint64_t deadline; /* loop time in ms; 0: none */
    double connect_timeout;
    int redirects_left;
    size_t max_body, received;
    lsqm_http_data on_data;
    lsqm_http_done done;
    void *user;
    lsqm_buffer head, memory;
    lsqm_error err; /* set when a callback ended the transfer */
    char detail[CURL_ERROR_SIZE];
    unsigned char added, kicked, cancelled, paused, stuck, follows;
};

/* Copies the request into op and makes its curl handle. op is freed by the caller on failure. */
int lsqm_http_prepare(lsqm_http_op *op, const lsqm_http_request *request, uint64_t now,
                      lsqm_error *err);
/* Sets the handle up for op->url; used again after a redirect. */
int lsqm_http_configure(lsqm_http_op *op, uint64_t now, lsqm_error *err);
/* 1: the answer is a redirect and op is ready to be added again; 0: it is the last answer;
 * negative: refused, op->err says why. */
int lsqm_http_redirect(lsqm_http_op *op);
/* Translates curl's result; fills op->err. Finishes the file. */
void lsqm_http_conclude(lsqm_http_op *op, CURLcode code);
/* Frees what op owns and op. */
void lsqm_http_free(lsqm_http_op *op);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of AWS requests, from their heads. See relay_watch.h. */
#include "relay_watch.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_HEAD 32768
#define MAX_ANSWER 4096
/* Query clients write Action first; what comes later is not looked for. */
#define MAX_FORM 4096

typedef struct slice {
    const char *data;
    size_t len;
} slice;

/* The value of a header, without the spaces around it; empty when it is not there. */
static slice header(const char *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
        line += 2;
        if (line[0] == '\r') /* what follows is the body's */
            break;
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        const char *value = line + len + 1;
        value += strspn(value, " \t");
        return (slice){value, strcspn(value, "\r\n")};
    }
    return (slice){"", 0};
}

/* "…Credential=AKID/20260101/us-east-1/sqs/aws4_request, …" → "sqs" */
static slice service_of(const char *head)
{
    slice value = header(head, "authorization");
    const char *end = value.data + value.len;
    const char *at = value.len ? strstr(value.data, "Credential=") : NULL;
    for (int slashes = 0; at && at < end && slashes < 3; slashes++) {
        at = memchr(at, '/', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    if (!at || at >= end)
        return (slice){"", 0};
    return (slice){at, strcspn(at, "/,\r\n")};
}

/* Names come from outside: what a log line cannot hold is replaced. */
static void name_operation(lsqm_relay_watch *w, slice service, const char *what, size_t len)
{
    snprintf(w->operation, sizeof w->operation, "%.*s%s%.*s", (int)service.len, service.data,
             service.len ? " " : "", (int)len, what);
    for (char *c = w->operation; *c; c++)
        if (!isprint((unsigned char)*c))
            *c = '?';
}

static int is_form(const char *head)
{
    slice type = header(head, "content-type");
    static const char form[] = "application/x-www-form-urlencoded";
    return type.len >= sizeof form - 1 && strncasecmp(type.data, form, sizeof form - 1) == 0;
}

/* "POST /path HTTP/1.1" → method and path, for REST protocols. */
static int name_by_path(lsqm_relay_watch *w)
{
    size_t line = strcspn(w->head.data, "\r\n");
    size_t method = strcspn(w->head.data, " \r\n");
    if (method == 0 || method > 16 || method >= line)
        return 0;
    size_t path = strcspn(w->head.data + method + 1, " ?\r\n");
    if (w->head.data[method + 1] != '/' || method + 1 + path >= line)
        return 0;
    name_operation(w, service_of(w->head.data), w->head.data, method + 1 + path);
    return 1;
}

/* "Action=CreateTopic&…" after the head; 1 when found or not to be found any more. */
static int name_by_form(lsqm_relay_watch *w)
{
    const char *body = strstr(w->head.data, "\r\n\r\n") + 4;
    size_t len = w->head.len - (size_t)(body - w->head.data);
    slice length = header(w->head.data, "content-length");
    int is_whole = len >= MAX_FORM || (length.len && len >= strtoul(length.data, NULL, 10));
    const char *at = strstr(body, "Action=");
    if (!at || (at != body && at[-1] != '&'))
        return is_whole;
    at += strlen("Action=");
    size_t name = strcspn(at, "&");
    if (at + name == body + len && !is_whole)
        return 0; /* the name itself may be cut */
    name_operation(w, service_of(w->head.data), at, name);
    return 1;
}

static void read_head(lsqm_relay_watch *w)
{
    slice target = header(w->head.data, "x-amz-target");
    if (!name_by_path(w)) {
        w->state = LSQM_WATCH_BLIND;
        return;
    }
    w->state = LSQM_WATCH_SENT;
    if (target.len) {
        const char *dot = memchr(target.data, '.', target.len);
        size_t skip = dot ? (size_t)(dot + 1 - target.data) : 0;
        name_operation(w, service_of(w->head.data), target.data + skip, target.len - skip);
    } else if (is_form(w->head.data) && !name_by_form(w)) {
        w->state = LSQM_WATCH_FORM;
    }
}

int lsqm_relay_watch_client(lsqm_relay_watch *w, const char *data, size_t len)
{
    int begins = 0;
    if (w->state == LSQM_WATCH_ANSWERED) {
        lsqm_buffer_clear(&w->head);
        lsqm_buffer_clear(&w->answer);
        w->operation[0] = '\0';
        w->status = 0;
        w->state = LSQM_WATCH_HEAD;
    }
    if (w->state != LSQM_WATCH_HEAD && w->state != LSQM_WATCH_FORM)
        return 0;
    begins = w->state == LSQM_WATCH_HEAD && w->head.len == 0 && len > 0;
    size_t room = MAX_HEAD - w->head.len;
    if (memchr(data, '\0', len < room ? len : room) != NULL && w->state == LSQM_WATCH_HEAD) {
        /* a body with zero bytes may follow its head in one piece: only the head is kept */
        const char *zero = memchr(data, '\0', len);
        len = (size_t)(zero - data);
    }
    lsqm_buffer_add(&w->head, data, len < room ? len : room);
    if (w->head.failed || w->head.len >= MAX_HEAD)
        w->state = LSQM_WATCH_BLIND;
    else if (w->state == LSQM_WATCH_FORM && name_by_form(w))
        w->state = LSQM_WATCH_SENT;
    else if (w->state == LSQM_WATCH_HEAD && w->head.data && strstr(w->head.data, "\r\n\r\n"))
        read_head(w);
    return begins;
}

/* Drops heads of interim answers (100 Continue); 1 when a final status is there. */
static int read_status(lsqm_relay_watch *w)
{
    for (;;) {
        int status = 0;
        if (!w->answer.data || w->answer.len < sizeof "HTTP/1.1 200" - 1)
            return 0;
        if (sscanf(w->answer.data, "HTTP/1.%*1[01] %3d", &status) != 1 || status < 100) {
            w->state = LSQM_WATCH_BLIND;
            return 0;
        }
        if (status >= 200) {
            w->status = status;
            return 1;
        }
        const char *end = strstr(w->answer.data, "\r\n\r\n");
        if (!end)
            return 0;
        size_t used = (size_t)(end + 4 - w->answer.data);
        memmove(w->answer.data, w->answer.data + used, w->answer.len - used + 1);
        w->answer.len -= used;
    }
}

int lsqm_relay_watch_server(lsqm_relay_watch *w, const char *data, size_t len)
{
    if (!lsqm_relay_watch_is_waiting(w))
        return 0;
    size_t room = MAX_ANSWER - w->answer.len;
    const char *zero = memchr(data, '\0', len < room ? len : room);
    if (zero)
        room = (size_t)(zero - data);
    lsqm_buffer_add(&w->answer, data, len < room ? len : room);
    if (w->answer.failed || w->answer.len >= MAX_ANSWER) {
        if (!w->answer.failed && read_status(w)) {
            w->state = LSQM_WATCH_ANSWERED;
            return 1;
        }
        w->state = LSQM_WATCH_BLIND;
        return 0;
    }
    if (!read_status(w))
        return 0;
    w->state = LSQM_WATCH_ANSWERED;
    return 1;
}

int lsqm_relay_watch_is_waiting(const lsqm_relay_watch *w)
{
    return w->state == LSQM_WATCH_SENT || w->state == LSQM_WATCH_FORM;
}

void lsqm_relay_watch_free(lsqm_relay_watch *w)
{
    lsqm_buffer_free(&w->head);
    lsqm_buffer_free(&w->answer);
}

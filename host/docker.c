/* SPDX-License-Identifier: Apache-2.0 */
/* Docker Engine calls as HTTP requests to its socket. See docker.h. */
#include "docker.h"

#include "docker_frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct lsqm_docker {
    lsqm_http *http;
    char *socket;
    char api[16];
};

int lsqm_docker_open(lsqm_http *http, const char *socket, lsqm_docker **out, lsqm_error *err)
{
    lsqm_docker *docker = calloc(1, sizeof *docker);
    if (docker)
        docker->socket = strdup(socket);
    if (!docker || !docker->socket) {
        free(docker);
        return lsqm_error_set(err, LSQM_ENOMEM, "docker", NULL);
    }
    docker->http = http;
    *out = docker;
    return LSQM_OK;
}

void lsqm_docker_close(lsqm_docker *docker)
{
    if (!docker)
        return;
    free(docker->socket);
    free(docker);
}

const char *lsqm_docker_api(const lsqm_docker *docker)
{
    return docker->api;
}

void lsqm_docker_explain(lsqm_error *err)
{
    if (err->code == LSQM_EUNAVAILABLE)
        lsqm_error_hint(err, "start the Docker Engine, or name its socket in DOCKER_HOST");
    else if (err->code == LSQM_EDENIED)
        lsqm_error_hint(err, "add this user to the group that owns the socket (docker), or use "
                             "a rootless engine");
}

/* --- requests ------------------------------------------------------------------------------ */

/* What a call borrows while it is started. */
typedef struct envelope {
    lsqm_buffer url, type, auth;
    const char *headers[3];
    lsqm_http_request request;
} envelope;

static void seal(envelope *e, const lsqm_docker *docker, const lsqm_docker_call *call)
{
    int n = 0;
    memset(e, 0, sizeof *e);
    lsqm_buffer_addf(&e->url, "http://docker%s%s%s", docker->api[0] ? "/v" : "", docker->api,
                     call->path);
    if (call->body || call->body_file) {
        lsqm_buffer_addf(&e->type, "Content-Type: %s",
                         call->content_type ? call->content_type : "application/json");
        e->headers[n++] = e->type.data;
    }
    if (call->registry_auth) {
        lsqm_buffer_addf(&e->auth, "X-Registry-Auth: %s", call->registry_auth);
        e->headers[n++] = e->auth.data;
    }
    e->request = (lsqm_http_request){
        .method = call->method,
        .url = e->url.data,
        .headers = e->headers,
        .body = call->body,
        .body_len = call->body_len,
        .body_file = call->body_file,
        .to_file = call->to_file,
        .timeout = call->timeout,
        .max_body = call->max_body,
        .unix_socket = docker->socket,
    };
}

static int is_sealed(const envelope *e, lsqm_error *err)
{
    if (!e->url.failed && !e->type.failed && !e->auth.failed)
        return 1;
    lsqm_error_set(err, LSQM_ENOMEM, "docker", NULL);
    return 0;
}

static void unseal(envelope *e)
{
    lsqm_buffer_free(&e->url);
    lsqm_buffer_free(&e->type);
    lsqm_buffer_free(&e->auth);
}

int lsqm_docker_request(lsqm_docker *docker, const lsqm_docker_call *call, lsqm_http_done done,
                        void *user, lsqm_http_op **out, lsqm_error *err)
{
    envelope e;
    lsqm_error_clear(err);
    seal(&e, docker, call);
    e.request.done = done;
    e.request.user = user;
    if (is_sealed(&e, err))
        lsqm_http_start(docker->http, &e.request, out, err);
    unseal(&e);
    return err->code;
}

int lsqm_docker_stream(lsqm_docker *docker, const lsqm_docker_call *call,
                       lsqm_docker_framing framing, lsqm_http_stream **out, lsqm_error *err)
{
    static const lsqm_decoder *const decoders[] = {
        [LSQM_DOCKER_BYTES] = NULL,
        [LSQM_DOCKER_FRAMES] = &lsqm_docker_frames_decoder,
        [LSQM_DOCKER_LINES] = &lsqm_lines_decoder,
    };
    envelope e;
    lsqm_error_clear(err);
    seal(&e, docker, call);
    if (is_sealed(&e, err))
        lsqm_http_stream_open(docker->http, &e.request, decoders[framing], out, err);
    unseal(&e);
    return err->code;
}

/* --- version ------------------------------------------------------------------------------- */

/* Value of a header in the "Name: value\r\n" lines; NULL when it is not there. */
static const char *find_header(const char *lines, const char *name)
{
    size_t len = strlen(name);
    while (lines && *lines) {
        if (strncasecmp(lines, name, len) == 0 && lines[len] == ':')
            return lines + len + 1;
        lines = strchr(lines, '\n');
        lines = lines ? lines + 1 : NULL;
    }
    return NULL;
}

void lsqm_docker_adopt_api(lsqm_docker *docker, const lsqm_http_response *ping)
{
    unsigned major = 0, minor = 0;
    const char *text = find_header(ping->headers, "Api-Version");
    if (!text || sscanf(text, " %3u.%3u", &major, &minor) != 2)
        return;
    if (major > LSQM_DOCKER_API_MAJOR ||
        (major == LSQM_DOCKER_API_MAJOR && minor > LSQM_DOCKER_API_MINOR)) {
        major = LSQM_DOCKER_API_MAJOR;
        minor = LSQM_DOCKER_API_MINOR;
    }
    snprintf(docker->api, sizeof docker->api, "%u.%u", major, minor);
}

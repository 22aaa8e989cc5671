/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP exchange as a curl handle: options, body in and out, redirects, what went wrong.
 * Knows nothing of the loop; http.c drives it.
 *
 * Redirects are followed here and not by curl, because curl would pass every header but two on to
 * the other host.
 */
#include "http_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_CONNECT_SECONDS = 30, MAX_ERROR_BODY = 1 << 20 };

/* --- what went wrong ----------------------------------------------------------------------- */

/* Start and length of "host:port" in a URL. */
static const char *authority_of(const char *url, size_t *len)
{
    const char *scheme_end = strstr(url, "://");
    const char *rest = scheme_end ? scheme_end + 3 : url;
    size_t whole = strcspn(rest, "/?#\\");
    const char *at = memrchr(rest, '@', whole);
    const char *start = at ? at + 1 : rest;
    *len = whole - (size_t)(start - rest);
    return start;
}

static int is_loopback(const char *url)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t len;
    const char *host = authority_of(url, &len);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (len >= n && strncasecmp(host, names[i], n) == 0 && (len == n || host[n] == ':'))
            return 1;
    }
    return 0;
}

/* The URL for people. Credentials, queries and, in web hooks, paths are secrets: only a loopback
 * address is shown with its path. */
static void show_url(const lsqm_http_op *op, char *out, size_t size)
{
    size_t len;
    const char *host = authority_of(op->url, &len);
    size_t scheme = strcspn(op->url, ":");
    if (op->unix_socket) {
        snprintf(out, size, "%s", op->unix_socket);
        return;
    }
    if (is_loopback(op->url))
        len = strcspn(host, "?#");
    snprintf(out, size, "%.*s://%.*s", (int)scheme, op->url, (int)len, host);
}

static int fail(lsqm_http_op *op, int code, const char *why)
{
    char name[24], url[256];
    snprintf(name, sizeof name, "http %s", op->method);
    show_url(op, url, sizeof url);
    return lsqm_error_set(&op->err, code, name, "%s: %s", why, url);
}

static int fail_socket(lsqm_http_op *op)
{
    long os = 0;
    curl_easy_getinfo(op->easy, CURLINFO_OS_ERRNO, &os);
    if (os == 0 && access(op->unix_socket, R_OK | W_OK) != 0)
        os = errno;
    if (os == EACCES || os == EPERM)
        return fail(op, LSQM_EDENIED, "no permission to use the socket");
    return fail(op, LSQM_EUNAVAILABLE, os == ENOENT ? "no such socket" : "nobody answers");
}

/* Not ENET: asking again does not make a peer trustworthy. */
static int fail_trust(lsqm_http_op *op)
{
    fail(op, LSQM_EUNSAFE, op->detail[0] ? op->detail : "the certificate cannot be trusted");
    lsqm_error_hint(&op->err, "for a private authority set CURL_CA_BUNDLE or SSL_CERT_FILE to its "
                              "certificate file");
    return op->err.code;
}

static int fail_timeout(lsqm_http_op *op)
{
    curl_off_t pretransfer = 0;
    curl_easy_getinfo(op->easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer);
    if (pretransfer > 0)
        return fail(op, LSQM_ETIMEOUT, "timed out");
    /* A peer that cannot be reached is the network's failure, and worth another attempt. */
    return fail(op, LSQM_ENET, "timed out while connecting");
}

static int translate(lsqm_http_op *op, CURLcode code)
{
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT: return fail_timeout(op);
    case CURLE_COULDNT_CONNECT:
        if (op->unix_socket)
            return fail_socket(op);
        return fail(op, LSQM_ENET, "cannot connect");
    case CURLE_COULDNT_RESOLVE_HOST: return fail(op, LSQM_ENET, "host name not found");
    case CURLE_COULDNT_RESOLVE_PROXY: return fail(op, LSQM_ENET, "name of the proxy not found");
    case CURLE_PARTIAL_FILE: return fail(op, LSQM_ENET, "the answer ended too early");
    case CURLE_GOT_NOTHING: return fail(op, LSQM_ENET, "the connection closed without an answer");
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return fail(op, LSQM_ENET, "the connection broke");
    case CURLE_OUT_OF_MEMORY: return fail(op, LSQM_ENOMEM, "out of memory");
    case CURLE_UNSUPPORTED_PROTOCOL: /* also said of an answer that is not HTTP/1 */
        if (strncasecmp(op->url, "http", 4) != 0)
            return fail(op, LSQM_EINVAL, "not an http or https URL");
        return fail(op, LSQM_EHTTP, "the answer is not HTTP");
    case CURLE_WEIRD_SERVER_REPLY: return fail(op, LSQM_EHTTP, "the answer is not HTTP");
    case CURLE_URL_MALFORMAT: return fail(op, LSQM_EINVAL, "not a URL");
    case CURLE_READ_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return fail(op, LSQM_EIO, "cannot read the body to send");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return fail_trust(op);
    default: return fail(op, LSQM_ENET, op->detail[0] ? op->detail : curl_easy_strerror(code));
    }
}

/* --- body in ------------------------------------------------------------------------------- */

static long status_of(const lsqm_http_op *op)
{
    long status = 0;
    curl_easy_getinfo(op->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static int is_success(long status)
{
    return status >= 200 && status < 300;
}

static int is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int over_limit(lsqm_http_op *op, size_t limit)
{
    char why[80];
    snprintf(why, sizeof why, "the answer was cut, it is larger than %zu bytes", limit);
    return fail(op, LSQM_ELIMIT, why);
}

static int write_part(lsqm_http_op *op, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(op->part_fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return lsqm_error_errno(&op->err, errno, "http", op->to_file);
        data += n;
        len -= (size_t)n;
    }
    return LSQM_OK;
}

static int keep(lsqm_http_op *op, const char *data, size_t len, int to_file)
{
    size_t limit = op->max_body;
    if (!to_file && (op->to_file || op->on_data))
        limit = MAX_ERROR_BODY;
    else if (!to_file && limit == 0)
        limit = LSQM_HTTP_DEFAULT_BODY;
    op->received += len;
    if (limit > 0 && op->received > limit)
        return over_limit(op, limit);
    if (to_file)
        return write_part(op, data, len);
    if (lsqm_buffer_add(&op->memory, data, len) != LSQM_OK)
        return fail(op, LSQM_ENOMEM, "out of memory");
    return LSQM_OK;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    lsqm_http_op *op = user;
    size_t len = size * count;
    long status = status_of(op);
    int rc;
    if (op->cancelled)
        return CURL_WRITEFUNC_ERROR;
    if (op->follows && is_redirect(status))
        return len;
    if (op->on_data && is_success(status)) {
        if (op->paused) {
            op->stuck = 1;
            return CURL_WRITEFUNC_PAUSE;
        }
        rc = op->on_data(op->user, data, len, &op->err);
    } else {
        rc = keep(op, data, len, op->to_file && is_success(status));
    }
    return rc == LSQM_OK ? len : CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
    lsqm_http_op *op = user;
    size_t len = size * count;
    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
        lsqm_buffer_clear(&op->head);
    else if (len > 2)
        lsqm_buffer_add(&op->head, data, len);
    return len;
}

/* --- body out ------------------------------------------------------------------------------ */

static size_t on_read(char *data, size_t size, size_t count, void *user)
{
    lsqm_http_op *op = user;
    ssize_t n;
    do
        n = read(op->body_fd, data, size * count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? CURL_READFUNC_ABORT : (size_t)n;
}

static int on_seek(void *user, curl_off_t offset, int origin)
{
    lsqm_http_op *op = user;
    return lseek(op->body_fd, offset, origin) < 0 ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

/* --- setting up ---------------------------------------------------------------------------- */

static int is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] == 0x7f || strchr("()<>@,;:\\\"/[]?={}", text[i]))
            return 0;
    return len > 0;
}

static int add_header(lsqm_http_op *op, const char *line, lsqm_error *err)
{
    const char *colon = strchr(line, ':');
    if (!colon || !is_token(line, (size_t)(colon - line)) || strpbrk(line, "\r\n"))
        return lsqm_error_set(err, LSQM_EINVAL, "http", "not a header: %.*s",
                              (int)strcspn(line, ":\r\n"), line);
    struct curl_slist *longer = curl_slist_append(op->headers, line);
    if (!longer)
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    op->headers = longer;
    return LSQM_OK;
}

/* Name of the header, without regard to case. */
static int is_header(const char *line, const char *name)
{
    size_t len = strlen(name);
    return strncasecmp(line, name, len) == 0 && line[len] == ':';
}

static int copy_headers(lsqm_http_op *op, const lsqm_http_request *request, lsqm_error *err)
{
    int typed = 0;
    for (const char *const *lines = request->headers; lines && *lines; lines++) {
        if (add_header(op, *lines, err) != LSQM_OK)
            return err->code;
        typed |= is_header(*lines, "Content-Type");
    }
    if (request->aws_sigv4)
        return LSQM_OK; /* curl 7.88 signs headers also where it does not send them */
    /* curl would wait a second for "100 Continue", and call every body a web form. */
    if (add_header(op, "Expect:", err) != LSQM_OK)
        return err->code;
    return typed ? LSQM_OK : add_header(op, "Content-Type:", err);
}

static int open_body(lsqm_http_op *op, const lsqm_http_request *request, lsqm_error *err)
{
    struct stat st;
    if (request->body_file) {
        op->body_fd = open(request->body_file, O_RDONLY | O_CLOEXEC);
        if (op->body_fd < 0 || fstat(op->body_fd, &st) != 0)
            return lsqm_error_errno(err, errno, "http", request->body_file);
        op->body_size = st.st_size;
        return LSQM_OK;
    }
    if (!request->body)
        return LSQM_OK;
    op->body = malloc(request->body_len + 1);
    if (!op->body)
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    memcpy(op->body, request->body, request->body_len);
    op->body_len = request->body_len;
    return LSQM_OK;
}

/* The file grows beside its final place under a name that nobody else uses. */
static int open_part(lsqm_http_op *op, lsqm_error *err)
{
    static atomic_uint serial;
    lsqm_buffer name = LSQM_BUFFER_INIT;
    lsqm_buffer_addf(&name, "%s.%ld-%u.part", op->to_file, (long)getpid(),
                     atomic_fetch_add(&serial, 1));
    if (name.failed)
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    op->part = lsqm_buffer_detach(&name, NULL);
    op->part_fd = open(op->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (op->part_fd >= 0)
        return LSQM_OK;
    lsqm_error_errno(err, errno, "http", op->to_file);
    free(op->part);
    op->part = NULL;
    return err->code;
}

static void set_ca_and_socket(lsqm_http_op *op)
{
    const char *file = getenv("CURL_CA_BUNDLE");
    const char *dir = getenv("SSL_CERT_DIR");
    if (!file || !file[0])
        file = getenv("SSL_CERT_FILE");
    if (file && file[0])
        curl_easy_setopt(op->easy, CURLOPT_CAINFO, file);
    if (dir && dir[0])
        curl_easy_setopt(op->easy, CURLOPT_CAPATH, dir);
    if (op->unix_socket) {
        curl_easy_setopt(op->easy, CURLOPT_UNIX_SOCKET_PATH, op->unix_socket);
    } else {
        curl_easy_setopt(op->easy, CURLOPT_ACCEPT_ENCODING, "");
    }
}

static void set_constants(lsqm_http_op *op)
{
    CURL *easy = op->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, op);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, op->detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Cancelling must not wait for a name server that does not answer. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "lsqm/" LSQM_VERSION);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, op);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, op);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(op->connect_timeout * 1000));
    set_ca_and_socket(op);
}

static int copy_texts(lsqm_http_op *op, const lsqm_http_request *request, lsqm_error *err)
{
    const char *method = request->method ? request->method : "GET";
    if (!is_token(method, strlen(method)) || strlen(method) > 16)
        return lsqm_error_set(err, LSQM_EINVAL, "http", "not a method: %.20s", method);
    if (strpbrk(request->url, "\r\n \t"))
        return lsqm_error_set(err, LSQM_EINVAL, "http", "not a URL: it holds white space");
    op->method = strdup(method);
    op->url = strdup(request->url);
    op->unix_socket = request->unix_socket ? strdup(request->unix_socket) : NULL;
    op->to_file = request->to_file ? strdup(request->to_file) : NULL;
    if (!op->method || !op->url || (request->unix_socket && !op->unix_socket) ||
        (request->to_file && !op->to_file))
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    return LSQM_OK;
}

/* The signature covers the host and is worth the secret: it goes nowhere else. */
static int set_signature(lsqm_http_op *op, const lsqm_http_request *request, lsqm_error *err)
{
    if (!request->aws_sigv4)
        return LSQM_OK;
    if (!request->credentials || request->redirects > 0)
        return lsqm_error_set(err, LSQM_EINVAL, "http",
                              "a signed request needs credentials and follows no redirect");
    if (curl_easy_setopt(op->easy, CURLOPT_AWS_SIGV4, request->aws_sigv4) != CURLE_OK ||
        curl_easy_setopt(op->easy, CURLOPT_USERPWD, request->credentials) != CURLE_OK)
        return lsqm_error_set(err, LSQM_EUNSUPPORTED, "http", "curl does not sign");
    return LSQM_OK;
}

int lsqm_http_prepare(lsqm_http_op *op, const lsqm_http_request *request, uint64_t now,
                      lsqm_error *err)
{
    op->on_data = request->on_data;
    op->done = request->done;
    op->user = request->user;
    op->max_body = request->max_body;
    op->redirects_left = request->redirects;
    op->follows = request->redirects > 0;
    op->connect_timeout =
        request->connect_timeout > 0 ? request->connect_timeout : DEFAULT_CONNECT_SECONDS;
    if (request->timeout > 0)
        op->deadline = now + (uint64_t)(request->timeout * 1000) + 1;
    if (copy_texts(op, request, err) != LSQM_OK ||
        copy_headers(op, request, err) != LSQM_OK ||
        open_body(op, request, err) != LSQM_OK || (op->to_file && open_part(op, err) != LSQM_OK))
        return err->code;
    op->easy = curl_easy_init();
    if (!op->easy)
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    set_constants(op);
    if (set_signature(op, request, err) != LSQM_OK)
        return err->code;
    return lsqm_http_configure(op, now, err);
}

static void set_body(lsqm_http_op *op)
{
    CURL *easy = op->easy;
    if (op->body_fd >= 0) {
        lseek(op->body_fd, 0, SEEK_SET);
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, op);
        curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(easy, CURLOPT_SEEKDATA, op);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)op->body_size);
    } else if (op->body || strcmp(op->method, "POST") == 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)op->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, op->body ? op->body : "");
    } else if (strcmp(op->method, "HEAD") == 0) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, op->method);
}

int lsqm_http_configure(lsqm_http_op *op, uint64_t now, lsqm_error *err)
{
    if (op->deadline && now >= op->deadline)
        return lsqm_error_set(err, LSQM_ETIMEOUT, "http", "timed out");
    curl_easy_setopt(op->easy, CURLOPT_HTTPHEADER, op->headers);
    if (op->deadline)
        curl_easy_setopt(op->easy, CURLOPT_TIMEOUT_MS, (long)(op->deadline - now));
    /* NULL: the environment decides. No proxy can reach what listens here. */
    int direct = op->unix_socket || is_loopback(op->url);
    curl_easy_setopt(op->easy, CURLOPT_PROXY, direct ? "" : (const char *)NULL);
    set_body(op);
    if (curl_easy_setopt(op->easy, CURLOPT_URL, op->url) != CURLE_OK)
        return lsqm_error_set(err, LSQM_ENOMEM, "http", NULL);
    return LSQM_OK;
}

/* --- redirects ----------------------------------------------------------------------------- */

static int same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *x = NULL, *y = NULL;
    int same = curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(x, y) == 0;
    curl_free(x);
    curl_free(y);
    return same;
}

/* Unsure means another origin. */
static int is_same_origin(const char *from, const char *to)
{
    CURLU *a = curl_url(), *b = curl_url();
    int same = a && b && curl_url_set(a, CURLUPART_URL, from, 0) == CURLUE_OK &&
               curl_url_set(b, CURLUPART_URL, to, 0) == CURLUE_OK &&
               same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
               same_part(a, b, CURLUPART_PORT);
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return same;
}

static int is_harmless(const char *line)
{
    static const char *const names[] = {"Accept",     "Accept-Language", "Accept-Encoding",
                                        "User-Agent", "Content-Type",    "Range",
                                        "Expect"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_header(line, names[i]))
            return 1;
    return 0;
}

static int drop_secret_headers(lsqm_http_op *op)
{
    struct curl_slist *all = op->headers;
    op->headers = NULL;
    for (struct curl_slist *h = all; h; h = h->next) {
        if (is_harmless(h->data) && add_header(op, h->data, &op->err) != LSQM_OK)
            break;
    }
    curl_slist_free_all(all);
    return op->err.code;
}

/* 303, and by custom 301 and 302 of a POST, turn into GET without a body. */
static int change_method(lsqm_http_op *op, long status)
{
    int post = strcmp(op->method, "POST") == 0;
    if (status == 307 || status == 308 || strcmp(op->method, "HEAD") == 0 ||
        (status != 303 && !post))
        return LSQM_OK;
    free(op->body);
    op->body = NULL;
    op->body_len = 0;
    if (op->body_fd >= 0)
        close(op->body_fd);
    op->body_fd = -1;
    free(op->method);
    op->method = strdup("GET");
    return op->method ? LSQM_OK : lsqm_error_set(&op->err, LSQM_ENOMEM, "http", NULL);
}

int lsqm_http_redirect(lsqm_http_op *op)
{
    char *target = NULL;
    long status = status_of(op);
    if (!op->follows || !is_redirect(status))
        return 0;
    curl_easy_getinfo(op->easy, CURLINFO_REDIRECT_URL, &target);
    if (!target)
        return 0;
    if (op->redirects_left-- <= 0)
        return fail(op, LSQM_ELIMIT, "too many redirects");
    if (strncasecmp(op->url, "https:", 6) == 0 && strncasecmp(target, "https:", 6) != 0)
        return fail(op, LSQM_EUNSAFE, "refused a redirect from https to http");
    char *url = strdup(target);
    if (!url)
        return fail(op, LSQM_ENOMEM, "out of memory");
    int leaves = !is_same_origin(op->url, url);
    free(op->url);
    op->url = url;
    if ((leaves && drop_secret_headers(op) != LSQM_OK) || change_method(op, status) != LSQM_OK)
        return op->err.code;
    return 1;
}

/* --- the end ------------------------------------------------------------------------------- */

/* A 2xx body takes its place; anything else leaves the old file alone. */
static void finish_part(lsqm_http_op *op)
{
    int bad = close(op->part_fd) != 0;
    op->part_fd = -1;
    if (op->err.code == LSQM_OK && is_success(status_of(op))) {
        if (bad || rename(op->part, op->to_file) != 0)
            lsqm_error_errno(&op->err, errno, "http", op->to_file);
        else
            op->part[0] = '\0';
    }
}

void lsqm_http_conclude(lsqm_http_op *op, CURLcode code)
{
    if (code != CURLE_OK && op->err.code == LSQM_OK)
        translate(op, code);
    if (op->head.failed && op->err.code == LSQM_OK)
        fail(op, LSQM_ENOMEM, "out of memory");
    if (op->part_fd >= 0)
        finish_part(op);
}

void lsqm_http_free(lsqm_http_op *op)
{
    if (op->easy)
        curl_easy_cleanup(op->easy);
    curl_slist_free_all(op->headers);
    if (op->body_fd >= 0)
        close(op->body_fd);
    if (op->part_fd >= 0)
        close(op->part_fd);
    if (op->part && op->part[0])
        unlink(op->part);
    free(op->part);
    free(op->method);
    free(op->url);
    free(op->body);
    free(op->unix_socket);
    free(op->to_file);
    lsqm_buffer_free(&op->head);
    lsqm_buffer_free(&op->memory);
    free(op);
}

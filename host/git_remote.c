/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The network side: clone, fetch, pull, push, remotes.
 *
 * The token goes to libgit2 in memory when the server asks, once, and only for https to the host
 * of the remote's own URL: a redirect elsewhere does not get it.
 *
 * Remotes are read from the configuration here and not by git_remote_lookup: libgit2 1.5 loses
 * 20 KB there per configuration value (its regex matching, used for url.*.insteadOf).
 */
#include "git_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct transfer {
    lsqm_git_control *control;
    const char *url;
    int asked;
    char rejected[256];
} transfer;

static const char *name_or_origin(const char *remote)
{
    return remote && *remote ? remote : "origin";
}

/* The part "host:port" of an https URL, without a user; length in *len; NULL for other URLs. */
static const char *https_host(const char *url, size_t *len)
{
    const char *scheme = "https://";
    if (!url || strncmp(url, scheme, strlen(scheme)) != 0)
        return NULL;
    const char *host = url + strlen(scheme);
    size_t n = strcspn(host, "/");
    for (size_t i = 0; i < n; i++)
        if (host[i] == '@') {
            host += i + 1;
            n -= i + 1;
            i = (size_t)-1;
        }
    *len = n;
    return host;
}

static int same_https_host(const char *a, const char *b)
{
    size_t la = 0, lb = 0;
    const char *ha = https_host(a, &la), *hb = https_host(b, &lb);
    return ha && hb && la == lb && strncmp(ha, hb, la) == 0;
}

static int on_credentials(git_credential **out, const char *url, const char *user,
                          unsigned allowed, void *payload)
{
    transfer *t = payload;
    (void)user;
    const char *token = t->control ? t->control->token : NULL;
    if (!token || !*token || !(allowed & GIT_CREDENTIAL_USERPASS_PLAINTEXT) ||
        !same_https_host(url, t->url)) {
        git_error_set_str(GIT_ERROR_NET, "the server asks for a login and no token was given");
        return GIT_EAUTH;
    }
    if (t->asked++) {
        git_error_set_str(GIT_ERROR_NET, "the server does not accept the token");
        return GIT_EAUTH;
    }
    return git_credential_userpass_plaintext_new(out, "x-access-token", token);
}

/* --- remotes ------------------------------------------------------------------------------ */

typedef struct rewrite {
    const char *url;
    size_t matched;     /* length of the longest prefix found */
    char out[2048];
} rewrite;

static int on_config(const git_config_entry *entry, void *payload)
{
    rewrite *w = payload;
    const char *head = "url.", *tail = ".insteadof";
    size_t len = strlen(entry->name), prefix = strlen(entry->value);
    if (len <= strlen(head) + strlen(tail) || strncmp(entry->name, head, strlen(head)) != 0 ||
        strcmp(entry->name + len - strlen(tail), tail) != 0)
        return 0;
    if (prefix <= w->matched || strncmp(w->url, entry->value, prefix) != 0)
        return 0;
    w->matched = prefix;
    snprintf(w->out, sizeof w->out, "%.*s%s", (int)(len - strlen(head) - strlen(tail)),
             entry->name + strlen(head), w->url + prefix);
    return 0;
}

/* Applies url.<base>.insteadOf as git does: the longest matching prefix wins. */
static int rewrite_url(git_repository *repo, const char *url, rewrite *w)
{
    git_config *config = NULL;
    w->url = url;
    w->matched = 0;
    snprintf(w->out, sizeof w->out, "%s", url);
    int rc = git_repository_config_snapshot(&config, repo);
    if (rc == 0)
        rc = git_config_foreach(config, on_config, w);
    git_config_free(config);
    return rc;
}

static int read_url(git_repository *repo, const char *remote, int push, lsqm_buffer *url)
{
    char key[LSQM_GIT_REF];
    const char *value = NULL;
    git_config *config = NULL;
    int rc = git_repository_config_snapshot(&config, repo);
    if (rc == 0 && push) {
        snprintf(key, sizeof key, "remote.%s.pushurl", remote);
        rc = git_config_get_string(&value, config, key);
    }
    if (rc == GIT_ENOTFOUND || (rc == 0 && !value)) {
        snprintf(key, sizeof key, "remote.%s.url", remote);
        rc = git_config_get_string(&value, config, key);
    }
    if (rc == 0)
        rc = lsqm_buffer_adds(url, value) == LSQM_OK ? 0 : GIT_ERROR;
    else if (rc == GIT_ENOTFOUND)
        git_error_set_str(GIT_ERROR_CONFIG, "no such remote");
    git_config_free(config);
    return rc;
}

/* A remote without a name of its own; the caller passes the refspecs. */
static int open_remote(git_repository *repo, const char *name, int push, git_remote **out)
{
    lsqm_buffer url = LSQM_BUFFER_INIT;
    rewrite w;
    git_remote_create_options o = GIT_REMOTE_CREATE_OPTIONS_INIT;
    int rc = read_url(repo, name, push, &url);
    if (rc == 0)
        rc = rewrite_url(repo, url.data, &w);
    if (rc == 0) {
        o.repository = repo;
        o.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
        rc = git_remote_create_with_opts(out, w.out, &o);
    }
    lsqm_buffer_free(&url);
    return rc;
}

static int fail_remote(lsqm_error *err, int rc, const char *op, const transfer *t)
{
    int code = lsqm_git_fail(err, rc, op, t->control);
    /* libgit2 files refused connections under "os" */
    if (code == LSQM_EIO && t->url && strncmp(t->url, "http", 4) == 0)
        err->code = code = LSQM_ENET;
    return code;
}

/* --- transfers ---------------------------------------------------------------------------- */

static int is_cancelled(const transfer *t)
{
    return t->control && atomic_load(&t->control->cancel);
}

static int on_transfer(const git_indexer_progress *stats, void *payload)
{
    transfer *t = payload;
    if (t->control) {
        atomic_store(&t->control->received, stats->received_objects);
        atomic_store(&t->control->total, stats->total_objects);
    }
    return is_cancelled(t) ? GIT_EUSER : 0;
}

static int on_push_transfer(unsigned current, unsigned total, size_t bytes, void *payload)
{
    git_indexer_progress stats = {0};
    (void)bytes;
    stats.received_objects = current;
    stats.total_objects = total;
    return on_transfer(&stats, payload);
}

static int on_sideband(const char *text, int len, void *payload)
{
    (void)text;
    (void)len;
    return is_cancelled(payload) ? GIT_EUSER : 0;
}

static int on_reference_pushed(const char *name, const char *status, void *payload)
{
    transfer *t = payload;
    if (status)
        snprintf(t->rejected, sizeof t->rejected, "%s: %s", name, status);
    return 0;
}

static int on_checkout(git_checkout_notify_t why, const char *path, const git_diff_file *baseline,
                       const git_diff_file *target, const git_diff_file *workdir, void *payload)
{
    (void)why, (void)path, (void)baseline, (void)target, (void)workdir;
    return is_cancelled(payload) ? GIT_EUSER : 0;
}

static void set_callbacks(git_remote_callbacks *c, transfer *t)
{
    c->credentials = on_credentials;
    c->transfer_progress = on_transfer;
    c->push_transfer_progress = on_push_transfer;
    c->sideband_progress = on_sideband;
    c->push_update_reference = on_reference_pushed;
    c->payload = t;
}

/* A missing local repository in plain words: libgit2 would speak of an unknown protocol. */
static int check_local(const char *url, lsqm_error *err)
{
    const char *scheme = "file://";
    const char *path = strncmp(url, scheme, strlen(scheme)) == 0 ? url + strlen(scheme) : url;
    if (strstr(path, "://") || access(path, F_OK) == 0)
        return LSQM_OK;
    lsqm_error_set(err, LSQM_ENOENT, "git clone", "no such repository: %s", path);
    if (path == url && strchr(url, ':'))
        lsqm_error_hint(err, "ssh addresses are not supported: use https");
    return err->code;
}

static int make_origin(git_remote **out, git_repository *repo, const char *name, const char *url,
                       void *payload)
{
    (void)payload;
    rewrite w;
    git_remote_create_options o = GIT_REMOTE_CREATE_OPTIONS_INIT;
    o.repository = repo;
    o.name = name;
    o.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
    int rc = rewrite_url(repo, url, &w);
    if (rc == 0)
        rc = git_remote_create_with_opts(out, url, &o);
    if (rc == 0 && w.matched) /* used now, but not what the clone remembers */
        rc = git_remote_set_instance_url(*out, w.out);
    return rc;
}

int lsqm_git_clone(const lsqm_git_clone_options *options, lsqm_git_control *control,
                   lsqm_error *err)
{
    git_repository *repo = NULL;
    transfer t = {control, options->url, 0, ""};
    git_clone_options o = GIT_CLONE_OPTIONS_INIT;
    lsqm_git_start_library();
    if (check_local(options->url, err) != LSQM_OK)
        return err->code;
    set_callbacks(&o.fetch_opts.callbacks, &t);
    o.fetch_opts.proxy_opts.type = GIT_PROXY_AUTO;
    o.checkout_opts.checkout_strategy = GIT_CHECKOUT_SAFE;
    o.checkout_opts.notify_flags = GIT_CHECKOUT_NOTIFY_ALL;
    o.checkout_opts.notify_cb = on_checkout;
    o.checkout_opts.notify_payload = &t;
    o.bare = options->bare;
    o.checkout_branch = options->branch;
    o.remote_cb = make_origin;
    int rc = git_clone(&repo, options->url, options->path, &o);
    /* an empty remote does not say its branch: begin as lsqm_git_init does, for all clones alike */
    if (rc == 0 && git_repository_head_unborn(repo) == 1 && !options->branch)
        rc = git_repository_set_head(repo, "refs/heads/main");
    git_repository_free(repo);
    return rc == 0 ? LSQM_OK : fail_remote(err, rc, "git clone", &t);
}

/* A push to a repository on this machine has a reference of its own there for a moment: who lists
 * the references just then may see one that is gone when it is read, and lists them again. */
static int list_again(int rc, int *tries)
{
    const git_error *last = git_error_last();
    return rc != 0 && last && strstr(last->message, "'refs/lsqm/") && (*tries)++ < 50;
}

static int fetch(git_repository *repo, const char *remote, lsqm_git_control *control,
                 const char *op, lsqm_error *err)
{
    git_remote *r = NULL;
    transfer t = {control, NULL, 0, ""};
    char spec[2 * LSQM_GIT_REF];
    snprintf(spec, sizeof spec, "+refs/heads/*:refs/remotes/%s/*", remote);
    char *specs[] = {spec};
    git_strarray list = {specs, 1};
    git_fetch_options o = GIT_FETCH_OPTIONS_INIT;
    int rc = open_remote(repo, remote, 0, &r);
    if (rc == 0) {
        t.url = git_remote_url(r);
        set_callbacks(&o.callbacks, &t);
        o.proxy_opts.type = GIT_PROXY_AUTO;
        o.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_AUTO;
        int tries = 0;
        do
            rc = git_remote_fetch(r, &list, &o, NULL);
        while (list_again(rc, &tries));
    }
    int status = rc == 0 ? LSQM_OK : fail_remote(err, rc, op, &t);
    git_remote_free(r);
    return status;
}

int lsqm_git_fetch(const char *path, const char *remote, lsqm_git_control *control,
                   lsqm_error *err)
{
    git_repository *repo = NULL;
    if (lsqm_git_open(&repo, path, "git fetch", err) != LSQM_OK)
        return err->code;
    int status = fetch(repo, name_or_origin(remote), control, "git fetch", err);
    git_repository_free(repo);
    return status;
}

/* After the fetch: bring the branch forward, or say why not. */
static int forward(git_repository *repo, const char *remote, int *outcome, lsqm_error *err)
{
    const char *op = "git pull";
    char branch[LSQM_GIT_REF];
    git_oid theirs, ours;
    if (lsqm_git_branch_ref(repo, branch, sizeof branch, op, err) != LSQM_OK)
        return err->code;
    int rc = lsqm_git_upstream(repo, remote, branch, &theirs);
    if (rc == GIT_ENOTFOUND) {
        *outcome = LSQM_GIT_NO_UPSTREAM;
        return LSQM_OK;
    }
    size_t ahead = 0, behind = 1;
    if (rc == 0 && git_reference_name_to_id(&ours, repo, "HEAD") == 0)
        rc = git_graph_ahead_behind(&ahead, &behind, repo, &ours, &theirs);
    if (rc != 0)
        return lsqm_git_fail(err, rc, op, NULL);
    if (behind == 0)
        return LSQM_OK;
    if (ahead > 0) {
        lsqm_error_set(err, LSQM_ECONFLICT, op, "%s has %zu commits of its own and lacks %zu",
                       branch, ahead, behind);
        lsqm_error_hint(err, "rebase onto the upstream, or push first");
        return err->code;
    }
    *outcome = LSQM_GIT_FORWARDED;
    return lsqm_git_move_branch(repo, branch, &theirs, op, err);
}

int lsqm_git_pull(const char *path, const char *remote, lsqm_git_control *control, int *outcome,
                  lsqm_error *err)
{
    git_repository *repo = NULL;
    *outcome = LSQM_GIT_UP_TO_DATE;
    remote = name_or_origin(remote);
    if (lsqm_git_open(&repo, path, "git pull", err) != LSQM_OK)
        return err->code;
    int status = fetch(repo, remote, control, "git pull", err);
    if (status == LSQM_OK)
        status = forward(repo, remote, outcome, err);
    git_repository_free(repo);
    return status;
}

/* An unnamed remote has no tracking branches that libgit2 could keep up to date. */
static void note_pushed(git_repository *repo, const char *remote, const char *branch)
{
    char name[2 * LSQM_GIT_REF];
    git_oid oid;
    git_reference *made = NULL;
    snprintf(name, sizeof name, "refs/remotes/%s/%s", remote, branch + strlen("refs/heads/"));
    if (git_reference_name_to_id(&oid, repo, branch) == 0)
        git_reference_create(&made, repo, name, &oid, 1, "push");
    git_reference_free(made);
}

/* The path of a remote on this machine ("file://" with %XX, or a plain path); 0 for others. */
static int local_path(const char *url, char *out, size_t size)
{
    const char *scheme = "file://";
    int is_file = strncmp(url, scheme, strlen(scheme)) == 0;
    size_t n = 0;
    if (!is_file) {
        snprintf(out, size, "%s", url);
        return strlen(url) < size && access(url, F_OK) == 0;
    }
    for (const char *at = url + strlen(scheme); *at && n + 1 < size; at++) {
        unsigned byte = (unsigned char)*at;
        if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1)
            at += 2;
        out[n++] = (char)byte;
    }
    out[n] = '\0';
    return 1;
}

/* Moves the branch of `other` from where it is now to `mine`, if that only adds commits. */
static int move_branch(git_repository *repo, git_repository *other, const char *branch,
                       const git_oid *mine)
{
    git_oid old;
    git_reference *made = NULL;
    int rc = git_reference_name_to_id(&old, other, branch);
    if (rc == GIT_ENOTFOUND) {
        rc = git_reference_create(&made, other, branch, mine, 0, "push");
    } else if (rc == 0 && !git_oid_equal(&old, mine)) {
        if (git_graph_descendant_of(repo, mine, &old) != 1) /* an unknown commit is none of ours */
            return GIT_ENONFASTFORWARD;
        rc = git_reference_create_matching(&made, other, branch, mine, 1, &old, "push");
    }
    git_reference_free(made);
    /* another push came between, or is just writing */
    return rc == GIT_EMODIFIED || rc == GIT_EEXISTS || rc == GIT_ELOCKED ? GIT_ENONFASTFORWARD : rc;
}

/* libgit2 moves the branch of a repository on this machine without looking whether it moved since
 * the connection: of two pushes at once one would be lost. So the objects go there under a
 * reference of their own, and the branch moves only from where it was seen. */
static int push_local(git_repository *repo, git_remote *r, git_repository *other,
                      const char *branch, const git_push_options *o)
{
    char hex[LSQM_GIT_OID], spec[2 * LSQM_GIT_REF + 2];
    git_oid mine;
    int rc = git_reference_name_to_id(&mine, repo, branch);
    if (rc != 0)
        return rc;
    git_oid_tostr(hex, sizeof hex, &mine);
    snprintf(spec, sizeof spec, "+%s:refs/lsqm/%s", branch, hex);
    char *specs[] = {spec};
    git_strarray list = {specs, 1};
    int tries = 0;
    do
        rc = git_remote_push(r, &list, o);
    while (list_again(rc, &tries));
    if (rc == 0)
        rc = move_branch(repo, other, branch, &mine);
    snprintf(spec, sizeof spec, "refs/lsqm/%s", hex);
    (void)git_reference_remove(other, spec); /* of no use to anybody, and of no harm */
    if (rc == GIT_ENONFASTFORWARD)
        git_error_set_str(GIT_ERROR_REFERENCE, "the remote has commits that are not here");
    return rc;
}

static int push_to(git_repository *repo, git_remote *r, const char *branch,
                   const git_push_options *o)
{
    char path[4096], spec[2 * LSQM_GIT_REF + 2];
    git_repository *other = NULL;
    if (local_path(git_remote_url(r), path, sizeof path) &&
        git_repository_open_ext(&other, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) == 0 &&
        git_repository_is_bare(other)) {
        int rc = push_local(repo, r, other, branch, o);
        git_repository_free(other);
        return rc;
    }
    git_repository_free(other);
    snprintf(spec, sizeof spec, "%s:%s", branch, branch);
    char *specs[] = {spec};
    git_strarray list = {specs, 1};
    return git_remote_push(r, &list, o);
}

static int push(git_repository *repo, const char *remote, lsqm_git_control *control,
                lsqm_error *err)
{
    char branch[LSQM_GIT_REF];
    git_remote *r = NULL;
    git_push_options o = GIT_PUSH_OPTIONS_INIT;
    if (lsqm_git_branch_ref(repo, branch, sizeof branch, "git push", err) != LSQM_OK)
        return err->code;
    transfer t = {control, NULL, 0, ""};
    int rc = open_remote(repo, remote, 1, &r);
    if (rc == 0) {
        t.url = git_remote_url(r);
        set_callbacks(&o.callbacks, &t);
        o.proxy_opts.type = GIT_PROXY_AUTO;
        o.pb_parallelism = 0; /* as many as there are cores */
        rc = push_to(repo, r, branch, &o);
    }
    int status = LSQM_OK;
    if (rc != 0)
        status = fail_remote(err, rc, "git push", &t);
    else if (t.rejected[0])
        status = lsqm_error_set(err, LSQM_EREJECTED, "git push", "%s", t.rejected);
    else
        note_pushed(repo, remote, branch);
    git_remote_free(r);
    return status;
}

int lsqm_git_push(const char *path, const char *remote, lsqm_git_control *control,
                  lsqm_error *err)
{
    git_repository *repo = NULL;
    if (lsqm_git_open(&repo, path, "git push", err) != LSQM_OK)
        return err->code;
    int status = push(repo, name_or_origin(remote), control, err);
    git_repository_free(repo);
    return status;
}

static int write_remote(git_repository *repo, const char *name, const char *url)
{
    char key[LSQM_GIT_REF], spec[LSQM_GIT_REF];
    git_config *config = NULL;
    int rc = git_repository_config(&config, repo);
    if (rc == 0) {
        snprintf(key, sizeof key, "remote.%s.url", name);
        rc = git_config_set_string(config, key, url);
    }
    if (rc == 0) {
        snprintf(key, sizeof key, "remote.%s.fetch", name);
        snprintf(spec, sizeof spec, "+refs/heads/*:refs/remotes/%s/*", name);
        rc = git_config_set_string(config, key, spec);
    }
    git_config_free(config);
    return rc;
}

int lsqm_git_set_remote(const char *path, const char *name, const char *url, lsqm_error *err)
{
    git_repository *repo = NULL;
    int valid = 0;
    name = name_or_origin(name);
    if (lsqm_git_open(&repo, path, "git remote", err) != LSQM_OK)
        return err->code;
    int status = LSQM_OK, rc = git_remote_name_is_valid(&valid, name);
    if (rc == 0 && !valid)
        status = lsqm_error_set(err, LSQM_EINVAL, "git remote", "not a remote's name: %s", name);
    else if (rc != 0 || (rc = write_remote(repo, name, url)) != 0)
        status = lsqm_git_fail(err, rc, "git remote", NULL);
    git_repository_free(repo);
    return status;
}

int lsqm_git_remote_url(const char *path, const char *name, lsqm_buffer *url, lsqm_error *err)
{
    git_repository *repo = NULL;
    if (lsqm_git_open(&repo, path, "git remote", err) != LSQM_OK)
        return err->code;
    int rc = read_url(repo, name_or_origin(name), 0, url);
    git_repository_free(repo);
    return rc == 0 ? LSQM_OK : lsqm_git_fail(err, rc, "git remote", NULL);
}

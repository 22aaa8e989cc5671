/* SPDX-License-Identifier: Apache-2.0 */
/* Repositories: open, init, head, status, checkout; and the translation of libgit2's errors. */
#include "git_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void start_library(void)
{
    git_libgit2_init();
    const char *ca = getenv("SSL_CERT_FILE");
    if (ca && *ca)
        git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, ca, NULL);
}

void lsqm_git_start_library(void)
{
    pthread_once(&library_once, start_library);
}

/* --- errors ------------------------------------------------------------------------------- */

static void erase_all(char *text, const char *word)
{
    size_t len = word ? strlen(word) : 0;
    for (char *at = text; len && (at = strstr(at, word)) != NULL;)
        memmove(at, at + len, strlen(at + len) + 1);
}

/* Copies text without the user part of any URL in it and without the token. */
static void scrub(char *out, size_t size, const char *text, const char *token)
{
    snprintf(out, size, "%s", text);
    erase_all(out, token);
    char *from = out;
    for (char *at; (at = strstr(from, "://")) != NULL; from = at) {
        at += 3;
        size_t authority = strcspn(at, "/ '\"");
        char *sign = NULL;
        for (size_t i = 0; i < authority; i++)
            if (at[i] == '@')
                sign = at + i;
        if (sign)
            memmove(at, sign + 1, strlen(sign + 1) + 1);
    }
}

static int code_of_class(int class)
{
    switch (class) {
    case GIT_ERROR_NET:
    case GIT_ERROR_SSL:
    case GIT_ERROR_HTTP: return LSQM_ENET;
    case GIT_ERROR_NOMEMORY: return LSQM_ENOMEM;
    default: return LSQM_EIO;
    }
}

static int code_of(int rc, int class)
{
    switch (rc) {
    case GIT_ENOTFOUND: return class == GIT_ERROR_NET ? LSQM_ENET : LSQM_ENOENT;
    case GIT_EUNBORNBRANCH: return LSQM_ENOENT;
    case GIT_EEXISTS: return LSQM_EEXIST;
    case GIT_ENONFASTFORWARD: return LSQM_EREJECTED;
    case GIT_EAUTH:
    case GIT_EOWNER: return LSQM_EDENIED;
    case GIT_ECERTIFICATE: return LSQM_ENET;
    case GIT_ECONFLICT:
    case GIT_EMERGECONFLICT:
    case GIT_EUNCOMMITTED:
    case GIT_EUNMERGED:
    case GIT_EMODIFIED:
    case GIT_ELOCKED: return LSQM_ECONFLICT;
    case GIT_EINVALIDSPEC:
    case GIT_EAMBIGUOUS: return LSQM_EINVAL;
    case GIT_EBAREREPO: return LSQM_EUNSUPPORTED;
    default: return code_of_class(class);
    }
}

int lsqm_git_fail(lsqm_error *err, int rc, const char *op, const lsqm_git_control *control)
{
    if (control && atomic_load(&control->cancel))
        return lsqm_error_set(err, LSQM_ECANCELLED, op, "cancelled");
    const git_error *last = git_error_last();
    char text[sizeof err->message];
    scrub(text, sizeof text, last && last->message ? last->message : "failed",
          control ? control->token : NULL);
    int code = code_of(rc, last ? last->klass : 0);
    lsqm_error_set(err, code, op, "%s", text);
    if (rc == GIT_EAUTH)
        lsqm_error_hint(err, "a token that may use this repository is needed");
    else if (rc == GIT_ELOCKED)
        lsqm_error_hint(err, "another git operation runs, or one was killed and left a .lock file");
    return code;
}

/* --- repositories ------------------------------------------------------------------------- */

int lsqm_git_open(git_repository **repo, const char *path, const char *op, lsqm_error *err)
{
    lsqm_git_start_library();
    int rc = git_repository_open_ext(repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
    if (rc == 0)
        return LSQM_OK;
    const git_error *last = git_error_last();
    /* libgit2 1.5 says GIT_ENOTFOUND, for the missing setting, where it means GIT_EOWNER. */
    if (rc == GIT_EOWNER || (last && last->message && strstr(last->message, "safe.directory"))) {
        lsqm_error_set(err, LSQM_EDENIED, op, "repository of another user: %s", path);
        lsqm_error_hint(err, "to trust it: git config --global --add safe.directory <its path>");
        return err->code;
    }
    if (rc == GIT_ENOTFOUND)
        return lsqm_error_set(err, LSQM_ENOENT, op, "not a git repository: %s", path);
    return lsqm_git_fail(err, rc, op, NULL);
}

int lsqm_git_init(const char *path, int bare, lsqm_error *err)
{
    lsqm_git_start_library();
    git_repository *repo = NULL;
    int rc = git_repository_open_ext(&repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
    if (rc == GIT_ENOTFOUND) {
        git_repository_init_options o = GIT_REPOSITORY_INIT_OPTIONS_INIT;
        o.flags = GIT_REPOSITORY_INIT_MKDIR | GIT_REPOSITORY_INIT_MKPATH;
        if (bare)
            o.flags |= GIT_REPOSITORY_INIT_BARE;
        o.initial_head = "main";
        rc = git_repository_init_ext(&repo, path, &o);
    }
    git_repository_free(repo);
    return rc == 0 ? LSQM_OK : lsqm_git_fail(err, rc, "git init", NULL);
}

int lsqm_git_branch_ref(git_repository *repo, char *name, size_t size, const char *op,
                        lsqm_error *err)
{
    git_reference *head = NULL;
    int rc = git_reference_lookup(&head, repo, "HEAD");
    if (rc != 0)
        return lsqm_git_fail(err, rc, op, NULL);
    const char *target = git_reference_symbolic_target(head);
    int status = LSQM_OK;
    if (target && strncmp(target, "refs/heads/", strlen("refs/heads/")) == 0)
        snprintf(name, size, "%s", target);
    else
        status = lsqm_error_set(err, LSQM_ECONFLICT, op, "HEAD is detached: on no branch");
    git_reference_free(head);
    return status;
}

static int read_head(git_repository *repo, lsqm_git_head_info *out, const char *op,
                     lsqm_error *err)
{
    memset(out, 0, sizeof *out);
    out->bare = git_repository_is_bare(repo);
    out->detached = git_repository_head_detached(repo) == 1;
    char ref[512];
    if (!out->detached) {
        if (lsqm_git_branch_ref(repo, ref, sizeof ref, op, err) != LSQM_OK)
            return err->code;
        const char *prefix = "refs/heads/";
        const char *name = strncmp(ref, prefix, strlen(prefix)) == 0 ? ref + strlen(prefix) : ref;
        snprintf(out->branch, sizeof out->branch, "%.255s", name);
    }
    git_oid oid;
    int rc = git_reference_name_to_id(&oid, repo, "HEAD");
    if (rc == 0)
        git_oid_tostr(out->oid, sizeof out->oid, &oid);
    else if (rc != GIT_ENOTFOUND)
        return lsqm_git_fail(err, rc, op, NULL);
    return LSQM_OK;
}

int lsqm_git_head(const char *path, lsqm_git_head_info *out, lsqm_error *err)
{
    git_repository *repo = NULL;
    if (lsqm_git_open(&repo, path, "git head", err) != LSQM_OK)
        return err->code;
    int status = read_head(repo, out, "git head", err);
    git_repository_free(repo);
    return status;
}

static char letter_of(unsigned status, lsqm_git_status_info *out)
{
    if (status & GIT_STATUS_CONFLICTED)
        return out->conflicted++, 'U';
    if (status & (GIT_STATUS_WT_DELETED | GIT_STATUS_INDEX_DELETED))
        return out->deleted++, 'D';
    if (status & GIT_STATUS_INDEX_NEW)
        return out->added++, 'A';
    if (status & GIT_STATUS_WT_NEW)
        return out->untracked++, '?';
    return out->modified++, 'M';
}

static int read_entries(git_repository *repo, lsqm_git_status_info *out, lsqm_error *err)
{
    git_status_options o = GIT_STATUS_OPTIONS_INIT;
    o.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    o.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
              GIT_STATUS_OPT_SORT_CASE_SENSITIVELY;
    git_status_list *list = NULL;
    int rc = git_status_list_new(&list, repo, &o);
    if (rc != 0)
        return lsqm_git_fail(err, rc, "git status", NULL);
    for (size_t i = 0; i < git_status_list_entrycount(list); i++) {
        const git_status_entry *e = git_status_byindex(list, i);
        const git_diff_delta *d = e->index_to_workdir ? e->index_to_workdir : e->head_to_index;
        if (!d)
            continue;
        lsqm_buffer_addc(&out->entries, letter_of((unsigned)e->status, out));
        lsqm_buffer_add(&out->entries, d->old_file.path, strlen(d->old_file.path) + 1);
    }
    git_status_list_free(list);
    if (out->entries.failed)
        return lsqm_error_set(err, LSQM_ENOMEM, "git status", NULL);
    return LSQM_OK;
}

static void read_distance(git_repository *repo, lsqm_git_status_info *out)
{
    git_oid local, upstream;
    char ref[300];
    snprintf(ref, sizeof ref, "refs/heads/%s", out->head.branch);
    if (out->head.detached || lsqm_git_upstream(repo, "origin", ref, &upstream) != 0)
        return;
    out->has_upstream = 1;
    if (git_oid_fromstr(&local, out->head.oid) == 0)
        git_graph_ahead_behind(&out->ahead, &out->behind, repo, &local, &upstream);
}

int lsqm_git_status(const char *path, lsqm_git_status_info *out, lsqm_error *err)
{
    git_repository *repo = NULL;
    memset(out, 0, sizeof *out);
    if (lsqm_git_open(&repo, path, "git status", err) != LSQM_OK)
        return err->code;
    int status = read_head(repo, &out->head, "git status", err);
    if (status == LSQM_OK)
        read_distance(repo, out);
    if (status == LSQM_OK && !out->head.bare)
        status = read_entries(repo, out, err);
    if (status != LSQM_OK)
        lsqm_buffer_free(&out->entries);
    git_repository_free(repo);
    return status;
}

/* --- moving the work tree ----------------------------------------------------------------- */

int lsqm_git_upstream(git_repository *repo, const char *remote, const char *branch_ref,
                      git_oid *oid)
{
    char name[2 * LSQM_GIT_REF];
    const char *prefix = "refs/heads/";
    if (strncmp(branch_ref, prefix, strlen(prefix)) != 0)
        return GIT_ENOTFOUND;
    snprintf(name, sizeof name, "refs/remotes/%s/%s", remote, branch_ref + strlen(prefix));
    return git_reference_name_to_id(oid, repo, name);
}

static int checkout_commit(git_repository *repo, const git_oid *oid)
{
    git_object *commit = NULL;
    git_checkout_options o = GIT_CHECKOUT_OPTIONS_INIT;
    o.checkout_strategy = GIT_CHECKOUT_SAFE | GIT_CHECKOUT_RECREATE_MISSING;
    if (git_repository_is_bare(repo))
        return 0;
    int rc = git_object_lookup(&commit, repo, oid, GIT_OBJECT_COMMIT);
    if (rc == 0)
        rc = git_checkout_tree(repo, commit, &o);
    git_object_free(commit);
    return rc;
}

int lsqm_git_move_branch(git_repository *repo, const char *branch_ref, const git_oid *oid,
                         const char *op, lsqm_error *err)
{
    git_reference *moved = NULL;
    /* The work tree first: when it refuses, the branch still says what is checked out. */
    int rc = checkout_commit(repo, oid);
    if (rc == 0)
        rc = git_reference_create(&moved, repo, branch_ref, oid, 1, op);
    git_reference_free(moved);
    return rc == 0 ? LSQM_OK : lsqm_git_fail(err, rc, op, NULL);
}

/* Finds what `ref` means; *branch becomes the local branch to be on, or stays empty (detached). */
static int resolve(git_repository *repo, const char *ref, git_oid *oid, char branch[LSQM_GIT_REF])
{
    char name[LSQM_GIT_REF];
    git_object *object = NULL, *commit = NULL;
    branch[0] = '\0';
    snprintf(name, sizeof name, "refs/heads/%s", ref);
    if (git_reference_name_to_id(oid, repo, name) == 0) {
        memcpy(branch, name, sizeof name);
        return 0;
    }
    if (lsqm_git_upstream(repo, "origin", name, oid) == 0) {
        memcpy(branch, name, sizeof name);
        return 0;
    }
    int rc = git_revparse_single(&object, repo, ref);
    if (rc == 0)
        rc = git_object_peel(&commit, object, GIT_OBJECT_COMMIT);
    if (rc == 0)
        git_oid_cpy(oid, git_object_id(commit));
    git_object_free(commit);
    git_object_free(object);
    return rc;
}

static int create_branch(git_repository *repo, const char *ref, lsqm_error *err)
{
    char name[LSQM_GIT_REF];
    int valid = 0;
    snprintf(name, sizeof name, "refs/heads/%s", ref);
    git_reference_name_is_valid(&valid, name);
    if (!valid)
        return lsqm_error_set(err, LSQM_EINVAL, "git checkout", "not a branch name: %s", ref);
    git_oid oid;
    git_reference *made = NULL;
    int rc = git_reference_name_to_id(&oid, repo, "HEAD");
    if (rc == 0)
        rc = git_reference_create(&made, repo, name, &oid, 0, "branch: created");
    git_reference_free(made);
    if (rc == 0 || rc == GIT_ENOTFOUND) /* no commit yet: the branch is born with the first */
        rc = git_repository_set_head(repo, name);
    return rc == 0 ? LSQM_OK : lsqm_git_fail(err, rc, "git checkout", NULL);
}

static int switch_to(git_repository *repo, const char *branch, const git_oid *oid)
{
    git_reference *made = NULL;
    int rc = checkout_commit(repo, oid);
    if (rc != 0 || !branch[0])
        return rc != 0 ? rc : git_repository_set_head_detached(repo, oid);
    rc = git_reference_create(&made, repo, branch, oid, 0, "branch: created from the remote's");
    git_reference_free(made);
    if (rc == 0 || rc == GIT_EEXISTS)
        rc = git_repository_set_head(repo, branch);
    return rc;
}

int lsqm_git_checkout(const char *path, const char *ref, int create, lsqm_error *err)
{
    git_repository *repo = NULL;
    git_oid oid;
    char branch[LSQM_GIT_REF];
    if (lsqm_git_open(&repo, path, "git checkout", err) != LSQM_OK)
        return err->code;
    int status = LSQM_OK;
    int rc = resolve(repo, ref, &oid, branch);
    if (create && (rc != 0 || !branch[0]))
        status = create_branch(repo, ref, err);
    else if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
        status = lsqm_error_set(err, LSQM_ENOENT, "git checkout", "no branch, tag or commit: %s",
                                ref);
    else if (rc != 0 || (rc = switch_to(repo, branch, &oid)) != 0)
        status = lsqm_git_fail(err, rc, "git checkout", NULL);
    git_repository_free(repo);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Git repositories on disk through libgit2.
 *
 * Every function blocks and is meant for a worker thread (work.h). Each one opens the repository
 * and closes it again, so calls about different repositories may run side by side; two writing
 * calls about one repository exclude each other through git's own lock files (LSQM_ECONFLICT).
 * Hooks, submodules and filter programs never run. Error texts never show a token or the user
 * part of a URL. A repository that belongs to another user is LSQM_EDENIED with a hint.
 */
#ifndef LSQM_GIT_H
#define LSQM_GIT_H

#include "buffer.h"
#include "error.h"

#include <stdatomic.h>
#include <stddef.h>

#define LSQM_GIT_OID 41 /* 40 hex digits and the end */

/* Shared with the caller while a function runs. Zeroed = no token, not cancelled. */
typedef struct lsqm_git_control {
    const char *token;      /* for https; sent to the host of the remote's URL only; may be NULL */
    atomic_int cancel;      /* set it from any thread: the call ends with LSQM_ECANCELLED at the
                               next piece of data; a silent connection is noticed by neither */
    atomic_uint received, total; /* objects so far, objects in all */
} lsqm_git_control;

typedef struct lsqm_git_head_info {
    char branch[256];       /* short name; empty when detached */
    char oid[LSQM_GIT_OID]; /* empty when there is no commit yet */
    int bare, detached;
} lsqm_git_head_info;

typedef struct lsqm_git_status_info {
    lsqm_git_head_info head;
    size_t added, modified, deleted, untracked, conflicted;
    size_t ahead, behind;   /* against the upstream as last fetched */
    int has_upstream;
    lsqm_buffer entries;    /* per file: a letter of "AMD?U", the path, '\0'; yours to free */
} lsqm_git_status_info;

typedef struct lsqm_git_clone_options {
    const char *url;        /* https://…, file://…, or a path */
    const char *path;       /* must not exist, or be empty */
    const char *branch;     /* NULL = the remote's own */
    int bare;
} lsqm_git_clone_options;   /* no depth: libgit2 1.5 cannot make shallow clones */

typedef struct lsqm_git_commit_options {
    const char *message;
    const char *const *paths; /* relative, NULL-terminated: files or folders; NULL = everything */
    const char *name, *email; /* author and committer; NULL = git's configuration, else "lsqm" */
    long long time;           /* seconds since 1970; 0 = now */
} lsqm_git_commit_options;

typedef struct lsqm_git_commit_info {
    char oid[LSQM_GIT_OID];
    char *message, *name, *email;
    long long time;
} lsqm_git_commit_info;

typedef struct lsqm_git_history {
    lsqm_git_commit_info *items;
    size_t count;
} lsqm_git_history;

enum { LSQM_GIT_UP_TO_DATE = 0, LSQM_GIT_FORWARDED = 1, LSQM_GIT_NO_UPSTREAM = 2 };

/* What a rebase takes when both sides changed the same lines of a file. */
enum { LSQM_GIT_FAVOR_NONE = 0, LSQM_GIT_FAVOR_UPSTREAM = 1, LSQM_GIT_FAVOR_LOCAL = 2 };

typedef struct lsqm_git_rebase_options {
    const char *remote;     /* NULL = "origin" */
    int favor;
} lsqm_git_rebase_options;

typedef struct lsqm_git_rebase_result {
    size_t replayed, dropped; /* dropped: commits whose change is upstream already */
    char oid[LSQM_GIT_OID];   /* the new head */
} lsqm_git_rebase_result;

/* New repositories start on the branch "main". An existing repository stays as it is. */
int lsqm_git_init(const char *path, int bare, lsqm_error *err);
/* A failed clone leaves nothing at `path`. LSQM_EEXIST, LSQM_ENOENT, LSQM_ENET, LSQM_EDENIED. */
int lsqm_git_clone(const lsqm_git_clone_options *options, lsqm_git_control *control,
                   lsqm_error *err);
/* LSQM_ENOENT when `path` itself is no repository (parents are not searched). */
int lsqm_git_head(const char *path, lsqm_git_head_info *out, lsqm_error *err);
/* What differs from the head: see lsqm_git_status_info. LSQM_ENOENT as above. */
int lsqm_git_status(const char *path, lsqm_git_status_info *out, lsqm_error *err);
/* remote: NULL = "origin", here and below. */
int lsqm_git_fetch(const char *path, const char *remote, lsqm_git_control *control,
                   lsqm_error *err);
/* Fetch, then fast-forward the current branch to the remote's branch of the same name; *outcome
 * says what was done. LSQM_ECONFLICT when both sides have commits or a changed file is in the way;
 * the work tree is then untouched. */
int lsqm_git_pull(const char *path, const char *remote, lsqm_git_control *control, int *outcome,
                  lsqm_error *err);
/* A local branch, a remote's branch (a local one is made), a tag or a commit (detached). create:
 * make the branch at the current commit when there is none. Never overwrites changed files
 * (LSQM_ECONFLICT). */
int lsqm_git_checkout(const char *path, const char *ref, int create, lsqm_error *err);
/* oid becomes empty when there was nothing to commit. */
int lsqm_git_commit(const char *path, const lsqm_git_commit_options *options,
                    char oid[LSQM_GIT_OID], lsqm_error *err);
/* The current branch to the branch of the same name; never forced. LSQM_EREJECTED when the other
 * side has commits that we have not, or refused the update. */
int lsqm_git_push(const char *path, const char *remote, lsqm_git_control *control,
                  lsqm_error *err);
/* Newest first, at most `max`; free with lsqm_git_history_free. No commit yet: count 0. */
int lsqm_git_log(const char *path, size_t max, lsqm_git_history *out, lsqm_error *err);
/* Frees the items; the history itself is the caller's. */
void lsqm_git_history_free(lsqm_git_history *history);
/* Adds the remote or changes its URL. */
int lsqm_git_set_remote(const char *path, const char *name, const char *url, lsqm_error *err);
/* LSQM_ENOENT when there is no such remote. Fills *url (yours to free). */
int lsqm_git_remote_url(const char *path, const char *name, lsqm_buffer *url, lsqm_error *err);
/* After a rejected push: fetches, then replays our commits (their changes along first parents)
 * onto the remote's branch. LSQM_ECONFLICT names the files both sides changed; branch and work
 * tree are then as before. Push again afterwards. */
int lsqm_git_rebase_onto_upstream(const char *path, const lsqm_git_rebase_options *options,
                                  lsqm_git_control *control, lsqm_git_rebase_result *out,
                                  lsqm_error *err);

#endif

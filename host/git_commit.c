/* SPDX-License-Identifier: Apache-2.0 */
/* History: commit, log, and replaying our commits onto the upstream. */
#include "git_internal.h"

#include <stdlib.h>
#include <string.h>

#define NAMED_CONFLICTS 5

static int make_signature(git_signature **out, git_repository *repo, const char *name,
                          const char *email, long long time)
{
    int rc = 0;
    if (!name && !email && git_signature_default(out, repo) == 0) {
        if (time) {
            (*out)->when.time = time;
            (*out)->when.offset = 0;
        }
        return 0;
    }
    name = name ? name : "lsqm";
    email = email ? email : "lsqm@localhost";
    if (time)
        rc = git_signature_new(out, name, email, time, 0);
    else
        rc = git_signature_now(out, name, email);
    return rc;
}

/* --- commit ------------------------------------------------------------------------------- */

static int stage(git_index *index, const char *const *paths)
{
    if (!paths)
        return lsqm_git_stage_all(git_index_owner(index), index);
    git_strarray list = {(char **)(uintptr_t)paths, 0}; /* libgit2 only reads them */
    while (paths[list.count])
        list.count++;
    if (list.count == 0)
        return 0;
    /* also drops what is gone from the work tree */
    return git_index_add_all(index, &list, GIT_INDEX_ADD_DISABLE_PATHSPEC_MATCH, NULL, NULL);
}

static int write_staged(git_repository *repo, const char *const *paths, git_tree **tree)
{
    git_index *index = NULL;
    git_oid oid;
    int rc = git_repository_index(&index, repo);
    if (rc == 0)
        rc = git_index_read(index, 1);
    if (rc == 0)
        rc = stage(index, paths);
    if (rc == 0)
        rc = git_index_write(index);
    if (rc == 0)
        rc = git_index_write_tree(&oid, index);
    if (rc == 0)
        rc = git_tree_lookup(tree, repo, &oid);
    git_index_free(index);
    return rc;
}

/* The commit HEAD is at; NULL before the first one. */
static int head_commit(git_repository *repo, git_commit **out)
{
    git_oid oid;
    int rc = git_reference_name_to_id(&oid, repo, "HEAD");
    if (rc == GIT_ENOTFOUND)
        return 0;
    return rc == 0 ? git_commit_lookup(out, repo, &oid) : rc;
}

static int is_unchanged(const git_commit *parent, const git_tree *tree)
{
    if (!parent)
        return git_tree_entrycount(tree) == 0;
    return git_oid_equal(git_commit_tree_id(parent), git_tree_id(tree));
}

static int commit(git_repository *repo, const lsqm_git_commit_options *o, char *out)
{
    git_tree *tree = NULL;
    git_commit *parent = NULL;
    git_signature *who = NULL;
    git_oid oid;
    int rc = write_staged(repo, o->paths, &tree);
    if (rc == 0)
        rc = head_commit(repo, &parent);
    if (rc != 0 || is_unchanged(parent, tree))
        goto done;
    rc = make_signature(&who, repo, o->name, o->email, o->time);
    if (rc == 0) {
        const git_commit *parents[] = {parent};
        rc = git_commit_create(&oid, repo, "HEAD", who, who, "UTF-8", o->message, tree,
                               parent ? 1 : 0, parents);
    }
    if (rc == 0)
        git_oid_tostr(out, LSQM_GIT_OID, &oid);
done:
    git_signature_free(who);
    git_commit_free(parent);
    git_tree_free(tree);
    return rc;
}

int lsqm_git_commit(const char *path, const lsqm_git_commit_options *options,
                    char oid[LSQM_GIT_OID], lsqm_error *err)
{
    git_repository *repo = NULL;
    oid[0] = '\0';
    if (lsqm_git_open(&repo, path, "git commit", err) != LSQM_OK)
        return err->code;
    int rc = git_repository_is_bare(repo) ? GIT_EBAREREPO : commit(repo, options, oid);
    int status = LSQM_OK;
    if (rc == GIT_EBAREREPO)
        status = lsqm_error_set(err, LSQM_EUNSUPPORTED, "git commit", "bare repository: %s", path);
    else if (rc != 0)
        status = lsqm_git_fail(err, rc, "git commit", NULL);
    git_repository_free(repo);
    return status;
}

/* --- log ---------------------------------------------------------------------------------- */

void lsqm_git_history_free(lsqm_git_history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        free(history->items[i].message);
        free(history->items[i].name);
        free(history->items[i].email);
    }
    free(history->items);
    memset(history, 0, sizeof *history);
}

static int append(lsqm_git_history *h, const git_commit *c)
{
    /* doubled at each power of two */
    if ((h->count & (h->count - 1)) == 0) {
        size_t room = h->count ? 2 * h->count : 1;
        lsqm_git_commit_info *items = realloc(h->items, room * sizeof *items);
        if (!items)
            return -1;
        h->items = items;
    }
    lsqm_git_commit_info *info = &h->items[h->count++];
    const git_signature *author = git_commit_author(c);
    git_oid_tostr(info->oid, sizeof info->oid, git_commit_id(c));
    info->message = strdup(git_commit_message(c) ? git_commit_message(c) : "");
    info->name = strdup(author->name);
    info->email = strdup(author->email);
    info->time = git_commit_time(c);
    return info->message && info->name && info->email ? 0 : -1;
}

static int collect(git_repository *repo, git_revwalk *walk, size_t max, lsqm_git_history *out)
{
    git_oid oid;
    int rc = 0;
    while (rc == 0 && out->count < max && (rc = git_revwalk_next(&oid, walk)) == 0) {
        git_commit *c = NULL;
        rc = git_commit_lookup(&c, repo, &oid);
        if (rc == 0)
            rc = append(out, c);
        git_commit_free(c);
    }
    return rc == GIT_ITEROVER ? 0 : rc;
}

int lsqm_git_log(const char *path, size_t max, lsqm_git_history *out, lsqm_error *err)
{
    git_repository *repo = NULL;
    git_revwalk *walk = NULL;
    memset(out, 0, sizeof *out);
    if (lsqm_git_open(&repo, path, "git log", err) != LSQM_OK)
        return err->code;
    int rc = git_revwalk_new(&walk, repo);
    if (rc == 0)
        rc = git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
    if (rc == 0 && git_repository_head_unborn(repo) != 1) {
        rc = git_revwalk_push_head(walk);
        if (rc == 0)
            rc = collect(repo, walk, max, out);
    }
    git_revwalk_free(walk);
    git_repository_free(repo);
    if (rc == 0)
        return LSQM_OK;
    lsqm_git_history_free(out);
    return lsqm_git_fail(err, rc, "git log", NULL);
}

/* --- replay ------------------------------------------------------------------------------- */

typedef struct replay {
    git_repository *repo;
    git_commit *tip; /* what the next commit goes onto; owned */
    int favor;
    lsqm_git_rebase_result *result;
    lsqm_error *err;
} replay;

static const char op_rebase[] = "git rebase";

static int fail_conflict(const git_index *index, lsqm_error *err)
{
    lsqm_buffer names = LSQM_BUFFER_INIT;
    git_index_conflict_iterator *it = NULL;
    const git_index_entry *base, *ours, *theirs;
    int count = 0;
    git_index_conflict_iterator_new(&it, (git_index *)(uintptr_t)index);
    while (it && git_index_conflict_next(&base, &ours, &theirs, it) == 0) {
        const git_index_entry *e = ours ? ours : theirs ? theirs : base;
        if (e && count++ < NAMED_CONFLICTS)
            lsqm_buffer_addf(&names, "%s%s", count > 1 ? ", " : "", e->path);
    }
    if (count > NAMED_CONFLICTS)
        lsqm_buffer_addf(&names, " and %d more", count - NAMED_CONFLICTS);
    git_index_conflict_iterator_free(it);
    lsqm_error_set(err, LSQM_ECONFLICT, op_rebase, "both sides changed %s",
                   names.data ? names.data : "the same files");
    lsqm_buffer_free(&names);
    return err->code;
}

/* The tree of `c` carried over to the tip: 3-way merge with c's parent as the common ancestor. */
static int merge_onto_tip(replay *r, git_commit *c, git_tree **out)
{
    git_commit *parent = NULL;
    git_tree *base = NULL, *ours = NULL, *theirs = NULL;
    git_index *index = NULL;
    git_oid oid;
    git_merge_options o = GIT_MERGE_OPTIONS_INIT;
    if (r->favor == LSQM_GIT_FAVOR_UPSTREAM)
        o.file_favor = GIT_MERGE_FILE_FAVOR_OURS;
    else if (r->favor == LSQM_GIT_FAVOR_LOCAL)
        o.file_favor = GIT_MERGE_FILE_FAVOR_THEIRS;
    int rc = 0, status = LSQM_OK;
    if (git_commit_parentcount(c) > 0) {
        rc = git_commit_parent(&parent, c, 0);
        if (rc == 0)
            rc = git_commit_tree(&base, parent);
    }
    if (rc == 0)
        rc = git_commit_tree(&ours, r->tip);
    if (rc == 0)
        rc = git_commit_tree(&theirs, c);
    if (rc == 0)
        rc = git_merge_trees(&index, r->repo, base, ours, theirs, &o);
    if (rc == 0 && git_index_has_conflicts(index))
        status = fail_conflict(index, r->err);
    else if (rc == 0)
        rc = git_index_write_tree_to(&oid, index, r->repo);
    if (rc == 0 && status == LSQM_OK)
        rc = git_tree_lookup(out, r->repo, &oid);
    git_index_free(index);
    git_tree_free(theirs);
    git_tree_free(ours);
    git_tree_free(base);
    git_commit_free(parent);
    return rc != 0 ? lsqm_git_fail(r->err, rc, op_rebase, NULL) : status;
}

static int replay_commit(replay *r, const git_oid *oid)
{
    git_commit *c = NULL, *made = NULL;
    git_tree *tree = NULL;
    git_oid new_oid;
    int status = LSQM_OK;
    int rc = git_commit_lookup(&c, r->repo, oid);
    if (rc == 0)
        status = merge_onto_tip(r, c, &tree);
    if (rc != 0 || status != LSQM_OK)
        goto done;
    if (is_unchanged(r->tip, tree)) {
        r->result->dropped++;
        goto done;
    }
    const git_commit *parents[] = {r->tip};
    rc = git_commit_create(&new_oid, r->repo, NULL, git_commit_author(c), git_commit_committer(c),
                           git_commit_message_encoding(c), git_commit_message(c), tree, 1,
                           parents);
    if (rc == 0)
        rc = git_commit_lookup(&made, r->repo, &new_oid);
    if (rc == 0) {
        git_commit_free(r->tip);
        r->tip = made;
        r->result->replayed++;
    }
done:
    git_tree_free(tree);
    git_commit_free(c);
    return rc != 0 ? lsqm_git_fail(r->err, rc, op_rebase, NULL) : status;
}

static int replay_all(replay *r, const git_oid *upstream)
{
    git_revwalk *walk = NULL;
    git_oid oid;
    int status = LSQM_OK;
    int rc = git_revwalk_new(&walk, r->repo);
    if (rc == 0)
        rc = git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
    if (rc == 0)
        rc = git_revwalk_simplify_first_parent(walk);
    if (rc == 0)
        rc = git_revwalk_push_head(walk);
    if (rc == 0)
        rc = git_revwalk_hide(walk, upstream);
    while (rc == 0 && status == LSQM_OK && (rc = git_revwalk_next(&oid, walk)) == 0)
        status = replay_commit(r, &oid);
    git_revwalk_free(walk);
    if (status != LSQM_OK)
        return status;
    return rc == GIT_ITEROVER ? LSQM_OK : lsqm_git_fail(r->err, rc, op_rebase, NULL);
}

static int rebase(git_repository *repo, const lsqm_git_rebase_options *o,
                  lsqm_git_rebase_result *out, lsqm_error *err)
{
    char branch[LSQM_GIT_REF];
    git_oid upstream;
    replay r = {repo, NULL, o->favor, out, err};
    if (lsqm_git_branch_ref(repo, branch, sizeof branch, op_rebase, err) != LSQM_OK)
        return err->code;
    int rc = lsqm_git_upstream(repo, o->remote ? o->remote : "origin", branch, &upstream);
    if (rc == 0)
        rc = git_commit_lookup(&r.tip, repo, &upstream);
    if (rc != 0)
        return lsqm_git_fail(err, rc, op_rebase, NULL);
    int status = LSQM_OK;
    if (git_repository_head_unborn(repo) != 1)
        status = replay_all(&r, &upstream);
    if (status == LSQM_OK)
        status = lsqm_git_move_branch(repo, branch, git_commit_id(r.tip), op_rebase, err);
    if (status == LSQM_OK)
        git_oid_tostr(out->oid, sizeof out->oid, git_commit_id(r.tip));
    git_commit_free(r.tip);
    return status;
}

int lsqm_git_rebase_onto_upstream(const char *path, const lsqm_git_rebase_options *options,
                                  lsqm_git_control *control, lsqm_git_rebase_result *out,
                                  lsqm_error *err)
{
    git_repository *repo = NULL;
    memset(out, 0, sizeof *out);
    if (lsqm_git_fetch(path, options->remote, control, err) != LSQM_OK ||
        lsqm_git_open(&repo, path, op_rebase, err) != LSQM_OK)
        return err->code;
    int status = rebase(repo, options, out, err);
    git_repository_free(repo);
    return status;
}

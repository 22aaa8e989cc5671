/* SPDX-License-Identifier: Apache-2.0 */
/* Git on disk: everything runs against bare repositories in a temporary directory. */
#include "fs.h"
#include "git.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct world {
    char dir[64];
    char bare[128], a[128], b[128]; /* a remote and two clones of it */
} world;

static lsqm_error err;

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void commit(const char *repo, const char *message, char oid[LSQM_GIT_OID])
{
    lsqm_git_commit_options o = {message, NULL, "Tester", "t@example.org", 1700000000};
    OK(lsqm_git_commit(repo, &o, oid, &err));
}

static void clone(const char *url, const char *path)
{
    lsqm_git_clone_options o = {url, path, NULL, 0};
    OK(lsqm_git_clone(&o, NULL, &err));
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    char oid[LSQM_GIT_OID];
    strcpy(w->dir, "/tmp/lsqm-git-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    setenv("HOME", w->dir, 1); /* nobody's configuration */
    snprintf(w->bare, sizeof w->bare, "%s/bare.git", w->dir);
    snprintf(w->a, sizeof w->a, "%s/a", w->dir);
    snprintf(w->b, sizeof w->b, "%s/b", w->dir);
    OK(lsqm_git_init(w->bare, 1, &err));
    OK(lsqm_git_init(w->a, 0, &err));
    OK(lsqm_git_set_remote(w->a, "origin", w->bare, &err));
    write_file(w->a, "index.json", "{}\n");
    commit(w->a, "first", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    clone(w->bare, w->b);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    lsqm_fs_remove(w->dir, &err);
    free(w);
    return 0;
}

static void init_twice_keeps_the_repository(void **state)
{
    world *w = *state;
    lsqm_git_head_info before, after;
    OK(lsqm_git_head(w->a, &before, &err));
    OK(lsqm_git_init(w->a, 0, &err));
    OK(lsqm_git_head(w->a, &after, &err));
    assert_string_equal(before.oid, after.oid);
    assert_string_equal(after.branch, "main");
    assert_false(after.bare);
    OK(lsqm_git_head(w->bare, &after, &err));
    assert_true(after.bare);
    assert_string_equal(before.oid, after.oid);
}

static void open_refuses_other_folders(void **state)
{
    world *w = *state;
    lsqm_git_head_info head;
    char inside[160];
    snprintf(inside, sizeof inside, "%s/sub", w->a);
    mkdir(inside, 0755); /* parents are not searched */
    assert_int_equal(lsqm_git_head(inside, &head, &err), LSQM_ENOENT);
    assert_non_null(strstr(err.message, inside));
    assert_int_equal(lsqm_git_head("/no/such", &head, &err), LSQM_ENOENT);
}

static void clone_brings_files_by_path_and_file_url(void **state)
{
    world *w = *state;
    char url[160], path[160];
    assert_string_equal(read_file(w->b, "index.json"), "{}\n");
    snprintf(url, sizeof url, "file://%s", w->bare);
    snprintf(path, sizeof path, "%s/c", w->dir);
    lsqm_git_control control = {0};
    lsqm_git_clone_options o = {url, path, "main", 0};
    OK(lsqm_git_clone(&o, &control, &err));
    assert_string_equal(read_file(path, "index.json"), "{}\n");
    assert_true(atomic_load(&control.received) > 0);
}

static void clone_failures_are_told_apart(void **state)
{
    world *w = *state;
    char path[160];
    lsqm_git_clone_options used = {w->bare, w->b, NULL, 0};
    assert_int_equal(lsqm_git_clone(&used, NULL, &err), LSQM_EEXIST);
    snprintf(path, sizeof path, "%s/none", w->dir);
    lsqm_git_clone_options none = {"/no/such/repository", path, NULL, 0};
    assert_int_equal(lsqm_git_clone(&none, NULL, &err), LSQM_ENOENT);
    assert_int_equal(access(path, F_OK), -1);
    lsqm_git_clone_options branch = {w->bare, path, "no-such-branch", 0};
    assert_int_equal(lsqm_git_clone(&branch, NULL, &err), LSQM_ENOENT);
    assert_int_equal(access(path, F_OK), -1);
}

static void cancelled_clone_ends_and_leaves_nothing(void **state)
{
    world *w = *state;
    char url[160], path[160];
    snprintf(url, sizeof url, "file://%s", w->bare);
    snprintf(path, sizeof path, "%s/c", w->dir);
    lsqm_git_control control = {0};
    atomic_store(&control.cancel, 1);
    lsqm_git_clone_options o = {url, path, NULL, 0};
    assert_int_equal(lsqm_git_clone(&o, &control, &err), LSQM_ECANCELLED);
    assert_int_equal(access(path, F_OK), -1);
}

static void instead_of_is_honoured_and_not_remembered(void **state)
{
    world *w = *state;
    char path[160], text[256];
    lsqm_buffer url = LSQM_BUFFER_INIT;
    snprintf(text, sizeof text, "[url \"file://%s/\"]\n\tinsteadOf = https://code.example/\n",
             w->dir);
    FILE *f = fopen(strcat(strcpy(path, w->a), "/.git/config"), "a");
    fputs(text, f);
    fclose(f);
    OK(lsqm_git_set_remote(w->a, NULL, "https://code.example/bare.git", &err));
    OK(lsqm_git_fetch(w->a, NULL, NULL, &err));
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    OK(lsqm_git_remote_url(w->a, NULL, &url, &err));
    assert_string_equal(url.data, "https://code.example/bare.git");
    lsqm_buffer_free(&url);
}

static void secrets_stay_out_of_error_texts(void **state)
{
    world *w = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/c", w->dir);
    lsqm_git_control control = {.token = "hunter2"};
    lsqm_git_clone_options o = {"https://me:hunter2@127.0.0.1:9/hunter2.git", path, NULL, 0};
    assert_int_equal(lsqm_git_clone(&o, &control, &err), LSQM_ENET);
    assert_null(strstr(err.message, "hunter2"));
}

static void commit_takes_additions_changes_and_deletions(void **state)
{
    world *w = *state;
    char oid[LSQM_GIT_OID];
    char path[160];
    lsqm_git_status_info status;
    write_file(w->a, "gone.txt", "x");
    commit(w->a, "more", oid);
    snprintf(path, sizeof path, "%s/gone.txt", w->a);
    remove(path);
    write_file(w->a, "new/file.txt", "y");
    write_file(w->a, "index.json", "{\"changed\":1}");
    OK(lsqm_git_status(w->a, &status, &err));
    assert_int_equal(status.deleted, 1);
    assert_int_equal(status.untracked, 1);
    assert_int_equal(status.modified, 1);
    assert_int_equal(status.ahead, 1);
    assert_int_equal(status.entries.data[0], 'D');
    assert_string_equal(status.entries.data + 1, "gone.txt");
    lsqm_buffer_free(&status.entries);
    commit(w->a, "all", oid);
    assert_int_equal(strlen(oid), 40);
    OK(lsqm_git_status(w->a, &status, &err));
    assert_int_equal(status.entries.len, 0);
    assert_string_equal(status.head.oid, oid);
    commit(w->a, "nothing", oid);
    assert_string_equal(oid, "");
}

static void commit_of_paths_takes_only_those(void **state)
{
    world *w = *state;
    char oid[LSQM_GIT_OID];
    lsqm_git_status_info status;
    const char *const paths[] = {"runs", NULL};
    write_file(w->a, "runs/1.json", "1");
    write_file(w->a, "other.json", "2");
    lsqm_git_commit_options o = {"runs only", paths, NULL, NULL, 0};
    OK(lsqm_git_commit(w->a, &o, oid, &err));
    OK(lsqm_git_status(w->a, &status, &err));
    assert_int_equal(status.untracked, 1);
    assert_string_equal(status.entries.data + 1, "other.json");
    lsqm_buffer_free(&status.entries);
    lsqm_git_history log;
    OK(lsqm_git_log(w->a, 1, &log, &err));
    assert_string_equal(log.items[0].name, "lsqm");
    lsqm_git_history_free(&log);
    assert_int_equal(lsqm_git_commit(w->bare, &o, oid, &err), LSQM_EUNSUPPORTED);
}

static void log_is_newest_first_and_bounded(void **state)
{
    world *w = *state;
    char oid[LSQM_GIT_OID], empty[160];
    lsqm_git_history log;
    write_file(w->a, "two", "2");
    commit(w->a, "second", oid);
    OK(lsqm_git_log(w->a, 10, &log, &err));
    assert_int_equal(log.count, 2);
    assert_string_equal(log.items[0].message, "second");
    assert_string_equal(log.items[0].oid, oid);
    assert_string_equal(log.items[1].email, "t@example.org");
    assert_int_equal(log.items[1].time, 1700000000);
    lsqm_git_history_free(&log);
    OK(lsqm_git_log(w->a, 1, &log, &err));
    assert_int_equal(log.count, 1);
    lsqm_git_history_free(&log);
    snprintf(empty, sizeof empty, "%s/empty", w->dir);
    OK(lsqm_git_init(empty, 0, &err));
    OK(lsqm_git_log(empty, 10, &log, &err));
    assert_int_equal(log.count, 0);
}

static void pull_forwards_and_refuses_to_merge(void **state)
{
    world *w = *state;
    char oid[LSQM_GIT_OID];
    int outcome;
    OK(lsqm_git_pull(w->b, NULL, NULL, &outcome, &err));
    assert_int_equal(outcome, LSQM_GIT_UP_TO_DATE);
    write_file(w->a, "a.txt", "a");
    commit(w->a, "a", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    OK(lsqm_git_pull(w->b, NULL, NULL, &outcome, &err));
    assert_int_equal(outcome, LSQM_GIT_FORWARDED);
    assert_string_equal(read_file(w->b, "a.txt"), "a");
    write_file(w->a, "a.txt", "aa");
    commit(w->a, "aa", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    write_file(w->b, "a.txt", "uncommitted");
    assert_int_equal(lsqm_git_pull(w->b, NULL, NULL, &outcome, &err), LSQM_ECONFLICT);
    assert_string_equal(read_file(w->b, "a.txt"), "uncommitted");
    commit(w->b, "mine", oid);
    assert_int_equal(lsqm_git_pull(w->b, NULL, NULL, &outcome, &err), LSQM_ECONFLICT);
    assert_non_null(strstr(err.message, "1 commits of its own"));
}

static void empty_remote_can_be_cloned_pulled_and_filled(void **state)
{
    world *w = *state;
    char bare[160], c[160], d[160], oid[LSQM_GIT_OID];
    int outcome;
    snprintf(bare, sizeof bare, "%s/e.git", w->dir);
    snprintf(c, sizeof c, "%s/c", w->dir);
    snprintf(d, sizeof d, "%s/d", w->dir);
    OK(lsqm_git_init(bare, 1, &err));
    clone(bare, c);
    clone(bare, d);
    OK(lsqm_git_pull(c, NULL, NULL, &outcome, &err));
    assert_int_equal(outcome, LSQM_GIT_NO_UPSTREAM);
    write_file(c, "x", "x");
    commit(c, "x", oid);
    OK(lsqm_git_push(c, NULL, NULL, &err));
    OK(lsqm_git_pull(d, NULL, NULL, &outcome, &err));
    assert_int_equal(outcome, LSQM_GIT_FORWARDED);
    assert_string_equal(read_file(d, "x"), "x");
}

static void rejected_push_replays_and_goes_through(void **state)
{
    world *w = *state;
    char oid[LSQM_GIT_OID];
    lsqm_git_rebase_options o = {NULL, 0};
    lsqm_git_rebase_result result;
    write_file(w->a, "runs/a.json", "a");
    commit(w->a, "run a", oid);
    write_file(w->b, "runs/b.json", "b");
    commit(w->b, "run b", oid);
    write_file(w->b, "runs/b2.json", "b2");
    commit(w->b, "run b2", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    assert_int_equal(lsqm_git_push(w->b, NULL, NULL, &err), LSQM_EREJECTED);
    OK(lsqm_git_rebase_onto_upstream(w->b, &o, NULL, &result, &err));
    assert_int_equal(result.replayed, 2);
    OK(lsqm_git_push(w->b, NULL, NULL, &err));
    assert_string_equal(read_file(w->b, "runs/a.json"), "a");
    assert_string_equal(read_file(w->b, "runs/b2.json"), "b2");
    lsqm_git_head_info head;
    OK(lsqm_git_head(w->bare, &head, &err));
    assert_string_equal(head.oid, result.oid);
    lsqm_git_history log;
    OK(lsqm_git_log(w->bare, 9, &log, &err));
    assert_int_equal(log.count, 4);
    assert_string_equal(log.items[0].message, "run b2");
    assert_string_equal(log.items[0].name, "Tester");
    lsqm_git_history_free(&log);
    lsqm_git_status_info status;
    OK(lsqm_git_status(w->b, &status, &err));
    assert_int_equal(status.entries.len, 0);
    assert_int_equal(status.ahead + status.behind, 0);
}

static void conflicting_replay_names_the_file_and_changes_nothing(void **state)
{
    world *w = *state;
    char before[LSQM_GIT_OID], oid[LSQM_GIT_OID];
    lsqm_git_rebase_options o = {NULL, LSQM_GIT_FAVOR_NONE};
    lsqm_git_rebase_result result;
    write_file(w->a, "index.json", "{\"a\":1}\n");
    commit(w->a, "a", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    write_file(w->b, "index.json", "{\"b\":1}\n");
    commit(w->b, "b", before);
    assert_int_equal(lsqm_git_rebase_onto_upstream(w->b, &o, NULL, &result, &err),
                     LSQM_ECONFLICT);
    assert_non_null(strstr(err.message, "index.json"));
    lsqm_git_head_info head;
    OK(lsqm_git_head(w->b, &head, &err));
    assert_string_equal(head.oid, before);
    assert_string_equal(read_file(w->b, "index.json"), "{\"b\":1}\n");
    o.favor = LSQM_GIT_FAVOR_LOCAL;
    OK(lsqm_git_rebase_onto_upstream(w->b, &o, NULL, &result, &err));
    assert_string_equal(read_file(w->b, "index.json"), "{\"b\":1}\n");
    OK(lsqm_git_push(w->b, NULL, NULL, &err));
}

static void same_change_on_both_sides_is_dropped(void **state)
{
    world *w = *state;
    char oid[LSQM_GIT_OID];
    lsqm_git_rebase_options o = {NULL, 0};
    lsqm_git_rebase_result result;
    write_file(w->a, "same", "1");
    commit(w->a, "same", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    write_file(w->b, "same", "1");
    commit(w->b, "same but other", oid);
    OK(lsqm_git_rebase_onto_upstream(w->b, &o, NULL, &result, &err));
    assert_int_equal(result.dropped, 1);
    assert_int_equal(result.replayed, 0);
}

static void checkout_knows_branches_and_commits(void **state)
{
    world *w = *state;
    char first[LSQM_GIT_OID], oid[LSQM_GIT_OID];
    lsqm_git_head_info head;
    OK(lsqm_git_head(w->a, &head, &err));
    memcpy(first, head.oid, sizeof first);
    OK(lsqm_git_checkout(w->a, "topic", 1, &err));
    write_file(w->a, "topic.txt", "t");
    commit(w->a, "topic", oid);
    OK(lsqm_git_push(w->a, NULL, NULL, &err));
    OK(lsqm_git_checkout(w->a, "main", 0, &err));
    assert_null(read_file(w->a, "topic.txt"));
    OK(lsqm_git_fetch(w->b, NULL, NULL, &err));
    OK(lsqm_git_checkout(w->b, "topic", 0, &err));
    assert_string_equal(read_file(w->b, "topic.txt"), "t");
    OK(lsqm_git_head(w->b, &head, &err));
    assert_string_equal(head.branch, "topic");
    OK(lsqm_git_checkout(w->b, first, 0, &err));
    OK(lsqm_git_head(w->b, &head, &err));
    assert_true(head.detached);
    assert_int_equal(lsqm_git_checkout(w->b, "nope", 0, &err), LSQM_ENOENT);
    assert_int_equal(lsqm_git_push(w->b, NULL, NULL, &err), LSQM_ECONFLICT);
    assert_int_equal(lsqm_git_checkout(w->b, "..bad", 1, &err), LSQM_EINVAL);
}

static void remotes_can_be_set_and_read(void **state)
{
    world *w = *state;
    lsqm_buffer url = LSQM_BUFFER_INIT;
    OK(lsqm_git_set_remote(w->a, "origin", "/elsewhere", &err));
    OK(lsqm_git_remote_url(w->a, NULL, &url, &err));
    assert_string_equal(url.data, "/elsewhere");
    lsqm_buffer_free(&url);
    assert_int_equal(lsqm_git_remote_url(w->a, "other", &url, &err), LSQM_ENOENT);
    assert_int_equal(lsqm_git_fetch(w->a, "other", NULL, &err), LSQM_ENOENT);
}

static void repository_of_another_user_is_refused_with_advice(void **state)
{
    world *w = *state;
    lsqm_git_head_info head;
    if (geteuid() != 0)
        skip();
    char dotgit[160];
    snprintf(dotgit, sizeof dotgit, "%s/.git", w->b);
    assert_int_equal(chown(w->b, 12345, 12345) | chown(dotgit, 12345, 12345), 0);
    assert_int_equal(lsqm_git_head(w->b, &head, &err), LSQM_EDENIED);
    assert_non_null(strstr(err.hint, "safe.directory"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(init_twice_keeps_the_repository),
        CASE(open_refuses_other_folders),
        CASE(clone_brings_files_by_path_and_file_url),
        CASE(clone_failures_are_told_apart),
        CASE(cancelled_clone_ends_and_leaves_nothing),
        CASE(instead_of_is_honoured_and_not_remembered),
        CASE(secrets_stay_out_of_error_texts),
        CASE(commit_takes_additions_changes_and_deletions),
        CASE(commit_of_paths_takes_only_those),
        CASE(log_is_newest_first_and_bounded),
        CASE(pull_forwards_and_refuses_to_merge),
        CASE(empty_remote_can_be_cloned_pulled_and_filled),
        CASE(rejected_push_replays_and_goes_through),
        CASE(conflicting_replay_names_the_file_and_changes_nothing),
        CASE(same_change_on_both_sides_is_dropped),
        CASE(checkout_knows_branches_and_commits),
        CASE(remotes_can_be_set_and_read),
        CASE(repository_of_another_user_is_refused_with_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

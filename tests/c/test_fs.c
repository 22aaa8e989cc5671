/* SPDX-License-Identifier: Apache-2.0 */
#include "fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/lsqm-fs-XXXXXX";
static char paths[8][256];

/* One of a few reused path buffers below the test's directory. */
static const char *at(const char *name)
{
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void put(const char *name, const char *text)
{
    lsqm_error err;
    assert_int_equal(lsqm_fs_write(at(name), text, strlen(text), &err), LSQM_OK);
}

static void assert_content(const char *name, const char *text)
{
    lsqm_buffer b = LSQM_BUFFER_INIT;
    lsqm_error err;
    assert_int_equal(lsqm_fs_read(at(name), 0, &b, &err), LSQM_OK);
    assert_string_equal(b.data, text);
    lsqm_buffer_free(&b);
}

static size_t count_entries(const char *name)
{
    lsqm_fs_entries e = {0};
    lsqm_error err;
    assert_int_equal(lsqm_fs_list(at(name), &e, &err), LSQM_OK);
    size_t n = e.count;
    lsqm_fs_entries_free(&e);
    return n;
}

static void test_write_read_append(void **state)
{
    (void)state;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    lsqm_error err;
    put("a", "one");
    assert_content("a", "one");
    assert_int_equal(lsqm_fs_append(at("a"), "two", 3, &err), LSQM_OK);
    assert_content("a", "onetwo");
    assert_int_equal(lsqm_fs_read(at("a"), 5, &b, &err), LSQM_ELIMIT);
    assert_int_equal(lsqm_fs_read(at("none"), 0, &b, &err), LSQM_ENOENT);
    assert_non_null(strstr(err.message, "none"));
    lsqm_buffer_free(&b);
}

static void test_write_keeps_mode_and_replaces_links(void **state)
{
    (void)state;
    struct stat st;
    put("m", "x");
    assert_int_equal(chmod(at("m"), 0640), 0);
    put("m", "y");
    assert_int_equal(stat(at("m"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(symlink(at("m"), at("ln")), 0);
    put("ln", "z");
    assert_content("m", "y");
    assert_int_equal(lstat(at("ln"), &st), 0);
    assert_true(S_ISREG(st.st_mode));
}

/* A file-size limit stands in for a full disk: the write fails in the middle. */
static void test_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    lsqm_error err;
    struct rlimit old, tiny;
    static char big[64 * 1024];
    assert_int_equal(lsqm_fs_mkdir(at("full"), &err), LSQM_OK);
    put("full/a", "old");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    tiny = old;
    tiny.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &tiny);
    int rc = lsqm_fs_write(at("full/a"), big, sizeof big, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(rc, LSQM_EIO);
    assert_content("full/a", "old");
    assert_int_equal(count_entries("full"), 1);
}

static void test_mkdir_stat_rename(void **state)
{
    (void)state;
    lsqm_fs_info info;
    lsqm_error err;
    assert_int_equal(lsqm_fs_mkdir(at("d/e/f"), &err), LSQM_OK);
    assert_int_equal(lsqm_fs_mkdir(at("d/e/f/"), &err), LSQM_OK);
    put("d/file", "12345");
    assert_int_equal(lsqm_fs_mkdir(at("d/file/x"), &err), LSQM_EEXIST);
    assert_int_equal(lsqm_fs_mkdir("", &err), LSQM_ENOENT);
    assert_int_equal(lsqm_fs_stat(at("d/file"), 1, &info, &err), LSQM_OK);
    assert_int_equal(info.type, LSQM_FS_FILE);
    assert_int_equal(info.size, 5);
    assert_int_equal(lsqm_fs_rename(at("d/file"), at("d/new"), &err), LSQM_OK);
    assert_int_equal(lsqm_fs_stat(at("d/file"), 1, &info, &err), LSQM_ENOENT);
    assert_int_equal(lsqm_fs_rename(at("d/none"), at("d/x"), &err), LSQM_ENOENT);
}

static void test_list_and_walk(void **state)
{
    (void)state;
    lsqm_fs_entries e = {0};
    lsqm_error err;
    const char *skip[] = {".git", NULL};
    lsqm_fs_walk_options options = {skip, 0, 0};
    assert_int_equal(lsqm_fs_mkdir(at("w/b/.git"), &err), LSQM_OK);
    put("w/b/.git/x", "");
    put("w/b/2", "");
    put("w/a", "");
    assert_int_equal(symlink("/", at("w/root")), 0);
    assert_int_equal(lsqm_fs_walk(at("w"), &options, &e, &err), LSQM_OK);
    assert_int_equal(e.count, 2);
    assert_string_equal(e.items[0].name, "a");
    assert_string_equal(e.items[1].name, "b/2");
    lsqm_fs_entries_free(&e);
    options = (lsqm_fs_walk_options){NULL, 1, 3};
    assert_int_equal(lsqm_fs_walk(at("w"), &options, &e, &err), LSQM_ELIMIT);
    lsqm_fs_entries_free(&e);
    assert_int_equal(lsqm_fs_list(at("w"), &e, &err), LSQM_OK);
    assert_int_equal(e.count, 3);
    assert_int_equal(e.items[1].type, LSQM_FS_DIR);
    assert_int_equal(e.items[2].type, LSQM_FS_LINK);
    lsqm_fs_entries_free(&e);
    assert_int_equal(lsqm_fs_list(at("w/a"), &e, &err), LSQM_ENOENT);
}

static void test_remove_never_follows_links(void **state)
{
    (void)state;
    lsqm_error err;
    assert_int_equal(lsqm_fs_mkdir(at("keep"), &err), LSQM_OK);
    assert_int_equal(lsqm_fs_mkdir(at("gone/deep/er"), &err), LSQM_OK);
    put("keep/me", "safe");
    assert_int_equal(symlink(at("keep"), at("gone/deep/link")), 0);
    assert_int_equal(symlink(at("keep"), at("toplink")), 0);
    assert_int_equal(chmod(at("gone/deep"), 0500), 0);
    assert_int_equal(lsqm_fs_remove(at("gone"), &err), LSQM_OK);
    assert_int_equal(lsqm_fs_remove(at("toplink/"), &err), LSQM_OK);
    assert_content("keep/me", "safe");
    assert_int_not_equal(access(at("gone"), F_OK), 0);
    assert_int_equal(lsqm_fs_remove(at("gone"), &err), LSQM_OK);
}

static void test_remove_refuses_what_is_precious(void **state)
{
    (void)state;
    lsqm_error err;
    const char *bad[] = {"", "/", "//", "/.", "/..", ".", "..", "./", "a/..", "/tmp/.."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(lsqm_fs_remove(bad[i], &err), LSQM_EUNSAFE);
}

static void test_copy_tree(void **state)
{
    (void)state;
    lsqm_error err;
    struct stat st;
    assert_int_equal(lsqm_fs_mkdir(at("src/sub"), &err), LSQM_OK);
    put("src/sub/x", "data");
    assert_int_equal(chmod(at("src/sub/x"), 0755), 0);
    assert_int_equal(symlink("sub/x", at("src/l")), 0);
    assert_int_equal(lsqm_fs_copy(at("src"), at("dst"), NULL, &err), LSQM_OK);
    assert_int_equal(lsqm_fs_copy(at("src"), at("dst"), NULL, &err), LSQM_OK);
    assert_content("dst/sub/x", "data");
    assert_int_equal(stat(at("dst/sub/x"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
    assert_int_equal(lstat(at("dst/l"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

static void test_copy_refusals(void **state)
{
    (void)state;
    lsqm_error err;
    atomic_int stop = 1;
    assert_int_equal(lsqm_fs_mkdir(at("c/in"), &err), LSQM_OK);
    assert_int_equal(lsqm_fs_copy(at("c"), at("c/in/x"), NULL, &err), LSQM_EINVAL);
    assert_int_equal(lsqm_fs_copy(at("c"), at("c2"), &stop, &err), LSQM_ECANCELLED);
    assert_int_equal(mkfifo(at("c/pipe"), 0600), 0);
    assert_int_equal(lsqm_fs_copy(at("c"), at("c3"), NULL, &err), LSQM_EUNSUPPORTED);
    assert_int_equal(lsqm_fs_copy(at("nothing"), at("c4"), NULL, &err), LSQM_ENOENT);
}

static void test_realpath_and_tempdir(void **state)
{
    (void)state;
    char *path = NULL, *real = NULL;
    lsqm_error err;
    assert_int_equal(lsqm_fs_tempdir(at("t-"), &path, &err), LSQM_OK);
    assert_int_equal(symlink(path, at("tl")), 0);
    assert_int_equal(lsqm_fs_realpath(at("tl"), &real, &err), LSQM_OK);
    assert_string_equal(real, path);
    free(real);
    free(path);
    assert_int_equal(lsqm_fs_tempdir("/nonexistent/t-", &path, &err), LSQM_ENOENT);
    assert_int_equal(lsqm_fs_realpath(at("nope"), &real, &err), LSQM_ENOENT);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lsqm_error err;
    return lsqm_fs_remove(root, &err) == LSQM_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_read_append),
        cmocka_unit_test(test_write_keeps_mode_and_replaces_links),
        cmocka_unit_test(test_failed_write_leaves_the_old_file),
        cmocka_unit_test(test_mkdir_stat_rename),
        cmocka_unit_test(test_list_and_walk),
        cmocka_unit_test(test_remove_never_follows_links),
        cmocka_unit_test(test_remove_refuses_what_is_precious),
        cmocka_unit_test(test_copy_tree),
        cmocka_unit_test(test_copy_refusals),
        cmocka_unit_test(test_realpath_and_tempdir),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

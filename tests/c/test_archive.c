/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: the same bytes every time, and hostile ones built here on purpose. */
#include "archive.h"
#include "fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[64], pack[128], target[128];
static lsqm_error err;

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/lsqm-arc-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(pack, sizeof pack, "%s/pack", dir);
    snprintf(target, sizeof target, "%s/target", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return lsqm_fs_remove(dir, &err);
}

static int exists(const char *name)
{
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return lstat(path, &st) == 0;
}

static const lsqm_archive_entry plain[] = {
    {"b/run.sh", "#!/bin/sh\n", 10, NULL, 0755},
    {"a.txt", "alpha", 5, NULL, 0},
    {"ü/π.txt", "pi", 2, NULL, 0600},
    {"empty", "", 0, NULL, 0},
};

static void create(int format, lsqm_buffer *out)
{
    lsqm_archive_create_options o = {.format = format, .out = out, .entries = plain, .count = 4};
    if (!out)
        o.path = pack;
    OK(lsqm_archive_create(&o, &err));
}

static int extract(lsqm_archive_totals *totals)
{
    lsqm_archive_read_options o = {.path = pack, .dir = target};
    lsqm_archive_totals mine;
    lsqm_error_clear(&err);
    return lsqm_archive_extract(&o, totals ? totals : &mine, &err);
}

static void same_bytes_at_any_time_in_any_zone(void **state)
{
    (void)state;
    for (int format = LSQM_ARCHIVE_ZIP; format <= LSQM_ARCHIVE_TAR_GZ; format++) {
        lsqm_buffer one = LSQM_BUFFER_INIT, two = LSQM_BUFFER_INIT;
        setenv("TZ", "America/New_York", 1);
        tzset();
        create(format, &one);
        sleep(format == LSQM_ARCHIVE_TAR_GZ ? 1 : 0); /* gzip stores seconds */
        setenv("TZ", "Asia/Tokyo", 1);
        tzset();
        create(format, &two);
        assert_int_equal(one.len, two.len);
        assert_memory_equal(one.data, two.data, one.len);
        lsqm_buffer_free(&one);
        lsqm_buffer_free(&two);
    }
}

static void round_trip_keeps_names_content_and_modes(void **state)
{
    (void)state;
    for (int format = LSQM_ARCHIVE_ZIP; format <= LSQM_ARCHIVE_TAR_GZ; format++) {
        lsqm_archive_totals totals;
        struct stat st;
        create(format, NULL);
        OK(extract(&totals));
        assert_int_equal(totals.files, 4);
        assert_int_equal(totals.bytes, 17);
        assert_string_equal(read_file(target, "a.txt"), "alpha");
        assert_string_equal(read_file(target, "ü/π.txt"), "pi");
        char path[256];
        snprintf(path, sizeof path, "%s/b/run.sh", target);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0111, 0111);
    }
}

static void list_is_sorted_and_typed(void **state)
{
    (void)state;
    create(LSQM_ARCHIVE_ZIP, NULL);
    lsqm_archive_read_options o = {.path = pack};
    lsqm_archive_listing list;
    OK(lsqm_archive_list(&o, &list, &err));
    assert_int_equal(list.count, 4);
    assert_string_equal(list.items[0].path, "a.txt");
    assert_int_equal(list.items[0].type, 'f');
    assert_int_equal(list.items[0].size, 5);
    assert_string_equal(list.items[1].path, "b/run.sh");
    assert_string_equal(list.items[3].path, "ü/π.txt");
    lsqm_archive_listing_free(&list);
}

static void other_tools_can_read_them(void **state)
{
    (void)state;
    char command[512];
    create(LSQM_ARCHIVE_ZIP, NULL);
    snprintf(command, sizeof command, "python3 -c 'import zipfile,sys; z=zipfile.ZipFile(\"%s\"); "
             "sys.exit(z.testzip() or z.getinfo(\"a.txt\").date_time[:3] != (1980,1,1))'", pack);
    assert_int_equal(system(command), 0);
    create(LSQM_ARCHIVE_TAR, NULL);
    snprintf(command, sizeof command, "tar -tf %s > /dev/null", pack);
    assert_int_equal(system(command), 0);
}

static void tree_is_packed_with_links_and_empty_folders(void **state)
{
    (void)state;
    char tree[128], command[640];
    snprintf(tree, sizeof tree, "%s/tree", dir);
    snprintf(command, sizeof command,
             "mkdir -p %s/sub %s/hollow && echo hi > %s/sub/file && ln -s sub/file %s/link", tree,
             tree, tree, tree);
    assert_int_equal(system(command), 0);
    lsqm_archive_create_options o = {.format = LSQM_ARCHIVE_TAR, .path = pack, .dir = tree};
    OK(lsqm_archive_create(&o, &err));
    OK(extract(NULL));
    assert_string_equal(read_file(target, "link"), "hi\n");
    assert_true(exists("target/hollow"));
}

static void failed_creation_leaves_nothing(void **state)
{
    (void)state;
    lsqm_archive_entry twice[] = {{"a", "1", 1, NULL, 0}, {"a", "2", 1, NULL, 0}};
    lsqm_archive_entry climbs[] = {{"../a", "1", 1, NULL, 0}};
    lsqm_archive_entry missing[] = {{"a", NULL, 0, "/no/such/file", 0}};
    lsqm_archive_create_options o = {.format = LSQM_ARCHIVE_ZIP, .path = pack};
    o.entries = twice;
    o.count = 2;
    assert_int_equal(lsqm_archive_create(&o, &err), LSQM_EEXIST);
    o.count = 1;
    o.entries = climbs;
    assert_int_equal(lsqm_archive_create(&o, &err), LSQM_EUNSAFE);
    o.entries = missing;
    assert_int_equal(lsqm_archive_create(&o, &err), LSQM_ENOENT);
    assert_non_null(strstr(err.message, "/no/such/file"));
    atomic_int cancel = 1;
    o.cancel = &cancel;
    missing[0].file = "/etc/passwd";
    assert_int_equal(lsqm_archive_create(&o, &err), LSQM_ECANCELLED);
    assert_int_equal(rmdir(dir), 0); /* neither archive nor temporary file */
    mkdir(dir, 0755);
}

/* --- hostile archives --------------------------------------------------------------------- */

typedef struct evil {
    const char *path;
    mode_t type;
    const char *link; /* symbolic; with AE_IFREG: hard */
} evil;

static void build(int zip, const evil *entries, size_t count)
{
    struct archive *a = archive_write_new();
    if (zip)
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a);
    assert_int_equal(archive_write_open_filename(a, pack), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *e = archive_entry_new();
        int is_file = entries[i].type == AE_IFREG && !entries[i].link;
        archive_entry_set_pathname(e, entries[i].path);
        archive_entry_set_filetype(e, entries[i].type);
        archive_entry_set_perm(e, 04777);
        archive_entry_set_size(e, is_file ? 4 : 0);
        if (entries[i].type == AE_IFLNK)
            archive_entry_set_symlink(e, entries[i].link);
        else if (entries[i].link)
            archive_entry_set_hardlink(e, entries[i].link);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        if (is_file)
            archive_write_data(a, "evil", 4);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

static void refused(int zip, const evil *entries, size_t count, const char *named)
{
    build(zip, entries, count);
    assert_int_equal(extract(NULL), LSQM_EUNSAFE);
    if (!strstr(err.message, named))
        fail_msg("%s", err.message);
    assert_false(exists("escaped"));
    lsqm_fs_remove(target, &err);
}

static void names_that_climb_are_refused(void **state)
{
    (void)state;
    char absolute[128];
    snprintf(absolute, sizeof absolute, "%s/escaped", dir);
    const evil climbs[] = {{"../escaped", AE_IFREG, NULL}};
    const evil deep[] = {{"a/b/../../../escaped", AE_IFREG, NULL}};
    const evil rooted[] = {{absolute, AE_IFREG, NULL}};
    for (int zip = 0; zip <= 1; zip++) {
        refused(zip, climbs, 1, "../escaped");
        refused(zip, deep, 1, "a/b/../../../escaped");
        refused(zip, rooted, 1, "escaped");
    }
}

static void links_that_lead_out_are_refused(void **state)
{
    (void)state;
    const evil absolute[] = {{"l", AE_IFLNK, "/etc"}};
    const evil climbs[] = {{"d/l", AE_IFLNK, "../../x"}};
    const evil tricky[] = {{"d/x", AE_IFLNK, ".."}, {"y", AE_IFLNK, "d/x/../.."}};
    const evil hard[] = {{"h", AE_IFREG, "../escaped"}};
    const evil moved[] = {{"d/e/l", AE_IFLNK, "../../f"}, {"l2", AE_IFREG, "d/e/l"}};
    for (int zip = 0; zip <= 1; zip++) {
        refused(zip, absolute, 1, "l");
        refused(zip, climbs, 1, "d/l");
        refused(zip, tricky, 2, "y");
    }
    refused(0, hard, 1, "h");
    refused(0, moved, 2, "l2");
}

static void nothing_is_written_through_a_link(void **state)
{
    (void)state;
    const evil inside[] = {{"real/f", AE_IFREG, NULL}, {"l", AE_IFLNK, "real"},
                           {"l/g", AE_IFREG, NULL}};
    refused(0, inside, 3, "l/g");
    const evil over[] = {{"f", AE_IFREG, NULL}};
    char path[256], victim[256];
    mkdir(target, 0755);
    snprintf(path, sizeof path, "%s/f", target);
    snprintf(victim, sizeof victim, "%s/escaped", dir);
    assert_int_equal(symlink(victim, path), 0); /* was in the target before */
    build(1, over, 1);
    OK(extract(NULL));
    assert_false(exists("escaped"));
    assert_string_equal(read_file(target, "f"), "evil");
}

static void devices_are_refused_and_setuid_is_dropped(void **state)
{
    (void)state;
    const evil device[] = {{"dev", AE_IFCHR, NULL}};
    const evil fifo[] = {{"pipe", AE_IFIFO, NULL}};
    refused(0, device, 1, "dev");
    refused(0, fifo, 1, "pipe");
    const evil setuid[] = {{"su", AE_IFREG, NULL}};
    struct stat st;
    char path[256];
    build(0, setuid, 1);
    OK(extract(NULL));
    snprintf(path, sizeof path, "%s/su", target);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777 & ~0755u, 0);
}

static void harmless_links_are_kept(void **state)
{
    (void)state;
    const evil fine[] = {{"real/f", AE_IFREG, NULL}, {"d/e/l", AE_IFLNK, "../../real/f"},
                         {"h", AE_IFREG, "real/f"}};
    build(0, fine, 3);
    OK(extract(NULL));
    assert_string_equal(read_file(target, "d/e/l"), "evil");
    assert_string_equal(read_file(target, "h"), "evil");
}

static void limits_name_the_entry(void **state)
{
    (void)state;
    size_t len = 64u << 20;
    char *zeros = calloc(1, len);
    lsqm_archive_entry bomb[] = {{"bomb.bin", zeros, len, NULL, 0}, {"a", "x", 1, NULL, 0}};
    lsqm_archive_totals totals;
    for (int format = LSQM_ARCHIVE_ZIP; format <= LSQM_ARCHIVE_TAR_GZ; format += 2) {
        lsqm_archive_create_options c = {.format = format, .path = pack, .entries = bomb,
                                         .count = 2};
        OK(lsqm_archive_create(&c, &err));
        lsqm_archive_read_options o = {.path = pack, .dir = target};
        assert_int_equal(lsqm_archive_extract(&o, &totals, &err), LSQM_ELIMIT);
        assert_non_null(strstr(err.message, "bomb.bin"));
        assert_true(totals.bytes < 20u << 20);
        o.max_ratio = 1e6;
        o.max_bytes = 1000;
        assert_int_equal(lsqm_archive_extract(&o, &totals, &err), LSQM_ELIMIT);
        o.max_bytes = 0;
        o.max_files = 1;
        assert_int_equal(lsqm_archive_extract(&o, &totals, &err), LSQM_ELIMIT);
        assert_non_null(strstr(err.message, "entries"));
        o.max_files = 0;
        OK(lsqm_archive_extract(&o, &totals, &err));
    }
    free(zeros);
}

static void broken_archives_say_so(void **state)
{
    (void)state;
    lsqm_archive_totals totals;
    lsqm_buffer zip = LSQM_BUFFER_INIT;
    assert_int_equal(extract(&totals), LSQM_ENOENT);
    FILE *f = fopen(pack, "w");
    fputs("this is no archive at all", f);
    fclose(f);
    assert_int_equal(extract(&totals), LSQM_ESYNTAX);
    create(LSQM_ARCHIVE_TAR_GZ, &zip);
    f = fopen(pack, "w");
    fwrite(zip.data, 1, zip.len / 2, f);
    fclose(f);
    assert_int_equal(extract(&totals), LSQM_ESYNTAX);
    lsqm_buffer_free(&zip);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(same_bytes_at_any_time_in_any_zone),
        CASE(round_trip_keeps_names_content_and_modes),
        CASE(list_is_sorted_and_typed),
        CASE(other_tools_can_read_them),
        CASE(tree_is_packed_with_links_and_empty_folders),
        CASE(failed_creation_leaves_nothing),
        CASE(names_that_climb_are_refused),
        CASE(links_that_lead_out_are_refused),
        CASE(nothing_is_written_through_a_link),
        CASE(devices_are_refused_and_setuid_is_dropped),
        CASE(harmless_links_are_kept),
        CASE(limits_name_the_entry),
        CASE(broken_archives_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

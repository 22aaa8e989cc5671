/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading archives that nobody vouches for.
 *
 * Unpacking walks from the target's descriptor, one component at a time and never through a link,
 * so neither the archive nor somebody else at work in the target can lead a write outside.
 */
#include "archive_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536
#define RATIO_FROM ((unsigned long long)16 << 20)

typedef struct reader {
    const lsqm_archive_read_options *options;
    const char *op;
    lsqm_error *err;
    struct archive *archive;
    int fd, target;
    unsigned long long packed, max_bytes, max_files;
    double max_ratio;
    lsqm_archive_totals totals;
    char chunk[CHUNK];
} reader;

static int unsafe(reader *r, const char *what, const char *name)
{
    return lsqm_error_set(r->err, LSQM_EUNSAFE, r->op, "%s: %s", what, name);
}

static const char *name_of(struct archive_entry *e)
{
    const char *name = archive_entry_pathname_utf8(e);
    return name ? name : archive_entry_pathname(e);
}

/* --- limits ------------------------------------------------------------------------------- */

/* What comes in a stream has the size that was read of it so far. */
static unsigned long long packed_size(reader *r)
{
    return r->options->fd > 0 ? (unsigned long long)archive_filter_bytes(r->archive, -1)
                              : r->packed;
}

static int count_bytes(reader *r, const char *name, size_t n)
{
    r->totals.bytes += n;
    if (r->totals.bytes > r->max_bytes)
        return lsqm_error_set(r->err, LSQM_ELIMIT, r->op, "more than %llu bytes at %s",
                              r->max_bytes, name);
    if (r->totals.bytes > RATIO_FROM &&
        (double)r->totals.bytes > r->max_ratio * (double)packed_size(r))
        return lsqm_error_set(r->err, LSQM_ELIMIT, r->op,
                              "unpacks to more than %.0f times its size at %s", r->max_ratio,
                              name);
    return LSQM_OK;
}

static int count_file(reader *r, const char *name)
{
    if (r->options->cancel && atomic_load(r->options->cancel))
        return lsqm_error_set(r->err, LSQM_ECANCELLED, r->op, "cancelled");
    if (++r->totals.files > r->max_files)
        return lsqm_error_set(r->err, LSQM_ELIMIT, r->op, "more than %llu entries at %s",
                              r->max_files, name);
    return LSQM_OK;
}

/* --- paths -------------------------------------------------------------------------------- */

static int enter(reader *r, int at, const char *part, const char *name)
{
    if (mkdirat(at, part, 0755) != 0 && errno != EEXIST) {
        lsqm_error_errno(r->err, errno, r->op, name);
        return -1;
    }
    int fd = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        unsafe(r, "leads through a link or a file", name);
    else if (fd < 0)
        lsqm_error_errno(r->err, errno, r->op, name);
    return fd;
}

/* Opens the folder `name` lives in; *leaf (free it) is its last part, NULL for the target itself.
 * The name was checked. Returns a descriptor or -1. */
static int open_parent(reader *r, const char *name, char **leaf)
{
    int at = dup(r->target);
    char *copy = strdup(name), *save = NULL;
    *leaf = NULL;
    if (at < 0 || !copy) {
        lsqm_error_set(r->err, LSQM_ENOMEM, r->op, NULL);
        goto fail;
    }
    for (char *p = strtok_r(copy, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
        if (strcmp(p, ".") == 0)
            continue;
        if (*leaf) {
            int next = enter(r, at, *leaf, name);
            if (next < 0)
                goto fail;
            close(at);
            at = next;
        }
        *leaf = p;
    }
    if (*leaf) {
        memmove(copy, *leaf, strlen(*leaf) + 1);
        *leaf = copy;
    } else {
        free(copy);
    }
    return at;
fail:
    *leaf = NULL;
    free(copy);
    if (at >= 0)
        close(at);
    return -1;
}

/* How many folders deep the entry itself lies. */
static int depth_of(const char *name)
{
    int parts = 0;
    while (*name) {
        size_t len = strcspn(name, "/");
        parts += len > 0 && !(len == 1 && name[0] == '.');
        name += len;
        name += *name == '/';
    }
    return parts - 1;
}

/* A link may climb with leading ".." as far as the target's root and then only descend: a ".."
 * behind a name could mean another place once that name is itself a link. */
static int link_stays_inside(const char *name, const char *link)
{
    int room = depth_of(name), descended = 0;
    if (!link || !*link || link[0] == '/')
        return 0;
    while (*link) {
        size_t len = strcspn(link, "/");
        if (len == 2 && link[0] == '.' && link[1] == '.') {
            if (descended || --room < 0)
                return 0;
        } else if (len > 0 && !(len == 1 && link[0] == '.')) {
            descended = 1;
        }
        link += len;
        link += *link == '/';
    }
    return 1;
}

/* --- entries ------------------------------------------------------------------------------ */

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0)
            return errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int copy_data(reader *r, int fd, const char *name)
{
    for (;;) {
        if (r->options->cancel && atomic_load(r->options->cancel))
            return lsqm_error_set(r->err, LSQM_ECANCELLED, r->op, "cancelled");
        la_ssize_t n = archive_read_data(r->archive, r->chunk, sizeof r->chunk);
        if (n < 0)
            return lsqm_archive_fail(r->archive, LSQM_ESYNTAX, r->op, name, r->err);
        if (n == 0)
            return LSQM_OK;
        if (count_bytes(r, name, (size_t)n) != LSQM_OK)
            return r->err->code;
        int errnum = write_all(fd, r->chunk, (size_t)n);
        if (errnum)
            return lsqm_error_errno(r->err, errnum, r->op, name);
    }
}

static int extract_file(reader *r, struct archive_entry *e, int at, const char *leaf)
{
    const char *name = name_of(e);
    mode_t mode = (archive_entry_perm(e) & 0111) ? 0755 : 0644;
    unlinkat(at, leaf, 0);
    int fd = openat(at, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return lsqm_error_errno(r->err, errno, r->op, name);
    int status = copy_data(r, fd, name);
    if (close(fd) != 0 && status == LSQM_OK)
        status = lsqm_error_errno(r->err, errno, r->op, name);
    return status;
}

static int extract_link(reader *r, struct archive_entry *e, int at, const char *leaf)
{
    const char *name = name_of(e), *link = archive_entry_symlink_utf8(e);
    if (!link_stays_inside(name, link))
        return unsafe(r, "link leads out", name);
    unlinkat(at, leaf, 0);
    if (symlinkat(link, at, leaf) != 0)
        return lsqm_error_errno(r->err, errno, r->op, name);
    return LSQM_OK;
}

static int extract_hard_link(reader *r, struct archive_entry *e, int at, const char *leaf)
{
    const char *name = name_of(e), *to = archive_entry_hardlink_utf8(e);
    struct stat st;
    char *to_leaf = NULL;
    if (lsqm_archive_check_name(to, r->op, r->err) != LSQM_OK)
        return unsafe(r, "link leads out", name);
    int from = open_parent(r, to, &to_leaf);
    if (from < 0)
        return r->err->code;
    int status = LSQM_OK;
    /* a second name for a symbolic link would resolve it from another folder */
    if (!to_leaf || fstatat(from, to_leaf, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode)) {
        status = unsafe(r, "hard link to something that is no file", name);
    } else {
        unlinkat(at, leaf, 0);
        if (linkat(from, to_leaf, at, leaf, 0) != 0)
            status = lsqm_error_errno(r->err, errno, r->op, name);
    }
    free(to_leaf);
    close(from);
    return status;
}

static int extract_folder(reader *r, struct archive_entry *e, int at, const char *leaf)
{
    int fd = enter(r, at, leaf, name_of(e));
    if (fd < 0)
        return r->err->code;
    close(fd);
    return LSQM_OK;
}

static int extract_entry(reader *r, struct archive_entry *e)
{
    const char *name = name_of(e);
    char *leaf = NULL;
    if (lsqm_archive_check_name(name, r->op, r->err) != LSQM_OK)
        return r->err->code;
    int at = open_parent(r, name, &leaf);
    if (at < 0)
        return r->err->code;
    int status;
    if (!leaf)
        status = LSQM_OK; /* "./": the target itself */
    else if (archive_entry_hardlink_utf8(e) || archive_entry_hardlink(e))
        status = extract_hard_link(r, e, at, leaf);
    else if (archive_entry_filetype(e) == AE_IFREG)
        status = extract_file(r, e, at, leaf);
    else if (archive_entry_filetype(e) == AE_IFDIR)
        status = extract_folder(r, e, at, leaf);
    else if (archive_entry_filetype(e) == AE_IFLNK)
        status = extract_link(r, e, at, leaf);
    else
        status = unsafe(r, "neither file, folder nor link", name);
    free(leaf);
    close(at);
    return status;
}

/* --- opening ------------------------------------------------------------------------------ */

static const char *source_name(const reader *r)
{
    return r->options->fd > 0 ? "the stream" : r->options->path;
}

static int open_source(reader *r)
{
    struct stat st;
    if (r->options->fd > 0) {
        r->fd = r->options->fd;
        return LSQM_OK;
    }
    r->fd = open(r->options->path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0 || fstat(r->fd, &st) != 0)
        return lsqm_error_errno(r->err, errno, r->op, r->options->path);
    r->packed = (unsigned long long)st.st_size;
    return LSQM_OK;
}

static int open_archive(reader *r)
{
    int status = open_source(r);
    if (status != LSQM_OK)
        return status;
    r->archive = archive_read_new();
    if (!r->archive)
        return lsqm_error_set(r->err, LSQM_ENOMEM, r->op, NULL);
    /* A zip's list of contents is at its end: it cannot come in a stream. */
    if (r->options->fd <= 0)
        archive_read_support_format_zip(r->archive);
    archive_read_support_format_tar(r->archive);
    archive_read_support_filter_gzip(r->archive);
    if (archive_read_open_fd(r->archive, r->fd, CHUNK) != ARCHIVE_OK)
        return lsqm_archive_fail(r->archive, LSQM_ESYNTAX, r->op, source_name(r), r->err);
    return LSQM_OK;
}

static reader *new_reader(const lsqm_archive_read_options *o, const char *op, lsqm_error *err)
{
    reader *r = calloc(1, sizeof *r);
    if (!r) {
        lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
        return NULL;
    }
    r->options = o;
    r->op = op;
    r->err = err;
    r->fd = r->target = -1;
    r->max_bytes = o->max_bytes ? o->max_bytes : LSQM_ARCHIVE_MAX_BYTES;
    r->max_files = o->max_files ? o->max_files : LSQM_ARCHIVE_MAX_FILES;
    r->max_ratio = o->max_ratio > 0 ? o->max_ratio : LSQM_ARCHIVE_MAX_RATIO;
    return r;
}

static void free_reader(reader *r)
{
    if (r->archive)
        archive_read_free(r->archive);
    if (r->fd >= 0)
        close(r->fd);
    if (r->target >= 0)
        close(r->target);
    free(r);
}

/* The next header: LSQM_OK with *e set, LSQM_OK with NULL at the end, or a failure. */
static int next_entry(reader *r, struct archive_entry **e)
{
    int rc = archive_read_next_header(r->archive, e);
    if (rc == ARCHIVE_EOF) {
        *e = NULL;
        return LSQM_OK;
    }
    /* warnings are about what is not used here: owners, attributes */
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return lsqm_archive_fail(r->archive, LSQM_ESYNTAX, r->op, source_name(r), r->err);
    const char *name = name_of(*e);
    return count_file(r, name ? name : "?");
}

static int open_target(reader *r)
{
    const char *dir = r->options->dir;
    if (mkdir(dir, 0755) != 0 && errno != EEXIST)
        return lsqm_error_errno(r->err, errno, r->op, dir);
    r->target = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return r->target >= 0 ? LSQM_OK : lsqm_error_errno(r->err, errno, r->op, dir);
}

int lsqm_archive_extract(const lsqm_archive_read_options *options, lsqm_archive_totals *out,
                         lsqm_error *err)
{
    reader *r = new_reader(options, "archive extract", err);
    struct archive_entry *e = NULL;
    if (!r)
        return LSQM_ENOMEM;
    lsqm_archive_locale locale;
    lsqm_archive_locale_enter(&locale);
    int status = open_archive(r);
    if (status == LSQM_OK)
        status = open_target(r);
    while (status == LSQM_OK && (status = next_entry(r, &e)) == LSQM_OK && e)
        status = extract_entry(r, e);
    *out = r->totals;
    free_reader(r);
    lsqm_archive_locale_leave(&locale);
    return status;
}

/* --- listing ------------------------------------------------------------------------------ */

static char type_of(struct archive_entry *e)
{
    if (archive_entry_hardlink(e))
        return 'h';
    switch (archive_entry_filetype(e)) {
    case AE_IFREG: return 'f';
    case AE_IFDIR: return 'd';
    case AE_IFLNK: return 'l';
    default: return '?';
    }
}

static int list_entry(struct archive_entry *e, lsqm_archive_listing *out)
{
    if ((out->count & (out->count - 1)) == 0) { /* doubled at each power of two */
        size_t room = out->count ? 2 * out->count : 1;
        lsqm_archive_item *items = realloc(out->items, room * sizeof *items);
        if (!items)
            return LSQM_ENOMEM;
        out->items = items;
    }
    const char *name = name_of(e);
    const char *link = archive_entry_hardlink_utf8(e);
    if (!link)
        link = archive_entry_symlink_utf8(e);
    lsqm_archive_item *item = &out->items[out->count++];
    item->path = strdup(name ? name : "");
    item->link = link ? strdup(link) : NULL;
    item->type = type_of(e);
    item->mode = (unsigned)archive_entry_perm(e);
    item->size = (unsigned long long)archive_entry_size(e);
    return item->path && (!link || item->link) ? LSQM_OK : LSQM_ENOMEM;
}

int lsqm_archive_list(const lsqm_archive_read_options *options, lsqm_archive_listing *out,
                      lsqm_error *err)
{
    struct archive_entry *e = NULL;
    memset(out, 0, sizeof *out);
    reader *r = new_reader(options, "archive list", err);
    if (!r)
        return LSQM_ENOMEM;
    lsqm_archive_locale locale;
    lsqm_archive_locale_enter(&locale);
    int status = open_archive(r);
    while (status == LSQM_OK && (status = next_entry(r, &e)) == LSQM_OK && e)
        if (list_entry(e, out) != LSQM_OK)
            status = lsqm_error_set(err, LSQM_ENOMEM, r->op, NULL);
    if (status != LSQM_OK)
        lsqm_archive_listing_free(out);
    free_reader(r);
    lsqm_archive_locale_leave(&locale);
    return status;
}

void lsqm_archive_listing_free(lsqm_archive_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->items[i].path);
        free(listing->items[i].link);
    }
    free(listing->items);
    memset(listing, 0, sizeof *listing);
}

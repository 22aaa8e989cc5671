/* SPDX-License-Identifier: Apache-2.0 */
/* Writing archives: collect the items, sort them, write each with nothing that changes by run. */
#include "archive_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536
#define MAX_DEPTH 100
#define TIME_1980 315532800

static const char op[] = "archive create";

typedef struct item {
    char *path; /* in the archive; owned */
    char *file; /* where the content or the link is; owned; NULL: entry->data */
    const lsqm_archive_entry *entry;
    mode_t type;
    unsigned mode;
} item;

typedef struct writer {
    const lsqm_archive_create_options *options;
    lsqm_error *err;
    item *items;
    size_t count, room;
    struct archive *archive;
    int fd;
    char *temp;
    char chunk[CHUNK];
} writer;

void lsqm_archive_locale_enter(lsqm_archive_locale *l)
{
    l->own = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    l->before = l->own ? uselocale(l->own) : (locale_t)0;
}

void lsqm_archive_locale_leave(lsqm_archive_locale *l)
{
    if (!l->own)
        return;
    uselocale(l->before);
    freelocale(l->own);
}

int lsqm_archive_check_name(const char *name, const char *what, lsqm_error *err)
{
    if (!name || !*name)
        return lsqm_error_set(err, LSQM_EUNSAFE, what, "entry without a name");
    if (name[0] == '/')
        return lsqm_error_set(err, LSQM_EUNSAFE, what, "absolute name: %s", name);
    for (const char *part = name; *part;) {
        size_t len = strcspn(part, "/");
        if (len == 2 && part[0] == '.' && part[1] == '.')
            return lsqm_error_set(err, LSQM_EUNSAFE, what, "name leaves the archive: %s", name);
        part += len;
        part += *part == '/';
    }
    return LSQM_OK;
}

int lsqm_archive_fail(struct archive *a, int code, const char *what, const char *name,
                      lsqm_error *err)
{
    const char *text = archive_error_string(a);
    return lsqm_error_set(err, code, what, "%s%s%s", name ? name : "", name ? ": " : "",
                          text ? text : "failed");
}

/* --- collecting --------------------------------------------------------------------------- */

static item *add_item(writer *w, const char *path, const char *file)
{
    if (w->count == w->room) {
        size_t room = w->room ? 2 * w->room : 64;
        item *items = realloc(w->items, room * sizeof *items);
        if (!items)
            goto nomem;
        w->items = items;
        w->room = room;
    }
    item *it = &w->items[w->count];
    memset(it, 0, sizeof *it);
    it->path = strdup(path);
    it->file = file ? strdup(file) : NULL;
    it->type = S_IFREG;
    it->mode = 0644;
    if (it->path && (!file || it->file)) {
        w->count++;
        return it;
    }
    free(it->path);
    free(it->file);
nomem:
    lsqm_error_set(w->err, LSQM_ENOMEM, op, NULL);
    return NULL;
}

static int add_entries(writer *w)
{
    for (size_t i = 0; i < w->options->count; i++) {
        const lsqm_archive_entry *e = &w->options->entries[i];
        if (lsqm_archive_check_name(e->path, op, w->err) != LSQM_OK)
            return w->err->code;
        item *it = add_item(w, e->path, e->file);
        if (!it)
            return w->err->code;
        it->entry = e;
        if (e->mode)
            it->mode = e->mode & 0777;
    }
    return LSQM_OK;
}

static int add_tree(writer *w, const char *dir, const char *prefix, int depth);

static int add_path(writer *w, const char *file, const char *name, int depth)
{
    struct stat st;
    if (lstat(file, &st) != 0)
        return lsqm_error_errno(w->err, errno, op, file);
    if (S_ISDIR(st.st_mode))
        return add_tree(w, file, name, depth + 1);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
        return lsqm_error_set(w->err, LSQM_EUNSUPPORTED, op, "neither file nor folder: %s", file);
    item *it = add_item(w, name, file);
    if (!it)
        return w->err->code;
    it->type = st.st_mode & S_IFMT;
    it->mode = (st.st_mode & 0111) ? 0755 : 0644;
    return LSQM_OK;
}

static int add_empty(writer *w, const char *name)
{
    item *it = add_item(w, name, NULL);
    if (!it)
        return w->err->code;
    it->type = S_IFDIR;
    it->mode = 0755;
    return LSQM_OK;
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int add_tree(writer *w, const char *dir, const char *prefix, int depth)
{
    if (depth > MAX_DEPTH)
        return lsqm_error_set(w->err, LSQM_ELIMIT, op, "folders nest too deep: %s", dir);
    DIR *d = opendir(dir);
    if (!d)
        return lsqm_error_errno(w->err, errno, op, dir);
    int status = LSQM_OK, seen = 0;
    lsqm_buffer file = LSQM_BUFFER_INIT, name = LSQM_BUFFER_INIT;
    for (struct dirent *e; status == LSQM_OK && (e = readdir(d)) != NULL;) {
        if (is_dots(e->d_name))
            continue;
        seen = 1;
        lsqm_buffer_clear(&file);
        lsqm_buffer_clear(&name);
        lsqm_buffer_addf(&file, "%s/%s", dir, e->d_name);
        lsqm_buffer_addf(&name, "%s%s%s", prefix, *prefix ? "/" : "", e->d_name);
        if (file.failed || name.failed)
            status = lsqm_error_set(w->err, LSQM_ENOMEM, op, NULL);
        else
            status = add_path(w, file.data, name.data, depth);
    }
    closedir(d);
    lsqm_buffer_free(&file);
    lsqm_buffer_free(&name);
    if (status == LSQM_OK && !seen && *prefix)
        status = add_empty(w, prefix);
    return status;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const item *)a)->path, ((const item *)b)->path);
}

static int collect(writer *w)
{
    if (w->options->dir && add_tree(w, w->options->dir, "", 0) != LSQM_OK)
        return w->err->code;
    if (add_entries(w) != LSQM_OK)
        return w->err->code;
    if (w->count > 1)
        qsort(w->items, w->count, sizeof *w->items, by_path);
    for (size_t i = 1; i < w->count; i++)
        if (strcmp(w->items[i - 1].path, w->items[i].path) == 0)
            return lsqm_error_set(w->err, LSQM_EEXIST, op, "name given twice: %s",
                                  w->items[i].path);
    return LSQM_OK;
}

/* --- writing ------------------------------------------------------------------------------ */

static la_ssize_t on_write(struct archive *a, void *user, const void *data, size_t len)
{
    writer *w = user;
    if (w->fd < 0) {
        if (lsqm_buffer_add(w->options->out, data, len) == LSQM_OK)
            return (la_ssize_t)len;
        archive_set_error(a, ENOMEM, "out of memory");
        return -1;
    }
    ssize_t n = write(w->fd, data, len);
    if (n < 0)
        archive_set_error(a, errno, "%s", strerror(errno));
    return n;
}

static int write_data(writer *w, const item *it, const void *data, size_t len)
{
    if (len && archive_write_data(w->archive, data, len) != (la_ssize_t)len)
        return lsqm_archive_fail(w->archive, LSQM_EIO, op, it->path, w->err);
    return LSQM_OK;
}

static int copy_file(writer *w, const item *it, int fd, long long size)
{
    while (size > 0) {
        if (w->options->cancel && atomic_load(w->options->cancel))
            return lsqm_error_set(w->err, LSQM_ECANCELLED, op, "cancelled");
        size_t want = size < CHUNK ? (size_t)size : CHUNK;
        ssize_t n = read(fd, w->chunk, want);
        if (n < 0)
            return lsqm_error_errno(w->err, errno, op, it->file);
        if (n == 0)
            return lsqm_error_set(w->err, LSQM_EIO, op, "shrinks while it is read: %s", it->file);
        if (write_data(w, it, w->chunk, (size_t)n) != LSQM_OK)
            return w->err->code;
        size -= n;
    }
    return LSQM_OK;
}

static int write_header(writer *w, const item *it, struct archive_entry *e, long long size)
{
    archive_entry_set_pathname_utf8(e, it->path);
    archive_entry_set_filetype(e, it->type);
    archive_entry_set_perm(e, (mode_t)it->mode);
    archive_entry_set_size(e, size);
    /* zip stores local time: without a date libarchive writes 1980-01-01 in every time zone */
    if (w->options->format != LSQM_ARCHIVE_ZIP)
        archive_entry_set_mtime(e, TIME_1980, 0);
    if (archive_write_header(w->archive, e) != ARCHIVE_OK)
        return lsqm_archive_fail(w->archive, LSQM_EIO, op, it->path, w->err);
    return LSQM_OK;
}

static int write_file(writer *w, const item *it, struct archive_entry *e)
{
    struct stat st;
    int fd = open(it->file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        lsqm_error_errno(w->err, errno, op, it->file);
        if (fd >= 0)
            close(fd);
        return w->err->code;
    }
    int status = LSQM_OK;
    if (!S_ISREG(st.st_mode))
        status = lsqm_error_set(w->err, LSQM_EUNSUPPORTED, op, "not a file: %s", it->file);
    if (status == LSQM_OK)
        status = write_header(w, it, e, st.st_size);
    if (status == LSQM_OK)
        status = copy_file(w, it, fd, st.st_size);
    close(fd);
    return status;
}

static int write_link(writer *w, const item *it, struct archive_entry *e)
{
    ssize_t n = readlink(it->file, w->chunk, sizeof w->chunk - 1);
    if (n < 0)
        return lsqm_error_errno(w->err, errno, op, it->file);
    w->chunk[n] = '\0';
    archive_entry_set_symlink_utf8(e, w->chunk);
    return write_header(w, it, e, 0);
}

static int write_item(writer *w, const item *it)
{
    struct archive_entry *e = archive_entry_new();
    if (!e)
        return lsqm_error_set(w->err, LSQM_ENOMEM, op, NULL);
    int status;
    if (S_ISLNK(it->type)) {
        status = write_link(w, it, e);
    } else if (it->file) {
        status = write_file(w, it, e);
    } else {
        size_t len = it->entry ? it->entry->len : 0;
        status = write_header(w, it, e, (long long)len);
        if (status == LSQM_OK)
            status = write_data(w, it, it->entry ? it->entry->data : NULL, len);
    }
    archive_entry_free(e);
    return status;
}

static int open_archive(writer *w)
{
    int rc;
    w->archive = archive_write_new();
    if (!w->archive)
        return lsqm_error_set(w->err, LSQM_ENOMEM, op, NULL);
    if (w->options->format == LSQM_ARCHIVE_ZIP)
        rc = archive_write_set_format_zip(w->archive);
    else
        rc = archive_write_set_format_pax_restricted(w->archive);
    if (w->options->format == LSQM_ARCHIVE_TAR_GZ) {
        archive_write_add_filter_gzip(w->archive);
        archive_write_set_filter_option(w->archive, "gzip", "timestamp", NULL);
    }
    if (rc == ARCHIVE_OK)
        rc = archive_write_set_options(w->archive, "hdrcharset=UTF-8");
    archive_write_set_bytes_in_last_block(w->archive, 1);
    if (rc == ARCHIVE_OK)
        rc = archive_write_open2(w->archive, w, NULL, on_write, NULL, NULL);
    return rc == ARCHIVE_OK ? LSQM_OK
                            : lsqm_archive_fail(w->archive, LSQM_EINTERNAL, op, NULL, w->err);
}

static int open_temp(writer *w)
{
    const char *path = w->options->path;
    if (!path)
        return LSQM_OK;
    if (asprintf(&w->temp, "%s.XXXXXX", path) < 0) {
        w->temp = NULL;
        return lsqm_error_set(w->err, LSQM_ENOMEM, op, NULL);
    }
    w->fd = mkostemp(w->temp, O_CLOEXEC);
    if (w->fd >= 0)
        return LSQM_OK;
    lsqm_error_errno(w->err, errno, op, path);
    free(w->temp);
    w->temp = NULL;
    return w->err->code;
}

static int write_all(writer *w)
{
    if (open_temp(w) != LSQM_OK || open_archive(w) != LSQM_OK)
        return w->err->code;
    for (size_t i = 0; i < w->count; i++)
        if (write_item(w, &w->items[i]) != LSQM_OK)
            return w->err->code;
    if (archive_write_close(w->archive) != ARCHIVE_OK)
        return lsqm_archive_fail(w->archive, LSQM_EIO, op, NULL, w->err);
    if (!w->temp)
        return LSQM_OK;
    if (fchmod(w->fd, 0644) != 0 || fsync(w->fd) != 0 || rename(w->temp, w->options->path) != 0)
        return lsqm_error_errno(w->err, errno, op, w->options->path);
    free(w->temp);
    w->temp = NULL;
    return LSQM_OK;
}

static void free_writer(writer *w)
{
    if (w->archive)
        archive_write_free(w->archive);
    if (w->fd >= 0)
        close(w->fd);
    if (w->temp)
        unlink(w->temp);
    free(w->temp);
    for (size_t i = 0; i < w->count; i++) {
        free(w->items[i].path);
        free(w->items[i].file);
    }
    free(w->items);
    free(w);
}

int lsqm_archive_create(const lsqm_archive_create_options *options, lsqm_error *err)
{
    writer *w = calloc(1, sizeof *w);
    if (!w)
        return lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
    lsqm_archive_locale locale;
    lsqm_archive_locale_enter(&locale);
    w->options = options;
    w->err = err;
    w->fd = -1;
    int status = collect(w);
    if (status == LSQM_OK)
        status = write_all(w);
    free_writer(w);
    lsqm_archive_locale_leave(&locale);
    return status;
}

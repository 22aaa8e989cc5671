/* SPDX-License-Identifier: Apache-2.0 */
/* Whole trees: list, walk, remove, copy. See fs.h. */
#include "fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds one descriptor open. */
enum { MAX_DEPTH = 400, BLOCK = 128 * 1024 };

void lsqm_fs_entries_free(lsqm_fs_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->items[i].name);
    free(entries->items);
    *entries = (lsqm_fs_entries){0};
}

/* Takes over `name`, also on failure. */
static int add_entry(lsqm_fs_entries *out, char *name, lsqm_fs_type type)
{
    if (name && out->count == out->cap) {
        size_t cap = out->cap ? out->cap * 2 : 32;
        lsqm_fs_entry *items = realloc(out->items, cap * sizeof *items);
        if (items) {
            out->items = items;
            out->cap = cap;
        }
    }
    if (!name || out->count == out->cap) {
        free(name);
        return LSQM_ENOMEM;
    }
    out->items[out->count++] = (lsqm_fs_entry){name, type};
    return LSQM_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const lsqm_fs_entry *)a)->name, ((const lsqm_fs_entry *)b)->name);
}

static void sort_entries(lsqm_fs_entries *out)
{
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_name);
}

static lsqm_fs_type type_at(int dir, const struct dirent *entry)
{
    struct stat st;
    switch (entry->d_type) {
    case DT_REG: return LSQM_FS_FILE;
    case DT_DIR: return LSQM_FS_DIR;
    case DT_LNK: return LSQM_FS_LINK;
    case DT_UNKNOWN: break;
    default: return LSQM_FS_OTHER;
    }
    if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return LSQM_FS_OTHER;
    if (S_ISREG(st.st_mode))
        return LSQM_FS_FILE;
    if (S_ISDIR(st.st_mode))
        return LSQM_FS_DIR;
    return S_ISLNK(st.st_mode) ? LSQM_FS_LINK : LSQM_FS_OTHER;
}

static int is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Reads an opened directory; closes fd. `path` is for messages. */
static int read_dir(int fd, const char *op, const char *path, lsqm_fs_entries *out, lsqm_error *err)
{
    DIR *dir = fdopendir(fd);
    int rc = LSQM_OK;
    if (!dir) {
        rc = lsqm_error_errno(err, errno, op, path);
        close(fd);
        return rc;
    }
    while (rc == LSQM_OK) {
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (!entry) {
            if (errno)
                rc = lsqm_error_errno(err, errno, op, path);
            break;
        }
        if (is_dots(entry->d_name))
            continue;
        if (add_entry(out, strdup(entry->d_name), type_at(dirfd(dir), entry)) != LSQM_OK)
            rc = lsqm_error_set(err, LSQM_ENOMEM, op, NULL);
    }
    closedir(dir);
    sort_entries(out);
    return rc;
}

static int open_dir(int at, const char *name, int follow)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
}

int lsqm_fs_list(const char *path, lsqm_fs_entries *out, lsqm_error *err)
{
    int fd = open_dir(AT_FDCWD, path, 1);
    if (fd < 0)
        return lsqm_error_errno(err, errno, "list", path);
    return read_dir(fd, "list", path, out, err);
}

/* --- walk --------------------------------------------------------------------------------- */

typedef struct walker {
    const lsqm_fs_walk_options *options;
    lsqm_fs_entries *out;
    lsqm_error *err;
    int depth;
} walker;

static int is_skipped(const walker *w, const char *name)
{
    const char *const *skip = w->options->skip;
    for (; skip && *skip; skip++)
        if (strcmp(*skip, name) == 0)
            return 1;
    return 0;
}

static char *join(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s%s", dir, *dir ? "/" : "", name);
    return path;
}

static int walk_fd(walker *w, int fd, const char *prefix);

static int walk_entry(walker *w, int dir, const char *prefix, const lsqm_fs_entry *entry)
{
    const lsqm_fs_walk_options *o = w->options;
    if (is_skipped(w, entry->name))
        return LSQM_OK;
    char *path = join(prefix, entry->name);
    if (!path)
        return lsqm_error_set(w->err, LSQM_ENOMEM, "walk", NULL);
    if (entry->type == LSQM_FS_DIR) {
        int fd = open_dir(dir, entry->name, 0);
        int rc = fd < 0 ? lsqm_error_errno(w->err, errno, "walk", path) : walk_fd(w, fd, path);
        free(path);
        return rc;
    }
    if (entry->type != LSQM_FS_FILE && !(entry->type == LSQM_FS_LINK && o->links)) {
        free(path);
        return LSQM_OK;
    }
    if (o->max_files && w->out->count >= o->max_files) {
        free(path);
        return lsqm_error_set(w->err, LSQM_ELIMIT, "walk", "more than %zu files", o->max_files);
    }
    if (add_entry(w->out, path, entry->type) != LSQM_OK)
        return lsqm_error_set(w->err, LSQM_ENOMEM, "walk", NULL);
    return LSQM_OK;
}

/* Takes over fd. */
static int walk_fd(walker *w, int fd, const char *prefix)
{
    lsqm_fs_entries entries = {0};
    int own = dup(fd);
    int rc = read_dir(fd, "walk", *prefix ? prefix : ".", &entries, w->err);
    if (rc == LSQM_OK && own < 0)
        rc = lsqm_error_errno(w->err, errno, "walk", prefix);
    if (rc == LSQM_OK && ++w->depth > MAX_DEPTH)
        rc = lsqm_error_set(w->err, LSQM_ELIMIT, "walk", "%s: nested too deeply", prefix);
    for (size_t i = 0; rc == LSQM_OK && i < entries.count; i++)
        rc = walk_entry(w, own, prefix, &entries.items[i]);
    w->depth--;
    if (own >= 0)
        close(own);
    lsqm_fs_entries_free(&entries);
    return rc;
}

int lsqm_fs_walk(const char *path, const lsqm_fs_walk_options *options, lsqm_fs_entries *out,
                 lsqm_error *err)
{
    static const lsqm_fs_walk_options plain = {0};
    walker w = {options ? options : &plain, out, err, 0};
    int fd = open_dir(AT_FDCWD, path, 1);
    if (fd < 0)
        return lsqm_error_errno(err, errno, "walk", path);
    int rc = walk_fd(&w, fd, "");
    sort_entries(out);
    return rc;
}

/* --- remove ------------------------------------------------------------------------------- */

static int remove_dir(int at, const char *name, int depth, lsqm_error *err);

static int remove_at(int at, const char *name, int depth, lsqm_error *err)
{
    struct stat st;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? LSQM_OK : lsqm_error_errno(err, errno, "remove", name);
    if (S_ISDIR(st.st_mode))
        return remove_dir(at, name, depth, err);
    if (unlinkat(at, name, 0) != 0 && errno != ENOENT)
        return lsqm_error_errno(err, errno, "remove", name);
    return LSQM_OK;
}

/* A directory without permissions (package caches make such) is opened up first. */
static int open_for_removal(int at, const char *name)
{
    int fd = open_dir(at, name, 0);
    if (fd < 0 && errno == EACCES && fchmodat(at, name, 0700, 0) == 0)
        fd = open_dir(at, name, 0);
    return fd;
}

static int remove_content(int fd, int depth, const char *name, lsqm_error *err)
{
    lsqm_fs_entries entries = {0};
    int copy = dup(fd);
    int rc = copy < 0 ? lsqm_error_errno(err, errno, "remove", name)
                      : read_dir(copy, "remove", name, &entries, err);
    if (rc == LSQM_OK && entries.count)
        (void)fchmod(fd, 0700); /* the unlink below says it better if this mattered */
    for (size_t i = 0; rc == LSQM_OK && i < entries.count; i++)
        rc = remove_at(fd, entries.items[i].name, depth + 1, err);
    lsqm_fs_entries_free(&entries);
    return rc;
}

static int remove_dir(int at, const char *name, int depth, lsqm_error *err)
{
    if (depth > MAX_DEPTH)
        return lsqm_error_set(err, LSQM_ELIMIT, "remove", "%s: nested too deeply", name);
    int fd = open_for_removal(at, name);
    if (fd < 0)
        return lsqm_error_errno(err, errno, "remove", name);
    int rc = remove_content(fd, depth, name, err);
    close(fd);
    if (rc == LSQM_OK && unlinkat(at, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
        rc = lsqm_error_errno(err, errno, "remove", name);
    return rc;
}

/* "/", ".", ".." and whatever else names them. */
static int is_precious(const char *path)
{
    struct stat st, root;
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    if (len == 0)
        return 1;
    size_t start = len;
    while (start && path[start - 1] != '/')
        start--;
    if (path[start] == '.' && (len - start == 1 || (len - start == 2 && path[start + 1] == '.')))
        return 1;
    return lstat(path, &st) == 0 && stat("/", &root) == 0 && st.st_ino == root.st_ino &&
           st.st_dev == root.st_dev;
}

int lsqm_fs_remove(const char *path, lsqm_error *err)
{
    if (is_precious(path))
        return lsqm_error_set(err, LSQM_EUNSAFE, "remove", "refusing to remove \"%s\"", path);
    /* "link/" would follow the link: take the slashes off */
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    char *plain = strndup(path, len);
    if (!plain)
        return lsqm_error_set(err, LSQM_ENOMEM, "remove", NULL);
    int rc = remove_at(AT_FDCWD, plain, 0, err);
    free(plain);
    return rc;
}

/* --- copy --------------------------------------------------------------------------------- */

typedef struct copier {
    atomic_int *stop;
    lsqm_error *err;
    int depth;
} copier;

static int pump(int in, int out)
{
    char *block = malloc(BLOCK);
    int rc = block ? 0 : -1;
    while (rc == 0) {
        ssize_t got = read(in, block, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            rc = got < 0 ? -1 : 0;
            break;
        }
        for (ssize_t at = 0; at < got;) {
            ssize_t put = write(out, block + at, (size_t)(got - at));
            if (put < 0 && errno != EINTR) {
                rc = -1;
                break;
            }
            at += put > 0 ? put : 0;
        }
    }
    int saved = errno;
    free(block);
    errno = saved;
    return rc;
}

static int copy_file(const char *from, const char *to, mode_t mode, lsqm_error *err)
{
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (in < 0)
        return lsqm_error_errno(err, errno, "copy", from);
    if (unlink(to) != 0 && errno != ENOENT && errno != EISDIR && errno != ENOTDIR) {
        int failed = errno;
        close(in);
        return lsqm_error_errno(err, failed, "copy", to);
    }
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = out < 0 ? -1 : pump(in, out);
    if (rc == 0)
        rc = fchmod(out, mode & 07777);
    int saved = errno;
    if (out >= 0 && close(out) != 0 && rc == 0) {
        rc = -1;
        saved = errno;
    }
    close(in);
    return rc == 0 ? LSQM_OK : lsqm_error_errno(err, saved, "copy", to);
}

static int copy_link(const char *from, const char *to, lsqm_error *err)
{
    char target[4096];
    ssize_t len = readlink(from, target, sizeof target - 1);
    if (len < 0)
        return lsqm_error_errno(err, errno, "copy", from);
    target[len] = '\0';
    (void)unlink(to);
    if (symlink(target, to) != 0)
        return lsqm_error_errno(err, errno, "copy", to);
    return LSQM_OK;
}

static int copy_any(copier *c, const char *from, const char *to);

static int copy_children(copier *c, const char *from, const char *to)
{
    lsqm_fs_entries entries = {0};
    int rc = lsqm_fs_list(from, &entries, c->err);
    for (size_t i = 0; rc == LSQM_OK && i < entries.count; i++) {
        char *source = join(from, entries.items[i].name);
        char *target = join(to, entries.items[i].name);
        rc = source && target ? copy_any(c, source, target)
                              : lsqm_error_set(c->err, LSQM_ENOMEM, "copy", NULL);
        free(source);
        free(target);
    }
    lsqm_fs_entries_free(&entries);
    return rc;
}

static int copy_dir(copier *c, const char *from, const char *to, mode_t mode)
{
    int rc = LSQM_OK;
    if (mkdir(to, 0700) != 0 && errno != EEXIST)
        return lsqm_error_errno(c->err, errno, "copy", to);
    if (++c->depth > MAX_DEPTH)
        rc = lsqm_error_set(c->err, LSQM_ELIMIT, "copy", "%s: nested too deeply", from);
    if (rc == LSQM_OK)
        rc = copy_children(c, from, to);
    c->depth--;
    if (rc == LSQM_OK && chmod(to, mode & 07777) != 0)
        rc = lsqm_error_errno(c->err, errno, "copy", to);
    return rc;
}

static int copy_any(copier *c, const char *from, const char *to)
{
    struct stat st;
    if (c->stop && atomic_load(c->stop))
        return lsqm_error_set(c->err, LSQM_ECANCELLED, "copy", "%s: cancelled", from);
    if (lstat(from, &st) != 0)
        return lsqm_error_errno(c->err, errno, "copy", from);
    if (S_ISREG(st.st_mode))
        return copy_file(from, to, st.st_mode, c->err);
    if (S_ISDIR(st.st_mode))
        return copy_dir(c, from, to, st.st_mode);
    if (S_ISLNK(st.st_mode))
        return copy_link(from, to, c->err);
    return lsqm_error_set(c->err, LSQM_EUNSUPPORTED, "copy", "%s: neither file, directory nor link",
                          from);
}

/* Would the copy of directory `from` grow below itself? */
static int is_inside(const char *from, const char *to)
{
    char *dir = strdup(to);
    char *slash = dir ? strrchr(dir, '/') : NULL;
    if (slash)
        slash[slash == dir] = '\0';
    char *a = realpath(from, NULL);
    char *b = realpath(to, NULL);
    if (!b && dir)
        b = realpath(slash ? dir : ".", NULL);
    size_t len = a ? strlen(a) : 0;
    int inside = a && b && strncmp(a, b, len) == 0 && (b[len] == '/' || b[len] == '\0');
    free(a);
    free(b);
    free(dir);
    return inside;
}

int lsqm_fs_copy(const char *from, const char *to, atomic_int *stop, lsqm_error *err)
{
    copier c = {stop, err, 0};
    struct stat st;
    if (lstat(from, &st) == 0 && S_ISDIR(st.st_mode) && is_inside(from, to))
        return lsqm_error_set(err, LSQM_EINVAL, "copy", "%s lies within %s", to, from);
    return copy_any(&c, from, to);
}

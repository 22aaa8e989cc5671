/* SPDX-License-Identifier: Apache-2.0 */
/* Single files. See fs.h. */
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_uint temp_serial;

static int read_fd(int fd, size_t max, lsqm_buffer *out, const char *path, lsqm_error *err)
{
    size_t start = out->len;
    size_t step = 16 * 1024;
    for (;;) {
        if (lsqm_buffer_reserve(out, step) != LSQM_OK)
            return lsqm_error_set(err, LSQM_ENOMEM, "read", "%s: out of memory", path);
        ssize_t got = read(fd, out->data + out->len, step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return lsqm_error_errno(err, errno, "read", path);
        if (got == 0)
            return LSQM_OK;
        out->len += (size_t)got;
        out->data[out->len] = '\0';
        if (max && out->len - start > max)
            return lsqm_error_set(err, LSQM_ELIMIT, "read", "%s: larger than %zu bytes", path, max);
        if (step < 1024 * 1024)
            step *= 2;
    }
}

int lsqm_fs_read(const char *path, size_t max, lsqm_buffer *out, lsqm_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return lsqm_error_errno(err, errno, "read", path);
    int rc = read_fd(fd, max, out, path, err);
    close(fd);
    return rc;
}

/* 0 or -1 with errno. */
static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t put = write(fd, data, len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        data += put;
        len -= (size_t)put;
    }
    return 0;
}

/* Length of the directory part with its slash; 0 when there is none. */
static size_t dir_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Opens a new file beside `path`; the kernel applies the umask. */
static int open_temp(const char *path, char *temp, size_t size)
{
    size_t dir = dir_length(path);
    for (int tries = 0; tries < 100; tries++) {
        unsigned serial = atomic_fetch_add(&temp_serial, 1);
        int n = snprintf(temp, size, "%.*s.%s.%ld-%u.tmp", (int)dir, path, path + dir,
                         (long)getpid(), serial);
        if (n < 0 || (size_t)n >= size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Makes the rename itself durable. A file system that cannot sync directories is no failure. */
static void sync_dir(const char *path)
{
    char dir[PATH_MAX];
    size_t len = dir_length(path);
    if (len >= sizeof dir)
        return;
    snprintf(dir, sizeof dir, "%.*s", (int)len, path);
    int fd = open(len ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* 0 or -1 with errno; fd is closed either way. */
static int fill_temp(int fd, const char *path, const void *data, size_t len)
{
    struct stat old;
    int rc = write_all(fd, data, len);
    if (rc == 0 && lstat(path, &old) == 0 && S_ISREG(old.st_mode))
        rc = fchmod(fd, old.st_mode & 07777);
    if (rc == 0)
        rc = fsync(fd);
    int saved = errno;
    if (close(fd) != 0 && rc == 0)
        return -1;
    errno = saved;
    return rc;
}

int lsqm_fs_write(const char *path, const void *data, size_t len, lsqm_error *err)
{
    char temp[PATH_MAX];
    int fd = open_temp(path, temp, sizeof temp);
    if (fd < 0)
        return lsqm_error_errno(err, errno, "write", path);
    if (fill_temp(fd, path, data, len) != 0 || rename(temp, path) != 0) {
        int saved = errno;
        unlink(temp);
        return lsqm_error_errno(err, saved, "write", path);
    }
    sync_dir(path);
    return LSQM_OK;
}

int lsqm_fs_append(const char *path, const void *data, size_t len, lsqm_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return lsqm_error_errno(err, errno, "append", path);
    int rc = write_all(fd, data, len);
    int saved = errno;
    if (close(fd) != 0 && rc == 0) {
        rc = -1;
        saved = errno;
    }
    return rc == 0 ? LSQM_OK : lsqm_error_errno(err, saved, "append", path);
}

/* 0 when a directory stands at `path` afterwards. */
static int make_one(const char *path)
{
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return 0;
    int saved = errno;
    if (stat(path, &st) == 0) {
        errno = EEXIST;
        return S_ISDIR(st.st_mode) ? 0 : -1;
    }
    errno = saved;
    return -1;
}

int lsqm_fs_mkdir(const char *path, lsqm_error *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part)
        return lsqm_error_errno(err, len ? ENAMETOOLONG : ENOENT, "mkdir", path);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        if (make_one(part) != 0)
            return lsqm_error_errno(err, errno, "mkdir", part);
        part[i] = path[i];
    }
    return LSQM_OK;
}

static lsqm_fs_type type_of(mode_t mode)
{
    if (S_ISREG(mode))
        return LSQM_FS_FILE;
    if (S_ISDIR(mode))
        return LSQM_FS_DIR;
    return S_ISLNK(mode) ? LSQM_FS_LINK : LSQM_FS_OTHER;
}

int lsqm_fs_stat(const char *path, int follow, lsqm_fs_info *out, lsqm_error *err)
{
    struct stat st;
    if ((follow ? stat(path, &st) : lstat(path, &st)) != 0)
        return lsqm_error_errno(err, errno, "stat", path);
    out->type = type_of(st.st_mode);
    out->size = (uint64_t)st.st_size;
    out->mode = st.st_mode & 07777;
    out->mtime = (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9;
    return LSQM_OK;
}

int lsqm_fs_rename(const char *from, const char *to, lsqm_error *err)
{
    if (rename(from, to) == 0)
        return LSQM_OK;
    int saved = errno;
    lsqm_error_errno(err, saved, "rename", from);
    return lsqm_error_set(err, err->code, "rename", "%s to %s: %s", from, to, strerror(saved));
}

int lsqm_fs_realpath(const char *path, char **out, lsqm_error *err)
{
    *out = realpath(path, NULL);
    return *out ? LSQM_OK : lsqm_error_errno(err, errno, "realpath", path);
}

int lsqm_fs_tempdir(const char *prefix, char **out, lsqm_error *err)
{
    size_t size = strlen(prefix) + sizeof "XXXXXX";
    char *name = malloc(size);
    *out = NULL;
    if (!name)
        return lsqm_error_set(err, LSQM_ENOMEM, "tempdir", NULL);
    snprintf(name, size, "%sXXXXXX", prefix);
    if (!mkdtemp(name)) {
        int saved = errno;
        free(name);
        return lsqm_error_errno(err, saved, "tempdir", prefix);
    }
    *out = name;
    return LSQM_OK;
}

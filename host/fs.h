/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and trees. Everything here blocks; trees and large files belong on a worker thread.
 *
 * Paths are NUL-terminated. Failures carry the path and the system's words. fs.c holds single
 * files, fs_tree.c whole trees.
 */
#ifndef LSQM_FS_H
#define LSQM_FS_H

#include "buffer.h"
#include "error.h"

#include <stdatomic.h>
#include <stdint.h>

typedef enum lsqm_fs_type {
    LSQM_FS_FILE,
    LSQM_FS_DIR,
    LSQM_FS_LINK,
    LSQM_FS_OTHER /* socket, pipe, device */
} lsqm_fs_type;

typedef struct lsqm_fs_info {
    lsqm_fs_type type;
    uint64_t size;
    unsigned mode; /* permission bits */
    double mtime;  /* seconds since 1970 */
} lsqm_fs_info;

typedef struct lsqm_fs_entry {
    char *name;
    lsqm_fs_type type;
} lsqm_fs_entry;

/* Zero it before use, free it after, whatever happened. */
typedef struct lsqm_fs_entries {
    lsqm_fs_entry *items;
    size_t count, cap;
} lsqm_fs_entries;

typedef struct lsqm_fs_walk_options {
    const char *const *skip; /* names never entered nor reported, NULL-terminated; may be NULL */
    int links;               /* report symbolic links too (never followed) */
    size_t max_files;        /* LSQM_ELIMIT beyond; 0 = no limit */
} lsqm_fs_walk_options;

/* Appends the file to `out`. `max` 0 = no limit, else LSQM_ELIMIT for a larger one. */
int lsqm_fs_read(const char *path, size_t max, lsqm_buffer *out, lsqm_error *err);

/* All or nothing: a temporary file in the same directory, fsync, rename, fsync of the directory.
 * An existing file keeps its mode; a link is replaced, not followed. On failure (a full disk,
 * say) the old content stands and the temporary file is gone. */
int lsqm_fs_write(const char *path, const void *data, size_t len, lsqm_error *err);

/* Appends with one write; creates the file. */
int lsqm_fs_append(const char *path, const void *data, size_t len, lsqm_error *err);

/* Makes the directory and its parents; fine when it exists already. */
int lsqm_fs_mkdir(const char *path, lsqm_error *err);

/* `follow` 0: a link is reported as such. LSQM_ENOENT when nothing is there. */
int lsqm_fs_stat(const char *path, int follow, lsqm_fs_info *out, lsqm_error *err);

/* Within one file system; an existing file is replaced. */
int lsqm_fs_rename(const char *from, const char *to, lsqm_error *err);

/* The absolute path without links; *out is yours to free. */
int lsqm_fs_realpath(const char *path, char **out, lsqm_error *err);

/* A new directory `prefix` + six letters, mode 0700; *out is yours to free. */
int lsqm_fs_tempdir(const char *prefix, char **out, lsqm_error *err);

/* A directory's entries sorted by name, without "." and "..". */
int lsqm_fs_list(const char *path, lsqm_fs_entries *out, lsqm_error *err);

/* All files below `path` as sorted relative paths; links are not followed. `options` may be
 * NULL. */
int lsqm_fs_walk(const char *path, const lsqm_fs_walk_options *options, lsqm_fs_entries *out,
                 lsqm_error *err);

/* Frees the items; the list is empty afterwards and can be filled again. */
void lsqm_fs_entries_free(lsqm_fs_entries *entries);

/* Removes a file or a whole tree; links are removed, never followed. Nothing there is success.
 * "", "/", "." and ".." (in any spelling) are refused with LSQM_EUNSAFE. */
int lsqm_fs_remove(const char *path, lsqm_error *err);

/* Copies a file or a tree with modes; links are copied as links, other kinds are refused
 * (LSQM_EUNSUPPORTED). An existing directory is filled, existing files are replaced. `stop` (may be
 * NULL) is looked at between files: LSQM_ECANCELLED. */
int lsqm_fs_copy(const char *from, const char *to, atomic_int *stop, lsqm_error *err);

#endif

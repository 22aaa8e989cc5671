/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip and tar through libarchive: archives that come out the same every time, and unpacking that
 * stays inside its target.
 *
 * Every function blocks and is meant for a worker thread (work.h).
 */
#ifndef LSQM_ARCHIVE_H
#define LSQM_ARCHIVE_H

#include "buffer.h"
#include "error.h"

#include <stdatomic.h>
#include <stddef.h>

enum { LSQM_ARCHIVE_ZIP = 1, LSQM_ARCHIVE_TAR = 2, LSQM_ARCHIVE_TAR_GZ = 3 };

#define LSQM_ARCHIVE_MAX_BYTES ((unsigned long long)1 << 30)
#define LSQM_ARCHIVE_MAX_FILES 100000u
#define LSQM_ARCHIVE_MAX_RATIO 200.0

typedef struct lsqm_archive_entry {
    const char *path;   /* relative, without ".." */
    const void *data;   /* the content, unless `file` is given */
    size_t len;
    const char *file;   /* read the content from here */
    unsigned mode;      /* permission bits; 0 = 0644 */
} lsqm_archive_entry;

typedef struct lsqm_archive_create_options {
    int format;
    const char *path;   /* written atomically (temporary file, rename); NULL: into `out` */
    lsqm_buffer *out;   /* the caller's; untouched when `path` is given */
    const char *dir;    /* pack this tree: files, links, empty folders; modes 0755 or 0644 */
    const lsqm_archive_entry *entries; /* and these */
    size_t count;
    atomic_int *cancel; /* may be NULL; non-zero ends the call with LSQM_ECANCELLED */
} lsqm_archive_create_options;

/* Entries are sorted by name, dated 1980-01-01 and carry no owner. LSQM_EEXIST: a name twice;
 * LSQM_EUNSAFE: a name that leaves the archive; LSQM_EUNSUPPORTED: a device, socket or pipe. */
int lsqm_archive_create(const lsqm_archive_create_options *options, lsqm_error *err);

typedef struct lsqm_archive_read_options {
    const char *path;   /* zip, tar or tar.gz: the content tells */
    int fd;             /* > 0, extract: a tar or tar.gz comes from here instead (a pipe); closed */
    const char *dir;    /* extract: target, made when missing */
    unsigned long long max_bytes;  /* unpacked, all entries together; 0 = default */
    unsigned long long max_files;  /* entries; 0 = default */
    double max_ratio;   /* unpacked : packed, once past 16 MB; 0 = default */
    atomic_int *cancel;
} lsqm_archive_read_options;

typedef struct lsqm_archive_totals {
    unsigned long long files, bytes;
} lsqm_archive_totals;

/* Refuses (LSQM_EUNSAFE, naming the entry) absolute names, "..", links that lead out, device
 * nodes, and any way through a link; LSQM_ELIMIT past a limit; LSQM_ESYNTAX for a broken archive.
 * Permissions become 0755 or 0644, existing files are replaced. What was unpacked before a
 * failure stays: extract into a directory of your own. */
int lsqm_archive_extract(const lsqm_archive_read_options *options, lsqm_archive_totals *out,
                         lsqm_error *err);

typedef struct lsqm_archive_item {
    char *path;
    char *link;         /* target; NULL for files and folders */
    char type;          /* 'f' file, 'd' folder, 'l' symbolic link, 'h' hard link, '?' other */
    unsigned mode;
    unsigned long long size;
} lsqm_archive_item;

typedef struct lsqm_archive_listing {
    lsqm_archive_item *items;
    size_t count;
} lsqm_archive_listing;

/* In the archive's own order, names as they are (also unsafe ones). `dir` is not used. */
int lsqm_archive_list(const lsqm_archive_read_options *options, lsqm_archive_listing *out,
                      lsqm_error *err);
/* Frees the items; the listing itself is the caller's. A zeroed one is fine. */
void lsqm_archive_listing_free(lsqm_archive_listing *listing);

#endif

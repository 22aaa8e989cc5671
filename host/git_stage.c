/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Staging of a whole work tree, for commits of ten thousand files.
 *
 * libgit2 looks for each new object in all packs anew, the folder of packs included, before it
 * writes it: that takes ten times as long as the writing. Here files become objects through a
 * database that has nothing but the loose ones. Whatever is more than a plain file, or may have to
 * be changed on its way (attributes, line ends), takes libgit2's own way.
 */
#include "fs.h"
#include "git_internal.h"

#include <git2/sys/odb_backend.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE ((size_t)256 << 20)

typedef struct stage {
    git_index *index;
    git_odb *loose;
    const char *workdir;
    lsqm_buffer path, data; /* of the file at hand */
} stage;

static git_index_time index_time(struct timespec t)
{
    return (git_index_time){(int32_t)t.tv_sec, (uint32_t)t.tv_nsec};
}

/* The file's times and size are noted, so that a later look need not read it. */
static int add_plain(stage *s, const char *name, const struct stat *st)
{
    lsqm_error err;
    git_index_entry entry;
    memset(&entry, 0, sizeof entry);
    lsqm_buffer_clear(&s->data);
    if (lsqm_fs_read(s->path.data, MAX_FILE, &s->data, &err) != LSQM_OK)
        return git_index_add_bypath(s->index, name); /* it tells why */
    int rc = git_odb_write(&entry.id, s->loose, s->data.len ? s->data.data : "", s->data.len,
                           GIT_OBJECT_BLOB);
    if (rc != 0)
        return rc;
    entry.ctime = index_time(st->st_ctim);
    entry.mtime = index_time(st->st_mtim);
    entry.dev = (uint32_t)st->st_dev;
    entry.ino = (uint32_t)st->st_ino;
    entry.uid = (uint32_t)st->st_uid;
    entry.gid = (uint32_t)st->st_gid;
    entry.file_size = (uint32_t)st->st_size;
    entry.mode = st->st_mode & S_IXUSR ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
    entry.path = name;
    return git_index_add(s->index, &entry);
}

static int add_one(const char *name, unsigned int status, void *user)
{
    stage *s = user;
    struct stat st;
    if (status & GIT_STATUS_WT_DELETED)
        return git_index_remove_bypath(s->index, name);
    lsqm_buffer_clear(&s->path);
    lsqm_buffer_addf(&s->path, "%s%s", s->workdir, name);
    if (s->path.failed)
        return -1;
    if (lstat(s->path.data, &st) != 0 || !S_ISREG(st.st_mode))
        return git_index_add_bypath(s->index, name);
    return add_plain(s, name, &st);
}

static int has_filters(git_repository *repo, const char *workdir)
{
    git_config *config = NULL;
    const char *line_ends = NULL;
    char path[4096];
    struct stat st;
    int found = snprintf(path, sizeof path, "%s.gitattributes", workdir) >= (int)sizeof path ||
                lstat(path, &st) == 0;
    if (!found && git_repository_config_snapshot(&config, repo) == 0 &&
        git_config_get_string(&line_ends, config, "core.autocrlf") == 0)
        found = strcmp(line_ends, "false") != 0;
    git_config_free(config);
    return found;
}

static int open_loose(git_odb **out, git_repository *repo)
{
    git_odb_backend *backend = NULL;
    char dir[4096];
    if (snprintf(dir, sizeof dir, "%sobjects", git_repository_commondir(repo)) >= (int)sizeof dir)
        return -1;
    int rc = git_odb_new(out);
    if (rc == 0)
        rc = git_odb_backend_loose(&backend, dir, -1, 0, 0, 0);
    if (rc == 0)
        rc = git_odb_add_backend(*out, backend, 1);
    if (rc != 0) {
        git_odb_free(*out);
        *out = NULL;
    }
    return rc;
}

int lsqm_git_stage_all(git_repository *repo, git_index *index)
{
    git_status_options options = GIT_STATUS_OPTIONS_INIT;
    stage s = {index, NULL, git_repository_workdir(repo), LSQM_BUFFER_INIT, LSQM_BUFFER_INIT};
    if (!s.workdir || has_filters(repo, s.workdir) || open_loose(&s.loose, repo) != 0)
        return git_index_add_all(index, NULL, 0, NULL, NULL);
    options.show = GIT_STATUS_SHOW_WORKDIR_ONLY;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
    int rc = git_status_foreach_ext(repo, &options, add_one, &s);
    git_odb_free(s.loose);
    lsqm_buffer_free(&s.path);
    lsqm_buffer_free(&s.data);
    return rc;
}

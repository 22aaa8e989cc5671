/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by git.c (repositories), git_remote.c (the network side), git_commit.c (history) and
 * git_stage.c (the index). */
#ifndef LSQM_GIT_INTERNAL_H
#define LSQM_GIT_INTERNAL_H

#include "git.h"

#include <git2.h>
#if __has_include(<git2/sys/errors.h>)
#include <git2/sys/errors.h> /* git_error_set_str moved here after 1.5 */
#endif

/* libgit2's GIT_…_INIT macros name the first field only; the language zeroes the rest. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define LSQM_GIT_REF 600 /* room for a full reference name */

/* Turns a libgit2 failure into ours; returns the code. */
int lsqm_git_fail(lsqm_error *err, int rc, const char *op, const lsqm_git_control *control);
/* Starts libgit2 on first use and opens exactly `path`. Free with git_repository_free. */
int lsqm_git_open(git_repository **repo, const char *path, const char *op, lsqm_error *err);
/* Full name of the branch HEAD points to, born or not. LSQM_ECONFLICT when detached. */
int lsqm_git_branch_ref(git_repository *repo, char *name, size_t size, const char *op,
                        lsqm_error *err);
/* Id of refs/remotes/<remote>/<branch>: 0, or libgit2's code (GIT_ENOTFOUND). */
int lsqm_git_upstream(git_repository *repo, const char *remote, const char *branch_ref,
                      git_oid *oid);
/* Work tree (if any) to the commit, safely, then the branch. */
int lsqm_git_move_branch(git_repository *repo, const char *branch_ref, const git_oid *oid,
                         const char *op, lsqm_error *err);
/* Everything new, changed and gone of the work tree into the index: 0, or libgit2's code. */
int lsqm_git_stage_all(git_repository *repo, git_index *index);
/* On first use, for all threads; never ended. */
void lsqm_git_start_library(void);

#endif

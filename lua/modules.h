/* SPDX-License-Identifier: Apache-2.0 */
/* The table of native modules: modules.c holds nothing else. */
#ifndef LSQM_MODULES_H
#define LSQM_MODULES_H

#include <lua.h>

typedef struct lsqm_module {
    const char *name;     /* "lsqm.raw.docker" */
    lua_CFunction open;
} lsqm_module;

/* Ends with a {NULL, NULL} row. */
extern const lsqm_module lsqm_modules[];

#endif

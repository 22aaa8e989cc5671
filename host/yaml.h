/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.2 and JSON into a tree with tags and positions, over libfyaml's events.
 *
 * Hostile input is expected: size, depth and alias expansion are limited (LSQM_ELIMIT names the
 * limit); duplicate keys, bytes that are not UTF-8, complex keys and self-containing aliases are
 * errors with a position. Aliases share the node they name; merge keys (<<) are already merged.
 */
#ifndef LSQM_YAML_H
#define LSQM_YAML_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

typedef enum lsqm_yaml_type {
    LSQM_YAML_NULL,
    LSQM_YAML_BOOL,
    LSQM_YAML_INT,
    LSQM_YAML_FLOAT,
    LSQM_YAML_STRING,
    LSQM_YAML_LIST,
    LSQM_YAML_MAP
} lsqm_yaml_type;

typedef struct lsqm_yaml_node lsqm_yaml_node;

typedef struct lsqm_yaml_pair {
    const lsqm_yaml_node *key; /* a scalar; its text is the key whatever its type */
    const lsqm_yaml_node *value;
} lsqm_yaml_pair;

struct lsqm_yaml_node {
    lsqm_yaml_type type;
    int line, col;    /* 1-based start; of the tag when there is one */
    const char *tag;  /* "!Sub"; NULL for none and for the core tags (!!str …), already applied */
    const char *text; /* scalars: as written, unquoted, NUL-terminated */
    size_t len;       /* scalars: bytes of text; lists and maps: number of items */
    size_t weight;    /* nodes below and including this one, aliases expanded */
    union {
        int boolean;
        int64_t integer;
        double number;
        const lsqm_yaml_node **items;
        lsqm_yaml_pair *pairs; /* in source order, merged keys last */
    };
};

typedef struct lsqm_yaml_options {
    const char *file;       /* for error positions; may be NULL */
    int yaml11;             /* plain yes/no/on/off are booleans */
    int multi;              /* the root lists all documents; else a second is an error */
    size_t max_bytes;       /* 0: 16 MiB */
    size_t max_depth;       /* 0: 128 */
    size_t max_alias_nodes; /* 0: 100000 nodes that aliases stand for, in total */
} lsqm_yaml_options;

typedef struct lsqm_yaml lsqm_yaml;

/* Parses `text` (not kept). An empty text is a null. *out is yours to free, NULL on failure.
 * Blocks for about 30 ms per MB. */
int lsqm_yaml_parse(const char *text, size_t len, const lsqm_yaml_options *options,
                    lsqm_yaml **out, lsqm_error *err);

/* Lives as long as the document. */
const lsqm_yaml_node *lsqm_yaml_root(const lsqm_yaml *doc);

/* Frees the document and all its nodes; NULL is fine. */
void lsqm_yaml_free(lsqm_yaml *doc);

#endif

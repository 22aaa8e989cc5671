/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCL2 native syntax: parser with positions, and the formatter.
 *
 * A document owns its text and its tree: one free releases everything. Lines and columns are
 * 1-based, columns count bytes. Depth and size are limited, so a walker may recurse.
 */
#ifndef LSQM_HCL_H
#define LSQM_HCL_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LSQM_HCL_MAX_BYTES = 16 << 20, /* longer texts are refused with LSQM_ELIMIT */
    LSQM_HCL_MAX_DEPTH = 256,      /* nesting of brackets, blocks, templates, conditionals */
    LSQM_HCL_MAX_HEIGHT = 2048,    /* height of the tree, which operator chains add to */
};

typedef struct lsqm_hcl_str {
    const char *data; /* not terminated */
    size_t len;
} lsqm_hcl_str;

/* What name, kid[0…3], list and flag of lsqm_hcl_expr mean for each kind. */
typedef enum lsqm_hcl_kind {
    LSQM_HCL_NULL,
    LSQM_HCL_BOOL,     /* flag: its value */
    LSQM_HCL_NUMBER,   /* name: its digits */
    LSQM_HCL_STRING,   /* name: its value, escapes resolved */
    LSQM_HCL_TEMPLATE, /* list: strings, expressions, IF, LOOP */
    LSQM_HCL_VAR,      /* name */
    LSQM_HCL_ATTR,     /* name, object */
    LSQM_HCL_INDEX,    /* object, key; flag: written as ".0" */
    LSQM_HCL_SPLAT,    /* object, each (over ITEM); flag: written as "[*]" */
    LSQM_HCL_ITEM,     /* the element that a splat's `each` starts from */
    LSQM_HCL_CALL,     /* name, list: arguments; flag: the last one is expanded with "..." */
    LSQM_HCL_UNARY,    /* name: operator; operand */
    LSQM_HCL_BINARY,   /* name: operator; left, right */
    LSQM_HCL_COND,     /* test, yes, no */
    LSQM_HCL_TUPLE,    /* list */
    LSQM_HCL_OBJECT,   /* list: key, value, key, value, … */
    LSQM_HCL_FOR,      /* key_name, name, collection, key (NULL: a tuple), value, test (or NULL);
                          flag: grouping with "..." */
    LSQM_HCL_PAREN,    /* inner */
    LSQM_HCL_IF,       /* template directive: test, yes, no (or NULL), both templates */
    LSQM_HCL_LOOP,     /* template directive: key_name, name, collection, body (a template) */
} lsqm_hcl_kind;

typedef struct lsqm_hcl_expr {
    lsqm_hcl_kind kind;
    int line, col;
    uint32_t begin, end; /* byte range in the text */
    int height;          /* 1 for a leaf */
    int flag;
    lsqm_hcl_str name, key_name;
    struct lsqm_hcl_expr *kid[4];
    struct lsqm_hcl_expr *list;
    struct lsqm_hcl_expr *next; /* in the parent's list */
} lsqm_hcl_expr;

typedef struct lsqm_hcl_label {
    lsqm_hcl_str value;
    int line, col;
    struct lsqm_hcl_label *next;
} lsqm_hcl_label;

typedef struct lsqm_hcl_body {
    struct lsqm_hcl_item *items;
} lsqm_hcl_body;

typedef struct lsqm_hcl_item {
    int is_block;
    int line, col;
    uint32_t begin, end;
    lsqm_hcl_str name;      /* the attribute's name or the block's type */
    lsqm_hcl_expr *expr;    /* of an attribute */
    lsqm_hcl_label *labels; /* of a block */
    lsqm_hcl_body body;     /* of a block */
    uint32_t token, token_end; /* the formatter's: tokens of the expression or of the labels */
    struct lsqm_hcl_item *next;
} lsqm_hcl_item;

typedef struct lsqm_hcl lsqm_hcl;

/* Parses a file's text, which is copied. `file` (may be NULL) is for messages only. On success
 * *out is yours to free; LSQM_ESYNTAX carries position, source line and what was expected. */
int lsqm_hcl_parse(const char *text, size_t len, const char *file, lsqm_hcl **out,
                   lsqm_error *err);
/* The top level; lives as long as the document. */
const lsqm_hcl_body *lsqm_hcl_root(const lsqm_hcl *doc);
/* NULL is fine. */
void lsqm_hcl_free(lsqm_hcl *doc);

/* Text as `terraform fmt` leaves it. *out is a C string of yours to free() (*out_len bytes).
 * What does not parse is an error as above. */
int lsqm_hcl_format(const char *text, size_t len, const char *file, char **out, size_t *out_len,
                    lsqm_error *err);

#endif

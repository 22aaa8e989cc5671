/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluator for what is constant in HCL: an expression, a scope of known names, and Terraform's
 * pure functions. What is not known stays unknown; nothing is read from disk, clock or network.
 *
 * Values belong to their evaluator and are never changed once they are part of another value.
 * Running out of memory or of steps gives "unknown" and a status.
 */
#ifndef LSQM_HCL_EVAL_H
#define LSQM_HCL_EVAL_H

#include "hcl.h"

enum {
    LSQM_HCL_MAX_STEPS = 200000,       /* nodes visited and elements made by one evaluator */
    LSQM_HCL_MAX_TEXT = 4 << 20,       /* bytes of one string */
    LSQM_HCL_MAX_EVAL_DEPTH = 400,     /* nesting of what is evaluated */
};

typedef enum lsqm_hcl_vkind {
    LSQM_HCL_V_UNKNOWN,
    LSQM_HCL_V_ERROR, /* text: why it has no value (wrong index, failed conversion) */
    LSQM_HCL_V_NULL,
    LSQM_HCL_V_BOOL,   /* flag */
    LSQM_HCL_V_NUMBER, /* number */
    LSQM_HCL_V_STRING, /* text */
    LSQM_HCL_V_LIST,   /* first…: items; flag: a set */
    LSQM_HCL_V_MAP,    /* first…: entries in the order of their keys */
} lsqm_hcl_vkind;

typedef struct lsqm_hcl_value {
    lsqm_hcl_vkind kind;
    int flag;
    double number;
    lsqm_hcl_str text;
    size_t count;
    struct lsqm_hcl_value *first, *last;
    lsqm_hcl_str key;            /* as an entry of a map */
    struct lsqm_hcl_value *next; /* as an item or entry */
} lsqm_hcl_value;

typedef struct lsqm_hcl_eval lsqm_hcl_eval;

/* The value of a name. `member` is the attribute that follows it (var.member), or NULL; *used says
 * whether the answer is that of root.member (1) or of root alone (0). NULL: unknown. */
typedef const lsqm_hcl_value *(*lsqm_hcl_get)(void *ctx, lsqm_hcl_eval *e, lsqm_hcl_str root,
                                              const lsqm_hcl_str *member, int *used);

/* NULL when there is no memory. `ctx` is given to `get`, and stays the caller's. */
lsqm_hcl_eval *lsqm_hcl_eval_new(lsqm_hcl_get get, void *ctx);
/* Frees it with all its values. NULL is fine. */
void lsqm_hcl_eval_free(lsqm_hcl_eval *e);
/* Never NULL. */
const lsqm_hcl_value *lsqm_hcl_evaluate(lsqm_hcl_eval *e, const lsqm_hcl_expr *expr);
/* LSQM_OK, LSQM_ENOMEM or LSQM_ELIMIT. */
int lsqm_hcl_eval_status(const lsqm_hcl_eval *e);

/* Values for a scope; never NULL (unknown without memory). Text is copied. */
lsqm_hcl_value *lsqm_hcl_value_new(lsqm_hcl_eval *e, lsqm_hcl_vkind kind);
lsqm_hcl_value *lsqm_hcl_value_text(lsqm_hcl_eval *e, const char *s, size_t len);
/* Adds a copy of the item's head; its children are shared. */
void lsqm_hcl_value_append(lsqm_hcl_eval *e, lsqm_hcl_value *list, const lsqm_hcl_value *item);
/* The same for a map; an entry of that key is replaced. */
void lsqm_hcl_value_put(lsqm_hcl_eval *e, lsqm_hcl_value *map, lsqm_hcl_str key,
                        const lsqm_hcl_value *item);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the evaluator's units only. */
#ifndef LSQM_HCL_EVAL_INTERNAL_H
#define LSQM_HCL_EVAL_INTERNAL_H

#include "hcl_eval.h"

typedef const lsqm_hcl_value *hcl_val;

/* A name bound by a for-expression. */
typedef struct hcl_frame {
    lsqm_hcl_str name;
    hcl_val value;
    const struct hcl_frame *up;
} hcl_frame;

struct hcl_eval_chunk;

struct lsqm_hcl_eval {
    lsqm_hcl_get get;
    void *ctx;
    struct hcl_eval_chunk *chunks;
    const hcl_frame *frames;
    hcl_val item; /* of the splat being evaluated */
    int steps, depth, status;
};

/* hcl_value.c. Zeroed memory of the evaluator; NULL sets the status. */
void *hcl_eval_alloc(lsqm_hcl_eval *e, size_t size);
int hcl_eval_step(lsqm_hcl_eval *e); /* 0 once there were too many */
hcl_val hcl_unknown(void);
hcl_val hcl_error(lsqm_hcl_eval *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
hcl_val hcl_bool(lsqm_hcl_eval *e, int flag);
hcl_val hcl_number(lsqm_hcl_eval *e, double n);
hcl_val hcl_text(lsqm_hcl_eval *e, const char *s, size_t len);
hcl_val hcl_entry(hcl_val map, lsqm_hcl_str key); /* NULL: none */
hcl_val hcl_item(hcl_val list, double index);     /* NULL: none */
int hcl_same_str(lsqm_hcl_str a, lsqm_hcl_str b);
int hcl_order_str(lsqm_hcl_str a, lsqm_hcl_str b);
/* 1 equal, 0 different, -1 not known. */
int hcl_equal(hcl_val a, hcl_val b);
int hcl_is_known(hcl_val v);          /* all the way down */
/* Conversions as Terraform makes them; an error value where there is none. */
hcl_val hcl_to_text(lsqm_hcl_eval *e, hcl_val v);
hcl_val hcl_to_number(lsqm_hcl_eval *e, hcl_val v);
hcl_val hcl_to_bool(lsqm_hcl_eval *e, hcl_val v);
hcl_val hcl_to_set(lsqm_hcl_eval *e, hcl_val list);

/* A text that grows. */
typedef struct hcl_builder {
    lsqm_hcl_eval *e;
    char *data;
    size_t len, cap;
    int failed;
} hcl_builder;

void hcl_put(hcl_builder *b, const char *s, size_t len);
void hcl_put_number(hcl_builder *b, double n);
hcl_val hcl_built(hcl_builder *b); /* the text; unknown when it failed */

/* Functions: arguments are known at the top, not errors, and as many as the table allows. */
typedef hcl_val (*hcl_function)(lsqm_hcl_eval *e, hcl_val *args, int n);
typedef struct hcl_function_entry {
    const char *name;
    int min, max; /* number of arguments; max -1: any */
    hcl_function call;
} hcl_function_entry;

extern const hcl_function_entry hcl_text_functions[], hcl_list_functions[], hcl_map_functions[],
    hcl_code_functions[];

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes parse or are refused, attributes evaluate; formatting anything is safe, and so is
 * formatting the result. (That need not parse: terraform fmt glues "x.1 .1" to "x.1.1" too, and
 * we follow it.)
 */
#include "fuzz_limit.h"
#include "hcl.h"
#include "hcl_eval.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const lsqm_hcl_body *body)
{
    for (const lsqm_hcl_item *item = body->items; item; item = item->next) {
        lsqm_hcl_eval *e = item->is_block ? NULL : lsqm_hcl_eval_new(NULL, NULL);
        if (e)
            lsqm_hcl_evaluate(e, item->expr);
        lsqm_hcl_eval_free(e);
    }
}

static void parse(const char *text, size_t size)
{
    lsqm_hcl *doc = NULL;
    lsqm_error err;
    double began = fuzz_clock();
    if (lsqm_hcl_parse(text, size, "fuzz", &doc, &err) == LSQM_OK) {
        evaluate(lsqm_hcl_root(doc));
        lsqm_hcl_free(doc);
    }
    fuzz_check_time(began, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *out = NULL, *again = NULL;
    size_t len, again_len;
    lsqm_error err;
    parse((const char *)data, size);
    double began = fuzz_clock();
    int rc = lsqm_hcl_format((const char *)data, size, NULL, &out, &len, &err);
    fuzz_check_time(began, size);
    if (rc != LSQM_OK)
        return 0;
    if (lsqm_hcl_format(out, len, NULL, &again, &again_len, &err) == LSQM_OK)
        free(again);
    free(out);
    return 0;
}

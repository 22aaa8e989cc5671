/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's functions on maps. */
#include "hcl_eval_internal.h"

static hcl_val needs_map(lsqm_hcl_eval *e)
{
    return hcl_error(e, "a map is required");
}

static hcl_val f_keys(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    if (args[0]->kind != LSQM_HCL_V_MAP)
        return needs_map(e);
    for (hcl_val v = args[0]->first; v && hcl_eval_step(e); v = v->next)
        lsqm_hcl_value_append(e, list, hcl_text(e, v->key.data, v->key.len));
    return list;
}

static hcl_val f_values(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    if (args[0]->kind != LSQM_HCL_V_MAP)
        return needs_map(e);
    for (hcl_val v = args[0]->first; v && hcl_eval_step(e); v = v->next)
        lsqm_hcl_value_append(e, list, v);
    return list;
}

static hcl_val f_lookup(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val key = hcl_to_text(e, args[1]);
    if (args[0]->kind != LSQM_HCL_V_MAP || key->kind != LSQM_HCL_V_STRING)
        return needs_map(e);
    hcl_val v = hcl_entry(args[0], key->text);
    if (v)
        return v;
    return n > 2 ? args[2] : hcl_error(e, "the map has no such key");
}

static hcl_val f_merge(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *map = lsqm_hcl_value_new(e, LSQM_HCL_V_MAP);
    for (int i = 0; i < n; i++) {
        if (args[i]->kind != LSQM_HCL_V_MAP && args[i]->kind != LSQM_HCL_V_NULL)
            return needs_map(e);
        for (hcl_val v = args[i]->first; v && hcl_eval_step(e); v = v->next)
            lsqm_hcl_value_put(e, map, v->key, v);
    }
    return map;
}

static hcl_val f_zipmap(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    lsqm_hcl_value *map = lsqm_hcl_value_new(e, LSQM_HCL_V_MAP);
    if (args[0]->kind != LSQM_HCL_V_LIST || args[1]->kind != LSQM_HCL_V_LIST ||
        args[0]->count != args[1]->count)
        return hcl_error(e, "zipmap needs two lists of one length");
    for (hcl_val k = args[0]->first, v = args[1]->first; k && v; k = k->next, v = v->next) {
        hcl_val key = hcl_to_text(e, k);
        if (key->kind != LSQM_HCL_V_STRING)
            return hcl_unknown();
        lsqm_hcl_value_put(e, map, key->text, v);
    }
    return map;
}

static hcl_val f_tomap(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    int fits = args[0]->kind == LSQM_HCL_V_MAP || args[0]->kind == LSQM_HCL_V_NULL;
    return fits ? args[0] : needs_map(e);
}

/* Adds the combinations that begin with `head`. */
static void product(lsqm_hcl_eval *e, lsqm_hcl_value *out, hcl_val head, hcl_val *args, int n)
{
    if (n == 0) {
        lsqm_hcl_value_append(e, out, head);
        return;
    }
    for (hcl_val v = args[0]->first; v && hcl_eval_step(e); v = v->next) {
        lsqm_hcl_value *longer = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
        for (hcl_val item = head->first; item; item = item->next)
            lsqm_hcl_value_append(e, longer, item);
        lsqm_hcl_value_append(e, longer, v);
        product(e, out, longer, args + 1, n - 1);
    }
}

static hcl_val f_setproduct(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *out = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    for (int i = 0; i < n; i++)
        if (args[i]->kind != LSQM_HCL_V_LIST)
            return hcl_error(e, "a list is required");
    product(e, out, lsqm_hcl_value_new(e, LSQM_HCL_V_LIST), args, n);
    return out;
}

const hcl_function_entry hcl_map_functions[] = {
    {"keys", 1, 1, f_keys},     {"lookup", 2, 3, f_lookup},         {"merge", 0, -1, f_merge},
    {"tomap", 1, 1, f_tomap},   {"setproduct", 1, 8, f_setproduct}, {"values", 1, 1, f_values},
    {"zipmap", 2, 2, f_zipmap}, {NULL, 0, 0, NULL},
};

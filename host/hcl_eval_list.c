/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's functions on lists and sets. */
#include "hcl_eval_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lsqm_hcl_value *new_list(lsqm_hcl_eval *e)
{
    return lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
}

static int all_lists(hcl_val *args, int n)
{
    for (int i = 0; i < n; i++)
        if (args[i]->kind != LSQM_HCL_V_LIST)
            return 0;
    return 1;
}

static hcl_val needs_list(lsqm_hcl_eval *e)
{
    return hcl_error(e, "a list is required");
}

static hcl_val f_length(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    if (args[0]->kind == LSQM_HCL_V_LIST || args[0]->kind == LSQM_HCL_V_MAP)
        return hcl_number(e, (double)args[0]->count);
    if (args[0]->kind != LSQM_HCL_V_STRING)
        return hcl_error(e, "length of a value without elements");
    double chars = 0;
    for (size_t i = 0; i < args[0]->text.len; i++)
        chars += ((unsigned char)args[0]->text.data[i] & 0xc0) != 0x80;
    return hcl_number(e, chars);
}

static hcl_val f_element(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val index = hcl_to_number(e, args[1]);
    if (!all_lists(args, n - 1) || index->kind != LSQM_HCL_V_NUMBER)
        return needs_list(e);
    if (args[0]->count == 0)
        return hcl_error(e, "element of an empty list");
    double at = fmod(index->number, (double)args[0]->count);
    return hcl_item(args[0], at < 0 ? at + (double)args[0]->count : at);
}

static void append_all(lsqm_hcl_eval *e, lsqm_hcl_value *list, hcl_val from)
{
    for (hcl_val v = from->first; v && hcl_eval_step(e); v = v->next)
        lsqm_hcl_value_append(e, list, v);
}

static hcl_val f_concat(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n))
        return needs_list(e);
    for (int i = 0; i < n; i++)
        append_all(e, list, args[i]);
    return list;
}

static hcl_val f_setunion(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val list = f_concat(e, args, n);
    return list->kind == LSQM_HCL_V_LIST ? hcl_to_set(e, list) : list;
}

/* 1 there, 0 not there, -1 not known. */
static int has(hcl_val list, hcl_val item)
{
    int result = 0;
    for (hcl_val v = list->first; v; v = v->next) {
        int same = hcl_equal(v, item);
        if (same == 1)
            return 1;
        result = same < 0 ? -1 : result;
    }
    return result;
}

static hcl_val f_contains(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    if (!all_lists(args, n - 1))
        return needs_list(e);
    int found = has(args[0], args[1]);
    return found < 0 ? hcl_unknown() : hcl_bool(e, found);
}

/* Elements of the first list that are in the second (keep = 1) or not (0). */
static hcl_val filter(lsqm_hcl_eval *e, hcl_val *args, int n, int keep)
{
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n))
        return needs_list(e);
    for (hcl_val v = args[0]->first; v && hcl_eval_step(e); v = v->next) {
        int found = has(args[1], v);
        if (found < 0)
            return hcl_unknown();
        if (found == keep)
            lsqm_hcl_value_append(e, list, v);
    }
    return hcl_to_set(e, list);
}

static hcl_val f_setsubtract(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return filter(e, args, n, 0);
}

static hcl_val f_setintersection(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return filter(e, args, n, 1);
}

static hcl_val f_index(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    double at = 0;
    if (!all_lists(args, n - 1))
        return needs_list(e);
    for (hcl_val v = args[0]->first; v; v = v->next, at++) {
        int same = hcl_equal(v, args[1]);
        if (same)
            return same < 0 ? hcl_unknown() : hcl_number(e, at);
    }
    return hcl_error(e, "the list has no such element");
}

static hcl_val f_distinct(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n))
        return needs_list(e);
    for (hcl_val v = args[0]->first; v && hcl_eval_step(e); v = v->next) {
        int found = has(list, v);
        if (found < 0)
            return hcl_unknown();
        if (!found)
            lsqm_hcl_value_append(e, list, v);
    }
    return list;
}

static int flatten_into(lsqm_hcl_eval *e, lsqm_hcl_value *list, hcl_val from)
{
    for (hcl_val v = from->first; v && hcl_eval_step(e); v = v->next) {
        if (v->kind == LSQM_HCL_V_UNKNOWN)
            return 0;
        if (v->kind != LSQM_HCL_V_LIST)
            lsqm_hcl_value_append(e, list, v);
        else if (!flatten_into(e, list, v))
            return 0;
    }
    return 1;
}

static hcl_val f_flatten(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n))
        return needs_list(e);
    return flatten_into(e, list, args[0]) ? list : hcl_unknown();
}

static hcl_val slice(lsqm_hcl_eval *e, hcl_val from, size_t begin, size_t end)
{
    lsqm_hcl_value *list = new_list(e);
    size_t at = 0;
    for (hcl_val v = from->first; v && at < end; v = v->next, at++)
        if (at >= begin)
            lsqm_hcl_value_append(e, list, v);
    return list;
}

static hcl_val f_slice(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val from = hcl_to_number(e, args[1]), to = hcl_to_number(e, args[2]);
    if (!all_lists(args, n - 2))
        return needs_list(e);
    if (from->kind != LSQM_HCL_V_NUMBER || to->kind != LSQM_HCL_V_NUMBER || from->number < 0 ||
        from->number > to->number || to->number > (double)args[0]->count)
        return hcl_error(e, "slice out of range");
    return slice(e, args[0], (size_t)from->number, (size_t)to->number);
}

static hcl_val f_reverse(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n))
        return needs_list(e);
    for (size_t i = args[0]->count; i-- > 0 && hcl_eval_step(e);)
        lsqm_hcl_value_append(e, list, hcl_item(args[0], (double)i));
    return list;
}

static int by_text(const void *a, const void *b)
{
    hcl_val x = *(const hcl_val *)a, y = *(const hcl_val *)b;
    return hcl_order_str(x->text, y->text);
}

static hcl_val f_sort(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *list = new_list(e);
    size_t count = 0;
    if (!all_lists(args, n))
        return needs_list(e);
    hcl_val *items = hcl_eval_alloc(e, (args[0]->count + 1) * sizeof *items);
    if (!items)
        return hcl_unknown();
    for (hcl_val v = args[0]->first; v; v = v->next) {
        items[count] = hcl_to_text(e, v);
        if (items[count++]->kind != LSQM_HCL_V_STRING)
            return hcl_unknown();
    }
    qsort(items, count, sizeof *items, by_text);
    for (size_t i = 0; i < count; i++)
        lsqm_hcl_value_append(e, list, items[i]);
    return list;
}

static hcl_val f_compact(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n))
        return needs_list(e);
    for (hcl_val v = args[0]->first; v && hcl_eval_step(e); v = v->next) {
        if (v->kind == LSQM_HCL_V_UNKNOWN)
            return hcl_unknown();
        if (v->kind != LSQM_HCL_V_NULL && !(v->kind == LSQM_HCL_V_STRING && v->text.len == 0))
            lsqm_hcl_value_append(e, list, v);
    }
    return list;
}

static hcl_val f_range(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    double v[3] = {0, 0, 0};
    lsqm_hcl_value *list = new_list(e);
    for (int i = 0; i < n; i++) {
        hcl_val number = hcl_to_number(e, args[i]);
        if (number->kind != LSQM_HCL_V_NUMBER)
            return hcl_error(e, "range needs numbers");
        v[i] = number->number;
    }
    double from = n > 1 ? v[0] : 0, to = n > 1 ? v[1] : v[0];
    double step = n > 2 ? v[2] : to < from ? -1 : 1;
    if (fpclassify(step) == FP_ZERO || (to - from) / step > 1024)
        return hcl_error(e, "range has too many elements");
    for (; step > 0 ? from < to : from > to; from += step)
        lsqm_hcl_value_append(e, list, hcl_number(e, from));
    return list;
}

static int is_empty(hcl_val v)
{
    return v->kind == LSQM_HCL_V_NULL || (v->kind == LSQM_HCL_V_STRING && v->text.len == 0);
}

static hcl_val f_coalesce(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    for (int i = 0; i < n; i++)
        if (!is_empty(args[i]))
            return args[i];
    return hcl_error(e, "coalesce finds no value");
}

static hcl_val f_coalescelist(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    for (int i = 0; i < n; i++)
        if (args[i]->count)
            return args[i];
    return hcl_error(e, "coalescelist finds no value");
}

static hcl_val f_one(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    if (!all_lists(args, n))
        return needs_list(e);
    if (args[0]->count > 1)
        return hcl_error(e, "one of several");
    return args[0]->first ? args[0]->first : lsqm_hcl_value_new(e, LSQM_HCL_V_NULL);
}

static hcl_val quantify(lsqm_hcl_eval *e, hcl_val *args, int n, int all)
{
    int open = 0;
    if (!all_lists(args, n))
        return needs_list(e);
    for (hcl_val v = args[0]->first; v; v = v->next) {
        hcl_val flag = hcl_to_bool(e, v);
        if (flag->kind == LSQM_HCL_V_BOOL && flag->flag != all)
            return hcl_bool(e, !all);
        open = open || flag->kind != LSQM_HCL_V_BOOL;
    }
    return open ? hcl_unknown() : hcl_bool(e, all);
}

static hcl_val f_alltrue(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return quantify(e, args, n, 1);
}

static hcl_val f_anytrue(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return quantify(e, args, n, 0);
}

/* 'm' minimum, 'M' maximum, '+' sum. */
static hcl_val fold(lsqm_hcl_eval *e, hcl_val first, int is_list, int how)
{
    double result = 0;
    int any = 0;
    for (hcl_val v = first; v; v = is_list ? v->next : NULL, any = 1) {
        hcl_val number = hcl_to_number(e, v);
        if (number->kind != LSQM_HCL_V_NUMBER)
            return number->kind == LSQM_HCL_V_UNKNOWN ? number
                                                      : hcl_error(e, "a number is required");
        double x = number->number;
        if (how == '+')
            result += x;
        else if (!any || (how == 'm' ? x < result : x > result))
            result = x;
    }
    return any || how == '+' ? hcl_number(e, result) : hcl_error(e, "no argument");
}

static hcl_val fold_args(lsqm_hcl_eval *e, hcl_val *args, int n, int how)
{
    lsqm_hcl_value *list = new_list(e);
    for (int i = 0; i < n; i++)
        lsqm_hcl_value_append(e, list, args[i]);
    return fold(e, list->first, 1, how);
}

static hcl_val f_min(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return fold_args(e, args, n, 'm');
}

static hcl_val f_max(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return fold_args(e, args, n, 'M');
}

static hcl_val f_sum(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    return all_lists(args, n) ? fold(e, args[0]->first, 1, '+') : needs_list(e);
}

static hcl_val f_tolist(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    if (args[0]->kind == LSQM_HCL_V_NULL)
        return args[0];
    return f_concat(e, args, n);
}

static hcl_val f_toset(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    if (args[0]->kind == LSQM_HCL_V_NULL)
        return args[0];
    return all_lists(args, n) ? hcl_to_set(e, args[0]) : needs_list(e);
}

static hcl_val f_chunklist(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    hcl_val size = hcl_to_number(e, args[1]);
    lsqm_hcl_value *list = new_list(e);
    if (!all_lists(args, n - 1) || size->kind != LSQM_HCL_V_NUMBER || size->number < 1)
        return needs_list(e);
    size_t count = args[0]->count, step = count + 1;
    if (size->number < (double)step)
        step = (size_t)size->number;
    for (size_t at = 0; at < count && hcl_eval_step(e); at += step)
        lsqm_hcl_value_append(e, list, slice(e, args[0], at, at + step));
    return list;
}

const hcl_function_entry hcl_list_functions[] = {
    {"alltrue", 1, 1, f_alltrue},       {"anytrue", 1, 1, f_anytrue},
    {"chunklist", 2, 2, f_chunklist},   {"coalesce", 1, -1, f_coalesce},
    {"coalescelist", 1, -1, f_coalescelist}, {"compact", 1, 1, f_compact},
    {"concat", 1, -1, f_concat},        {"contains", 2, 2, f_contains},
    {"distinct", 1, 1, f_distinct},     {"element", 2, 2, f_element},
    {"flatten", 1, 1, f_flatten},       {"index", 2, 2, f_index},
    {"length", 1, 1, f_length},         {"max", 1, -1, f_max},
    {"min", 1, -1, f_min},              {"one", 1, 1, f_one},
    {"range", 1, 3, f_range},           {"reverse", 1, 1, f_reverse},
    {"setintersection", 2, 2, f_setintersection}, {"setsubtract", 2, 2, f_setsubtract},
    {"setunion", 1, -1, f_setunion},    {"slice", 3, 3, f_slice},
    {"sort", 1, 1, f_sort},             {"sum", 1, 1, f_sum},
    {"tolist", 1, 1, f_tolist},         {"toset", 1, 1, f_toset},
    {NULL, 0, 0, NULL},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the HCL evaluator: memory, comparison, conversion. See hcl_eval.h. */
#include "hcl_eval_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16 << 10 };

struct hcl_eval_chunk {
    struct hcl_eval_chunk *next;
    size_t used, size;
    max_align_t data[];
};

static const lsqm_hcl_value unknown = {.kind = LSQM_HCL_V_UNKNOWN};

lsqm_hcl_eval *lsqm_hcl_eval_new(lsqm_hcl_get get, void *ctx)
{
    lsqm_hcl_eval *e = calloc(1, sizeof *e);
    if (e) {
        e->get = get;
        e->ctx = ctx;
    }
    return e;
}

void lsqm_hcl_eval_free(lsqm_hcl_eval *e)
{
    if (!e)
        return;
    for (struct hcl_eval_chunk *c = e->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(e);
}

int lsqm_hcl_eval_status(const lsqm_hcl_eval *e)
{
    return e->status;
}

void *hcl_eval_alloc(lsqm_hcl_eval *e, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct hcl_eval_chunk *c = e->chunks;
    if (!c || c->size - c->used < size) {
        size_t room = size > CHUNK ? size : CHUNK;
        c = calloc(1, sizeof *c + room);
        if (!c) {
            e->status = LSQM_ENOMEM;
            return NULL;
        }
        c->size = room;
        c->next = e->chunks;
        e->chunks = c;
    }
    void *at = (char *)c->data + c->used;
    c->used += size;
    return at;
}

int hcl_eval_step(lsqm_hcl_eval *e)
{
    if (e->steps < LSQM_HCL_MAX_STEPS) {
        e->steps++;
        return 1;
    }
    if (e->status == LSQM_OK)
        e->status = LSQM_ELIMIT;
    return 0;
}

/* --- making -------------------------------------------------------------------------------- */

hcl_val hcl_unknown(void)
{
    return &unknown;
}

lsqm_hcl_value *lsqm_hcl_value_new(lsqm_hcl_eval *e, lsqm_hcl_vkind kind)
{
    /* Without memory or steps everything written goes to a value that nobody reads. */
    lsqm_hcl_value *v = hcl_eval_step(e) ? hcl_eval_alloc(e, sizeof *v) : NULL;
    static _Thread_local lsqm_hcl_value sink;
    if (!v) {
        sink = unknown;
        return &sink;
    }
    v->kind = kind;
    return v;
}

lsqm_hcl_value *lsqm_hcl_value_text(lsqm_hcl_eval *e, const char *s, size_t len)
{
    char *copy = len <= LSQM_HCL_MAX_TEXT ? hcl_eval_alloc(e, len + 1) : NULL;
    if (!copy)
        return lsqm_hcl_value_new(e, LSQM_HCL_V_UNKNOWN);
    if (len)
        memcpy(copy, s, len);
    lsqm_hcl_value *v = lsqm_hcl_value_new(e, LSQM_HCL_V_STRING);
    if (v->kind == LSQM_HCL_V_STRING)
        v->text = (lsqm_hcl_str){copy, len};
    return v;
}

hcl_val hcl_text(lsqm_hcl_eval *e, const char *s, size_t len)
{
    return lsqm_hcl_value_text(e, s, len);
}

hcl_val hcl_bool(lsqm_hcl_eval *e, int flag)
{
    lsqm_hcl_value *v = lsqm_hcl_value_new(e, LSQM_HCL_V_BOOL);
    v->flag = flag != 0;
    return v;
}

hcl_val hcl_number(lsqm_hcl_eval *e, double n)
{
    lsqm_hcl_value *v = lsqm_hcl_value_new(e, LSQM_HCL_V_NUMBER);
    v->number = n;
    return v;
}

hcl_val hcl_error(lsqm_hcl_eval *e, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    lsqm_hcl_value *v = lsqm_hcl_value_text(e, text, strlen(text));
    if (v->kind == LSQM_HCL_V_STRING)
        v->kind = LSQM_HCL_V_ERROR;
    return v;
}

static lsqm_hcl_value *copy_head(lsqm_hcl_eval *e, hcl_val v)
{
    lsqm_hcl_value *c = lsqm_hcl_value_new(e, v->kind);
    if (e->status != LSQM_OK)
        return NULL;
    *c = *v;
    c->next = NULL;
    c->key = (lsqm_hcl_str){NULL, 0};
    return c;
}

void lsqm_hcl_value_append(lsqm_hcl_eval *e, lsqm_hcl_value *list, const lsqm_hcl_value *item)
{
    lsqm_hcl_value *c = copy_head(e, item);
    if (!c)
        return;
    if (list->last)
        list->last->next = c;
    else
        list->first = c;
    list->last = c;
    list->count++;
}

static void insert_entry(lsqm_hcl_value *map, lsqm_hcl_value **link, lsqm_hcl_value *c)
{
    c->next = *link;
    *link = c;
    if (!c->next)
        map->last = c;
    map->count++;
}

void lsqm_hcl_value_put(lsqm_hcl_eval *e, lsqm_hcl_value *map, lsqm_hcl_str key,
                        const lsqm_hcl_value *item)
{
    lsqm_hcl_value *c = copy_head(e, item);
    char *name = hcl_eval_alloc(e, key.len + 1);
    if (!c || !name)
        return;
    if (key.len)
        memcpy(name, key.data, key.len);
    c->key = (lsqm_hcl_str){name, key.len};
    lsqm_hcl_value **link = &map->first;
    if (map->last && hcl_order_str(map->last->key, c->key) < 0)
        link = &map->last->next;
    while (*link && hcl_order_str((*link)->key, c->key) < 0)
        link = &(*link)->next;
    if (!*link || !hcl_same_str((*link)->key, c->key)) {
        insert_entry(map, link, c);
        return;
    }
    c->next = (*link)->next;
    if (map->last == *link)
        map->last = c;
    *link = c;
}

/* --- reading ------------------------------------------------------------------------------- */

int hcl_same_str(lsqm_hcl_str a, lsqm_hcl_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int hcl_order_str(lsqm_hcl_str a, lsqm_hcl_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.data, b.data, n) : 0;
    return c ? c : (a.len > b.len) - (a.len < b.len);
}

hcl_val hcl_entry(hcl_val map, lsqm_hcl_str key)
{
    for (hcl_val v = map->first; v; v = v->next)
        if (hcl_same_str(v->key, key))
            return v;
    return NULL;
}

hcl_val hcl_item(hcl_val list, double index)
{
    hcl_val v = list->first;
    if (index < 0 || floor(index) != index)
        return NULL;
    for (double i = 0; v && i < index; i++)
        v = v->next;
    return v;
}

int hcl_is_known(hcl_val v)
{
    if (v->kind == LSQM_HCL_V_UNKNOWN || v->kind == LSQM_HCL_V_ERROR)
        return 0;
    for (hcl_val item = v->first; item; item = item->next)
        if (!hcl_is_known(item))
            return 0;
    return 1;
}

static int equal_children(hcl_val a, hcl_val b)
{
    int result = 1;
    if (a->count != b->count)
        return 0;
    for (hcl_val x = a->first, y = b->first; x && y; x = x->next, y = y->next) {
        int same = hcl_same_str(x->key, y->key) ? hcl_equal(x, y) : 0;
        if (same == 0)
            return 0;
        result = same < 0 ? -1 : result;
    }
    return result;
}

int hcl_equal(hcl_val a, hcl_val b)
{
    if (a->kind == LSQM_HCL_V_UNKNOWN || b->kind == LSQM_HCL_V_UNKNOWN)
        return -1;
    if (a->kind != b->kind)
        return 0;
    switch (a->kind) {
    case LSQM_HCL_V_BOOL: return a->flag == b->flag;
    case LSQM_HCL_V_NUMBER: return !(a->number < b->number || a->number > b->number);
    case LSQM_HCL_V_STRING: return hcl_same_str(a->text, b->text);
    case LSQM_HCL_V_LIST:
    case LSQM_HCL_V_MAP: return equal_children(a, b);
    default: return 1;
    }
}

/* --- texts --------------------------------------------------------------------------------- */

void hcl_put(hcl_builder *b, const char *s, size_t len)
{
    if (b->failed || len == 0)
        return;
    if (b->len + len > LSQM_HCL_MAX_TEXT) {
        b->failed = 1;
        b->e->status = LSQM_ELIMIT;
        return;
    }
    if (b->len + len > b->cap) {
        size_t cap = (b->len + len) * 2 + 64;
        char *data = hcl_eval_alloc(b->e, cap);
        if (!data) {
            b->failed = 1;
            return;
        }
        if (b->len)
            memcpy(data, b->data, b->len);
        b->data = data;
        b->cap = cap;
    }
    memcpy(b->data + b->len, s, len);
    b->len += len;
}

void hcl_put_number(hcl_builder *b, double n)
{
    char text[64];
    int len, whole = floor(n) == n && fabs(n) < 1e21;
    len = snprintf(text, sizeof text, whole ? "%.0f" : "%.15g", n);
    double again = strtod(text, NULL);
    if (again < n || again > n)
        len = snprintf(text, sizeof text, "%.17g", n);
    hcl_put(b, text, (size_t)len);
}

hcl_val hcl_built(hcl_builder *b)
{
    if (b->failed)
        return hcl_unknown();
    lsqm_hcl_value *v = lsqm_hcl_value_new(b->e, LSQM_HCL_V_STRING);
    if (v->kind == LSQM_HCL_V_STRING)
        v->text = (lsqm_hcl_str){b->len ? b->data : "", b->len};
    return v;
}

/* --- conversions --------------------------------------------------------------------------- */

hcl_val hcl_to_text(lsqm_hcl_eval *e, hcl_val v)
{
    hcl_builder b = {.e = e};
    switch (v->kind) {
    case LSQM_HCL_V_BOOL: return hcl_text(e, v->flag ? "true" : "false", v->flag ? 4 : 5);
    case LSQM_HCL_V_NUMBER: hcl_put_number(&b, v->number); return hcl_built(&b);
    case LSQM_HCL_V_LIST:
    case LSQM_HCL_V_MAP: return hcl_error(e, "a string is required");
    default: return v;
    }
}

hcl_val hcl_to_number(lsqm_hcl_eval *e, hcl_val v)
{
    char text[64], *end;
    if (v->kind == LSQM_HCL_V_NUMBER || v->kind < LSQM_HCL_V_BOOL)
        return v;
    if (v->kind != LSQM_HCL_V_STRING || v->text.len == 0 || v->text.len >= sizeof text)
        return hcl_error(e, "a number is required");
    memcpy(text, v->text.data, v->text.len);
    text[v->text.len] = '\0';
    if (strspn(text, "+-0123456789.eE") != v->text.len)
        return hcl_error(e, "a number is required");
    double n = strtod(text, &end);
    return *end || !isfinite(n) ? hcl_error(e, "a number is required") : hcl_number(e, n);
}

hcl_val hcl_to_bool(lsqm_hcl_eval *e, hcl_val v)
{
    if (v->kind == LSQM_HCL_V_BOOL || v->kind < LSQM_HCL_V_BOOL)
        return v;
    if (v->kind == LSQM_HCL_V_STRING) {
        if (hcl_same_str(v->text, (lsqm_hcl_str){"true", 4}))
            return hcl_bool(e, 1);
        if (hcl_same_str(v->text, (lsqm_hcl_str){"false", 5}))
            return hcl_bool(e, 0);
    }
    return hcl_error(e, "a bool is required");
}

static int in_list(hcl_val list, hcl_val item)
{
    for (hcl_val v = list->first; v; v = v->next)
        if (hcl_equal(v, item) == 1)
            return 1;
    return 0;
}

/* Sets of strings come in their order; others stay as they were written. */
hcl_val hcl_to_set(lsqm_hcl_eval *e, hcl_val list)
{
    lsqm_hcl_value *set = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    lsqm_hcl_value *names = lsqm_hcl_value_new(e, LSQM_HCL_V_MAP);
    int texts = 1;
    if (!hcl_is_known(list))
        return hcl_unknown();
    for (hcl_val v = list->first; v; v = v->next)
        texts = texts && v->kind == LSQM_HCL_V_STRING;
    for (hcl_val v = list->first; v && hcl_eval_step(e); v = v->next) {
        if (texts)
            lsqm_hcl_value_put(e, names, v->text, v);
        else if (!in_list(set, v))
            lsqm_hcl_value_append(e, set, v);
    }
    for (hcl_val v = texts ? names->first : NULL; v; v = v->next)
        lsqm_hcl_value_append(e, set, v);
    set->flag = 1;
    return e->status == LSQM_OK ? set : hcl_unknown();
}

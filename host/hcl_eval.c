/* SPDX-License-Identifier: Apache-2.0 */
/* Walks expression trees. See hcl_eval.h; functions are in hcl_eval_*.c. */
#include "hcl_eval_internal.h"

#include <math.h>
#include <string.h>

static hcl_val eval(lsqm_hcl_eval *e, const lsqm_hcl_expr *x);

static int is(lsqm_hcl_str s, const char *want)
{
    return s.len == strlen(want) && memcmp(s.data, want, s.len) == 0;
}

static int is_open(hcl_val v) /* no value: unknown or an error */
{
    return v->kind == LSQM_HCL_V_UNKNOWN || v->kind == LSQM_HCL_V_ERROR;
}

/* --- names and steps into values ----------------------------------------------------------- */

static hcl_val variable(lsqm_hcl_eval *e, lsqm_hcl_str name, const lsqm_hcl_str *member, int *used)
{
    *used = 0;
    for (const hcl_frame *f = e->frames; f; f = f->up)
        if (hcl_same_str(f->name, name))
            return f->value;
    hcl_val v = e->get ? e->get(e->ctx, e, name, member, used) : NULL;
    return v ? v : hcl_unknown();
}

static hcl_val member_of(lsqm_hcl_eval *e, hcl_val object, lsqm_hcl_str name)
{
    if (is_open(object))
        return object;
    if (object->kind == LSQM_HCL_V_NULL)
        return hcl_error(e, "attribute %.*s of null", (int)name.len, name.data);
    hcl_val v = object->kind == LSQM_HCL_V_MAP ? hcl_entry(object, name) : NULL;
    return v ? v : hcl_error(e, "no attribute %.*s", (int)name.len, name.data);
}

static hcl_val attribute(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    int used = 0;
    hcl_val object;
    if (x->kid[0]->kind == LSQM_HCL_VAR) {
        object = variable(e, x->kid[0]->name, &x->name, &used);
        if (used)
            return object;
    } else {
        object = eval(e, x->kid[0]);
    }
    return member_of(e, object, x->name);
}

static hcl_val indexed(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val object = eval(e, x->kid[0]), key = eval(e, x->kid[1]);
    if (is_open(object))
        return object;
    if (is_open(key))
        return key;
    if (object->kind == LSQM_HCL_V_MAP) {
        key = hcl_to_text(e, key);
        return key->kind == LSQM_HCL_V_STRING ? member_of(e, object, key->text) : key;
    }
    if (object->kind != LSQM_HCL_V_LIST || object->flag)
        return hcl_error(e, "a value without elements");
    key = hcl_to_number(e, key);
    if (key->kind != LSQM_HCL_V_NUMBER)
        return is_open(key) ? key : hcl_error(e, "an index is a number");
    hcl_val v = hcl_item(object, key->number);
    return v ? v : hcl_error(e, "no element %.0f", key->number);
}

static hcl_val splat(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val object = eval(e, x->kid[0]), outer = e->item;
    if (is_open(object))
        return object;
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    int many = object->kind == LSQM_HCL_V_LIST;
    hcl_val v = object->kind == LSQM_HCL_V_NULL ? NULL : many ? object->first : object;
    for (; v && hcl_eval_step(e); v = many ? v->next : NULL) {
        e->item = v;
        hcl_val result = eval(e, x->kid[1]);
        e->item = outer;
        if (result->kind == LSQM_HCL_V_ERROR)
            return result;
        lsqm_hcl_value_append(e, list, result);
    }
    return list;
}

/* --- operators ----------------------------------------------------------------------------- */

static hcl_val logic(lsqm_hcl_eval *e, hcl_val left, hcl_val right, int is_and)
{
    left = hcl_to_bool(e, left);
    right = hcl_to_bool(e, right);
    if (left->kind == LSQM_HCL_V_ERROR)
        return left;
    if (right->kind == LSQM_HCL_V_ERROR)
        return right;
    /* One side may decide alone. */
    int l = left->kind == LSQM_HCL_V_BOOL, r = right->kind == LSQM_HCL_V_BOOL;
    if ((l && left->flag != is_and) || (r && right->flag != is_and))
        return hcl_bool(e, !is_and);
    if (left->kind == LSQM_HCL_V_NULL || right->kind == LSQM_HCL_V_NULL)
        return hcl_error(e, "an operand is null");
    return l && r ? hcl_bool(e, is_and) : hcl_unknown();
}

static hcl_val numeric(lsqm_hcl_eval *e, lsqm_hcl_str op, double a, double b)
{
    if (is(op, "<"))
        return hcl_bool(e, a < b);
    if (is(op, "<="))
        return hcl_bool(e, a <= b);
    if (is(op, ">"))
        return hcl_bool(e, a > b);
    if (is(op, ">="))
        return hcl_bool(e, a >= b);
    if (is(op, "+"))
        return hcl_number(e, a + b);
    if (is(op, "-"))
        return hcl_number(e, a - b);
    if (is(op, "*"))
        return hcl_number(e, a * b);
    if (fpclassify(b) == FP_ZERO)
        return hcl_error(e, "division by zero");
    return hcl_number(e, is(op, "%") ? fmod(a, b) : a / b);
}

static hcl_val binary(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val left = eval(e, x->kid[0]), right = eval(e, x->kid[1]);
    if (left->kind == LSQM_HCL_V_ERROR)
        return left;
    if (right->kind == LSQM_HCL_V_ERROR)
        return right;
    if (is(x->name, "&&") || is(x->name, "||"))
        return logic(e, left, right, is(x->name, "&&"));
    if (is(x->name, "==") || is(x->name, "!=")) {
        int same = hcl_equal(left, right);
        return same < 0 ? hcl_unknown() : hcl_bool(e, same == is(x->name, "=="));
    }
    left = hcl_to_number(e, left);
    right = hcl_to_number(e, right);
    if (is_open(left) || is_open(right))
        return is_open(left) ? left : right;
    if (left->kind != LSQM_HCL_V_NUMBER || right->kind != LSQM_HCL_V_NUMBER)
        return hcl_error(e, "an operand is null");
    return numeric(e, x->name, left->number, right->number);
}

static hcl_val unary(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val v = eval(e, x->kid[0]);
    v = is(x->name, "!") ? hcl_to_bool(e, v) : hcl_to_number(e, v);
    if (v->kind == LSQM_HCL_V_BOOL)
        return hcl_bool(e, !v->flag);
    if (v->kind == LSQM_HCL_V_NUMBER)
        return hcl_number(e, -v->number);
    return v->kind == LSQM_HCL_V_NULL ? hcl_error(e, "the operand is null") : v;
}

static hcl_val condition(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val test = hcl_to_bool(e, eval(e, x->kid[0]));
    if (test->kind == LSQM_HCL_V_BOOL)
        return eval(e, x->kid[test->flag ? 1 : 2]);
    if (test->kind != LSQM_HCL_V_UNKNOWN)
        return test->kind == LSQM_HCL_V_NULL ? hcl_error(e, "the condition is null") : test;
    hcl_val yes = eval(e, x->kid[1]), no = eval(e, x->kid[2]);
    return hcl_equal(yes, no) == 1 ? yes : hcl_unknown();
}

/* --- collections and templates ------------------------------------------------------------- */

static hcl_val tuple(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    for (const lsqm_hcl_expr *item = x->list; item; item = item->next) {
        hcl_val v = eval(e, item);
        if (v->kind == LSQM_HCL_V_ERROR)
            return v;
        lsqm_hcl_value_append(e, list, v);
    }
    return list;
}

static hcl_val key_of(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    return x->kind == LSQM_HCL_VAR ? hcl_text(e, x->name.data, x->name.len)
                                   : hcl_to_text(e, eval(e, x));
}

static hcl_val object(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    lsqm_hcl_value *map = lsqm_hcl_value_new(e, LSQM_HCL_V_MAP);
    for (const lsqm_hcl_expr *k = x->list; k && k->next; k = k->next->next) {
        hcl_val key = key_of(e, k), v = eval(e, k->next);
        if (key->kind != LSQM_HCL_V_STRING)
            return key->kind == LSQM_HCL_V_NULL ? hcl_error(e, "a key is null") : key;
        if (v->kind == LSQM_HCL_V_ERROR)
            return v;
        lsqm_hcl_value_put(e, map, key->text, v);
    }
    return map;
}

/* Binds the names of a for-expression or directive to one element. */
static void bind(lsqm_hcl_eval *e, const lsqm_hcl_expr *x, hcl_val of, hcl_val v, double index,
                 hcl_frame frames[2])
{
    hcl_val key = v;
    if (of->kind == LSQM_HCL_V_MAP)
        key = hcl_text(e, v->key.data, v->key.len);
    else if (!of->flag)
        key = hcl_number(e, index);
    frames[0] = (hcl_frame){x->key_name, key, e->frames};
    frames[1] = (hcl_frame){x->name, v, x->key_name.len ? &frames[0] : e->frames};
    e->frames = &frames[1];
}

static void group(lsqm_hcl_eval *e, lsqm_hcl_value *map, lsqm_hcl_str key, hcl_val v)
{
    hcl_val before = hcl_entry(map, key);
    lsqm_hcl_value *list = lsqm_hcl_value_new(e, LSQM_HCL_V_LIST);
    for (hcl_val item = before ? before->first : NULL; item; item = item->next)
        lsqm_hcl_value_append(e, list, item);
    lsqm_hcl_value_append(e, list, v);
    lsqm_hcl_value_put(e, map, key, list);
}

/* Adds one element; NULL, or what the whole expression becomes. */
static hcl_val for_element(lsqm_hcl_eval *e, const lsqm_hcl_expr *x, lsqm_hcl_value *out)
{
    if (x->kid[3]) {
        hcl_val test = hcl_to_bool(e, eval(e, x->kid[3]));
        if (test->kind != LSQM_HCL_V_BOOL)
            return is_open(test) ? test : hcl_error(e, "the condition is null");
        if (!test->flag)
            return NULL;
    }
    hcl_val v = eval(e, x->kid[2]);
    if (v->kind == LSQM_HCL_V_ERROR)
        return v;
    if (!x->kid[1]) {
        lsqm_hcl_value_append(e, out, v);
        return NULL;
    }
    hcl_val key = hcl_to_text(e, eval(e, x->kid[1]));
    if (key->kind != LSQM_HCL_V_STRING)
        return is_open(key) ? key : hcl_error(e, "a key is null");
    if (x->flag)
        group(e, out, key->text, v);
    else if (hcl_entry(out, key->text))
        return hcl_error(e, "two elements have the key %.*s", (int)key->text.len, key->text.data);
    else
        lsqm_hcl_value_put(e, out, key->text, v);
    return NULL;
}

static hcl_val for_expression(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val of = eval(e, x->kid[0]), odd = NULL;
    double index = 0;
    if (is_open(of))
        return of;
    if (of->kind < LSQM_HCL_V_LIST)
        return hcl_error(e, "a value without elements");
    lsqm_hcl_value *out = lsqm_hcl_value_new(e, x->kid[1] ? LSQM_HCL_V_MAP : LSQM_HCL_V_LIST);
    const hcl_frame *outer = e->frames;
    for (hcl_val v = of->first; v && !odd && hcl_eval_step(e); v = v->next) {
        hcl_frame frames[2];
        bind(e, x, of, v, index++, frames);
        odd = for_element(e, x, out);
        e->frames = outer;
    }
    return odd ? odd : out;
}

/* Adds the text of a part; NULL, or what the whole template becomes. */
static hcl_val put_part(hcl_builder *b, hcl_val v)
{
    v = hcl_to_text(b->e, v);
    if (v->kind != LSQM_HCL_V_STRING)
        return v->kind == LSQM_HCL_V_NULL ? hcl_error(b->e, "null in a template") : v;
    hcl_put(b, v->text.data, v->text.len);
    return NULL;
}

static hcl_val template(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_builder b = {.e = e};
    hcl_val odd = NULL;
    const lsqm_hcl_expr *part = x->list;
    int wrapped = part && !part->next && part->kind != LSQM_HCL_STRING &&
                  part->kind != LSQM_HCL_IF && part->kind != LSQM_HCL_LOOP;
    if (wrapped)
        return eval(e, part);
    for (; part; part = part->next) {
        hcl_val no = put_part(&b, eval(e, part));
        if (no && (!odd || no->kind == LSQM_HCL_V_ERROR))
            odd = no;
    }
    return odd ? odd : hcl_built(&b);
}

static hcl_val directive_if(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val test = hcl_to_bool(e, eval(e, x->kid[0]));
    if (test->kind != LSQM_HCL_V_BOOL)
        return is_open(test) ? test : hcl_error(e, "the condition is null");
    if (test->flag)
        return eval(e, x->kid[1]);
    return x->kid[2] ? eval(e, x->kid[2]) : hcl_text(e, "", 0);
}

static hcl_val directive_for(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val of = eval(e, x->kid[0]), odd = NULL;
    hcl_builder b = {.e = e};
    double index = 0;
    if (is_open(of))
        return of;
    if (of->kind < LSQM_HCL_V_LIST)
        return hcl_error(e, "a value without elements");
    const hcl_frame *outer = e->frames;
    for (hcl_val v = of->first; v && !odd && hcl_eval_step(e); v = v->next) {
        hcl_frame frames[2];
        bind(e, x, of, v, index++, frames);
        odd = put_part(&b, eval(e, x->kid[1]));
        e->frames = outer;
    }
    return odd ? odd : hcl_built(&b);
}

/* --- calls --------------------------------------------------------------------------------- */

enum { MAX_ARGUMENTS = 64 };

/* try: the first that has a value. can: whether the one has. */
static hcl_val attempt(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    int can = is(x->name, "can");
    hcl_val v = hcl_error(e, "no argument has a value");
    for (const lsqm_hcl_expr *arg = x->list; arg; arg = arg->next) {
        v = eval(e, arg);
        if (v->kind != LSQM_HCL_V_ERROR)
            return can && v->kind != LSQM_HCL_V_UNKNOWN ? hcl_bool(e, 1) : v;
        if (can)
            return hcl_bool(e, 0);
    }
    return v;
}

static const hcl_function_entry *find_function(lsqm_hcl_str name)
{
    static const hcl_function_entry *const tables[] = {
        hcl_text_functions, hcl_list_functions, hcl_map_functions, hcl_code_functions};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const hcl_function_entry *f = tables[i]; f->name; f++)
            if (is(name, f->name))
                return f;
    return NULL;
}

/* Number of arguments, or -1 and *odd: what the call becomes. */
static int arguments(lsqm_hcl_eval *e, const lsqm_hcl_expr *x, hcl_val *args, hcl_val *odd)
{
    int n = 0;
    for (const lsqm_hcl_expr *arg = x->list; arg; arg = arg->next) {
        hcl_val v = eval(e, arg);
        int spread = x->flag && !arg->next && v->kind == LSQM_HCL_V_LIST;
        for (hcl_val item = spread ? v->first : v; item; item = spread ? item->next : NULL) {
            if (item->kind == LSQM_HCL_V_ERROR || n == MAX_ARGUMENTS) {
                *odd = n == MAX_ARGUMENTS ? hcl_unknown() : item;
                return -1;
            }
            if (item->kind == LSQM_HCL_V_UNKNOWN)
                *odd = item;
            args[n++] = item;
        }
    }
    return *odd ? -1 : n;
}

static hcl_val call(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    hcl_val args[MAX_ARGUMENTS], odd = NULL;
    if (is(x->name, "try") || is(x->name, "can"))
        return attempt(e, x);
    const hcl_function_entry *f = find_function(x->name);
    if (!f)
        return hcl_unknown();
    int n = arguments(e, x, args, &odd);
    if (n < 0)
        return odd;
    if (n < f->min || (f->max >= 0 && n > f->max))
        return hcl_error(e, "wrong number of arguments for %s", f->name);
    return f->call(e, args, n);
}

/* --- the walk ------------------------------------------------------------------------------ */

static hcl_val literal(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    if (x->kind == LSQM_HCL_BOOL)
        return hcl_bool(e, x->flag);
    if (x->kind == LSQM_HCL_NULL)
        return lsqm_hcl_value_new(e, LSQM_HCL_V_NULL);
    hcl_val text = hcl_text(e, x->name.data, x->name.len);
    return x->kind == LSQM_HCL_NUMBER ? hcl_to_number(e, text) : text;
}

static hcl_val node(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    int used;
    switch (x->kind) {
    case LSQM_HCL_TEMPLATE: return template(e, x);
    case LSQM_HCL_VAR: return variable(e, x->name, NULL, &used);
    case LSQM_HCL_ATTR: return attribute(e, x);
    case LSQM_HCL_INDEX: return indexed(e, x);
    case LSQM_HCL_SPLAT: return splat(e, x);
    case LSQM_HCL_ITEM: return e->item ? e->item : hcl_unknown();
    case LSQM_HCL_CALL: return call(e, x);
    case LSQM_HCL_UNARY: return unary(e, x);
    case LSQM_HCL_BINARY: return binary(e, x);
    case LSQM_HCL_COND: return condition(e, x);
    case LSQM_HCL_TUPLE: return tuple(e, x);
    case LSQM_HCL_OBJECT: return object(e, x);
    case LSQM_HCL_FOR: return for_expression(e, x);
    case LSQM_HCL_PAREN: return eval(e, x->kid[0]);
    case LSQM_HCL_IF: return directive_if(e, x);
    case LSQM_HCL_LOOP: return directive_for(e, x);
    default: return literal(e, x);
    }
}

static hcl_val eval(lsqm_hcl_eval *e, const lsqm_hcl_expr *x)
{
    if (!hcl_eval_step(e))
        return hcl_unknown();
    if (e->depth >= LSQM_HCL_MAX_EVAL_DEPTH) {
        e->status = LSQM_ELIMIT;
        return hcl_unknown();
    }
    e->depth++;
    hcl_val v = node(e, x);
    e->depth--;
    return e->status == LSQM_OK ? v : hcl_unknown();
}

const lsqm_hcl_value *lsqm_hcl_evaluate(lsqm_hcl_eval *e, const lsqm_hcl_expr *expr)
{
    return eval(e, expr);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* HCL's bracketed lists: call arguments, tuples, objects, and for-expressions. */
#include "hcl_internal.h"

int hcl_arguments(hcl_parser *p, lsqm_hcl_expr *call)
{
    lsqm_hcl_expr **tail = &call->list;
    int newlines = p->newlines;
    hcl_read(p);
    p->newlines = 0;
    while (hcl_peek(p) != T_CPAREN) {
        if (!(*tail = hcl_expression(p)))
            return 0;
        tail = &(*tail)->next;
        if (hcl_peek(p) == T_ELLIPSIS) {
            hcl_read(p);
            call->flag = 1;
            if (hcl_peek(p) != T_CPAREN)
                return hcl_unexpected(p, "')' after '...'");
        } else if (hcl_peek(p) == T_COMMA) {
            hcl_read(p);
        } else if (hcl_peek(p) != T_CPAREN) {
            return hcl_unexpected(p, "',' or ')' after the argument");
        }
    }
    hcl_read(p);
    p->newlines = newlines;
    return 1;
}

int hcl_for_intro(hcl_parser *p, lsqm_hcl_expr *e)
{
    const hcl_token *name;
    hcl_read(p);
    if (!(name = hcl_expect(p, T_IDENT, "a variable name after 'for'")))
        return 0;
    e->name = hcl_slice(p, name);
    if (hcl_peek(p) == T_COMMA) {
        hcl_read(p);
        if (!(name = hcl_expect(p, T_IDENT, "a second variable name after ','")))
            return 0;
        e->key_name = e->name;
        e->name = hcl_slice(p, name);
    }
    if (!hcl_is_word(p, "in"))
        return hcl_unexpected(p, e->key_name.len ? "'in'" : "',' or 'in'");
    hcl_read(p);
    return (e->kid[0] = hcl_expression(p)) != NULL;
}

static int for_result(hcl_parser *p, lsqm_hcl_expr *e, int is_object)
{
    if (!(e->kid[2] = hcl_expression(p)))
        return 0;
    if (hcl_peek(p) == T_ARROW) {
        if (!is_object)
            return hcl_unexpected(p, "']' or 'if' (a key needs braces around the for)");
        hcl_read(p);
        e->kid[1] = e->kid[2];
        if (!(e->kid[2] = hcl_expression(p)))
            return 0;
    } else if (is_object) {
        return hcl_unexpected(p, "'=>' after the key");
    }
    if (hcl_peek(p) == T_ELLIPSIS) {
        if (!is_object)
            return hcl_unexpected(p, "']' or 'if' (only objects can group with '...')");
        hcl_read(p);
        e->flag = 1;
    }
    return 1;
}

/* Behind the opening bracket, at "for". Newlines mean nothing in here. */
static lsqm_hcl_expr *for_expression(hcl_parser *p, lsqm_hcl_expr *e, hcl_type end)
{
    e->kind = LSQM_HCL_FOR;
    if (!hcl_for_intro(p, e) || !hcl_expect(p, T_COLON, "':' after the collection") ||
        !for_result(p, e, end == T_CBRACE))
        return NULL;
    if (hcl_is_word(p, "if")) {
        hcl_read(p);
        if (!(e->kid[3] = hcl_expression(p)))
            return NULL;
    }
    return hcl_expect(p, end, end == T_CBRACE ? "'}' after the for" : "']' after the for") ? e
                                                                                         : NULL;
}

static int tuple(hcl_parser *p, lsqm_hcl_expr *e)
{
    lsqm_hcl_expr **tail = &e->list;
    while (hcl_peek(p) != T_CBRACK) {
        if (!(*tail = hcl_expression(p)))
            return 0;
        tail = &(*tail)->next;
        if (hcl_peek(p) == T_COMMA)
            hcl_read(p);
        else if (hcl_peek(p) != T_CBRACK)
            return hcl_unexpected(p, "',' or ']' after the element");
    }
    hcl_read(p);
    return 1;
}

static int object(hcl_parser *p, lsqm_hcl_expr *e)
{
    lsqm_hcl_expr **tail = &e->list;
    while (hcl_peek(p) != T_CBRACE) {
        if (hcl_peek(p) == T_NEWLINE) {
            hcl_read(p);
            continue;
        }
        if (!(*tail = hcl_expression(p)))
            return 0;
        tail = &(*tail)->next;
        if (hcl_peek(p) != T_EQUAL && hcl_peek(p) != T_COLON)
            return hcl_unexpected(p, "'=' or ':' after the key");
        hcl_read(p);
        if (!(*tail = hcl_expression(p)))
            return 0;
        tail = &(*tail)->next;
        if (hcl_peek(p) == T_COMMA)
            hcl_read(p);
        else if (hcl_peek(p) != T_NEWLINE && hcl_peek(p) != T_CBRACE)
            return hcl_unexpected(p, "',', a new line or '}' after the value");
    }
    hcl_read(p);
    return 1;
}

lsqm_hcl_expr *hcl_collection(hcl_parser *p)
{
    int newlines = p->newlines, ok;
    const hcl_token *open = hcl_read(p);
    int is_object = open->type == T_OBRACE;
    size_t inside = p->at;
    lsqm_hcl_expr *e = hcl_node(p, is_object ? LSQM_HCL_OBJECT : LSQM_HCL_TUPLE, open);
    if (!e)
        return NULL;
    p->newlines = 0;
    if (hcl_is_word(p, "for")) {
        ok = for_expression(p, e, is_object ? T_CBRACE : T_CBRACK) != NULL;
    } else {
        p->at = inside;
        p->newlines = is_object;
        ok = is_object ? object(p, e) : tuple(p, e);
    }
    p->newlines = newlines;
    return ok ? hcl_done(p, e) : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* HCL expressions: conditionals, operators, terms, what follows a term (".a", "[0]", splats). */
#include "hcl_internal.h"

#include <string.h>

/* --- nodes --------------------------------------------------------------------------------- */

lsqm_hcl_expr *hcl_node(hcl_parser *p, lsqm_hcl_kind kind, const hcl_token *at)
{
    lsqm_hcl_expr *e = hcl_alloc(p->d, sizeof *e);
    if (!e)
        return NULL;
    e->kind = kind;
    e->line = at->line;
    e->col = at->col;
    e->begin = at->begin;
    e->end = at->end;
    e->height = 1;
    return e;
}

static void raise_to(lsqm_hcl_expr *e, const lsqm_hcl_expr *child)
{
    if (child && child->height >= e->height)
        e->height = child->height + 1;
}

lsqm_hcl_expr *hcl_done(hcl_parser *p, lsqm_hcl_expr *e)
{
    e->end = p->d->tokens[p->last].end;
    for (int i = 0; i < 4; i++)
        raise_to(e, e->kid[i]);
    for (const lsqm_hcl_expr *c = e->list; c; c = c->next)
        raise_to(e, c);
    if (e->height <= LSQM_HCL_MAX_HEIGHT)
        return e;
    hcl_fail_limit(p->d, e->line, e->col, "the expression has more than %d levels",
                   LSQM_HCL_MAX_HEIGHT);
    return NULL;
}

/* A node that starts where its first operand starts. */
static lsqm_hcl_expr *node_over(hcl_parser *p, lsqm_hcl_kind kind, lsqm_hcl_expr *first)
{
    hcl_token at = {T_EOF, first->begin, first->end, first->line, first->col};
    lsqm_hcl_expr *e = hcl_node(p, kind, &at);
    if (e)
        e->kid[0] = first;
    return e;
}

/* --- what follows a term ------------------------------------------------------------------- */

static lsqm_hcl_expr *attr_of(hcl_parser *p, lsqm_hcl_expr *object)
{
    lsqm_hcl_expr *e = node_over(p, LSQM_HCL_ATTR, object);
    if (!e)
        return NULL;
    e->name = hcl_slice(p, hcl_read(p));
    return hcl_done(p, e);
}

/* ".0"; what is scanned as a fraction (".0.1") is refused, as Terraform does. */
static lsqm_hcl_expr *legacy_index(hcl_parser *p, lsqm_hcl_expr *object)
{
    const hcl_token *t = hcl_read(p);
    lsqm_hcl_expr *e = node_over(p, LSQM_HCL_INDEX, object);
    if (!e || !(e->kid[1] = hcl_node(p, LSQM_HCL_NUMBER, t)))
        return NULL;
    e->kid[1]->name = hcl_slice(p, t);
    e->flag = 1;
    if (!memchr(p->d->text + t->begin, '.', t->end - t->begin))
        return hcl_done(p, e);
    hcl_fail(p->d, t->line, t->col, "expected one whole number as index; write [0][1] for two");
    return NULL;
}

static lsqm_hcl_expr *attribute_splat(hcl_parser *p, lsqm_hcl_expr *object)
{
    lsqm_hcl_expr *e = node_over(p, LSQM_HCL_SPLAT, object);
    lsqm_hcl_expr *each = e ? hcl_node(p, LSQM_HCL_ITEM, hcl_read(p)) : NULL;
    while (each && hcl_peek(p) == T_DOT) {
        hcl_read(p);
        hcl_type type = hcl_peek(p);
        if (type == T_STAR) {
            hcl_unexpected(p, "an attribute name (splats cannot be nested this way)");
            return NULL;
        }
        if (type != T_IDENT && type != T_NUMBER) {
            hcl_unexpected(p, "an attribute name after '.'");
            return NULL;
        }
        each = type == T_NUMBER ? legacy_index(p, each) : attr_of(p, each);
    }
    if (!each)
        return NULL;
    e->kid[1] = each;
    return hcl_done(p, e);
}

static lsqm_hcl_expr *after_dot(hcl_parser *p, lsqm_hcl_expr *object)
{
    hcl_read(p);
    switch (hcl_peek(p)) {
    case T_IDENT: return attr_of(p, object);
    case T_NUMBER: return legacy_index(p, object);
    case T_STAR: return attribute_splat(p, object);
    default:
        hcl_unexpected(p, "an attribute name after '.'");
        return NULL;
    }
}

static lsqm_hcl_expr *traversals(hcl_parser *p, lsqm_hcl_expr *e);

/* After "[*": everything that follows applies to each element. */
static lsqm_hcl_expr *full_splat(hcl_parser *p, lsqm_hcl_expr *object)
{
    lsqm_hcl_expr *e = node_over(p, LSQM_HCL_SPLAT, object);
    const hcl_token *star = hcl_read(p);
    if (!e || !hcl_expect(p, T_CBRACK, "']' after '[*'"))
        return NULL;
    return (e->kid[1] = hcl_node(p, LSQM_HCL_ITEM, star)) ? e : NULL;
}

static lsqm_hcl_expr *after_bracket(hcl_parser *p, lsqm_hcl_expr *object)
{
    int newlines = p->newlines;
    hcl_read(p);
    p->newlines = 0;
    lsqm_hcl_expr *e = NULL;
    if (hcl_peek(p) == T_STAR) {
        e = full_splat(p, object);
        p->newlines = newlines;
        if (!e || !hcl_enter(p) || !(e->kid[1] = traversals(p, e->kid[1])))
            return NULL;
        p->depth--;
        e->flag = 1;
        return hcl_done(p, e);
    }
    e = node_over(p, LSQM_HCL_INDEX, object);
    if (!e || !(e->kid[1] = hcl_expression(p)) || !hcl_expect(p, T_CBRACK, "']' after the index"))
        return NULL;
    p->newlines = newlines;
    return hcl_done(p, e);
}

static lsqm_hcl_expr *traversals(hcl_parser *p, lsqm_hcl_expr *e)
{
    while (e) {
        hcl_type type = hcl_peek(p);
        if (type == T_DOT)
            e = after_dot(p, e);
        else if (type == T_OBRACK)
            e = after_bracket(p, e);
        else
            break;
    }
    return e;
}

/* --- terms --------------------------------------------------------------------------------- */

static int is_number(lsqm_hcl_str s)
{
    size_t dots = 0, exponents = 0;
    for (size_t i = 0; i < s.len; i++) {
        dots += s.data[i] == '.';
        exponents += s.data[i] == 'e' || s.data[i] == 'E';
        if (s.data[i] == '.' && exponents)
            return 0;
        if (s.data[i] == '.' && (s.data[i + 1] < '0' || s.data[i + 1] > '9'))
            return 0;
    }
    return dots <= 1 && exponents <= 1;
}

static lsqm_hcl_expr *number(hcl_parser *p)
{
    const hcl_token *t = hcl_read(p);
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_NUMBER, t);
    if (!e)
        return NULL;
    e->name = hcl_slice(p, t);
    if (is_number(e->name))
        return e;
    hcl_fail(p->d, t->line, t->col, "'%.*s' is not a number",
             (int)(e->name.len < 40 ? e->name.len : 40), e->name.data);
    return NULL;
}

static lsqm_hcl_expr *call(hcl_parser *p, const hcl_token *name)
{
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_CALL, name);
    while (e && hcl_peek(p) == T_DCOLON) {
        hcl_read(p);
        if (!hcl_expect(p, T_IDENT, "a function name after '::'"))
            return NULL;
    }
    if (!e)
        return NULL;
    e->name = (lsqm_hcl_str){p->d->text + name->begin,
                             p->d->tokens[p->last].end - name->begin};
    if (hcl_peek(p) != T_OPAREN) {
        hcl_unexpected(p, "'(' after the function name");
        return NULL;
    }
    return hcl_arguments(p, e) ? hcl_done(p, e) : NULL;
}

static lsqm_hcl_expr *named(hcl_parser *p)
{
    static const struct {
        const char *word;
        lsqm_hcl_kind kind;
        int flag;
    } words[] = {{"true", LSQM_HCL_BOOL, 1}, {"false", LSQM_HCL_BOOL, 0},
                 {"null", LSQM_HCL_NULL, 0}};
    int word = -1;
    for (int i = 0; i < 3; i++)
        if (hcl_is_word(p, words[i].word))
            word = i;
    const hcl_token *t = hcl_read(p);
    hcl_type next = hcl_peek(p);
    if (next == T_OPAREN || next == T_DCOLON)
        return call(p, t);
    lsqm_hcl_expr *e = hcl_node(p, word < 0 ? LSQM_HCL_VAR : words[word].kind, t);
    if (e && word < 0)
        e->name = hcl_slice(p, t);
    else if (e)
        e->flag = words[word].flag;
    return e;
}

static lsqm_hcl_expr *parenthesised(hcl_parser *p)
{
    int newlines = p->newlines;
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_PAREN, hcl_read(p));
    p->newlines = 0;
    if (!e || !(e->kid[0] = hcl_expression(p)) || !hcl_expect(p, T_CPAREN, "')'"))
        return NULL;
    p->newlines = newlines;
    return hcl_done(p, e);
}

static lsqm_hcl_expr *operand(hcl_parser *p);

static lsqm_hcl_expr *unary(hcl_parser *p)
{
    const hcl_token *t = hcl_read(p);
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_UNARY, t);
    if (!e || !hcl_enter(p))
        return NULL;
    e->name = hcl_slice(p, t);
    e->kid[0] = operand(p);
    p->depth--;
    return e->kid[0] ? hcl_done(p, e) : NULL;
}

static lsqm_hcl_expr *term(hcl_parser *p)
{
    switch (hcl_peek(p)) {
    case T_OPAREN: return parenthesised(p);
    case T_NUMBER: return number(p);
    case T_IDENT: return named(p);
    case T_OQUOTE: case T_OHEREDOC: return hcl_template(p);
    case T_MINUS: case T_BANG: return unary(p);
    case T_OBRACK: case T_OBRACE: return hcl_collection(p);
    default:
        hcl_unexpected(p, "an expression");
        return NULL;
    }
}

static lsqm_hcl_expr *operand(hcl_parser *p)
{
    lsqm_hcl_expr *e = term(p);
    /* A sign belongs to the whole term behind it, which has taken its traversals already. */
    return e && e->kind != LSQM_HCL_UNARY ? traversals(p, e) : e;
}

/* --- operators ----------------------------------------------------------------------------- */

static int precedence(hcl_type type)
{
    switch (type) {
    case T_OR: return 1;
    case T_AND: return 2;
    case T_EQ: case T_NE: return 3;
    case T_LT: case T_LE: case T_GT: case T_GE: return 4;
    case T_PLUS: case T_MINUS: return 5;
    case T_STAR: case T_SLASH: case T_PERCENT: return 6;
    default: return 0;
    }
}

static lsqm_hcl_expr *binary(hcl_parser *p, int lowest)
{
    lsqm_hcl_expr *left = operand(p);
    int level;
    while (left && (level = precedence(hcl_peek(p))) >= lowest && level > 0) {
        lsqm_hcl_expr *e = node_over(p, LSQM_HCL_BINARY, left);
        if (!e)
            return NULL;
        e->name = hcl_slice(p, hcl_read(p));
        if (!(e->kid[1] = binary(p, level + 1)))
            return NULL;
        left = hcl_done(p, e);
    }
    return left;
}

static lsqm_hcl_expr *conditional(hcl_parser *p, lsqm_hcl_expr *test)
{
    lsqm_hcl_expr *e = node_over(p, LSQM_HCL_COND, test);
    hcl_read(p);
    if (!e || !(e->kid[1] = hcl_expression(p)))
        return NULL;
    if (!hcl_expect(p, T_COLON, "':' of the conditional"))
        return NULL;
    return (e->kid[2] = hcl_expression(p)) ? hcl_done(p, e) : NULL;
}

lsqm_hcl_expr *hcl_expression(hcl_parser *p)
{
    if (!hcl_enter(p))
        return NULL;
    lsqm_hcl_expr *e = binary(p, 1);
    if (e && hcl_peek(p) == T_QUESTION)
        e = conditional(p, e);
    p->depth--;
    return e;
}

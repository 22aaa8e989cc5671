/* SPDX-License-Identifier: Apache-2.0 */
/* HCL documents: arena, errors, token access, bodies and blocks. */
#include "hcl_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- arena and errors ---------------------------------------------------------------------- */

enum { CHUNK = 64 << 10 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    max_align_t data[];
};

void *hcl_alloc(lsqm_hcl *d, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    struct arena_chunk *c = d->chunks;
    if (!c || c->size - c->used < size) {
        size_t room = size > CHUNK ? size : CHUNK;
        c = calloc(1, sizeof *c + room);
        if (!c) {
            lsqm_error_set(d->err, LSQM_ENOMEM, "hcl parse", NULL);
            return NULL;
        }
        c->size = room;
        c->next = d->chunks;
        d->chunks = c;
    }
    void *p = (char *)c->data + c->used;
    c->used += size;
    return p;
}

static int fail_at(lsqm_hcl *d, int code, const int pos[2], const char *fmt, va_list ap)
{
    lsqm_error_vset(d->err, code, "hcl parse", fmt, ap);
    lsqm_error_at(d->err, d->file, pos[0], pos[1], d->text, d->len);
    return code;
}

int hcl_fail(lsqm_hcl *d, int line, int col, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail_at(d, LSQM_ESYNTAX, (int[]){line, col}, fmt, ap);
    va_end(ap);
    return LSQM_ESYNTAX;
}

int hcl_fail_limit(lsqm_hcl *d, int line, int col, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fail_at(d, LSQM_ELIMIT, (int[]){line, col}, fmt, ap);
    va_end(ap);
    return LSQM_ELIMIT;
}

/* --- tokens -------------------------------------------------------------------------------- */

static int ends_line(const hcl_parser *p, const hcl_token *t)
{
    return t->end > t->begin && p->d->text[t->end - 1] == '\n';
}

const hcl_token *hcl_next(hcl_parser *p)
{
    for (;; p->at++) {
        const hcl_token *t = &p->d->tokens[p->at];
        if (t->type == T_NEWLINE && !p->newlines)
            continue;
        if (t->type == T_COMMENT && !(p->newlines && ends_line(p, t)))
            continue;
        return t;
    }
}

hcl_type hcl_peek(hcl_parser *p)
{
    hcl_type type = hcl_next(p)->type;
    return type == T_COMMENT ? T_NEWLINE : type;
}

const hcl_token *hcl_read(hcl_parser *p)
{
    const hcl_token *t = hcl_next(p);
    p->last = p->at;
    if (t->type != T_EOF)
        p->at++;
    return t;
}

lsqm_hcl_str hcl_slice(hcl_parser *p, const hcl_token *t)
{
    return (lsqm_hcl_str){p->d->text + t->begin, t->end - t->begin};
}

int hcl_is_word(hcl_parser *p, const char *word)
{
    const hcl_token *t = hcl_next(p);
    size_t n = strlen(word);
    return t->type == T_IDENT && t->end - t->begin == n &&
           memcmp(p->d->text + t->begin, word, n) == 0;
}

int hcl_unexpected(hcl_parser *p, const char *what)
{
    const hcl_token *t = hcl_next(p);
    if (t->type == T_EOF)
        hcl_fail(p->d, t->line, t->col, "expected %s, found the end of the file", what);
    else if (t->type == T_NEWLINE || t->type == T_COMMENT)
        hcl_fail(p->d, t->line, t->col, "expected %s, found the end of the line", what);
    else if (t->type == T_OHEREDOC)
        hcl_fail(p->d, t->line, t->col, "expected %s, found a heredoc", what);
    else
        hcl_fail(p->d, t->line, t->col, "expected %s, found '%.*s'", what,
                 (int)(t->end - t->begin < 40 ? t->end - t->begin : 40), p->d->text + t->begin);
    return 0;
}

const hcl_token *hcl_expect(hcl_parser *p, hcl_type type, const char *what)
{
    if (hcl_peek(p) == type)
        return hcl_read(p);
    hcl_unexpected(p, what);
    return NULL;
}

int hcl_enter(hcl_parser *p)
{
    if (++p->depth <= LSQM_HCL_MAX_DEPTH)
        return 1;
    const hcl_token *t = hcl_next(p);
    hcl_fail_limit(p->d, t->line, t->col, "nested more than %d levels deep", LSQM_HCL_MAX_DEPTH);
    return 0;
}

/* --- bodies -------------------------------------------------------------------------------- */

static int parse_body(hcl_parser *p, lsqm_hcl_body *body, hcl_type end);

static lsqm_hcl_item *new_item(hcl_parser *p, const hcl_token *name)
{
    lsqm_hcl_item *item = hcl_alloc(p->d, sizeof *item);
    if (!item)
        return NULL;
    item->name = hcl_slice(p, name);
    item->line = name->line;
    item->col = name->col;
    item->begin = name->begin;
    return item;
}

static void end_item(hcl_parser *p, lsqm_hcl_item *item)
{
    item->end = p->d->tokens[p->last].end;
}

static int parse_attribute(hcl_parser *p, lsqm_hcl_item *item)
{
    hcl_read(p);
    hcl_next(p);
    item->token = (uint32_t)p->at;
    item->expr = hcl_expression(p);
    if (!item->expr)
        return 0;
    item->token_end = (uint32_t)p->last + 1;
    end_item(p, item);
    return 1;
}

/* A label is plain text: a template in it is an error. */
static int quoted_label(hcl_parser *p, lsqm_hcl_label *label)
{
    const hcl_token *open = hcl_next(p);
    lsqm_hcl_expr *e = hcl_template(p);
    if (!e)
        return 0;
    if (e->kind != LSQM_HCL_STRING) {
        hcl_fail(p->d, open->line, open->col, "a block label cannot contain a template");
        return 0;
    }
    label->value = e->name;
    return 1;
}

static int parse_labels(hcl_parser *p, lsqm_hcl_item *item)
{
    lsqm_hcl_label **tail = &item->labels;
    const size_t first = item->token_end;
    item->token = item->token_end = (uint32_t)p->at;
    for (;;) {
        hcl_type type = hcl_peek(p);
        if (type == T_OBRACE)
            return 1;
        if (type != T_OQUOTE && type != T_IDENT)
            return hcl_unexpected(p, item->labels ? "a block label or '{'"
                                                  : "'=', a block label or '{'");
        lsqm_hcl_label *label = hcl_alloc(p->d, sizeof *label);
        if (!label)
            return 0;
        label->line = hcl_next(p)->line;
        label->col = hcl_next(p)->col;
        if (type == T_IDENT)
            label->value = hcl_slice(p, hcl_read(p));
        else if (!quoted_label(p, label))
            return 0;
        *tail = label;
        tail = &label->next;
        item->token = (uint32_t)first; /* comments in front of labels go */
        item->token_end = (uint32_t)p->last + 1;
    }
}

/* "{ name = value }" on one line. */
static int parse_one_line(hcl_parser *p, lsqm_hcl_body *body)
{
    const hcl_token *name = hcl_expect(p, T_IDENT, "an argument name or '}'");
    if (!name || !(body->items = new_item(p, name)))
        return 0;
    if (hcl_peek(p) != T_EQUAL)
        return hcl_unexpected(p, "'=' (a block on one line can hold one argument only)");
    if (!parse_attribute(p, body->items))
        return 0;
    return hcl_expect(p, T_CBRACE, "'}' (a block on one line can hold one argument only)") != NULL;
}

static int parse_block(hcl_parser *p, lsqm_hcl_item *item)
{
    item->is_block = 1;
    if (!parse_labels(p, item) || !hcl_enter(p))
        return 0;
    hcl_read(p);
    hcl_type type = hcl_peek(p);
    int ok = type == T_NEWLINE || type == T_CBRACE || type == T_EOF
                 ? parse_body(p, &item->body, T_CBRACE)
                 : parse_one_line(p, &item->body);
    p->depth--;
    if (ok)
        end_item(p, item);
    return ok;
}

static int parse_item(hcl_parser *p, lsqm_hcl_item **out)
{
    const hcl_token *name = hcl_expect(p, T_IDENT, "an argument or block name");
    lsqm_hcl_item *item = name ? new_item(p, name) : NULL;
    if (!item)
        return 0;
    *out = item;
    item->token = item->token_end = (uint32_t)p->at;
    if (hcl_peek(p) == T_EQUAL ? !parse_attribute(p, item) : !parse_block(p, item))
        return 0;
    hcl_type type = hcl_peek(p);
    if (type == T_EOF)
        return 1;
    if (type != T_NEWLINE)
        return hcl_unexpected(p, item->is_block ? "a new line after the block"
                                                : "a new line after the argument");
    hcl_read(p);
    return 1;
}

static int by_name(const void *a, const void *b)
{
    const lsqm_hcl_item *x = *(lsqm_hcl_item *const *)a, *y = *(lsqm_hcl_item *const *)b;
    size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.data, y->name.data, n);
    if (order == 0 && x->name.len != y->name.len)
        order = x->name.len < y->name.len ? -1 : 1;
    return order ? order : x->begin < y->begin ? -1 : 1;
}

static const lsqm_hcl_item *first_repeat(lsqm_hcl_item **sorted, size_t count)
{
    const lsqm_hcl_item *found = NULL;
    for (size_t i = 1; i < count; i++) {
        lsqm_hcl_str a = sorted[i - 1]->name, b = sorted[i]->name;
        if (a.len == b.len && memcmp(a.data, b.data, a.len) == 0 &&
            (!found || sorted[i]->begin < found->begin))
            found = sorted[i];
    }
    return found;
}

static int check_repeats(hcl_parser *p, const lsqm_hcl_body *body)
{
    size_t count = 0, n = 0;
    for (const lsqm_hcl_item *i = body->items; i; i = i->next)
        count += !i->is_block;
    if (count < 2)
        return 1;
    lsqm_hcl_item **sorted = malloc(count * sizeof(lsqm_hcl_item *));
    if (!sorted) {
        lsqm_error_set(p->d->err, LSQM_ENOMEM, "hcl parse", NULL);
        return 0;
    }
    for (lsqm_hcl_item *i = body->items; i; i = i->next)
        if (!i->is_block)
            sorted[n++] = i;
    qsort(sorted, n, sizeof(lsqm_hcl_item *), by_name);
    const lsqm_hcl_item *bad = first_repeat(sorted, n);
    free(sorted);
    if (bad)
        hcl_fail(p->d, bad->line, bad->col, "argument '%.*s' is set twice in this block",
                 (int)(bad->name.len < 64 ? bad->name.len : 64), bad->name.data);
    return bad == NULL;
}

static int parse_body(hcl_parser *p, lsqm_hcl_body *body, hcl_type end)
{
    lsqm_hcl_item **tail = &body->items;
    for (;;) {
        hcl_type type = hcl_peek(p);
        if (type == T_NEWLINE) {
            hcl_read(p);
            continue;
        }
        if (type == end) {
            hcl_read(p);
            return check_repeats(p, body);
        }
        if (type != T_IDENT)
            return hcl_unexpected(p, end == T_EOF ? "an argument or block name"
                                                  : "an argument or block name, or '}'");
        if (!parse_item(p, tail))
            return 0;
        tail = &(*tail)->next;
    }
}

/* --- documents ----------------------------------------------------------------------------- */

static int load(lsqm_hcl *d, const char *text, size_t len, const char *file)
{
    char *copy = hcl_alloc(d, len + 1);
    if (!copy)
        return d->err->code;
    if (len)
        memcpy(copy, text, len);
    d->text = copy;
    d->len = len;
    d->file = file;
    int status = hcl_lex(d);
    hcl_parser p = {.d = d, .newlines = 1};
    if (status == LSQM_OK && !parse_body(&p, &d->root, T_EOF))
        status = d->err->code;
    return status;
}

int hcl_open(const char *text, size_t len, const char *file, lsqm_hcl **out, lsqm_error *err)
{
    *out = NULL;
    lsqm_error_clear(err);
    if (len > LSQM_HCL_MAX_BYTES) {
        lsqm_error_set(err, LSQM_ELIMIT, "hcl parse", "the text is longer than %d MiB",
                       LSQM_HCL_MAX_BYTES >> 20);
        lsqm_error_at(err, file, 0, 0, NULL, 0);
        return LSQM_ELIMIT;
    }
    lsqm_hcl *d = calloc(1, sizeof *d);
    if (!d)
        return lsqm_error_set(err, LSQM_ENOMEM, "hcl parse", NULL);
    d->err = err;
    int status = load(d, text, len, file);
    if (status != LSQM_OK) {
        lsqm_hcl_free(d);
        return status;
    }
    d->err = NULL;
    d->file = NULL;
    *out = d;
    return LSQM_OK;
}

int lsqm_hcl_parse(const char *text, size_t len, const char *file, lsqm_hcl **out,
                   lsqm_error *err)
{
    int status = hcl_open(text, len, file, out, err);
    if (status == LSQM_OK) {
        free((*out)->tokens);
        (*out)->tokens = NULL;
    }
    return status;
}

const lsqm_hcl_body *lsqm_hcl_root(const lsqm_hcl *doc)
{
    return &doc->root;
}

void lsqm_hcl_free(lsqm_hcl *doc)
{
    if (!doc)
        return;
    for (struct arena_chunk *c = doc->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(doc->tokens);
    free(doc);
}

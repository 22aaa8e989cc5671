/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `terraform fmt` changes besides spaces: "${x}" becomes x, old type constraints of variables
 * become new ones, block labels are quoted.
 */
#include "hcl_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer {
    lsqm_hcl *d;
    hcl_wtoken *out;
    size_t count, cap;
    size_t at; /* next source token */
    int failed;
} writer;

static void put(writer *w, hcl_type type, const char *text, size_t len)
{
    if (w->count == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : w->d->count + 64;
        hcl_wtoken *grown = realloc(w->out, cap * sizeof *grown);
        if (!grown) {
            w->failed = 1;
            return;
        }
        w->out = grown;
        w->cap = cap;
    }
    w->out[w->count++] = (hcl_wtoken){type, text, len, 0};
}

static void copy_until(writer *w, size_t end)
{
    for (; w->at < end; w->at++) {
        const hcl_token *t = &w->d->tokens[w->at];
        put(w, t->type, w->d->text + t->begin, t->end - t->begin);
    }
}

/* --- "${x}" -------------------------------------------------------------------------------- */

/* Is everything between the two delimiters one interpolation's inside? */
static int is_single(const hcl_token *t, size_t n)
{
    int quotes = 0;
    for (size_t i = 0; i < n; i++) {
        if (t[i].type == T_OQUOTE)
            quotes++;
        else if (t[i].type == T_CQUOTE)
            quotes--;
        else if (quotes <= 0 && (t[i].type == T_INTERP || t[i].type == T_SEQEND ||
                                 t[i].type == T_QLIT))
            return 0;
    }
    return 1;
}

static void value(writer *w, size_t begin, size_t end)
{
    const hcl_token *t = w->d->tokens;
    copy_until(w, begin);
    if (end - begin < 5 || t[begin].type != T_OQUOTE || t[begin + 1].type != T_INTERP ||
        t[end - 2].type != T_SEQEND || t[end - 1].type != T_CQUOTE ||
        !is_single(t + begin + 2, end - begin - 4))
        return;
    size_t first = begin + 2, last = end - 2;
    while (first < last && t[first].type == T_NEWLINE)
        first++;
    while (last > first && t[last - 1].type == T_NEWLINE)
        last--;
    int lines = 0;
    for (size_t i = first; i < last; i++)
        lines |= t[i].type == T_NEWLINE;
    int wrap = lines && !(t[first].type == T_OPAREN && t[last - 1].type == T_CPAREN);
    w->at = first;
    if (wrap)
        put(w, T_OPAREN, "(", 1);
    copy_until(w, last);
    if (wrap)
        put(w, T_CPAREN, ")", 1);
    w->at = end;
}

/* --- type constraints ---------------------------------------------------------------------- */

static void collection_type(writer *w, const char *name, const char *element)
{
    put(w, T_IDENT, name, strlen(name));
    if (!element)
        return;
    put(w, T_OPAREN, "(", 1);
    put(w, T_IDENT, element, strlen(element));
    put(w, T_CPAREN, ")", 1);
}

static void type_constraint(writer *w, size_t begin, size_t end)
{
    static const struct {
        int quoted;
        const char *from, *element;
    } rows[] = {{0, "list", "any"}, {0, "map", "any"}, {0, "set", "any"},
                {1, "string", NULL}, {1, "list", "string"}, {1, "map", "string"}};
    const hcl_token *t = w->d->tokens + begin;
    int quoted = end - begin == 3 && t[0].type == T_OQUOTE && t[1].type == T_QLIT;
    copy_until(w, begin);
    if (!quoted && (end - begin != 1 || t[0].type != T_IDENT))
        return;
    const hcl_token *name = t + quoted;
    size_t n = name->end - name->begin;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].quoted != quoted || strlen(rows[i].from) != n ||
            memcmp(rows[i].from, w->d->text + name->begin, n) != 0)
            continue;
        collection_type(w, rows[i].from, rows[i].element);
        w->at = end;
        return;
    }
}

/* --- labels -------------------------------------------------------------------------------- */

static size_t escape_rune(const char *s, size_t len, uint32_t c, char *out)
{
    static const char from[] = "\n\r\t\"\\", to[] = "nrt\"\\";
    const char *hit = c && c < 0x80 ? strchr(from, (int)c) : NULL;
    if (hit) {
        out[0] = '\\';
        out[1] = to[hit - from];
        return 2;
    }
    if ((c == '$' || c == '%') && len > 1 && s[1] == '{') {
        out[0] = out[1] = (char)c;
        return 2;
    }
    if (!hcl_is_printable(c))
        return (size_t)sprintf(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    return hcl_utf8_put(out, c);
}

static void label(writer *w, lsqm_hcl_str value_of)
{
    char *text = hcl_alloc(w->d, value_of.len * 10 + 1);
    size_t n = 0;
    if (!text) {
        w->failed = 1;
        return;
    }
    for (size_t i = 0; i < value_of.len;) {
        uint32_t c = 0xfffd;
        size_t width = hcl_utf8(value_of.data + i, value_of.len - i, &c);
        n += escape_rune(value_of.data + i, value_of.len - i, c, text + n);
        i += width ? width : 1;
    }
    put(w, T_OQUOTE, "\"", 1);
    if (n)
        put(w, T_QLIT, text, n);
    put(w, T_CQUOTE, "\"", 1);
}

static void body(writer *w, const lsqm_hcl_body *b, int in_variable)
{
    for (const lsqm_hcl_item *i = b->items; i; i = i->next) {
        if (!i->is_block) {
            int is_type = in_variable && i->name.len == 4 && memcmp(i->name.data, "type", 4) == 0;
            (is_type ? type_constraint : value)(w, i->token, i->token_end);
            continue;
        }
        copy_until(w, i->token);
        for (const lsqm_hcl_label *l = i->labels; l; l = l->next)
            label(w, l->value);
        w->at = i->token_end;
        int variable = b == &w->d->root && i->name.len == 8 &&
                       memcmp(i->name.data, "variable", 8) == 0;
        body(w, &i->body, variable);
    }
}

int hcl_rewrite(lsqm_hcl *d, hcl_wtoken **out, size_t *count)
{
    writer w = {.d = d};
    body(&w, &d->root, 0);
    copy_until(&w, d->count);
    /* Blanks at the very end belong to no line; they stay. */
    if (!w.failed && d->count > 1)
        w.out[w.count - 1].spaces = d->len - d->tokens[d->count - 2].end;
    else if (!w.failed)
        w.out[0].spaces = d->len;
    if (w.failed) {
        free(w.out);
        return LSQM_ENOMEM;
    }
    *out = w.out;
    *count = w.count;
    return LSQM_OK;
}

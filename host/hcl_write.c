/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formatter: only spaces change here. Tokens are cut into lines, each line into up to three
 * cells (lead, "= value", trailing comment); indentation follows brackets, cells of neighbouring
 * lines are aligned.
 */
#include "buffer.h"
#include "hcl_internal.h"

#include <stdlib.h>
#include <string.h>

/* Cells as token ranges: lead [begin, assign), value [assign, comment), comment [comment, end). */
typedef struct line {
    size_t begin, assign, comment, end;
} line;

typedef struct layout {
    hcl_wtoken *t;
    size_t count;
    line *lines;
    size_t line_count;
    int *open; /* brackets opened by each line that indents */
} layout;

static int bracket(hcl_type type)
{
    switch (type) {
    case T_OBRACE: case T_OBRACK: case T_OPAREN: case T_CONTROL: case T_INTERP: return 1;
    case T_CBRACE: case T_CBRACK: case T_CPAREN: case T_SEQEND: return -1;
    default: return 0;
    }
}

/* --- lines --------------------------------------------------------------------------------- */

static int ends_line(const hcl_wtoken *t)
{
    return t->type == T_NEWLINE ||
           (t->type == T_COMMENT && t->len > 0 && t->text[t->len - 1] == '\n');
}

static void cut_cells(const layout *l, line *x)
{
    x->comment = x->assign = x->end;
    if (x->end - x->begin > 1 && l->t[x->end - 1].type == T_COMMENT)
        x->comment = x->assign = x->end - 1;
    for (size_t i = x->begin + 1; i < x->comment; i++) {
        if (l->t[i].type != T_EQUAL)
            continue;
        int net = 0;
        for (size_t k = i; k < x->comment; k++)
            net += bracket(l->t[k].type);
        if (net == 0)
            x->assign = i;
        return;
    }
}

static int cut_lines(layout *l)
{
    size_t n = 1, begin = 0;
    for (size_t i = 0; i < l->count; i++)
        n += (size_t)ends_line(&l->t[i]);
    l->lines = calloc(n, sizeof *l->lines);
    l->open = calloc(n, sizeof *l->open);
    if (!l->lines || !l->open)
        return LSQM_ENOMEM;
    for (size_t i = 0; i < l->count; i++) {
        if (!ends_line(&l->t[i]) && i + 1 < l->count)
            continue;
        line *x = &l->lines[l->line_count++];
        x->begin = begin;
        x->end = begin = i + 1;
        cut_cells(l, x);
    }
    return LSQM_OK;
}

/* --- indentation --------------------------------------------------------------------------- */

static int net_of(const layout *l, size_t begin, size_t end)
{
    int net = 0;
    for (size_t i = begin; i < end; i++) {
        net += bracket(l->t[i].type);
        if (l->t[i].type == T_OHEREDOC)
            break;
    }
    return net;
}

static size_t close_brackets(layout *l, size_t depth, int closed)
{
    while (closed > 0 && depth > 0) {
        int *top = &l->open[depth - 1];
        if (closed < *top) {
            *top -= closed;
            break;
        }
        closed -= *top;
        depth--;
    }
    return depth;
}

static void indent(layout *l)
{
    size_t depth = 0;
    for (size_t i = 0; i < l->line_count; i++) {
        const line *x = &l->lines[i];
        hcl_wtoken *first = &l->t[x->begin];
        if (first->type == T_NEWLINE) {
            first->spaces = 0;
            continue;
        }
        int net = net_of(l, x->begin, x->assign) + net_of(l, x->assign, x->comment);
        if (net < 0)
            depth = close_brackets(l, depth, -net);
        first->spaces = 2 * depth;
        if (net > 0)
            l->open[depth++] = net;
    }
}

/* --- spaces within a cell ------------------------------------------------------------------ */

/* Is a minus behind such a token a sign? */
static int before_sign(hcl_type type)
{
    switch (type) {
    case T_EOF: case T_OPAREN: case T_OBRACE: case T_OBRACK: case T_EQUAL: case T_COLON:
    case T_COMMA: case T_QUESTION: case T_PLUS: case T_STAR: case T_SLASH: case T_PERCENT:
    case T_MINUS: case T_EQ: case T_NE: case T_LT: case T_LE: case T_GT: case T_GE: case T_AND:
    case T_OR: case T_BANG:
        return 1;
    default:
        return 0;
    }
}

/* Pairs that stay together whatever else is true of them. */
static int is_glued(hcl_type a, hcl_type b)
{
    if (b == T_NEWLINE || b == T_EOF || a == T_DOT || b == T_DOT)
        return 1;
    if (a == T_IDENT && (b == T_OPAREN || b == T_DCOLON))
        return 1;
    if (a == T_DCOLON && b == T_IDENT)
        return 1;
    return b == T_COMMA || b == T_ELLIPSIS;
}

static int is_template_text(hcl_type a, hcl_type b)
{
    return a == T_QLIT || a == T_SLIT || a == T_OQUOTE || a == T_OHEREDOC || b == T_QLIT ||
           b == T_SLIT || b == T_CQUOTE || b == T_CHEREDOC;
}

static int space_between_brackets(hcl_type a, hcl_type b)
{
    if (a == T_OBRACE || b == T_CBRACE)
        return !(a == T_OBRACE && b == T_CBRACE);
    if ((a == T_INTERP || a == T_CONTROL) && b == T_OBRACE)
        return 1;
    if (a == T_CBRACE && b == T_SEQEND)
        return 1;
    if (a == T_SEQEND && (b == T_INTERP || b == T_CONTROL))
        return 0;
    return bracket(a) <= 0 && bracket(b) >= 0;
}

/* `before` is the type of the token in front of `x` in its cell, T_EOF when there is none. */
static int space_after(hcl_type before, const hcl_wtoken *x, hcl_type b)
{
    hcl_type a = x->type;
    if (is_glued(a, b))
        return 0;
    if (a == T_COMMA)
        return 1;
    if (is_template_text(a, b))
        return 0;
    if (a == T_IDENT && x->len == 2 && memcmp(x->text, "in", 2) == 0 && before == T_IDENT)
        return 1;
    if (b == T_OBRACK && (a == T_IDENT || a == T_NUMBER || bracket(a) < 0))
        return 0;
    if (a == T_BANG)
        return 0;
    if (a == T_MINUS)
        return !before_sign(before);
    return space_between_brackets(a, b);
}

static void space_cell(layout *l, size_t begin, size_t end)
{
    for (size_t i = begin; i + 1 < end; i++) {
        hcl_type before = i > begin ? l->t[i - 1].type : T_EOF;
        l->t[i + 1].spaces = (size_t)space_after(before, &l->t[i], l->t[i + 1].type);
    }
}

/* --- columns ------------------------------------------------------------------------------- */

static size_t width(const layout *l, size_t begin, size_t end)
{
    size_t n = 0;
    for (size_t i = begin; i < end; i++)
        n += l->t[i].spaces + hcl_columns(l->t[i].text, l->t[i].len);
    return n;
}

/* Which cell is aligned, and where the text before it ends. */
static size_t cell_of(const line *x, int comments)
{
    return comments ? x->comment : x->assign;
}

static int has_cell(const line *x, int comments)
{
    return comments ? x->comment < x->end : x->assign < x->comment;
}

static void align_run(layout *l, size_t from, size_t to, int comments)
{
    size_t widest = 0;
    for (size_t i = from; i < to; i++) {
        const line *x = &l->lines[i];
        size_t n = width(l, x->begin, cell_of(x, comments));
        l->t[cell_of(x, comments)].spaces = n;
        if (n > widest)
            widest = n;
    }
    for (size_t i = from; i < to; i++) {
        hcl_wtoken *first = &l->t[cell_of(&l->lines[i], comments)];
        first->spaces = widest - first->spaces + 1;
    }
}

static void align(layout *l, int comments)
{
    size_t from = 0;
    for (size_t i = 0; i <= l->line_count; i++) {
        if (i < l->line_count && has_cell(&l->lines[i], comments))
            continue;
        align_run(l, from, i, comments);
        from = i + 1;
    }
}

static int lay_out(hcl_wtoken *t, size_t count)
{
    layout l = {.t = t, .count = count - 1}; /* the end of the file is not laid out */
    int status = cut_lines(&l);
    if (status == LSQM_OK) {
        indent(&l);
        for (size_t i = 0; i < l.line_count; i++) {
            space_cell(&l, l.lines[i].begin, l.lines[i].assign);
            space_cell(&l, l.lines[i].assign, l.lines[i].comment);
        }
        align(&l, 0);
        align(&l, 1);
    }
    free(l.lines);
    free(l.open);
    return status;
}

/* --- output -------------------------------------------------------------------------------- */

/* Aligned columns can make a hostile text grow by lines times width: that is refused. */
enum { MAX_OUTPUT = 4 * LSQM_HCL_MAX_BYTES };

static int write_out(const hcl_wtoken *t, size_t count, lsqm_buffer *b)
{
    static const char blanks[] = "                                ";
    for (size_t i = 0; i < count; i++) {
        if (b->len + t[i].spaces + t[i].len > MAX_OUTPUT)
            return LSQM_ELIMIT;
        for (size_t left = t[i].spaces; left > 0;) {
            size_t n = left < sizeof blanks - 1 ? left : sizeof blanks - 1;
            lsqm_buffer_add(b, blanks, n);
            left -= n;
        }
        lsqm_buffer_add(b, t[i].text, t[i].len);
    }
    lsqm_buffer_reserve(b, 1);
    return b->failed ? LSQM_ENOMEM : LSQM_OK;
}

int lsqm_hcl_format(const char *text, size_t len, const char *file, char **out, size_t *out_len,
                    lsqm_error *err)
{
    lsqm_hcl *d;
    hcl_wtoken *tokens = NULL;
    size_t count = 0;
    lsqm_buffer b = LSQM_BUFFER_INIT;
    int status = hcl_open(text, len, file, &d, err);
    if (status != LSQM_OK)
        return status;
    d->err = err;
    status = hcl_rewrite(d, &tokens, &count);
    if (status == LSQM_OK)
        status = lay_out(tokens, count);
    if (status == LSQM_OK)
        status = write_out(tokens, count, &b);
    if (status == LSQM_OK) {
        if (b.len == 0)
            lsqm_buffer_adds(&b, "");
        *out = lsqm_buffer_detach(&b, out_len);
        if (!*out && !(*out = calloc(1, 1)))
            status = LSQM_ENOMEM;
    }
    if (status != LSQM_OK)
        lsqm_error_set(err, status, "hcl format",
                       status == LSQM_ELIMIT ? "the formatted text is longer than %d MiB" : NULL,
                       MAX_OUTPUT >> 20);
    lsqm_buffer_free(&b);
    free(tokens);
    lsqm_hcl_free(d);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* HCL templates: quoted strings and heredocs, escapes, strip markers, indentation, directives. */
#include "hcl_internal.h"

#include <string.h>

typedef enum piece_kind {
    P_LITERAL, P_VALUE, P_IF, P_ELSE, P_ENDIF, P_FOR, P_ENDFOR, P_END,
} piece_kind;

typedef struct piece {
    piece_kind kind;
    const hcl_token *token;
    lsqm_hcl_str text;   /* of a literal */
    lsqm_hcl_expr *expr; /* of a value, an if (its test), a for */
    struct piece *next;
} piece;

/* --- literals ------------------------------------------------------------------------------ */

static int hex_value(const char *s, size_t digits, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++) {
        int c = s[i] | 0x20;
        int v = s[i] >= '0' && s[i] <= '9' ? s[i] - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (v < 0)
            return 0;
        *out = *out << 4 | (uint32_t)v;
    }
    return *out <= 0x10ffff && !(*out >= 0xd800 && *out < 0xe000);
}

/* At the character behind a backslash: bytes taken, 0 when it is no escape. */
static size_t unescape(const char *s, size_t len, char *out, size_t *n)
{
    static const char from[] = "nrt\"\\", to[] = "\n\r\t\"\\";
    const char *hit = s[0] ? strchr(from, s[0]) : NULL;
    if (hit) {
        out[(*n)++] = to[hit - from];
        return 1;
    }
    size_t digits = s[0] == 'u' ? 4 : s[0] == 'U' ? 8 : 0;
    uint32_t c;
    if (digits == 0 || len < digits + 1 || !hex_value(s + 1, digits, &c))
        return 0;
    *n += hcl_utf8_put(out + *n, c);
    return digits + 1;
}

/* Value of a literal token, escapes resolved. 0 on failure. */
static int decode(lsqm_hcl *d, const hcl_token *t, lsqm_hcl_str *out)
{
    const char *s = d->text + t->begin;
    size_t len = t->end - t->begin, n = 0;
    *out = (lsqm_hcl_str){s, len};
    if ((s[0] == '$' || s[0] == '%') && len >= 3) { /* "$${" stands for "${" */
        *out = (lsqm_hcl_str){s + 1, len - 1};
        return 1;
    }
    if (t->type != T_QLIT || !memchr(s, '\\', len))
        return 1;
    char *buffer = hcl_alloc(d, len);
    if (!buffer)
        return 0;
    for (size_t i = 0; i < len;) {
        if (s[i] != '\\') {
            buffer[n++] = s[i++];
            continue;
        }
        size_t took = unescape(s + i + 1, len - i - 1, buffer, &n);
        if (took == 0) {
            hcl_fail(d, t->line, t->col + (int)i,
                     "invalid escape, expected one of \\n \\r \\t \\\" \\\\ \\uNNNN \\UNNNNNNNN");
            return 0;
        }
        i += took + 1;
    }
    *out = (lsqm_hcl_str){buffer, n};
    return 1;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void trim_left(lsqm_hcl_str *s)
{
    while (s->len && is_space(s->data[0])) {
        s->data++;
        s->len--;
    }
}

static void trim_right(lsqm_hcl_str *s)
{
    while (s->len && is_space(s->data[s->len - 1]))
        s->len--;
}

/* --- pieces -------------------------------------------------------------------------------- */

static int read_control(hcl_parser *p, piece *x)
{
    static const struct {
        const char *word;
        piece_kind kind;
    } words[] = {{"if", P_IF}, {"else", P_ELSE}, {"endif", P_ENDIF}, {"for", P_FOR},
                 {"endfor", P_ENDFOR}};
    for (int i = 0; i < 5; i++) {
        if (!hcl_is_word(p, words[i].word))
            continue;
        x->kind = words[i].kind;
        if (x->kind == P_FOR) {
            x->expr = hcl_node(p, LSQM_HCL_LOOP, x->token);
            return x->expr && hcl_for_intro(p, x->expr);
        }
        hcl_read(p);
        if (x->kind == P_IF)
            return (x->expr = hcl_expression(p)) != NULL;
        return 1;
    }
    return hcl_unexpected(p, "'if', 'else', 'endif', 'for' or 'endfor'");
}

/* "${ … }" or "%{ … }"; *trim says whether the closing asks for the next literal's trimming. */
static int read_sequence(hcl_parser *p, piece *x, int *trim)
{
    int newlines = p->newlines;
    hcl_read(p);
    p->newlines = 0;
    x->kind = P_VALUE;
    int ok = x->token->type == T_CONTROL ? read_control(p, x)
                                         : (x->expr = hcl_expression(p)) != NULL;
    const hcl_token *end = ok ? hcl_expect(p, T_SEQEND, "'}' at the end of the template sequence")
                              : NULL;
    p->newlines = newlines;
    if (end)
        *trim = end->end - end->begin == 2;
    return end != NULL;
}

static int read_piece(hcl_parser *p, piece *x, piece *before, int *trim)
{
    int trimmed = *trim;
    *trim = 0;
    x->token = hcl_next(p);
    switch (x->token->type) {
    case T_QLIT: case T_SLIT:
        x->kind = P_LITERAL;
        hcl_read(p);
        if (!decode(p->d, x->token, &x->text))
            return 0;
        if (trimmed)
            trim_left(&x->text);
        return 1;
    case T_INTERP: case T_CONTROL:
        if (x->token->end - x->token->begin == 3 && before && before->kind == P_LITERAL)
            trim_right(&before->text);
        return read_sequence(p, x, trim);
    default: /* only the closing quote or marker can come here */
        x->kind = P_END;
        hcl_read(p);
        return 1;
    }
}

static piece *read_pieces(hcl_parser *p)
{
    piece *first = NULL, *before = NULL, **tail = &first;
    int trim = 0;
    for (;;) {
        piece *x = hcl_alloc(p->d, sizeof *x);
        if (!x || !read_piece(p, x, before, &trim))
            return NULL;
        *tail = x;
        tail = &x->next;
        if (x->kind == P_END)
            return first;
        before = x;
    }
}

/* --- "<<-": the smallest indentation is taken away ----------------------------------------- */

static size_t leading_spaces(lsqm_hcl_str s)
{
    lsqm_hcl_str rest = s;
    trim_left(&rest);
    if (rest.len == 0 && s.len && s.data[s.len - 1] == '\n')
        return SIZE_MAX; /* an empty line has no say */
    return s.len - rest.len;
}

static void unindent(piece *first)
{
    size_t least = SIZE_MAX;
    int start = 1;
    for (piece *x = first; x->kind != P_END; x = x->next) {
        size_t n = !start ? SIZE_MAX : x->kind == P_LITERAL ? leading_spaces(x->text) : 0;
        if (n < least)
            least = n;
        start = x->kind == P_LITERAL && x->text.len && x->text.data[x->text.len - 1] == '\n';
    }
    start = 1;
    for (piece *x = first; x->kind != P_END; x = x->next) {
        int next = x->kind == P_LITERAL && x->text.len && x->text.data[x->text.len - 1] == '\n';
        if (start && x->kind == P_LITERAL && leading_spaces(x->text) != SIZE_MAX) {
            x->text.data += least;
            x->text.len -= least;
        }
        start = next;
    }
}

/* --- the tree ------------------------------------------------------------------------------ */

static lsqm_hcl_expr *build(hcl_parser *p, piece **at, const hcl_token *open);

/* Neighbouring literals as one string; NULL also when nothing is left of them (*ok stays). */
static lsqm_hcl_expr *join_literals(hcl_parser *p, piece **at, int *ok)
{
    size_t len = 0, n = 0;
    piece *first = *at, *end = first;
    for (; end->kind == P_LITERAL; end = end->next)
        len += end->text.len;
    *at = end;
    if (len == 0)
        return NULL;
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_STRING, first->token);
    char *text = e ? hcl_alloc(p->d, len) : NULL;
    if (!text) {
        *ok = 0;
        return NULL;
    }
    for (piece *x = first; x != end; x = x->next) {
        if (x->text.len)
            memcpy(text + n, x->text.data, x->text.len);
        n += x->text.len;
        e->end = x->token->end;
    }
    e->name = (lsqm_hcl_str){text, len};
    return e;
}

static int close_directive(hcl_parser *p, piece **at, piece_kind kind, const piece *open)
{
    if ((*at)->kind == kind) {
        *at = (*at)->next;
        return 1;
    }
    const char *want = kind == P_ENDIF ? "%{ endif }" : "%{ endfor }";
    if ((*at)->kind == P_END)
        hcl_fail(p->d, open->token->line, open->token->col,
                 "directive is not closed, expected \"%s\" before the template ends", want);
    else
        hcl_fail(p->d, (*at)->token->line, (*at)->token->col, "expected \"%s\" here", want);
    return 0;
}

static lsqm_hcl_expr *build_if(hcl_parser *p, piece **at)
{
    piece *open = *at;
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_IF, open->token);
    *at = open->next;
    if (!e)
        return NULL;
    e->kid[0] = open->expr;
    if (!(e->kid[1] = build(p, at, open->token)))
        return NULL;
    if ((*at)->kind == P_ELSE) {
        const hcl_token *token = (*at)->token;
        *at = (*at)->next;
        if (!(e->kid[2] = build(p, at, token)))
            return NULL;
    }
    return close_directive(p, at, P_ENDIF, open) ? hcl_done(p, e) : NULL;
}

static lsqm_hcl_expr *build_for(hcl_parser *p, piece **at)
{
    piece *open = *at;
    lsqm_hcl_expr *e = open->expr;
    *at = open->next;
    if (!(e->kid[1] = build(p, at, open->token)))
        return NULL;
    return close_directive(p, at, P_ENDFOR, open) ? hcl_done(p, e) : NULL;
}

/* Until a piece that ends this level. */
static lsqm_hcl_expr *build(hcl_parser *p, piece **at, const hcl_token *open)
{
    lsqm_hcl_expr *e = hcl_node(p, LSQM_HCL_TEMPLATE, open);
    lsqm_hcl_expr **tail = e ? &e->list : NULL;
    int ok = e && hcl_enter(p);
    while (ok) {
        piece *x = *at;
        lsqm_hcl_expr *part = NULL;
        if (x->kind == P_LITERAL) {
            part = join_literals(p, at, &ok);
        } else if (x->kind == P_VALUE) {
            part = x->expr;
            *at = x->next;
        } else if (x->kind == P_IF || x->kind == P_FOR) {
            part = x->kind == P_IF ? build_if(p, at) : build_for(p, at);
            ok = part != NULL;
        } else {
            break;
        }
        if (part) {
            *tail = part;
            tail = &part->next;
        }
    }
    p->depth--;
    return ok ? hcl_done(p, e) : NULL;
}

static int is_plain(const piece *x)
{
    while (x->kind == P_LITERAL)
        x = x->next;
    return x->kind == P_END;
}

lsqm_hcl_expr *hcl_template(hcl_parser *p)
{
    const hcl_token *open = hcl_read(p);
    piece *pieces = hcl_enter(p) ? read_pieces(p) : NULL;
    p->depth--;
    if (!pieces)
        return NULL;
    if (open->type == T_OHEREDOC && p->d->text[open->begin + 2] == '-')
        unindent(pieces);
    int plain = is_plain(pieces);
    lsqm_hcl_expr *e = build(p, &pieces, open);
    if (e && pieces->kind != P_END) {
        hcl_fail(p->d, pieces->token->line, pieces->token->col,
                 "this directive closes nothing that is open");
        return NULL;
    }
    if (e && plain) {
        e->kind = LSQM_HCL_STRING;
        e->name = e->list ? e->list->name : (lsqm_hcl_str){"", 0};
        e->list = NULL;
        e->height = 1;
    }
    return e;
}

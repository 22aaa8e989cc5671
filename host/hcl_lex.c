/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HCL scanner: one pass, an explicit stack of modes for templates within expressions within
 * templates. Literals are cut into the same tokens as Terraform's scanner cuts them (one per line
 * of a heredoc, "$" and "%" alone), because trimming and formatting go by token.
 */
#include "hcl_internal.h"

#include <stdlib.h>
#include <string.h>

enum { MODE_NORMAL, MODE_INTERP, MODE_QUOTE, MODE_HEREDOC, MAX_MODES = 2 * LSQM_HCL_MAX_DEPTH };

typedef struct mode {
    int kind;
    int braces;          /* open braces within a normal or interpolation mode */
    uint32_t marker, marker_len;
    int line_start;      /* a heredoc's end marker may come here */
    int line, col;       /* of the opening token */
} mode;

typedef struct lexer {
    lsqm_hcl *d;
    const char *s;
    size_t len, at;
    int line;
    size_t line_at; /* offset of the line's first byte */
    int top;
    mode modes[MAX_MODES];
} lexer;

static int col_of(const lexer *x, size_t at)
{
    return (int)(at - x->line_at) + 1;
}

static int at_byte(const lexer *x, size_t at)
{
    return at < x->len ? (unsigned char)x->s[at] : -1;
}

/* Takes n bytes as one token, counting the lines in it. */
static int emit(lexer *x, hcl_type type, size_t n)
{
    lsqm_hcl *d = x->d;
    if (d->count == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 256;
        hcl_token *grown = realloc(d->tokens, cap * sizeof *grown);
        if (!grown)
            return lsqm_error_set(d->err, LSQM_ENOMEM, "hcl parse", NULL);
        d->tokens = grown;
        d->cap = cap;
    }
    hcl_token *t = &d->tokens[d->count++];
    *t = (hcl_token){type, (uint32_t)x->at, (uint32_t)(x->at + n), x->line, col_of(x, x->at)};
    const char *nl, *p = x->s + x->at, *end = p + n;
    while (p < end && (nl = memchr(p, '\n', (size_t)(end - p)))) {
        x->line++;
        p = nl + 1;
        x->line_at = (size_t)(p - x->s);
    }
    x->at += n;
    return LSQM_OK;
}

static int push(lexer *x, int kind)
{
    int col = col_of(x, x->at);
    if (x->top + 1 >= MAX_MODES)
        return hcl_fail_limit(x->d, x->line, col, "templates are nested too deeply");
    x->modes[++x->top] = (mode){kind, 0, 0, 0, 1, x->line, col};
    return LSQM_OK;
}

static int bad_byte(lexer *x)
{
    uint32_t c = 0;
    size_t n = hcl_utf8(x->s + x->at, x->len - x->at, &c);
    int col = col_of(x, x->at);
    if (n == 0)
        return hcl_fail(x->d, x->line, col, "the text is not valid UTF-8 here");
    if (c < 0x20 || c == 0x7f)
        return hcl_fail(x->d, x->line, col, "unexpected control character 0x%02x", (unsigned)c);
    return hcl_fail(x->d, x->line, col, "unexpected character '%.*s'", (int)n, x->s + x->at);
}

/* --- expressions --------------------------------------------------------------------------- */

static size_t ident_length(const lexer *x, size_t at)
{
    size_t start = at;
    while (at < x->len) {
        uint32_t c = 0;
        size_t n = hcl_utf8(x->s + at, x->len - at, &c);
        if (n == 0 || !hcl_is_ident(c, at == start))
            break;
        at += n;
    }
    return at - start;
}

static int is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* Dots may repeat ("1.2.3" is one, bad, number) but never end it: "1..." is 1 and an ellipsis. */
static size_t number_length(const lexer *x)
{
    size_t at = x->at + 1, end = at;
    for (;;) {
        int c = at_byte(x, at);
        if (is_digit(c)) {
            end = ++at;
        } else if (c == '.') {
            at++;
        } else if (c == 'e' || c == 'E') {
            int sign = at_byte(x, at + 1);
            size_t skip = sign == '+' || sign == '-' ? 2 : 1;
            if (!is_digit(at_byte(x, at + skip)))
                break;
            end = at += skip + 1;
        } else {
            break;
        }
    }
    return end - x->at;
}

static int lex_comment(lexer *x)
{
    const char *p = x->s + x->at;
    size_t left = x->len - x->at;
    if (p[0] == '/' && p[1] == '*') {
        const char *end = left > 2 ? memmem(p + 2, left - 2, "*/", 2) : NULL;
        if (!end)
            return hcl_fail(x->d, x->line, col_of(x, x->at),
                            "comment is not closed, expected \"*/\"");
        return emit(x, T_COMMENT, (size_t)(end - p) + 2);
    }
    const char *nl = memchr(p, '\n', left);
    return emit(x, T_COMMENT, nl ? (size_t)(nl - p) + 1 : left);
}

/* Length of a heredoc's opening including its newline; 0 when this is none. */
static size_t heredoc_opening(lexer *x, size_t *marker, size_t *marker_len)
{
    size_t at = x->at + 2;
    if (at_byte(x, at) == '-')
        at++;
    *marker = at;
    *marker_len = ident_length(x, at);
    at += *marker_len;
    if (at_byte(x, at) == '\r')
        at++;
    return *marker_len && at_byte(x, at) == '\n' ? at + 1 - x->at : 0;
}

static int lex_heredoc_start(lexer *x, size_t n, size_t marker, size_t marker_len)
{
    if (push(x, MODE_HEREDOC))
        return LSQM_ELIMIT;
    x->modes[x->top].marker = (uint32_t)marker;
    x->modes[x->top].marker_len = (uint32_t)marker_len;
    return emit(x, T_OHEREDOC, n);
}

static int lex_brace_end(lexer *x, size_t n)
{
    mode *m = &x->modes[x->top];
    if (m->kind == MODE_INTERP && m->braces == 0) {
        x->top--;
        return emit(x, T_SEQEND, n);
    }
    m->braces--;
    return emit(x, T_CBRACE, 1);
}

static const struct {
    const char *text;
    hcl_type type;
} symbols[] = {
    {"...", T_ELLIPSIS}, {"==", T_EQ}, {"!=", T_NE}, {"<=", T_LE}, {">=", T_GE}, {"&&", T_AND},
    {"||", T_OR}, {"::", T_DCOLON}, {"=>", T_ARROW}, {"[", T_OBRACK}, {"]", T_CBRACK},
    {"(", T_OPAREN}, {")", T_CPAREN}, {".", T_DOT}, {",", T_COMMA}, {":", T_COLON},
    {"?", T_QUESTION}, {"=", T_EQUAL}, {"*", T_STAR}, {"/", T_SLASH}, {"%", T_PERCENT},
    {"+", T_PLUS}, {"-", T_MINUS}, {"!", T_BANG}, {"<", T_LT}, {">", T_GT},
};

static int lex_symbol(lexer *x)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        size_t n = strlen(symbols[i].text);
        if (x->len - x->at >= n && memcmp(x->s + x->at, symbols[i].text, n) == 0)
            return emit(x, symbols[i].type, n);
    }
    return bad_byte(x);
}

static int lex_open(lexer *x, int c)
{
    size_t marker, marker_len, n;
    if (c == '"') {
        if (push(x, MODE_QUOTE))
            return LSQM_ELIMIT;
        return emit(x, T_OQUOTE, 1);
    }
    if (c == '{') {
        x->modes[x->top].braces++;
        return emit(x, T_OBRACE, 1);
    }
    if (c == '<' && at_byte(x, x->at + 1) == '<' &&
        (n = heredoc_opening(x, &marker, &marker_len)) > 0)
        return lex_heredoc_start(x, n, marker, marker_len);
    return lex_symbol(x);
}

static int lex_normal(lexer *x)
{
    int c = at_byte(x, x->at), after = at_byte(x, x->at + 1);
    const mode *m = &x->modes[x->top];
    size_t n;
    if (c == ' ' || c == '\t') {
        x->at++;
        return LSQM_OK;
    }
    if (c == '\n' || (c == '\r' && after == '\n'))
        return emit(x, T_NEWLINE, c == '\n' ? 1 : 2);
    if (c == '#' || (c == '/' && (after == '/' || after == '*')))
        return lex_comment(x);
    if (is_digit(c))
        return emit(x, T_NUMBER, number_length(x));
    if (c == '}')
        return lex_brace_end(x, 1);
    if (c == '~' && after == '}' && m->kind == MODE_INTERP && m->braces == 0)
        return lex_brace_end(x, 2);
    if ((n = ident_length(x, x->at)) > 0)
        return emit(x, T_IDENT, n);
    return lex_open(x, c);
}

/* --- templates ----------------------------------------------------------------------------- */

/* At "$" or "%": an opening, an escaped opening, or the character itself. */
static int lex_marker(lexer *x, hcl_type literal)
{
    int c = at_byte(x, x->at);
    int one = at_byte(x, x->at + 1), two = at_byte(x, x->at + 2);
    if (one == c && two == '{')
        return emit(x, literal, at_byte(x, x->at + 3) == '~' ? 4 : 3);
    if (one != '{')
        return emit(x, literal, 1);
    if (push(x, MODE_INTERP))
        return LSQM_ELIMIT;
    return emit(x, c == '$' ? T_INTERP : T_CONTROL, two == '~' ? 3 : 2);
}

static int not_closed(lexer *x, const char *what)
{
    const mode *m = &x->modes[x->top];
    return hcl_fail(x->d, m->line, m->col, "%s", what);
}

static int lex_quote(lexer *x)
{
    size_t n = 0;
    int c = at_byte(x, x->at);
    if (c == '"') {
        x->top--;
        return emit(x, T_CQUOTE, 1);
    }
    if (c == '$' || c == '%')
        return lex_marker(x, T_QLIT);
    while ((c = at_byte(x, x->at + n)) >= 0 && !strchr("\"$%\r\n", c ? c : 1)) {
        uint32_t rune;
        if (c == '\\')
            n++;
        c = at_byte(x, x->at + n);
        if (c < 0 || c == '\n' || c == '\r')
            return not_closed(x, "string is not closed before the end of its line");
        size_t width = hcl_utf8(x->s + x->at + n, x->len - x->at - n, &rune);
        if (width == 0) {
            x->at += n;
            return bad_byte(x);
        }
        n += width;
    }
    if (n == 0)
        return not_closed(x, "string is not closed before the end of its line");
    return emit(x, T_QLIT, n);
}

static int is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int is_end_marker(const lexer *x, const mode *m, size_t end)
{
    size_t from = x->at;
    while (from < end && is_space(at_byte(x, from)))
        from++;
    while (end > from && is_space(at_byte(x, end - 1)))
        end--;
    return end - from == m->marker_len && memcmp(x->s + from, x->s + m->marker, end - from) == 0;
}

static int check_utf8(lexer *x, size_t n)
{
    for (size_t at = x->at; at < x->at + n;) {
        uint32_t c;
        size_t width = hcl_utf8(x->s + at, x->len - at, &c);
        if (width == 0 || (c == '\r' && at_byte(x, at + 1) != '\n')) {
            x->at = at;
            return bad_byte(x);
        }
        at += width;
    }
    return LSQM_OK;
}

static int lex_heredoc(lexer *x)
{
    mode *m = &x->modes[x->top];
    size_t n = 0;
    int c = at_byte(x, x->at);
    if (c == '$' || c == '%') {
        m->line_start = 0;
        return lex_marker(x, T_SLIT);
    }
    while ((c = at_byte(x, x->at + n)) >= 0 && c != '\n' && c != '$' && c != '%')
        n++;
    if (c != '\n') {
        m->line_start = 0;
        return check_utf8(x, n) ? LSQM_ESYNTAX : emit(x, T_SLIT, n);
    }
    if (m->line_start && is_end_marker(x, m, x->at + n)) {
        x->top--;
        return emit(x, T_CHEREDOC, n > 0 && x->s[x->at + n - 1] == '\r' ? n - 1 : n);
    }
    m->line_start = 1;
    return check_utf8(x, n) ? LSQM_ESYNTAX : emit(x, T_SLIT, n + 1);
}

static int at_end(lexer *x)
{
    const mode *m = &x->modes[x->top];
    if (m->kind == MODE_QUOTE)
        return not_closed(x, "string is not closed before the end of the file");
    if (m->kind == MODE_HEREDOC)
        return hcl_fail(x->d, m->line, m->col,
                        "heredoc is not closed, expected a line with only \"%.*s\"",
                        (int)(m->marker_len < 64 ? m->marker_len : 64), x->s + m->marker);
    return emit(x, T_EOF, 0);
}

static int lex_one(lexer *x)
{
    switch (x->modes[x->top].kind) {
    case MODE_QUOTE: return lex_quote(x);
    case MODE_HEREDOC: return lex_heredoc(x);
    default: return lex_normal(x);
    }
}

int hcl_lex(lsqm_hcl *d)
{
    lexer *x = calloc(1, sizeof *x);
    if (!x)
        return lsqm_error_set(d->err, LSQM_ENOMEM, "hcl parse", NULL);
    x->d = d;
    x->s = d->text;
    x->len = d->len;
    x->line = 1;
    if (x->len >= 3 && memcmp(x->s, "\xef\xbb\xbf", 3) == 0)
        x->at = x->line_at = 3;
    int status = LSQM_OK;
    while (status == LSQM_OK && x->at < x->len)
        status = lex_one(x);
    if (status == LSQM_OK)
        status = at_end(x);
    free(x);
    return status;
}

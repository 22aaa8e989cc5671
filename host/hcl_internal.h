/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the HCL units only: tokens, arena, parser state. */
#ifndef LSQM_HCL_INTERNAL_H
#define LSQM_HCL_INTERNAL_H

#include "hcl.h"

typedef enum hcl_type {
    T_EOF, T_NEWLINE, T_COMMENT, T_IDENT, T_NUMBER,
    T_OQUOTE, T_CQUOTE, T_QLIT, T_OHEREDOC, T_CHEREDOC, T_SLIT,
    T_INTERP, T_CONTROL, T_SEQEND,
    T_OBRACE, T_CBRACE, T_OBRACK, T_CBRACK, T_OPAREN, T_CPAREN,
    T_DOT, T_COMMA, T_ELLIPSIS, T_COLON, T_DCOLON, T_QUESTION, T_EQUAL, T_ARROW,
    T_STAR, T_SLASH, T_PERCENT, T_PLUS, T_MINUS, T_BANG,
    T_EQ, T_NE, T_LT, T_LE, T_GT, T_GE, T_AND, T_OR,
} hcl_type;

typedef struct hcl_token {
    hcl_type type;
    uint32_t begin, end;
    int line, col;
} hcl_token;

struct arena_chunk;

struct lsqm_hcl {
    struct arena_chunk *chunks;
    const char *text;
    size_t len;
    const char *file;
    hcl_token *tokens; /* ends with T_EOF */
    size_t count, cap;
    lsqm_hcl_body root;
    lsqm_error *err; /* the caller's, while parsing */
};

/* Zeroed memory that lives as long as the document; NULL sets the error. */
void *hcl_alloc(lsqm_hcl *d, size_t size);
/* Reports at a position; returns LSQM_ESYNTAX. */
int hcl_fail(lsqm_hcl *d, int line, int col, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
int hcl_fail_limit(lsqm_hcl *d, int line, int col, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same parse with the tokens kept, for the formatter. */
int hcl_open(const char *text, size_t len, const char *file, lsqm_hcl **out, lsqm_error *err);

/* hcl_lex.c: fills d->tokens. */
int hcl_lex(lsqm_hcl *d);

/* hcl_unicode.c */
size_t hcl_utf8(const char *s, size_t len, uint32_t *c); /* bytes taken, 0 = broken */
size_t hcl_utf8_put(char *out, uint32_t c);
int hcl_is_ident(uint32_t c, int first);
int hcl_is_printable(uint32_t c);
size_t hcl_columns(const char *s, size_t len); /* as terraform fmt counts them */

/* --- the parser ---------------------------------------------------------------------------- */

typedef struct hcl_parser {
    lsqm_hcl *d;
    size_t at;     /* next token */
    int newlines;  /* newlines separate here (bodies, objects) */
    int depth;
    size_t last;   /* last token read */
} hcl_parser;

/* The next token that counts here; a line comment counts as its newline. */
hcl_type hcl_peek(hcl_parser *p);
const hcl_token *hcl_next(hcl_parser *p); /* the same token, not read */
const hcl_token *hcl_read(hcl_parser *p);
int hcl_is_word(hcl_parser *p, const char *word);
/* Both report "expected …, found …" and return NULL / 0. */
const hcl_token *hcl_expect(hcl_parser *p, hcl_type type, const char *what);
int hcl_unexpected(hcl_parser *p, const char *what);
/* 0 and an error when nested too deeply; pairs with p->depth--. */
int hcl_enter(hcl_parser *p);
lsqm_hcl_str hcl_slice(hcl_parser *p, const hcl_token *t);

lsqm_hcl_expr *hcl_node(hcl_parser *p, lsqm_hcl_kind kind, const hcl_token *at);
/* Sets end and height once the children are there; NULL when the tree grew too high. */
lsqm_hcl_expr *hcl_done(hcl_parser *p, lsqm_hcl_expr *e);

lsqm_hcl_expr *hcl_expression(hcl_parser *p);              /* hcl_expr.c */
lsqm_hcl_expr *hcl_collection(hcl_parser *p);              /* hcl_coll.c: […], {…} */
int hcl_arguments(hcl_parser *p, lsqm_hcl_expr *call);     /* hcl_coll.c */
/* Names and collection of "for k, v in c :"; without the colon for a directive. */
int hcl_for_intro(hcl_parser *p, lsqm_hcl_expr *e);        /* hcl_coll.c */
lsqm_hcl_expr *hcl_template(hcl_parser *p);                /* hcl_template.c: "…", <<… */

/* --- the formatter ------------------------------------------------------------------------- */

typedef struct hcl_wtoken {
    hcl_type type;
    const char *text;
    size_t len;
    size_t spaces; /* before it */
} hcl_wtoken;

/* hcl_rewrite.c: the document's tokens with Terraform's rewrites applied; *out is the caller's to
 * free(), its texts belong to the document. Needs a document of hcl_open. */
int hcl_rewrite(lsqm_hcl *d, hcl_wtoken **out, size_t *count);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* From libfyaml's events to a tree. See yaml.h. */
#include "yaml.h"

#include "yaml_scalar.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORE_PREFIX "tag:yaml.org,2002:"

enum { CHUNK = 32 * 1024, MAX_ANCHORS = 10000 };

static const char op[] = "yaml";

/* --- memory: chunks that are freed together ------------------------------------------------ */

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t data[];
} chunk;

struct lsqm_yaml {
    chunk *chunks;
    lsqm_yaml_node *root;
};

static void *take(lsqm_yaml *doc, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    chunk *c = doc->chunks;
    if (!c || c->size - c->used < size) {
        size_t room = size > CHUNK ? size : CHUNK;
        c = malloc(sizeof *c + room);
        if (!c)
            return NULL;
        *c = (chunk){doc->chunks, 0, room};
        doc->chunks = c;
    }
    void *p = (char *)c->data + c->used;
    c->used += size;
    memset(p, 0, size);
    return p;
}

static char *take_text(lsqm_yaml *doc, const char *text, size_t len)
{
    char *copy = take(doc, len + 1);
    if (copy && len)
        memcpy(copy, text, len);
    return copy;
}

const lsqm_yaml_node *lsqm_yaml_root(const lsqm_yaml *doc)
{
    return doc->root;
}

void lsqm_yaml_free(lsqm_yaml *doc)
{
    if (!doc)
        return;
    for (chunk *c = doc->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(doc);
}

/* --- the builder --------------------------------------------------------------------------- */

typedef struct frame {
    lsqm_yaml_node *node;
    size_t start;       /* its children are pending[start…] */
    const char *anchor; /* known to aliases once the node has ended */
} frame;

typedef struct anchor {
    const char *name;
    lsqm_yaml_node *node;
} anchor;

typedef struct builder {
    lsqm_yaml *doc;
    const lsqm_yaml_options *o;
    const char *text;
    size_t len;
    lsqm_yaml_node **pending;
    size_t count, cap;
    frame *frames;
    size_t depth, frame_cap;
    anchor *anchors;
    size_t anchor_count, anchor_cap;
    size_t alias_nodes;
    size_t documents;
    int line, col; /* of the last token that had a position */
    lsqm_error *err;
} builder;

static size_t limit_of(size_t given, size_t standard)
{
    return given ? given : standard;
}

static int fail_at(builder *b, int code, int line, int col, const char *message)
{
    lsqm_error_set(b->err, code, op, "%s", message);
    lsqm_error_at(b->err, b->o->file, line, col, b->text, b->len);
    return code;
}

static int fail_memory(builder *b)
{
    return lsqm_error_set(b->err, LSQM_ENOMEM, op, NULL);
}

/* Makes room for one more item of `size` bytes in a growing array; NULL when memory is gone. */
static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 64;
    void *grown = realloc(items, more * size);
    if (grown)
        *cap = more;
    return grown;
}

static int push_pending(builder *b, lsqm_yaml_node *n)
{
    void *grown = grow(b->pending, b->count, &b->cap, sizeof *b->pending);
    if (!grown)
        return fail_memory(b);
    b->pending = grown;
    b->pending[b->count++] = n;
    return LSQM_OK;
}

static int add_anchor(builder *b, const char *name, lsqm_yaml_node *node)
{
    if (!name)
        return LSQM_OK;
    if (b->anchor_count >= MAX_ANCHORS)
        return fail_at(b, LSQM_ELIMIT, node->line, node->col, "more than 10000 anchors");
    void *grown = grow(b->anchors, b->anchor_count, &b->anchor_cap, sizeof *b->anchors);
    if (!grown)
        return fail_memory(b);
    b->anchors = grown;
    b->anchors[b->anchor_count++] = (anchor){name, node};
    return LSQM_OK;
}

static void note_position(builder *b, struct fy_event *event)
{
    struct fy_token *tag = fy_event_get_tag_token(event);
    const struct fy_mark *mark = tag ? fy_token_start_mark(tag) : fy_event_start_mark(event);
    if (!mark)
        return;
    b->line = mark->line + 1;
    b->col = mark->column + 1;
}

/* NUL-terminated copy of a token's text; NULL without a token (or without memory). */
static const char *token_text(builder *b, struct fy_token *token)
{
    size_t len = 0;
    const char *text = token ? fy_token_get_text(token, &len) : NULL;
    return text ? take_text(b->doc, text, len) : NULL;
}

static lsqm_yaml_node *new_node(builder *b, lsqm_yaml_type type, struct fy_event *event)
{
    lsqm_yaml_node *n = take(b->doc, sizeof *n);
    if (!n)
        return NULL;
    n->type = type;
    n->line = b->line;
    n->col = b->col;
    n->weight = 1;
    n->tag = token_text(b, fy_event_get_tag_token(event));
    return n;
}

/* --- scalars ------------------------------------------------------------------------------- */

/* Applies and removes a core tag; other tags stay, their scalars are strings. */
static int resolve_scalar(builder *b, lsqm_yaml_node *n, enum fy_scalar_style style)
{
    size_t prefix = sizeof CORE_PREFIX - 1;
    n->type = LSQM_YAML_STRING;
    if (!n->tag) {
        if (style == FYSS_PLAIN)
            lsqm_yaml_resolve(n, b->o->yaml11);
        return LSQM_OK;
    }
    if (strcmp(n->tag, "!") == 0) {
        n->tag = NULL;
        return LSQM_OK;
    }
    if (strncmp(n->tag, CORE_PREFIX, prefix) != 0)
        return LSQM_OK;
    int rc = lsqm_yaml_resolve_as(n, n->tag + prefix);
    if (rc == LSQM_OK)
        n->tag = NULL;
    if (rc == LSQM_EINVAL)
        return fail_at(b, LSQM_ESYNTAX, n->line, n->col, "the value does not fit its tag");
    return LSQM_OK;
}

static int on_scalar(builder *b, struct fy_event *event)
{
    size_t len = 0;
    const char *text = fy_token_get_text(event->scalar.value, &len);
    lsqm_yaml_node *n = new_node(b, LSQM_YAML_STRING, event);
    if (!n)
        return fail_memory(b);
    n->text = take_text(b->doc, text ? text : "", text ? len : 0);
    if (!n->text)
        return fail_memory(b);
    n->len = text ? len : 0;
    int rc = resolve_scalar(b, n, fy_token_scalar_style(event->scalar.value));
    if (rc == LSQM_OK)
        rc = add_anchor(b, token_text(b, event->scalar.anchor), n);
    return rc == LSQM_OK ? push_pending(b, n) : rc;
}

static int on_alias(builder *b, struct fy_event *event)
{
    const char *name = token_text(b, event->alias.anchor);
    if (!name)
        return fail_memory(b);
    for (size_t i = b->anchor_count; i-- > 0;) {
        lsqm_yaml_node *target = b->anchors[i].node;
        if (strcmp(b->anchors[i].name, name) != 0)
            continue;
        b->alias_nodes += target->weight;
        size_t limit = limit_of(b->o->max_alias_nodes, 100000);
        if (b->alias_nodes <= limit)
            return push_pending(b, target);
        char message[96];
        snprintf(message, sizeof message, "aliases expand to more than %zu nodes", limit);
        return fail_at(b, LSQM_ELIMIT, b->line, b->col, message);
    }
    char message[128];
    snprintf(message, sizeof message, "no finished anchor \"%.80s\" for this alias", name);
    return fail_at(b, LSQM_ESYNTAX, b->line, b->col, message);
}

/* --- lists and maps ------------------------------------------------------------------------ */

static int on_open(builder *b, struct fy_event *event, lsqm_yaml_type type)
{
    size_t limit = limit_of(b->o->max_depth, 128);
    if (b->depth >= limit) {
        char message[64];
        snprintf(message, sizeof message, "nested deeper than %zu levels", limit);
        return fail_at(b, LSQM_ELIMIT, b->line, b->col, message);
    }
    lsqm_yaml_node *n = new_node(b, type, event);
    void *grown = grow(b->frames, b->depth, &b->frame_cap, sizeof *b->frames);
    if (!n || !grown)
        return fail_memory(b);
    /* !!map, !!seq, !!set, !!omap and "!" say nothing that the shape does not say */
    if (n->tag && (strncmp(n->tag, CORE_PREFIX, sizeof CORE_PREFIX - 1) == 0 || !n->tag[1]))
        n->tag = NULL;
    b->frames = grown;
    b->frames[b->depth++] = (frame){n, b->count, token_text(b, fy_event_get_anchor_token(event))};
    return LSQM_OK;
}

typedef struct ref {
    const lsqm_yaml_node *key, *value;
    size_t index;
    int merged;
} ref;

static int compare_keys(const ref *a, const ref *b)
{
    size_t len = a->key->len < b->key->len ? a->key->len : b->key->len;
    int order = memcmp(a->key->text, b->key->text, len);
    if (order != 0 || a->key->len == b->key->len)
        return order;
    return a->key->len < b->key->len ? -1 : 1;
}

static int by_key(const void *x, const void *y)
{
    const ref *a = x, *b = y;
    int order = compare_keys(a, b);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_index(const void *x, const void *y)
{
    const ref *a = x, *b = y;
    return (a->index > b->index) - (a->index < b->index);
}

typedef struct refs {
    ref *items;
    size_t count, cap;
} refs;

static int add_ref(builder *b, refs *r, lsqm_yaml_pair pair, int merged)
{
    void *grown = grow(r->items, r->count, &r->cap, sizeof *r->items);
    if (!grown)
        return fail_memory(b);
    r->items = grown;
    r->items[r->count] = (ref){pair.key, pair.value, r->count, merged};
    r->count++;
    return LSQM_OK;
}

static int add_merged_map(builder *b, refs *r, const lsqm_yaml_node *source)
{
    int rc = LSQM_OK;
    if (source->type != LSQM_YAML_MAP)
        return fail_at(b, LSQM_ESYNTAX, source->line, source->col,
                       "<< merges mappings, or a list of mappings");
    for (size_t i = 0; rc == LSQM_OK && i < source->len; i++)
        rc = add_ref(b, r, source->pairs[i], 1);
    return rc;
}

static int add_merges(builder *b, refs *r, const lsqm_yaml_node *source)
{
    int rc = LSQM_OK;
    if (source->type != LSQM_YAML_LIST)
        return add_merged_map(b, r, source);
    for (size_t i = 0; rc == LSQM_OK && i < source->len; i++)
        rc = add_merged_map(b, r, source->items[i]);
    return rc;
}

static int is_merge_key(const lsqm_yaml_node *key)
{
    return key->type == LSQM_YAML_STRING && key->len == 2 && memcmp(key->text, "<<", 2) == 0;
}

/* The frame's own pairs first, then what << brings in. */
static int collect(builder *b, const frame *f, refs *r)
{
    int rc = LSQM_OK;
    for (size_t i = f->start; rc == LSQM_OK && i + 1 < b->count; i += 2) {
        const lsqm_yaml_node *key = b->pending[i];
        if (key->type == LSQM_YAML_LIST || key->type == LSQM_YAML_MAP)
            return fail_at(b, LSQM_ESYNTAX, key->line, key->col, "a key must be a scalar");
        if (!is_merge_key(key))
            rc = add_ref(b, r, (lsqm_yaml_pair){key, b->pending[i + 1]}, 0);
    }
    for (size_t i = f->start; rc == LSQM_OK && i + 1 < b->count; i += 2)
        if (is_merge_key(b->pending[i]))
            rc = add_merges(b, r, b->pending[i + 1]);
    return rc;
}

static int fail_duplicate(builder *b, const ref *first, const ref *again)
{
    char message[160];
    snprintf(message, sizeof message, "duplicate key \"%.80s\" (first on line %d)",
             again->key->text, first->key->line);
    return fail_at(b, LSQM_ESYNTAX, again->key->line, again->key->col, message);
}

/* Keeps the first of equal keys when the later one is merged; own duplicates are an error. */
static int drop_doubles(builder *b, refs *r)
{
    size_t kept = 0;
    if (r->count)
        qsort(r->items, r->count, sizeof *r->items, by_key);
    for (size_t i = 0; i < r->count; i++) {
        if (kept && compare_keys(&r->items[kept - 1], &r->items[i]) == 0) {
            if (!r->items[i].merged)
                return fail_duplicate(b, &r->items[kept - 1], &r->items[i]);
            continue;
        }
        r->items[kept++] = r->items[i];
    }
    r->count = kept;
    if (kept)
        qsort(r->items, kept, sizeof *r->items, by_index);
    return LSQM_OK;
}

static int close_map(builder *b, const frame *f)
{
    refs r = {0};
    lsqm_yaml_node *n = f->node;
    int rc = collect(b, f, &r);
    if (rc == LSQM_OK)
        rc = drop_doubles(b, &r);
    if (rc == LSQM_OK) {
        n->pairs = take(b->doc, r.count * sizeof *n->pairs + 1);
        rc = n->pairs ? LSQM_OK : fail_memory(b);
    }
    for (size_t i = 0; rc == LSQM_OK && i < r.count; i++) {
        n->pairs[i] = (lsqm_yaml_pair){r.items[i].key, r.items[i].value};
        n->weight += 1 + r.items[i].value->weight;
    }
    n->len = rc == LSQM_OK ? r.count : 0;
    free(r.items);
    return rc;
}

static int close_list(builder *b, const frame *f)
{
    lsqm_yaml_node *n = f->node;
    n->len = b->count - f->start;
    n->items = take(b->doc, n->len * sizeof *n->items + 1);
    if (!n->items)
        return fail_memory(b);
    for (size_t i = 0; i < n->len; i++) {
        n->items[i] = b->pending[f->start + i];
        n->weight += n->items[i]->weight;
    }
    return LSQM_OK;
}

static int on_close(builder *b)
{
    frame f = b->frames[--b->depth];
    int rc = f.node->type == LSQM_YAML_MAP ? close_map(b, &f) : close_list(b, &f);
    b->count = f.start;
    if (rc == LSQM_OK)
        rc = add_anchor(b, f.anchor, f.node);
    return rc == LSQM_OK ? push_pending(b, f.node) : rc;
}

/* --- events -------------------------------------------------------------------------------- */

static int on_document(builder *b)
{
    b->anchor_count = 0;
    if (b->documents++ && !b->o->multi)
        return fail_at(b, LSQM_ESYNTAX, b->line, b->col, "a second document begins here");
    return LSQM_OK;
}

static int on_event(builder *b, struct fy_event *event)
{
    note_position(b, event);
    switch (event->type) {
    case FYET_DOCUMENT_START: return on_document(b);
    case FYET_SCALAR: return on_scalar(b, event);
    case FYET_ALIAS: return on_alias(b, event);
    case FYET_MAPPING_START: return on_open(b, event, LSQM_YAML_MAP);
    case FYET_SEQUENCE_START: return on_open(b, event, LSQM_YAML_LIST);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END: return on_close(b);
    default: return LSQM_OK;
    }
}

/* libfyaml's first complaint becomes the error. */
static int fail_parser(builder *b, struct fy_diag *diag)
{
    void *iterator = NULL;
    struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iterator);
    if (!e || !e->msg)
        return fail_at(b, LSQM_ESYNTAX, b->line, b->col, "not valid YAML");
    return fail_at(b, LSQM_ESYNTAX, e->line, e->column, e->msg);
}

static void swallow(struct fy_diag *diag, void *user, const char *text, size_t len)
{
    (void)diag, (void)user, (void)text, (void)len;
}

static struct fy_diag *quiet_diag(void)
{
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = swallow;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag)
        fy_diag_set_collect_errors(diag, true);
    return diag;
}

static int run_parser(builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
    struct fy_event *event;
    int rc = LSQM_OK;
    if (fy_parser_set_string(parser, b->text, b->len) != 0)
        return fail_memory(b);
    while (rc == LSQM_OK && (event = fy_parser_parse(parser)) != NULL) {
        rc = on_event(b, event);
        fy_parser_event_free(parser, event);
    }
    if (rc == LSQM_OK && (fy_parser_get_stream_error(parser) || fy_diag_got_error(diag)))
        rc = fail_parser(b, diag);
    return rc;
}

/* What is pending after the last event becomes the root. */
static int set_root(builder *b)
{
    lsqm_yaml_node *root = b->o->multi || b->count == 0 ? take(b->doc, sizeof *root) : NULL;
    if ((b->o->multi || b->count == 0) && !root)
        return fail_memory(b);
    b->doc->root = root ? root : b->pending[0];
    if (!root)
        return LSQM_OK;
    root->line = root->col = 1;
    root->weight = 1;
    root->text = "";
    root->type = b->o->multi ? LSQM_YAML_LIST : LSQM_YAML_NULL;
    return b->o->multi ? close_list(b, &(frame){root, 0, NULL}) : LSQM_OK;
}

static int build(builder *b)
{
    struct fy_diag *diag = quiet_diag();
    struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_DEPTH_LIMIT |
                 FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_SLOPPY_FLOW_INDENTATION,
        .diag = diag,
    };
    struct fy_parser *parser = diag ? fy_parser_create(&cfg) : NULL;
    int rc = parser ? run_parser(b, parser, diag) : fail_memory(b);
    if (rc == LSQM_OK)
        rc = set_root(b);
    if (parser)
        fy_parser_destroy(parser);
    if (diag)
        fy_diag_destroy(diag);
    free(b->pending);
    free(b->frames);
    free(b->anchors);
    return rc;
}

/* libfyaml's time for a directive grows with the square of its length. */
#define MAX_DIRECTIVE 1024

static int check_directives(builder *b)
{
    int line = 1;
    for (size_t begin = 0, at = 0; at < b->len; begin = ++at) {
        while (at < b->len && b->text[at] != '\n' && b->text[at] != '\r')
            at++;
        if (b->text[begin] == '%' && at - begin > MAX_DIRECTIVE)
            return fail_at(b, LSQM_ELIMIT, line, 1, "a directive of more than 1024 bytes");
        line += at < b->len && b->text[at] == '\n';
    }
    return LSQM_OK;
}

static int check_input(builder *b)
{
    size_t limit = limit_of(b->o->max_bytes, (size_t)16 << 20);
    if (b->len > limit) {
        lsqm_error_set(b->err, LSQM_ELIMIT, op, "%zu bytes are more than the limit of %zu", b->len,
                       limit);
        lsqm_error_at(b->err, b->o->file, 0, 0, NULL, 0);
        return LSQM_ELIMIT;
    }
    size_t good = lsqm_yaml_utf8_prefix(b->text, b->len);
    if (good == b->len)
        return check_directives(b);
    int line = 1, col = 1;
    for (size_t i = 0; i < good; i++) {
        col = b->text[i] == '\n' ? 1 : col + 1;
        line += b->text[i] == '\n';
    }
    char message[64];
    snprintf(message, sizeof message, "byte 0x%02x is not UTF-8", (unsigned char)b->text[good]);
    return fail_at(b, LSQM_ESYNTAX, line, col, message);
}

int lsqm_yaml_parse(const char *text, size_t len, const lsqm_yaml_options *options,
                    lsqm_yaml **out, lsqm_error *err)
{
    static const lsqm_yaml_options plain = {0};
    builder b = {.o = options ? options : &plain, .text = text, .len = len, .err = err,
                 .line = 1, .col = 1};
    *out = NULL;
    lsqm_error_clear(err);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        b.text += 3;
        b.len -= 3;
    }
    int rc = check_input(&b);
    if (rc != LSQM_OK)
        return rc;
    b.doc = calloc(1, sizeof *b.doc);
    if (!b.doc)
        return fail_memory(&b);
    rc = build(&b);
    if (rc == LSQM_OK)
        *out = b.doc;
    else
        lsqm_yaml_free(b.doc);
    return rc;
}

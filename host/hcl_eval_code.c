/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator's functions on numbers, addresses, paths, encodings and digests. */
#include "hcl_eval_internal.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- conversions and numbers --------------------------------------------------------------- */

static hcl_val f_same(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)e;
    (void)n;
    return args[0];
}

static hcl_val f_tonumber(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return hcl_to_number(e, args[0]);
}

static hcl_val f_tobool(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return hcl_to_bool(e, args[0]);
}

static hcl_val rounded(lsqm_hcl_eval *e, hcl_val v, double (*how)(double))
{
    v = hcl_to_number(e, v);
    return v->kind == LSQM_HCL_V_NUMBER ? hcl_number(e, how(v->number)) : v;
}

static hcl_val f_abs(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return rounded(e, args[0], fabs);
}

static hcl_val f_ceil(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return rounded(e, args[0], ceil);
}

static hcl_val f_floor(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return rounded(e, args[0], floor);
}

static hcl_val f_pow(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    hcl_val x = hcl_to_number(e, args[0]), y = hcl_to_number(e, args[1]);
    if (x->kind != LSQM_HCL_V_NUMBER || y->kind != LSQM_HCL_V_NUMBER)
        return hcl_error(e, "pow needs numbers");
    double result = pow(x->number, y->number);
    return isfinite(result) ? hcl_number(e, result) : hcl_unknown();
}

static hcl_val f_parseint(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    char text[32], *end;
    hcl_val v = hcl_to_text(e, args[0]), base = hcl_to_number(e, args[1]);
    if (v->kind != LSQM_HCL_V_STRING || base->kind != LSQM_HCL_V_NUMBER || base->number < 2 ||
        base->number > 36)
        return hcl_error(e, "parseint needs a string and a base of 2 to 36");
    if (v->text.len == 0 || v->text.len > 10) /* exact as a double in every base */
        return v->text.len ? hcl_unknown() : hcl_error(e, "no number");
    memcpy(text, v->text.data, v->text.len);
    text[v->text.len] = '\0';
    long long value = strtoll(text, &end, (int)base->number);
    int prefixed = base->number < 17 && strpbrk(text, "xX");
    return *end || prefixed || strpbrk(text, " +") ? hcl_error(e, "no number")
                                                   : hcl_number(e, (double)value);
}

/* --- addresses (IPv4) ---------------------------------------------------------------------- */

/* "10.0.0.0/16"; 0 when it is something else (IPv6 is not evaluated). */
static int read_cidr(hcl_val v, uint32_t *address, int *bits)
{
    char text[32], rest;
    unsigned b[4];
    if (v->kind != LSQM_HCL_V_STRING || v->text.len >= sizeof text)
        return 0;
    memcpy(text, v->text.data, v->text.len);
    text[v->text.len] = '\0';
    if (sscanf(text, "%3u.%3u.%3u.%3u/%2d%c", &b[0], &b[1], &b[2], &b[3], bits, &rest) != 5)
        return 0;
    *address = 0;
    for (int i = 0; i < 4; i++) {
        if (b[i] > 255)
            return 0;
        *address = *address << 8 | b[i];
    }
    if (*bits < 0 || *bits > 32)
        return 0;
    *address &= *bits ? UINT32_MAX << (32 - *bits) : 0;
    return 1;
}

static hcl_val put_address(lsqm_hcl_eval *e, uint32_t a, int bits)
{
    char text[48], tail[16] = "";
    if (bits >= 0)
        snprintf(tail, sizeof tail, "/%d", bits);
    int len = snprintf(text, sizeof text, "%u.%u.%u.%u%s", a >> 24, a >> 16 & 255, a >> 8 & 255,
                       a & 255, tail);
    return hcl_text(e, text, (size_t)len);
}

static hcl_val f_cidrsubnet(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    uint32_t base;
    int bits;
    hcl_val more = hcl_to_number(e, args[1]), number = hcl_to_number(e, args[2]);
    if (more->kind != LSQM_HCL_V_NUMBER || number->kind != LSQM_HCL_V_NUMBER)
        return hcl_error(e, "cidrsubnet needs numbers");
    if (!read_cidr(args[0], &base, &bits))
        return hcl_unknown();
    double total = bits + more->number;
    if (more->number < 0 || total > 32 || number->number < 0 ||
        number->number >= ldexp(1, (int)more->number))
        return hcl_error(e, "cidrsubnet out of range");
    uint32_t at = total > 0 ? (uint32_t)number->number << (32 - (int)total) % 32 : 0;
    return put_address(e, base | at, (int)total);
}

static hcl_val f_cidrhost(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    uint32_t base;
    int bits;
    hcl_val number = hcl_to_number(e, args[1]);
    if (number->kind != LSQM_HCL_V_NUMBER || !read_cidr(args[0], &base, &bits))
        return hcl_unknown();
    double room = ldexp(1, 32 - bits), at = number->number;
    if (at >= room || at < -room)
        return hcl_error(e, "cidrhost out of range");
    return put_address(e, base + (uint32_t)(at < 0 ? at + room : at), -1);
}

static hcl_val f_cidrnetmask(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    uint32_t base;
    int bits;
    if (!read_cidr(args[0], &base, &bits))
        return hcl_error(e, "not an IPv4 range");
    return put_address(e, bits ? UINT32_MAX << (32 - bits) : 0, -1);
}

/* --- paths --------------------------------------------------------------------------------- */

static hcl_val path_part(lsqm_hcl_eval *e, hcl_val v, int base)
{
    if (v->kind != LSQM_HCL_V_STRING)
        return hcl_error(e, "a path is a string");
    lsqm_hcl_str s = v->text;
    while (s.len > 1 && s.data[s.len - 1] == '/')
        s.len--;
    size_t cut = s.len;
    while (cut > 0 && s.data[cut - 1] != '/')
        cut--;
    if (base)
        return hcl_text(e, s.data + cut, s.len - cut);
    return cut > 1 ? hcl_text(e, s.data, cut - 1) : hcl_text(e, cut ? "/" : ".", 1);
}

static hcl_val f_basename(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return path_part(e, args[0], 1);
}

static hcl_val f_dirname(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return path_part(e, args[0], 0);
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void put_json_text(hcl_builder *b, lsqm_hcl_str s)
{
    hcl_put(b, "\"", 1);
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        char out[8];
        const char *names = "\"\\\n\r\t", *short_names = "\"\\nrt";
        const char *hit = c ? strchr(names, c) : NULL;
        int len = 1;
        out[0] = (char)c;
        if (hit)
            len = snprintf(out, sizeof out, "\\%c", short_names[hit - names]);
        else if (c < 0x20 || c == '<' || c == '>' || c == '&')
            len = snprintf(out, sizeof out, "\\u%04x", c);
        hcl_put(b, out, (size_t)len);
    }
    hcl_put(b, "\"", 1);
}

static void put_json(hcl_builder *b, hcl_val v)
{
    int map = v->kind == LSQM_HCL_V_MAP;
    switch (v->kind) {
    case LSQM_HCL_V_BOOL: hcl_put(b, v->flag ? "true" : "false", v->flag ? 4 : 5); return;
    case LSQM_HCL_V_NUMBER: hcl_put_number(b, v->number); return;
    case LSQM_HCL_V_STRING: put_json_text(b, v->text); return;
    case LSQM_HCL_V_LIST:
    case LSQM_HCL_V_MAP: break;
    default: hcl_put(b, "null", 4); return;
    }
    hcl_put(b, map ? "{" : "[", 1);
    for (hcl_val item = v->first; item; item = item->next) {
        if (map) {
            put_json_text(b, item->key);
            hcl_put(b, ":", 1);
        }
        put_json(b, item);
        hcl_put(b, ",", item->next != NULL);
    }
    hcl_put(b, map ? "}" : "]", 1);
}

static hcl_val f_jsonencode(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    hcl_builder b = {.e = e};
    if (!hcl_is_known(args[0]))
        return hcl_unknown();
    put_json(&b, args[0]);
    return hcl_built(&b);
}

/* --- base64 and digests -------------------------------------------------------------------- */

static hcl_val base64(lsqm_hcl_eval *e, const unsigned char *data, size_t len)
{
    if (len > LSQM_HCL_MAX_TEXT / 2)
        return hcl_unknown();
    char *out = hcl_eval_alloc(e, (len + 2) / 3 * 4 + 1);
    if (!out)
        return hcl_unknown();
    return hcl_text(e, out, (size_t)EVP_EncodeBlock((unsigned char *)out, data, (int)len));
}

static hcl_val f_base64encode(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    hcl_val v = hcl_to_text(e, args[0]);
    if (v->kind != LSQM_HCL_V_STRING)
        return hcl_error(e, "a string is required");
    return base64(e, (const unsigned char *)v->text.data, v->text.len);
}

static hcl_val digest(lsqm_hcl_eval *e, hcl_val v, const EVP_MD *kind, int hex)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char text[EVP_MAX_MD_SIZE * 2 + 1];
    unsigned len = 0;
    v = hcl_to_text(e, v);
    if (v->kind != LSQM_HCL_V_STRING)
        return hcl_error(e, "a string is required");
    if (!EVP_Digest(v->text.data, v->text.len, sum, &len, kind, NULL))
        return hcl_unknown();
    if (!hex)
        return base64(e, sum, len);
    for (unsigned i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    return hcl_text(e, text, 2 * len);
}

static hcl_val f_md5(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return digest(e, args[0], EVP_md5(), 1);
}

static hcl_val f_sha1(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return digest(e, args[0], EVP_sha1(), 1);
}

static hcl_val f_sha256(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return digest(e, args[0], EVP_sha256(), 1);
}

static hcl_val f_sha512(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return digest(e, args[0], EVP_sha512(), 1);
}

static hcl_val f_b64sha256(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return digest(e, args[0], EVP_sha256(), 0);
}

static hcl_val f_b64sha512(lsqm_hcl_eval *e, hcl_val *args, int n)
{
    (void)n;
    return digest(e, args[0], EVP_sha512(), 0);
}

const hcl_function_entry hcl_code_functions[] = {
    {"abs", 1, 1, f_abs},               {"base64encode", 1, 1, f_base64encode},
    {"base64sha256", 1, 1, f_b64sha256}, {"base64sha512", 1, 1, f_b64sha512},
    {"basename", 1, 1, f_basename},     {"ceil", 1, 1, f_ceil},
    {"cidrhost", 2, 2, f_cidrhost},     {"cidrnetmask", 1, 1, f_cidrnetmask},
    {"cidrsubnet", 3, 3, f_cidrsubnet}, {"dirname", 1, 1, f_dirname},
    {"floor", 1, 1, f_floor},           {"jsonencode", 1, 1, f_jsonencode},
    {"md5", 1, 1, f_md5},               {"nonsensitive", 1, 1, f_same},
    {"parseint", 2, 2, f_parseint},     {"pow", 2, 2, f_pow},
    {"sensitive", 1, 1, f_same},
    {"sha1", 1, 1, f_sha1},             {"sha256", 1, 1, f_sha256},
    {"sha512", 1, 1, f_sha512},         {"tobool", 1, 1, f_tobool},
    {"tonumber", 1, 1, f_tonumber},     {NULL, 0, 0, NULL},
};

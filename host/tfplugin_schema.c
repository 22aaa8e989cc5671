/* SPDX-License-Identifier: Apache-2.0 */
#include "tfplugin_schema.h"

#include <stdint.h>
#include <string.h>

#define PREFIX 5 /* of a gRPC message: a flag "compressed", then the length, big-endian */

/* Protocol buffers' wire types. */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/* Of GetProviderSchema.Response: maps from a name to a schema. */
enum { RESOURCE_SCHEMAS = 2, DATA_SOURCE_SCHEMAS = 3, EPHEMERAL_RESOURCE_SCHEMAS = 8 };

/* Of a map's entry. */
enum { ENTRY_KEY = 1 };

typedef struct reader {
    const unsigned char *at, *end;
} reader;

typedef struct field {
    uint64_t number;
    const unsigned char *bytes; /* NULL unless the wire type is WIRE_BYTES */
    size_t len;
} field;

static int read_varint(reader *r, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        unsigned char byte = *r->at++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return 1;
    }
    return 0;
}

static int skip(reader *r, uint64_t len)
{
    if (len > (uint64_t)(r->end - r->at))
        return 0;
    r->at += len;
    return 1;
}

static int read_field(reader *r, field *f)
{
    uint64_t key, value;
    if (!read_varint(r, &key))
        return 0;
    *f = (field){key >> 3, NULL, 0};
    switch (key & 7) {
    case WIRE_VARINT:
        return read_varint(r, &value);
    case WIRE_FIXED64:
        return skip(r, 8);
    case WIRE_FIXED32:
        return skip(r, 4);
    case WIRE_BYTES:
        if (!read_varint(r, &value) || !skip(r, value))
            return 0;
        f->bytes = r->at - value;
        f->len = (size_t)value;
        return 1;
    default:
        return 0;
    }
}

static int is_named(const field *key, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == key->len && memcmp(*names, key->bytes, key->len) == 0)
            return 1;
    return 0;
}

/* An entry whose first field is not its key is kept. */
static int is_wanted(const field *f, const char *const *names)
{
    if (!f->bytes || (f->number != RESOURCE_SCHEMAS && f->number != DATA_SOURCE_SCHEMAS &&
                      f->number != EPHEMERAL_RESOURCE_SCHEMAS))
        return 1;
    reader entry = {f->bytes, f->bytes + f->len};
    field key;
    if (!read_field(&entry, &key) || key.number != ENTRY_KEY || !key.bytes)
        return 1;
    return is_named(&key, names);
}

static int copy_wanted(reader *r, const char *const *names, lsqm_buffer *out)
{
    while (r->at < r->end) {
        const unsigned char *begin = r->at;
        field f;
        if (!read_field(r, &f))
            return LSQM_EINVAL;
        if (is_wanted(&f, names) &&
            lsqm_buffer_add(out, begin, (size_t)(r->at - begin)) != LSQM_OK)
            return LSQM_ENOMEM;
    }
    return LSQM_OK;
}

static uint32_t read_length(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void write_length(char *at, size_t len)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(len >> (24 - 8 * i) & 0xff);
}

int lsqm_tfplugin_trim_schema(const char *body, size_t len, const char *const *names,
                              lsqm_buffer *out)
{
    const unsigned char *bytes = (const unsigned char *)body;
    if (len < PREFIX || bytes[0] != 0 || read_length(bytes + 1) != len - PREFIX)
        return LSQM_EINVAL;
    size_t before = out->len;
    reader r = {bytes + PREFIX, bytes + len};
    int rc = lsqm_buffer_add(out, body, PREFIX);
    if (rc == LSQM_OK)
        rc = copy_wanted(&r, names, out);
    if (rc == LSQM_OK)
        write_length(out->data + before + 1, out->len - before - PREFIX);
    else if (out->data)
        out->data[out->len = before] = '\0';
    return rc;
}

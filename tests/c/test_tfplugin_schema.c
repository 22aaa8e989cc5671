/* SPDX-License-Identifier: Apache-2.0 */
#include "tfplugin_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const some[] = {"aws_a", "aws_b", NULL};

/* A message of one byte's length: "\0\0\0\0" LEN BODY. */
static lsqm_buffer message(const char *body, size_t len)
{
    lsqm_buffer b = LSQM_BUFFER_INIT;
    lsqm_buffer_add(&b, "\0\0\0\0", 4);
    lsqm_buffer_addc(&b, (char)len);
    lsqm_buffer_add(&b, body, len);
    return b;
}

#define MESSAGE(text) message(text, sizeof text - 1)

static void trims(const char *body, size_t len, const char *kept, size_t kept_len)
{
    lsqm_buffer in = message(body, len), want = message(kept, kept_len), out = LSQM_BUFFER_INIT;
    assert_int_equal(lsqm_tfplugin_trim_schema(in.data, in.len, some, &out), LSQM_OK);
    assert_int_equal(out.len, want.len);
    assert_memory_equal(out.data, want.data, want.len);
    lsqm_buffer_free(&in);
    lsqm_buffer_free(&want);
    lsqm_buffer_free(&out);
}

#define TRIMS(body, kept) trims(body, sizeof body - 1, kept, sizeof kept - 1)

/* A map's entry: field, length, key (field 1), value (field 2). */
#define A(field) field "\x0b\x0a\x05" "aws_a" "\x12\x02" "vv"
#define C(field) field "\x0b\x0a\x05" "aws_c" "\x12\x02" "vv"

#define RESOURCE "\x12"
#define DATA "\x1a"
#define EPHEMERAL "\x42"
#define FUNCTION "\x3a"

static void keeps_what_is_named(void **state)
{
    (void)state;
    TRIMS(A(RESOURCE) C(RESOURCE) C(DATA) A(DATA) C(EPHEMERAL) A(EPHEMERAL),
          A(RESOURCE) A(DATA) A(EPHEMERAL));
    TRIMS("", "");
}

static void keeps_what_is_no_type(void **state)
{
    (void)state;
    /* provider (1), server_capabilities (6), a function (7), a varint, fixed32, fixed64 */
    TRIMS("\x0a\x01x" C(RESOURCE) "\x32\x02\x08\x01" C(FUNCTION) "\x48\x96\x01"
          "\x55" "1234" "\x59" "12345678",
          "\x0a\x01x" "\x32\x02\x08\x01" C(FUNCTION) "\x48\x96\x01"
          "\x55" "1234" "\x59" "12345678");
    /* entries without a key at their beginning */
    TRIMS(RESOURCE "\x04\x12\x02vv" RESOURCE "\x00" DATA "\x02\x08\x01",
          RESOURCE "\x04\x12\x02vv" RESOURCE "\x00" DATA "\x02\x08\x01");
    /* a name that another begins with */
    TRIMS(RESOURCE "\x06\x0a\x04" "aws_" RESOURCE "\x08\x0a\x06" "aws_ab", "");
}

static void refuses_what_it_does_not_understand(void **state)
{
    (void)state;
    lsqm_buffer cases[] = {
        MESSAGE(RESOURCE "\x0b\x0a\x05" "aws"),        /* cut in an entry */
        MESSAGE("\x12"),                                 /* no length */
        MESSAGE("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* longer than anything */
        MESSAGE("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), /* no varint */
        MESSAGE("\x13x"),                                /* a group */
        MESSAGE("\x55" "123"),                           /* cut in a fixed32 */
    };
    lsqm_buffer out = LSQM_BUFFER_INIT;
    lsqm_buffer_adds(&out, "before");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(lsqm_tfplugin_trim_schema(cases[i].data, cases[i].len, some, &out),
                         LSQM_EINVAL);
        assert_string_equal(out.data, "before");
        lsqm_buffer_free(&cases[i]);
    }
    static const char *const frames[] = {"", "\1\0\0\0\0", "\0\0\0\0\1", "\0\0\0\0"};
    static const size_t lengths[] = {0, 5, 5, 4};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        assert_int_equal(lsqm_tfplugin_trim_schema(frames[i], lengths[i], some, &out),
                         LSQM_EINVAL);
    lsqm_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_is_named),
        cmocka_unit_test(keeps_what_is_no_type),
        cmocka_unit_test(refuses_what_it_does_not_understand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

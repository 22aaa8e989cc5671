/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's stream frames: whole, cut anywhere, truncated, hostile. */
#include "buffer.h"
#include "docker_frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct outputs {
    lsqm_buffer text[4];
    int refuse; /* code for the next piece */
} outputs;

static int sink(void *user, int kind, const char *data, size_t len)
{
    outputs *out = user;
    if (out->refuse)
        return out->refuse;
    assert_in_range(kind, 0, 3);
    return lsqm_buffer_add(&out->text[kind], data, len);
}

static void release(outputs *out)
{
    for (int i = 0; i < 4; i++)
        lsqm_buffer_free(&out->text[i]);
}

static const char mixed[] = "\1\0\0\0\0\0\0\6hello\n"
                            "\2\0\0\0\0\0\0\4oops"
                            "\1\0\0\0\0\0\0\0"
                            "\1\0\0\0\0\0\0\5world";

static void feed_in_steps(size_t step)
{
    outputs out = {0};
    lsqm_docker_frames frames = {0};
    lsqm_error err;
    for (size_t at = 0; at < sizeof mixed - 1; at += step) {
        size_t left = sizeof mixed - 1 - at;
        assert_int_equal(lsqm_docker_frames_feed(&frames, mixed + at, left < step ? left : step,
                                                 sink, &out, &err),
                         LSQM_OK);
    }
    assert_int_equal(lsqm_docker_frames_end(&frames, &err), LSQM_OK);
    assert_string_equal(out.text[1].data, "hello\nworld");
    assert_string_equal(out.text[2].data, "oops");
    release(&out);
}

static void splits_streams_however_the_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t step = 1; step <= sizeof mixed; step++)
        feed_in_steps(step);
}

static void reports_every_truncation(void **state)
{
    (void)state;
    for (size_t len = 1; len < sizeof mixed - 1; len++) {
        outputs out = {0};
        lsqm_docker_frames frames = {0};
        lsqm_error err;
        int at_border = len == 14 || len == 26 || len == 34;
        assert_int_equal(lsqm_docker_frames_feed(&frames, mixed, len, sink, &out, &err), LSQM_OK);
        assert_int_equal(lsqm_docker_frames_end(&frames, &err), at_border ? LSQM_OK : LSQM_ENET);
        release(&out);
    }
}

static void refuses_headers_no_engine_writes(void **state)
{
    static const char *const bad[] = {"\4\0\0\0\0\0\0\1x", "\1\1\0\0\0\0\0\1x", "\1\0\0\7\0\0\0\1x",
                                      "HTTP/1.1 "};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        outputs out = {0};
        lsqm_docker_frames frames = {0};
        lsqm_error err;
        assert_int_equal(lsqm_docker_frames_feed(&frames, bad[i], 9, sink, &out, &err),
                         LSQM_ESYNTAX);
        assert_non_null(strstr(err.message, "not a frame header"));
        assert_null(out.text[1].data);
    }
}

static void a_frame_of_4_gib_costs_no_memory(void **state)
{
    (void)state;
    outputs out = {0};
    lsqm_docker_frames frames = {0};
    lsqm_error err;
    assert_int_equal(
        lsqm_docker_frames_feed(&frames, "\1\0\0\0\377\377\377\377abc", 11, sink, &out, &err),
        LSQM_OK);
    assert_string_equal(out.text[1].data, "abc");
    assert_int_equal(lsqm_docker_frames_end(&frames, &err), LSQM_ENET);
    assert_non_null(strstr(err.message, "4294967292 bytes are missing"));
    release(&out);
}

static void passes_on_what_the_sink_says(void **state)
{
    (void)state;
    outputs out = {.refuse = LSQM_ELIMIT};
    lsqm_docker_frames frames = {0};
    lsqm_error err;
    assert_int_equal(lsqm_docker_frames_feed(&frames, mixed, sizeof mixed - 1, sink, &out, &err),
                     LSQM_ELIMIT);
}

static void lines_feed_all(const char *text, size_t step, outputs *out)
{
    void *state = calloc(1, lsqm_lines_decoder.size);
    lsqm_error err;
    size_t len = strlen(text);
    assert_non_null(state);
    for (size_t at = 0; at < len; at += step)
        assert_int_equal(lsqm_lines_decoder.feed(
                             state, text + at, len - at < step ? len - at : step, sink, out, &err),
                         LSQM_OK);
    assert_int_equal(lsqm_lines_decoder.end(state, sink, out, &err), LSQM_OK);
    lsqm_lines_decoder.release(state);
    free(state);
}

static void lines_come_whole_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t step = 1; step < 12; step++) {
        outputs out = {0};
        lines_feed_all("{a}\r\n\n{b}\n{last}", step, &out);
        assert_string_equal(out.text[0].data, "{a}{b}{last}");
        release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_streams_however_the_bytes_are_cut),
        cmocka_unit_test(reports_every_truncation),
        cmocka_unit_test(refuses_headers_no_engine_writes),
        cmocka_unit_test(a_frame_of_4_gib_costs_no_memory),
        cmocka_unit_test(passes_on_what_the_sink_says),
        cmocka_unit_test(lines_come_whole_however_they_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

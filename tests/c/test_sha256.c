/* SPDX-License-Identifier: Apache-2.0 */
#include "sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

static void test_strings(void **state)
{
    (void)state;
    char hex[LSQM_SHA256_HEX];
    lsqm_error err;
    assert_int_equal(lsqm_sha256_string("abc", 3, hex, &err), LSQM_OK);
    assert_string_equal(hex, abc);
    assert_int_equal(lsqm_sha256_string(NULL, 0, hex, &err), LSQM_OK);
    assert_string_equal(hex, empty);
}

static void test_pieces(void **state)
{
    (void)state;
    char hex[LSQM_SHA256_HEX];
    lsqm_sha256 h;
    lsqm_error err;
    assert_int_equal(lsqm_sha256_init(&h, &err), LSQM_OK);
    assert_int_equal(lsqm_sha256_update(&h, "a", 1, &err), LSQM_OK);
    assert_int_equal(lsqm_sha256_update(&h, NULL, 0, &err), LSQM_OK);
    assert_int_equal(lsqm_sha256_update(&h, "bc", 2, &err), LSQM_OK);
    assert_int_equal(lsqm_sha256_final(&h, hex, &err), LSQM_OK);
    assert_string_equal(hex, abc);
    assert_int_equal(lsqm_sha256_update(&h, "x", 1, &err), LSQM_EINVAL);
    assert_int_equal(lsqm_sha256_final(&h, hex, &err), LSQM_EINVAL);
    lsqm_sha256_free(&h);
}

static void test_file(void **state)
{
    (void)state;
    char path[] = "/tmp/lsqm-sha-XXXXXX", hex[LSQM_SHA256_HEX], again[LSQM_SHA256_HEX];
    lsqm_error err;
    int fd = mkstemp(path);
    size_t len = 700001;
    char *data = malloc(len);
    memset(data, 'x', len);
    assert_int_equal(write(fd, data, len), len);
    close(fd);
    assert_int_equal(lsqm_sha256_file(path, NULL, hex, &err), LSQM_OK);
    assert_int_equal(lsqm_sha256_string(data, len, again, &err), LSQM_OK);
    assert_string_equal(hex, again);
    atomic_int stop = 1;
    assert_int_equal(lsqm_sha256_file(path, &stop, hex, &err), LSQM_ECANCELLED);
    unlink(path);
    free(data);
}

static void test_failures(void **state)
{
    (void)state;
    char hex[LSQM_SHA256_HEX];
    lsqm_error err;
    assert_int_equal(lsqm_sha256_file("/nonexistent/x", NULL, hex, &err), LSQM_ENOENT);
    assert_non_null(strstr(err.message, "/nonexistent/x"));
    assert_int_equal(lsqm_sha256_file("/", NULL, hex, &err), LSQM_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

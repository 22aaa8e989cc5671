/* SPDX-License-Identifier: Apache-2.0 */
/* See relay_run.h. */
#include "relay_run.h"

#include "relay.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANNOT_RUN = 125, FIRST_SIGNAL = 128 };

typedef struct run {
    uv_process_t process;
    lsqm_relay *relay;
    int code;
} run;

static void on_program_exit(uv_process_t *process, int64_t status, int signal)
{
    run *r = process->data;
    r->code = signal ? FIRST_SIGNAL + signal : (int)status;
    uv_close((uv_handle_t *)process, NULL);
    lsqm_relay_close(r->relay);
}

static int spawn(uv_loop_t *loop, run *r, char **argv)
{
    uv_stdio_container_t stdio[3];
    for (int i = 0; i < 3; i++)
        stdio[i] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = i};
    uv_process_options_t options = {.file = argv[0], .args = argv, .exit_cb = on_program_exit,
                                    .stdio = stdio, .stdio_count = 3};
    r->process.data = r;
    return uv_spawn(loop, &r->process, &options);
}

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "lsqm %s: %s: %s\n", LSQM_RELAY_FLAG, what, why);
    return CANNOT_RUN;
}

int lsqm_relay_run(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    run r = {.code = CANNOT_RUN};
    lsqm_error err;
    if (argc < 3)
        return fail("usage", LSQM_RELAY_FLAG " SOCKET PORT PROGRAM [ARGUMENT...]");
    long port = strtol(argv[1], NULL, 10);
    if (!loop || port < 1 || port > 65535)
        return fail(argv[1], "not a port");
    /* An emulator that dies in mid-answer must not take the program with us; uv_spawn gives the
     * program the signal's default back. */
    signal(SIGPIPE, SIG_IGN);
    lsqm_relay_address from = {.host = "127.0.0.1", .port = (int)port}, to = {.path = argv[0]};
    if (lsqm_relay_open(loop, &from, &to, &r.relay, &err) != LSQM_OK)
        return fail("cannot listen", err.message);
    int rc = spawn(loop, &r, argv + 2);
    if (rc != 0) {
        lsqm_relay_close(r.relay);
        fail(argv[2], uv_strerror(rc));
    }
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    return r.code;
}

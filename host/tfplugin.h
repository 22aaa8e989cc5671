/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Terraform provider that stays warm: started once, lent to one terraform after the other.
 *
 * We speak go-plugin's handshake with the process and stand between it and terraform on a unix
 * socket of our own. Every gRPC stream passes unchanged, except
 *   - requests for the schema and for the check of the provider's configuration: what was answered
 *     once is answered from memory to a request of the same bytes (see lsqm_tfplugin_answers), the
 *     schema without what the lease does not name;
 *   - GRPCController/Shutdown, which terraform sends when it ends: answered, not passed;
 *   - calls that would reach a configuration of somebody else, because a second connection has
 *     configured the process since (a provider with aliases): refused with FAILED_PRECONDITION.
 *
 * Everything happens on the loop's thread. What the provider is told with Configure lasts until
 * the next Configure; terraform sends one before each walk that needs it.
 */
#ifndef LSQM_TFPLUGIN_H
#define LSQM_TFPLUGIN_H

#include "error.h"

#include <stddef.h>
#include <uv.h>

#define LSQM_TFPLUGIN_START_SECONDS 60.0

typedef struct lsqm_tfplugin lsqm_tfplugin;
typedef struct lsqm_tfplugin_answers lsqm_tfplugin_answers;

/* The memory of answers that providers share; counted: each plugin holds it too. NULL when memory
 * is gone. Holds at most 512 MB and 256 answers; beyond that nothing new is remembered.
 *
 * A request is known by SHA-256 of: the program's identity, the path, the message's bytes. The
 * lease's endpoint ("127.0.0.1:41233") stands for itself in them: a request that differs from a
 * remembered one in nothing but an endpoint of the same length is the same request, and its answer
 * is the remembered one with the new endpoint in the old one's places. That is sound for these two
 * calls: neither has effects, the schema has no input, and the check of the configuration sees
 * only that the endpoint is a well-formed URL. */
lsqm_tfplugin_answers *lsqm_tfplugin_answers_new(void);
/* Gives the caller's hold back; the last one frees it. NULL is fine. */
void lsqm_tfplugin_answers_release(lsqm_tfplugin_answers *answers);

typedef struct lsqm_tfplugin_options {
    const char *const *argv;        /* the provider, possibly behind a wrapper */
    const char *const *env;         /* all of it but go-plugin's own variables is the caller's */
    const char *cwd;                /* relative paths of templates are looked up here */
    const char *socket;             /* ours, at most 107 bytes, in a folder only we may enter */
    const char *identity;           /* of the program: other text, other answers */
    lsqm_tfplugin_answers *answers;
    double timeout;                 /* seconds for the handshake; 0 = LSQM_TFPLUGIN_START_SECONDS */
    /* Called once from the loop: LSQM_OK when terraform may connect. After a failure `ended`
     * follows by itself. */
    void (*ready)(void *user, int status, const lsqm_error *err);
    /* Called once, last, when the process and all handles are gone; the plugin is freed after it.
     * err tells how the process ended. */
    void (*ended)(void *user, const lsqm_error *err);
    void *user;
} lsqm_tfplugin_options;

typedef struct lsqm_tfplugin_state {
    int protocol;    /* 5 or 6 */
    int pid;         /* the provider's own, also behind a wrapper; 0 before the first connection */
    int links;       /* terraforms connected now */
    /* Since the lease began: */
    int interrupted; /* a client went away in mid-call, or asked the provider to stop */
    int conflict;    /* a call was refused, see above */
    unsigned long long passed, answered; /* requests to the provider, and from memory */
} lsqm_tfplugin_state;

/* The options are not needed afterwards. When starting fails at once (LSQM_ENOENT, LSQM_EINVAL, …)
 * neither function is called. */
int lsqm_tfplugin_start(uv_loop_t *loop, const lsqm_tfplugin_options *options, lsqm_tfplugin **out,
                        lsqm_error *err);

/* From here on terraform may connect, until release. endpoint: the address of this lease's
 * emulator as its configuration has it, or NULL. types: the resource and data source types that
 * this terraform can meet, NULL-terminated: remembered schemas are cut down to them (see
 * lsqm_tfplugin_trim_schema); NULL: all. Both are copied. LSQM_ECONFLICT while it is leased,
 * LSQM_EUNAVAILABLE before `ready` and when the provider has ended. */
int lsqm_tfplugin_lease(lsqm_tfplugin *p, const char *endpoint, const char *const *types,
                        lsqm_error *err);
/* Drops connections that are left. An interrupted provider should be closed, not leased again. */
void lsqm_tfplugin_release(lsqm_tfplugin *p);

/* A copy of how things stand. */
void lsqm_tfplugin_read_state(const lsqm_tfplugin *p, lsqm_tfplugin_state *state);

/* Ends the process; `ended` comes when it is gone. */
void lsqm_tfplugin_close(lsqm_tfplugin *p);

#endif

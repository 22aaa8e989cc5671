/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program in a network namespace of its own, with one address in it that leads out: what
 *   lsqm --relay SOCKET PORT PROGRAM [ARGUMENT…]
 * does. It listens on 127.0.0.1:PORT, passes connections on to the unix socket, runs the program
 * with its own descriptors and environment, and ends as the program ends.
 */
#ifndef LSQM_RELAY_RUN_H
#define LSQM_RELAY_RUN_H

#define LSQM_RELAY_FLAG "--relay"

/* argv[0] is SOCKET. Returns the exit code: the program's, 128 + signal, or 125 with a message on
 * stderr when it could not be run at all. */
int lsqm_relay_run(int argc, char **argv);

#endif

/* Listening sockets that a service manager passes (sd_listen_fds(3)): descriptors from 3 on, their number in
 * LISTEN_FDS, their names in LISTEN_FDNAMES, for the process of LISTEN_PID. They stay open while the agent is
 * replaced, so that connections wait instead of failing. The three variables are all there is to it, so no
 * library is asked.
 *
 * A name says which roles are served there: "agent+desk", "metrics" (FileDescriptorName= of the socket unit).
 * A socket that nobody named, or that has its unit's name, is for agent and desk. */
#pragma once

#include "base/arena.h"

#define PASSED_SOCKETS_MAX 16

struct passed_socket {
    int fd;
    struct str name;
    unsigned roles; /* protocols/web_policy.h */
    bool loopback;  /* its address */
};

/* Finds them; they are closed on exec from here on. *n may be 0. Errors: CONFIGURATION_ERROR for variables
 * that are not what they should be, a descriptor that is no listening TCP socket, a name that is no role. */
MUST_CHECK int passed_sockets_find(struct arena *a, struct passed_socket out[PASSED_SOCKETS_MAX], size_t *n,
                                   struct err *e);

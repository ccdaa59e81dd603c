#include "app/serve/descriptors.h"

#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"

#define OWN     256 /* database, local socket, webhooks and ad servers */
#define OWN_MIN 32  /* where there are very few at all */

void descriptors_settle(struct http_server_limits *limits)
{
    struct rlimit rl;
    char wanted[24], had[24];
    rlim_t want =
        limits->connections_max + limits->connections_max / 8 + OWN; /* those refused count for a moment, too */
    if (getrlimit(RLIMIT_NOFILE, &rl)) return;
    if (rl.rlim_cur < want) {
        struct rlimit more = { rl.rlim_max == RLIM_INFINITY || rl.rlim_max > want ? want : rl.rlim_max, rl.rlim_max };
        if (setrlimit(RLIMIT_NOFILE, &more) == 0) rl = more;
    }
    if (rl.rlim_cur >= want) return;
    size_t own = rl.rlim_cur / 4 > OWN ? OWN : rl.rlim_cur / 4 > OWN_MIN ? rl.rlim_cur / 4 : OWN_MIN;
    size_t room = rl.rlim_cur > own ? (rl.rlim_cur - own) * 8 / 9 : 1;
    (void)snprintf(wanted, sizeof(wanted), "%zu", limits->connections_max); /* both fit: 20 digits at most */
    (void)snprintf(had, sizeof(had), "%zu", room);
    if (room >= limits->connections_max) return;
    log_event(LOG_WARN, "serve", "there are too few file descriptors for max_connections (see ulimit -n, LimitNOFILE)",
              "max_connections", wanted, "now", had, NULL);
    limits->connections_max = room;
}

/* The service manager's other half (sd_notify(3), a documented protocol: one datagram of KEY=VALUE lines): it is told when
 * the agent serves, what it does, when it reloads and stops, and that it is alive.
 *
 *     READY=1          listeners are bound, the store is open
 *     STATUS=...       in words, for `systemctl status`
 *     WATCHDOG=1       four times in WATCHDOG_USEC at most, and only when a write has been committed since the last one: so
 *                      a loop that does not turn and a store that cannot be written both end in a restart
 *
 * Without NOTIFY_SOCKET nothing of this happens. */
#pragma once

#include "app/serve/pulse.h"

struct server;

struct service {
    struct server *server;
    int fd; /* connected to NOTIFY_SOCKET; -1: there is none */
    int64_t watchdog_us; /* 0: nobody waits for WATCHDOG=1 */
    uint64_t writes_reported; /* the pulse's count that the last WATCHDOG=1 stood for */
    struct timer timer;
    struct pulse_waiter asked;
    bool asking;
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. A socket that cannot be reached is logged and then there is none. */
void service_start(struct service *v, struct server *s);
/* From here on the agent serves. */
void service_ready(struct service *v);
/* Around a reload. */
void service_reloading(struct service *v);
void service_reloaded(struct service *v);
void service_stopping(struct service *v, int64_t requests);
void service_finish(struct service *v);

/* Two ad servers of the test's own, and what the world outside the agent remembers: orders there, links sent to people.
 * "near" is a local adapter (it answers inside the transaction), "far" a remote one (jobs, calls, lost answers). This
 * program's adapter table is servers.c's. */
#pragma once

#include <salesagent/adapter.h>

#include "http_script.h"
#include "sim.h"

#define ORDERS_MAX 8

enum server_mood {
    SERVER_AGREES,
    SERVER_REFUSES, /* every booking and change */
    SERVER_OBJECTS, /* `admit` says that it cannot be booked */
    SERVER_SILENT /* acts, but its first SILENCE answers are lost */
};
#define SILENCE 4

struct order {
    char key[64];
    int64_t budget_micros;
    bool canceled;
};

struct servers {
    struct sim *sim;
    struct http_script script;
    enum server_mood mood;
    int silent; /* answers lost so far */
    struct order orders[ORDERS_MAX];
    int orders_n, changes;
    char link[400]; /* path of the newest link that decides */
};

/* The world of the simulation from now on, across its crashes; and of the two adapters. */
void servers_init(struct servers *w, struct sim *s);
/* Makes the demo publisher's ad server "near" or "far". */
void servers_use(struct servers *w, const char *adapter);
/* Orders there that are live; *budget_micros is their sum. */
int servers_live(const struct servers *w, int64_t *budget_micros);

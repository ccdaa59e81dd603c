/* The running agent as the files of this folder share it: serve.c starts and stops it, reload.c changes its
 * settings, door.c is where requests come in. */
#pragma once

#include "app/anchor.h"
#include "app/backup/backup_schedule.h"
#include "app/serve/core.h"
#include "app/data_dir.h"
#include "app/serve/machine.h"
#include "app/serve/metrics.h"
#include "app/serve/observe.h"
#include "app/options.h"
#include "app/serve/pulse.h"
#include "app/seal_keys.h"
#include "app/serve/service.h"
#include "net/http_server.h"
#include "run/loop_uv.h"

/* The settings in force, in an arena of their own, because a reload replaces them whole. */
struct settings {
    struct arena arena;
    struct serve_options o;
};

struct server {
    struct loop loop;
    struct loop_uv uv;
    struct arena arena;
    struct config_input input; /* where settings come from; the same at each reload */
    struct passed_socket passed[PASSED_SOCKETS_MAX];
    size_t passed_n;
    struct settings *settings;
    struct data_dir dir;
    struct seal_keys seal_keys;
    struct doing before; /* what the last run died on */
    struct core core;
    struct http_server *http;
    struct anchor anchor;
    struct backup_schedule backups;
    struct pulse pulse;
    struct machine machine; /* of looks at the health */
    struct service service;
    struct observer observer;
    struct metrics metrics;
    struct timer trim; /* gives memory back after a burst */
    struct mail_client *mail;
    struct cassette *cassette; /* of what ad servers are told; NULL: none */
    struct http_client *out; /* webhooks and ad servers */
    struct turn_hook end_of_turn; /* the log of the turn is written */
    bool stopping, drained;
    int64_t stopping_since;
    bool at_terminal[3]; /* standard input, output, error, when it was started */
};

/* What the process answers itself (dispatch.h, own_route); `arg` is the struct server. */
bool door_handle(void *arg, struct http_exchange *ex, unsigned roles);

/* Reads the settings again and takes over what can be, certificates always. -1: they, or the certificate,
 * cannot be used and nothing has changed. *report, in the arena, says which were taken over and which need a
 * restart, or what is wrong:
 *     {"taken": ["log", "allow_host"], "restart": ["data"], "certificate": true}   or   {"problems": ["..."]}
 */
int server_reload(struct server *s, struct arena *a, struct str *report);

/* The whole server minus sockets, over virtual time: requests enter as http exchanges in memory, commits can fail,
 * and the process can crash at any moment and start again on the same file. Everything is decided by one seed. */
#pragma once

#include "app/serve/core.h"
#include "contract/json.h"
#include "net/http.h"
#include "run/loop_sim.h"

enum sim_result {
    SIM_OK,     /* answered with a success */
    SIM_FAILED, /* answered with an error of the operation; certainly without effect */
    SIM_LOST    /* the process crashed before it answered: it happened or it did not */
};

struct sim {
    uint64_t seed;
    struct rng rng; /* of the script, apart from the server's */
    struct loop loop;
    struct loop_sim driver;
    struct core core;
    struct http_client *http; /* the way out, from the next sim_restart on; NULL: jobs stay in the store */
    char dir[96], path[128];
    int commit_fault_percent; /* of commits that fail as a broken disk would */
    int crash_percent;        /* of calls during which the process crashes */
    struct arena arena;       /* replies live here until sim_finish */
    uint64_t crashes, calls;
    void (*on_crash)(void *arg); /* before the process is gone: what the test has under way; may be NULL */
    void *on_crash_arg;
};

void sim_init(struct sim *s, uint64_t seed, int64_t now);
void sim_finish(struct sim *s);
void sim_restart(struct sim *s); /* crash and start again */
void sim_restart_in_order(struct sim *s); /* stop as SIGTERM does, and start again */

/* Doors. sim_ask makes a tool's request for one (for SIM_LINK the tool is the path and args the form); sim_request puts
 * several to the agent before the loop turns; sim_read says what an answer means. */
enum sim_door { SIM_LOCAL, SIM_MCP, SIM_A2A, SIM_REST, SIM_LINK };

#define SIM_AT_ONCE_MAX 4

struct sim_request {
    const char *path, *token, *body;
    bool local, form;
    const struct http_header *headers; /* beside the token */
    size_t headers_n;
};

struct sim_answer {
    bool lost;
    int status;
    struct str body;
};

struct sim_request sim_ask(struct sim *s, enum sim_door door, const char *token, const char *tool, const char *args);
void sim_request(struct sim *s, const struct sim_request *requests, size_t n, struct sim_answer *out);
enum sim_result sim_read(struct sim *s, enum sim_door door, const struct sim_answer *a, yyjson_val **reply);

/* One MCP tools/call with this token; `args` is JSON. *reply is structuredContent. */
enum sim_result sim_call(struct sim *s, const char *token, const char *tool, const char *args, yyjson_val **reply);
/* The same on the local socket, as the command line would. */
enum sim_result sim_local(struct sim *s, const char *tool, const char *args, yyjson_val **reply);

void sim_run_until(struct sim *s, int64_t at);
uint64_t sim_random(struct sim *s, uint64_t below);
/* printf into the simulation's arena. */
const char *sim_text(struct sim *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* How a command talks to the running agent: POST /local/<tool> on the socket in its data directory. */
#pragma once

#include "base/arena.h"
#include "cli/cli.h"

struct operation_verb;

struct agent_request {
    const char *data;      /* --data, may be NULL */
    const char *tenant;    /* --tenant, may be NULL */
    const char *mock_time; /* --mock-time, may be NULL */
    const char *as;        /* --as, may be NULL */
    const struct operation_verb *verb; /* names the words and options in errors; may be NULL */
    const char *tool;
    struct str args; /* JSON object */
};

/* CLI_OK and *reply (JSON text in the arena), or another exit code after saying why on standard error. */
MUST_CHECK int agent_call(struct arena *a, const struct agent_request *r, struct str *reply);

/* How the two generations write the same things.
 *
 * Messages are kept in the shape of 0.3: {"role":"user"|"agent","messageId":"...","parts":[{"kind":"text","text":"..."} |
 * {"kind":"data","data":{...}} | {"kind":"file","file":{...}}]}. */
#pragma once

#include "contract/json.h"
#include "store/q/agent/q_a2a.h"

enum a2a_generation { A2A_0_3, A2A_1_0 };

#define A2A_EXTENSION_URI "https://adcontextprotocol.org/extensions/adcp/v3"

/* What of a task is shown. */
struct a2a_view {
    struct arena *arena; /* for what is written */
    enum a2a_generation generation;
    int history_length; /* newest messages shown; -1: all */
    bool no_artifacts;
};

/* A Task as an object of `doc`. */
yyjson_mut_val *a2a_task_value(yyjson_mut_doc *doc, const struct a2a_task_row *t, const struct a2a_view *v);

/* The same as text, wrapped as each generation wants it: in a reply to a message and as an event of a stream (0.3 bare,
 * 1.0 {"task": ...}). */
struct str a2a_task_result(const struct a2a_task_row *t, const struct a2a_view *v);

/* Events of a stream, as text: the artifact as it is now; the status, after which nothing follows. */
struct str a2a_artifact_event(struct arena *a, const struct a2a_task_row *t, enum a2a_generation g);
struct str a2a_status_event(struct arena *a, const struct a2a_task_row *t, enum a2a_generation g);

/* What webhooks of tasks asked for in this generation are written in (domain/tell/webhook.h). */
static inline struct str a2a_channel(enum a2a_generation g)
{
    return g == A2A_1_0 ? STR("a2a-1.0") : STR("a2a");
}

/* The state in 1.0's words -> ours with `failed`; false for a state that no task of ours can have. */
MUST_CHECK bool a2a_state_read(struct str word, struct str *state, int *failed);

/* Appends a message to the kept history; nothing of more than 32 KiB is kept. */
struct a2a_history_entry {
    const char *role;
    struct str message_id;
    yyjson_mut_val *parts; /* of `doc` */
};
struct str a2a_history_add(struct arena *a, struct str history, yyjson_mut_doc *doc, const struct a2a_history_entry *m);

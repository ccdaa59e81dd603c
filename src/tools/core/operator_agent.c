/* x_agent_get: what the agent knows of itself, for the publisher's people and whoever helps them. Nothing in it is secret. */
#include "base/rfc3339.h"
#include "domain/core/quarantine.h"
#include "store/migrate.h"
#include "store/q/agent/q_job.h"
#include "store/q/agent/q_job_hold.h"
#include "store/q/agent/q_pulse.h"
#include "tools/operation_tools.h"

#define KINDS_MAX       50
#define QUARANTINED_MAX 500
#define BACKUP_OLD      (INT64_C(2) * USEC_PER_DAY)
#define WAITS_LONG      (INT64_C(6) * 3600 * USEC_PER_SEC)

struct state {
    struct tool_call *c;
    yyjson_mut_val *problems;
};

static void problem(struct state *h, struct str text)
{
    json_push_str(h->c->doc, h->problems, text);
}

static int add_schema(struct state *h, struct err *e)
{
    struct tool_call *c = h->c;
    int applied = q_schema_count(c->act->tx, e);
    if (applied < 0) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "schema");
    json_add_i64(c->doc, o, "applied", applied);
    json_add_i64(c->doc, o, "known", migrations_n);
    json_add_cstr(c->doc, o, "newest", migrations[migrations_n - 1].name);
    if (applied != migrations_n) problem(h, STR("The database does not have this version's schema."));
    return 0;
}

static void add_process(struct state *h)
{
    struct tool_call *c = h->c;
    const struct process_facts *p = c->act->process;
    if (!p) return;
    json_add_time(c->doc, c->reply, "started_at", p->started_at);
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "backups");
    json_add_bool(c->doc, o, "on", p->backs_up);
    if (p->backup_at > 0) json_add_time(c->doc, o, "made_at", p->backup_at);
    json_add_i64(c->doc, o, "failures", (int64_t)p->backup_failures);
    json_add_str_opt(c->doc, o, "why", str_from(p->backup_why));
    if (!p->backs_up) return;
    if (p->backup_failures) problem(h, STR("A backup failed since the agent was started."));
    if (p->backup_at <= 0) problem(h, STR("No backup is known yet."));
    else if (c->act->now - p->backup_at > BACKUP_OLD) problem(h, STR("The last backup is more than two days old."));
}

static void add_kind(struct state *h, yyjson_mut_val *list, const struct job_kind_state *k)
{
    struct tool_call *c = h->c;
    yyjson_mut_val *o = json_push_obj(c->doc, list);
    json_add_str(c->doc, o, "kind", k->kind);
    json_add_i64(c->doc, o, "waiting", k->waiting);
    if (k->oldest_at != TIME_NONE) json_add_time(c->doc, o, "oldest_at", k->oldest_at);
    json_add_i64(c->doc, o, "failed", k->failed);
    if (k->done_at != TIME_NONE) json_add_time(c->doc, o, "done_at", k->done_at);
    if (k->failed)
        problem(h, arena_printf(c->arena, "Jobs of the kind " STR_FMT " have failed: %lld.", STR_ARG(k->kind),
                                (long long)k->failed));
    if (k->oldest_at != TIME_NONE && c->act->now - k->oldest_at > WAITS_LONG)
        problem(h, arena_printf(c->arena, "A job of the kind " STR_FMT " waits for more than six hours.",
                                STR_ARG(k->kind)));
}

static int add_jobs(struct state *h, struct err *e)
{
    struct tool_call *c = h->c;
    struct job_hold hold;
    struct job_kind_state k = { .kind = STR_NONE };
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "jobs");
    int rc = q_job_hold_get(c->act->tx, c->arena, &hold, e);
    if (rc < 0) return -1;
    if (rc == 1) {
        yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "held");
        json_add_time(c->doc, o, "since", hold.since);
        json_add_str(c->doc, o, "by", hold.actor);
        json_add_str(c->doc, o, "why", hold.why);
        problem(h, STR("Jobs are held: nothing is sent until somebody releases them (salesagent jobs release)."));
    }
    for (int i = 0; i < KINDS_MAX; i++) {
        rc = q_job_kind_next(c->act->tx, c->arena, c->act->tenant->tenant_id, k.kind, &k, e);
        if (rc < 1) return rc;
        add_kind(h, list, &k);
    }
    return 0;
}

static int add_quarantine(struct state *h, struct err *e)
{
    struct tool_call *c = h->c;
    struct quarantine_row *rows;
    size_t n;
    if (q_quarantine_list(c->act->tx, c->arena, c->act->tenant->tenant_id, QUARANTINED_MAX, &rows, &n, e)) return -1;
    json_add_i64(c->doc, c->reply, "quarantined", (int64_t)n);
    if (n) problem(h, STR("Something that was due could not be moved on; see the quarantine."));
    return 0;
}

int tool_x_agent_get(struct tool_call *c, struct err *e)
{
    struct state h = { .c = c, .problems = json_add_arr(c->doc, c->reply, "problems") };
    json_add_cstr(c->doc, c->reply, "version", SALESAGENT_VERSION);
    json_add_time(c->doc, c->reply, "now", c->act->now);
    json_add_bool(c->doc, c->reply, "sandbox", c->act->sandbox);
    add_process(&h);
    return add_schema(&h, e) || add_jobs(&h, e) || add_quarantine(&h, e) ? -1 : 0;
}

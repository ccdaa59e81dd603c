/* Is all well? For the publisher's people: x_health_get, x_health_check. */
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "domain/health/health_ask.h"
#include "domain/health/publisher_health.h"
#include "store/q/agent/q_job_hold.h"
#include "tools/operation_tools.h"

static void encode(struct tool_call *c, const struct findings *f, int64_t looked_at)
{
    json_add_i64(c->doc, c->reply, "errors", (int64_t)findings_count(f, FINDING_ERROR));
    json_add_i64(c->doc, c->reply, "warnings", (int64_t)findings_count(f, FINDING_WARNING));
    json_add_i64(c->doc, c->reply, "unknown", (int64_t)findings_count(f, FINDING_UNKNOWN));
    findings_write(f, c->doc, json_add_arr(c->doc, c->reply, "findings"));
    if (looked_at != TIME_NONE) json_add_time(c->doc, c->reply, "looked_at", looked_at);
}

/* What rows say, as of now, and behind it what the last look found. */
int tool_x_health_get(struct tool_call *c, struct err *e)
{
    struct findings f = { .arena = c->arena };
    int64_t looked_at;
    if (publisher_health(c->act, &f, e) || health_last(c->act, &f, &looked_at, e)) return -1;
    if (looked_at == TIME_NONE) {
        finding_add(&f, FINDING_UNKNOWN, "world", "Nobody has looked at the machine and at what others answer yet.");
        finding_remedy(&f, "salesagent health check, or salesagent doctor on the machine");
    }
    encode(c, &f, looked_at);
    return 0;
}

int tool_x_health_check(struct tool_call *c, struct err *e)
{
    struct str job_id;
    int held = q_job_hold_get(c->act->tx, c->arena, NULL, e);
    if (held < 0) return -1;
    if (held) {
        (void)err_set(e, "INVALID_STATE", "Jobs are held, so nobody is asked anything.");
        return err_suggest(e, "salesagent doctor looks all the same; salesagent jobs release ends the hold.");
    }
    struct audit_entry entry = { .action = "health.check", .subject = STR("health") };
    if (health_ask(c->act, &job_id, e) || audit_add(c->act, &entry, e)) return -1;
    json_add_str_opt(c->doc, c->reply, "job_id", job_id);
    c->message = STR("It is being looked at; x_health_get tells what was found.");
    return 0;
}

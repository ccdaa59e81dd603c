/* See remote_list.h. */
#include "domain/buyer/remote_list.h"
#include "contract/document.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "net/url.h"
#include "store/q/agent/q_job.h"

#define DOCUMENT_MAX 200 /* lists of one principal */
#define SULK_US      (INT64_C(30) * USEC_PER_SEC)
#define HORIZON_US   (INT64_C(10) * USEC_PER_SEC)
#define TOKEN_MAX    4096

/* ---- keys ---- */

static struct str key_of(struct arena *a, const struct remote_list_row *r)
{
    const struct str parts[] = { r->principal_id, r->kind, r->agent_url, r->list_id, r->auth_token };
    uint8_t hash[SHA256_BYTES];
    struct str all = STR_NONE;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        all = arena_printf(a, STR_FMT "%zu:" STR_FMT, STR_ARG(all), parts[i].n, STR_ARG(parts[i]));
    }
    sha256(all, hash);
    return hex_encode(a, (struct str){ (const char *)hash, sizeof(hash) });
}

static struct remote_list_row row_of(const struct act *act, const struct inventory_list_kind *kind,
                                     struct str principal_id, yyjson_val *ref)
{
    struct remote_list_row row = { .tenant_id = act->tenant->tenant_id,
                                   .principal_id = principal_id,
                                   .kind = str_from(kind->object_kind),
                                   .agent_url = json_str(ref, "agent_url"),
                                   .list_id = json_str(ref, "list_id"),
                                   .auth_token = json_str(ref, "auth_token"),
                                   .fetched_at = TIME_NONE,
                                   .valid_until = TIME_NONE,
                                   .failed_at = TIME_NONE,
                                   .asked_at = act->now };
    row.list_key = key_of(act->arena, &row);
    return row;
}

/* ---- asking ---- */

static struct str lane_of(struct arena *a, struct str text)
{
    struct url u;
    struct err ignored; /* was checked before it was asked for */
    if (url_parse(text, &u, &ignored)) return STR("list");
    return arena_printf(a, "list:" STR_FMT, STR_ARG(u.authority));
}

static int write_question(const struct act *act, struct outside *o, struct err *e)
{
    const struct remote_list_row *row = o->data;
    struct job_row job = { .job_id = o->question.job_id,
                           .tenant_id = row->tenant_id,
                           .kind = STR(REMOTE_LIST_JOB),
                           .lane = lane_of(act->arena, row->agent_url),
                           .subject = arena_printf(act->arena, REMOTE_LIST_JOB ":" STR_FMT, STR_ARG(row->list_key)),
                           .payload =
                               arena_printf(act->arena, "{\"list_key\":\"" STR_FMT "\"}", STR_ARG(row->list_key)),
                           .due_at = act->mock_clock ? 0 : act->now,
                           .deadline_at = act->mock_clock ? TIME_NONE : act->now + HORIZON_US,
                           .created_at = act->now };
    return q_remote_list_ask(act->tx, row, DOCUMENT_MAX, e) || q_job_insert(act->tx, &job, e) ? -1 : 0;
}

static struct str about(struct arena *a, const struct remote_list_row *row)
{
    return arena_printf(a, REMOTE_LIST_JOB ":" STR_FMT, STR_ARG(row->list_key));
}

/* The operation fails, and what it says is heard only when the question cannot even be stored. */
static int ask(const struct act *act, const struct remote_list_row *row, struct err *e)
{
    struct remote_list_row *kept = ARENA_NEW(act->arena, struct remote_list_row);
    *kept = *row;
    act->outside->wanted = true;
    act->outside->question =
        (struct outside_question){ about(act->arena, row), id_new(act->arena, act->rng, "job-", act->now) };
    act->outside->data = kept;
    act->outside->write = write_question;
    return err_set(e, "SERVICE_UNAVAILABLE", "A list that another agent keeps could not be asked for.");
}

/* ---- reading ---- */

static int read_entries(struct arena *a, struct str text, struct inventory_entries *out, struct err *e)
{
    yyjson_val *list = document_read(a, text), *v;
    size_t i, n;
    if (document_whole(a, e)) return -1;
    struct inventory_entries r = { .items = ARENA_ARRAY(a, struct inventory_entry, yyjson_arr_size(list) + 1) };
    yyjson_arr_foreach(list, i, n, v) {
        r.items[r.n++] =
            (struct inventory_entry){ json_val_str(yyjson_arr_get(v, 0)), json_val_str(yyjson_arr_get(v, 1)), false };
    }
    *out = r;
    return 0;
}

static enum remote_list_state failure_of(struct str failure)
{
    if (str_is(failure, "denied")) return REMOTE_LIST_DENIED;
    return str_is(failure, "unreadable") ? REMOTE_LIST_UNREADABLE : REMOTE_LIST_UNREACHABLE;
}

/* A list the keeper no longer shows is not used, however recently it did. */
static int take(const struct act *act, const struct remote_list_row *row, struct remote_list *out, struct err *e)
{
    bool fresh = row->entries.n && !row->failure.n && row->valid_until > act->now;
    struct remote_list l = { .state = fresh ? REMOTE_LIST_FRESH : failure_of(row->failure),
                             .fetched_at = row->fetched_at,
                             .reason = row->reason.n ? row->reason : STR("it has not answered yet") };
    if (row->entries.n && l.state == REMOTE_LIST_UNREACHABLE) l.state = REMOTE_LIST_STALE;
    if (l.state <= REMOTE_LIST_STALE && read_entries(act->arena, row->entries, &l.entries, e)) return -1;
    *out = l;
    return 0;
}

static int check_ref(const struct act *act, const struct list_ref *ref, struct err *e)
{
    struct str url, id, token = STR_NONE;
    if (json_req_str(JSON_FIELD(ref->ref, "agent_url", ref->at), (struct json_len){ 1, URL_BYTES_MAX }, &url, e) ||
        json_req_str(JSON_FIELD(ref->ref, "list_id", ref->at), (struct json_len){ 1, 256 }, &id, e) ||
        json_opt_str(JSON_FIELD(ref->ref, "auth_token", ref->at), (struct json_len){ 1, TOKEN_MAX }, &token, e)) {
        return -1;
    }
    if (url_allowed(url, act->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC, e))
        return err_field(e, "%s/agent_url", ref->at);
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] > ' ' && token.p[i] < 127) continue;
        (void)err_set(e, "INVALID_REQUEST", "auth_token has characters that no token has");
        return err_field(e, "%s/auth_token", ref->at);
    }
    return 0;
}

/* Sandboxes are played with names reserved for examples (RFC 2606), behind which nobody answers. */
static bool nobody_there(const struct act *act, struct str text)
{
    static const struct str end = STR(".example");
    struct url u;
    struct err ignored; /* checked before */
    if (!act->sandbox || url_parse(text, &u, &ignored) || u.host.n < end.n) return false;
    return str_eq(str_skip(u.host, u.host.n - end.n), end);
}

int remote_list_load(const struct act *act, const struct inventory_list_kind *kind, const struct list_ref *ref,
                     struct remote_list *out, struct err *e)
{
    struct str job_id;
    if (check_ref(act, ref, e)) return -1;
    struct remote_list nobody = { .state = REMOTE_LIST_UNREACHABLE,
                                  .reason = STR("the agent cannot be asked from here") };
    *out = nobody;
    if (!act->principal || nobody_there(act, json_str(ref->ref, "agent_url"))) return 0;
    struct remote_list_row wanted = row_of(act, kind, act->principal->principal_id, ref->ref), row;
    int found = q_remote_list_get(act->tx, act->arena, &wanted, &row, e);
    if (found < 0) return -1;
    bool asked = outside_asked(act->outside, about(act->arena, &wanted), &job_id);
    bool fresh = found && row.entries.n && !row.failure.n && row.valid_until > act->now;
    bool sulking = found && row.failure.n && row.failed_at + SULK_US > act->now;
    if (!asked && !fresh && !sulking && outside_can_ask(act->outside)) return ask(act, &wanted, e);
    return found ? take(act, &row, out, e) : 0;
}

int remote_list_known(const struct act *act, const struct inventory_list_kind *kind, struct str principal_id,
                      yyjson_val *ref, struct inventory_entries *out, struct err *e)
{
    struct remote_list_row wanted = row_of(act, kind, principal_id, ref), row;
    int found = q_remote_list_get(act->tx, act->arena, &wanted, &row, e);
    if (found <= 0) return found;
    if (!row.entries.n) return 0;
    return read_entries(act->arena, row.entries, out, e) ? -1 : 1;
}

int remote_list_refuse(const struct remote_list *l, const struct list_ref *ref, struct err *e)
{
    switch (l->state) {
    case REMOTE_LIST_FRESH:
    case REMOTE_LIST_STALE: break;
    case REMOTE_LIST_DENIED:
        (void)err_set(e, "REFERENCE_NOT_FOUND", "The agent that keeps the list does not show it: " STR_FMT ".",
                      STR_ARG(l->reason));
        (void)err_suggest(e, "Check list_id and auth_token with the agent at agent_url.");
        return err_field(e, "%s/list_id", ref->at);
    case REMOTE_LIST_UNREACHABLE:
        (void)err_set(e, "SERVICE_UNAVAILABLE", "The agent that keeps the list cannot be reached: " STR_FMT ".",
                      STR_ARG(l->reason));
        (void)err_suggest(e, "Send the identical request again a little later.");
        e->retry_after_s = 30;
        return err_field(e, "%s/agent_url", ref->at);
    case REMOTE_LIST_UNREADABLE:
        (void)err_set(e, "INVALID_REQUEST", "What the agent that keeps the list answers cannot be used: " STR_FMT ".",
                      STR_ARG(l->reason));
        return err_field(e, "%s/agent_url", ref->at);
    }
    ENSURE(!"a list that can be used");
}

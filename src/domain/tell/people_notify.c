#include "contract/document.h"
#include "domain/tell/people_notify.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/tenant_settings.h"
#include "store/q/agent/q_job.h"

#define HOUR        (INT64_C(3600) * USEC_PER_SEC)
#define HORIZON     (24 * HOUR)
#define MAIL_TO_MAX 20
#define OPEN        "[\"pending\",\"assigned\",\"in_progress\",\"escalated\"]"

static const char *const channels[] = {
    [PEOPLE_SLACK] = "slack", [PEOPLE_WEBHOOK] = "webhook", [PEOPLE_EMAIL] = "email"
};

void people_settings_read(const struct act *act, struct people_settings *out)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    yyjson_val *n = json_obj(ts.doc, "notifications"), *mail = json_obj(n, "email"), *to = json_arr(mail, "to"), *v;
    struct people_settings s = { .slack_url = json_str(ts.doc, "hitl_webhook_url"),
                                 .webhook_url = json_str(n, "webhook_url"),
                                 .smtp_url = json_str(mail, "smtp_url"),
                                 .smtp_user = json_str(mail, "user"),
                                 .smtp_password = json_str(mail, "password"),
                                 .mail_from = json_str(mail, "from"),
                                 .mail_plain = str_is(json_str(mail, "tls"), "none"),
                                 .link_base = json_str(n, "link_base"),
                                 .link_role = json_str(n, "link_role"),
                                 .link_hours = json_i64_or(n, "link_hours", 72),
                                 .digest_after = json_i64_or(n, "digest_after", 10),
                                 .high_value_micros = INT64_MAX };
    struct err e; /* settings are checked when they are set; a damaged one is none */
    if (json_opt_money(JSON_FIELD(n, "high_value_over", ""), &s.high_value_micros, &e)) s.high_value_micros = INT64_MAX;
    s.link_base_said = s.link_base.n || act->tenant->host.n || json_str(ts.doc, "agent_url").n;
    if (!s.link_base.n) s.link_base = ts.agent_url;
    while (s.link_base.n && s.link_base.p[s.link_base.n - 1] == '/') s.link_base.n--;
    s.mail_to = ARENA_ARRAY(act->arena, struct str, MAIL_TO_MAX);
    size_t i, count;
    yyjson_arr_foreach(to, i, count, v) {
        if (s.mail_to_n < MAIL_TO_MAX && json_val_str(v).n) s.mail_to[s.mail_to_n++] = json_val_str(v);
    }
    *out = s;
}

/* ---- links ---- */

static struct str seal(const struct act *act, struct str link_id)
{
    uint8_t mac[SHA256_BYTES];
    struct str text =
        arena_printf(act->arena, "decide:" STR_FMT ":" STR_FMT, STR_ARG(act->tenant->tenant_id), STR_ARG(link_id));
    hmac_sha256(tx_secret(act->tx), text, mac);
    return base64url_encode(act->arena, (struct str){ (const char *)mac, sizeof(mac) });
}

struct str link_url(const struct act *act, struct str base, struct str link_id)
{
    return arena_printf(act->arena, STR_FMT "/decide/" STR_FMT "." STR_FMT "." STR_FMT, STR_ARG(base),
                        STR_ARG(act->tenant->tenant_id), STR_ARG(link_id), STR_ARG(seal(act, link_id)));
}

static int not_a_link(struct err *e)
{
    return err_set(e, "REFERENCE_NOT_FOUND", "This link is not valid, or its time is over.");
}

int link_open(const struct act *act, struct str text, struct link_row *out, struct err *e)
{
    const char *dot = text.n ? memchr(text.p, '.', text.n) : NULL;
    if (!dot) return not_a_link(e);
    struct str id = { text.p, (size_t)(dot - text.p) };
    if (!secret_eq(str_skip(text, id.n + 1), seal(act, id))) return not_a_link(e);
    int rc = q_link_get(act->tx, act->arena, id, out, e);
    if (rc < 0) return -1;
    if (rc == 0 || !str_eq(out->tenant_id, act->tenant->tenant_id) || out->expires_at <= act->now) return not_a_link(e);
    if (out->used_at == TIME_NONE) return 0;
    return err_set(e, "INVALID_STATE", "This link was used already.");
}

/* ---- telling ---- */

static int count_tasks(const struct act *act, struct str states, int64_t created_after, int64_t *n, struct err *e)
{
    struct task_filter f = { .tenant_id = act->tenant->tenant_id,
                             .states = states,
                             .created_after = created_after,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = 1 };
    return q_task_count(act->tx, &f, n, e);
}

int people_open_tasks(const struct act *act, int64_t *n, struct err *e)
{
    return count_tasks(act, STR(OPEN), TIME_NONE, n, e);
}

struct telling {
    const struct people_settings *s;
    const struct task_row *task; /* NULL: a digest */
    const char *what;
    bool open;
    int64_t due_at;
};

/* Where the publisher has not said what links may do, they carry what the rule asks for. */
static struct str role_of(const struct act *act, const struct task_row *task)
{
    yyjson_val *terms = json_obj(document_read(act->arena, task->doc), "terms");
    return str_is(json_str(terms, "role"), "administrator") ? STR("administrator") : STR("operator");
}

/* One job for a receiver. A digest's id is its hour's, so there is one of it. */
static int add_job(const struct act *act, const struct telling *t, enum people_channel channel, struct str to,
                   struct err *e)
{
    struct job_row there;
    struct str id = id_new(act->arena, act->rng, "job-", act->now);
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    if (!t->task) {
        id = arena_printf(act->arena, "digest-" STR_FMT "-%lld-%s" STR_FMT, STR_ARG(act->tenant->tenant_id),
                          (long long)(t->due_at / HOUR), channels[channel], STR_ARG(to));
        int rc = q_job_get(act->tx, act->arena, act->tenant->tenant_id, id, &there, e);
        if (rc) return rc < 0 ? -1 : 0;
    }
    json_add_cstr(doc, o, "channel", channels[channel]);
    json_add_cstr(doc, o, "what", t->what);
    json_add_str_opt(doc, o, "to", to);
    if (t->task) {
        struct link_row link = { .link_id = id_new(act->arena, act->rng, "lnk-", act->now),
                                 .tenant_id = act->tenant->tenant_id,
                                 .task_id = t->task->task_id,
                                 .recipient = to.n ? to : str_from(channels[channel]),
                                 .role = t->s->link_role.n ? t->s->link_role : role_of(act, t->task),
                                 .expires_at = act->now + t->s->link_hours * HOUR };
        json_add_str(doc, o, "task_id", t->task->task_id);
        if (t->open) {
            if (q_link_insert(act->tx, &link, e)) return -1;
            json_add_str(doc, o, "link_id", link.link_id);
        }
    }
    struct job_row row = { .job_id = id,
                           .tenant_id = act->tenant->tenant_id,
                           .kind = STR(PEOPLE_JOB),
                           .lane = arena_printf(act->arena, "people:" STR_FMT ":%s", STR_ARG(act->tenant->tenant_id),
                                                channels[channel]),
                           .subject = arena_printf(act->arena, "people:%s:" STR_FMT ":" STR_FMT, channels[channel],
                                                   STR_ARG(to), STR_ARG(t->task ? t->task->task_id : STR("digest"))),
                           .payload = json_write(act->arena, o),
                           .due_at = act->mock_clock && t->task ? 0 : t->due_at,
                           .deadline_at = act->mock_clock ? TIME_NONE : t->due_at + HORIZON,
                           .lease_until = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &row, e);
}

static int tell(const struct act *act, const struct telling *t, struct err *e)
{
    const struct people_settings *s = t->s;
    if (s->slack_url.n && add_job(act, t, PEOPLE_SLACK, STR_NONE, e)) return -1;
    if (s->webhook_url.n && add_job(act, t, PEOPLE_WEBHOOK, STR_NONE, e)) return -1;
    for (size_t i = 0; s->smtp_url.n && s->mail_from.n && i < s->mail_to_n; i++) {
        if (add_job(act, t, PEOPLE_EMAIL, s->mail_to[i], e)) return -1;
    }
    return 0;
}

int people_notify(const struct act *act, const struct people_told *told, struct err *e)
{
    static const char *const heard[] = { "created", "reminded", "escalated", "lapsed", "attempt_failed" };
    struct people_settings s;
    int64_t recent;
    size_t i = 0;
    while (i < ARRAY_LEN(heard) && strcmp(heard[i], told->what) != 0) i++;
    if (i == ARRAY_LEN(heard)) return 0;
    people_settings_read(act, &s);
    if (!s.slack_url.n && !s.webhook_url.n && !s.smtp_url.n) return 0;
    struct telling t = { .s = &s, .task = told->task, .what = told->what, .open = told->open, .due_at = act->now };
    bool created = strcmp(told->what, "created") == 0;
    bool high = created && told->amount_micros > s.high_value_micros;
    bool urgent = !created || high || str_is(told->task->kind, "ad_server");
    if (created) t.due_at += told->delay_us;
    if (high) t.what = "high_value";
    if (count_tasks(act, STR_NONE, act->now - HOUR, &recent, e)) return -1;
    if (urgent || recent <= s.digest_after) return tell(act, &t, e);
    t.task = NULL;
    t.what = "digest";
    t.due_at = (act->now / HOUR + 1) * HOUR;
    return tell(act, &t, e);
}

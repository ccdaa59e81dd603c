#include "jobs/people_job.h"
#include "contract/document.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "domain/core/audit.h"
#include "domain/decide/task_facts.h"
#include "domain/task/task.h"
#include "domain/tell/people_notify.h"
#include "jobs/job_act.h"
#include "jobs/webhook_send.h"

#define TIMEOUT_MS       10000
#define ANSWER_BYTES_MAX 65536

struct people_run {
    struct job_run run; /* first */
    struct job_act act;
    struct people_settings settings;
    struct task_row task;
    struct task_facts facts;
    yyjson_val *payload;
    bool digest;
    int64_t open_tasks;
    struct str link, headline;
    struct op_http post;
    struct http_header headers[2];
    struct op_mail mail;
    struct str to;
};

enum { STEP_PREPARE, STEP_POSTED, STEP_MAILED };

static struct people_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct people_run, run.steps);
}

/* ---- what is said ---- */

static const char *words_of(struct str what)
{
    static const struct {
        const char *what, *words;
    } all[] = { { "created", "Waits for a decision" },
                { "high_value", "High value: waits for a decision" },
                { "reminded", "Still waits" },
                { "escalated", "Escalated: nobody has decided yet" },
                { "lapsed", "The time to decide is over" },
                { "attempt_failed", "A decision could not be carried out" } };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (str_is(what, all[i].what)) return all[i].words;
    }
    return "Task";
}

static struct str unquoted(const struct act *act, struct str json_text)
{
    return json_val_str(document_read(act->arena, json_text));
}

/* How many bytes of `p` are one character that changes how a line looks: a control character (also those of 0x80 to 0x9f), a
 * separator of lines, or one that turns the direction of what follows. 0: none. */
static size_t steers(const char *p, size_t n)
{
    const unsigned char *c = (const unsigned char *)p;
    if (c[0] < 0x20 || c[0] == 0x7f) return 1;
    if (n > 1 && c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) return 2;
    if (n < 3 || c[0] != 0xe2) return 0;
    bool line_or_direction = c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae; /* U+2028 to U+202E */
    return line_or_direction || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9) ? 3 : 0; /* U+2066 to U+2069 */
}

/* A buyer's words among ours: on one line, read as they are written, and no link to click. */
static struct str tame(struct people_run *p, struct str words)
{
    struct buf b;
    buf_init(&b, 2 * words.n + 1);
    for (size_t i = 0; i < words.n; i++) {
        size_t skip = steers(words.p + i, words.n - i);
        buf_add_char(&b, skip ? ' ' : words.p[i]);
        if (skip) i += skip - 1;
        if (words.p[i] == ':' && i + 2 < words.n && words.p[i + 1] == '/' && words.p[i + 2] == '/')
            buf_add_char(&b, ' ');
    }
    struct str out = arena_dup(p->act.act.arena, buf_str(&b));
    buf_finish(&b);
    return out;
}

/* Slack reads &, < and > in a text as its own. */
static struct str for_slack(struct people_run *p, struct str text)
{
    struct buf b;
    buf_init(&b, 5 * text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '&') buf_add(&b, STR("&amp;"));
        else if (c == '<') buf_add(&b, STR("&lt;"));
        else if (c == '>') buf_add(&b, STR("&gt;"));
        else buf_add_char(&b, c);
    }
    struct str out = arena_dup(p->act.act.arena, buf_str(&b));
    buf_finish(&b);
    return out;
}

static struct str plain_text(struct people_run *p)
{
    struct act *act = &p->act.act;
    const struct task_facts *f = &p->facts;
    struct str due = STR("no time set"), buy = STR_NONE;
    if (p->digest) {
        return arena_printf(act->arena,
                            "%lld tasks wait for a decision at " STR_FMT ".\nList them with: salesagent task list\n",
                            (long long)p->open_tasks, STR_ARG(act->tenant->name));
    }
    if (p->task.due_at != TIME_NONE) due = people_time(act, p->task.due_at);
    if (f->of_buy) {
        buy = arena_printf(act->arena,
                           "Advertiser: " STR_FMT "\nAmount: " STR_FMT "\nProducts: " STR_FMT "\nFlight: " STR_FMT
                           " to " STR_FMT "\n",
                           STR_ARG(tame(p, f->advertiser)), STR_ARG(f->total), STR_ARG(tame(p, f->products)),
                           STR_ARG(people_time(act, f->start_at)), STR_ARG(people_time(act, f->end_at)));
    }
    return arena_printf(act->arena,
                        STR_FMT "\n\n" STR_FMT "\nWhat: " STR_FMT " " STR_FMT "\n" STR_FMT "From: " STR_FMT
                                "\nWhy: " STR_FMT "\nUntil: " STR_FMT "\n%s" STR_FMT "\n",
                        STR_ARG(p->headline),
                        STR_ARG(tame(p, unquoted(act, task_member(act, &p->task, "description")))),
                        STR_ARG(p->task.kind), STR_ARG(tame(p, p->task.subject_id)), STR_ARG(buy),
                        STR_ARG(p->task.principal_id), STR_ARG(unquoted(act, task_member(act, &p->task, "rule"))),
                        STR_ARG(due), p->link.n ? "\nDecide, once, with this link:\n" : "", STR_ARG(p->link));
}

/* How the audit trail ends goes out with every message to the webhook: an anchor that nobody here can change. */
static void add_audit_head(struct people_run *p, yyjson_mut_doc *doc, yyjson_mut_val *o)
{
    struct audit_place head;
    struct err unread; /* then there is none in this message */
    if (audit_head(&p->act.act, &head, &unread) != 1) return;
    yyjson_mut_val *h = json_add_obj(doc, o, "audit_head");
    json_add_i64(doc, h, "seq", head.seq);
    json_add_str(doc, h, "hash",
                 hex_encode(p->act.act.arena, (struct str){ (const char *)head.hash, sizeof(head.hash) }));
}

static struct str json_body(struct people_run *p, bool slack)
{
    struct act *act = &p->act.act;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "text", slack ? for_slack(p, plain_text(p)) : plain_text(p));
    if (slack) {
        json_add_bool(doc, o, "mrkdwn", false);
        json_add_bool(doc, o, "unfurl_links", false); /* nobody but a person opens the link */
        json_add_bool(doc, o, "unfurl_media", false);
        return json_write(act->arena, o);
    }
    json_add_str(doc, o, "event", json_str(p->payload, "what"));
    json_add_str(doc, o, "notification_id", p->run.row.job_id);
    json_add_str(doc, o, "tenant_id", act->tenant->tenant_id);
    add_audit_head(p, doc, o);
    if (p->digest) {
        json_add_i64(doc, o, "open_tasks", p->open_tasks);
        return json_write(act->arena, o);
    }
    json_add_str(doc, o, "task_id", p->task.task_id);
    json_add_str(doc, o, "kind", p->task.kind);
    json_add_str(doc, o, "state", p->task.state);
    json_add_str(doc, o, "subject_type", p->task.subject_type);
    json_add_str(doc, o, "subject_id", p->task.subject_id);
    json_add_str(doc, o, "principal_id", p->task.principal_id);
    if (p->task.due_at != TIME_NONE) json_add_time(doc, o, "due_at", p->task.due_at);
    if (p->facts.of_buy) {
        json_add_str_opt(doc, o, "advertiser", p->facts.advertiser);
        json_add_str(doc, o, "total_budget", p->facts.total);
        json_add_str_opt(doc, o, "products", p->facts.products);
        json_add_time(doc, o, "start_time", p->facts.start_at);
        json_add_time(doc, o, "end_time", p->facts.end_at);
    }
    json_add_str_opt(doc, o, "decide_url", p->link);
    return json_write(act->arena, o);
}

/* ---- sending ---- */

static int start_post(struct people_run *p, struct str url, bool slack)
{
    p->headers[0] = (struct http_header){ STR("Content-Type"), STR("application/json") };
    p->headers[1] = (struct http_header){ STR("User-Agent"), STR("salesagent/" SALESAGENT_VERSION) };
    p->post.call = (struct http_call){ .method = STR("POST"),
                                       .url = url,
                                       .headers = p->headers,
                                       .headers_n = ARRAY_LEN(p->headers),
                                       .body = json_body(p, slack),
                                       .reach = HTTP_REACH_OPERATOR,
                                       .timeout_ms = TIMEOUT_MS,
                                       .body_bytes_max = ANSWER_BYTES_MAX };
    steps_http(&p->run.steps, &p->post, jobs_client(p->run.jobs));
    return STEP_POSTED;
}

static int start_mail(struct people_run *p)
{
    const struct jobs_world *world = jobs_context(p->run.jobs);
    struct act *act = &p->act.act;
    const struct people_settings *s = &p->settings;
    struct mail_text text = { .from_name = act->tenant->name,
                              .from = s->mail_from,
                              .to = &p->to,
                              .to_n = 1,
                              .subject = p->headline,
                              .text = plain_text(p),
                              .message_id = p->run.row.job_id,
                              .sent_at = act->now };
    struct str message;
    if (!world->mail) return job_run_end(&p->run, JOB_DEAD, "This process sends no mail.");
    if (mail_compose(act->arena, &text, &message))
        return job_run_end(&p->run, JOB_DEAD, "An address cannot be written to.");
    p->mail.call = (struct mail_call){ .url = s->smtp_url,
                                       .user = s->smtp_user,
                                       .password = s->smtp_password,
                                       .tls = s->mail_plain ? MAIL_TLS_NONE : MAIL_TLS_REQUIRED,
                                       .from = s->mail_from,
                                       .to = &p->to,
                                       .to_n = 1,
                                       .message = message };
    steps_mail(&p->run.steps, &p->mail, world->mail);
    return STEP_MAILED;
}

/* 1 there is something to say, 0 not any more, -1 failed. */
static int load(struct people_run *p, struct err *e)
{
    struct act *act = &p->act.act;
    struct str link_id;
    if (job_act_init(&p->run, store_read(jobs_store(p->run.jobs)), "system:people", &p->act, e) ||
        job_payload(&p->run, &p->payload, e)) {
        return -1;
    }
    people_settings_read(act, &p->settings);
    p->to = json_str(p->payload, "to");
    p->digest = str_is(json_str(p->payload, "what"), "digest");
    if (p->digest) {
        if (people_open_tasks(act, &p->open_tasks, e)) return -1;
        p->headline = arena_printf(act->arena, "%lld tasks wait for a decision", (long long)p->open_tasks);
        return p->open_tasks > 0;
    }
    if (task_load(act, json_str(p->payload, "task_id"), &p->task, e)) return -1;
    if (!task_open(&p->task)) return 0;
    if (task_facts_read(act, &p->task, &p->facts, e)) return -1;
    p->headline = arena_printf(act->arena, "%s: " STR_FMT " " STR_FMT, words_of(json_str(p->payload, "what")),
                               STR_ARG(p->task.kind), STR_ARG(tame(p, p->task.subject_id)));
    link_id = json_str(p->payload, "link_id");
    const struct jobs_world *world = jobs_context(p->run.jobs);
    bool guess = !p->settings.link_base_said && world->own_url.n;
    if (link_id.n) p->link = link_url(act, guess ? world->own_url : p->settings.link_base, link_id);
    return 1;
}

static int prepare(struct steps *s)
{
    struct people_run *p = self(s);
    struct err e;
    int rc = load(p, &e);
    if (rc < 0)
        return job_run_end(&p->run, strcmp(e.code, "SERVICE_UNAVAILABLE") == 0 ? JOB_RETRY : JOB_DEAD, e.message);
    if (rc == 0) return job_run_end(&p->run, JOB_DONE, "Not sent: it was decided meanwhile.");
    if (jobs_stopping(p->run.jobs)) return job_run_end(&p->run, JOB_RETRY, "stopped");
    struct str channel = json_str(p->payload, "channel");
    struct str url = str_is(channel, "slack") ? p->settings.slack_url : p->settings.webhook_url;
    if (str_is(channel, "email"))
        return p->settings.smtp_url.n ? start_mail(p) : job_run_end(&p->run, JOB_DONE, "Not sent: no relay any more.");
    return url.n ? start_post(p, url, str_is(channel, "slack"))
                 : job_run_end(&p->run, JOB_DONE, "Not sent: no receiver any more.");
}

static int posted(struct steps *s)
{
    struct people_run *p = self(s);
    const struct http_call *c = &p->post.call;
    char why[64];
    switch (c->outcome) {
    case HTTP_TOO_LARGE: /* it has answered, at length: what counts is the status */
    case HTTP_OK:
        (void)snprintf(why, sizeof(why), "HTTP %d", c->status);
        p->run.health = c->status >= 500 || c->status == 429 ? LANE_FAILED : LANE_OK;
        if (c->status >= 200 && c->status < 300) return job_run_end(&p->run, JOB_DONE, "");
        return job_run_end(&p->run, p->run.health == LANE_FAILED ? JOB_RETRY : JOB_DEAD, why);
    case HTTP_REFUSED: return job_run_end(&p->run, JOB_DEAD, c->reason);
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN: p->run.health = LANE_FAILED; return job_run_end(&p->run, JOB_RETRY, c->reason);
    case HTTP_CANCELED: p->run.retry_at = loop_now(s->loop); return job_run_end(&p->run, JOB_RETRY, "stopped");
    }
    ENSURE(!"an http outcome");
}

static int mailed(struct steps *s)
{
    struct people_run *p = self(s);
    const struct mail_call *c = &p->mail.call;
    switch (c->outcome) {
    case MAIL_SENT: p->run.health = LANE_OK; return job_run_end(&p->run, JOB_DONE, "");
    case MAIL_REFUSED: p->run.health = LANE_OK; return job_run_end(&p->run, JOB_DEAD, c->reason);
    case MAIL_NOT_SENT:
    case MAIL_UNKNOWN:
        p->run.health = LANE_FAILED;
        return job_run_end(&p->run, JOB_RETRY, c->reason); /* doubles have one Message-ID */
    case MAIL_CANCELED: p->run.retry_at = loop_now(s->loop); return job_run_end(&p->run, JOB_RETRY, "stopped");
    }
    ENSURE(!"a mail outcome");
}

static void cancel(struct job_run *run)
{
    struct people_run *p = CONTAINER_OF(run, struct people_run, run);
    op_http_cancel(&p->post);
    op_mail_cancel(&p->mail);
}

static void release(struct job_run *run)
{
    op_http_finish(&CONTAINER_OF(run, struct people_run, run)->post);
}

static const step_fn steps[] = { [STEP_PREPARE] = prepare, [STEP_POSTED] = posted, [STEP_MAILED] = mailed };

const struct job_kind people_kind = { .name = PEOPLE_JOB,
                                      .bytes = sizeof(struct people_run),
                                      .steps = steps,
                                      .lease_s = 120,
                                      .attempts_max = 40,
                                      .horizon_s = 24 * 3600,
                                      .cancel = cancel,
                                      .release = release };

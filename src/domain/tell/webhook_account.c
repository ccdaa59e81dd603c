/* Accounts' notification_configs: declarative replacement, proof of control, fan-out. */
#include <stdio.h>

#include "base/crypto.h"
#include "contract/document.h"
#include "base/encode.h"
#include "domain/core/tenant_settings.h"
#include "domain/tell/webhook_internal.h"

#define CONFIGS_MAX       WEBHOOKS_OF_ANCHOR_MAX
#define SUBSCRIBER_ID_MAX 64

static const char *const account_events[] = {
    "creative.status_changed",   "creative.purged", "product.created", "product.updated", "product.priced",
    "product.removed",           "signal.created",  "signal.updated",  "signal.priced",   "signal.removed",
    "wholesale_feed.bulk_change"
};

static bool is_account_event(struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(account_events); i++) {
        if (str_is(type, account_events[i])) return true;
    }
    return false;
}

static int check_events(yyjson_val *config, const char *at, struct err *e)
{
    yyjson_val *list, *type;
    size_t i, n;
    struct json_len len = { 1, 32 };
    if (json_req_arr(JSON_FIELD(config, "event_types", at), len, &list, e)) return -1;
    yyjson_arr_foreach(list, i, n, type) {
        if (is_account_event(json_val_str(type))) continue;
        (void)err_set(e, "INVALID_REQUEST", "This event type is unknown or does not belong to an account.");
        return err_field(e, "%s/event_types/%zu", at, i);
    }
    return 0;
}

static int read_config(const struct act *act, yyjson_val *config, const char *at, struct webhook_row *out,
                       struct err *e)
{
    struct json_len len = { 1, SUBSCRIBER_ID_MAX };
    struct webhook_source src = { config, at, WEBHOOK_ACCOUNT };
    if (webhook_read(act, &src, out, e)) return -1;
    if (json_req_str(JSON_FIELD(config, "subscriber_id", at), len, &out->subscriber_id, e)) return -1;
    if (!id_text_valid(out->subscriber_id, SUBSCRIBER_ID_MAX)) {
        (void)err_set(e, "INVALID_REQUEST", "subscriber_id may hold letters, digits and _ . : - only.");
        return err_field(e, "%s/subscriber_id", at);
    }
    if (check_events(config, at, e)) return -1;
    out->events = json_write_val(act->arena, json_arr(config, "event_types"));
    return 0;
}

static const struct webhook_row *find_row(const struct webhook_row *rows, size_t n, struct str subscriber_id)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(rows[i].subscriber_id, subscriber_id)) return &rows[i];
    }
    return NULL;
}

/* AdCP core/webhook-challenge.json. Always signed with our key, whatever later deliveries use. */
static int send_challenge(const struct act *act, const struct webhook_row *hook, struct err *e)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "type", "webhook.challenge");
    json_add_str(doc, o, "challenge", hook->challenge);
    json_add_str(doc, o, "account_id", hook->anchor);
    json_add_str(doc, o, "subscriber_id", hook->subscriber_id);
    bool said =
        act->tenant->host.n || json_str(ts.doc, "agent_url").n; /* else the URL that the buyer called is known better */
    json_add_str(doc, o, "seller_agent_url", said || !act->base_url.n ? ts.agent_url : act->base_url);
    (void)json_add_text(doc, o, "event_types", hook->events); /* written by us */
    yyjson_mut_val *mode = json_add_obj(doc, o, "delivery_auth");
    json_add_str(doc, mode, "mode", hook->scheme.n ? hook->scheme : STR("rfc9421"));
    if (hook->scheme.n) {
        uint8_t sum[SHA256_BYTES];
        sha256(hook->secret, sum);
        json_add_str(doc, mode, "credential_fingerprint",
                     hex_encode(act->arena, (struct str){ (char *)sum, sizeof(sum) }));
    }
    struct webhook_job job = { .kind = WEBHOOK_CHALLENGE_JOB,
                               .idempotency_key = uuid_new(act->arena, act->rng),
                               .subject = arena_printf(act->arena, "challenge:" STR_FMT, STR_ARG(hook->webhook_id)),
                               .sequence_number = -1,
                               .body = json_write(act->arena, o) };
    return webhook_job_add(act, hook, &job, e);
}

/* Stores one configuration; a new or changed active one must prove itself (again). */
static int put_config(const struct act *act, struct webhook_row *row, const struct webhook_row *old, struct err *e)
{
    bool same = old && str_eq(old->url, row->url) && str_eq(old->scheme, row->scheme) &&
                str_eq(old->secret, row->secret) &&
                str_eq(old->events, row->events); /* what is asked for is part of what is proved */
    row->webhook_id = old ? old->webhook_id : id_new(act->arena, act->rng, "wh-", act->now);
    bool proved = same && old->challenge.n == 0;
    row->challenge = proved ? STR("") : same ? old->challenge : secret_new(act->arena, act->rng);
    if (q_webhook_put(act->tx, row, e)) return -1;
    bool asked = same && old->active;
    return row->active && !proved && !asked ? send_challenge(act, row, e) : 0;
}

/* Reads the whole array before anything is written. */
static int read_configs(const struct act *act, yyjson_val *configs, const char *at,
                        struct webhook_row rows[CONFIGS_MAX], struct err *e)
{
    size_t n = yyjson_arr_size(configs);
    if (n > CONFIGS_MAX) {
        (void)err_set(e, "INVALID_REQUEST", "At most %d notification configurations.", CONFIGS_MAX);
        return err_field(e, "%s", at);
    }
    for (size_t i = 0; i < n; i++) {
        const char *here = arena_printf(act->arena, "%s/%zu", at, i).p;
        rows[i] =
            (struct webhook_row){ .tenant_id = act->tenant->tenant_id, .kind = STR("account"), .updated_at = act->now };
        if (read_config(act, yyjson_arr_get(configs, i), here, &rows[i], e)) return -1;
        if (find_row(rows, i, rows[i].subscriber_id)) {
            (void)err_set(e, "INVALID_REQUEST", "This subscriber_id is given twice.");
            return err_field(e, "%s/subscriber_id", here);
        }
    }
    return 0;
}

int webhook_accounts_check(const struct act *act, yyjson_val *configs, const char *at, struct err *e)
{
    struct webhook_row rows[CONFIGS_MAX];
    return configs ? read_configs(act, configs, at, rows, e) : 0;
}

int webhook_accounts_replace(const struct act *act, const struct webhook_account *owner, yyjson_val *configs,
                             const char *at, struct err *e)
{
    struct webhook_anchor key = { act->tenant->tenant_id, "account", owner->account_id };
    struct webhook_row *old, rows[CONFIGS_MAX];
    size_t old_n, n = yyjson_arr_size(configs);
    if (read_configs(act, configs, at, rows, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        rows[i].principal_id = owner->principal_id;
        rows[i].account_id = rows[i].anchor = owner->account_id;
    }
    if (q_webhook_list(act->tx, act->arena, &key, &old, &old_n, e)) return -1;
    for (size_t i = 0; i < old_n; i++) {
        if (!find_row(rows, n, old[i].subscriber_id) && q_webhook_delete(act->tx, old[i].webhook_id, e)) return -1;
    }
    for (size_t i = 0; i < n; i++) {
        if (put_config(act, &rows[i], find_row(old, old_n, rows[i].subscriber_id), e)) return -1;
    }
    return 0;
}

int webhook_accounts_encode(const struct act *act, struct str account_id, yyjson_mut_doc *doc, yyjson_mut_val *obj,
                            struct err *e)
{
    struct webhook_anchor key = { act->tenant->tenant_id, "account", account_id };
    struct webhook_row *rows;
    size_t n;
    if (q_webhook_list(act->tx, act->arena, &key, &rows, &n, e)) return -1;
    if (n == 0) return 0;
    yyjson_mut_val *list = json_add_arr(doc, obj, "notification_configs");
    for (size_t i = 0; i < n; i++) {
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "subscriber_id", rows[i].subscriber_id);
        json_add_str(doc, o, "url", rows[i].url);
        (void)json_add_text(doc, o, "event_types", rows[i].events); /* written by us */
        if (rows[i].scheme.n) {
            json_push_str(doc, json_add_arr(doc, json_add_obj(doc, o, "authentication"), "schemes"), rows[i].scheme);
        }
        json_add_bool(doc, o, "active", rows[i].active);
    }
    return 0;
}

static bool wants(const struct act *act, const struct webhook_row *hook, const char *type)
{
    yyjson_val *v;
    size_t i, n;
    if (!hook->active) return false;
    yyjson_arr_foreach(document_read(act->arena, hook->events), i, n, v) {
        if (str_is(json_val_str(v), type)) return true;
    }
    return false;
}

static struct str account_body(const struct act *act, const struct webhook_row *hook,
                               const struct webhook_account_event *ev, struct str idempotency_key)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_val *key, *value;
    json_add_str(doc, o, "idempotency_key", idempotency_key);
    json_add_str(doc, o, "notification_id", ev->notification_id);
    json_add_cstr(doc, o, "notification_type", ev->type);
    json_add_time(doc, o, "fired_at", act->now);
    json_add_str(doc, o, "subscriber_id", hook->subscriber_id);
    json_add_str(doc, o, "account_id", ev->account_id);
    size_t i, n;
    yyjson_obj_foreach(document_read(act->arena, ev->fields), i, n, key, value) {
        json_add_copy(doc, o, yyjson_get_str(key), value);
    }
    return json_write(act->arena, o);
}

int webhook_send_account(const struct act *act, const struct webhook_account_event *ev, struct err *e)
{
    struct webhook_anchor key = { act->tenant->tenant_id, "account", ev->account_id };
    struct webhook_row *hooks;
    size_t n;
    if (q_webhook_list(act->tx, act->arena, &key, &hooks, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!wants(act, &hooks[i], ev->type)) continue;
        struct webhook_job job = { .kind = WEBHOOK_JOB,
                                   .idempotency_key = uuid_new(act->arena, act->rng),
                                   .subject = ev->subject,
                                   .notification_type = ev->type,
                                   .sequence_number = -1 };
        job.body = account_body(act, &hooks[i], ev, job.idempotency_key);
        if (webhook_job_add(act, &hooks[i], &job, e)) return -1;
    }
    return 0;
}

#include "domain/delivery/report.h"

#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/plan/plan.h"
#include "domain/tell/webhook.h"
#include "store/q/agent/q_job.h"

#define USEC_PER_HOUR     (INT64_C(3600) * USEC_PER_SEC)
#define DELAY_MINUTES_MAX (7 * 24 * 60)

int report_frequency_parse(struct str name, enum report_frequency *out)
{
    static const char *const names[] = {
        [REPORT_HOURLY] = "hourly", [REPORT_DAILY] = "daily", [REPORT_MONTHLY] = "monthly"
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!str_is(name, names[i])) continue;
        *out = (enum report_frequency)i;
        return 0;
    }
    return -1;
}

int64_t report_period_start(enum report_frequency f, const struct tz *zone, int64_t at)
{
    switch (f) {
    case REPORT_HOURLY: { /* by the zone's clocks: some are half an hour off */
        int64_t shift = tz_offset_s(zone, at) * USEC_PER_SEC % USEC_PER_HOUR;
        return at - (at + shift + USEC_PER_HOUR) % USEC_PER_HOUR;
    }
    case REPORT_DAILY: return tz_day_begins_at(zone, tz_day(zone, at));
    case REPORT_MONTHLY: return tz_day_begins_at(zone, tz_month_first_day(tz_day(zone, at), 0));
    }
    ENSURE(!"a report frequency");
}

int64_t report_period_end(enum report_frequency f, const struct tz *zone, int64_t start)
{
    switch (f) {
    case REPORT_HOURLY: return start + USEC_PER_HOUR;
    case REPORT_DAILY: return tz_day_begins_at(zone, tz_day(zone, start) + 1);
    case REPORT_MONTHLY: return tz_day_begins_at(zone, tz_month_first_day(tz_day(zone, start), 1));
    }
    ENSURE(!"a report frequency");
}

/* --- what products say ------------------------------------------------------------------------------------------- */

int report_terms_of(const struct act *act, const struct package_rows *packages, struct report_terms *out, struct err *e)
{
    struct str name = STR_NONE;
    int64_t delay_minutes = REPORT_DELAY_MINUTES;
    struct ad_server_set servers = { .act = act };
    const struct ad_server *server;
    struct err why;
    for (size_t i = 0; i < packages->n; i++) {
        struct product p;
        int found = product_load(act->tx, act->arena, act->tenant->tenant_id, packages->rows[i].product_id, &p, e);
        if (found < 0) return -1;
        yyjson_val *says = found ? json_obj(p.doc, "reporting_capabilities") : NULL;
        struct str zone = json_str(says, "timezone");
        if (!zone.n || (name.n && !str_eq(name, zone))) zone = STR("UTC"); /* they disagree */
        name = zone;
        int64_t delay = json_i64_or(says, "expected_delay_minutes", 0);
        struct str named =
            packages->rows[i].ad_server.n || !found ? packages->rows[i].ad_server : product_ad_server(&p);
        if (ad_server_get(&servers, named, &server, e)) return -1;
        bool at_once = server->adapter->local && !server->adapter->by_hand;
        if (!at_once && delay > delay_minutes && delay <= DELAY_MINUTES_MAX) delay_minutes = delay;
    }
    out->zone = tz_utc();
    out->delay_us = delay_minutes * 60 * USEC_PER_SEC;
    if (name.n && tz_load(act->arena, name, &out->zone, &why)) {
        log_event(LOG_WARN, "report", "periods are counted in UTC", "why", why.message, NULL);
    }
    return 0;
}

int report_check(const struct product *product, yyjson_val *config, struct err *e)
{
    yyjson_val *says = json_obj(product->doc, "reporting_capabilities"), *v;
    struct str asked = json_str(config, "reporting_frequency");
    enum report_frequency f;
    size_t i, n;
    if (!json_bool_or(says, "supports_webhooks", true)) {
        (void)err_set(e, "INVALID_REQUEST", "The product " STR_FMT " is not reported by webhook.",
                      STR_ARG(product->product_id));
        (void)err_suggest(e, "Leave reporting_webhook out and call get_media_buy_delivery.");
        return err_field(e, "/reporting_webhook");
    }
    yyjson_arr_foreach(json_arr(says, "available_reporting_frequencies"), i, n, v) {
        if (str_eq(json_val_str(v), asked) && report_frequency_parse(asked, &f) == 0) return 0;
    }
    (void)err_set(e, "INVALID_REQUEST", "The product " STR_FMT " is not reported \"" STR_FMT "\".",
                  STR_ARG(product->product_id), STR_ARG(asked));
    (void)err_suggest(e, "Choose from the product's reporting_capabilities.available_reporting_frequencies.");
    return err_field(e, "/reporting_webhook/reporting_frequency");
}

int report_check_packages(const struct act *act, const struct package_rows *packages, yyjson_val *config, struct err *e)
{
    for (size_t i = 0; yyjson_is_obj(config) && i < packages->n; i++) {
        struct product p;
        int found = product_load(act->tx, act->arena, act->tenant->tenant_id, packages->rows[i].product_id, &p, e);
        if (found < 0 || (found && report_check(&p, config, e))) return -1;
    }
    return 0;
}

/* --- the stream --------------------------------------------------------------------------------------------------- */

int report_wake(const struct act *act, const struct report_wake *wake, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", wake->media_buy_id);
    json_add_i64(doc, o, "version", wake->version);
    if (wake->adjusted) {
        yyjson_mut_val *days = json_add_obj(doc, o, "adjusted");
        json_add_i64(doc, days, "first_day", wake->adjusted->first_day);
        json_add_i64(doc, days, "last_day", wake->adjusted->last_day);
    }
    /* A subject for each, so that a correction does not wait for the next period's end. */
    struct str job_id = id_new(act->arena, act->rng, "job-", act->now);
    struct job_row row = { .job_id = job_id,
                           .tenant_id = act->tenant->tenant_id,
                           .kind = STR(REPORT_JOB),
                           .lane = STR(REPORT_JOB),
                           .subject = arena_printf(act->arena, "report:" STR_FMT, STR_ARG(job_id)),
                           .payload = json_write(act->arena, o),
                           .due_at = wake->due_at,
                           .deadline_at = TIME_NONE,
                           .created_at = act->now };
    return q_job_insert(act->tx, &row, e);
}

int report_configure(const struct act *act, const struct media_buy_row *buy, yyjson_val *config, struct err *e)
{
    enum report_frequency f;
    struct package_rows packages;
    struct report_terms terms;
    if (report_frequency_parse(json_str(config, "reporting_frequency"), &f)) return 0; /* checked when it came in */
    struct webhook_owner owner = { .kind = WEBHOOK_REPORT,
                                   .principal_id = buy->principal_id,
                                   .account_id = buy->account_id,
                                   .anchor = buy->media_buy_id,
                                   .context = webhook_context(act, buy->echo) };
    if (webhook_register(act, &owner, json_write_val(act->arena, config), e)) return -1;
    yyjson_val *metrics = json_arr(config, "requested_metrics");
    struct report_row old, row = { .media_buy_id = buy->media_buy_id,
                                   .tenant_id = buy->tenant_id,
                                   .frequency = json_str(config, "reporting_frequency"),
                                   .metrics = metrics ? json_write_val(act->arena, metrics) : STR("[]"),
                                   .version = 1,
                                   .updated_at = act->now };
    int64_t begins = buy->start_at > act->now ? buy->start_at : act->now;
    int found = q_report_get(act->tx, act->arena, buy->media_buy_id, &old, e);
    if (found < 0) return -1;
    if (found && str_eq(old.frequency, row.frequency) && str_eq(old.metrics, row.metrics)) return 0;
    if (q_packages_of_buy(act->tx, act->arena, buy->media_buy_id, &packages, e)) return -1;
    if (report_terms_of(act, &packages, &terms, e)) return -1;
    row.period_start = report_period_start(f, terms.zone, begins);
    int64_t first_end = report_period_end(f, terms.zone, row.period_start);
    if (found) {
        if (old.is_final) return 0;
        row.version = old.version + 1;
        row.sequence = old.sequence;
        /* What was reported stays reported: the first period of the new pace begins where the old one stopped. */
        if (old.sequence > 0) row.period_start = old.period_start;
    }
    if (q_report_put(act->tx, &row, e)) return -1;
    struct report_wake wake = { .media_buy_id = buy->media_buy_id,
                                .version = row.version,
                                .due_at = first_end + terms.delay_us };
    return report_wake(act, &wake, e);
}

int report_facts_changed(const struct act *act, struct str media_buy_id, const struct delivery_changes *changed,
                         struct err *e)
{
    struct report_row row;
    int found = q_report_get(act->tx, act->arena, media_buy_id, &row, e);
    if (found < 0) return -1;
    if (!found || row.sequence == 0) return 0;
    struct report_wake wake = {
        .media_buy_id = media_buy_id, .version = row.version, .due_at = act->now, .adjusted = changed
    };
    return report_wake(act, &wake, e);
}

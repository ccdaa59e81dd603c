#include "domain/report.h"

#include "base/rfc3339.h"
#include "domain/webhook.h"
#include "store/q_job.h"

#define USEC_PER_HOUR (INT64_C(3600) * USEC_PER_SEC)

int report_frequency_parse(struct str name, enum report_frequency *out)
{
    static const char *const names[] = { [REPORT_HOURLY] = "hourly", [REPORT_DAILY] = "daily",
                                         [REPORT_MONTHLY] = "monthly" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!str_is(name, names[i])) continue;
        *out = (enum report_frequency)i;
        return 0;
    }
    return -1;
}

/* The day of the month, 1 to 31, from the printed date. */
static int64_t day_of_month(int64_t at)
{
    char date[RFC3339_MAX];
    (void)rfc3339_print_date(at, date);
    return (date[8] - '0') * 10 + (date[9] - '0');
}

static int64_t month_start(int64_t at)
{
    int64_t day = utc_day_start(at);
    return day - (day_of_month(day) - 1) * USEC_PER_DAY;
}

int64_t report_period_start(enum report_frequency f, int64_t at)
{
    switch (f) {
    case REPORT_HOURLY: return at - at % USEC_PER_HOUR;
    case REPORT_DAILY: return utc_day_start(at);
    case REPORT_MONTHLY: return month_start(at);
    }
    ENSURE(!"a report frequency");
}

int64_t report_period_end(enum report_frequency f, int64_t start)
{
    switch (f) {
    case REPORT_HOURLY: return start + USEC_PER_HOUR;
    case REPORT_DAILY: return start + USEC_PER_DAY;
    case REPORT_MONTHLY: return month_start(start + 32 * USEC_PER_DAY);
    }
    ENSURE(!"a report frequency");
}

int report_wake(const struct act *act, const struct report_wake *wake, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, "media_buy_id", wake->media_buy_id);
    json_add_i64(doc, o, "version", wake->version);
    if (wake->adjusted) json_add_bool(doc, o, "adjusted", true);
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
    if (report_frequency_parse(json_str(config, "reporting_frequency"), &f)) return 0; /* checked when it came in */
    struct webhook_owner owner = { .kind = WEBHOOK_REPORT,
                                   .principal_id = buy->principal_id,
                                   .account_id = buy->account_id,
                                   .anchor = buy->media_buy_id };
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
    row.period_start = report_period_start(f, begins);
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
                                .due_at = report_period_end(f, report_period_start(f, begins)) +
                                          REPORT_DELAY_MINUTES * 60 * USEC_PER_SEC };
    return report_wake(act, &wake, e);
}

int report_facts_changed(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct report_row row;
    int found = q_report_get(act->tx, act->arena, media_buy_id, &row, e);
    if (found < 0) return -1;
    if (!found || row.sequence == 0) return 0;
    struct report_wake wake = { .media_buy_id = media_buy_id,
                                .version = row.version,
                                .due_at = act->now,
                                .adjusted = true };
    return report_wake(act, &wake, e);
}

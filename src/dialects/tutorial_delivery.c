/* Delivery reports in the tutorial's shape (its steps 9 and 11). */
#include "dialects/tutorial.h"

static int64_t spend_of(yyjson_val *row)
{
    return shape_micros_or(row, "spend", 0);
}

static void add_counts(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *row)
{
    static const struct shape_member members[] = { { "impressions", "impressions" }, { "clicks", "clicks" }, { 0 } };
    shape_copy(doc, out, row, members);
    if (json_has(row, "clicks")) {
        int64_t impressions = json_i64_or(row, "impressions", 0);
        shape_add_ratio(doc, out, "ctr", json_i64_or(row, "clicks", 0), impressions ? impressions : 1);
    }
    json_add_copy(doc, out, "spend", yyjson_obj_get(row, "spend"));
}

static void add_delivery(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    yyjson_val *totals = json_obj(buy, "totals");
    yyjson_mut_val *o = json_add_obj(doc, out, "delivery");
    add_counts(doc, o, totals);
    json_add_copy(doc, o, "budget_remaining", yyjson_obj_get(buy, "budget_remaining"));
    shape_add_ratio(doc, o, "budget_utilization", spend_of(totals), shape_micros_or(buy, "budget", 0));
}

static void add_pacing(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy, bool completed)
{
    yyjson_mut_val *o = json_add_obj(doc, out, "pacing");
    yyjson_val *totals = json_obj(buy, "totals");
    if (completed) {
        json_add_cstr(doc, o, "pacing_status", "completed");
        shape_add_ratio(doc, o, "final_delivery_ratio", spend_of(totals), shape_micros_or(buy, "budget", 0));
        return;
    }
    static const struct shape_member members[] = {
        { "pacing_ratio", "pacing_ratio" },
        { "pacing_status", "pacing_status" },
        { "projected_end_spend", "projected_spend" },
        { 0 },
    };
    json_add_copy(doc, o, "expected_spend_to_date", yyjson_obj_get(buy, "expected_spend"));
    json_add_copy(doc, o, "actual_spend_to_date", yyjson_obj_get(totals, "spend"));
    shape_copy(doc, o, buy, members);
    shape_add_last_day(doc, o, "projected_end_date", json_str(buy, "projected_end"));
}

static void add_package(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *p, bool completed)
{
    static const struct shape_member running[] = {
        { "budget_remaining", "budget_remaining" },
        { "pacing_ratio", "pacing_ratio" },
        { 0 },
    };
    yyjson_mut_val *o = json_push_obj(doc, list);
    json_add_str(doc, o, "package_id", shape_short_package_id(doc, json_str(p, "package_id")));
    json_add_copy(doc, o, "name", yyjson_obj_get(p, "name"));
    add_counts(doc, o, p);
    if (completed) {
        shape_add_ratio(doc, o, "budget_utilization", spend_of(p), shape_micros_or(p, "budget", 0));
    } else {
        shape_copy(doc, o, p, running);
    }
}

static void add_period(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy, bool completed)
{
    static const struct shape_member running[] = {
        { "days_elapsed", "days_elapsed" },
        { "days_remaining", "days_remaining" },
        { 0 },
    };
    static const struct shape_member over[] = { { "total_days", "total_days" }, { 0 } };
    yyjson_mut_val *o = json_add_obj(doc, out, "period");
    shape_add_day(doc, o, "start", json_str(buy, "start_time"));
    shape_add_last_day(doc, o, "end", json_str(buy, "end_time"));
    shape_copy(doc, o, buy, completed ? over : running);
}

static void add_report(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *buy)
{
    yyjson_val *p;
    size_t i, n;
    bool completed = str_is(json_str(buy, "status"), "completed");
    json_add_copy(doc, out, "media_buy_id", yyjson_obj_get(buy, "media_buy_id"));
    tutorial_add_status(doc, out, json_str(buy, "status"));
    add_delivery(doc, out, buy);
    add_pacing(doc, out, buy, completed);
    yyjson_mut_val *packages = json_add_arr(doc, out, "by_package");
    yyjson_arr_foreach(json_arr(buy, "packages"), i, n, p) add_package(doc, packages, p, completed);
    add_period(doc, out, buy, completed);
}

/* The tutorial asks for one buy and gets it bare; it says nothing of several, which come as a list. */
yyjson_mut_val *tutorial_delivery_down(const struct dialect_down *d)
{
    yyjson_val *buys = json_arr(d->aux, "media_buys"), *buy;
    size_t asked = yyjson_arr_size(json_arr(d->request->args, "media_buy_ids"));
    size_t i, n;
    if (asked > 0 && yyjson_arr_size(buys) == 0) return shape_not_found(d->doc, "There is no media buy of that id.");
    yyjson_mut_val *root = json_root_obj(d->doc);
    if (asked == 1) {
        add_report(d->doc, root, yyjson_arr_get_first(buys));
        return root;
    }
    yyjson_mut_val *list = json_add_arr(d->doc, root, "deliveries");
    yyjson_arr_foreach(buys, i, n, buy) add_report(d->doc, json_push_obj(d->doc, list), buy);
    return root;
}

#include "people.h"

#define EVERY_BUY                                                                                                      \
    "{\"adcp_version\":\"3.1\",\"status_filter\":[\"pending_creatives\",\"pending_start\",\"active\",\"paused\","      \
    "\"completed\",\"rejected\",\"canceled\"]}"

/* ---- create_media_buy ---- */

static enum sim_result create(struct run *r, yyjson_val **reply)
{
    return buyer(
        r, "create_media_buy",
        ",\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":"
        "\"2026-05-01T00:00:00Z\",\"packages\":[{\"product_id\":\"prod-tech-display-001\",\"pricing_option_id\":"
        "\"price-001\",\"budget\":2000}]",
        reply);
}

static const char *created(struct run *r)
{
    yyjson_val *reply;
    if (sim_call(&r->sim, "test-token", "get_media_buys", EVERY_BUY, &reply) != SIM_OK) return "?";
    check(r, yyjson_arr_size(json_arr(reply, "media_buys")) <= 1, "the buy was made twice");
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    if (!buy) return r->task_id.n ? "open" : "";
    return str_is(json_str(buy, "status"), "rejected") ? "rejected" : "approved";
}

/* ---- update_media_buy ---- */

/* A buy that is booked, confirmed before the rules are made. */
static void a_buy(struct run *r)
{
    yyjson_val *reply;
    check(r, create(r, &reply) == SIM_OK, "the buy was not made");
    resolve_local(r, kept(r, json_str(reply, "task_id")), "approve");
    sim_run_until(&r->sim, r->sim.driver.now + 10 * USEC_PER_SEC);
    check(r, sim_call(&r->sim, "test-token", "get_media_buys", EVERY_BUY, &reply) == SIM_OK, "no buys");
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    r->media_buy_id = kept(r, json_str(buy, "media_buy_id"));
    r->package_id = kept(r, json_str(yyjson_arr_get_first(json_arr(buy, "packages")), "package_id"));
    check(r, r->package_id.n > 0, "the buy was not confirmed");
}

static enum sim_result update(struct run *r, yyjson_val **reply)
{
    return buyer(r, "update_media_buy",
                 sim_text(&r->sim,
                          ",\"media_buy_id\":\"" STR_FMT "\",\"packages\":[{\"package_id\":\"" STR_FMT
                          "\",\"budget\":3000}]",
                          STR_ARG(r->media_buy_id), STR_ARG(r->package_id)),
                 reply);
}

static const char *updated(struct run *r)
{
    yyjson_val *reply;
    if (sim_call(&r->sim, "test-token", "get_media_buys",
                 sim_text(&r->sim, "{\"adcp_version\":\"3.1\",\"media_buy_ids\":[\"" STR_FMT "\"]}",
                          STR_ARG(r->media_buy_id)),
                 &reply) != SIM_OK)
        return "?";
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    return json_i64_or(buy, "total_budget", 0) == 3000 ? "approved" : "unchanged";
}

/* ---- creative_review: of a creative that a booked buy waits for ---- */

static enum sim_result sync(struct run *r, yyjson_val **reply)
{
    return buyer(
        r, "sync_creatives",
        sim_text(
            &r->sim,
            ",\"creatives\":[{\"creative_id\":\"c-1\",\"name\":\"C\",\"format_id\":{\"agent_url\":"
            "\"http://localhost/mcp\",\"id\":\"fmt-display-300x250\"},\"assets\":{\"primary\":{\"asset_type\":"
            "\"image\",\"url\":\"https://cdn.acme.example/a.png\",\"width\":300,\"height\":250,\"format\":\"png\"},"
            "\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://acme.example/\"}}}],\"assignments\":[{"
            "\"creative_id\":\"c-1\",\"package_id\":\"" STR_FMT "\"}]",
            STR_ARG(r->package_id)),
        reply);
}

static const char *reviewed(struct run *r)
{
    yyjson_val *reply;
    if (sim_local(&r->sim, "x_creative_list", "{}", &reply) != SIM_OK) return "?";
    yyjson_val *c = yyjson_arr_get_first(json_arr(reply, "creatives"));
    if (!c) return "";
    bool approved = str_is(json_str(c, "status"), "approved");
    if (sim_call(&r->sim, "test-token", "get_media_buys", EVERY_BUY, &reply) != SIM_OK) return "?";
    yyjson_val *buy = yyjson_arr_get_first(json_arr(reply, "media_buys"));
    check(r, str_is(json_str(buy, "status"), "pending_creatives") != approved, "the buy does not follow its creative");
    return approved ? "approved" : str_is(json_str(c, "status"), "rejected") ? "rejected" : "open";
}

/* ---- account ---- */

static enum sim_result ask_account(struct run *r, yyjson_val **reply)
{
    return sim_call(&r->sim, "test-token", "sync_accounts",
                    "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"people-account-key-1\",\"accounts\":[{\"brand\":"
                    "{\"domain\":\"new.example\"},\"operator\":\"new.example\",\"billing\":\"operator\"}]}",
                    reply);
}

static const char *account(struct run *r)
{
    yyjson_val *reply, *v;
    size_t i, n;
    if (sim_call(&r->sim, "test-token", "list_accounts", "{\"adcp_version\":\"3.1\"}", &reply) != SIM_OK) return "?";
    yyjson_arr_foreach(json_arr(reply, "accounts"), i, n, v) {
        if (!str_is(json_val_str(json_get_path(v, "/brand/domain")), "new.example")) continue;
        return str_is(json_str(v, "status"), "active")     ? "approved"
               : str_is(json_str(v, "status"), "rejected") ? "rejected"
                                                           : "open";
    }
    return "";
}

const struct people_operation people_operations[] = {
    { .name = "create_media_buy",
      .person_without_rule = true,
      .is_booked = true,
      .is_admitted = true,
      .undone = "rejected",
      .waiting = "open",
      .ask = create,
      .effect = created,
      .order_after = 2000 },
    { .name = "update_media_buy",
      .is_booked = true,
      .is_admitted = true,
      .ends_with_flight = true,
      .undone = "unchanged",
      .waiting = "unchanged",
      .prepare = a_buy,
      .ask = update,
      .effect = updated,
      .order_before = 2000,
      .order_after = 3000 },
    { .name = "creative_review",
      .person_without_rule = true,
      .fails_by_item = true,
      .undone = "rejected",
      .waiting = "open",
      .prepare = a_buy,
      .ask = sync,
      .effect = reviewed,
      .order_before = 2000,
      .order_after = 2000 },
    { .name = "account",
      .fails_by_item = true,
      .undone = "rejected",
      .waiting = "open",
      .ask = ask_account,
      .effect = account },
};
const size_t people_operations_n = ARRAY_LEN(people_operations);

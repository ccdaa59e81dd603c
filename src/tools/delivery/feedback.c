/* provide_performance_feedback (AdCP 3.1), and x_update_performance_index for the dialects in which buyers rate a
 * whole buy or list an index for each package. */
#include "domain/delivery/feedback.h"

#include <math.h>
#include <stdio.h>

#include "contract/document.h"
#include "store/q/q_creative.h"
#include "store/q/q_media_buy.h"
#include "tools/delivery/delivery_tools.h"
#include "tools/core/request_expand.h"

#define INDEX_MAX 1000000.0

static const struct json_len id_len = { 1, 256 };

/* The caller's own buy, by args.media_buy_id. */
static int own_buy(struct tool_call *c, struct media_buy_row *out, struct err *e)
{
    struct str id;
    const struct principal *who = c->act->principal;
    if (json_req_str(JSON_FIELD(c->args, "media_buy_id", ""), id_len, &id, e)) return -1;
    struct media_buy_key key = { .tenant_id = c->act->tenant->tenant_id,
                                 .principal_id = who->role == ROLE_BUYER ? who->principal_id : STR_NONE,
                                 .media_buy_id = id };
    int rc = q_media_buy_get(c->act->tx, c->arena, &key, out, e);
    if (rc < 0) return -1;
    if (rc == 1) return 0;
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "there is no media buy of that id");
    return err_field(e, "/media_buy_id");
}

static int own_package(struct tool_call *c, const struct media_buy_row *buy, struct str package_id, struct err *e)
{
    struct package_rows packages;
    if (q_packages_of_buy(c->act->tx, c->arena, buy->media_buy_id, &packages, e)) return -1;
    for (size_t i = 0; i < packages.n; i++) {
        if (str_eq(packages.rows[i].package_id, package_id)) return 0;
    }
    (void)err_set(e, "PACKAGE_NOT_FOUND", "the media buy has no package of that id");
    return err_field(e, "/package_id");
}

static int own_creative(struct tool_call *c, const struct media_buy_row *buy, struct str creative_id, struct err *e)
{
    struct creative_row row;
    struct creative_key key = { buy->tenant_id, buy->principal_id, creative_id };
    int rc = q_creative_get(c->act->tx, c->arena, &key, &row, e);
    if (rc < 0) return -1;
    if (rc == 1) return 0;
    (void)err_set(e, "CREATIVE_NOT_FOUND", "there is no creative of that id");
    return err_field(e, "/creative_id");
}

static int check_period(struct tool_call *c, struct err *e)
{
    yyjson_val *period;
    int64_t start, end;
    if (json_req_obj(JSON_FIELD(c->args, "measurement_period", ""), &period, e)) return -1;
    if (json_req_time(JSON_FIELD(period, "start", "/measurement_period"), &start, e)) return -1;
    if (json_req_time(JSON_FIELD(period, "end", "/measurement_period"), &end, e)) return -1;
    if (start <= end) return 0;
    (void)err_set(e, "INVALID_REQUEST", "the measurement period ends before it starts");
    return err_field(e, "/measurement_period/end");
}

static int check_index(yyjson_val *obj, const char *at, struct err *e)
{
    double v = json_real_or(obj, "performance_index", -1);
    if (isfinite(v) && v >= 0 && v <= INDEX_MAX) return 0;
    (void)err_set(e, "INVALID_REQUEST", "performance_index must be a number from 0 (1 is as expected)");
    return err_field(e, "%s/performance_index", at);
}

static int64_t index_ppm(yyjson_val *obj)
{
    return (int64_t)(json_real_or(obj, "performance_index", 1) * 1e6 + 0.5); /* checked: from 0 to INDEX_MAX */
}

/* What was said, without what belongs to the transport. */
static struct str said(struct tool_call *c, const char *const *members)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    for (size_t i = 0; members[i]; i++) json_add_copy(doc, root, members[i], yyjson_obj_get(c->args, members[i]));
    return json_write(c->arena, root);
}

static int fits(const struct feedback *f, const char *field, struct err *e)
{
    return document_fits(f->doc, FEEDBACK_BYTES_MAX, "The feedback", e) ? err_field(e, "%s", field) : 0;
}

int provide_performance_feedback_run(struct tool_call *c, struct err *e)
{
    static const char *const members[] = { "measurement_period",
                                           "performance_index",
                                           "creative_id",
                                           "metric_type",
                                           "metric",
                                           "vendor",
                                           "feedback_source",
                                           "ext",
                                           NULL };
    struct media_buy_row buy;
    struct str package_id = STR_NONE, creative_id = STR_NONE;
    if (own_buy(c, &buy, e) || check_period(c, e) || check_index(c->args, "", e)) return -1;
    if (json_opt_str(JSON_FIELD(c->args, "package_id", ""), id_len, &package_id, e)) return -1;
    if (json_opt_str(JSON_FIELD(c->args, "creative_id", ""), id_len, &creative_id, e)) return -1;
    if (package_id.n && own_package(c, &buy, package_id, e)) return -1;
    if (creative_id.n && own_creative(c, &buy, creative_id, e)) return -1;
    /* How one creative does says nothing about its whole package. */
    struct feedback f = { buy.media_buy_id, package_id, said(c, members),
                          creative_id.n ? FEEDBACK_NO_INDEX : index_ppm(c->args) };
    bool paced;
    if (fits(&f, json_has(c->args, "ext") ? "/ext" : "", e) || feedback_add(c->act, &f, &paced, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    if (c->act->principal->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    c->message = paced ? STR("Performance feedback recorded; from now on delivery is paced by it.")
                       : STR("Performance feedback recorded.");
    return 0;
}

static int add_package_indexes(struct tool_call *c, const struct media_buy_row *buy, yyjson_val *list, struct err *e)
{
    yyjson_val *item;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, item) {
        char at[48];
        struct str package_id;
        (void)snprintf(at, sizeof(at), "/package_performance/%zu", i);
        if (json_req_str(JSON_FIELD(item, "package_id", at), id_len, &package_id, e)) return -1;
        if (own_package(c, buy, package_id, e)) return err_field(e, "%s/package_id", at);
        if (check_index(item, at, e)) return -1;
        struct feedback f = { buy->media_buy_id, package_id, json_write_val(c->arena, item), index_ppm(item) };
        bool paced;
        if (fits(&f, at, e) || feedback_add(c->act, &f, &paced, e)) return -1;
    }
    return 0;
}

int x_update_performance_index_run(struct tool_call *c, struct err *e)
{
    struct media_buy_row buy;
    yyjson_val *feedback = NULL, *list = NULL;
    if (own_buy(c, &buy, e) || request_expand_names(c, "package_performance", e)) return -1;
    if (json_opt_obj(JSON_FIELD(c->args, "feedback", ""), &feedback, e)) return -1;
    if (json_opt_arr(JSON_FIELD(c->args, "package_performance", ""), (struct json_len){ 1, 1000 }, &list, e)) return -1;
    if (!feedback && !list) {
        (void)err_set(e, "INVALID_REQUEST", "there is nothing to record: feedback or package_performance is needed");
        return err_field(e, "/feedback");
    }
    if (feedback) {
        struct feedback f = { buy.media_buy_id, STR_NONE, json_write_val(c->arena, feedback), FEEDBACK_NO_INDEX };
        bool paced;
        if (fits(&f, "/feedback", e) || feedback_add(c->act, &f, &paced, e)) return -1;
    }
    if (add_package_indexes(c, &buy, list, e)) return -1;
    json_add_bool(c->doc, c->reply, "success", true);
    json_add_str(c->doc, c->aux, "media_buy_id", buy.media_buy_id);
    json_add_copy(c->doc, c->aux, "feedback", feedback);
    json_add_copy(c->doc, c->aux, "package_performance", list);
    json_add_time(c->doc, c->aux, "updated_at", c->act->now);
    return 0;
}

#include "domain/plan/plan.h"
#include "contract/document.h"

#include "base/rfc3339.h"
#include "domain/core/tenant_settings.h"
#include "domain/plan/media_buy_state.h"
#include "domain/product/format.h"
#include "domain/product/package_lists.h"
#include "domain/product/product.h"
#include "store/q/q_account.h"
#include "store/q/q_ad_server.h"
#include "store/q/q_creative.h"
#include "store/q/q_delivery.h"
#include "store/q/q_tenant.h"

/* The ad server that everything is booked on. */
static struct str ad_server_name(const struct act *act)
{
    return act->ad_server ? act->ad_server->name : act->tenant->adapter;
}

static struct adapter_site site_of(const struct act *act, const struct tenant_settings *ts, struct str name)
{
    struct adapter_site site = { .tenant_id = act->tenant->tenant_id,
                                 .tenant_name = act->tenant->name,
                                 .ad_server = name,
                                 .timezone = ts->timezone,
                                 .agent_url = ts->agent_url,
                                 .sandbox = act->sandbox };
    memcpy(site.currency, ts->currency, sizeof(site.currency));
    return site;
}

int ad_server_of(const struct act *act, struct ad_server *out, struct err *e)
{
    struct tenant_settings ts;
    if (act->ad_server) {
        *out = *act->ad_server;
        return 0;
    }
    struct ad_server server = { .adapter = adapter_find(act->tenant->adapter), .name = act->tenant->adapter };
    if (server.adapter == NULL) {
        return err_set(e, "CONFIGURATION_ERROR", "the publisher's ad server is not one this program knows");
    }
    tenant_settings_read(act->tenant, act->arena, &ts);
    yyjson_val *settings = json_obj(ts.doc, "adapter_settings");
    struct str text = settings ? json_write_val(act->arena, settings) : STR_NONE;
    if (act->fill_percent && str_is(act->tenant->adapter, "mock")) {
        text = arena_printf(act->arena, "{\"fill_percent\":%d}", act->fill_percent);
    }
    server.settings = text;
    server.site = site_of(act, &ts, server.name);
    if (server.adapter->configure(act->arena, &server.site, text, &server.config, e))
        return err_in(e, "/adapter_settings");
    *out = server;
    return 0;
}

/* ---- what a product is ---- */

static const struct {
    const char *channel;
    enum plan_medium medium;
} media[] = {
    { "olv", MEDIUM_VIDEO },       { "ctv", MEDIUM_VIDEO },
    { "video", MEDIUM_VIDEO },     { "streaming_audio", MEDIUM_AUDIO },
    { "podcast", MEDIUM_AUDIO },   { "audio", MEDIUM_AUDIO },
    { "radio", MEDIUM_BROADCAST }, { "linear_tv", MEDIUM_BROADCAST },
    { "dooh", MEDIUM_DOOH },       { "ooh", MEDIUM_DOOH },
    { "cinema", MEDIUM_DOOH },
};

/* A product of several channels is what its first known one says; everything else behaves like display. */
static enum plan_medium medium_of(const struct product *product)
{
    for (size_t c = 0; c < product->channels_n; c++) {
        for (size_t i = 0; i < ARRAY_LEN(media); i++) {
            if (str_is(product->channels[c], media[i].channel)) return media[i].medium;
        }
    }
    return MEDIUM_DISPLAY;
}

static int64_t price_or_none(yyjson_val *obj, const char *key)
{
    int64_t micros = -1;
    struct err ignored; /* guidance that cannot be read is no guidance */
    if (!obj || json_opt_money(JSON_FIELD(obj, key, ""), &micros, &ignored)) return 0;
    return micros > 0 ? micros : 0;
}

static struct plan_auction auction_of(const struct pricing_option *o)
{
    if (o == NULL || o->fixed_price_micros >= 0) return (struct plan_auction){ .bidding = false };
    yyjson_val *guidance = json_obj(o->doc, "price_guidance");
    return (struct plan_auction){
        .bidding = true,
        .floor_micros = o->floor_micros > 0 ? o->floor_micros : 0,
        .p25_micros = price_or_none(guidance, "p25"),
        .p50_micros = price_or_none(guidance, "p50"),
        .p75_micros = price_or_none(guidance, "p75"),
        .p90_micros = price_or_none(guidance, "p90"),
    };
}

static int describe(const struct act *act, const struct package_row *row, struct plan_package *p, struct err *e)
{
    struct product product;
    int rc = product_load(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e);
    if (rc < 0) return -1;
    if (rc == 0) return 0; /* since deleted: what was sold stands, as display */
    p->medium = medium_of(&product);
    p->promise = product.guaranteed ? PROMISE_GUARANTEED : PROMISE_NON_GUARANTEED;
    const struct pricing_option *o = product_pricing_option(&product, row->pricing_option_id);
    p->auction = auction_of(o);
    /* A bid is the most that is paid, so what it would pay for is no goal, unless so many were kept free for it. */
    bool implied = p->auction.bidding && !(product.guaranteed && product.daily_impressions >= 0) &&
                   p->impressions_goal == pricing_impressions(o, p->budget_micros, p->rate_micros);
    if (implied) p->impressions_goal = -1;
    yyjson_val *settings = json_get_path(product.doc, "/ext/salesagent/ad_server");
    if (settings) p->settings = json_write_val(act->arena, settings);
    return 0;
}

/* ---- rows -> plan ---- */

static int64_t earliest(int64_t a, int64_t b)
{
    if (a == TIME_NONE) return b;
    return a < b ? a : b;
}

/* From when on the buy may deliver: approved, and with what it needs. The time at which the start of the flight
 * was noticed does not matter. */
static int64_t live_from(const struct media_buy_row *buy)
{
    switch (media_buy_status_stored(buy)) {
    case BUY_PENDING_START:
    case BUY_ACTIVE:
    case BUY_PAUSED:
    case BUY_COMPLETED: break;
    case BUY_CANCELED:
        if (buy->activated_at == TIME_NONE) return INT64_MAX;
        break;
    case BUY_PENDING_APPROVAL:
    case BUY_PENDING_CREATIVES:
    case BUY_REJECTED:
    case BUY_FAILED:
    case BUY_STATUSES_N: return INT64_MAX;
    }
    if (buy->confirmed_at == TIME_NONE && buy->activated_at == TIME_NONE) return INT64_MAX;
    return buy->activated_at > buy->confirmed_at ? buy->activated_at : buy->confirmed_at;
}

/* What the buyer wants spent or shown in a day at most (ext.salesagent of the package). */
static void add_limits(const struct act *act, const struct package_row *row, struct plan_package *out)
{
    struct err ignored; /* what is no amount limits nothing: ext is the caller's own */
    yyjson_val *ours = json_get_path(document_read(act->arena, row->doc), "/ext/salesagent");
    int64_t budget = 0;
    if (!ours || json_opt_money(JSON_FIELD(ours, "daily_budget", ""), &budget, &ignored)) budget = 0;
    out->daily_budget_micros = budget > 0 ? budget : 0;
    int64_t impressions = ours ? json_i64_or(ours, "daily_impressions", 0) : 0;
    out->daily_impressions = impressions > 0 ? impressions : 0;
}

static int fill_package(const struct act *act, const struct media_buy_row *buy, const struct package_row *row,
                        struct plan_package *out, struct err *e)
{
    *out = (struct plan_package){
        .package_id = row->package_id,
        .name = row->name,
        .product_id = row->product_id,
        .remote_id = row->remote_id,
        .ad_server = ad_server_name(act),
        .rate_micros = row->rate_micros,
        .budget_micros = row->budget_micros,
        .impressions_goal = row->impressions_goal,
        .start_at = row->start_at,
        .end_at = row->end_at,
        .paused = row->paused || buy->paused,
        .stopped_at = INT64_MAX,
        .performance_ppm = row->performance_ppm,
    };
    if (!pricing_model_parse(row->pricing_model, &out->pricing_model))
        return stored_damaged("package", row->package_id, e);
    if (!plan_pacing_parse(row->pacing, &out->pacing)) out->pacing = PACING_EVEN;
    out->stopped_at = earliest(row->canceled_at, out->stopped_at);
    out->stopped_at = earliest(buy->canceled_at, out->stopped_at);
    out->stopped_at = earliest(buy->completed_at, out->stopped_at);
    add_limits(act, row, out);
    return describe(act, row, out, e);
}

int plan_from_rows(const struct act *act, const struct media_buy_row *buy, const struct package_rows *packages,
                   struct plan *out, struct err *e)
{
    struct plan plan = {
        .tenant_id = buy->tenant_id,
        .media_buy_id = buy->media_buy_id,
        .name = buy->name,
        .po_number = buy->po_number,
        .buyer_ref = buy->buyer_ref,
        .principal_id = buy->principal_id,
        .account_id = buy->account_id,
        .start_at = buy->start_at,
        .end_at = buy->end_at,
        .live_from = live_from(buy),
        .packages_n = packages->n,
    };
    memcpy(plan.currency, buy->currency, sizeof(plan.currency));
    struct plan_package *list = ARENA_ARRAY(act->arena, struct plan_package, packages->n);
    for (size_t i = 0; i < packages->n; i++) {
        if (fill_package(act, buy, &packages->rows[i], &list[i], e)) return -1;
    }
    plan.packages = list;
    if (q_remote_order_get(act->tx, act->arena, buy->media_buy_id, &plan.remote_id, e)) return -1;
    *out = plan;
    return 0;
}

/* ---- what the ad server needs besides ---- */

static bool will_run(enum plan_depth depth, struct str status)
{
    if (str_is(status, "approved")) return true;
    return depth == PLAN_EXPECTED && (str_is(status, "pending_review") || str_is(status, "processing"));
}

static enum plan_medium medium_of_format(enum format_type t, enum plan_medium product)
{
    switch (t) {
    case FORMAT_DISPLAY:
    case FORMAT_NATIVE: return MEDIUM_DISPLAY;
    case FORMAT_VIDEO: return product == MEDIUM_BROADCAST || product == MEDIUM_DOOH ? product : MEDIUM_VIDEO;
    case FORMAT_AUDIO: return product == MEDIUM_BROADCAST ? product : MEDIUM_AUDIO;
    case FORMAT_OTHER: return product;
    }
    ENSURE(!"a type of format");
}

/* What the reference says counts before what its format says. */
static int read_format(const struct act *act, const struct format_ref *ref, enum plan_medium product,
                       struct plan_format *out, struct err *e)
{
    struct format_spec spec;
    int found = format_load(act->tx, act->arena, act->tenant->tenant_id, ref, &spec, e);
    if (found < 0) return -1;
    *out = (struct plan_format){ .format_id = ref->id, .medium = product };
    if (found) {
        out->medium = medium_of_format(spec.type, product);
        out->width = (int)spec.width;
        out->height = (int)spec.height;
        out->duration_ms = spec.duration_ms.max;
    }
    if (ref->width > 0 && ref->height > 0) {
        out->width = (int)ref->width;
        out->height = (int)ref->height;
    }
    if (ref->duration_ms > 0) out->duration_ms = ref->duration_ms;
    return 0;
}

/* Those the buyer named; for what they leave open, and when it named none, the product's. */
static int add_formats(const struct act *act, yyjson_val *asked, struct plan_package *p, struct err *e)
{
    struct product product = { .formats_n = 0 };
    yyjson_val *named = json_arr(asked, "format_ids");
    size_t most = yyjson_arr_size(named), n = 0;
    if (product_load(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e) < 0) return -1;
    if (!most) most = product.formats_n;
    struct plan_format *list = ARENA_ARRAY(act->arena, struct plan_format, most + 1);
    for (size_t i = 0; i < most; i++) {
        struct format_ref ref;
        if (!named) ref = product.formats[i];
        else if (!format_ref_read(yyjson_arr_get(named, i), &ref)) continue;
        for (size_t k = 0; named && !ref.width && k < product.formats_n; k++) {
            if (str_eq(product.formats[k].id, ref.id)) ref = product.formats[k];
        }
        if (read_format(act, &ref, p->medium, &list[n++], e)) return -1;
    }
    p->formats = list;
    p->formats_n = n;
    return 0;
}

static int add_creatives(const struct act *act, enum plan_depth depth, struct plan_package *p, struct err *e)
{
    struct creative_assignment_rows used;
    if (q_creative_assignments_of_package(act->tx, act->arena, p->package_id, &used, e)) return -1;
    struct plan_creative *list = ARENA_ARRAY(act->arena, struct plan_creative, used.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < used.n; i++) {
        const struct creative_row *c = &used.rows[i].creative;
        if (!will_run(depth, c->status)) continue;
        int64_t weight = json_i64_or(document_read(act->arena, used.rows[i].doc), "weight", 0);
        list[n++] = (struct plan_creative){ .creative_id = used.rows[i].key.creative_id,
                                            .name = c->name,
                                            .format_id = c->format_id,
                                            .doc = c->doc,
                                            .remote_id = used.rows[i].remote_id,
                                            .sent = used.rows[i].sent_at != TIME_NONE,
                                            .changed_at = c->updated_at,
                                            .weight = weight > 0 && weight <= 100 ? (int)weight : 0 };
    }
    p->creatives = list;
    p->creatives_n = n;
    return 0;
}

/* ---- whose it is ---- */

struct str plan_advertiser_id(struct arena *a, const struct plan *plan)
{
    return arena_printf(a, STR_FMT "\n" STR_FMT, STR_ARG(plan->account_id), STR_ARG(plan->advertiser));
}

/* Who pays is who is billed: the entity the account names, else the operator, else the brand. */
static void set_payer(const struct act *act, const struct account_row *account, struct plan *plan)
{
    yyjson_val *doc = document_read(act->arena, account->doc);
    plan->billing = json_str(doc, "billing");
    plan->payer = json_str(json_obj(doc, "billing_entity"), "legal_name");
    if (!plan->payer.n && !str_is(plan->billing, "advertiser")) plan->payer = account->operator_domain;
    if (!plan->payer.n) plan->payer = plan->advertiser;
}

/* {"<ad server>": {"advertiser_id": "...", "agency_id": "..."}}, written by the publisher. */
static void take_remote_ids(yyjson_val *servers, struct str ad_server, struct plan *plan)
{
    yyjson_val *one = ad_server.n ? yyjson_obj_getn(servers, ad_server.p, ad_server.n) : NULL;
    if (!plan->advertiser_remote_id.n) plan->advertiser_remote_id = json_str(one, "advertiser_id");
    if (!plan->agency_remote_id.n) plan->agency_remote_id = json_str(one, "agency_id");
}

static int find_remote_ids(const struct act *act, const struct account_row *account, struct str ad_server,
                           struct plan *plan, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, ad_server };
    struct principal_row buyer;
    int found = q_principal_get(act->tx, act->arena, act->tenant->tenant_id, plan->principal_id, &buyer, e);
    if (found < 0) return -1;
    take_remote_ids(json_get_path(document_read(act->arena, account->doc), "/ext/salesagent/ad_servers"), ad_server,
                    plan);
    if (found) take_remote_ids(json_obj(document_read(act->arena, buyer.doc), "ad_servers"), ad_server, plan);
    if (plan->advertiser_remote_id.n) return 0;
    return q_ad_remote_get(act->tx, act->arena, &key, AD_REMOTE_ADVERTISER, plan_advertiser_id(act->arena, plan),
                           &plan->advertiser_remote_id, e);
}

static int find_advertiser(const struct act *act, const struct media_buy_row *buy, struct plan *plan, struct err *e)
{
    struct account_row account = { .doc = STR_NONE }, key = { .tenant_id = buy->tenant_id,
                                                              .principal_id = buy->principal_id,
                                                              .account_id = buy->account_id };
    int found = q_account_get(act->tx, act->arena, &key, &account, e);
    if (found < 0) return -1;
    plan->advertiser = json_str(json_obj(document_read(act->arena, buy->doc), "brand"), "domain");
    if (!plan->advertiser.n) plan->advertiser = account.brand_domain.n ? account.brand_domain : account.name;
    set_payer(act, &account, plan);
    return find_remote_ids(act, &account, ad_server_name(act), plan, e);
}

struct completion {
    const struct media_buy_row *buy;
    const struct package_rows *packages;
    enum plan_depth depth;
};

static int complete(const struct act *act, const struct completion *c, struct plan *plan, struct err *e)
{
    struct plan_package *list = ARENA_ARRAY(act->arena, struct plan_package, plan->packages_n + 1);
    for (size_t i = 0; i < plan->packages_n; i++) {
        list[i] = plan->packages[i];
        yyjson_val *asked = document_read(act->arena, c->packages->rows[i].doc);
        yyjson_val *overlay = json_obj(asked, "targeting_overlay");
        if (overlay && package_lists_resolve(act, c->buy->principal_id, overlay, &list[i].targeting, e)) return -1;
        if (add_formats(act, asked, &list[i], e) || add_creatives(act, c->depth, &list[i], e)) return -1;
    }
    plan->packages = list;
    return find_advertiser(act, c->buy, plan, e);
}

int plan_load(const struct act *act, struct str media_buy_id, enum plan_depth depth, struct plan *out, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = media_buy_id };
    struct media_buy_row buy;
    struct package_rows packages;
    struct plan plan;
    int rc = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (rc != 1) return rc;
    if (q_packages_of_buy(act->tx, act->arena, media_buy_id, &packages, e)) return -1;
    if (plan_from_rows(act, &buy, &packages, &plan, e)) return -1;
    struct completion c = { &buy, &packages, depth };
    if (depth != PLAN_NUMBERS && complete(act, &c, &plan, e)) return -1;
    *out = plan;
    return 1;
}

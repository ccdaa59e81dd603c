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
#include "store/q/q_booking.h"
#include "store/q/q_creative.h"
#include "store/q/q_delivery.h"
#include "store/q/q_tenant.h"

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

/* ---- what plans have in common ---- */

struct plan_shelf_product {
    struct str product_id;
    int found;
    struct product product;
};

/* 1 found, 0 not found, -1 failed. *out lives as long as the shelf. */
static int product_of(const struct act *act, struct plan_shelf *shelf, struct str product_id,
                      const struct product **out, struct err *e)
{
    struct plan_shelf_product *p;
    for (size_t i = 0; i < shelf->products_n; i++) {
        p = &shelf->products[i];
        *out = &p->product;
        if (str_eq(p->product_id, product_id)) return p->found;
    }
    bool room = shelf->products_n < PLAN_SHELF_PRODUCTS_MAX;
    if (!shelf->products) /* not zeroed: each is written before it counts */
        shelf->products = arena_alloc_raw(act->arena, PLAN_SHELF_PRODUCTS_MAX * sizeof(*shelf->products));
    p = room ? &shelf->products[shelf->products_n] : ARENA_NEW(act->arena, struct plan_shelf_product);
    p->product_id = product_id;
    p->found = product_load(act->tx, act->arena, act->tenant->tenant_id, product_id, &p->product, e);
    if (p->found < 0) return -1;
    if (room) shelf->products_n++;
    *out = &p->product;
    return p->found;
}

static int first_ad_server(const struct act *act, struct plan_shelf *shelf, struct str *name, struct err *e)
{
    if (!shelf->knows_first && ad_server_first(act, &shelf->first_ad_server, e)) return -1;
    shelf->knows_first = true;
    *name = shelf->first_ad_server;
    return 0;
}

/* ---- a package ---- */

/* It stays where it was sold, although its product may have moved since: whose settings are then for another ad server. */
static int describe_ad_server(const struct act *act, struct plan_shelf *shelf, const struct product *product,
                              struct plan_package *p, struct err *e)
{
    struct str sold_on = product_ad_server(product);
    struct str settings = product_ad_server_settings(act->arena, product);
    if (!sold_on.n && (settings.n || !p->ad_server.n) && first_ad_server(act, shelf, &sold_on, e)) return -1;
    if (!p->ad_server.n) p->ad_server = sold_on;
    if (str_eq(p->ad_server, sold_on)) p->settings = settings;
    return 0;
}

static int describe(const struct act *act, struct plan_shelf *shelf, const struct package_row *row,
                    struct plan_package *p, struct err *e)
{
    const struct product *product;
    int rc = product_of(act, shelf, p->product_id, &product, e);
    if (rc < 0) return -1;
    if (rc == 0) return 0; /* since deleted: what was sold stands, as display */
    p->medium = medium_of(product);
    p->promise = product->guaranteed ? PROMISE_GUARANTEED : PROMISE_NON_GUARANTEED;
    const struct pricing_option *o = product_pricing_option(product, row->pricing_option_id);
    p->auction = auction_of(o);
    /* A bid is the most that is paid, so what it would pay for is no goal, unless so many were kept free for it. */
    bool implied = p->auction.bidding && !(product->guaranteed && product->daily_impressions >= 0) &&
                   p->impressions_goal == pricing_impressions(o, p->budget_micros, p->rate_micros);
    if (implied) p->impressions_goal = -1;
    return describe_ad_server(act, shelf, product, p, e);
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

static int64_t money_in(yyjson_val *obj, const char *key)
{
    struct err ignored; /* what is no amount limits nothing: ext is the caller's own */
    int64_t micros = 0;
    if (!obj || json_opt_money(JSON_FIELD(obj, key, ""), &micros, &ignored)) return 0;
    return micros > 0 ? micros : 0;
}

/* What the buyer wants spent or shown in a day at most (ext.salesagent of the package). */
static void add_limits(const struct act *act, const struct package_row *row, struct plan_package *out)
{
    yyjson_val *ours = json_get_path(document_read(act->arena, row->doc), "/ext/salesagent");
    out->daily_budget_micros = money_in(ours, "daily_budget");
    int64_t impressions = ours ? json_i64_or(ours, "daily_impressions", 0) : 0;
    out->daily_impressions = impressions > 0 ? impressions : 0;
}

static int fill_package(const struct act *act, struct plan_shelf *shelf, const struct media_buy_row *buy,
                        const struct package_row *row, struct plan_package *out, struct err *e)
{
    *out = (struct plan_package){
        .package_id = row->package_id,
        .name = row->name,
        .product_id = row->product_id,
        .remote_id = row->remote_id,
        .ad_server = row->ad_server,
        .rate_micros = row->rate_micros,
        .budget_micros = row->budget_micros,
        .impressions_goal = row->impressions_goal,
        .start_at = row->start_at,
        .end_at = row->end_at,
        .paused = row->paused || buy->paused || row->awaits_creatives,
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
    if (describe(act, shelf, row, out, e)) return -1;
    return out->ad_server.n ? 0 : first_ad_server(act, shelf, &out->ad_server, e);
}

/* Nothing delivers before every ad server has taken its part; parts that the buy goes on without are none. */
static int wait_for_bookings(const struct act *act, struct plan *plan, struct err *e)
{
    struct booking_rows bookings;
    if (q_bookings_of_buy(act->tx, act->arena, plan->media_buy_id, &bookings, e)) return -1;
    for (size_t i = 0; i < bookings.n; i++) {
        const struct booking_row *b = &bookings.rows[i];
        switch (b->state) {
        case BOOKING_ASKED:
        case BOOKING_WAITING:
        case BOOKING_REFUSED: plan->live_from = INT64_MAX; break;
        case BOOKING_BOOKED:
            if (b->booked_at != TIME_NONE && b->booked_at > plan->live_from) plan->live_from = b->booked_at;
            break;
        case BOOKING_DROPPED:
        case BOOKING_CANCELED: break;
        }
    }
    return 0;
}

static bool shares(const struct act *act, const struct package_row *row)
{
    return json_bool_or(json_get_path(document_read(act->arena, row->doc), "/ext/salesagent"), "daily_budget_shared",
                        false);
}

static bool runs(const struct plan_package *p)
{
    return !p->paused && p->stopped_at == INT64_MAX;
}

/* A daily budget across all packages: each has its share in its row, and those that run have the shares of those that do
 * not, in proportion to what is bought. */
static void pool_limits(const struct act *act, const struct package_rows *rows, struct plan_package *list)
{
    int64_t pool = 0, weight = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (list[i].daily_budget_micros <= 0 || !shares(act, &rows->rows[i])) continue;
        pool += list[i].daily_budget_micros;
        if (runs(&list[i])) weight += list[i].budget_micros;
    }
    if (pool == 0 || weight == 0) return;
    for (size_t i = 0; i < rows->n; i++) {
        struct plan_package *p = &list[i];
        if (p->daily_budget_micros <= 0 || !shares(act, &rows->rows[i]) || !runs(p)) continue;
        p->daily_budget_micros = muldiv(pool, p->budget_micros, weight, MONEY_ROUND_DOWN);
    }
}

/* AdCP's own cap of a package, under whatever else limits it. */
static void hold_caps(const struct act *act, const struct package_rows *rows, struct plan_package *list)
{
    for (size_t i = 0; i < rows->n; i++) {
        int64_t cap = money_in(document_read(act->arena, rows->rows[i].doc), "daily_budget_cap");
        int64_t *limit = &list[i].daily_budget_micros;
        if (cap > 0 && (*limit == 0 || cap < *limit)) *limit = cap;
    }
}

int plan_from_rows(const struct act *act, struct plan_shelf *shelf, const struct media_buy_row *buy,
                   const struct package_rows *packages, struct plan *out, struct err *e)
{
    struct plan_shelf own = { .products_n = 0 };
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
        if (fill_package(act, shelf ? shelf : &own, buy, &packages->rows[i], &list[i], e)) return -1;
    }
    pool_limits(act, packages, list);
    hold_caps(act, packages, list);
    plan.packages = list;
    if (wait_for_bookings(act, &plan, e)) return -1;
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

/* Of two packages of one product that name no formats the second has those of the first. */
static bool same_formats(struct plan_package *list, const bool *plain, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (!plain[k] || list[k].medium != list[i].medium || !str_eq(list[k].product_id, list[i].product_id)) continue;
        list[i].formats = list[k].formats;
        list[i].formats_n = list[k].formats_n;
        return true;
    }
    return false;
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

static int find_remote_ids(const struct act *act, struct str ad_server, struct plan *plan, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, ad_server };
    struct account_row account,
        of = { .tenant_id = plan->tenant_id, .principal_id = plan->principal_id, .account_id = plan->account_id };
    struct principal_row buyer;
    int known = q_account_get(act->tx, act->arena, &of, &account, e);
    int found = q_principal_get(act->tx, act->arena, act->tenant->tenant_id, plan->principal_id, &buyer, e);
    if (known < 0 || found < 0) return -1;
    yyjson_val *own = known ? document_read(act->arena, account.doc) : NULL;
    take_remote_ids(json_get_path(own, "/ext/salesagent/ad_servers"), ad_server, plan);
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
    return 0;
}

struct completion {
    const struct media_buy_row *buy;
    const struct package_rows *packages;
    enum plan_depth depth;
};

static int complete(const struct act *act, const struct completion *c, struct plan *plan, struct err *e)
{
    struct plan_package *list = ARENA_ARRAY(act->arena, struct plan_package, plan->packages_n + 1);
    bool *plain = ARENA_ARRAY(act->arena, bool, plan->packages_n + 1); /* named no formats */
    for (size_t i = 0; i < plan->packages_n; i++) {
        list[i] = plan->packages[i];
        yyjson_val *asked = document_read(act->arena, c->packages->rows[i].doc);
        yyjson_val *overlay = json_obj(asked, "targeting_overlay");
        if (overlay && package_lists_resolve(act, c->buy->principal_id, overlay, &list[i].targeting, e)) return -1;
        plain[i] = yyjson_arr_size(json_arr(asked, "format_ids")) == 0;
        if (!(plain[i] && same_formats(list, plain, i)) && add_formats(act, asked, &list[i], e)) return -1;
        if (add_creatives(act, c->depth, &list[i], e)) return -1;
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
    if (plan_from_rows(act, NULL, &buy, &packages, &plan, e)) return -1;
    struct completion c = { &buy, &packages, depth };
    if (depth != PLAN_NUMBERS && complete(act, &c, &plan, e)) return -1;
    *out = plan;
    return 1;
}

/* ---- one ad server's part ---- */

void plan_servers(const struct plan *plan, struct plan_server_names *out)
{
    out->n = 0;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        bool known = p->stopped_at <= p->start_at; /* never to be booked */
        for (size_t k = 0; k < out->n; k++) known = known || str_eq(out->names[k], p->ad_server);
        if (!known && out->n < AD_SERVERS_MAX) out->names[out->n++] = p->ad_server;
    }
}

/* Another ad server has not taken its part yet. */
static bool held(const struct booking_rows *bookings, struct str ad_server)
{
    for (size_t i = 0; i < bookings->n; i++) {
        const struct booking_row *b = &bookings->rows[i];
        bool open = b->state == BOOKING_ASKED || b->state == BOOKING_WAITING || b->state == BOOKING_REFUSED;
        if (open && !str_eq(b->ad_server, ad_server)) return true;
    }
    return false;
}

int plan_part(const struct act *act, const struct plan *whole, struct str ad_server, struct plan *out, struct err *e)
{
    struct booking_rows bookings;
    struct plan part = *whole;
    struct plan_package *list = ARENA_ARRAY(act->arena, struct plan_package, whole->packages_n + 1);
    if (q_bookings_of_buy(act->tx, act->arena, whole->media_buy_id, &bookings, e)) return -1;
    bool hold = held(&bookings, ad_server);
    part.packages = list;
    part.packages_n = 0;
    for (size_t i = 0; i < whole->packages_n; i++) {
        if (!str_eq(whole->packages[i].ad_server, ad_server)) continue;
        list[part.packages_n] = whole->packages[i];
        list[part.packages_n++].paused |= hold;
    }
    for (size_t i = 0; i < bookings.n; i++) {
        if (str_eq(bookings.rows[i].ad_server, ad_server)) part.remote_id = bookings.rows[i].remote_id;
    }
    /* Only a plan of the whole depth names its advertiser. */
    if (part.advertiser.n && find_remote_ids(act, ad_server, &part, e)) return -1;
    *out = part;
    return 0;
}

int plan_is_local(const struct act *act, const struct plan *plan, bool *local, struct err *e)
{
    struct ad_server_set servers = { .act = act };
    const struct ad_server *server;
    *local = true;
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (ad_server_get(&servers, plan->packages[i].ad_server, &server, e)) return -1;
        *local = *local && server->adapter->local && !server->adapter->by_hand;
    }
    return 0;
}

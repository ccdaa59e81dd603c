/* Booking and updating: what is there is brought to the plan, flight after flight.
 *
 *   START -> FOUND -> ADVERTISERS ... -> ADVERTISER_MADE -> CAMPAIGN_MADE     what is missing is made
 *   FLIGHTS          the campaign's flights
 *   WRITE -> WRITTEN one flight is made, or put back with what has changed
 *   ROWS             its places and sites, which have calls of their own; then the next one */
#include "adapters/kevel/kevel.h"

#define PAGE      500
#define PAGES_MAX 200

enum { START, FOUND, ADVERTISERS, ADVERTISER_MADE, CAMPAIGN_MADE, FLIGHTS, WRITE, WRITTEN, ROWS, STEPS };
_Static_assert((int)STEPS == (int)KEVEL_BOOK_STEPS, "every step has its place");

struct row_call {
    const char *method;
    struct str path;
    const yyjson_mut_val *body;
};

struct bringing {
    struct kevel_campaign campaign;
    struct str advertiser;
    int page;  /* of the advertisers */
    bool sure; /* which it is: by its external id */
    size_t next; /* packages first, then flights of an earlier plan */
    yyjson_mut_doc *doc;
    yyjson_mut_val *wanted;
    struct kevel_memory memory;
    struct row_call *rows;
    size_t rows_n, rows_done;
};

static bool stopped(const struct plan_package *p)
{
    return p->stopped_at != INT64_MAX;
}

/* ---- the campaign ---- */

static int start(struct adapter_op *op)
{
    struct bringing *b = ARENA_NEW(op->arena, struct bringing);
    op->state = b;
    if (kevel_number(op->plan->advertiser_remote_id) > 0) b->advertiser = op->plan->advertiser_remote_id;
    kevel_campaign_ask(op);
    return FOUND;
}

/* The one with the brand's domain as external id counts before one of that title. */
static void pick_advertiser(struct adapter_op *op, struct bringing *b, yyjson_val *root)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(root, "items"), i, n, v) {
        if (doc_bool(v, "IsDeleted", false)) continue;
        if (str_eq(doc_str(v, "ExternalId"), op->plan->advertiser)) {
            b->advertiser = kevel_id(op->arena, v, "Id");
            b->sure = true;
            return;
        }
        if (!b->advertiser.n && str_eq(doc_str(v, "Title"), op->plan->advertiser))
            b->advertiser = kevel_id(op->arena, v, "Id");
    }
}

static int advertiser_make(struct adapter_op *op)
{
    const struct kevel_config *c = op->config;
    struct str name = text_cut(op->plan->advertiser, KEVEL_NAME_MAX);
    if (!c->makes_advertisers || !name.n) {
        return adapter_refuse(op,
                              "Kevel has no advertiser titled \"" STR_FMT
                              "\": make one there, or set its id for the account, or set "
                              "create_advertisers",
                              STR_ARG(name));
    }
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_str(d, root, "Title", name);
    doc_add_bool(d, root, "IsActive", true);
    doc_add_str(d, root, "ExternalId", name);
    (void)kevel_send(op, "POST", STR("/v1/advertiser"), root);
    return ADVERTISER_MADE;
}

static int campaign_make(struct adapter_op *op, struct bringing *b)
{
    const struct kevel_config *c = op->config;
    struct title_words words = { op->plan, NULL };
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    adapter_remote_add(op, REMOTE_ADVERTISER, STR_NONE, b->advertiser);
    doc_add_i64(d, root, "AdvertiserId", kevel_number(b->advertiser));
    doc_add_str(d, root, "Name",
                title_make(op->arena, c->campaign_name, &words, op->plan->media_buy_id, KEVEL_NAME_MAX));
    doc_add_bool(d, root, "IsActive", true);
    (void)kevel_send(op, "POST", STR("/v1/campaign"), root);
    return CAMPAIGN_MADE;
}

/* Kevel searches titles only; an external id is found by reading all, once. */
static int advertisers_ask(struct adapter_op *op, struct bringing *b)
{
    (void)kevel_get(op, arena_printf(op->arena, "/v1/advertiser?page=%d&pageSize=%d", ++b->page, PAGE));
    return ADVERTISERS;
}

static int found(struct adapter_op *op)
{
    struct bringing *b = op->state;
    if (kevel_campaign_heard(op, &op->answers[0], &b->campaign)) return ADAPTER_DONE;
    if (b->campaign.id.n) {
        if (b->campaign.archived)
            return adapter_refuse(op, "campaign " STR_FMT " is archived in Kevel", STR_ARG(b->campaign.id));
        if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, b->campaign.id);
        kevel_flights_ask(op, &b->campaign);
        return FLIGHTS;
    }
    if (op->plan->remote_id.n)
        return adapter_refuse(op, "campaign " STR_FMT " is no longer in Kevel", STR_ARG(op->plan->remote_id));
    return b->advertiser.n ? campaign_make(op, b) : advertisers_ask(op, b);
}

static int advertisers(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "read advertisers", &root)) return ADAPTER_DONE;
    pick_advertiser(op, b, root);
    bool more = doc_i64(root, "totalPages", 1) > b->page && b->page < PAGES_MAX;
    if (more && !b->sure) return advertisers_ask(op, b);
    return b->advertiser.n ? campaign_make(op, b) : advertiser_make(op);
}

static int advertiser_made(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "create advertisers", &root)) return ADAPTER_DONE;
    b->advertiser = kevel_id(op->arena, root, "Id");
    return b->advertiser.n ? campaign_make(op, b) : adapter_later(op, 0, "Kevel made an advertiser without an id");
}

static int campaign_made(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "create campaigns", &root)) return ADAPTER_DONE;
    b->campaign.id = kevel_id(op->arena, root, "Id");
    if (!b->campaign.id.n) return adapter_later(op, 0, "Kevel made a campaign without an id");
    adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, b->campaign.id);
    b->campaign.flights = ARENA_ARRAY(op->arena, struct kevel_flight, op->plan->packages_n + 1);
    return WRITE;
}

static int flights(struct adapter_op *op)
{
    struct bringing *b = op->state;
    return kevel_flights_heard(op, &op->answers[0], &b->campaign) ? ADAPTER_DONE : WRITE;
}

/* ---- a flight ---- */

static bool listed(const char *name)
{
    return strcmp(name, "GeoTargeting") == 0 || strcmp(name, "SiteZoneTargeting") == 0 ||
           strcmp(name, "CreativeMaps") == 0;
}

static bool to_change(const struct bringing *b, const struct kevel_flight *f, const char *name)
{
    for (size_t i = 0; kevel_changeable[i]; i++) {
        if (strcmp(kevel_changeable[i], name) == 0) return b->wanted && kevel_changed(&f->memory, &b->memory, name);
    }
    return false;
}

static void put_changed(struct bringing *b, const struct kevel_flight *f, yyjson_mut_doc *d, yyjson_mut_val *root)
{
    for (size_t i = 0; kevel_changeable[i]; i++) {
        const char *name = kevel_changeable[i];
        if (!to_change(b, f, name)) continue;
        yyjson_mut_val *v = yyjson_mut_obj_get(b->wanted, name);
        doc_add_val(d, root, name, v ? yyjson_mut_val_mut_copy(d, v) : yyjson_mut_null(d));
    }
}

/* As it was shown, with what has changed. The lists that hang on a flight have calls of their own. */
static void put(struct adapter_op *op, struct bringing *b, const struct kevel_flight *f, bool active, bool over)
{
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    yyjson_obj_foreach(f->shown, i, n, k, v) {
        const char *name = yyjson_get_str(k);
        bool ours = strcmp(name, "IsActive") == 0 || (over && strcmp(name, "IsArchived") == 0);
        if (!ours && !listed(name) && !to_change(b, f, name)) doc_add_copy(d, root, name, v);
    }
    put_changed(b, f, d, root);
    doc_add_bool(d, root, "IsActive", active);
    if (over) doc_add_bool(d, root, "IsArchived", true);
    (void)kevel_send(op, "PUT", arena_printf(op->arena, "/v1/flight/" STR_FMT, STR_ARG(f->id)), root);
}

static bool anything_changed(const struct bringing *b, const struct kevel_flight *f)
{
    for (size_t i = 0; kevel_changeable[i]; i++) {
        if (to_change(b, f, kevel_changeable[i])) return true;
    }
    return false;
}

/* False when it is as it should be. Whose pause it is goes on record before it happens. */
static bool change(struct adapter_op *op, struct bringing *b, struct kevel_flight *f)
{
    bool over = !f->package || stopped(f->package), rest = over || f->package->paused;
    bool ours = f->memory.paused || !f->memory.known; /* of an attempt that never heard its answer everything is ours */
    bool active = rest ? false : f->active || ours;
    b->memory.paused = rest && (f->active || ours);
    if (rest && f->active && !f->memory.paused) {
        f->memory.paused = true;
        kevel_remember(op, f->id, f->package ? f->package->package_id : f->name, &f->memory);
    }
    if (active == f->active && !(over && !f->archived) && !anything_changed(b, f)) return false;
    put(op, b, f, active, over);
    return true;
}

static struct kevel_flight *current(const struct adapter_op *op, struct bringing *b)
{
    size_t n = op->plan->packages_n;
    if (b->next < n) return kevel_flight_of(&b->campaign, &op->plan->packages[b->next]);
    return b->next - n < b->campaign.flights_n ? &b->campaign.flights[b->next - n] : NULL;
}

/* True when there is nothing to do about this one. */
static bool passed_over(const struct adapter_op *op, const struct bringing *b, const struct kevel_flight *f)
{
    if (b->next < op->plan->packages_n) return !f && stopped(&op->plan->packages[b->next]);
    return f->package || !f->memory.known || f->archived; /* ours, of an earlier plan, is ended */
}

static int rows(struct adapter_op *op);

static int write_flight(struct adapter_op *op)
{
    struct bringing *b = op->state;
    size_t n = op->plan->packages_n;
    while (b->next < n + b->campaign.flights_n && passed_over(op, b, current(op, b))) b->next++;
    if (b->next >= n + b->campaign.flights_n) return adapter_done(op);
    const struct plan_package *p = b->next < n ? &op->plan->packages[b->next] : NULL;
    struct kevel_flight *f = current(op, b);
    b->rows_n = b->rows_done = 0;
    b->doc = doc_new(op->arena);
    b->wanted = NULL;
    if (p && p->remote_id.n && !f)
        return adapter_refuse(op, "flight " STR_FMT " is no longer in Kevel", STR_ARG(p->remote_id));
    if (p && f && f->archived && !stopped(p))
        return adapter_refuse(op, "flight " STR_FMT " is archived in Kevel", STR_ARG(f->id));
    if (p && f && !p->remote_id.n) adapter_remote_add(op, REMOTE_PACKAGE, p->package_id, f->id);
    if (p && !stopped(p)) {
        b->wanted = kevel_flight_make(op, p, b->campaign.id, b->doc);
        if (!b->wanted) return adapter_refuse(op, "%s", op->problems.item[0].text);
        kevel_sent_of(op->arena, b->wanted, &b->memory);
    } else if (f) { /* one that is over and was never made is passed over */
        b->memory = f->memory;
    }
    if (!f) (void)kevel_send(op, "POST", STR("/v1/flight"), b->wanted);
    else if (!change(op, b, f)) return rows(op);
    return WRITTEN;
}

static int written(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct kevel_flight *f = current(op, b);
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], f ? "change flights" : "create flights", &root)) {
        if (b->next < op->plan->packages_n && op->result.verdict == ADAPTER_REFUSED) {
            adapter_problem_add(&op->problems, op->plan->packages[b->next].package_id, "package_id", STR_FMT,
                                STR_ARG(op->result.reason));
        }
        return ADAPTER_DONE;
    }
    if (f) return rows(op);
    const struct plan_package *p = &op->plan->packages[b->next];
    struct str id = kevel_id(op->arena, root, "Id");
    if (!id.n) return adapter_later(op, 0, "Kevel made a flight without an id");
    adapter_remote_add(op, REMOTE_PACKAGE, p->package_id, id);
    b->memory.paused = p->paused;
    kevel_remember(op, id, p->package_id, &b->memory);
    b->next++;
    return WRITE;
}

/* ---- the lists that hang on it ---- */

static void row_add(struct bringing *b, const char *method, struct str path, const yyjson_mut_val *body)
{
    b->rows[b->rows_n++] = (struct row_call){ method, path, body };
}

static bool same_place(yyjson_val *have, yyjson_mut_val *want)
{
    struct str country = doc_str(have, "CountryCode"), region = doc_str(have, "Region");
    const char *c = yyjson_mut_get_str(yyjson_mut_obj_get(want, "CountryCode")),
               *r = yyjson_mut_get_str(yyjson_mut_obj_get(want, "Region"));
    return str_eq(country, str_from(c)) && str_eq(region, str_from(r)) &&
           doc_i64(have, "MetroCode", 0) == yyjson_mut_get_sint(yyjson_mut_obj_get(want, "MetroCode")) &&
           doc_bool(have, "IsExclude", false) == yyjson_mut_get_bool(yyjson_mut_obj_get(want, "IsExclude"));
}

static bool same_site(yyjson_val *have, yyjson_mut_val *want)
{
    return doc_i64(have, "SiteId", 0) == yyjson_mut_get_sint(yyjson_mut_obj_get(want, "SiteId")) &&
           doc_i64(have, "ZoneId", 0) == yyjson_mut_get_sint(yyjson_mut_obj_get(want, "ZoneId")) &&
           doc_bool(have, "IsExcluded", false) == yyjson_mut_get_bool(yyjson_mut_obj_get(want, "IsExcluded"));
}

static const struct list {
    const char *member, *path, *id;
    bool (*same)(yyjson_val *have, yyjson_mut_val *want);
} lists[] = {
    { "GeoTargeting", "geotargeting", "LocationId", same_place },
    { "SiteZoneTargeting", "sitezonetargeting", "Id", same_site },
};

/* A site's row is called IsExcluded where it is shown, IsExclude where it is sent. */
static yyjson_mut_val *row_body(struct bringing *b, const struct list *l, yyjson_mut_val *want)
{
    if (l->same != same_site) return want;
    yyjson_mut_val *row = yyjson_mut_obj(b->doc);
    doc_add_i64(b->doc, row, "SiteId", yyjson_mut_get_sint(yyjson_mut_obj_get(want, "SiteId")));
    doc_add_i64(b->doc, row, "ZoneId", yyjson_mut_get_sint(yyjson_mut_obj_get(want, "ZoneId")));
    doc_add_bool(b->doc, row, "IsExclude", yyjson_mut_get_bool(yyjson_mut_obj_get(want, "IsExcluded")));
    return row;
}

static void plan_list(struct adapter_op *op, struct bringing *b, const struct kevel_flight *f, const struct list *l)
{
    yyjson_val *have = doc_arr(f->shown, l->member), *v;
    yyjson_mut_val *want = yyjson_mut_obj_get(b->wanted, l->member), *w;
    size_t i, n, k, m;
    struct str base = arena_printf(op->arena, "/v1/flight/" STR_FMT "/%s", STR_ARG(f->id), l->path);
    yyjson_mut_arr_foreach(want, k, m, w) {
        bool there = false;
        yyjson_arr_foreach(have, i, n, v) there = there || l->same(v, w);
        if (!there) row_add(b, "POST", base, row_body(b, l, w));
    }
    yyjson_arr_foreach(have, i, n, v) {
        bool wanted = false;
        struct str id = kevel_id(op->arena, v, l->id);
        yyjson_mut_arr_foreach(want, k, m, w) wanted = wanted || l->same(v, w);
        if (!wanted && id.n)
            row_add(b, "GET", arena_printf(op->arena, STR_FMT "/" STR_FMT "/delete", STR_ARG(base), STR_ARG(id)), NULL);
    }
}

/* What is new comes before what is old goes: a flight without a place would run everywhere. */
static void plan_rows(struct adapter_op *op, struct bringing *b, const struct kevel_flight *f)
{
    size_t most = 1;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        most += yyjson_arr_size(doc_arr(f->shown, lists[i].member)) +
                yyjson_mut_arr_size(yyjson_mut_obj_get(b->wanted, lists[i].member));
    }
    b->rows = ARENA_ARRAY(op->arena, struct row_call, most);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (kevel_changed(&f->memory, &b->memory, lists[i].member)) plan_list(op, b, f, &lists[i]);
    }
}

static int rows(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct kevel_flight *f = current(op, b);
    if (b->wanted && !b->rows_n) plan_rows(op, b, f);
    if (b->rows_done < b->rows_n) { /* one at a time: their order matters */
        const struct row_call *r = &b->rows[b->rows_done];
        if (r->body) (void)kevel_send(op, r->method, r->path, r->body);
        else (void)kevel_get(op, r->path);
        return ROWS;
    }
    if (f->package) kevel_remember(op, f->id, f->package->package_id, &b->memory);
    b->next++;
    return WRITE;
}

static int row_heard(struct adapter_op *op)
{
    struct bringing *b = op->state;
    const struct row_call *r = &b->rows[b->rows_done];
    yyjson_val *root;
    /* What is already gone is gone. */
    bool gone = !r->body && call_is_missing(&op->answers[0]);
    if (!gone && kevel_read(op, &op->answers[0], "change the targeting of flights", &root)) return ADAPTER_DONE;
    b->rows_done++;
    return rows(op);
}

const adapter_step kevel_book_steps[KEVEL_BOOK_STEPS] = {
    [START] = start,
    [FOUND] = found,
    [ADVERTISERS] = advertisers,
    [ADVERTISER_MADE] = advertiser_made,
    [CAMPAIGN_MADE] = campaign_made,
    [FLIGHTS] = flights,
    [WRITE] = write_flight,
    [WRITTEN] = written,
    [ROWS] = row_heard,
};

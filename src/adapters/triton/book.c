/* Booking and updating: what is there is brought to the plan, flight after flight.
 *
 *   START -> FOUND -> ADVERTISERS ... -> ADVERTISER_MADE -> CAMPAIGN_MADE     what is missing is made
 *   FLIGHTS ...      the campaign's flights
 *   WIDENED          the campaign's days hold all of theirs
 *   STATIONS ...     all of the account's, where a product runs on all of them; before anything is made
 *   WRITE -> WRITTEN one flight is made, or what has changed of it is; then the next one */
#include "adapters/triton/triton.h"

#define STATIONS_MAX 2000

enum { START, FOUND, ADVERTISERS, ADVERTISER_MADE, CAMPAIGN_MADE, FLIGHTS, WIDENED, STATIONS, WRITE, WRITTEN, STEPS };
_Static_assert((int)STEPS == (int)TRITON_BOOK_STEPS, "every step has its place");

struct bringing {
    struct triton_campaign campaign;
    struct str advertiser;
    struct triton_stations stations;
    int stations_page; /* 0: they have not been asked for */
    bool by_name; /* the advertisers of that name have been asked for */
    struct str start, end; /* the first and the last day of all packages */
    size_t next; /* packages first, then flights of an earlier plan */
    yyjson_mut_doc *doc;
    yyjson_mut_val *wanted;
    struct triton_memory memory;
};

static bool stopped(const struct plan_package *p)
{
    return p->stopped_at != INT64_MAX;
}

/* ---- all stations ---- */

static bool on_all(const struct plan *plan)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (!stopped(&plan->packages[i]) && triton_on_all(&plan->packages[i])) return true;
    }
    return false;
}

static void station_add(struct adapter_op *op, struct triton_stations *s, struct str id)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : TRITON_PAGE;
        struct str *more = ARENA_ARRAY(op->arena, struct str, cap);
        if (s->n) memcpy(more, s->ids, s->n * sizeof(*more));
        s->ids = more;
        s->cap = cap;
    }
    s->ids[s->n++] = id;
}

/* True when they have to be asked for first. */
static bool stations_ask(struct adapter_op *op, struct bringing *b)
{
    if (b->stations_page || !on_all(op->plan)) return false;
    triton_list(op, TRITON_STATIONS, TRITON_STATION_ID, STR_NONE, b->stations_page = 1);
    return true;
}

/* ---- the campaign ---- */

static int start(struct adapter_op *op)
{
    const struct triton_config *c = op->config;
    struct bringing *b = ARENA_NEW(op->arena, struct bringing);
    int64_t first, last, from = INT64_MAX, to = INT64_MIN;
    op->state = b;
    b->advertiser = op->plan->advertiser_remote_id;
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        if (stopped(p) || !triton_days_of(c, p->start_at, p->end_at, &first, &last)) continue;
        if (first < from) from = first;
        if (last > to) to = last;
    }
    if (from <= to) {
        b->start = triton_date(op->arena, from);
        b->end = triton_date(op->arena, to);
    }
    triton_campaign_ask(op);
    return FOUND;
}

static int advertiser_make(struct adapter_op *op)
{
    const struct triton_config *c = op->config;
    struct str name = text_cut(op->plan->advertiser, TRITON_NAME_MAX);
    if (!c->makes_advertisers || !name.n) {
        return adapter_refuse(op,
                              "Triton has no advertiser \"" STR_FMT
                              "\": make one there, or set its id for the account, or set create_advertisers",
                              STR_ARG(name));
    }
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_str(d, root, triton_name(op, TRITON_ADVERTISER_NAME), name);
    doc_add_str(d, root, triton_name(op, TRITON_ADVERTISER_CODE), triton_code(op->arena, name));
    triton_send(op, TRITON_ADVERTISER_CREATE, STR_NONE, root);
    return ADVERTISER_MADE;
}

static int campaign_make(struct adapter_op *op, struct bringing *b)
{
    const struct triton_config *c = op->config;
    struct title_words words = { op->plan, NULL };
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    if (!b->start.n) return adapter_done(op); /* every package has been stopped: there is nothing to book */
    if (stations_ask(op, b)) return STATIONS;
    adapter_remote_add(op, REMOTE_ADVERTISER, STR_NONE, b->advertiser);
    doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_ADVERTISER), b->advertiser);
    doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_NAME),
                title_make(op->arena, c->campaign_name, &words, op->plan->media_buy_id, TRITON_NAME_MAX));
    doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_CODE), triton_code(op->arena, op->plan->media_buy_id));
    doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_START), b->start);
    doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_END), b->end);
    doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_CURRENCY), c->currency);
    doc_add_bool(d, root, triton_name(op, TRITON_CAMPAIGN_ACTIVE), true);
    triton_send(op, TRITON_CAMPAIGN_CREATE, STR_NONE, root);
    return CAMPAIGN_MADE;
}

static int stations(struct adapter_op *op)
{
    struct bringing *b = op->state;
    size_t i, n;
    yyjson_val *root, *v;
    if (triton_read(op, &op->answers[0], "read stations", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, triton_name(op, TRITON_LIST_ITEMS)), i, n, v) {
        struct str id = triton_id(op, v, TRITON_STATION_ID);
        if (id.n) station_add(op, &b->stations, id);
    }
    if (triton_more(op, root, b->stations_page)) {
        triton_list(op, TRITON_STATIONS, TRITON_STATION_ID, STR_NONE, ++b->stations_page);
        return STATIONS;
    }
    if (op->dry_run && !b->stations.n) station_add(op, &b->stations, STR("(every station)"));
    if (b->stations.n > STATIONS_MAX)
        return adapter_refuse(op, "the account has more than %d stations: products name theirs, or genres",
                              STATIONS_MAX);
    if (!b->stations.n) return adapter_refuse(op, "the account has no stations");
    return b->campaign.id.n ? WRITE : campaign_make(op, b);
}

/* The one with the brand's domain as its code counts before one of that name. */
static int advertisers_ask(struct adapter_op *op, struct bringing *b)
{
    enum triton_member by = b->by_name ? TRITON_ADVERTISER_NAME : TRITON_ADVERTISER_CODE;
    struct str value = b->by_name ? op->plan->advertiser : triton_code(op->arena, op->plan->advertiser);
    triton_list(op, TRITON_ADVERTISERS, by, value, 1);
    return ADVERTISERS;
}

static int found(struct adapter_op *op)
{
    struct bringing *b = op->state;
    if (triton_campaign_heard(op, &op->answers[0], &b->campaign)) return ADAPTER_DONE;
    if (b->campaign.id.n) {
        if (b->campaign.archived)
            return adapter_refuse(op, "campaign " STR_FMT " is archived in Triton", STR_ARG(b->campaign.id));
        if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, b->campaign.id);
        triton_flights_ask(op, &b->campaign);
        return FLIGHTS;
    }
    if (op->plan->remote_id.n)
        return adapter_refuse(op, "campaign " STR_FMT " is no longer in Triton", STR_ARG(op->plan->remote_id));
    return b->advertiser.n ? campaign_make(op, b) : advertisers_ask(op, b);
}

static int advertisers(struct adapter_op *op)
{
    struct bringing *b = op->state;
    enum triton_member by = b->by_name ? TRITON_ADVERTISER_NAME : TRITON_ADVERTISER_CODE;
    struct str value = b->by_name ? op->plan->advertiser : triton_code(op->arena, op->plan->advertiser);
    size_t i, n, hits = 0;
    yyjson_val *root, *v;
    if (triton_read(op, &op->answers[0], "read advertisers", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, triton_name(op, TRITON_LIST_ITEMS)), i, n, v) {
        if (!str_eq(doc_str(v, triton_name(op, by)), value)) continue;
        b->advertiser = triton_id(op, v, TRITON_ADVERTISER_ID);
        hits++;
    }
    if (hits > 1)
        return adapter_refuse(op, "Triton has several advertisers \"" STR_FMT "\": name one by its id in the account",
                              STR_ARG(text_cut(value, 80)));
    if (b->advertiser.n) return campaign_make(op, b);
    if (b->by_name) return advertiser_make(op);
    b->by_name = true;
    return advertisers_ask(op, b);
}

static int advertiser_made(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], "create advertisers", &root)) return ADAPTER_DONE;
    b->advertiser = triton_id(op, root, TRITON_ADVERTISER_ID);
    return b->advertiser.n ? campaign_make(op, b) : adapter_later(op, 0, "Triton made an advertiser without an id");
}

static int campaign_made(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], "create campaigns", &root)) return ADAPTER_DONE;
    b->campaign.id = triton_id(op, root, TRITON_CAMPAIGN_ID);
    if (!b->campaign.id.n) return adapter_later(op, 0, "Triton made a campaign without an id");
    adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, b->campaign.id);
    return WRITE;
}

static bool before(struct str a, struct str b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) < 0;
}

/* The campaign's days must hold those of its flights; a campaign that is longer than they are does no harm. */
static int flights(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct triton_campaign *c = &b->campaign;
    int rc = triton_flights_heard(op, &op->answers[0], c);
    if (rc) return rc < 0 ? ADAPTER_DONE : FLIGHTS;
    bool earlier = b->start.n && before(b->start, c->start), later = b->end.n && before(c->end, b->end);
    if (!earlier && !later) return WRITE;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    if (earlier) doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_START), b->start);
    if (later) doc_add_str(d, root, triton_name(op, TRITON_CAMPAIGN_END), b->end);
    triton_send(op, TRITON_CAMPAIGN_UPDATE, c->id, root);
    return WIDENED;
}

static int widened(struct adapter_op *op)
{
    yyjson_val *root;
    return triton_read(op, &op->answers[0], "change campaigns", &root) ? ADAPTER_DONE : WRITE;
}

/* ---- a flight ---- */

/* What has changed since it was last sent; whose pause it is goes on record before it happens. False: nothing. */
static bool change(struct adapter_op *op, struct bringing *b, struct triton_flight *f)
{
    bool over = !f->package || stopped(f->package), rest = over || f->package->paused;
    bool ours = f->memory.paused || !f->memory.known; /* of an attempt that never heard its answer everything is ours */
    bool active = rest ? false : f->active || ours, any = active != f->active;
    b->memory.paused = rest && (f->active || ours);
    if (rest && f->active && !f->memory.paused) {
        f->memory.paused = true;
        triton_remember(op, f->id, f->package ? f->package->package_id : f->code, &f->memory);
    }
    yyjson_mut_val *root = yyjson_mut_obj(b->doc);
    for (size_t i = 0; b->wanted && i < TRITON_CHANGEABLE_N; i++) {
        const char *name = triton_name(op, triton_changeable[i]);
        if (memcmp(f->memory.digest[i], b->memory.digest[i], sizeof(b->memory.digest[i])) == 0) continue;
        doc_add_val(b->doc, root, name, yyjson_mut_val_mut_copy(b->doc, yyjson_mut_obj_get(b->wanted, name)));
        any = true;
    }
    if (active != f->active) doc_add_bool(b->doc, root, triton_name(op, TRITON_FLIGHT_ACTIVE), active);
    if (any) triton_send(op, TRITON_FLIGHT_UPDATE, f->id, root);
    return any;
}

static struct triton_flight *current(const struct adapter_op *op, struct bringing *b)
{
    size_t n = op->plan->packages_n;
    if (b->next < n) return triton_flight_of(&b->campaign, &op->plan->packages[b->next]);
    return b->next - n < b->campaign.flights_n ? &b->campaign.flights[b->next - n] : NULL;
}

/* True when there is nothing to do about this one. */
static bool passed_over(const struct adapter_op *op, struct bringing *b)
{
    const struct triton_flight *f = current(op, b);
    if (b->next < op->plan->packages_n) return !f && stopped(&op->plan->packages[b->next]);
    return f->package || !f->memory.known || f->archived; /* ours, of an earlier plan, is ended */
}

/* Why it cannot be brought to the plan; NULL. */
static const char *lost(struct adapter_op *op, const struct plan_package *p, const struct triton_flight *f)
{
    if (p && p->remote_id.n && !f && !stopped(p))
        return arena_printf(op->arena, "flight " STR_FMT " is no longer in Triton", STR_ARG(p->remote_id)).p;
    if (p && f && f->archived && !stopped(p))
        return arena_printf(op->arena, "flight " STR_FMT " is archived in Triton", STR_ARG(f->id)).p;
    return NULL;
}

static void done_with(struct adapter_op *op, struct bringing *b, const struct triton_flight *f)
{
    triton_remember(op, f->id, f->package ? f->package->package_id : f->code, &b->memory);
    b->next++;
}

static int write_flight(struct adapter_op *op)
{
    struct bringing *b = op->state;
    size_t n = op->plan->packages_n, all = n + b->campaign.flights_n;
    if (stations_ask(op, b)) return STATIONS;
    for (; b->next < all; b->next++) {
        if (passed_over(op, b)) continue;
        const struct plan_package *p = b->next < n ? &op->plan->packages[b->next] : NULL;
        struct triton_flight *f = current(op, b);
        const char *why = lost(op, p, f);
        if (why) return adapter_refuse(op, "%s", why);
        if (p && f && !p->remote_id.n) adapter_remote_add(op, REMOTE_PACKAGE, p->package_id, f->id);
        if (f && f->archived) continue;
        b->doc = doc_new(op->arena);
        b->wanted = NULL;
        if (f) b->memory = f->memory;
        if (p && !stopped(p)) {
            b->wanted = triton_flight_make(op, p, b->campaign.id, &b->stations, b->doc);
            if (!b->wanted) return adapter_refuse(op, "%s", op->problems.item[0].text);
            triton_sent_of(op, b->wanted, &b->memory);
        }
        if (!f) triton_send(op, TRITON_FLIGHT_CREATE, STR_NONE, b->wanted);
        else if (!change(op, b, f)) continue;
        return WRITTEN;
    }
    return adapter_done(op);
}

static int written(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct triton_flight *f = current(op, b);
    const struct plan_package *p = b->next < op->plan->packages_n ? &op->plan->packages[b->next] : NULL;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], f ? "change flights" : "create flights", &root)) {
        if (p && op->result.verdict == ADAPTER_REFUSED)
            adapter_problem_add(&op->problems, p->package_id, "package_id", STR_FMT, STR_ARG(op->result.reason));
        return ADAPTER_DONE;
    }
    if (f) {
        done_with(op, b, f);
        return WRITE;
    }
    struct triton_flight made = { .package = p, .id = triton_id(op, root, TRITON_FLIGHT_ID) };
    if (!made.id.n) return adapter_later(op, 0, "Triton made a flight without an id");
    ENSURE(p != NULL);
    adapter_remote_add(op, REMOTE_PACKAGE, p->package_id, made.id);
    b->memory.paused = p->paused;
    done_with(op, b, &made);
    return WRITE;
}

const adapter_step triton_book_steps[TRITON_BOOK_STEPS] = {
    [START] = start,
    [FOUND] = found,
    [ADVERTISERS] = advertisers,
    [ADVERTISER_MADE] = advertiser_made,
    [CAMPAIGN_MADE] = campaign_made,
    [FLIGHTS] = flights,
    [WIDENED] = widened,
    [STATIONS] = stations,
    [WRITE] = write_flight,
    [WRITTEN] = written,
};

/* Creatives: each version of each is found by its tag or made, its image is uploaded, then ads join it with the flights
 * it runs in; ads of ours that no longer run are deleted (by a GET, as Kevel publishes it).
 *
 *   START -> CAMPAIGN -> FLIGHTS -> TYPES ...   whose creatives, which flights, which sizes are which ad type
 *   LOOK ...                                    the advertiser's creatives, page by page
 *   MAKE -> MADE -> FETCH -> UPLOAD -> TAKEN -> MAKE ...      one at a time
 *   LINK -> LISTED -> LINKED -> LINK ...        flight after flight */
#include "adapters/assets.h"
#include "adapters/kevel/kevel.h"

#include "base/buf.h"

#define IMAGE_BYTES           ((size_t)2 << 20)
#define BODY_BYTES            (IMAGE_BYTES + 4096)
#define PAGE                  500
#define PAGES_MAX             400
#define BOUNDARY              "salesagent-9f2c61d3a0b84e57"
#define DISTRIBUTE_BY_PERCENT 2

enum { START, CAMPAIGN, FLIGHTS, TYPES, LOOK, MAKE, MADE, FETCH, FETCHED, UPLOAD, TAKEN, LINK, LISTED, LINKED, STEPS };
_Static_assert((int)STEPS == (int)KEVEL_CREATIVES_STEPS, "every step has its place");

struct making {
    const struct plan_creative *from;
    struct str tag, url, snippet, click_url, bytes, body, remote_id;
    struct asset_size size;
    int64_t ad_type;
    struct kevel_template template; /* id 0: none */
    bool is_image, has_image;
    const char *refusal;
};

struct trafficking {
    struct kevel_campaign campaign;
    struct making *list;
    size_t n, next, package;
    int page;
};

/* ---- what is wanted ---- */

/* Of the creative's format, as the package runs it; else zeros. */
static struct asset_size size_of_format(const struct plan_package *p, struct str format_id)
{
    for (size_t i = 0; i < p->formats_n; i++) {
        if (str_eq(p->formats[i].format_id, format_id))
            return (struct asset_size){ p->formats[i].width, p->formats[i].height };
    }
    return (struct asset_size){ 0, 0 };
}

static bool read_creative(struct adapter_op *op, const struct plan_package *p, struct making *m)
{
    yyjson_val *doc = doc_read(op->arena, m->from->doc), *assets = doc_obj(doc, "assets"), *v = NULL;
    yyjson_val *settings = doc_read(op->arena, p->settings);
    struct asset_urls urls = { .pixels_n = 0 };
    m->refusal = asset_urls(op->arena, assets, &urls);
    if (m->refusal) return false;
    m->click_url = urls.click_url;
    if (doc_has(settings, "template")) {
        m->refusal = kevel_template_read(op->arena, settings, assets, &m->template);
        for (size_t i = 0; i < urls.pixels_n && !m->refusal; i++) {
            if (!text_has(m->template.values, urls.pixels[i]))
                m->refusal = "the product's template has no place for its impression tracker";
        }
        m->ad_type = m->template.ad_type;
    } else if ((v = asset_of(assets, "html")) || (v = asset_of(assets, "javascript"))) {
        bool script = str_is(doc_str(v, "asset_type"), "javascript");
        struct str code = doc_str(v, "content");
        m->snippet = script ? arena_printf(op->arena, "<script>" STR_FMT "</script>", STR_ARG(code)) : code;
        if (!code.n) m->refusal = "the asset has no content";
    } else if ((v = asset_of(assets, "image"))) {
        m->is_image = true;
        m->url = doc_str(v, "url");
        if (!m->url.n) m->refusal = "the asset has no url";
        else if (!m->click_url.n) m->refusal = "an image needs a click URL";
        else if (urls.pixels_n) m->refusal = "Kevel calls no tracker of an image";
    } else {
        m->refusal = "Kevel takes images, HTML and JavaScript, and what a product's template shows";
    }
    /* What a template is filled with may be of any size. */
    if (m->template.id) m->size = size_of_format(p, m->from->format_id);
    if (m->size.width <= 0 || m->size.height <= 0) m->size = asset_size(m->from, doc, v);
    if (!m->refusal && !m->ad_type && (m->size.width <= 0 || m->size.height <= 0))
        m->refusal = "nobody says how large it is";
    return !m->refusal;
}

static struct making *making_of(struct trafficking *t, struct str creative_id)
{
    for (size_t i = 0; i < t->n; i++) {
        if (str_eq(t->list[i].from->creative_id, creative_id)) return &t->list[i];
    }
    return NULL;
}

static void gather(struct adapter_op *op, struct trafficking *t)
{
    const struct creative_use *uses = plan_creatives_once(op, &t->n);
    t->list = ARENA_ARRAY(op->arena, struct making, t->n + 1);
    for (size_t i = 0; i < t->n; i++) {
        const struct plan_creative *c = uses[i].creative;
        t->list[i] = (struct making){ .from = c,
                                      .tag = arena_printf(op->arena, STR_FMT "/%lld", STR_ARG(c->creative_id),
                                                          (long long)c->changed_at) };
        if (!read_creative(op, uses[i].package, &t->list[i]))
            adapter_problem_creative(&op->problems, c->creative_id, "%s", t->list[i].refusal);
    }
}

/* ---- what is there ---- */

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct trafficking);
    kevel_campaign_ask(op);
    return CAMPAIGN;
}

static int campaign(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    if (kevel_campaign_heard(op, &op->answers[0], &t->campaign)) return ADAPTER_DONE;
    if (!t->campaign.id.n || !t->campaign.advertiser.n)
        return adapter_later(op, 0, "there is no campaign in Kevel yet");
    if (t->campaign.archived)
        return adapter_refuse(op, "campaign " STR_FMT " is archived in Kevel", STR_ARG(t->campaign.id));
    kevel_flights_ask(op, &t->campaign);
    return FLIGHTS;
}

static int types_ask(struct adapter_op *op, struct trafficking *t)
{
    (void)kevel_get(op, arena_printf(op->arena, "/v1/adtypes?page=%d&pageSize=%d", ++t->page, PAGE));
    return TYPES;
}

static int look_ask(struct adapter_op *op, struct trafficking *t)
{
    (void)kevel_get(op, arena_printf(op->arena, "/v1/advertiser/" STR_FMT "/creatives?page=%d&pageSize=%d",
                                     STR_ARG(t->campaign.advertiser), ++t->page, PAGE));
    return LOOK;
}

static int flights(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    if (kevel_flights_heard(op, &op->answers[0], &t->campaign)) return ADAPTER_DONE;
    gather(op, t);
    return types_ask(op, t);
}

static bool more(const struct trafficking *t, yyjson_val *root)
{
    return doc_i64(root, "totalPages", 1) > t->page && t->page < PAGES_MAX;
}

static int types(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root, *v;
    size_t i, n;
    if (kevel_read(op, &op->answers[0], "read ad types", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, "items"), i, n, v) {
        for (size_t k = 0; k < t->n; k++) {
            struct making *m = &t->list[k];
            bool fits = doc_i64(v, "Width", 0) == m->size.width && doc_i64(v, "Height", 0) == m->size.height;
            if (fits && !m->ad_type) m->ad_type = doc_i64(v, "Id", 0);
        }
    }
    if (more(t, root)) return types_ask(op, t);
    for (size_t k = 0; k < t->n; k++) {
        if (t->list[k].refusal || t->list[k].ad_type > 0) continue;
        t->list[k].refusal = "Kevel has no ad type of its size";
        adapter_problem_creative(&op->problems, t->list[k].from->creative_id, "%s", t->list[k].refusal);
    }
    t->page = 0;
    return look_ask(op, t);
}

/* On record as ours, so that its ads may be deleted again. */
static void keep(struct adapter_op *op, struct making *m, struct str id)
{
    struct adapter_item item = { .kind = STR("creative"), .remote_id = id, .key = m->tag, .name = m->from->name };
    m->remote_id = id;
    adapter_item_add(op, &item);
    adapter_remote_add(op, REMOTE_CREATIVE, m->from->creative_id, id);
}

static int look(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root, *v;
    size_t i, n;
    if (kevel_read(op, &op->answers[0], "read creatives", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, "items"), i, n, v) {
        struct str id = kevel_id(op->arena, v, "Id");
        for (size_t k = 0; k < t->n && id.n && !doc_bool(v, "IsDeleted", false); k++) {
            struct making *m = &t->list[k];
            if (m->remote_id.n || !title_has_tag(doc_str(v, "Title"), m->tag)) continue;
            keep(op, m, id);
            m->has_image = doc_str(v, "ImageName").n > 0;
        }
    }
    return more(t, root) ? look_ask(op, t) : MAKE;
}

/* ---- making it ---- */

static struct making *current(struct trafficking *t)
{
    return &t->list[t->next];
}

static int fetch(struct adapter_op *op, const struct making *m)
{
    asset_fetch(op, m->url, IMAGE_BYTES);
    return FETCHED;
}

static int make(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    while (t->next < t->n &&
           (current(t)->refusal || (current(t)->remote_id.n && (current(t)->has_image || !current(t)->is_image))))
        t->next++;
    if (t->next == t->n) return LINK;
    struct making *m = current(t);
    if (m->remote_id.n) return fetch(op, m); /* an attempt before ended between the two */
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_i64(d, root, "AdvertiserId", kevel_number(t->campaign.advertiser));
    doc_add_i64(d, root, "AdTypeId", m->ad_type);
    doc_add_bool(d, root, "IsActive", true);
    doc_add_str(d, root, "Title", title_tagged(op->arena, m->from->name, m->tag, KEVEL_NAME_MAX));
    doc_add_str_opt(d, root, "Url", m->click_url);
    if (m->template.id) {
        doc_add_i64(d, root, "TemplateId", m->template.id);
        doc_add_str(d, root, "TemplateValues", m->template.values);
    } else if (!m->is_image) {
        doc_add_bool(d, root, "IsHTMLJS", true);
        doc_add_str(d, root, "ScriptBody", m->snippet);
    }
    (void)kevel_send(op, "POST", STR("/v1/creative"), root);
    return MADE;
}

/* What is said against one creative is said of that one: the others go on. */
static int refuse_creative(struct adapter_op *op, const char *why)
{
    struct trafficking *t = op->state;
    current(t)->refusal = why;
    adapter_problem_creative(&op->problems, current(t)->from->creative_id, "%s", why);
    return MAKE;
}

static int made(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "create creatives", &root)) {
        if (op->result.verdict != ADAPTER_REFUSED || op->answers[0].status != 400) return ADAPTER_DONE;
        return refuse_creative(op, arena_cstr(op->arena, op->result.reason));
    }
    struct str id = kevel_id(op->arena, root, "Id");
    if (!id.n) return adapter_later(op, 0, "Kevel made a creative without an id");
    keep(op, current(t), id);
    return current(t)->is_image ? FETCH : MAKE;
}

static int fetch_step(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    return fetch(op, current(t));
}

/* One part called "image" (multipart/form-data, RFC 7578). */
static void wrap(struct adapter_op *op)
{
    struct making *m = current(op->state);
    struct buf b;
    buf_init(&b, BODY_BYTES);
    buf_addf(&b,
             "--" BOUNDARY
             "\r\nContent-Disposition: form-data; name=\"image\"; filename=\"creative.%s\"\r\nContent-Type: %s\r\n\r\n",
             asset_suffix(m->bytes), asset_mime(m->bytes));
    buf_add(&b, m->bytes);
    buf_add(&b, STR("\r\n--" BOUNDARY "--\r\n"));
    m->body = arena_dup(op->arena, buf_str(&b));
    buf_finish(&b);
}

static int fetched(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    bool later;
    const char *why = asset_fetched(&op->answers[0], &later);
    if (why && later) return adapter_later(op, 0, "%s", why);
    if (why) return refuse_creative(op, why);
    if (text_has(op->answers[0].response, STR("--" BOUNDARY)))
        return refuse_creative(op, "its file cannot be sent to Kevel");
    current(t)->bytes = arena_dup(op->arena, op->answers[0].response);
    op->work = wrap;
    return UPLOAD;
}

static int upload(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    struct str path = arena_printf(op->arena, "/v1/creative/" STR_FMT "/upload", STR_ARG(current(t)->remote_id));
    (void)kevel_post(op, path, STR("multipart/form-data; boundary=" BOUNDARY), current(t)->body);
    return TAKEN;
}

static int taken(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "upload images", &root)) {
        if (op->result.verdict != ADAPTER_REFUSED || op->answers[0].status != 400) return ADAPTER_DONE;
        return refuse_creative(op, arena_cstr(op->arena, op->result.reason));
    }
    current(t)->has_image = true;
    current(t)->bytes = current(t)->body = STR_NONE;
    return MAKE;
}

/* ---- where it runs ---- */

static int link_flight(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    for (; t->package < op->plan->packages_n; t->package++) {
        const struct plan_package *p = &op->plan->packages[t->package];
        const struct kevel_flight *f = kevel_flight_of(&t->campaign, p);
        if (!f || f->archived || p->stopped_at != INT64_MAX) continue;
        (void)kevel_get(op,
                        arena_printf(op->arena, "/v1/flight/" STR_FMT "/creatives?pageSize=%d", STR_ARG(f->id), PAGE));
        return LISTED;
    }
    return adapter_done(op);
}

/* Its share of the package's weights, in percent; 0 when nobody weighs. */
static int64_t share_of(const struct plan_package *p, const struct plan_creative *c)
{
    int64_t sum = 0;
    for (size_t k = 0; k < p->creatives_n; k++) sum += p->creatives[k].weight > 0 ? p->creatives[k].weight : 0;
    if (!sum || c->weight <= 0) return 0;
    return muldiv(100, c->weight, sum, MONEY_ROUND_HALF_UP) > 0 ? muldiv(100, c->weight, sum, MONEY_ROUND_HALF_UP) : 1;
}

static void ad_post(struct adapter_op *op, const struct kevel_flight *f, const struct making *m, int64_t share)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_i64(d, doc_add_obj(d, root, "Creative"), "Id", kevel_number(m->remote_id));
    doc_add_i64(d, root, "FlightId", kevel_number(f->id));
    doc_add_bool(d, root, "IsActive", true);
    if (share) {
        doc_add_i64(d, root, "DistributionType", DISTRIBUTE_BY_PERCENT);
        doc_add_i64(d, root, "Percentage", share);
    }
    (void)kevel_send(op, "POST", arena_printf(op->arena, "/v1/flight/" STR_FMT "/creative", STR_ARG(f->id)), root);
}

static void ad_put(struct adapter_op *op, const struct kevel_flight *f, yyjson_val *shown, int64_t share)
{
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    yyjson_obj_foreach(shown, i, n, k, v) {
        const char *name = yyjson_get_str(k);
        if (strcmp(name, "DistributionType") != 0 && strcmp(name, "Percentage") != 0) doc_add_copy(d, root, name, v);
    }
    doc_add_i64(d, root, "DistributionType", DISTRIBUTE_BY_PERCENT);
    doc_add_i64(d, root, "Percentage", share);
    (void)kevel_send(op, "PUT",
                     arena_printf(op->arena, "/v1/flight/" STR_FMT "/creative/" STR_FMT, STR_ARG(f->id),
                                  STR_ARG(kevel_id(op->arena, shown, "Id"))),
                     root);
}

static const struct plan_creative *wanted(struct trafficking *t, const struct plan_package *p, struct str remote_id)
{
    for (size_t k = 0; k < p->creatives_n; k++) {
        struct making *m = making_of(t, p->creatives[k].creative_id);
        if (m && !m->refusal && m->remote_id.n && str_eq(m->remote_id, remote_id)) return &p->creatives[k];
    }
    return NULL;
}

/* One thing at a time, and the list is read again after it: true when something was asked. What is new comes first. */
static bool put_in_order(struct adapter_op *op, struct trafficking *t, yyjson_val *ads, const struct kevel_flight *f)
{
    const struct plan_package *p = &op->plan->packages[t->package];
    bool *there = ARENA_ARRAY(op->arena, bool, p->creatives_n + 1);
    yyjson_val *v, *off = NULL, *heavy = NULL;
    int64_t share = 0;
    size_t i, n;
    struct adapter_item item;
    yyjson_arr_foreach(ads, i, n, v) {
        struct str id = kevel_id(op->arena, doc_obj(v, "Creative"), "Id");
        const struct plan_creative *c = doc_bool(v, "IsDeleted", false) ? NULL : wanted(t, p, id);
        if (!c && id.n && !doc_bool(v, "IsDeleted", false) && op->catalog->get(op->catalog, "creative", id, &item))
            off = v;
        if (!c) continue;
        there[c - p->creatives] = true;
        if (!share_of(p, c) || doc_i64(v, "Percentage", 0) == share_of(p, c)) continue;
        heavy = v;
        share = share_of(p, c);
    }
    for (size_t k = 0; k < p->creatives_n; k++) {
        struct making *m = making_of(t, p->creatives[k].creative_id);
        if (there[k] || !m || m->refusal || !m->remote_id.n) continue;
        ad_post(op, f, m, share_of(p, &p->creatives[k]));
        return true;
    }
    if (heavy) ad_put(op, f, heavy, share);
    else if (off)
        (void)kevel_get(op, arena_printf(op->arena, "/v1/flight/" STR_FMT "/creative/" STR_FMT "/delete",
                                         STR_ARG(f->id), STR_ARG(kevel_id(op->arena, off, "Id"))));
    return heavy || off;
}

static int listed(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    const struct kevel_flight *f = kevel_flight_of(&t->campaign, &op->plan->packages[t->package]);
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "read a flight's creatives", &root)) return ADAPTER_DONE;
    if (put_in_order(op, t, doc_arr(root, "items"), f)) return LINKED;
    t->package++;
    return LINK;
}

static int linked(struct adapter_op *op)
{
    yyjson_val *root;
    if (kevel_read(op, &op->answers[0], "join creatives with flights", &root)) return ADAPTER_DONE;
    return LINK;
}

const adapter_step kevel_creatives_steps[KEVEL_CREATIVES_STEPS] = {
    [START] = start, [CAMPAIGN] = campaign, [FLIGHTS] = flights,  [TYPES] = types,     [LOOK] = look,
    [MAKE] = make,   [MADE] = made,         [FETCH] = fetch_step, [FETCHED] = fetched, [UPLOAD] = upload,
    [TAKEN] = taken, [LINK] = link_flight,  [LISTED] = listed,    [LINKED] = linked,
};

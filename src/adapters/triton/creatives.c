/* Creatives: each version of each is found by its code or made, its file is uploaded, then the flights list those they run; what
 * others have put into a flight stays there.
 *
 *   START -> CAMPAIGN -> FLIGHTS ...             whose creatives, which flights
 *   LOOK -> LOOKED -> MADE -> FETCHED -> UPLOADED -> LOOK ...      one at a time
 *   LINK -> LINKED -> LINK ...                   flight after flight */
#include "adapters/assets.h"
#include "adapters/parts.h"
#include "adapters/triton/triton.h"

#define AUDIO_BYTES ((size_t)8 << 20)

enum { START, CAMPAIGN, FLIGHTS, LOOK, LOOKED, MADE, FETCHED, UPLOADED, LINK, LINKED, STEPS };
_Static_assert((int)STEPS == (int)TRITON_CREATIVES_STEPS, "every step has its place");

struct making {
    const struct plan_creative *from;
    struct str code, url, remote_id;
    int64_t seconds;
    const char *refusal;
};

struct trafficking {
    struct triton_campaign campaign;
    struct making *list;
    size_t n, next, package;
};

/* ---- what is wanted ---- */

/* The asset says, else its format. */
static int64_t seconds_of(const struct plan_package *p, const struct plan_creative *c, yyjson_val *audio)
{
    int64_t ms = doc_i64(audio, "duration_ms", 0);
    for (size_t i = 0; ms <= 0 && i < p->formats_n; i++) {
        if (str_eq(p->formats[i].format_id, c->format_id)) ms = p->formats[i].duration_ms;
    }
    return ms > 0 && ms < 86400000 ? (ms + 999) / 1000 : 0;
}

/* An audio file and nothing beside it: what would not be played, shown or called is refused and never dropped. */
static const char *read_creative(struct adapter_op *op, const struct plan_package *p, struct making *m)
{
    yyjson_val *assets = doc_obj(doc_read(op->arena, m->from->doc), "assets"), *audio = asset_of(assets, "audio"), *v;
    size_t i, n;
    yyjson_val *k;
    if (!audio) return "Triton plays audio files, and it has none";
    yyjson_obj_foreach(assets, i, n, k, v) {
        bool list = yyjson_is_arr(v);
        struct str type = doc_str(list ? yyjson_arr_get_first(v) : v, "asset_type");
        if (!str_is(type, "audio") || (list && yyjson_arr_size(v) > 1))
            return "this adapter puts one audio file into Triton, and nothing beside it";
    }
    m->url = doc_str(audio, "url");
    m->seconds = seconds_of(p, m->from, audio);
    if (!m->url.n) return "the asset has no url";
    return m->seconds ? NULL : "nobody says how long it is (duration_ms)";
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
        struct making *m = &t->list[i];
        struct str version =
            arena_printf(op->arena, STR_FMT "/%lld", STR_ARG(c->creative_id), (long long)c->changed_at);
        *m = (struct making){ .from = c, .code = triton_code(op->arena, version) };
        m->refusal = read_creative(op, uses[i].package, m);
        if (m->refusal) adapter_problem_creative(&op->problems, c->creative_id, "%s", m->refusal);
    }
}

/* ---- what is there ---- */

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct trafficking);
    triton_campaign_ask(op);
    return CAMPAIGN;
}

static int campaign(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    if (triton_campaign_heard(op, &op->answers[0], &t->campaign)) return ADAPTER_DONE;
    if (!t->campaign.id.n || !t->campaign.advertiser.n)
        return adapter_later(op, 0, "there is no campaign in Triton yet");
    if (t->campaign.archived)
        return adapter_refuse(op, "campaign " STR_FMT " is archived in Triton", STR_ARG(t->campaign.id));
    triton_flights_ask(op, &t->campaign);
    return FLIGHTS;
}

static int flights(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    int rc = triton_flights_heard(op, &op->answers[0], &t->campaign);
    if (rc) return rc < 0 ? ADAPTER_DONE : FLIGHTS;
    gather(op, t);
    return LOOK;
}

/* ---- one creative ---- */

static struct making *current(struct trafficking *t)
{
    return &t->list[t->next];
}

static int next(struct trafficking *t)
{
    t->next++;
    return LOOK;
}

/* What is said against one creative is said of that one: the others go on. */
static int refuse_creative(struct adapter_op *op, const char *why)
{
    struct trafficking *t = op->state;
    current(t)->refusal = why;
    adapter_problem_creative(&op->problems, current(t)->from->creative_id, "%s", why);
    return next(t);
}

static int look(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    while (t->next < t->n && current(t)->refusal) t->next++;
    if (t->next == t->n) return LINK;
    triton_list(op, TRITON_CREATIVES, TRITON_CREATIVE_CODE, current(t)->code, 1);
    return LOOKED;
}

/* On record as ours, so that a flight may let go of it, and whose numbers it has. */
static void keep(struct adapter_op *op, struct making *m, struct str id)
{
    struct adapter_item item = { .kind = STR("creative"),
                                 .remote_id = id,
                                 .key = m->code,
                                 .name = m->from->name,
                                 .doc = fact_creative_doc(op->arena, m->from->creative_id) };
    m->remote_id = id;
    adapter_item_add(op, &item);
    adapter_remote_add(op, REMOTE_CREATIVE, m->from->creative_id, id);
}

static int fetch(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    asset_fetch(op, current(t)->url, AUDIO_BYTES);
    return FETCHED;
}

static int make(struct adapter_op *op, const struct making *m)
{
    const struct trafficking *t = op->state;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    doc_add_str(d, root, triton_name(op, TRITON_CREATIVE_ADVERTISER), t->campaign.advertiser);
    doc_add_str(d, root, triton_name(op, TRITON_CREATIVE_NAME), text_cut(m->from->name, TRITON_NAME_MAX));
    doc_add_str(d, root, triton_name(op, TRITON_CREATIVE_CODE), m->code);
    doc_add_str(d, root, triton_name(op, TRITON_CREATIVE_TYPE), STR("AUDIO"));
    doc_add_i64(d, root, triton_name(op, TRITON_CREATIVE_SECONDS), m->seconds);
    triton_send(op, TRITON_CREATIVE_CREATE, STR_NONE, root);
    return MADE;
}

static int looked(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    struct making *m = current(t);
    yyjson_val *root, *v;
    size_t i, n;
    if (triton_read(op, &op->answers[0], "read creatives", &root)) return ADAPTER_DONE;
    yyjson_arr_foreach(doc_arr(root, triton_name(op, TRITON_LIST_ITEMS)), i, n, v) {
        struct str id = triton_id(op, v, TRITON_CREATIVE_ID);
        if (!id.n || !str_eq(doc_str(v, triton_name(op, TRITON_CREATIVE_CODE)), m->code)) continue;
        keep(op, m, id);
        /* An attempt before may have ended between making and uploading. */
        return str_is(doc_str(v, triton_name(op, TRITON_CREATIVE_STATUS)), "READY") ? next(t) : fetch(op);
    }
    return make(op, m);
}

static int made(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], "create creatives", &root)) {
        if (op->result.verdict != ADAPTER_REFUSED || op->answers[0].status != 400) return ADAPTER_DONE;
        return refuse_creative(op, arena_cstr(op->arena, op->result.reason));
    }
    struct str id = triton_id(op, root, TRITON_CREATIVE_ID);
    if (!id.n) return adapter_later(op, 0, "Triton made a creative without an id");
    keep(op, current(t), id);
    return fetch(op);
}

/* NULL: what Triton does not take. */
static const char *mime_of(struct str bytes)
{
    const uint8_t *b = (const uint8_t *)bytes.p;
    if (bytes.n < 12) return NULL;
    if (str_starts(bytes, STR("ID3"))) return "audio/mpeg";
    if (memcmp(b + 4, "ftyp", 4) == 0) return "audio/mp4";
    if (b[0] == 0xff && (b[1] & 0xf6) == 0xf0) return "audio/aac"; /* ADTS */
    return b[0] == 0xff && (b[1] & 0xe0) == 0xe0 ? "audio/mpeg" : NULL;
}

static int fetched(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    bool later;
    const char *why = asset_fetched(&op->answers[0], &later);
    if (why && later) return adapter_later(op, 0, "%s", why);
    if (why) return refuse_creative(op, why);
    const char *mime = mime_of(op->answers[0].response);
    if (!mime) return refuse_creative(op, "its file is no MP3, AAC or MP4 audio");
    triton_put_bytes(op, TRITON_CREATIVE_UPLOAD, current(t)->remote_id, str_from(mime),
                     arena_dup(op->arena, op->answers[0].response));
    return UPLOADED;
}

static int uploaded(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], "upload audio", &root)) {
        if (op->result.verdict != ADAPTER_REFUSED || op->answers[0].status != 400) return ADAPTER_DONE;
        return refuse_creative(op, arena_cstr(op->arena, op->result.reason));
    }
    return next(t);
}

/* ---- where it runs ---- */

static bool is_ours(struct adapter_op *op, struct str id)
{
    struct adapter_item item;
    return op->catalog->get(op->catalog, "creative", id, &item);
}

static bool listed(yyjson_mut_val *list, struct str id)
{
    size_t i, n;
    yyjson_mut_val *v;
    yyjson_mut_arr_foreach(list, i, n, v) {
        if (str_eq((struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) }, id)) return true;
    }
    return false;
}

/* The creatives of a flight as they are to be; true when that is another list than it has. */
static bool to_run(struct adapter_op *op, const struct triton_flight *f, yyjson_mut_doc *d, yyjson_mut_val *list)
{
    struct trafficking *t = op->state;
    yyjson_val *shown = doc_arr(f->shown, triton_name(op, TRITON_FLIGHT_CREATIVES)), *v;
    size_t i, n, kept = 0, had = yyjson_arr_size(shown);
    for (size_t k = 0; k < f->package->creatives_n; k++) {
        const struct making *m = making_of(t, f->package->creatives[k].creative_id);
        if (m && !m->refusal && m->remote_id.n && !listed(list, m->remote_id)) doc_push_str(d, list, m->remote_id);
    }
    yyjson_arr_foreach(shown, i, n, v) {
        bool wanted = listed(list, doc_text(v));
        if (!wanted && !is_ours(op, doc_text(v))) {
            doc_push_str(d, list, doc_text(v));
            wanted = true;
        }
        kept += wanted;
    }
    return kept != had || yyjson_mut_arr_size(list) != had;
}

static int link_flight(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    for (; t->package < op->plan->packages_n; t->package++) {
        const struct plan_package *p = &op->plan->packages[t->package];
        const struct triton_flight *f = triton_flight_of(&t->campaign, p);
        if (!f || f->archived || p->stopped_at != INT64_MAX) continue;
        yyjson_mut_doc *d = doc_new(op->arena);
        yyjson_mut_val *root = doc_root(d);
        if (!to_run(op, f, d, doc_add_arr(d, root, triton_name(op, TRITON_FLIGHT_CREATIVES)))) continue;
        triton_send(op, TRITON_FLIGHT_UPDATE, f->id, root);
        return LINKED;
    }
    return adapter_done(op);
}

static int linked(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    if (triton_read(op, &op->answers[0], "give flights their creatives", &root)) return ADAPTER_DONE;
    t->package++;
    return LINK;
}

const adapter_step triton_creatives_steps[TRITON_CREATIVES_STEPS] = {
    [START] = start, [CAMPAIGN] = campaign, [FLIGHTS] = flights,   [LOOK] = look,        [LOOKED] = looked,
    [MADE] = made,   [FETCHED] = fetched,   [UPLOADED] = uploaded, [LINK] = link_flight, [LINKED] = linked,
};

/* Creatives: each version of each is found by its tag or made, then associated with the line items it runs in; what no
 * longer runs is taken off. What a trafficker has put in by hand is not ours to take off: ours are those on record.
 *
 *   START    the order (whose advertiser they belong to)
 *   ORDER    -> LINES its line items
 *   LOOK     <-> LOOKED     is a creative with that tag there?
 *   FETCH    -> ENCODE -> FETCH ... -> MADE -> FETCH ...   one at a time: its bytes are in memory several times
 *   LINK     -> LISTED -> LINKED -> LINK ...               line item after line item
 *   WEIGHED  the line item rotates by weight, where a creative has one */
#include "adapters/gam/gam_creative.h"
#include "adapters/gam/gam_soap.h"
#include "adapters/parts.h"

#define LISTED_MAX 1000

enum { START, ORDER, LINES, LOOK, LOOKED, FETCH, ENCODE, MADE, LINK, LISTED, LINKED, WEIGHED, STEPS };
_Static_assert((int)STEPS == (int)GAM_CREATIVES_STEPS, "every step has its place");

struct trafficking {
    struct gam_order order;
    struct gam_creative *creatives; /* each once */
    size_t creatives_n, next;
    size_t asked[ADAPTER_CALLS_MAX];
    size_t package; /* whose associations are put in order */
};

static int start(struct adapter_op *op)
{
    op->state = ARENA_NEW(op->arena, struct trafficking);
    gam_order_ask(op);
    return ORDER;
}

static int order(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    if (gam_order_heard(op, &op->answers[0], &t->order)) return ADAPTER_DONE;
    if (!t->order.id.n) return adapter_later(op, 0, "there is no order in Ad Manager yet");
    if (t->order.archived)
        return adapter_refuse(op, "order " STR_FMT " is archived in Ad Manager", STR_ARG(t->order.id));
    gam_lines_ask(op, &t->order, STR_NONE);
    return LINES;
}

static struct gam_creative *creative_of(struct trafficking *t, struct str creative_id)
{
    for (size_t i = 0; i < t->creatives_n; i++) {
        if (str_eq(t->creatives[i].from->creative_id, creative_id)) return &t->creatives[i];
    }
    return NULL;
}

static void gather(struct adapter_op *op, struct trafficking *t)
{
    const struct creative_use *uses = plan_creatives_once(op, &t->creatives_n);
    t->creatives = ARENA_ARRAY(op->arena, struct gam_creative, t->creatives_n + 1);
    for (size_t i = 0; i < t->creatives_n; i++) {
        const struct plan_creative *from = uses[i].creative;
        if (!gam_creative_read(op, uses[i].package, from, &t->creatives[i]))
            adapter_problem_creative(&op->problems, from->creative_id, "%s", t->creatives[i].refusal);
    }
}

static int lines(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    struct str next;
    if (gam_lines_heard(op, &op->answers[0], &t->order, &next)) return ADAPTER_DONE;
    if (next.n) {
        gam_lines_ask(op, &t->order, next);
        return LINES;
    }
    gather(op, t);
    return LOOK;
}

/* ---- is it there ---- */

static int look(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    for (; t->next < t->creatives_n && op->calls_n < ADAPTER_CALLS_MAX; t->next++) {
        struct gam_creative *c = &t->creatives[t->next];
        if (c->refusal) continue;
        t->asked[op->calls_n] = t->next;
        struct str whose = gam_quoted(op->arena, t->order.advertiser);
        struct str tag = gam_quoted(op->arena, arena_printf(op->arena, "*[" STR_FMT "]", STR_ARG(c->tag)));
        struct gam_list l = { "creatives",
                              arena_printf(op->arena, "advertiser = " STR_FMT " AND displayName = " STR_FMT,
                                           STR_ARG(whose), STR_ARG(tag)),
                              STR_NONE, 0 };
        (void)gam_list(op, &l);
    }
    if (op->calls_n) return LOOKED;
    t->next = 0;
    return FETCH;
}

/* On record as ours, so that it may be taken off again. */
static void keep(struct adapter_op *op, struct gam_creative *c, struct str id)
{
    c->remote_id = id;
    struct adapter_item item = { .kind = STR("creative"),
                                 .remote_id = id,
                                 .key = c->tag,
                                 .name = c->from->name,
                                 .doc = fact_creative_doc(op->arena, c->from->creative_id) };
    adapter_item_add(op, &item);
    adapter_remote_add(op, REMOTE_CREATIVE, c->from->creative_id, id);
}

static int looked(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    for (int k = 0; k < op->answers_n; k++) {
        struct gam_creative *c = &t->creatives[t->asked[k]];
        yyjson_val *root, *v;
        size_t i, n;
        if (gam_read(op, &op->answers[k], "read creatives", &root)) return ADAPTER_DONE;
        yyjson_arr_foreach(doc_arr(root, "creatives"), i, n, v) {
            struct str id = gam_id(doc_str(v, "name"));
            if (!c->remote_id.n && id.n && title_has_tag(doc_str(v, "displayName"), c->tag)) keep(op, c, id);
        }
    }
    return LOOK;
}

/* ---- making it ---- */

static struct gam_creative *current(struct trafficking *t)
{
    return &t->creatives[t->next];
}

static int upload(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    struct gam_creative *c = current(t);
    yyjson_mut_doc *d = doc_new(op->arena);
    if (c->kind < GAM_VIDEO) {
        (void)gam_send(op, "POST", gam_below(op, "creatives"), gam_creative_body(op, d, t->order.advertiser, c));
        return MADE;
    }
    yyjson_mut_val *body = gam_creative_soap(op, d, gam_id(t->order.advertiser), c);
    return gam_soap_send(op, "CreativeService", "createCreatives", body) ? ADAPTER_DONE : MADE;
}

static int fetch(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    while (t->next < t->creatives_n && (current(t)->refusal || current(t)->remote_id.n)) t->next++;
    if (t->next == t->creatives_n) return LINK;
    struct gam_creative *c = current(t);
    if (c->fetched == c->files_n) return upload(op);
    asset_fetch(op, c->files[c->fetched].url, c->files[c->fetched].bytes_max);
    return ENCODE;
}

static void encode(struct adapter_op *op)
{
    gam_creative_encode(op->arena, current(op->state));
}

/* A file that is not there is the creative's fault, not the ad server's: the others go on. */
static int refuse_creative(struct adapter_op *op, const char *why)
{
    struct trafficking *t = op->state;
    current(t)->refusal = why;
    adapter_problem_creative(&op->problems, current(t)->from->creative_id, "%s", why);
    return FETCH;
}

static int encode_bytes(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    const struct http_call *file = &op->answers[0];
    bool later;
    const char *why = asset_fetched(file, &later);
    if (why && later) return adapter_later(op, 0, "%s", why);
    if (why) return refuse_creative(op, why);
    struct gam_creative *c = current(t);
    c->files[c->fetched].bytes = arena_dup(op->arena, file->response);
    op->work = encode;
    return FETCH;
}

/* The new creative's id. -1 ends the verb, or *why says what Ad Manager has against this one. */
static int read_made(struct adapter_op *op, const struct gam_creative *c, struct str *id, const char **why)
{
    const struct http_call *answer = &op->answers[0];
    const struct soap_node *response;
    bool rest = c->kind < GAM_VIDEO, blamed;
    yyjson_val *root;
    *why = NULL;
    if (rest && !gam_read(op, answer, "create creatives", &root)) {
        *id = gam_id(doc_str(root, "name"));
        return 0;
    }
    if (!rest && !gam_soap_read(op, answer, "create creatives", &response)) {
        *id = soap_text(soap_child(response, "rval"), "id");
        if (!text_is_digits(*id, GAM_ID_MAX)) *id = STR_NONE;
        return 0;
    }
    blamed = rest ? answer->status == 400 : gam_soap_blames(op, answer);
    if (op->result.verdict == ADAPTER_REFUSED && blamed) *why = arena_cstr(op->arena, op->result.reason);
    return -1;
}

static int made(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    struct gam_creative *c = current(t);
    struct str id = STR_NONE;
    const char *why;
    if (read_made(op, c, &id, &why)) return why ? refuse_creative(op, why) : ADAPTER_DONE;
    if (!id.n) return adapter_later(op, 0, "Ad Manager made a creative without a name");
    keep(op, c, id);
    for (size_t i = 0; i < c->files_n; i++) c->files[i].base64 = STR_NONE;
    return FETCH;
}

/* ---- where it runs ---- */

static bool weighted(const struct plan_package *p)
{
    for (size_t i = 0; i < p->creatives_n; i++) {
        if (p->creatives[i].weight > 0) return true;
    }
    return false;
}

/* A line item has to rotate by weight before its creatives may have one. */
static void weigh(struct adapter_op *op, const struct gam_line *line)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *body = doc_root(d);
    doc_add_str(d, body, "creativeRotationType", STR("WEIGHTED"));
    (void)gam_send(op, "PATCH",
                   arena_printf(op->arena, STR_FMT "?updateMask=creativeRotationType",
                                STR_ARG(gam_name(op, "lineItems", line->id))),
                   body);
}

static int link_package(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    for (; t->package < op->plan->packages_n; t->package++) {
        const struct plan_package *p = &op->plan->packages[t->package];
        struct gam_line *line = gam_line_of(&t->order, p);
        if (!line || line->archived || p->stopped_at != INT64_MAX) continue;
        if (weighted(p) && !str_is(line->rotation, "WEIGHTED")) {
            weigh(op, line);
            return WEIGHED;
        }
        struct str path = arena_printf(op->arena, STR_FMT "/creatives", STR_ARG(gam_name(op, "lineItems", line->id)));
        struct gam_list l = { arena_cstr(op->arena, path), STR_NONE, STR_NONE, LISTED_MAX };
        (void)gam_list(op, &l);
        return LISTED;
    }
    return adapter_done(op);
}

static int weighed(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "change line items", &root)) return ADAPTER_DONE;
    gam_line_of(&t->order, &op->plan->packages[t->package])->rotation = STR("WEIGHTED");
    return LINK;
}

static bool ours(struct adapter_op *op, struct str creative_id)
{
    struct adapter_item item;
    return op->catalog->get(op->catalog, "creative", creative_id, &item);
}

static const struct plan_creative *wanted(struct trafficking *t, const struct plan_package *p, struct str remote_id)
{
    for (size_t k = 0; k < p->creatives_n; k++) {
        struct gam_creative *c = creative_of(t, p->creatives[k].creative_id);
        if (c && c->remote_id.n && str_eq(c->remote_id, remote_id)) return &p->creatives[k];
    }
    return NULL;
}

static void add_association(struct adapter_op *op, yyjson_mut_doc *d, yyjson_mut_val *list, struct str line,
                            const struct gam_creative *c, int weight)
{
    yyjson_mut_val *one = doc_push_obj(d, list);
    doc_add_str(d, one, "parent", line);
    yyjson_mut_val *a = doc_add_obj(d, one, "lineItemCreativeAssociation");
    doc_add_str(d, a, "lineItem", line);
    doc_add_str(d, a, "creative", gam_name(op, "creatives", c->remote_id));
    if (weight > 0) doc_add_i64(d, a, "manualCreativeRotationWeight", weight);
}

/* What is listed, against what is wanted: some are to be made, some taken off, some weigh something else now. */
static void put_in_order(struct adapter_op *op, struct trafficking *t, yyjson_val *listed, struct str line)
{
    const struct plan_package *p = &op->plan->packages[t->package];
    yyjson_mut_doc *d = doc_new(op->arena), *w = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *list = doc_add_arr(d, root, "requests");
    yyjson_mut_val *wroot = doc_root(w), *wlist = doc_add_arr(w, wroot, "requests");
    struct str *off = ARENA_ARRAY(op->arena, struct str, yyjson_arr_size(listed) + 1);
    bool *there = ARENA_ARRAY(op->arena, bool, p->creatives_n + 1);
    size_t i, n, off_n = 0;
    yyjson_val *v;
    yyjson_arr_foreach(listed, i, n, v) {
        struct str id = gam_id(doc_str(v, "creative"));
        const struct plan_creative *c = wanted(t, p, id);
        if (!c && id.n && ours(op, id)) off[off_n++] = doc_str(v, "name");
        if (!c) continue;
        there[c - p->creatives] = true;
        if (c->weight <= 0 || (int64_t)doc_real(v, "manualCreativeRotationWeight", 0) == c->weight) continue;
        yyjson_mut_val *one = doc_push_obj(w, wlist), *a = doc_add_obj(w, one, "lineItemCreativeAssociation");
        doc_add_str(w, a, "name", doc_str(v, "name"));
        doc_add_i64(w, a, "manualCreativeRotationWeight", c->weight);
        doc_add_str(w, one, "updateMask", STR("manualCreativeRotationWeight"));
    }
    for (size_t k = 0; k < p->creatives_n; k++) {
        struct gam_creative *c = creative_of(t, p->creatives[k].creative_id);
        if (!there[k] && c && c->remote_id.n) add_association(op, d, list, line, c, p->creatives[k].weight);
    }
    struct str base = arena_printf(op->arena, STR_FMT "/creatives", STR_ARG(line));
    if (yyjson_mut_arr_size(list)) {
        (void)gam_send(op, "POST", arena_printf(op->arena, STR_FMT ":batchCreate", STR_ARG(base)), root);
    }
    if (yyjson_mut_arr_size(wlist)) {
        (void)gam_send(op, "POST", arena_printf(op->arena, STR_FMT ":batchUpdate", STR_ARG(base)), wroot);
    }
    if (off_n) {
        yyjson_mut_doc *o = doc_new(op->arena);
        yyjson_mut_val *oroot = doc_root(o), *names = doc_add_arr(o, oroot, "names");
        for (size_t k = 0; k < off_n; k++) doc_push_str(o, names, off[k]);
        (void)gam_send(op, "POST", arena_printf(op->arena, STR_FMT ":batchDelete", STR_ARG(base)), oroot);
    }
}

static int listed(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    const struct gam_line *line = gam_line_of(&t->order, &op->plan->packages[t->package]);
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "read a line item's creatives", &root)) return ADAPTER_DONE;
    put_in_order(op, t, doc_arr(root, "lineItemCreativeAssociations"), gam_name(op, "lineItems", line->id));
    if (op->calls_n) return LINKED;
    t->package++;
    return LINK;
}

static int linked(struct adapter_op *op)
{
    struct trafficking *t = op->state;
    yyjson_val *root;
    for (int i = 0; i < op->answers_n; i++) {
        if (gam_read(op, &op->answers[i], "associate creatives with line items", &root)) return ADAPTER_DONE;
    }
    t->package++;
    return LINK;
}

const adapter_step gam_creatives_steps[GAM_CREATIVES_STEPS] = {
    [START] = start,       [ORDER] = order,   [LINES] = lines,         [LOOK] = look,
    [LOOKED] = looked,     [FETCH] = fetch,   [ENCODE] = encode_bytes, [MADE] = made,
    [LINK] = link_package, [LISTED] = listed, [LINKED] = linked,       [WEIGHED] = weighed,
};

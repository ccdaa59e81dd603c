/* What the products of a media buy allow to be changed later, and what they promise of it: as they were when their
 * packages were bought. */
#include "contract/document.h"
#include "domain/media_buy/media_buy.h"

/* The statuses an action is allowed in; every live one when the product names none. */
static void allow_in(struct actions_in *in, yyjson_val *allowed, enum media_buy_action action)
{
    yyjson_val *statuses = json_arr(allowed, "allowed_statuses"), *v;
    size_t i, n;
    for (int k = 0; !statuses && k < ACTIONS_IN_N; k++) in->of[k] |= ACTION_BIT(action);
    yyjson_arr_foreach(statuses, i, n, v) {
        enum media_buy_status s;
        int index = media_buy_status_parse(json_val_str(v), &s) ? media_buy_live_index(s) : -1;
        if (index >= 0) in->of[index] |= ACTION_BIT(action);
    }
}

static void restrict_actions(const struct package_admitted *p, int64_t *allowed, int64_t *approval,
                             struct actions_in *by_status)
{
    if (!p->product.allowed_actions) return;
    int64_t mine = 0;
    struct actions_in in = { { 0 } };
    size_t i, n;
    yyjson_val *v, *m;
    yyjson_arr_foreach(p->product.allowed_actions, i, n, v) {
        enum media_buy_action a;
        if (!media_buy_action_parse(json_str(v, "action"), &a)) continue;
        mine |= ACTION_BIT(a);
        allow_in(&in, v, a);
        bool self_serve = false;
        size_t j, k;
        yyjson_arr_foreach(json_arr(v, "modes"), j, k, m)
            self_serve = self_serve || str_is(json_val_str(m), "self_serve");
        if (!self_serve) *approval |= ACTION_BIT(a);
    }
    *allowed &= mine;
    for (int k = 0; k < ACTIONS_IN_N; k++) by_status->of[k] &= in.of[k];
}

/* Every product has its say: an action must be allowed by all of them, those of earlier packages among them. */
static void set_actions(const struct act *act, const struct package_admitted *list, size_t n, struct media_buy_row *row)
{
    static const enum media_buy_status live[] = { BUY_PENDING_CREATIVES, BUY_PENDING_START, BUY_ACTIVE, BUY_PAUSED };
    const int64_t all = ACTION_BIT(ACTIONS_N) - 1;
    struct actions_in in = { { 0 } };
    char text[ACTIONS_IN_TEXT_MAX];
    bool differ = false;
    for (size_t i = 0; i < ARRAY_LEN(live); i++)
        in.of[media_buy_live_index(live[i])] = media_buy_actions_in(row, live[i]) & all;
    for (size_t i = 0; i < n; i++) restrict_actions(&list[i], &row->actions_allowed, &row->actions_approval, &in);
    for (int k = 1; k < ACTIONS_IN_N; k++) differ = differ || in.of[k] != in.of[0];
    bool narrower = (in.of[0] & row->actions_allowed) != (row->actions_allowed & all);
    if (!differ && !narrower) return;
    size_t length = media_buy_actions_in_print(&in, text);
    row->actions_in = arena_dup(act->arena, (struct str){ text, length });
}

/* What a product promises of an action, as it stands: sla, terms_ref. NULL: it does not allow it. */
static yyjson_val *promised(const struct package_admitted *p, enum media_buy_action action)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(p->product.allowed_actions, i, n, v) {
        enum media_buy_action a;
        if (media_buy_action_parse(json_str(v, "action"), &a) && a == action) return v;
    }
    return NULL;
}

/* Whether all these products make the same promise, which is not NULL. */
static bool all_promise(const struct package_admitted *list, size_t n, enum media_buy_action action, const char *member,
                        yyjson_val *promise)
{
    if (!promise) return false;
    for (size_t i = 0; i < n; i++) {
        if (!yyjson_equals(promise, yyjson_obj_get(promised(&list[i], action), member))) return false;
    }
    return true;
}

/* {"pause": {"sla", "terms_ref"}}: what all products promise, of what `before` (an object of the same shape; NULL: this is
 * the first word on it) has. NULL: nothing. */
static yyjson_mut_val *common_terms(const struct package_admitted *list, size_t n, yyjson_val *before,
                                    yyjson_mut_doc *doc)
{
    static const char *const members[] = { "sla", "terms_ref" };
    yyjson_mut_val *terms = NULL;
    for (int a = 0; a < ACTIONS_N && n; a++) {
        enum media_buy_action action = (enum media_buy_action)a;
        const char *name = media_buy_action_name(action);
        yyjson_val *was = before ? yyjson_obj_get(before, name) : promised(&list[0], action);
        yyjson_mut_val *one = NULL;
        for (size_t k = 0; k < ARRAY_LEN(members); k++) {
            yyjson_val *promise = yyjson_obj_get(was, members[k]);
            if (!all_promise(list, n, action, members[k], promise)) continue;
            if (!terms) terms = yyjson_mut_obj(doc);
            if (!one) one = json_add_obj(doc, terms, name);
            json_add_copy(doc, one, members[k], promise);
        }
    }
    return terms;
}

void media_buy_commit(const struct act *act, const struct package_admitted *list, size_t n, enum media_buy_commits when,
                      struct media_buy_row *row)
{
    struct document d;
    set_actions(act, list, n, row);
    yyjson_val *before = json_obj(document_read(act->arena, row->doc), "action_terms");
    if (when == MEDIA_BUY_COMMITS_MORE && !before) return; /* nothing is promised that could be kept */
    document_open(act->arena, row->doc, &d);
    yyjson_mut_val *terms = common_terms(list, n, when == MEDIA_BUY_COMMITS_MORE ? before : NULL, d.doc);
    document_remove(&d, "action_terms");
    if (terms) document_set_new(&d, "action_terms", terms);
    row->doc = document_text(&d);
}

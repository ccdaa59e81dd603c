/* See package_lists.h. */
#include "domain/product/package_lists.h"

#include "domain/product/property_filter.h"
#include "domain/buyer/remote_list.h"

static const struct {
    const char *member;
    const struct inventory_list_kind *kind;
} lists[] = {
    { "property_list", &property_lists },
    { "collection_list", &collection_lists },
    { "collection_list_exclude", &collection_lists },
};

static bool plays(const struct act *act)
{
    return act->sandbox || (act->principal && act->principal->sandbox);
}

/* 1: *out holds it; 0: nothing is known of it, and in a sandbox that does not matter; -1. */
static int have(const struct act *act, const struct inventory_list_kind *kind, const struct list_ref *ref,
                struct inventory_entries *out, struct str *warning, struct err *e)
{
    struct remote_list remote;
    if (!list_is_remote(act, ref->ref)) return list_resolve(act, kind, ref, out, e);
    if (remote_list_load(act, kind, ref, &remote, e)) return -1;
    if (remote.state <= REMOTE_LIST_STALE) {
        *out = remote.entries;
        return 1;
    }
    if (remote.state != REMOTE_LIST_UNREACHABLE || !plays(act)) return remote_list_refuse(&remote, ref, e);
    *warning =
        arena_printf(act->arena, "The list at %s could not be fetched and is not applied: this is a sandbox.", ref->at);
    return 0;
}

static int refuse(const struct list_ref *ref, const char *why, struct err *e)
{
    (void)err_set(e, "VALIDATION_ERROR", "%s", why);
    (void)err_suggest(e, "Ask get_products with this list which products can honour it.");
    return err_field(e, "%s", ref->at);
}

static int match_properties(const struct act *act, const struct product *p, const struct inventory_entries *entries,
                            const struct list_ref *ref, struct err *e)
{
    struct property_filter filter;
    if (property_filter_make(act, entries, &filter, e)) return -1;
    switch (property_filter_match(&filter, p)) {
    case PROPERTIES_ALL: return 0;
    case PROPERTIES_NONE: return refuse(ref, "The list names none of the product's properties.", e);
    case PROPERTIES_SOME: break;
    }
    if (json_bool_or(p->doc, "property_targeting_allowed", false)) return 0;
    return refuse(ref, "The product is sold with all of its properties only, and the list does not name all.", e);
}

int package_lists_accept(const struct act *act, const struct product *p, const struct package_request *r,
                         struct str *warning, struct err *e)
{
    yyjson_val *overlay = json_obj(r->val, "targeting_overlay");
    for (size_t i = 0; overlay && i < ARRAY_LEN(lists); i++) {
        struct inventory_entries entries = { .n = 0 };
        struct list_ref ref = { json_obj(overlay, lists[i].member),
                                arena_printf(act->arena, "%s/targeting_overlay/%s", r->at, lists[i].member).p };
        if (!ref.ref) continue;
        int rc = have(act, lists[i].kind, &ref, &entries, warning, e);
        if (rc < 0) return -1;
        if (rc == 0) continue;
        bool wanted = lists[i].kind == &collection_lists && i == 1;
        if (wanted && entries.n == 0 && !entries.everything) return refuse(&ref, "The list holds no collection.", e);
        if (lists[i].kind == &property_lists && match_properties(act, p, &entries, &ref, e)) return -1;
    }
    return 0;
}

/* ---- for the ad server ---- */

static int known(const struct act *act, const struct inventory_list_kind *kind, yyjson_val *ref,
                 struct inventory_entries *out, struct err *e)
{
    struct list_ref at = { ref, "" };
    struct err gone = { 0 };
    if (list_is_remote(act, ref)) return remote_list_known(act, kind, act->principal->principal_id, ref, out, e);
    int rc = list_resolve(act, kind, &at, out, &gone);
    if (rc >= 0 || str_is(str_from(gone.code), "REFERENCE_NOT_FOUND"))
        return rc > 0; /* deleted since: nothing is known */
    *e = gone;
    return -1;
}

static void write_list(yyjson_mut_doc *doc, yyjson_mut_val *obj, yyjson_val *ref,
                       const struct inventory_entries *entries)
{
    json_add_str(doc, obj, "agent_url", json_str(ref, "agent_url"));
    json_add_str(doc, obj, "list_id", json_str(ref, "list_id"));
    if (!entries || entries->everything) return;
    yyjson_mut_val *arr = json_add_arr(doc, obj, "identifiers");
    for (size_t i = 0; i < entries->n; i++) {
        yyjson_mut_val *id = json_push_obj(doc, arr);
        json_add_str(doc, id, "type", entries->items[i].type);
        json_add_str(doc, id, "value", entries->items[i].value);
    }
}

int package_lists_resolve(const struct act *act, struct str principal_id, yyjson_val *overlay, struct str *out,
                          struct err *e)
{
    struct principal owner = { .tenant_id = act->tenant->tenant_id, .principal_id = principal_id };
    struct act as = *act;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_copy(doc, overlay);
    as.principal = &owner;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        yyjson_val *ref = json_obj(overlay, lists[i].member);
        struct inventory_entries entries;
        if (!ref) continue;
        int rc = known(&as, lists[i].kind, ref, &entries, e);
        if (rc < 0) return -1;
        (void)yyjson_mut_obj_remove_key(o, lists[i].member);
        write_list(doc, json_add_obj(doc, o, lists[i].member), ref, rc ? &entries : NULL);
    }
    *out = json_write(act->arena, o);
    return 0;
}

/* The publisher's ad servers: how each stands, its test with what is missing, its inventory, its settings; and numbers of those
 * that are worked by hand. */
#include "admin/pages.h"
#include "contract/limits.h"
#include "desk_templates.h"

/* --- the list --------------------------------------------------------------------------------------------------- */

static void finish_checks(struct desk_request *r, yyjson_mut_val *test)
{
    size_t i, n;
    yyjson_mut_val *c;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(test, "checks"), i, n, c) {
        struct str outcome = desk_text(c, "outcome");
        bool passed = str_is(outcome, "passed"), failed = str_is(outcome, "failed"), warns = str_is(outcome, "warning");
        json_add_cstr(r->view, c, "class", passed ? "good" : failed ? "bad" : warns ? "warn" : "");
    }
}

static void finish_server(struct desk_request *r, yyjson_mut_val *s)
{
    yyjson_mut_val *test = yyjson_mut_obj_get(s, "test");
    bool failed = test && !yyjson_mut_get_bool(yyjson_mut_obj_get(test, "passed"));
    bool broken = yyjson_mut_obj_get(s, "problem") != NULL, remote = str_is(desk_text(s, "kind"), "remote");
    json_add_cstr(r->view, s, "class", broken || failed ? "bad" : test || !remote ? "good" : "");
    json_add_cstr(r->view, s, "word",
                  broken            ? "cannot be used"
                  : failed          ? "test failed"
                  : test || !remote ? "well"
                                    : "not tested yet");
    finish_checks(r, test);
}

static void finish_list(struct desk_request *r)
{
    size_t i, n;
    yyjson_mut_val *s, *may = json_add_obj(r->view, r->view->root, "may");
    json_add_bool(r->view, may, "test", desk_may(r, "x_adapter_test"));
    json_add_bool(r->view, may, "set", desk_may(r, "x_adapter_set"));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "found"), "ad_servers"), i, n, s)
        finish_server(r, s);
}

const struct desk_page desk_page_adservers = {
    .path = "/ad-servers",
    .title = "Ad servers",
    .nav = "adservers",
    .template = &template_adservers,
    .asks = { { "found", "x_adapter_list", NULL, false } },
    .finish = finish_list,
};

static bool name_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "name", r->segments[0]);
    return true;
}

static const char *asked(struct desk_request *r, yyjson_val *answer)
{
    return json_str(answer, "job_id").n ? "/admin/ad-servers?said=asked" : "/admin/ad-servers?said=tested";
}

const struct desk_action desk_action_test_adserver = { .path = "/ad-servers/{name}/test",
                                                       .operation = "x_adapter_test",
                                                       .arguments = name_argument,
                                                       .then = asked,
                                                       .page = &desk_page_adservers };
const struct desk_action desk_action_sync_adserver = { .path = "/ad-servers/{name}/sync",
                                                       .operation = "x_adapter_sync",
                                                       .arguments = name_argument,
                                                       .then = asked,
                                                       .page = &desk_page_adservers };

/* --- inventory -------------------------------------------------------------------------------------------------- */

static bool items_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str_opt(doc, args, "kind", desk_search(r, "kind", 64));
    json_add_str_opt(doc, args, "parent_id", desk_search(r, "below", 255));
    json_add_str_opt(doc, args, "after", desk_search(r, "after", 255));
    return name_argument(r, doc, args);
}

static void finish_items(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *found = yyjson_mut_obj_get(root, "found"), *k;
    yyjson_mut_val *filter = json_add_obj(r->view, root, "filter");
    size_t i, n;
    json_add_str(r->view, filter, "below", desk_search(r, "below", 255));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(found, "kinds"), i, n, k) {
        if (str_eq(desk_text(k, "kind"), desk_text(found, "kind"))) json_add_bool(r->view, k, "chosen", true);
    }
}

const struct desk_page desk_page_adserver_items = {
    .path = "/ad-servers/{name}/inventory",
    .title = "Inventory",
    .nav = "adservers",
    .template = &template_adserver_items,
    .asks = { { "found", "x_adapter_items", items_arguments, false } },
    .finish = finish_items,
};

/* --- settings --------------------------------------------------------------------------------------------------- */

static void finish_settings(struct desk_request *r)
{
    struct str posted = r->action ? desk_field(r, "settings") : STR_NONE;
    yyjson_val *settings = json_obj(desk_answer(r, "found"), "settings");
    struct format_how how = { .arena = r->arena };
    json_add_str(r->view, r->view->root, "text", posted.n ? posted : format_value(&how, SHOW_JSON, settings, NULL));
}

const struct desk_page desk_page_adserver_settings = {
    .path = "/ad-servers/{name}/settings",
    .title = "Settings of an ad server",
    .nav = "adservers",
    .template = &template_adserver_settings,
    .asks = { { "found", "x_adapter_get", name_argument, false } },
    .finish = finish_settings,
};

static bool settings_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct err why;
    yyjson_doc *parsed;
    if (json_parse(r->arena, desk_field(r, "settings"), &json_limits_settings, &parsed, &why) ||
        !yyjson_is_obj(yyjson_doc_get_root(parsed))) {
        desk_complain(r, "The settings are a JSON object: {\"network_code\": \"123\"}. Nothing was changed.");
        return false;
    }
    json_add_copy(doc, args, "settings", yyjson_doc_get_root(parsed));
    return name_argument(r, doc, args);
}

static const char *set(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/ad-servers?said=set";
}

/* Secret: its idempotency record would hold the settings' answer, and the form's key the settings themselves. */
const struct desk_action desk_action_set_adserver = { .path = "/ad-servers/{name}/settings",
                                                      .operation = "x_adapter_set",
                                                      .arguments = settings_arguments,
                                                      .then = set,
                                                      .page = &desk_page_adserver_settings,
                                                      .secret = true };

/* --- numbers of those that are worked by hand ------------------------------------------------------------------- */

static bool import_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str file = desk_field(r, "file"), text = file.n ? file : desk_field(r, "csv");
    if (!text.n) {
        desk_complain(r, "Choose a file, or paste its text. Nothing was changed.");
        return false;
    }
    json_add_str(doc, args, "csv", text);
    json_add_str(doc, args, "ad_server", r->segments[0]);
    if (!file.n) desk_keep(r, "csv");
    return true;
}

static const char *imported(struct desk_request *r, yyjson_val *answer)
{
    json_add_copy(r->view, r->view->root, "done", answer);
    (void)yyjson_mut_obj_remove_key(r->view->root, "form"); /* it was taken: not shown again */
    return NULL;
}

const struct desk_action desk_action_import_delivery = { .path = "/ad-servers/{name}/delivery",
                                                         .operation = "x_delivery_import",
                                                         .arguments = import_arguments,
                                                         .then = imported,
                                                         .page = &desk_page_adservers };

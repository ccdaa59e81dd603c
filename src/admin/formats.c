/* What a creative may be, and where it is shown: the publisher's formats and properties, and the slots that the built-in ad
 * server fills; making and changing them. */
#include "admin/form.h"
#include "admin/pages.h"
#include "desk_templates.h"

#define SIZES_MAX 16 /* of a slot */

/* Of the IAB's new ad portfolio and what the field still trades most, {value, label}. */
static const char *const sizes[][2] = {
    { "300x250", "300 × 250, medium rectangle" }, { "728x90", "728 × 90, leaderboard" },
    { "320x50", "320 × 50, mobile banner" },      { "320x100", "320 × 100, large mobile banner" },
    { "300x600", "300 × 600, half page" },        { "160x600", "160 × 600, skyscraper" },
    { "970x250", "970 × 250, billboard" },        { "970x90", "970 × 90, large leaderboard" },
    { "336x280", "336 × 280, large rectangle" },  { "", "another" },
};

/* "/admin/formats/ID?said=..." */
static const char *path_of(struct desk_request *r, const char *below, struct str id, const char *rest)
{
    struct buf where;
    buf_init(&where, 2048);
    buf_add(&where, str_from(below));
    template_url_part(&where, id);
    buf_add(&where, str_from(rest));
    const char *text = arena_cstr(r->arena, buf_str(&where));
    buf_finish(&where);
    return text;
}

static void finish_lists(struct desk_request *r)
{
    json_add_bool(r->view, r->view->root, "may_change", desk_may(r, "x_format_set"));
    desk_choices_add(r, "sizes", sizes, ARRAY_LEN(sizes), "300x250");
}

const struct desk_page desk_page_formats = {
    .path = "/formats",
    .title = "Formats and properties",
    .nav = "formats",
    .template = &template_formats,
    .asks = { { "formats", "x_format_list", NULL, false }, { "properties", "x_property_list", NULL, false } },
    .finish = finish_lists,
};

/* --- formats ---------------------------------------------------------------------------------------------------- */

static bool format_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "format_id", r->segments[0]);
    return true;
}

static bool add_format_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str size = desk_field(r, "own_size");
    desk_keep(r, "format_id");
    desk_keep(r, "format_name");
    desk_keep(r, "own_size");
    if (!size.n) size = desk_field(r, "size");
    if (!size.n) {
        desk_complain(r, "Choose a size, or write one: 300x250. Nothing was changed.");
        return false;
    }
    json_add_str(doc, args, "format_id", desk_field(r, "format_id"));
    json_add_str(doc, args, "size", size);
    json_add_str_opt(doc, json_add_obj(doc, args, "format"), "name", desk_field(r, "format_name"));
    return true;
}

static const char *format_added(struct desk_request *r, yyjson_val *answer)
{
    return path_of(r, "/admin/formats/", json_str(answer, "format_id"), "?said=added");
}

const struct desk_action desk_action_add_format = { .path = "/formats",
                                                    .operation = "x_format_set",
                                                    .arguments = add_format_arguments,
                                                    .then = format_added,
                                                    .page = &desk_page_formats };

static void finish_form(struct desk_request *r, const char *operation, const char *argument)
{
    yyjson_mut_val *object = yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "found"), argument);
    desk_form_add(r, "fields", operation, argument, object, (struct desk_options){ .member = NULL });
    json_add_str(r->view, r->view->root, "name", desk_text(object, "name"));
    json_add_bool(r->view, r->view->root, "may_change", desk_may(r, operation));
}

static void finish_format(struct desk_request *r)
{
    finish_form(r, "x_format_set", "format");
}

const struct desk_page desk_page_format = {
    .path = "/formats/{format_id}",
    .title = "A format",
    .nav = "formats",
    .template = &template_format,
    .asks = { { "found", "x_format_get", format_argument, false } },
    .finish = finish_format,
};

static bool set_format_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *patch = json_add_obj(doc, args, "format");
    return format_argument(r, doc, args) && desk_form_read(r, "x_format_set", "format", doc, patch);
}

static const char *changed(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 0, "said=changed");
}

const struct desk_action desk_action_set_format = { .path = "/formats/{format_id}",
                                                    .operation = "x_format_set",
                                                    .arguments = set_format_arguments,
                                                    .then = changed,
                                                    .page = &desk_page_format };

/* --- properties -------------------------------------------------------------------------------------------------- */

static bool property_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "property_id", r->segments[0]);
    return true;
}

static bool add_property_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    static const char *const fields[] = { "property_id", "property_name", "domain" };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) desk_keep(r, fields[i]);
    json_add_str(doc, args, "property_id", desk_field(r, "property_id"));
    yyjson_mut_val *property = json_add_obj(doc, args, "property");
    json_add_str_opt(doc, property, "name", desk_field(r, "property_name"));
    json_add_str_opt(doc, property, "publisher_domain", desk_field(r, "domain"));
    return true;
}

static const char *property_added(struct desk_request *r, yyjson_val *answer)
{
    return path_of(r, "/admin/properties/", json_str(answer, "property_id"), "?said=added");
}

const struct desk_action desk_action_add_property = { .path = "/properties",
                                                      .operation = "x_property_set",
                                                      .arguments = add_property_arguments,
                                                      .then = property_added,
                                                      .page = &desk_page_formats };

static void finish_property(struct desk_request *r)
{
    finish_form(r, "x_property_set", "property");
}

const struct desk_page desk_page_property = {
    .path = "/properties/{property_id}",
    .title = "A property",
    .nav = "formats",
    .template = &template_property,
    .asks = { { "found", "x_property_get", property_argument, false } },
    .finish = finish_property,
};

static bool set_property_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *patch = json_add_obj(doc, args, "property");
    return property_argument(r, doc, args) && desk_form_read(r, "x_property_set", "property", doc, patch);
}

const struct desk_action desk_action_set_property = { .path = "/properties/{property_id}",
                                                      .operation = "x_property_set",
                                                      .arguments = set_property_arguments,
                                                      .then = changed,
                                                      .page = &desk_page_property };

static const char *const media[][2] = { { "display", "display" }, { "video", "video" }, { "audio", "audio" } };

/* --- slots: what both of their pages have ----------------------------------------------------------------------------------------- */

/* The fields of a slot, from what is stored or, of a form that was refused, from what was posted. */
static void add_fields(struct desk_request *r, yyjson_mut_val *slot)
{
    struct str medium = r->action ? desk_field(r, "medium") : desk_text(slot, "medium");
    yyjson_mut_val *root = r->view->root, *list = json_add_arr(r->view, root, "media"), *p;
    size_t i, n;
    for (i = 0; i < ARRAY_LEN(media); i++) {
        yyjson_mut_val *o = json_push_obj(r->view, list);
        json_add_cstr(r->view, o, "value", media[i][0]);
        if (str_is(medium, media[i][0])) json_add_bool(r->view, o, "chosen", true);
    }
    struct str property = r->action ? desk_field(r, "property_id") : desk_text(slot, "property_id");
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "properties"), "properties"), i, n, p) {
        if (str_eq(property, desk_text(p, "property_id"))) json_add_bool(r->view, p, "chosen", true);
    }
    json_add_bool(r->view, root, "may_change", desk_may(r, "x_slot_set"));
}

/* "300x250, 728x90" as a list. False: there are too many. */
static bool add_sizes(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    yyjson_mut_val *list = json_add_arr(doc, args, "sizes");
    for (struct str rest = desk_field(r, "sizes"); rest.n;) {
        size_t n = 0;
        while (n < rest.n && !memchr(" ,;\r\n\t", rest.p[n], 6)) n++;
        if (n) json_push_str(doc, list, (struct str){ rest.p, n });
        rest = str_skip(rest, n < rest.n ? n + 1 : n);
    }
    if (yyjson_mut_arr_size(list) <= SIZES_MAX) return true;
    desk_complain(r, "A slot has sixteen sizes at most. Nothing was changed.");
    return false;
}

static bool set_arguments(struct desk_request *r, struct str slot_id, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    static const char *const kept[] = { "slot_id", "name", "description", "sizes", "section", "max_duration_seconds" };
    static const char *const texts[] = { "property_id", "name", "description", "medium", "section" };
    int64_t seconds;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++) desk_keep(r, kept[i]);
    json_add_str(doc, args, "slot_id", slot_id);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) json_add_str_opt(doc, args, texts[i], desk_field(r, texts[i]));
    if (desk_whole(desk_field(r, "max_duration_seconds"), &seconds))
        json_add_i64(doc, args, "max_duration_seconds", seconds);
    json_add_bool(doc, args, "scripts", desk_field(r, "scripts").n > 0);
    return add_sizes(r, doc, args);
}

/* --- slots: the list ----------------------------------------------------------------------------------------------------- */

static void finish_list(struct desk_request *r)
{
    add_fields(r, NULL);
}

const struct desk_page desk_page_slots = {
    .path = "/slots",
    .title = "Slots",
    .nav = "slots",
    .template = &template_slots,
    .asks = { { "found", "x_slot_list", NULL, false }, { "properties", "x_property_list", NULL, false } },
    .finish = finish_list,
};

static bool add_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    return set_arguments(r, desk_field(r, "slot_id"), doc, args);
}

static const char *done(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/slots?said=set";
}

const struct desk_action desk_action_add_slot = {
    .path = "/slots", .operation = "x_slot_set", .arguments = add_arguments, .then = done, .page = &desk_page_slots
};

/* --- slots: one ---------------------------------------------------------------------------------------------------------- */

static void finish_one(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *s, *own = NULL;
    size_t i, n;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "found"), "slots"), i, n, s) {
        if (str_eq(desk_text(s, "slot_id"), r->segments[0])) own = s;
    }
    if (!own) {
        desk_not_there(r, "There is no such slot.");
        return;
    }
    own = yyjson_mut_val_mut_copy(r->view, own);
    add_fields(r, own);
    json_add_val(r->view, root, "slot", own);
    if (!r->action) json_add_val(r->view, root, "form", yyjson_mut_val_mut_copy(r->view, own));
    (void)yyjson_mut_obj_remove_key(root, "found"); /* the others are of no interest */
}

const struct desk_page desk_page_slot = {
    .path = "/slots/{slot_id}",
    .title = "A slot",
    .nav = "slots",
    .template = &template_slot,
    .asks = { { "found", "x_slot_list", NULL, false }, { "properties", "x_property_list", NULL, false } },
    .finish = finish_one,
};

static bool one_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    return set_arguments(r, r->segments[0], doc, args);
}

const struct desk_action desk_action_set_slot = { .path = "/slots/{slot_id}",
                                                  .operation = "x_slot_set",
                                                  .arguments = one_arguments,
                                                  .then = done,
                                                  .page = &desk_page_slot };

static bool remove_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "slot_id", r->segments[0]);
    return true;
}

static const char *removed(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/slots?said=removed";
}

const struct desk_action desk_action_remove_slot = { .path = "/slots/{slot_id}/remove",
                                                     .operation = "x_slot_remove",
                                                     .arguments = remove_arguments,
                                                     .then = removed,
                                                     .page = &desk_page_slot };

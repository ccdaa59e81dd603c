/* People at the desk: who I am (x_me_get), links by which people sign in (x_user_link), their sessions (x_session_list,
 * x_session_end). x_sign_in_get and x_session_open are for our own pages alone: nobody is signed in yet. */
#include "domain/core/tenant_settings.h"
#include "domain/publisher/person_email.h"
#include "domain/publisher/session.h"
#include "domain/tell/people_notify.h"
#include "store/q/q_task_queue.h"
#include "store/q/q_tenant.h"
#include "tools/operation_tools.h"
#include "tools/publisher/session_tools.h"

#define SESSIONS_MAX 200
#define SECRET_MAX   200

static const char *const roles[] = { "buyer", "viewer", "operator", "administrator", "installation" };

/* --- who I am --------------------------------------------------------------------------------------------------- */

/* Other publishers that the person serves. */
static int encode_elsewhere(struct tool_call *c, struct err *e)
{
    struct person_place *places;
    size_t n;
    if (person_places(c->act, &places, &n, e)) return -1;
    yyjson_mut_val *list = n > 1 ? json_add_arr(c->doc, c->reply, "elsewhere") : NULL;
    for (size_t i = 0; i < n && list; i++) {
        if (str_eq(places[i].tenant_id, c->act->tenant->tenant_id)) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "tenant_id", places[i].tenant_id);
        json_add_str(c->doc, o, "name", places[i].name);
    }
    return 0;
}

int tool_x_me_get(struct tool_call *c, struct err *e)
{
    const struct principal *me = c->act->principal;
    struct tenant_settings ts;
    int64_t waiting;
    if (q_task_queue_count(c->act->tx, c->act->tenant->tenant_id, &waiting, e)) return -1;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "person");
    json_add_str(c->doc, o, "principal_id", me->principal_id);
    json_add_str(c->doc, o, "name", me->name);
    json_add_cstr(c->doc, o, "role", roles[me->role]);
    o = json_add_obj(c->doc, c->reply, "publisher");
    json_add_str(c->doc, o, "tenant_id", c->act->tenant->tenant_id);
    json_add_str(c->doc, o, "name", c->act->tenant->name);
    json_add_str(c->doc, o, "timezone", ts.timezone);
    json_add_str(c->doc, o, "currency", arena_dup(c->arena, str_from(ts.currency)));
    json_add_i64(c->doc, c->reply, "waiting", waiting);
    json_add_time(c->doc, c->reply, "now", c->act->now);
    if (c->act->sandbox) json_add_bool(c->doc, c->reply, "sandbox", true);
    return me->session_id.n ? encode_elsewhere(c, e) : 0;
}

/* --- links ------------------------------------------------------------------------------------------------------ */

/* Where people find the desk: as the publisher says, else where the agent serves it. */
static struct str desk_base(const struct act *act)
{
    struct people_settings s;
    people_settings_read(act, &s);
    return s.link_base_said || !act->desk_url.n ? s.link_base : act->desk_url;
}

int tool_x_user_link(struct tool_call *c, struct err *e)
{
    struct sign_in_link link;
    if (sign_in_link_make(c->act, json_str(c->args, "principal_id"), &link, e)) return -1;
    json_add_str(c->doc, c->reply, "principal_id", link.principal_id);
    json_add_str(
        c->doc, c->reply, "url",
        arena_printf(c->arena, STR_FMT "/admin/enter/" STR_FMT, STR_ARG(desk_base(c->act)), STR_ARG(link.text)));
    json_add_time(c->doc, c->reply, "expires_at", link.expires_at);
    c->message = STR("The link signs in once, within 15 minutes.");
    return 0;
}

/* A secret in the arguments, as our own pages hand it over. */
static int read_secret(struct tool_call *c, struct str *out, struct err *e)
{
    return json_req_str(JSON_FIELD(c->args, "link", ""), (struct json_len){ 1, SECRET_MAX }, out, e);
}

int session_encode_person(struct tool_call *c, struct str principal_id, struct err *e)
{
    struct principal_row p;
    int rc = q_principal_get(c->act->tx, c->arena, c->act->tenant->tenant_id, principal_id, &p, e);
    if (rc < 1) return rc < 0 ? -1 : err_set(e, "REFERENCE_NOT_FOUND", "The user is gone.");
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "person");
    json_add_str(c->doc, o, "principal_id", p.principal_id);
    json_add_str(c->doc, o, "name", p.name);
    json_add_str(c->doc, o, "role", p.role);
    json_add_str(c->doc, c->reply, "publisher", c->act->tenant->name);
    return 0;
}

int tool_x_sign_in_get(struct tool_call *c, struct err *e)
{
    struct sign_in_link_row link;
    struct str secret;
    if (read_secret(c, &secret, e) || sign_in_link_open(c->act, secret, &link, e)) return -1;
    return session_encode_person(c, link.principal_id, e);
}

int tool_x_session_open(struct tool_call *c, struct err *e)
{
    struct session_new in = { .by = "link",
                              .replaces = json_str(c->args, "replaces"),
                              .browser = json_str(c->args, "browser"),
                              .address = json_str(c->args, "address") };
    struct session_row row;
    struct str secret;
    if (read_secret(c, &in.link, e) || session_open(c->act, &in, &row, &secret, e)) return -1;
    json_add_str(c->doc, c->reply, "session", secret);
    return session_encode_person(c, row.principal_id, e);
}

/* --- sessions --------------------------------------------------------------------------------------------------- */

static bool sees_all(const struct act *act)
{
    return act->principal->role == ROLE_ADMINISTRATOR;
}

static void encode_session(struct tool_call *c, yyjson_mut_val *o, const struct session_row *row)
{
    json_add_str(c->doc, o, "session_id", row->session_id);
    json_add_str(c->doc, o, "principal_id", row->principal_id);
    json_add_str(c->doc, o, "browser", row->browser);
    json_add_str(c->doc, o, "address", row->address);
    json_add_time(c->doc, o, "created_at", row->created_at);
    json_add_time(c->doc, o, "used_at", row->used_at);
    json_add_time(c->doc, o, "expires_at", row->expires_at);
    if (str_eq(row->session_id, c->act->principal->session_id)) json_add_bool(c->doc, o, "this", true);
}

int tool_x_session_list(struct tool_call *c, struct err *e)
{
    struct str whose = json_str(c->args, "principal_id");
    struct session_filter f = { .tenant_id = c->act->tenant->tenant_id,
                                .principal_id = sees_all(c->act) ? whose : c->act->principal->principal_id,
                                .now = c->act->now,
                                .limit = SESSIONS_MAX };
    struct session_row *rows;
    size_t n;
    if (q_session_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "sessions");
    for (size_t i = 0; i < n; i++) {
        bool asked = !whose.n || str_eq(whose, rows[i].principal_id);
        if (asked && session_is_open(&rows[i], c->act->now)) encode_session(c, json_push_obj(c->doc, list), &rows[i]);
    }
    return 0;
}

/* 0 when there is none of that id, too: *found says. */
static int find_session(struct tool_call *c, struct str id, struct session_row *row, bool *found, struct err *e)
{
    int rc = q_session_by_id(c->act->tx, c->arena, c->act->tenant->tenant_id, id, row, e);
    *found = rc == 1 && session_is_open(row, c->act->now);
    return rc < 0 ? -1 : 0;
}

int tool_x_session_close(struct tool_call *c, struct err *e)
{
    struct session_row row;
    bool found;
    if (find_session(c, c->act->principal->session_id, &row, &found, e)) return -1;
    return found ? session_end(c->act, &row, e) : 0;
}

int tool_x_session_end(struct tool_call *c, struct err *e)
{
    struct session_row row;
    bool found;
    if (find_session(c, json_str(c->args, "session_id"), &row, &found, e)) return -1;
    bool may = found && (sees_all(c->act) || str_eq(row.principal_id, c->act->principal->principal_id));
    if (!may) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such session, or it is over.");
        return err_field(e, "/session_id");
    }
    encode_session(c, json_add_obj(c->doc, c->reply, "session"), &row);
    return session_end(c->act, &row, e);
}

/* Passwords and authenticator apps. x_user_* is the administrators', for anybody; x_own_* and x_session_password are of our own
 * pages, for the person that asks. */
#include "base/totp.h"
#include "domain/publisher/sign_in.h"
#include "store/q/agent/q_sign_in.h"
#include "tools/operation_tools.h"
#include "tools/publisher/session_tools.h"

#define NAME_BYTES_MAX 200
#define CODE_MAX       32

static int read_password(struct tool_call *c, const char *member, struct str *out, struct err *e)
{
    return json_req_str(JSON_FIELD(c->args, member, ""), (struct json_len){ 1, PASSWORD_BYTES_MAX }, out, e);
}

static struct str own(const struct tool_call *c)
{
    return c->act->principal->principal_id;
}

/* ---- signing in ---- */

int tool_x_session_password(struct tool_call *c, struct err *e)
{
    struct sign_in_attempt in = { .session = { .replaces = json_str(c->args, "replaces"),
                                               .browser = json_str(c->args, "browser"),
                                               .address = json_str(c->args, "address") } };
    struct session_row row;
    struct str secret;
    if (json_req_str(JSON_FIELD(c->args, "name", ""), (struct json_len){ 1, NAME_BYTES_MAX }, &in.name, e) ||
        read_password(c, "password", &in.password, e) ||
        json_opt_str(JSON_FIELD(c->args, "code", ""), (struct json_len){ 0, CODE_MAX }, &in.code, e) ||
        sign_in_by_password(c->act, &in, &row, &secret, e))
        return -1;
    json_add_str(c->doc, c->reply, "session", secret);
    return session_encode_person(c, row.principal_id, e);
}

/* ---- one's own ---- */

int tool_x_own_sign_in_get(struct tool_call *c, struct err *e)
{
    struct sign_in_row row;
    int rc = q_sign_in_get(c->act->tx, c->arena, c->act->tenant->tenant_id, own(c), &row, e);
    if (rc < 0) return -1;
    json_add_bool(c->doc, c->reply, "password", rc == 1);
    if (rc == 1) json_add_time(c->doc, c->reply, "password_at", row.password_at);
    json_add_bool(c->doc, c->reply, "totp", rc == 1 && row.totp_on);
    return 0;
}

int tool_x_own_password_set(struct tool_call *c, struct err *e)
{
    struct str password;
    if (read_password(c, "password", &password, e)) return -1;
    return sign_in_change_password(c->act, json_str(c->args, "current"), password, e);
}

static int start(struct tool_call *c, struct str person, struct err *e)
{
    struct str key;
    if (sign_in_totp_start(c->act, person, &key, e)) return -1;
    json_add_str(c->doc, c->reply, "key", totp_key_text(c->arena, key));
    json_add_str(c->doc, c->reply, "uri", totp_uri(c->arena, key, c->act->tenant->name, person));
    c->message = STR("Give the key to the app, then confirm with a code of it.");
    return 0;
}

int tool_x_own_totp_start(struct tool_call *c, struct err *e)
{
    return start(c, own(c), e);
}

static int confirm(struct tool_call *c, struct str person, struct err *e)
{
    struct str code;
    if (json_req_str(JSON_FIELD(c->args, "code", ""), (struct json_len){ 1, CODE_MAX }, &code, e)) return -1;
    return sign_in_totp_confirm(c->act, person, code, e);
}

int tool_x_own_totp_confirm(struct tool_call *c, struct err *e)
{
    return confirm(c, own(c), e);
}

int tool_x_own_totp_stop(struct tool_call *c, struct err *e)
{
    return sign_in_totp_stop(c->act, json_str(c->args, "current"), e);
}

/* ---- administrators', for anybody ---- */

static int encode_how(struct tool_call *c, struct str person, struct err *e)
{
    struct sign_in_row row;
    int rc = q_sign_in_get(c->act->tx, c->arena, c->act->tenant->tenant_id, person, &row, e);
    if (rc < 0) return -1;
    json_add_str(c->doc, c->reply, "principal_id", person);
    json_add_cstr(c->doc, c->reply, "signs_in_with", rc == 0 ? "link" : row.totp_on ? "password_and_code" : "password");
    return 0;
}

int tool_x_user_password(struct tool_call *c, struct err *e)
{
    struct str person = json_str(c->args, "principal_id"), password;
    const struct principal *me = c->act->principal;
    if (me->session_id.n && str_eq(person, me->principal_id)) {
        (void)err_set(e, "INVALID_STATE", "One's own password is changed with the one so far.");
        return err_suggest(e, "The page Signed in has the form for it.");
    }
    if (read_password(c, "password", &password, e) || sign_in_set_password(c->act, person, password, e)) return -1;
    return encode_how(c, person, e);
}

int tool_x_user_password_remove(struct tool_call *c, struct err *e)
{
    struct str person = json_str(c->args, "principal_id");
    return sign_in_remove_password(c->act, person, e) ? -1 : encode_how(c, person, e);
}

int tool_x_user_totp_start(struct tool_call *c, struct err *e)
{
    return start(c, json_str(c->args, "principal_id"), e);
}

int tool_x_user_totp_confirm(struct tool_call *c, struct err *e)
{
    struct str person = json_str(c->args, "principal_id");
    return confirm(c, person, e) ? -1 : encode_how(c, person, e);
}

int tool_x_user_totp_remove(struct tool_call *c, struct err *e)
{
    struct str person = json_str(c->args, "principal_id");
    return sign_in_totp_remove(c->act, person, e) ? -1 : encode_how(c, person, e);
}

/* E-mail addresses by which people come in from an identity provider. x_session_openid is of our own page, which has checked what
 * the provider said (protocols/openid.h). */
#include "domain/publisher/person_email.h"
#include "tools/operation_tools.h"
#include "tools/publisher/session_tools.h"

#define IDENTITY_MAX 2048

int tool_x_session_openid(struct tool_call *c, struct err *e)
{
    struct person_identity who = { .email = json_str(c->args, "email") };
    struct session_new in = { .replaces = json_str(c->args, "replaces"),
                              .browser = json_str(c->args, "browser"),
                              .address = json_str(c->args, "address") };
    struct session_row row;
    struct str secret;
    if (json_req_str(JSON_FIELD(c->args, "issuer", ""), (struct json_len){ 1, IDENTITY_MAX }, &who.issuer, e) ||
        json_req_str(JSON_FIELD(c->args, "subject", ""), (struct json_len){ 1, IDENTITY_MAX }, &who.subject, e) ||
        person_sign_in(c->act, &who, &in, &row, &secret, e))
        return -1;
    json_add_str(c->doc, c->reply, "session", secret);
    return session_encode_person(c, row.principal_id, e);
}

int tool_x_session_switch(struct tool_call *c, struct err *e)
{
    struct session_new in = { .browser = json_str(c->args, "browser"), .address = json_str(c->args, "address") };
    struct session_row row;
    struct str secret;
    if (json_req_str(JSON_FIELD(c->args, "replaces", ""), (struct json_len){ 1, IDENTITY_MAX }, &in.replaces, e) ||
        person_switch(c->act, &in, &row, &secret, e))
        return -1;
    json_add_str(c->doc, c->reply, "session", secret);
    return session_encode_person(c, row.principal_id, e);
}

int tool_x_user_email(struct tool_call *c, struct err *e)
{
    struct str kept;
    if (person_set_email(c->act, json_str(c->args, "principal_id"), json_str(c->args, "email"), &kept, e)) return -1;
    json_add_copy(c->doc, c->reply, "principal_id", yyjson_obj_get(c->args, "principal_id"));
    json_add_str(c->doc, c->reply, "email", kept);
    return 0;
}

int tool_x_user_email_remove(struct tool_call *c, struct err *e)
{
    if (person_remove_email(c->act, json_str(c->args, "principal_id"), e)) return -1;
    json_add_copy(c->doc, c->reply, "principal_id", yyjson_obj_get(c->args, "principal_id"));
    return 0;
}

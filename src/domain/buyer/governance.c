#include "domain/buyer/governance.h"

#include "domain/core/audit.h"
#include "contract/document.h"
#include "net/url.h"

#define CREDENTIALS_MIN 32
#define CREDENTIALS_MAX 4096

static int read_authentication(yyjson_val *agent, const char *at, struct governance_agent *out, struct err *e)
{
    yyjson_val *auth, *schemes;
    if (json_req_obj(JSON_FIELD(agent, "authentication", at), &auth, e)) return -1;
    const char *here = "/authentication";
    if (json_req_arr(JSON_FIELD(auth, "schemes", here), (struct json_len){ 1, 1 }, &schemes, e) ||
        json_req_str(JSON_FIELD(auth, "credentials", here), (struct json_len){ CREDENTIALS_MIN, CREDENTIALS_MAX },
                     &out->credentials, e)) {
        return err_in(e, "%s", at);
    }
    out->scheme = json_val_str(yyjson_arr_get_first(schemes));
    if (str_is(out->scheme, "Bearer")) return 0;
    (void)err_set(e, "UNSUPPORTED_FEATURE", "Governance agents are called with a Bearer token only.");
    return err_field(e, "%s/authentication/schemes/0", at);
}

static int read_agent(const struct act *act, yyjson_val *entry, const char *at, struct governance_agent *out,
                      struct err *e)
{
    yyjson_val *list;
    if (json_req_arr(JSON_FIELD(entry, "governance_agents", at), (struct json_len){ 1, 10 }, &list, e)) return -1;
    if (yyjson_arr_size(list) > 1) {
        (void)err_set(e, "VALIDATION_ERROR", "An account has exactly one governance agent.");
        (void)err_suggest(e, "Compose several reviewers behind one agent and register that one.");
        return err_field(e, "%s/governance_agents", at);
    }
    yyjson_val *agent = yyjson_arr_get_first(list);
    const char *here = arena_printf(act->arena, "%s/governance_agents/0", at).p;
    if (json_req_str(JSON_FIELD(agent, "url", here), (struct json_len){ 1, URL_BYTES_MAX }, &out->url, e)) return -1;
    if (url_allowed(out->url, act->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC, e)) {
        return err_field(e, "%s/url", here);
    }
    return read_authentication(agent, here, out, e);
}

static struct str with_agent(const struct act *act, const struct account_row *account,
                             const struct governance_agent *agent)
{
    struct document d;
    document_open(act->arena, account->doc, &d);
    yyjson_mut_val *agents = yyjson_mut_arr(d.doc), *secret = yyjson_mut_obj(d.doc);
    bool https = str_starts(agent->url, STR("https://"));
    if (https) json_add_str(d.doc, json_push_obj(d.doc, agents), "url", agent->url);
    json_add_str(d.doc, secret, "url", agent->url);
    json_add_str(d.doc, secret, "scheme", agent->scheme);
    json_add_str(d.doc, secret, "credentials", agent->credentials);
    /* Shown in replies, whose schema allows https only: not the http agents on the loopback of a sandbox. */
    if (https) document_set_new(&d, "governance_agents", agents);
    else document_remove(&d, "governance_agents");
    document_set_new(&d, "governance_auth", secret);   /* never shown */
    return document_text(&d);
}

int governance_bind(const struct act *act, yyjson_val *entry, const char *at, struct governance_agent *out,
                    struct err *e)
{
    struct governance_agent agent = { 0 };
    struct account_ref ref;
    struct account_row account;
    const char *account_at = arena_printf(act->arena, "%s/account", at).p;
    if (account_ref_read_at(yyjson_obj_get(entry, "account"), account_at, &ref, e)) return -1;
    if (read_agent(act, entry, at, &agent, e)) return -1;
    if (account_ensure(act, &ref, ACCOUNT_USE_FINANCIALS, &account, e)) return e->field[0] ? err_in(e, "%s", at) : -1;
    account.doc = with_agent(act, &account, &agent);
    account.updated_at = act->now;
    struct audit_entry line = {
        .action = "account.governance",
        .subject = arena_printf(act->arena, "account:" STR_FMT, STR_ARG(account.account_id)),
        .doc = arena_printf(
            act->arena, "{\"url\":" STR_FMT "}",
            STR_ARG(json_write(act->arena, yyjson_mut_strn(json_doc_new(act->arena), agent.url.p, agent.url.n)))),
    };
    if (q_account_update(act->tx, &account, e) || audit_add(act, &line, e)) return -1;
    *out = agent;
    return 0;
}

bool governance_agent_of(struct arena *a, const struct account_row *account, struct governance_agent *out)
{
    yyjson_val *doc = document_read(a, account->doc);
    yyjson_val *auth = json_obj(doc, "governance_auth");
    struct str url = json_str(auth, "url");
    if (!url.n || !auth) return false;
    *out = (struct governance_agent){ url, json_str(auth, "scheme"), json_str(auth, "credentials") };
    return true;
}

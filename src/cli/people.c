/* salesagent rule, creative, user, principal, token, tenant: the publisher's rules, people and buyers, on the running
 * agent. */
#include "cli/operate.h"

#define COMMON                                                                                                         \
    "  --json             print the agent's answer as JSON\n"                                                          \
    "  --data DIR         the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"                        \
    "  --tenant ID        which publisher, when there are several\n"                                                   \
    "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n"

/* ---- rule ---- */

static const struct operate_option rule_add_options[] = {
    { "name", "rule/name", OPERATE_TEXT },
    { "then", "rule/then", OPERATE_TEXT },
    { "role", "rule/role", OPERATE_TEXT },
    { "due-hours", "rule/due_hours", OPERATE_NUMBER },
    { "remind-hours", "rule/remind_hours", OPERATE_NUMBER },
    { "escalate-hours", "rule/escalate_hours", OPERATE_NUMBER },
    { "lapse", "rule/lapse", OPERATE_TEXT },
    { "reason", "rule/reason", OPERATE_TEXT },
    { "operations", "rule/when/operations", OPERATE_LIST },
    { "amount-over", "rule/when/amount_over", OPERATE_NUMBER },
    { "currency", "rule/when/currency", OPERATE_TEXT },
    { "products", "rule/when/products", OPERATE_LIST },
    { "accounts", "rule/when/accounts", OPERATE_LIST },
    { "principals", "rule/when/principals", OPERATE_LIST },
    { "first-buy", "rule/when/first_buy", OPERATE_FLAG },
    { "targeting", "rule/when/targeting", OPERATE_LIST },
    { "creative-formats", "rule/when/creative_formats", OPERATE_LIST },
    { "creative-categories", "rule/when/creative_categories", OPERATE_LIST },
    { "spend-raise-over-bp", "rule/when/spend_raise_over_bp", OPERATE_NUMBER },
    { "position", "position", OPERATE_NUMBER },
    { "rule", "rule", OPERATE_JSON },
    { NULL, NULL, OPERATE_TEXT },
};

static const struct operate_option rule_test_options[] = {
    { "amount", "amount", OPERATE_NUMBER },
    { "before", "before", OPERATE_NUMBER },
    { "currency", "currency", OPERATE_TEXT },
    { "products", "products", OPERATE_LIST },
    { "account", "account_id", OPERATE_TEXT },
    { "principal", "principal_id", OPERATE_TEXT },
    { "targeting", "targeting", OPERATE_JSON },
    { "creative-format", "creative_format", OPERATE_TEXT },
    { "creative-categories", "creative_categories", OPERATE_LIST },
    { NULL, NULL, OPERATE_TEXT },
};

static const struct operate_verb rule_verbs[] = {
    { .name = "list", .tool = "x_rule_list" },
    { .name = "add", .tool = "x_rule_add", .options = rule_add_options },
    { .name = "remove", .tool = "x_rule_remove", .words = { "rule_id" } },
    { .name = "move", .tool = "x_rule_move", .words = { "rule_id", "position" } },
    { .name = "test", .tool = "x_rule_test", .words = { "operation" }, .options = rule_test_options },
    { .name = NULL },
};

static const struct operate_column rule_columns[] = { { "position", 3 },    { "rule_id", 31 },    { "/rule/then", 6 },
                                                      { "/rule/name", 30 }, { "/rule/when", 40 }, { NULL, 0 } };

static int run_rule(int argc, char **argv)
{
    static const struct operate_command c = { "rule", rule_verbs, rule_columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_rule = {
    .name = "rule",
    .summary = "what needs a person: list, add, remove, move, test",
    .words = "list add remove move test",
    .usage = "Usage: salesagent rule list | add --name TEXT --then person|auto|reject [CONDITION...] [TERMS...]\n"
             "                       remove ID | move ID POSITION | test OPERATION [FACTS...]\n\n"
             "Rules are tried in their order; the first whose conditions all hold counts and is recorded on the task.\n"
             "Without one the publisher's settings decide. A product that wants review gets it in any case.\n\n"
             "Conditions, all optional (lists: any of the words between commas):\n"
             "  --operations create_media_buy,update_media_buy,creative_review,account\n"
             "  --amount-over N [--currency CUR]   the total, after an update\n"
             "  --spend-raise-over-bp N            an update raises the total by more than N/10000\n"
             "  --products, --accounts, --principals, --targeting KEYS, --creative-formats, --creative-categories\n"
             "  --first-buy                        the buyer has bought nothing before\n"
             "Terms, for --then person:\n"
             "  --role operator|administrator      who may decide (default operator)\n"
             "  --due-hours N  --remind-hours N  --escalate-hours N    after the task was made\n"
             "  --lapse stay|reject|approve        what happens when nobody decided in time (default stay)\n"
             "  --reason TEXT      for --then reject: what the buyer reads\n"
             "  --position N       where in the order (default: last)\n"
             "  --rule JSON|@FILE  the whole rule as JSON instead\n"
             "Facts for test:\n"
             "  --amount N --before N --currency CUR --products LIST --account ID --principal ID --targeting JSON\n"
             "  --creative-format ID --creative-categories LIST\n\n" COMMON,
    .run = run_rule,
};

/* ---- creative ---- */

static const struct operate_option creative_options[] = { { "status", "status", OPERATE_TEXT },
                                                          { "principal", "principal_id", OPERATE_TEXT },
                                                          { "reason", "reason", OPERATE_TEXT },
                                                          { NULL, NULL, OPERATE_TEXT } };

static const struct operate_verb creative_verbs[] = {
    { .name = "list", .tool = "x_creative_list", .options = creative_options },
    { .name = "show", .tool = "x_creative_get", .words = { "creative_id" }, .options = creative_options },
    { .name = "approve",
      .tool = "x_creative_decide",
      .words = { "creative_id" },
      .extra = "decision=approve",
      .options = creative_options },
    { .name = "reject",
      .tool = "x_creative_decide",
      .words = { "creative_id" },
      .extra = "decision=reject",
      .options = creative_options },
    { .name = "suspend",
      .tool = "x_creative_decide",
      .words = { "creative_id" },
      .extra = "decision=suspend",
      .options = creative_options },
    { .name = NULL },
};

static const struct operate_column creative_columns[] = { { "creative_id", 30 },  { "status", 14 },
                                                          { "principal_id", 20 }, { "format", 24 },
                                                          { "name", 30 },         { NULL, 0 } };

static int run_creative(int argc, char **argv)
{
    static const struct operate_command c = { "creative", creative_verbs, creative_columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_creative = {
    .name = "creative",
    .summary = "creatives of all buyers: list, show, approve, reject, suspend",
    .words = "list show approve reject suspend",
    .usage = "Usage: salesagent creative list [--status STATUS] [--principal ID] | show ID | approve ID |\n"
             "                           reject ID --reason TEXT | suspend ID --reason TEXT\n\n"
             "Deciding a creative decides its open review; media buys that wait for it move on.\n\n"
             "  --principal ID     whose, when several buyers have a creative of this id\n" COMMON,
    .run = run_creative,
};

/* ---- user, principal ---- */

static const struct operate_option principal_options[] = { { "name", "name", OPERATE_TEXT },
                                                           { "role", "role", OPERATE_TEXT },
                                                           { "dialect", "dialect", OPERATE_TEXT },
                                                           { "status", "status", OPERATE_TEXT },
                                                           { NULL, NULL, OPERATE_TEXT } };

static const struct operate_verb user_verbs[] = {
    { .name = "list", .tool = "x_principal_list", .extra = "kind=user" },
    { .name = "add",
      .tool = "x_principal_add",
      .words = { "principal_id" },
      .extra = "kind=user",
      .options = principal_options },
    { .name = "set",
      .tool = "x_principal_set",
      .words = { "principal_id" },
      .extra = "kind=user",
      .options = principal_options },
    { .name = NULL },
};

static const struct operate_verb principal_verbs[] = {
    { .name = "list", .tool = "x_principal_list", .extra = "kind=principal" },
    { .name = "add",
      .tool = "x_principal_add",
      .words = { "principal_id" },
      .extra = "kind=principal",
      .options = principal_options },
    { .name = "set",
      .tool = "x_principal_set",
      .words = { "principal_id" },
      .extra = "kind=principal",
      .options = principal_options },
    { .name = NULL },
};

static const struct operate_column principal_columns[] = { { "principal_id", 24 }, { "role", 14 }, { "status", 9 },
                                                           { "dialect", 10 },      { "name", 30 }, { NULL, 0 } };

static int run_user(int argc, char **argv)
{
    static const struct operate_command c = { "user", user_verbs, principal_columns };
    return operate(&c, argc, argv);
}

static int run_principal(int argc, char **argv)
{
    static const struct operate_command c = { "principal", principal_verbs, principal_columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_user = {
    .name = "user",
    .summary = "the publisher's people: list, add, set",
    .words = "list add set",
    .usage = "Usage: salesagent user list | add ID [--name TEXT] [--role ROLE] | set ID [...]\n\n"
             "  --role ROLE        viewer (reads), operator (also decides), administrator (also manages);\n"
             "                     a new user is an operator\n"
             "  --status STATUS    active, or disabled: every token of the user is refused\n"
             "  --name TEXT        for people\n" COMMON,
    .run = run_user,
};

const struct cli_command command_principal = {
    .name = "principal",
    .summary = "buyers' agents: list, add, set",
    .words = "list add set",
    .usage = "Usage: salesagent principal list | add ID [--name TEXT] [--dialect NAME] | set ID [...]\n\n"
             "  --dialect NAME     what its calls speak unless they say: adcp-3.0, adcp-3.1, tutorial, data-model,\n"
             "                     buy-v1, rc; default takes the setting away\n"
             "  --status STATUS    active, or disabled: every token of the buyer is refused\n"
             "  --name TEXT        for people\n" COMMON,
    .run = run_principal,
};

/* ---- token ---- */

static const struct operate_option token_options[] = { { "label", "label", OPERATE_TEXT },
                                                       { "scope", "scope", OPERATE_TEXT },
                                                       { "expires-days", "expires_days", OPERATE_NUMBER },
                                                       { "grace-hours", "grace_hours", OPERATE_NUMBER },
                                                       { "principal", "principal_id", OPERATE_TEXT },
                                                       { "sandbox", "sandbox", OPERATE_FLAG },
                                                       { NULL, NULL, OPERATE_TEXT } };

static const struct operate_verb token_verbs[] = {
    { .name = "list", .tool = "x_token_list", .options = token_options },
    { .name = "add", .tool = "x_token_add", .words = { "principal_id" }, .options = token_options },
    { .name = "revoke", .tool = "x_token_revoke", .words = { "token_id" } },
    { .name = "rotate", .tool = "x_token_rotate", .words = { "token_id" }, .options = token_options },
    { .name = NULL },
};

static const struct operate_column token_columns[] = { { "token_id", 30 },     { "principal_id", 20 },
                                                       { "state", 8 },         { "scope", 5 },
                                                       { "last_used_at", 20 }, { "expires_at", 20 },
                                                       { "label", 20 },        { NULL, 0 } };

static int run_token(int argc, char **argv)
{
    static const struct operate_command c = { "token", token_verbs, token_columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_token = {
    .name = "token",
    .summary = "credentials of users and buyers: list, add, revoke, rotate",
    .words = "list add revoke rotate",
    .usage = "Usage: salesagent token list [--principal ID] | add PRINCIPAL [...] | revoke ID |\n"
             "                        rotate ID [--grace-hours N]\n\n"
             "A token is shown once, when it is made; stored is its SHA-256. Its last use is noted hourly.\n\n"
             "  --scope all|read   read: it never changes anything\n"
             "  --expires-days N   it ends by itself\n"
             "  --label TEXT       what it is for\n"
             "  --sandbox          every account it names is a sandbox account\n"
             "  --grace-hours N    rotate: the old token works on for so long (default: it is revoked now)\n" COMMON,
    .run = run_token,
};

/* ---- tenant ---- */

static const struct operate_option tenant_options[] = { { "name", "name", OPERATE_TEXT },
                                                        { "host", "host", OPERATE_TEXT },
                                                        { "settings", "settings", OPERATE_JSON },
                                                        { NULL, NULL, OPERATE_TEXT } };

static const struct operate_verb tenant_verbs[] = {
    { .name = "show", .tool = "x_tenant_get" },
    { .name = "set", .tool = "x_tenant_set", .options = tenant_options },
    { .name = NULL },
};

static const struct operate_column tenant_columns[] = { { "tenant_id", 20 }, { NULL, 0 } };

static int run_tenant(int argc, char **argv)
{
    static const struct operate_command c = { "tenant", tenant_verbs, tenant_columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_tenant = {
    .name = "tenant",
    .summary = "the publisher: show, set",
    .words = "show set",
    .usage = "Usage: salesagent tenant show | set [--name TEXT] [--host NAME] [--settings JSON|@FILE]\n\n"
             "  --settings JSON    members of it replace the publisher's, null removes one; docs/import.md lists them\n"
             "                     (a secret that is shown as *** may be sent back so: it is kept)\n" COMMON,
    .run = run_tenant,
};

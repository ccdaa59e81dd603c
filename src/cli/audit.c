/* salesagent audit list|show|export|verify: who did what, on the running agent. */
#include <stdio.h>

#include "cli/operate.h"

#define PAGE 1000

static const struct operate_option filters[] = { { "actor", "actor", OPERATE_TEXT },
                                                 { "action", "action", OPERATE_TEXT },
                                                 { "subject", "subject", OPERATE_TEXT },
                                                 { "from", "from", OPERATE_TEXT },
                                                 { "until", "until", OPERATE_TEXT },
                                                 { "limit", "limit", OPERATE_NUMBER },
                                                 { "format", "format", OPERATE_TEXT },
                                                 { NULL, NULL, OPERATE_TEXT } };

static void put_number(yyjson_mut_doc *args, const char *key, int64_t value)
{
    (void)yyjson_mut_obj_remove_key(args->root, key); /* absent is fine */
    json_add_i64(args, args->root, key, value);
}

static int call(struct arena *a, struct agent_request *r, yyjson_mut_doc *args, yyjson_val **reply)
{
    struct str text;
    r->args = json_write(a, args->root);
    int rc = agent_call(a, r, &text);
    if (rc) return rc;
    *reply = operate_reply(a, text);
    return *reply ? CLI_OK : CLI_FAILED;
}

/* ---- export ---- */

/* RFC 4180: quoted, quotes doubled. A cell that a spreadsheet would run is made text. */
static void print_cell(struct str s, const char *after)
{
    bool formula = s.n && memchr("=+-@", s.p[0], 4);
    cli_print("\"%s", formula ? "'" : "");
    for (size_t i = 0; i < s.n; i++) cli_print(s.p[i] == '"' ? "\"\"" : "%c", s.p[i]);
    cli_print("\"%s", after);
}

static void print_csv(struct arena *a, yyjson_val *entry)
{
    static const char *const members[] = { "at", "actor", "action", "subject" };
    cli_print("%lld,", (long long)json_i64_or(entry, "seq", 0));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) print_cell(json_str(entry, members[i]), ",");
    print_cell(json_write_val(a, yyjson_obj_get(entry, "doc")), ",");
    print_cell(json_str(entry, "hash"), "\r\n");
}

static int export(struct arena *a, struct agent_request *r, yyjson_mut_doc *args)
{
    yyjson_mut_val *format = yyjson_mut_obj_remove_key(args->root, "format");
    const char *name = format ? yyjson_mut_get_str(format) : "jsonl";
    bool csv = strcmp(name, "csv") == 0;
    int64_t after = 0;
    if (!csv && strcmp(name, "jsonl") != 0) return cli_error(CLI_USAGE, "audit export: --format is csv or jsonl");
    r->tool = "x_audit_list";
    put_number(args, "limit", PAGE);
    if (csv) cli_print("seq,at,actor,action,subject,doc,hash\r\n");
    for (;;) {
        yyjson_val *reply, *entry;
        size_t i, n;
        struct arena page;
        put_number(args, "after_seq", after);
        arena_init(&page);
        int rc = call(&page, r, args, &reply);
        yyjson_arr_foreach(rc ? NULL : json_arr(reply, "entries"), i, n, entry) {
            after = json_i64_or(entry, "seq", after);
            if (csv) {
                print_csv(&page, entry);
            } else {
                cli_print(STR_FMT "\n", STR_ARG(json_write_val(&page, entry)));
            }
        }
        bool more = !rc && json_bool_or(reply, "has_more", false);
        arena_finish(&page);
        if (rc || !more) return rc ? rc : ferror(stdout) ? CLI_FAILED : CLI_OK;
    }
}

/* ---- verify ---- */

static int verify(struct arena *a, struct agent_request *r, yyjson_mut_doc *args)
{
    int64_t checked = 0;
    size_t problems = 0, i, n;
    bool done = false;
    r->tool = "x_audit_verify";
    while (!done) {
        yyjson_val *reply, *finding;
        int rc = call(a, r, args, &reply);
        if (rc) return rc;
        yyjson_arr_foreach(json_arr(reply, "findings"), i, n, finding) {
            cli_print("row %lld: " STR_FMT "\n", (long long)json_i64_or(finding, "seq", 0),
                      STR_ARG(json_str(finding, "what")));
            problems++;
        }
        checked += json_i64_or(reply, "checked", 0);
        done = json_bool_or(reply, "done", true);
        put_number(args, "after_seq", json_i64_or(reply, "after_seq", 0));
        (void)yyjson_mut_obj_remove_key(args->root, "hash"); /* absent at first */
        json_add_str(args, args->root, "hash", json_str(reply, "hash"));
    }
    cli_print("%lld rows checked: %s\n", (long long)checked, problems ? "the trail was tampered with" : "the trail is whole");
    return problems ? CLI_FAILED : CLI_OK;
}

/* ---- show ---- */

static int show(struct arena *a, struct agent_request *r, yyjson_mut_doc *args)
{
    yyjson_val *reply;
    const char *text = yyjson_mut_get_str(yyjson_mut_obj_get(args->root, "seq"));
    int64_t seq = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || p - text > 15) return cli_error(CLI_USAGE, "audit show: which row? A number.");
        seq = seq * 10 + (*p - '0');
    }
    (void)yyjson_mut_obj_remove_key(args->root, "seq"); /* it is there */
    put_number(args, "after_seq", seq - 1 > 0 ? seq - 1 : 0);
    put_number(args, "limit", 1);
    r->tool = "x_audit_list";
    int rc = call(a, r, args, &reply);
    if (rc) return rc;
    yyjson_val *entry = yyjson_arr_get_first(json_arr(reply, "entries"));
    if (json_i64_or(entry, "seq", -1) != seq) return cli_error(CLI_FAILED, "there is no row %lld", (long long)seq);
    cli_print(STR_FMT "\n", STR_ARG(json_write_val(a, entry)));
    return CLI_OK;
}

static const struct operate_verb verbs[] = {
    { .name = "list", .tool = "x_audit_list", .options = filters },
    { .name = "show", .words = { "seq" }, .run = show },
    { .name = "export", .options = filters, .run = export },
    { .name = "verify", .run = verify },
    { .name = NULL },
};

static const struct operate_column columns[] = { { "seq", 6 },      { "at", 20 },      { "actor", 24 },
                                                 { "action", 24 }, { "subject", 40 }, { NULL, 0 } };

static int run(int argc, char **argv)
{
    static const struct operate_command c = { "audit", verbs, columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_audit = {
    .name = "audit",
    .summary = "who did what, and whether that record is whole: list, show, export, verify",
    .words = "list show export verify",
    .usage = "Usage: salesagent audit list [FILTER...] | show SEQ | export [--format csv|jsonl] [FILTER...] | verify\n\n"
             "list shows the newest first. verify reads the whole trail and exits 1 when rows were changed, removed,\n"
             "added or moved behind the program.\n\n"
             "  --actor WHO        exactly, or a beginning followed by '*', as in 'operator:*'\n"
             "  --action WHAT      likewise, as in 'task.*'\n"
             "  --subject WHAT     likewise, as in 'media_buy:mb-...'\n"
             "  --from, --until    RFC 3339 times, half-open\n"
             "  --limit N          of list: at most 1000 (default 100)\n"
             "  --json             of list: print the agent's answer as JSON\n"
             "  --data DIR         the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
             "  --tenant ID        which publisher, when there are several\n"
             "\nExit codes: 0 done, 1 refused, failed or not whole, 2 wrong usage, 3 no agent is running.\n",
    .run = run,
};

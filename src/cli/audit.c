/* salesagent audit list|show|export|verify|head: who did what, on the running agent. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/operate.h"

#define PAGE        1000
#define ANCHORS_MAX 1000

static const struct operate_option filters[] = {
    { "actor", "actor", OPERATE_TEXT },   { "action", "action", OPERATE_TEXT }, { "subject", "subject", OPERATE_TEXT },
    { "from", "from", OPERATE_TEXT },     { "until", "until", OPERATE_TEXT },   { "limit", "limit", OPERATE_NUMBER },
    { "format", "format", OPERATE_TEXT }, { NULL, NULL, OPERATE_TEXT }
};

static const struct operate_option anchor[] = { { "anchor", "anchor", OPERATE_TEXT }, { NULL, NULL, OPERATE_TEXT } };

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

/* ---- verify, head ---- */

/* "SEQ HASH ..." a line. A line that is something else is told: an anchor that is not read protects nothing. */
static int read_anchors(struct arena *a, FILE *f, const char *path, yyjson_mut_doc *args)
{
    yyjson_mut_val *list = json_add_arr(args, args->root, "anchors");
    char line[256], hash[65];
    long long seq;
    while (fgets(line, sizeof(line), f)) {
        if (line[strspn(line, " \t\r\n")] == '\0') continue;
        if (sscanf(line, "%18lld %64[0-9a-f]", &seq, hash) != 2 || strlen(hash) != 64) {
            return cli_error(CLI_FAILED, "%s: not a line of `salesagent audit head`: %.60s", path, line);
        }
        if (yyjson_mut_arr_size(list) == ANCHORS_MAX) (void)yyjson_mut_arr_remove_first(list); /* the newest count */
        yyjson_mut_val *o = json_push_obj(args, list);
        json_add_i64(args, o, "seq", seq);
        json_add_str(args, o, "hash", arena_dup(a, str_from(hash)));
    }
    return CLI_OK;
}

/* The file named, which must be there, or the one that the agent keeps, when it is. */
static int add_anchors(struct arena *a, const struct agent_request *r, yyjson_mut_doc *args)
{
    yyjson_mut_val *named = yyjson_mut_obj_remove_key(args->root, "anchor");
    const char *path = named ? yyjson_mut_get_str(named) : arena_printf(a, "%s/audit.anchor", cli_data_dir(r->data)).p;
    FILE *f = fopen(path, "re");
    if (!f) return named ? cli_error(CLI_FAILED, "%s cannot be read: %s", path, strerror(errno)) : CLI_OK;
    int rc = read_anchors(a, f, path, args);
    (void)fclose(f); /* it was only read */
    return rc;
}

static int verify(struct arena *a, struct agent_request *r, yyjson_mut_doc *args)
{
    int64_t checked = 0, sealed = 0;
    size_t problems = 0, i, n;
    yyjson_mut_doc *out = json_doc_new(a);
    yyjson_mut_val *all = json_add_arr(out, json_root_obj(out), "findings");
    bool done = false;
    r->tool = "x_audit_verify";
    int rc = add_anchors(a, r, args);
    while (!rc && !done) {
        yyjson_val *reply, *finding;
        rc = call(a, r, args, &reply);
        if (rc) return rc;
        yyjson_arr_foreach(json_arr(reply, "findings"), i, n, finding) {
            (void)yyjson_mut_arr_append(all, json_copy(out, finding));
            problems++;
            if (r->json) continue;
            cli_print("row %lld: " STR_FMT "\n", (long long)json_i64_or(finding, "seq", 0),
                      STR_ARG(json_str(finding, "what")));
        }
        checked += json_i64_or(reply, "checked", 0);
        sealed = json_i64_or(reply, "sealed_seq", 0);
        done = json_bool_or(reply, "done", true);
        put_number(args, "after_seq", json_i64_or(reply, "after_seq", 0));
        put_number(args, "sealed_seq", sealed);
        (void)yyjson_mut_obj_remove_key(args->root, "hash"); /* absent at first */
        (void)yyjson_mut_obj_remove_key(args->root, "anchors"); /* asked once */
        json_add_str(args, args->root, "hash", json_str(reply, "hash"));
    }
    if (rc) return rc;
    if (r->json) {
        json_add_i64(out, out->root, "checked", checked);
        json_add_bool(out, out->root, "whole", problems == 0);
        if (sealed) json_add_i64(out, out->root, "sealed_seq", sealed);
        cli_print(STR_FMT "\n", STR_ARG(json_write(a, out->root)));
        return problems ? CLI_FAILED : CLI_OK;
    }
    if (sealed) cli_print("row %lld: sealing began here; the rows before it are chained only\n", (long long)sealed);
    cli_print("%lld rows checked: %s\n", (long long)checked,
              problems ? "the trail was tampered with" : "the trail is whole");
    return problems ? CLI_FAILED : CLI_OK;
}

static int head(struct arena *a, struct agent_request *r, yyjson_mut_doc *args)
{
    yyjson_val *reply;
    r->tool = "x_audit_head";
    int rc = call(a, r, args, &reply);
    if (rc) return rc;
    if (r->json) {
        cli_print(STR_FMT "\n", STR_ARG(json_write_val(a, reply)));
        return CLI_OK;
    }
    cli_print("%lld " STR_FMT " " STR_FMT "\n", (long long)json_i64_or(reply, "seq", 0),
              STR_ARG(json_str(reply, "hash")), STR_ARG(json_str(reply, "at")));
    return CLI_OK;
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
    { .name = "verify", .options = anchor, .run = verify },
    { .name = "head", .run = head },
    { .name = NULL },
};

static const struct operate_column columns[] = { { "seq", 6 },     { "at", 20 },      { "actor", 24 },
                                                 { "action", 24 }, { "subject", 40 }, { NULL, 0 } };

static int run(int argc, char **argv)
{
    static const struct operate_command c = { "audit", verbs, columns };
    return operate(&c, argc, argv);
}

const struct cli_command command_audit = {
    .name = "audit",
    .summary = "who did what, and whether that record is whole: list, show, export, verify, head",
    .words = "list show export verify head",
    .usage =
        "Usage: salesagent audit list [FILTER...] | show SEQ | export [--format csv|jsonl] [FILTER...] |\n"
        "                        verify [--anchor FILE] | head\n\n"
        "list shows the newest first. verify reads the whole trail and exits 1 when rows were changed, removed,\n"
        "added or moved behind the program. head prints the number and hash of the newest row: kept in a file elsewhere,\n"
        "one line after the other, it is an anchor that shows when the whole database was put back to an older copy.\n"
        "The agent keeps one itself, audit.anchor in its data directory, which verify reads unless told otherwise.\n\n"
        "  --actor WHO        exactly, or a beginning followed by '*', as in 'operator:*'\n"
        "  --action WHAT      likewise, as in 'task.*'\n"
        "  --subject WHAT     likewise, as in 'media_buy:mb-...'\n"
        "  --from, --until    RFC 3339 times, half-open\n"
        "  --anchor FILE      of verify: lines that head has printed\n"
        "  --limit N          of list: at most 1000 (default 100)\n"
        "  --json             print JSON (show and export do anyway)\n"
        "  --data DIR         the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
        "  --tenant ID        which publisher, when there are several\n"
        "\nExit codes: 0 done, 1 refused, failed or not whole, 2 wrong usage, 3 no agent is running.\n",
    .run = run,
};

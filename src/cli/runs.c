/* Verbs of the manifest that are more than one call and its answer: deciding tasks, the audit trail as a whole, files,
 * passwords. */
#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "cli/config.h"
#include "cli/operate.h"

#define PAGE          1000
#define ANCHORS_MAX   1000
#define CSV_BYTES_MAX (2 << 20)

static void put_number(struct operate_call *c, const char *key, int64_t value)
{
    (void)yyjson_mut_obj_remove_key(c->args->root, key); /* absent is fine */
    json_add_i64(c->args, c->args->root, key, value);
}

/* An option of the command line's own: taken out of the arguments. */
static const char *take_own(struct operate_call *c, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj_remove_key(c->args->root, key);
    return v ? yyjson_mut_get_str(v) : NULL;
}

/* ---- task approve, task reject ---- */

/* Of one task the whole is shown, of several how each ended. */
static void one_or_several(struct operate_call *c)
{
    yyjson_mut_val *ids = yyjson_mut_obj_get(c->args->root, "task_ids");
    if (yyjson_mut_arr_size(ids) != 1) return;
    yyjson_mut_val *only = yyjson_mut_arr_get_first(ids);
    struct str id = { yyjson_mut_get_str(only), yyjson_mut_get_len(only) };
    (void)yyjson_mut_obj_remove_key(c->args->root, "task_ids"); /* it is there */
    json_add_str(c->args, c->args->root, "task_id", id);
}

/* 1 when a decision could not be carried out. */
static int print_results(yyjson_val *results)
{
    int rc = CLI_OK;
    size_t i, n;
    yyjson_val *r;
    yyjson_arr_foreach(results, i, n, r) {
        struct str why = json_str(r, "error");
        bool executing = json_bool_or(r, "executing", false), done = json_bool_or(r, "carried_out", false) || executing;
        if (executing) why = STR("approved; the ad server is being asked");
        if (json_obj(r, "failure")) why = json_str(json_obj(r, "failure"), "message");
        cli_print(STR_FMT "  " STR_FMT "\n", STR_ARG(json_str(r, "task_id")),
                  STR_ARG(why.n ? why : json_str(r, "state")));
        if (!done) rc = CLI_FAILED;
    }
    return rc;
}

static int task_decide(struct operate_call *c)
{
    struct str text;
    yyjson_val *reply;
    one_or_several(c);
    if (strcmp(c->verb->name, "reject") == 0 && !yyjson_mut_obj_get(c->args->root, "reason"))
        return cli_error(CLI_USAGE, "task reject: --reason TEXT is missing");
    int rc = operate_ask(c, &text, &reply);
    if (rc) return rc;
    bool executing = json_bool_or(reply, "executing", false);
    if (!json_bool_or(reply, "carried_out", true) && !executing) {
        struct str why = json_val_str(json_get_path(reply, "/task/failure/message"));
        if (c->json) cli_print(STR_FMT "\n", STR_ARG(text));
        return cli_error(CLI_FAILED, "The task stays open; it could not be carried out: " STR_FMT, STR_ARG(why));
    }
    if (c->json) return operate_print(c, text, reply);
    if (json_arr(reply, "results")) return print_results(json_arr(reply, "results"));
    if (!executing) return operate_print(c, text, reply);
    cli_print("Approved; the ad server is being asked.\n");
    return CLI_OK;
}

/* ---- audit export ---- */

static void print_csv(struct arena *a, yyjson_val *entry)
{
    static const char *const members[] = { "at", "actor", "action", "subject" };
    cli_print("%lld,", (long long)json_i64_or(entry, "seq", 0));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) operate_print_csv_cell(json_str(entry, members[i]), ",");
    operate_print_csv_cell(json_write_val(a, yyjson_obj_get(entry, "doc")), ",");
    operate_print_csv_cell(json_str(entry, "hash"), "\r\n");
}

/* Oldest first, as it is kept elsewhere; each page in memory of its own. */
static int audit_export(struct operate_call *c)
{
    const char *format = take_own(c, "format");
    bool csv = c->csv || (format && strcmp(format, "csv") == 0);
    int64_t after = 0;
    if (format && !csv && strcmp(format, "jsonl") != 0)
        return cli_error(CLI_USAGE, "audit export: --format is csv or jsonl");
    put_number(c, "limit", PAGE);
    if (csv) cli_print("seq,at,actor,action,subject,doc,hash\r\n");
    for (;;) {
        struct str text;
        yyjson_val *reply, *entry;
        size_t i, n;
        struct arena memory;
        struct operate_call page = *c;
        put_number(c, "after_seq", after);
        arena_init(&memory);
        page.arena = &memory;
        int rc = operate_ask(&page, &text, &reply);
        yyjson_arr_foreach(rc ? NULL : json_arr(reply, "entries"), i, n, entry) {
            if (csv) {
                print_csv(&memory, entry);
            } else {
                cli_print(STR_FMT "\n", STR_ARG(json_write_val(&memory, entry)));
            }
        }
        bool more = !rc && json_bool_or(reply, "has_more", false);
        after = json_i64_or(reply, "next", after);
        arena_finish(&memory);
        if (rc || !more) return rc ? rc : ferror(stdout) ? CLI_FAILED : CLI_OK;
    }
}

/* ---- audit verify, audit head ---- */

/* "SEQ HASH ..." a line. A line that is something else is told: an anchor that is not read protects nothing. */
static int read_anchors(struct operate_call *c, FILE *f, const char *path)
{
    yyjson_mut_val *list = json_add_arr(c->args, c->args->root, "anchors");
    char line[256], hash[65];
    long long seq;
    while (fgets(line, sizeof(line), f)) {
        if (line[strspn(line, " \t\r\n")] == '\0') continue;
        if (sscanf(line, "%18lld %64[0-9a-f]", &seq, hash) != 2 || strlen(hash) != 64)
            return cli_error(CLI_FAILED, "%s: not a line of `salesagent audit head`: %.60s", path, line);
        if (yyjson_mut_arr_size(list) == ANCHORS_MAX) (void)yyjson_mut_arr_remove_first(list); /* the newest count */
        yyjson_mut_val *o = json_push_obj(c->args, list);
        json_add_i64(c->args, o, "seq", seq);
        json_add_str(c->args, o, "hash", arena_dup(c->arena, str_from(hash)));
    }
    return CLI_OK;
}

/* The file named, which must be there, or the one that the agent keeps, when it is. */
static int add_anchors(struct operate_call *c)
{
    const char *named = take_own(c, "anchor");
    const char *path = named ? named : arena_printf(c->arena, "%s/audit.anchor", config_data_dir(c->request.data)).p;
    FILE *f = fopen(path, "re");
    if (!f) return named ? cli_error(CLI_FAILED, "%s cannot be read: %s", path, strerror(errno)) : CLI_OK;
    int rc = read_anchors(c, f, path);
    (void)fclose(f); /* it was only read */
    return rc;
}

struct verification {
    int64_t checked, sealed;
    size_t problems;
    yyjson_mut_doc *doc; /* {"findings": [...]} */
};

static void note_findings(const struct operate_call *c, yyjson_val *reply, struct verification *v)
{
    size_t i, n;
    yyjson_val *finding;
    yyjson_mut_val *all = yyjson_mut_obj_get(v->doc->root, "findings");
    yyjson_arr_foreach(json_arr(reply, "findings"), i, n, finding) {
        (void)yyjson_mut_arr_append(all, json_copy(v->doc, finding)); /* both are there */
        v->problems++;
        if (c->json) continue;
        cli_print("row %lld: " STR_FMT "\n", (long long)json_i64_or(finding, "seq", 0),
                  STR_ARG(json_str(finding, "what")));
    }
}

/* The arguments of the next call go on where the last one ended. */
static int verify_step(struct operate_call *c, struct verification *v, bool *done)
{
    struct str text;
    yyjson_val *reply;
    int rc = operate_ask(c, &text, &reply);
    if (rc) return rc;
    note_findings(c, reply, v);
    v->checked += json_i64_or(reply, "checked", 0);
    v->sealed = json_i64_or(reply, "sealed_seq", 0);
    *done = json_bool_or(reply, "done", true);
    put_number(c, "after_seq", json_i64_or(reply, "after_seq", 0));
    put_number(c, "sealed_seq", v->sealed);
    (void)yyjson_mut_obj_remove_key(c->args->root, "hash"); /* absent at first */
    (void)yyjson_mut_obj_remove_key(c->args->root, "anchors"); /* asked once */
    json_add_str(c->args, c->args->root, "hash", json_str(reply, "hash"));
    return CLI_OK;
}

static int print_verification(const struct operate_call *c, struct verification *v)
{
    if (c->json) {
        json_add_i64(v->doc, v->doc->root, "checked", v->checked);
        json_add_bool(v->doc, v->doc->root, "whole", v->problems == 0);
        if (v->sealed) json_add_i64(v->doc, v->doc->root, "sealed_seq", v->sealed);
        cli_print(STR_FMT "\n", STR_ARG(json_write(c->arena, v->doc->root)));
        return v->problems ? CLI_FAILED : CLI_OK;
    }
    if (v->sealed)
        cli_print("row %lld: sealing began here; the rows before it are chained only\n", (long long)v->sealed);
    cli_print("%lld rows checked: %s\n", (long long)v->checked,
              v->problems ? "the trail was tampered with" : "the trail is whole");
    return v->problems ? CLI_FAILED : CLI_OK;
}

static int audit_verify(struct operate_call *c)
{
    struct verification v = { .doc = json_doc_new(c->arena) };
    bool done = false;
    (void)json_add_arr(v.doc, json_root_obj(v.doc), "findings"); /* filled as they come */
    int rc = add_anchors(c);
    while (!rc && !done) rc = verify_step(c, &v, &done);
    return rc ? rc : print_verification(c, &v);
}

/* One line that `audit verify --anchor` reads. */
static int audit_head(struct operate_call *c)
{
    struct str text;
    yyjson_val *reply;
    int rc = operate_ask(c, &text, &reply);
    if (rc || c->json) return rc ? rc : operate_print(c, text, reply);
    cli_print("%lld " STR_FMT " " STR_FMT "\n", (long long)json_i64_or(reply, "seq", 0),
              STR_ARG(json_str(reply, "hash")), STR_ARG(json_str(reply, "at")));
    return CLI_OK;
}

/* ---- delivery import ---- */

/* The file's text takes the place of its path. */
static int delivery_import(struct operate_call *c)
{
    const char *path = take_own(c, "csv");
    struct buf text;
    struct str answer;
    yyjson_val *reply;
    buf_init(&text, CSV_BYTES_MAX);
    int why = file_or_stdin_read(path, &text);
    struct str csv = arena_dup(c->arena, buf_str(&text));
    buf_finish(&text);
    if (why == EFBIG) return cli_error(CLI_FAILED, "%s is longer than %d bytes", path, CSV_BYTES_MAX);
    if (why) return cli_error(CLI_FAILED, "%s cannot be read: %s", path, strerror(why));
    if (!utf8_valid(csv)) return cli_error(CLI_FAILED, "%s is not UTF-8 text", path);
    json_add_str(c->args, c->args->root, "csv", csv);
    int rc = operate_ask(c, &answer, &reply);
    return rc ? rc : operate_print(c, answer, reply);
}

/* ---- user password ---- */

/* One line; on a terminal without showing it. False: there is none. */
static bool read_secret_line(const char *prompt, char *out, size_t out_bytes)
{
    struct termios shown, hidden;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden); /* then it is shown */
        (void)fprintf(stderr, "%s: ", prompt);
    }
    bool there = fgets(out, (int)out_bytes, stdin) != NULL;
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown); /* as it was */
        (void)fputc('\n', stderr);
    }
    if (there) out[strcspn(out, "\r\n")] = '\0';
    return there;
}

/* Never an argument: those are seen by everybody on the machine. */
static int user_password(struct operate_call *c)
{
    char password[512], again[512];
    struct str answer;
    yyjson_val *reply;
    if (!read_secret_line("New password", password, sizeof(password)))
        return cli_error(CLI_USAGE,
                         "user password: no password was given; it is asked for, or is a line of the standard input");
    bool asked = isatty(STDIN_FILENO);
    if (asked && (!read_secret_line("Again", again, sizeof(again)) || strcmp(password, again) != 0))
        return cli_error(CLI_FAILED, "user password: the two are not the same; nothing was changed");
    if (!utf8_valid(str_from(password))) return cli_error(CLI_USAGE, "user password: that is not UTF-8 text");
    json_add_str(c->args, c->args->root, "password", str_from(password));
    int rc = operate_ask(c, &answer, &reply);
    return rc ? rc : operate_print(c, answer, reply);
}

operate_run *operate_run_find(const char *name)
{
    static const struct {
        const char *name;
        operate_run *run;
    } runs[] = {
        { "task_decide", task_decide }, { "audit_export", audit_export },       { "audit_verify", audit_verify },
        { "audit_head", audit_head },   { "delivery_import", delivery_import }, { "user_password", user_password },
    };
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        if (strcmp(runs[i].name, name) == 0) return runs[i].run;
    }
    return NULL;
}

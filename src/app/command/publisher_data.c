#include "app/command/publisher_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command/database_command.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/config.h"
#include "contract/limits.h"
#include "dialects/choose.h"
#include "domain/publisher/catalog_import.h"
#include "store/q/q_tenant.h"

#define IMPORT_BYTES_MAX ((size_t)256 << 20)
#define VALUE_SHOWN_MAX  120
#define BEHIND           1000 /* positions: behind all of the file before */

extern const char demo_publisher_json[];
extern const size_t demo_publisher_json_n;
extern const char demo_examples_json[];
extern const size_t demo_examples_json_n;
extern const char demo_judges_json[];
extern const size_t demo_judges_json_n;
extern const char demo_page_json[];
extern const size_t demo_page_json_n;

static bool is_dialect(struct str name)
{
    return dialect_find(name) != NULL;
}

/* One import inside store_write_now. */
struct import {
    struct loop *loop;
    struct str text, tenant_id;
    int64_t position_first;
    bool adds_publisher, sandbox;
    bool rehearse; /* everything is undone; `report` says what would differ */
    struct arena *arena; /* of the report */
    struct catalog_counts counts;
    struct str report;
    bool rehearsed;
};

/* {"changed":3,"unchanged":9,"differences":[...],"left_out":0} */
static int write_report(struct import *i, struct arena *a, struct err *e)
{
    struct catalog_diff diff = { .doc = json_doc_new(i->arena) };
    yyjson_mut_val *root = json_root_obj(diff.doc);
    json_add_str(diff.doc, root, "publisher", i->counts.tenant_id);
    json_add_i64(diff.doc, root, "changed", i->counts.changed);
    json_add_i64(diff.doc, root, "unchanged", i->counts.unchanged);
    diff.list = json_add_arr(diff.doc, root, "differences");
    if (catalog_compare(a, &i->counts, &diff, e)) return -1;
    json_add_i64(diff.doc, root, "left_out", diff.left_out);
    i->report = json_write(i->arena, root);
    return 0;
}

static int run_import(struct tx *tx, void *arg, struct err *e)
{
    struct import *i = arg;
    struct arena a;
    arena_init(&a);
    struct catalog_import c = {
        .tx = tx,
        .arena = &a,
        .rng = &i->loop->rng,
        .now = loop_now(i->loop),
        .actor = STR("operator:import"),
        .tenant_id = i->tenant_id,
        .adds_publisher = i->adds_publisher,
        .position_first = i->position_first,
        .sandbox = i->sandbox,
        .compare = i->rehearse,
        .speaks = is_dialect,
    };
    int rc = catalog_import(&c, i->text, &i->counts, e);
    if (rc == 0 && i->rehearse) {
        i->rehearsed = write_report(i, &a, e) == 0;
        rc = -1; /* undoes it */
    }
    arena_finish(&a);
    return rc;
}

/* The publisher of the tutorials, what else printed examples name, what the public storyboards take
 * for granted (their tokens, keys, products and signals), and its example page on the built-in ad server: all of it, or
 * nothing. */
static int run_demo(struct tx *tx, void *arg, struct err *e)
{
    struct loop *loop = arg;
    const struct str files[] = { { demo_publisher_json, demo_publisher_json_n },
                                 { demo_examples_json, demo_examples_json_n },
                                 { demo_judges_json, demo_judges_json_n },
                                 { demo_page_json, demo_page_json_n } };
    int tenants = q_tenant_count(tx, e);
    if (tenants) return tenants < 0 ? -1 : 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct import one = {
            .loop = loop,
            .text = files[i],
            .position_first = (int64_t)i * BEHIND,
            .adds_publisher = i == 0,
            .sandbox = true,
        };
        if (run_import(tx, &one, e)) return -1;
    }
    return 0;
}

int publisher_data_add_demo(struct store *s, struct loop *loop, struct err *e)
{
    return store_write_now(s, run_demo, loop, e);
}

int publisher_data_import(struct store *s, struct loop *loop, struct str text, struct err *e)
{
    struct import i = { .loop = loop, .text = text, .adds_publisher = true, .sandbox = config_sandbox() };
    return store_write_now(s, run_import, &i, e);
}

static bool has_token(struct store *s, struct str token)
{
    uint8_t hash[SHA256_BYTES];
    struct token_row row;
    struct arena a;
    struct err e;
    arena_init(&a);
    sha256(token, hash);
    int rc = q_token_get(store_read(s), &a, (struct str){ (const char *)hash, sizeof(hash) }, &row, &e);
    arena_finish(&a);
    return rc == 1;
}

bool publisher_data_is_demo(struct store *s)
{
    return has_token(s, STR(PUBLISHER_DEMO_TOKEN));
}

bool publisher_data_is_judged(struct store *s)
{
    return has_token(s, STR("demo-acme-outdoor-v1"));
}

/* --- commands ---------------------------------------------------------------------------------------------- */

struct data_args {
    const char *data, *file, *tenant;
    bool json, dry_run, new_publisher, sandbox;
};

/* `import` takes more than `export`. */
static bool import_flag(struct cli_args *a, struct data_args *o)
{
    if (strcmp(a->argv[0], "import") != 0) return false;
    if (cli_flag(a, "dry-run")) return o->dry_run = true;
    if (cli_flag(a, "sandbox")) return o->sandbox = true;
    return cli_flag(a, "new-publisher") ? (o->new_publisher = true) : false;
}

static int parse(int argc, char **argv, struct data_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    *o = (struct data_args){ 0 };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            o->json = true;
        } else if (!import_flag(&a, o) && !cli_option(&a, "data", &o->data) &&
                   !cli_option(&a, "publisher", &o->tenant) && !cli_option(&a, "tenant", &o->tenant)) {
            const char *word = cli_positional(&a);
            if (!word || o->file) {
                return cli_error(CLI_USAGE, "%s: unexpected argument '%s'", argv[0], a.bad ? a.bad : word);
            }
            o->file = word;
        }
    }
    return a.bad ? cli_error(CLI_USAGE, "%s: unexpected argument '%s'", argv[0], a.bad) : CLI_OK;
}

static int read_file(const char *path, struct buf *out)
{
    int why = file_or_stdin_read(path, out);
    if (why == EFBIG) return cli_error(CLI_FAILED, "%s is larger than 256 MB", path);
    return why ? cli_error(CLI_FAILED, "%s cannot be read: %s", path, strerror(why)) : CLI_OK;
}

/* "~ products/p1 /name: "Old" -> "New"" */
/* The bytes at p that a terminal would obey, or that turn its direction around: how many; 0 for what may be shown. JSON has
 * escaped the ASCII ones already. */
static size_t obeyed(const unsigned char *p, size_t left)
{
    if (p[0] < 0x20 || p[0] == 0x7f) return 1;
    if (left >= 2 && p[0] == 0xc2 && p[1] < 0xa0) return 2;
    bool turns = left >= 3 && p[0] == 0xe2 &&
                 ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
    return turns ? 3 : 0;
}

static void print_plain(struct str text)
{
    size_t from = 0, n;
    for (size_t i = 0; i < text.n; i += n ? n : 1) {
        n = obeyed((const unsigned char *)text.p + i, text.n - i);
        if (!n) continue;
        cli_print("%.*s?", (int)(i - from), text.p + from);
        from = i + n;
    }
    cli_print("%.*s", (int)(text.n - from), text.p + from);
}

static void print_value(struct arena *a, yyjson_val *v)
{
    struct str text = v ? json_write_val(a, v) : STR("(nothing)");
    bool cut = text.n > VALUE_SHOWN_MAX;
    if (cut) text.n = VALUE_SHOWN_MAX;
    print_plain(text);
    if (cut) cli_print("...");
}

/* ~ products/p1 /name: "Old" -> "New" */
static void print_difference(struct arena *a, yyjson_val *d)
{
    struct str change = json_str(d, "change"), member = json_str(d, "member");
    cli_print("%s ", str_is(change, "added") ? "+" : str_is(change, "removed") ? "-" : "~");
    print_plain(json_str(d, "object"));
    if (member.n) {
        cli_print(" ");
        print_plain(member);
        cli_print(": ");
        print_value(a, yyjson_obj_get(d, "from"));
        cli_print(" -> ");
        print_value(a, yyjson_obj_get(d, "to"));
    }
    cli_print("\n");
}

static int print_rehearsal(struct arena *a, const struct data_args *o, const struct import *i)
{
    yyjson_doc *doc;
    yyjson_val *d;
    struct err e;
    size_t at, n;
    if (o->json) {
        cli_print(STR_FMT "\n", STR_ARG(i->report));
        return CLI_OK;
    }
    if (json_parse(a, i->report, &json_limits_export, &doc, &e)) return cli_error(CLI_FAILED, "%s", e.message);
    yyjson_val *root = yyjson_doc_get_root(doc);
    yyjson_arr_foreach(json_arr(root, "differences"), at, n, d) print_difference(a, d);
    int64_t left_out = json_i64_or(root, "left_out", 0);
    if (left_out) cli_print("... and %lld more\n", (long long)left_out);
    cli_print("publisher " STR_FMT ": %lld would change, %lld would not; nothing was stored\n",
              STR_ARG(i->counts.tenant_id), (long long)i->counts.changed, (long long)i->counts.unchanged);
    return CLI_OK;
}

static int import_text(const struct data_args *o, struct str text)
{
    struct opened d = { 0 };
    struct err e;
    struct import i = { .loop = &d.loop,
                        .text = text,
                        .tenant_id = str_from(o->tenant),
                        .adds_publisher = o->new_publisher,
                        .sandbox = o->sandbox || config_sandbox(),
                        .rehearse = o->dry_run,
                        .arena = &d.arena };
    int rc = CLI_OK;
    if (database_open(&d, o->data, true, &e) || (store_write_now(d.store, run_import, &i, &e) && !i.rehearsed)) {
        rc = cli_failed(&e);
    } else if (i.rehearsed) {
        rc = print_rehearsal(&d.arena, o, &i);
    } else if (o->json) {
        cli_print("{\"changed\":%lld,\"unchanged\":%lld}\n", (long long)i.counts.changed,
                  (long long)i.counts.unchanged);
    } else {
        cli_print("%lld changed, %lld unchanged\n", (long long)i.counts.changed, (long long)i.counts.unchanged);
    }
    database_close(&d);
    return rc;
}

static int import_run(int argc, char **argv)
{
    struct data_args o;
    struct buf text;
    int rc = parse(argc, argv, &o);
    if (rc) return rc;
    if (!o.file) return cli_error(CLI_USAGE, "import: which file?");
    buf_init(&text, IMPORT_BYTES_MAX);
    rc = read_file(o.file, &text);
    if (rc == CLI_OK) rc = import_text(&o, buf_str(&text));
    buf_finish(&text);
    return rc;
}

/* The publisher named, or the only one there is. */
static int export_text(struct opened *d, const char *tenant, struct str *text, struct err *e)
{
    struct tenant_row row = { .tenant_id = str_from(tenant) };
    struct tx *tx = store_read(d->store);
    if (!tenant) {
        int rc = q_tenant_single(tx, &d->arena, &row, e);
        if (rc < 0) return -1;
        if (rc == 0)
            return err_set(e, "INVALID_REQUEST", "There is no publisher, or several; name one with --publisher.");
    }
    return catalog_export(tx, &d->arena, row.tenant_id, text, e);
}

static int export_run(int argc, char **argv)
{
    struct data_args o;
    struct opened d = { 0 };
    struct err e;
    struct str text;
    int rc = parse(argc, argv, &o);
    if (rc) return rc;
    if (o.file) return cli_error(CLI_USAGE, "export: unexpected argument '%s'", o.file);
    if (database_open(&d, o.data, false, &e) || export_text(&d, o.tenant, &text, &e)) {
        rc = cli_error(CLI_FAILED, "%s", e.message);
    } else {
        cli_print(STR_FMT "\n", STR_ARG(text));
    }
    database_close(&d);
    return rc;
}

const struct cli_command command_import = {
    .name = "import",
    .summary = "bring a publisher's data in from a JSON file",
    .usage =
        "Usage: salesagent import FILE [--dry-run] [--publisher ID] [--new-publisher] [--sandbox] [--data DIR] [--json]\n\n"
        "Brings a publisher, its principals, products, formats and properties to the state of FILE (\"-\" is\n"
        "standard input) in one transaction: all of it or nothing. What FILE does not name stays. Importing the same\n"
        "file again changes nothing.\n\n"
        "  --dry-run        show what would change, and store nothing\n"
        "  --publisher ID   whose file it is, when it does not say and there are several\n"
        "  --new-publisher  the file's tenant_id may be one that is not there yet, beside others that are\n"
        "  --sandbox        for an agent that runs as a sandbox (default: as configured): the mock ad server needs no\n"
        "                   \"simulated\": true there\n"
        "  --data DIR       the agent's data directory (default: as configured, else ./data)\n"
        "  --json           print counts and differences as JSON\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = import_run,
};

const struct cli_command command_export = {
    .name = "export",
    .summary = "write a publisher's data as JSON",
    .usage = "Usage: salesagent export [--publisher ID] [--data DIR]\n\n"
             "Prints what import would need to come to the same state. Tokens are not stored and not printed: their\n"
             "hashes are.\n\n"
             "  --publisher ID  which one, when there are several\n"
             "  --data DIR      the agent's data directory (default: as configured, else ./data)\n"
             "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = export_run,
};

#include "app/publisher_data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/data_open.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "dialects/choose.h"
#include "domain/publisher/catalog_import.h"
#include "store/q/q_tenant.h"

#define IMPORT_BYTES_MAX ((size_t)256 << 20)

extern const char demo_publisher_json[];
extern const size_t demo_publisher_json_n;

static bool is_dialect(struct str name)
{
    return dialect_find(name) != NULL;
}

/* One import inside store_write_now. */
struct import {
    struct loop *loop;
    struct str text;
    struct catalog_counts counts;
    bool only_if_empty;
};

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
        .speaks = is_dialect,
    };
    int tenants = i->only_if_empty ? q_tenant_count(tx, e) : 0;
    int rc = tenants < 0 ? -1 : tenants > 0 ? 0 : catalog_import(&c, i->text, &i->counts, e);
    arena_finish(&a);
    return rc;
}

int publisher_data_add_demo(struct store *s, struct loop *loop, struct err *e)
{
    struct import i = { .loop = loop, .text = { demo_publisher_json, demo_publisher_json_n }, .only_if_empty = true };
    return store_write_now(s, run_import, &i, e);
}

bool publisher_data_is_demo(struct store *s)
{
    uint8_t hash[SHA256_BYTES];
    struct token_row row;
    struct arena a;
    struct err e;
    arena_init(&a);
    sha256(STR(PUBLISHER_DEMO_TOKEN), hash);
    int rc = q_token_get(store_read(s), &a, (struct str){ (const char *)hash, sizeof(hash) }, &row, &e);
    arena_finish(&a);
    return rc == 1;
}

/* --- commands ---------------------------------------------------------------------------------------------- */

struct data_args {
    const char *data, *file, *tenant;
    bool json;
};

static int parse(int argc, char **argv, struct data_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    *o = (struct data_args){ 0 };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            o->json = true;
        } else if (!cli_option(&a, "data", &o->data) && !cli_option(&a, "tenant", &o->tenant)) {
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
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!f) return cli_error(CLI_FAILED, "%s cannot be read: %s", path, strerror(errno));
    char piece[65536];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0) buf_add(out, (struct str){ piece, n });
    bool bad = ferror(f) != 0;
    int why = errno;
    if (f != stdin) (void)fclose(f); /* it was only read */
    if (bad) return cli_error(CLI_FAILED, "%s cannot be read: %s", path, strerror(why));
    return out->overflowed ? cli_error(CLI_FAILED, "%s is larger than 256 MB", path) : CLI_OK;
}

static int import_text(const struct data_args *o, struct str text)
{
    struct data_opened d = { 0 };
    struct err e;
    struct import i = { .loop = &d.loop, .text = text };
    int rc = CLI_OK;
    if (data_open(&d, o->data, &e) || store_write_now(d.store, run_import, &i, &e)) {
        rc = cli_error(CLI_FAILED, "%s%s%s%s", e.message, e.field[0] ? " (at " : "", e.field, e.field[0] ? ")" : "");
    } else if (o->json) {
        cli_print("{\"changed\":%lld,\"unchanged\":%lld}\n", (long long)i.counts.changed,
                  (long long)i.counts.unchanged);
    } else {
        cli_print("%lld changed, %lld unchanged\n", (long long)i.counts.changed, (long long)i.counts.unchanged);
    }
    data_close(&d);
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
static int export_text(struct data_opened *d, const char *tenant, struct str *text, struct err *e)
{
    struct tenant_row row = { .tenant_id = str_from(tenant) };
    struct tx *tx = store_read(d->store);
    if (!tenant) {
        int rc = q_tenant_single(tx, &d->arena, &row, e);
        if (rc < 0) return -1;
        if (rc == 0) return err_set(e, "INVALID_REQUEST", "There is no publisher, or several; name one with --tenant.");
    }
    return catalog_export(tx, &d->arena, row.tenant_id, text, e);
}

static int export_run(int argc, char **argv)
{
    struct data_args o;
    struct data_opened d = { 0 };
    struct err e;
    struct str text;
    int rc = parse(argc, argv, &o);
    if (rc) return rc;
    if (o.file) return cli_error(CLI_USAGE, "export: unexpected argument '%s'", o.file);
    if (data_open(&d, o.data, &e) || export_text(&d, o.tenant, &text, &e)) {
        rc = cli_error(CLI_FAILED, "%s", e.message);
    } else {
        cli_print(STR_FMT "\n", STR_ARG(text));
    }
    data_close(&d);
    return rc;
}

const struct cli_command command_import = {
    .name = "import",
    .summary = "bring a publisher's data in from a JSON file",
    .usage =
        "Usage: salesagent import FILE [--data DIR] [--json]\n\n"
        "Brings a publisher, its principals, products, formats and properties to the state of FILE (\"-\" is\n"
        "standard input) in one transaction: all of it or nothing. Importing the same file again changes nothing.\n\n"
        "  --data DIR   default $SALESAGENT_DATA, else ./data\n"
        "  --json       print the counts as JSON\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = import_run,
};

const struct cli_command command_export = {
    .name = "export",
    .summary = "write a publisher's data as JSON",
    .usage = "Usage: salesagent export [--tenant ID] [--data DIR]\n\n"
             "Prints what import would need to come to the same state. Tokens are not stored and not printed: their\n"
             "hashes are.\n\n"
             "  --tenant ID  which publisher, when there are several\n"
             "  --data DIR   default $SALESAGENT_DATA, else ./data\n"
             "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = export_run,
};

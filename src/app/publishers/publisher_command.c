#include "app/publishers/publisher_command.h"

#include "app/data_dir.h"
#include "app/command/database_command.h"
#include "app/command/init_command.h"
#include "app/publishers/archive.h"
#include "base/rfc3339.h"
#include "cli/config.h"
#include "contract/json.h"
#include "domain/publisher/publisher_life.h"
#include "net/local_http.h"
#include "store/q/q_tenant.h"

#define KICK_TIMEOUT_MS 5000
#define PUBLISHERS_MAX  10000

struct publisher_args {
    const char *data, *verb, *id, *file, *why, *confirm, *key;
    bool json, live;
};

static int parse(int argc, char **argv, struct publisher_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    *o = (struct publisher_args){ .verb = "" };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            o->json = true;
        } else if (cli_flag(&a, "with-live-buys")) {
            o->live = true;
        } else if (!cli_option(&a, "data", &o->data) && !cli_option(&a, "why", &o->why) &&
                   !cli_option(&a, "confirm", &o->confirm) && !cli_option(&a, "key", &o->key)) {
            const char *word = cli_positional(&a);
            bool full = o->file || (o->id && strcmp(o->verb, "export") != 0);
            if (!word || full) return cli_error(CLI_USAGE, "publisher: unexpected argument '%s'", a.bad ? a.bad : word);
            if (o->id) o->file = word;
            else if (*o->verb) o->id = word;
            else o->verb = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "publisher: unexpected argument '%s'", a.bad);
    return CLI_OK;
}

/* The agent that serves the database, if there is one, does not see what another process has written by itself. */
static void kick(struct opened *d)
{
    struct local_request r = {
        .socket_path = d->socket, .path = STR("/agent/jobs"), .body = STR("{}"), .timeout_ms = KICK_TIMEOUT_MS
    };
    struct str text;
    struct err e;
    int status;
    enum local_outcome how = local_post(&d->arena, &r, &status, &text, &e);
    (void)how; /* none is running, or its next commit tells it */
}

/* ---- list ---- */

static int find_row(struct opened *d, const char *id, struct tenant_row *row, struct err *e)
{
    int rc = q_tenant_get(store_read(d->store), &d->arena, str_from(id), row, e);
    if (rc < 0) return -1;
    if (rc == 1) return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no publisher '%s'.", id);
    return err_suggest(e, "salesagent publisher list names them.");
}

static int tell(struct opened *d, const struct publisher_args *o, const struct tenant_row *row, yyjson_mut_doc *doc,
                yyjson_mut_val *list, struct err *e)
{
    struct publisher_off off;
    struct tenant tenant = { row->tenant_id, row->name, row->host, row->adapter, row->doc };
    struct act act = database_act(d, store_read(d->store), &tenant);
    int64_t live;
    int is_off = publisher_is_off(act.tx, &d->arena, row->tenant_id, &off, e);
    if (is_off < 0 || publisher_live_buys(&act, &live, e)) return -1;
    if (!o->json) {
        cli_print("%-24.*s  %-30.*s  %-30.*s  %-7s  %6lld\n", STR_ARG(row->tenant_id), STR_ARG(row->name),
                  STR_ARG(row->host), is_off ? "off" : "on air", (long long)live);
        return 0;
    }
    yyjson_mut_val *p = json_push_obj(doc, list);
    json_add_str(doc, p, "publisher", row->tenant_id);
    json_add_str(doc, p, "name", row->name);
    json_add_str_opt(doc, p, "host", row->host);
    json_add_bool(doc, p, "on_air", !is_off);
    json_add_i64(doc, p, "live_media_buys", live);
    if (is_off) {
        json_add_time(doc, p, "off_since", off.since);
        json_add_str_opt(doc, p, "why", off.why);
    }
    return 0;
}

static int list(struct opened *d, const struct publisher_args *o, struct err *e)
{
    struct tenant_row *rows;
    size_t n;
    if (q_tenant_list(store_read(d->store), &d->arena, PUBLISHERS_MAX, &rows, &n, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(&d->arena);
    yyjson_mut_val *root = json_root_obj(doc), *arr = json_add_arr(doc, root, "publishers");
    if (!o->json) cli_print("%-24s  %-30s  %-30s  %-7s  %6s\n", "publisher", "name", "host", "state", "live");
    for (size_t i = 0; i < n; i++) {
        if (tell(d, o, &rows[i], doc, arr, e)) return -1;
    }
    if (o->json) cli_print(STR_FMT "\n", STR_ARG(json_write(&d->arena, root)));
    return 0;
}

/* ---- disable, enable, remove ---- */

struct change {
    struct opened *opened;
    const struct publisher_args *o;
    const struct tenant_row *row;
    int changed;
    int64_t rows;
};

static int run_change(struct tx *tx, void *arg, struct err *e)
{
    struct change *c = arg;
    struct tenant tenant = { c->row->tenant_id, c->row->name, c->row->host, c->row->adapter, c->row->doc };
    struct act act = database_act(c->opened, tx, &tenant);
    if (c->o->verb[0] == 'r') {
        c->changed = 1;
        return publisher_remove(&act, c->o->live, &c->rows, e);
    }
    c->changed = c->o->verb[0] == 'd' ? publisher_disable(&act, str_from(c->o->why), e) : publisher_enable(&act, e);
    return c->changed < 0 ? -1 : 0;
}

static void report(const struct change *c)
{
    const char *id = c->o->id;
    if (c->o->json) cli_print("{\"publisher\":\"%s\",\"changed\":%s}\n", id, c->changed ? "true" : "false");
    else if (c->o->verb[0] == 'r')
        cli_print("%s is removed: %lld rows; its audit trail stays\n", id, (long long)c->rows);
    else if (c->o->verb[0] == 'd') cli_print(c->changed ? "%s is off the air\n" : "%s was off the air already\n", id);
    else cli_print(c->changed ? "%s is on the air\n" : "%s was on the air already\n", id);
}

static int change(struct opened *d, const struct publisher_args *o, struct err *e)
{
    struct tenant_row row;
    struct change c = { .opened = d, .o = o, .row = &row };
    if (find_row(d, o->id, &row, e)) return -1;
    if (o->verb[0] == 'r' && (!o->confirm || strcmp(o->confirm, o->id) != 0)) {
        (void)err_set(e, "INVALID_REQUEST", "Removing %s cannot be undone.", o->id);
        return err_suggest(e, "Make a backup; then say --confirm %s.", o->id);
    }
    if (store_write_now(d->store, run_change, &c, e)) return -1;
    if (c.changed) kick(d);
    report(&c);
    return 0;
}

/* ---- export, import ---- */

static int export_one(struct opened *d, const struct publisher_args *o, struct err *e)
{
    struct tenant_row row;
    const char *database = arena_printf(&d->arena, "%s/" DATA_DIR_DATABASE, config_data_dir(o->data)).p;
    if (find_row(d, o->id, &row, e)) return -1;
    int off = publisher_is_off(store_read(d->store), &d->arena, row.tenant_id, NULL, e);
    if (off < 0 || archive_export(d, database, &row, o->file, e)) return -1;
    if (o->json) {
        cli_print("{\"publisher\":\"%s\",\"on_air\":%s}\n", o->id, off ? "false" : "true");
        return 0;
    }
    cli_print("%s is in %s, with its manifest in %s.json\n", o->id, o->file, o->file);
    cli_print("the key of its ad servers' credentials is in %s.key: send it another way, and remove it then\n",
              o->file);
    if (!off) cli_print("it is still on the air: what happens from now on is not in the file\n");
    return 0;
}

/* `id` is the file here. */
static int import_one(struct opened *d, const struct publisher_args *o, struct err *e)
{
    struct archive_imported in;
    if (archive_import(d, config_data_dir(o->data), o->id, o->key, &in, e)) return -1;
    kick(d);
    if (o->json)
        cli_print("{\"publisher\":\"" STR_FMT "\",\"rows\":%lld}\n", STR_ARG(in.publisher), (long long)in.rows);
    else
        cli_print(STR_FMT " is here: %lld rows; it is off the air until: salesagent publisher enable " STR_FMT "\n",
                  STR_ARG(in.publisher), (long long)in.rows, STR_ARG(in.publisher));
    return 0;
}

/* ---- the command ---- */

static int run_verb(struct opened *d, const struct publisher_args *o, struct err *e)
{
    switch (o->verb[0]) {
    case 'l': return list(d, o, e);
    case 'i': return import_one(d, o, e);
    default: return o->verb[1] == 'x' ? export_one(d, o, e) : change(d, o, e);
    }
}

static int publisher_run(int argc, char **argv)
{
    struct publisher_args o;
    struct opened d;
    struct err e;
    if (argc > 1 && strcmp(argv[1], "add") == 0) return init_add_publisher(argc - 1, argv + 1);
    int rc = parse(argc, argv, &o);
    if (rc) return rc;
    bool lists = strcmp(o.verb, "list") == 0;
    if (!*o.verb) return cli_error(CLI_USAGE, "publisher: which verb? salesagent publisher --help");
    if (!lists && !o.id) return cli_error(CLI_USAGE, "publisher %s: which one?", o.verb);
    if (strcmp(o.verb, "export") == 0 && !o.file) return cli_error(CLI_USAGE, "publisher export: into which file?");
    bool makes = strcmp(o.verb, "import") == 0;
    if (database_open(&d, o.data, makes, &e) || run_verb(&d, &o, &e)) rc = cli_failed(&e);
    database_close(&d);
    return rc;
}

const struct cli_command command_publisher = {
    .name = "publisher",
    .summary = "publishers",
    .words = "add list disable enable remove export import",
    .shares = true,
    .usage =
        "Usage: salesagent publisher add | list | disable ID | enable ID | remove ID | export ID FILE | import FILE [OPTION...]\n\n"
        "Publishers that come and go. Works with and without a running agent.\n\n"
        "  add       another publisher with a first product, an administrator and a buyer; it takes the options of\n"
        "            salesagent init (--name TEXT, --domain NAME, --ad-server KIND, ...)\n"
        "  list      each with its host, whether it is on the air, and how many media buys are under way\n"
        "  disable   off the air: buyers are told so, nothing is sent, no ad is shown; its data stays, its media buys too\n"
        "  enable    back on the air; what waited is sent\n"
        "  remove    all of its data; the audit trail keeps its rows. Refused while media buys are under way\n"
        "  export    one publisher whole into FILE: catalogue, rules, people, buyers, media buys, delivery, its part of the audit\n"
        "            trail; FILE.json describes it, FILE.key opens the credentials of its ad servers\n"
        "  import    what export wrote, here; it is off the air until it is enabled\n\n"
        "  --why TEXT         of disable: for whoever reads the audit trail\n"
        "  --confirm ID       of remove: the id once more, because it cannot be undone\n"
        "  --with-live-buys   of remove: also when media buys are under way; what an ad server runs goes on there\n"
        "  --key FILE         of import: the key, when it is not FILE.key\n"
        "  --data DIR         the agent's data directory (default: as configured, else ./data)\n"
        "  --json             print it as JSON\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n\n",
    .run = publisher_run,
};

/* `salesagent init`: asks what it is not told, and makes database, secret, publisher, a first product, an administrator and a
 * buyer, in one transaction. What every publisher begins with is data/first-publisher.json, or where audio is sold
 * data/first-audio-publisher.json, embedded at build time. */
#include "app/command/init_command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <salesagent/adapter.h>

#include "app/command/database_command.h"
#include "app/command/publisher_data.h"
#include "base/file.h"
#include "base/id.h"
#include "contract/json.h"
#include "contract/limits.h"
#include "contract/operation.h"
#include "store/q/q_tenant.h"

#define ANSWER_MAX 300

extern const char first_publisher_json[];
extern const size_t first_publisher_json_n;
extern const char first_audio_publisher_json[];
extern const size_t first_audio_publisher_json_n;

/* --- what is asked ------------------------------------------------------------------------------------------ */

enum question { Q_NAME, Q_DOMAIN, Q_HOST, Q_TIMEZONE, Q_CURRENCY, Q_AD_SERVER, Q_STATION, Q_CPM, Q_N };

static const struct {
    const char *flag, *asks, *preset; /* preset NULL: it must be said */
} questions[Q_N] = {
    [Q_NAME] = { "name", "Name of the publisher", NULL },
    [Q_DOMAIN] = { "domain", "Domain of its site", NULL },
    [Q_HOST] = { "host", "Host name under which buyers reach the agent", "" }, /* sales.DOMAIN */
    [Q_TIMEZONE] = { "timezone", "Time zone in which its days are counted", "UTC" },
    [Q_CURRENCY] = { "currency", "Currency", "USD" },
    [Q_AD_SERVER] = { "ad-server",
                      "Ad server: house (the built-in one), gam, kevel, triton, or manual (worked by hand)", NULL },
    [Q_STATION] = { "station", "Station that the first product runs on (id or call sign; all: every one)",
                    NULL }, /* of Triton alone */
    [Q_CPM] = { "cpm", "Price of a thousand impressions of the first product", "10.00" },
};

struct init_args {
    const char *data;
    const char *said[Q_N]; /* NULL: not said */
    const char *id, *settings;
    bool json, demo;
    bool another; /* beside those that are there */
};

static int parse(int argc, char **argv, struct init_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    while (cli_more(&a)) {
        bool taken = cli_option(&a, "data", &o->data) || cli_option(&a, "id", &o->id) ||
                     cli_option(&a, "ad-server-settings", &o->settings);
        for (int q = 0; q < Q_N && !taken; q++) taken = cli_option(&a, questions[q].flag, &o->said[q]);
        if (taken) continue;
        if (cli_flag(&a, "json")) o->json = true;
        else if (!o->another && cli_flag(&a, "demo")) o->demo = true;
        else return cli_error(CLI_USAGE, "init: unexpected argument '%s'", argv[a.i]);
    }
    return CLI_OK;
}

static const char *preset_of(struct arena *a, const struct init_args *o, enum question q)
{
    if (q == Q_HOST) return arena_printf(a, "sales.%s", o->said[Q_DOMAIN]).p;
    return questions[q].preset;
}

/* A line without its end; NULL at the end of the input. */
static const char *read_line(struct arena *a)
{
    char line[ANSWER_MAX];
    if (!fgets(line, sizeof(line), stdin)) return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return arena_dup(a, str_from(line)).p;
}

static int ask(struct arena *a, struct init_args *o, enum question q)
{
    const char *preset = preset_of(a, o, q);
    while (!o->said[q]) {
        cli_print(preset ? "%s [%s]: " : "%s: ", questions[q].asks, preset);
        (void)fflush(stdout); /* a closed pipe shows at the end */
        const char *line = read_line(a);
        if (!line) return cli_error(CLI_USAGE, "init: --%s is needed", questions[q].flag);
        if (*line) o->said[q] = line;
        else o->said[q] = preset;
    }
    return CLI_OK;
}

/* What Triton sells is audio on stations. */
static bool sells_audio(const struct init_args *o)
{
    return strcmp(o->said[Q_AD_SERVER], "triton") == 0;
}

static int complete(struct arena *a, struct init_args *o)
{
    bool asks = isatty(STDIN_FILENO) && !o->json;
    for (int q = 0; q < Q_N; q++) {
        if (q == Q_STATION && !sells_audio(o)) {
            if (o->said[q]) return cli_error(CLI_USAGE, "init: --station is for the ad server triton");
            continue;
        }
        if (o->said[q]) continue;
        if (!asks && !questions[q].preset) return cli_error(CLI_USAGE, "init: --%s is needed", questions[q].flag);
        if (!asks) o->said[q] = preset_of(a, o, q);
        else if (ask(a, o, q)) return CLI_USAGE;
    }
    return CLI_OK;
}

/* --- the publisher ------------------------------------------------------------------------------------------ */

/* "The Daily News" -> "the-daily-news": what an id may be made of. */
static struct str id_of(struct arena *a, const char *name)
{
    char *id = arena_alloc(a, 65);
    size_t n = 0;
    for (const char *p = name; *p && n < 40; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) id[n++] = c;
        else if (n && id[n - 1] != '-') id[n++] = '-';
    }
    while (n && id[n - 1] == '-') n--;
    return n ? (struct str){ id, n } : STR("publisher");
}

struct made {
    struct str id, buyer_token, administrator_token;
};

static void add_principal(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *id, const char *name, const char *role,
                          struct str token)
{
    yyjson_mut_val *p = json_push_obj(doc, list), *t;
    json_add_str(doc, p, "principal_id", str_from(id));
    json_add_str(doc, p, "name", str_from(name));
    json_add_str(doc, p, "role", str_from(role));
    t = json_push_obj(doc, json_add_arr(doc, p, "tokens"));
    json_add_str(doc, t, "token", token);
    json_add_str(doc, t, "label", STR("init"));
}

static void add_property(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct init_args *o)
{
    struct str domain = str_from(o->said[Q_DOMAIN]);
    yyjson_mut_val *p = json_push_obj(doc, json_add_arr(doc, root, "properties"));
    json_add_str(doc, p, "property_id", STR("site"));
    json_add_str(doc, p, "property_type", STR("website"));
    json_add_str(doc, p, "name", str_from(o->said[Q_NAME]));
    json_add_str(doc, p, "publisher_domain", domain);
    yyjson_mut_val *i = json_push_obj(doc, json_add_arr(doc, p, "identifiers"));
    json_add_str(doc, i, "type", STR("domain"));
    json_add_str(doc, i, "value", domain);
}

/* "10" or "10.50", up to a million: micros; -1 when it is something else. */
static int64_t amount(const char *text)
{
    int64_t micros = 0, unit = 1000000;
    size_t digits = 0;
    for (; *text >= '0' && *text <= '9' && digits < 7; text++, digits++) micros = micros * 10 + (*text - '0') * 1000000;
    if (digits && *text == '.') {
        for (text++; *text >= '0' && *text <= '9' && unit > 1; text++) micros += (*text - '0') * (unit /= 10);
    }
    return digits && !*text ? micros : -1;
}

static int set_price(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct init_args *o, struct err *e)
{
    yyjson_mut_val *price = yyjson_mut_ptr_get(root, "/products/0/pricing_options/0");
    int64_t micros = amount(o->said[Q_CPM]);
    ENSURE(price != NULL);
    if (micros <= 0) return err_set(e, "INVALID_REQUEST", "--cpm is an amount like 10.00.");
    (void)yyjson_mut_obj_remove_key(price, "currency");
    (void)yyjson_mut_obj_remove_key(price, "fixed_price");
    json_add_str(doc, price, "currency", str_from(o->said[Q_CURRENCY]));
    json_add_money(doc, price, "fixed_price", micros);
    return 0;
}

/* The built-in ad server shows what a product sells in slots: a first one, of the sizes of the first formats. */
static void add_slot(yyjson_mut_doc *doc, yyjson_mut_val *root)
{
    static const int sizes[][2] = { { 300, 250 }, { 728, 90 }, { 160, 600 } };
    yyjson_mut_val *slot = json_push_obj(doc, json_add_arr(doc, root, "slots"));
    json_add_str(doc, slot, "slot_id", STR("first"));
    json_add_str(doc, slot, "property_id", STR("site"));
    yyjson_mut_val *list = json_add_arr(doc, slot, "sizes");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        yyjson_mut_val *size = json_push_obj(doc, list);
        json_add_i64(doc, size, "width", sizes[i][0]);
        json_add_i64(doc, size, "height", sizes[i][1]);
    }
    yyjson_mut_val *product = yyjson_mut_ptr_get(root, "/products/0");
    yyjson_mut_val *ours = json_add_obj(doc, json_add_obj(doc, product, "ext"), "salesagent");
    json_push_str(doc, json_add_arr(doc, json_add_obj(doc, ours, "ad_server"), "slots"), STR("first"));
}

/* The first product in the words of its ad server, where it needs some. */
static void place_product(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct init_args *o)
{
    if (strcmp(o->said[Q_AD_SERVER], "house") == 0) add_slot(doc, root);
    if (!sells_audio(o)) return;
    yyjson_mut_val *product = yyjson_mut_ptr_get(root, "/products/0"),
                   *reports = yyjson_mut_obj_get(product, "reporting_capabilities");
    yyjson_mut_val *ours = json_add_obj(doc, json_add_obj(doc, product, "ext"), "salesagent");
    struct str station = str_from(o->said[Q_STATION]);
    yyjson_mut_val *on = json_add_obj(doc, ours, "ad_server");
    if (str_is(station, "all")) json_add_str(doc, on, "stations", station);
    else json_push_str(doc, json_add_arr(doc, on, "stations"), station);
    (void)yyjson_mut_obj_remove_key(reports, "timezone");
    json_add_str(doc, reports, "timezone", str_from(o->said[Q_TIMEZONE]));
}

/* Its settings are a file, because credentials do not belong on a command line; "-" is standard input. */
static int add_ad_server(struct arena *a, yyjson_mut_doc *doc, yyjson_mut_val *root, const struct init_args *o,
                         struct err *e)
{
    yyjson_mut_val *t = yyjson_mut_obj_get(root, "tenant");
    yyjson_doc *settings;
    json_add_str(doc, t, "adapter", str_from(o->said[Q_AD_SERVER]));
    place_product(doc, root, o);
    if (!o->settings) return 0;
    struct buf text;
    buf_init(&text, json_limits_settings.bytes_max);
    int why = file_or_stdin_read(o->settings, &text);
    struct str given = arena_dup(a, buf_str(&text));
    buf_finish(&text);
    if (why) return err_set(e, "INVALID_REQUEST", "%s cannot be read: %s", o->settings, strerror(why));
    if (json_parse(a, given, &json_limits_settings, &settings, e)) return err_in(e, "%s", o->settings);
    json_add_val(doc, t, "adapter_settings", json_copy(doc, yyjson_doc_get_root(settings)));
    return 0;
}

static int publisher_text(struct opened *d, const struct init_args *o, struct made *out, struct str *text,
                          struct err *e)
{
    struct arena *a = &d->arena;
    yyjson_doc *template;
    struct str begins = sells_audio(o) ? (struct str){ first_audio_publisher_json, first_audio_publisher_json_n }
                                       : (struct str){ first_publisher_json, first_publisher_json_n };
    if (json_parse(a, begins, &json_limits_own, &template, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_copy(doc, yyjson_doc_get_root(template));
    yyjson_mut_val *t = yyjson_mut_obj_get(root, "tenant");
    out->id = o->id ? str_from(o->id) : id_of(a, o->said[Q_NAME]);
    out->buyer_token = arena_printf(a, "sa_" STR_FMT, STR_ARG(secret_new(a, &d->loop.rng)));
    out->administrator_token = arena_printf(a, "sa_" STR_FMT, STR_ARG(secret_new(a, &d->loop.rng)));
    json_add_str(doc, t, "tenant_id", out->id);
    json_add_str(doc, t, "name", str_from(o->said[Q_NAME]));
    json_add_str(doc, t, "host", str_from(o->said[Q_HOST]));
    json_add_str(doc, t, "currency", str_from(o->said[Q_CURRENCY]));
    json_add_str(doc, t, "timezone", str_from(o->said[Q_TIMEZONE]));
    yyjson_mut_val *people = json_add_arr(doc, root, "principals");
    add_principal(doc, people, "admin", "Administrator", "administrator", out->administrator_token);
    add_principal(doc, people, "first-buyer", "First buyer", "buyer", out->buyer_token);
    add_property(doc, root, o);
    if (set_price(doc, root, o, e) || add_ad_server(a, doc, root, o, e)) return -1;
    *text = json_write(a, root);
    return 0;
}

/* --- the command -------------------------------------------------------------------------------------------- */

static int refuse_second(struct opened *d, struct err *e)
{
    int n = q_tenant_count(store_read(d->store), e);
    if (n < 0) return -1;
    if (n == 0) return 0;
    (void)err_set(e, "INVALID_STATE", "There is a publisher here already.");
    return err_suggest(e, "salesagent publisher add makes another one; salesagent import changes what is there.");
}

/* An id that is taken would be changed instead of made. */
static int refuse_same(struct opened *d, struct str id, struct err *e)
{
    struct tenant_row row;
    int found = q_tenant_get(store_read(d->store), &d->arena, id, &row, e);
    if (found < 1) return found;
    (void)err_set(e, "INVALID_STATE", "There is a publisher " STR_FMT " here already.", STR_ARG(id));
    return err_suggest(e, "Another --id, or salesagent import to change what is there.");
}

static void report(const struct init_args *o, const struct made *m)
{
    if (o->json) {
        cli_print("{\"publisher\":\"" STR_FMT "\",\"buyer_token\":\"" STR_FMT "\",\"administrator_token\":\"" STR_FMT
                  "\"}\n",
                  STR_ARG(m->id), STR_ARG(m->buyer_token), STR_ARG(m->administrator_token));
        return;
    }
    cli_print("publisher " STR_FMT " is made.\n", STR_ARG(m->id));
    cli_print("  first product   %s, %s %s a thousand; every buy waits for a person\n",
              sells_audio(o) ? "run-of-station-audio" : "run-of-site-display", o->said[Q_CPM], o->said[Q_CURRENCY]);
    const struct adapter *server = adapter_find(str_from(o->said[Q_AD_SERVER]));
    if (server)
        cli_print("  ad server       %s%s\n", server->title, server->simulates ? ": it invents its numbers" : "");
    cli_print("  administrator   admin         token " STR_FMT "\n", STR_ARG(m->administrator_token));
    cli_print("  buyer           first-buyer   token " STR_FMT "\n", STR_ARG(m->buyer_token));
    cli_print("  Both tokens are shown this once; they are stored nowhere.\n\n");
    cli_print("Next:\n  salesagent serve                 (from the package: systemctl enable --now salesagent)\n");
    if (operation_find(STR("x_user_link"))) cli_print("  salesagent user link admin       a link to sign in with\n");
    cli_print(
        "  curl -s http://localhost:8000/mcp -H 'x-adcp-auth: " STR_FMT "' -H 'content-type: application/json' \\\n"
        "    -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"get_products\",\"arguments\":"
        "{\"buying_mode\":\"brief\",\"brief\":\"%s\"}}}'\n",
        STR_ARG(m->buyer_token), sells_audio(o) ? "audio" : "display");
}

static int make(struct opened *d, const struct init_args *o)
{
    struct made m;
    struct str text;
    struct err e;
    int refused = o->another ? 0 : refuse_second(d, &e);
    if (refused || publisher_text(d, o, &m, &text, &e) || (o->another && refuse_same(d, m.id, &e)) ||
        publisher_data_import(d->store, &d->loop, text, &e))
        return cli_failed(&e);
    report(o, &m);
    return CLI_OK;
}

static int make_demo(struct opened *d)
{
    struct err e;
    if (refuse_second(d, &e) || publisher_data_add_demo(d->store, &d->loop, &e)) return cli_failed(&e);
    cli_print("the demo publisher is made; token %s (demo buyer)\n", PUBLISHER_DEMO_TOKEN);
    return CLI_OK;
}

static int make_first(int argc, char **argv, struct init_args args)
{
    struct opened d;
    struct arena a;
    struct err e;
    int rc = parse(argc, argv, &args);
    if (rc) return rc;
    arena_init(&a);
    if (!args.demo) rc = complete(&a, &args);
    if (rc == CLI_OK) {
        if (database_open(&d, args.data, !args.another, &e)) rc = cli_failed(&e);
        else rc = args.demo ? make_demo(&d) : make(&d, &args);
        database_close(&d);
    }
    arena_finish(&a);
    return rc;
}

static int init_run(int argc, char **argv)
{
    return make_first(argc, argv, (struct init_args){ 0 });
}

int init_add_publisher(int argc, char **argv)
{
    return make_first(argc, argv, (struct init_args){ .another = true });
}

const struct cli_command command_init = {
    .name = "init",
    .summary = "make a publisher, a first product, a buyer's token",
    .usage =
        "Usage: salesagent init [--name TEXT] [--domain NAME] [--ad-server KIND] [OPTION...]\n\n"
        "Makes the database with its keys, a publisher, a first product, an administrator and a first buyer. What it is not\n"
        "told it asks for, when there is somebody to ask; else the presets below count.\n\n"
        "  --name TEXT       the publisher's name\n"
        "  --domain NAME     the domain of its site\n"
        "  --host NAME       under which buyers reach the agent (default sales.DOMAIN)\n"
        "  --timezone NAME   in which its days are counted, as Europe/Berlin (default UTC)\n"
        "  --currency CODE   (default USD)\n"
        "  --ad-server KIND  house (the built-in one), gam, kevel, triton, or manual (worked by hand); docs/ad-servers has\n"
        "                    a page for each. In a sandbox also mock, which shows no ads and invents their delivery\n"
        "  --ad-server-settings FILE\n"
        "                    what it needs to be reached, as JSON (- is standard input)\n"
        "  --station NAME    of Triton: the station that the first product runs on, by id or call sign, or all\n"
        "  --cpm AMOUNT      price of a thousand impressions of the first product (default 10.00)\n"
        "  --id ID           the publisher's id (default: made from its name)\n"
        "  --demo            the demo publisher of the sandbox instead\n"
        "  --data DIR        the agent's data directory (default: as configured, else ./data)\n"
        "  --json            print what was made as JSON\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = init_run,
};

#include "app/doctor/doctor_command.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "app/data_dir.h"
#include "app/command/database_command.h"
#include "app/serve/machine.h"
#include "domain/health/publisher_health.h"
#include "net/http_client_curl.h"
#include "net/local_http.h"
#include "store/look.h"
#include "store/migrate.h"
#include "store/q/q_ad_server.h"
#include "store/q/agent/q_job_hold.h"
#include "store/q/q_tenant.h"

#define CLI_WARNINGS   4
#define READY_MS       5000
#define TEST_WAIT_S    45
#define PUBLISHERS_MAX 1000

/* What is found of one publisher, or (without one) of the installation. */
struct part {
    struct str publisher;
    struct findings findings;
};

struct doctor {
    struct arena arena;
    struct serve_options o;
    struct config_input input;
    const char *publisher; /* NULL: all */
    bool json, support, offline, quiet;
    struct opened opened;
    bool has_loop; /* of opened */
    bool has_database; /* opened can be read */
    bool running; /* an agent serves it */
    const char *database, *socket;
    struct machine machine;
    struct http_client *out;
    bool over; /* the look under way has ended */
    struct part *parts;
    size_t parts_n;
};

/* ---- arguments ---- */

static void read_args(struct doctor *d, int argc, char **argv)
{
    char **options = ARENA_ARRAY(&d->arena, char *, (size_t)argc + 1);
    struct cli_args a = cli_args_start(argc, argv);
    d->input = (struct config_input){ environ, 0, options };
    options[d->input.argc++] = argv[0];
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) d->json = true;
        else if (cli_flag(&a, "support")) d->support = true;
        else if (cli_flag(&a, "offline")) d->offline = true;
        else if (cli_flag(&a, "quiet")) d->quiet = true;
        else if (!cli_option(&a, "publisher", &d->publisher) && !cli_option(&a, "tenant", &d->publisher))
            options[d->input.argc++] = argv[a.i++];
    }
    options_read(&d->arena, &d->input, NULL, 0, &d->o);
}

/* What is wrong with the command's own options; what the file says is a finding. */
static int complain(const struct doctor *d)
{
    for (size_t i = 0; i < d->o.config.issues_n; i++) {
        if (d->o.config.issues[i].place == CONFIG_IN_OPTIONS)
            return cli_error(CLI_USAGE, "doctor: %s", d->o.config.issues[i].text);
    }
    return CLI_OK;
}

/* ---- the agent that runs ---- */

/* Its process; -1 when nobody answers. */
static int agent_pid(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct ucred who;
    socklen_t n = sizeof(who);
    if (strlen(path) >= sizeof(at.sun_path)) return -1;
    memcpy(at.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    bool known = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
                 getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0;
    (void)close(fd); /* nothing was written */
    return known ? (int)who.pid : -1;
}

static yyjson_val *ask_agent(struct doctor *d, const char *path, struct str publisher, struct str body, int *status)
{
    struct local_request r = { .socket_path = d->socket,
                               .path = str_from(path),
                               .body = body,
                               .timeout_ms = READY_MS,
                               .headers = { { STR("x-adcp-tenant"), publisher } } };
    struct str text;
    struct err e;
    if (local_post(&d->arena, &r, status, &text, &e) != LOCAL_ANSWERED) return NULL;
    return json_parse_own(&d->arena, text);
}

static void check_agent(struct doctor *d, struct findings *out)
{
    int status;
    size_t i, n;
    yyjson_val *ready = ask_agent(d, "/readyz", STR_NONE, STR("{}"), &status), *v;
    d->running = ready != NULL;
    if (!ready) {
        finding_add(out, FINDING_ERROR, "agent", "No agent is serving %s.", d->o.data);
        finding_remedy(out,
                       "systemctl start salesagent, or salesagent serve; journalctl -u salesagent says why it ended.");
        return;
    }
    yyjson_arr_foreach(json_arr(ready, "reasons"), i, n, v) {
        finding_add(out, FINDING_ERROR, "agent", STR_FMT ": " STR_FMT, STR_ARG(json_str(v, "check")),
                    STR_ARG(json_str(v, "detail")));
    }
    yyjson_arr_foreach(json_arr(ready, "warnings"), i, n, v) {
        finding_add(out, FINDING_WARNING, "agent", STR_FMT ": " STR_FMT, STR_ARG(json_str(v, "check")),
                    STR_ARG(json_str(v, "detail")));
    }
    if (status == 200) finding_add(out, FINDING_WELL, "agent", "It runs, and is ready.");
}

/* ---- ad servers, by the agent ---- */

static bool is_tested(yyjson_val *list, struct str name, int64_t since)
{
    size_t i, n;
    yyjson_val *s;
    int64_t at;
    struct err e;
    yyjson_arr_foreach(list, i, n, s) {
        if (str_eq(json_str(s, "name"), name))
            return json_req_time(JSON_FIELD(s, "tested_at", ""), &at, &e) == 0 && at >= since;
    }
    return true; /* it is gone */
}

/* Asks the agent to try each ad server that is far away, and waits until it has, or for as long as a person would. What it
 * found is read from the rows afterwards. */
static void test_ad_servers(struct doctor *d, struct str publisher)
{
    int status;
    size_t i, n, asked_n = 0;
    struct str asked[16];
    yyjson_val *s, *all = json_arr(ask_agent(d, "/local/x_adapter_list", publisher, STR("{}"), &status), "ad_servers");
    int64_t since = (int64_t)time(NULL) * USEC_PER_SEC - USEC_PER_SEC;
    yyjson_arr_foreach(all, i, n, s) {
        struct str name = json_str(s, "name");
        if (!str_is(json_str(s, "kind"), "remote") || json_str(s, "problem").n || asked_n == ARRAY_LEN(asked)) continue;
        yyjson_mut_doc *doc = json_doc_new(&d->arena);
        json_add_str(doc, json_root_obj(doc), "name", name);
        struct str body = json_write(&d->arena, doc->root);
        if (ask_agent(d, "/local/x_adapter_test", publisher, body, &status) && status == 200) asked[asked_n++] = name;
    }
    for (int waited = 0; asked_n && waited < TEST_WAIT_S * 4; waited++) {
        const struct timespec quarter = { 0, 250 * 1000 * 1000 };
        (void)nanosleep(&quarter, NULL); /* a signal ends the program */
        all = json_arr(ask_agent(d, "/local/x_adapter_list", publisher, STR("{}"), &status), "ad_servers");
        size_t left = 0;
        for (i = 0; i < asked_n; i++) {
            if (!is_tested(all, asked[i], since)) asked[left++] = asked[i];
        }
        asked_n = left;
    }
}

/* ---- looking ---- */

static void look_ended(struct health_look *l)
{
    struct doctor *d = l->arg;
    d->over = true;
    loop_uv_stop(&d->opened.uv);
}

/* Runs one look to its end: the machine's, or (with an act) what others answer about a publisher. */
static void look(struct doctor *d, const struct act *act, bool machine, struct findings *out)
{
    struct health_look l = { .machine = machine ? &d->machine.face : NULL,
                             .client = d->out,
                             .sandbox = d->o.sandbox,
                             .ended = look_ended,
                             .arg = d };
    struct err e;
    d->over = false;
    if (health_look_start(&l, &d->opened.loop, act, &e)) {
        finding_add(out, FINDING_ERROR, "database", "%s", e.message);
        health_look_finish(&l);
        return;
    }
    while (!d->over) loop_uv_run(&d->opened.uv);
    findings_append(out, &l.findings);
    health_look_finish(&l);
}

static const struct serve_options *options_of(const struct machine *m)
{
    return &((const struct doctor *)m->arg)->o;
}

static struct part *add_part(struct doctor *d, struct str publisher)
{
    struct part *p = &d->parts[d->parts_n++];
    *p = (struct part){ .publisher = publisher, .findings = { .arena = &d->arena } };
    return p;
}

static void check_hold(struct doctor *d, struct findings *out)
{
    struct job_hold hold;
    struct err e;
    if (d->running || q_job_hold_get(store_read(d->opened.store), &d->arena, &hold, &e) != 1)
        return; /* /readyz said it */
    finding_add(out, FINDING_WARNING, "agent", "Jobs are held: " STR_FMT, STR_ARG(hold.why));
    finding_remedy(out, "salesagent jobs release, when this copy is the one that counts");
}

/* The database is read only when it is this version's: a look changes nothing, a schema above all. */
static void open_database(struct doctor *d, struct findings *out)
{
    struct store_facts facts;
    struct err e;
    if (access(d->database, F_OK)) {
        finding_add(out, FINDING_ERROR, "database", "There is none in %s.", d->o.data);
        finding_remedy(out, "salesagent init; or --data DIR, when it is elsewhere");
        return;
    }
    if (store_look(&d->arena, d->database, &facts, &e) || facts.newer.n) return; /* the machine's part says so */
    if (facts.migrations < migrations_n) {
        finding_add(out, FINDING_UNKNOWN, "database",
                    "It is of an older version; the agent's next start brings it up.");
        return;
    }
    d->has_loop = true;
    if (database_open(&d->opened, d->o.data, false, &e)) {
        finding_add(out, FINDING_ERROR, "database", "%s", e.message);
        if (e.suggestion[0]) finding_remedy(out, "%s", e.suggestion);
        return;
    }
    d->has_database = true;
}

static void look_at_publisher(struct doctor *d, const struct tenant_row *row)
{
    struct tenant tenant = { row->tenant_id, row->name, row->host, row->adapter, row->doc };
    struct findings *out = &add_part(d, row->tenant_id)->findings;
    struct err e;
    if (d->running && !d->offline) test_ad_servers(d, row->tenant_id);
    struct act act = database_act(&d->opened, store_read(d->opened.store), &tenant);
    act.now = (int64_t)time(NULL) * USEC_PER_SEC;
    act.arena = &d->arena;
    act.sandbox = d->o.sandbox;
    if (publisher_health(&act, out, &e)) finding_add(out, FINDING_ERROR, "database", "%s", e.message);
    if (!d->offline) look(d, &act, false, out);
    else finding_add(out, FINDING_UNKNOWN, "world", "Nobody outside was asked (--offline).");
}

static int look_at_publishers(struct doctor *d)
{
    struct tenant_row *rows;
    size_t n, found = 0;
    struct err e;
    if (q_tenant_list(store_read(d->opened.store), &d->arena, PUBLISHERS_MAX, &rows, &n, &e)) return cli_failed(&e);
    d->parts = memcpy(ARENA_ARRAY(&d->arena, struct part, n + 1), d->parts, sizeof(*d->parts));
    for (size_t i = 0; i < n; i++) {
        if (d->publisher && !str_is(rows[i].tenant_id, d->publisher)) continue;
        look_at_publisher(d, &rows[i]);
        found++;
    }
    if (d->publisher && !found) return cli_error(CLI_FAILED, "there is no publisher '%s'", d->publisher);
    if (!n) {
        finding_add(&d->parts[0].findings, FINDING_ERROR, "publisher", "There is no publisher.");
        finding_remedy(&d->parts[0].findings, "salesagent init, or salesagent import FILE");
    }
    return CLI_OK;
}

/* ---- telling ---- */

static size_t count(const struct doctor *d, enum finding_rank rank)
{
    size_t n = 0;
    for (size_t i = 0; i < d->parts_n; i++) n += findings_count(&d->parts[i].findings, rank);
    return n;
}

static void print_part(const struct part *p, enum finding_rank rank)
{
    for (size_t i = 0; i < p->findings.n; i++) {
        const struct finding *f = &p->findings.item[i];
        if (f->rank != rank) continue;
        cli_print("%-8s %-13s " STR_FMT "%s" STR_FMT "%s" STR_FMT "\n", finding_rank_name(rank), f->check,
                  STR_ARG(p->publisher), p->publisher.n ? ": " : "", STR_ARG(f->about), f->about.n ? ": " : "",
                  STR_ARG(f->found));
        if (f->remedy.n) cli_print("%-23sdo: " STR_FMT "\n", "", STR_ARG(f->remedy));
    }
}

static void print_text(const struct doctor *d)
{
    static const enum finding_rank order[] = { FINDING_ERROR, FINDING_WARNING, FINDING_UNKNOWN, FINDING_WELL };
    for (size_t r = 0; r < ARRAY_LEN(order); r++) {
        if (d->quiet && order[r] == FINDING_WELL) continue;
        for (size_t i = 0; i < d->parts_n; i++) print_part(&d->parts[i], order[r]);
    }
    cli_print("%zu errors, %zu warnings, %zu not known, %zu well\n", count(d, FINDING_ERROR), count(d, FINDING_WARNING),
              count(d, FINDING_UNKNOWN), count(d, FINDING_WELL));
}

static void print_json(struct doctor *d)
{
    yyjson_mut_doc *doc = json_doc_new(&d->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "version", SALESAGENT_VERSION);
    json_add_time(doc, root, "at", (int64_t)time(NULL) * USEC_PER_SEC);
    json_add_i64(doc, root, "errors", (int64_t)count(d, FINDING_ERROR));
    json_add_i64(doc, root, "warnings", (int64_t)count(d, FINDING_WARNING));
    json_add_i64(doc, root, "unknown", (int64_t)count(d, FINDING_UNKNOWN));
    findings_write(&d->parts[0].findings, doc, json_add_arr(doc, root, "installation"));
    yyjson_mut_val *list = json_add_arr(doc, root, "publishers");
    for (size_t i = 1; i < d->parts_n; i++) {
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "publisher", d->parts[i].publisher);
        findings_write(&d->parts[i].findings, doc, json_add_arr(doc, o, "findings"));
    }
    cli_print(STR_FMT "\n", STR_ARG(json_write(&d->arena, root)));
}

/* What somebody who helps asks first; secrets are settings that are never shown, and the rest holds none. */
static void print_support(const struct doctor *d)
{
    struct utsname os;
    cli_print("salesagent %s\n", SALESAGENT_VERSION);
    if (uname(&os) == 0) cli_print("%s %s %s\n", os.sysname, os.release, os.machine);
    cli_print("settings%s%s\n", d->o.config.file ? " of " : "", d->o.config.file ? d->o.config.file : "");
    for (int id = 0; id < CONFIG_N; id++) {
        const struct config_entry *entry = &d->o.config.entries[id];
        bool hidden = config_keys[id].flags & CONFIG_IS_SECRET;
        for (size_t i = 0; i < entry->n && entry->place != CONFIG_PRESET; i++)
            cli_print("  %s=%s\n", config_keys[id].name, hidden ? "(hidden)" : entry->values[i].text);
    }
    cli_print("findings\n");
    print_text(d);
}

static int tell(struct doctor *d)
{
    if (d->json) print_json(d);
    else if (d->support) print_support(d);
    else print_text(d);
    return count(d, FINDING_ERROR) ? CLI_FAILED : count(d, FINDING_WARNING) ? CLI_WARNINGS : CLI_OK;
}

/* ---- the command ---- */

/* Without a database there is still a loop, for the machine's part. */
static void open_loop(struct doctor *d)
{
    struct rng rng;
    if (d->has_loop) return;
    rng_init_system(&rng);
    arena_init(&d->opened.arena);
    loop_uv_init(&d->opened.uv, &d->opened.loop, rng);
}

static int examine(struct doctor *d)
{
    struct findings *out = &add_part(d, STR_NONE)->findings;
    struct http_client_options ho = { .user_agent = STR("salesagent/" SALESAGENT_VERSION " doctor") };
    check_agent(d, out);
    open_database(d, out);
    open_loop(d);
    d->out = http_client_curl_create(&d->opened.uv, &ho);
    machine_init(&d->machine);
    d->machine.options = options_of;
    d->machine.arg = d;
    d->machine.database = d->database;
    d->machine.agent_pid = agent_pid(d->socket);
    look(d, NULL, true, out);
    if (d->has_database) check_hold(d, out);
    int rc = d->has_database ? look_at_publishers(d) : CLI_OK;
    http_client_curl_destroy(d->out);
    return rc ? rc : tell(d);
}

static int doctor_run(int argc, char **argv)
{
    struct doctor d = { 0 };
    struct err e;
    arena_init(&d.arena);
    read_args(&d, argc, argv);
    int rc = complain(&d);
    if (rc == CLI_OK && data_dir_become_owner(d.o.data, &e)) rc = cli_failed(&e);
    if (rc == CLI_OK) {
        d.database = arena_printf(&d.arena, "%s/" DATA_DIR_DATABASE, d.o.data).p;
        d.socket = arena_printf(&d.arena, "%s/agent.sock", d.o.data).p;
        d.parts = ARENA_ARRAY(&d.arena, struct part, 1);
        rc = examine(&d);
        database_close(&d.opened);
    }
    arena_finish(&d.arena);
    return rc;
}

const struct cli_command command_doctor = {
    .name = "doctor",
    .summary = "is all well? what is wrong, and what to do about it",
    .usage =
        "Usage: salesagent doctor [--offline] [--publisher ID] [--json | --support] [--quiet] [OPTION...]\n\n"
        "Looks at the machine (disk, database, backups, certificate, descriptors), at the settings and whether they contradict\n"
        "each other, and for each publisher at its rules, people and ad servers, and at what the world answers: DNS and the\n"
        "public address, whether the agent knows itself under it, its published keys, adagents.json of each property, the\n"
        "clocks of others. Works with and without a running agent; ad servers are tried by the agent that runs. Nothing is\n"
        "changed. What cannot be looked at is \"unknown\", never \"well\".\n\n"
        "  --offline        ask nobody outside\n"
        "  --publisher ID   of several publishers only this one\n"
        "  --json           print it as JSON\n"
        "  --support        a text for somebody who helps: version, settings and findings, without secrets\n"
        "  --quiet          leave out what is well\n"
        "\nThe other options are those of salesagent serve, as --config and --data.\n"
        "\nExit codes: 0 nothing is wrong, 1 errors, 2 wrong usage, 4 warnings and no errors.\n",
    .run = doctor_run,
};

#include "app/serve/reload.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/serve/descriptors.h"
#include "app/serve/server.h"
#include "cli/config.h"
#include "contract/json.h"
#include "contract/limits.h"
#include "net/local_http.h"

#define RELOAD_TIMEOUT_MS 30000

/* --- in the agent -----------------------------------------------------------------------------------------
 */

struct change {
    struct arena *arena;
    yyjson_mut_doc *doc;
    yyjson_mut_val *root;
    struct buf taken, restart; /* for the log */
};

static void note(struct change *c, const char *list, struct buf *log, const char *name)
{
    yyjson_mut_val *arr = yyjson_mut_obj_get(c->root, list);
    json_push_str(c->doc, arr, str_from(name));
    if (log->n) buf_add_char(log, ',');
    buf_add(log, str_from(name));
}

static bool reloads(const struct serve_options *old, const struct serve_options *fresh, enum config_id id)
{
    if (id == CONFIG_LISTEN) return listens_same_sockets(&old->listens, &fresh->listens);
    bool https = old->tls_certificate.n > 0, wants = fresh->tls_certificate.n > 0;
    if (id == CONFIG_TLS_CERT || id == CONFIG_TLS_KEY) return https == wants;
    return config_keys[id].flags & CONFIG_RELOADS;
}

/* Sorts what differs; what needs a restart keeps its old value in the fresh settings. */
static void compare(struct change *c, const struct serve_options *old, struct serve_options *fresh)
{
    bool kept = false, keep[CONFIG_N] = { 0 };
    for (int id = 0; id < CONFIG_N; id++) {
        if (config_same(&old->config, &fresh->config, id)) continue;
        keep[id] = !reloads(old, fresh, id);
        if (keep[id]) note(c, "restart", &c->restart, config_keys[id].name);
        else note(c, "taken", &c->taken, config_keys[id].name);
    }
    for (int id = 0; id < CONFIG_N; id++) {
        if (keep[id]) config_keep(&fresh->config, &old->config, id);
        kept = kept || keep[id];
    }
    if (kept) options_settle(fresh);
}

static void apply(struct server *s, const struct serve_options *o)
{
    struct http_server_limits limits = o->limits;
    log_configure(&o->log);
    descriptors_settle(&limits);
    http_server_set_limits(s->http, &limits);
    s->core.dispatcher.web = o->web;
    backup_schedule_set(&s->backups, o);
}

static int refuse(struct change *c, const char *const *problems, size_t n)
{
    yyjson_mut_obj_clear(c->root);
    yyjson_mut_val *list = json_add_arr(c->doc, c->root, "problems");
    for (size_t i = 0; i < n; i++) {
        json_push_str(c->doc, list, str_from(problems[i]));
        log_event(LOG_ERROR, "serve", "reload refused", "reason", problems[i], NULL);
    }
    return -1;
}

static int take_over(struct server *s, struct settings *fresh, struct change *c)
{
    struct serve_options *old = &s->settings->o, *o = &fresh->o;
    const char *problems[CONFIG_ISSUES_MAX];
    struct err e;
    options_read(&fresh->arena, &s->input, s->passed, s->passed_n, o);
    for (size_t i = 0; i < o->config.issues_n; i++) problems[i] = o->config.issues[i].text;
    if (o->config.issues_n) return refuse(c, problems, o->config.issues_n);
    compare(c, old, o);
    if (o->tls_certificate.n && http_server_use_certificate(s->http, o->tls_certificate, o->tls_key, &e)) {
        problems[0] = e.message;
        return refuse(c, problems, 1);
    }
    json_add_bool(c->doc, c->root, "certificate", o->tls_certificate.n > 0);
    apply(s, o);
    return 0;
}

static void settings_free(struct settings *s)
{
    arena_finish(&s->arena);
    free(s);
}

int server_reload(struct server *s, struct arena *a, struct str *report)
{
    struct settings *fresh = calloc(1, sizeof(*fresh));
    ENSURE(fresh != NULL);
    arena_init(&fresh->arena);
    struct change c = { .arena = a, .doc = json_doc_new(a) };
    c.root = json_root_obj(c.doc);
    (void)json_add_arr(c.doc, c.root, "taken"); /* the lists are found again by name */
    (void)json_add_arr(c.doc, c.root, "restart");
    buf_init(&c.taken, 4096);
    buf_init(&c.restart, 4096);
    service_reloading(&s->service);
    int rc = take_over(s, fresh, &c);
    service_reloaded(&s->service);
    struct settings *unused = fresh;
    if (rc == 0) {
        unused = s->settings;
        s->settings = fresh;
        log_event(LOG_INFO, "serve", "reloaded", "taken", arena_cstr(a, buf_str(&c.taken)), "needs_restart",
                  arena_cstr(a, buf_str(&c.restart)), "certificate", fresh->o.tls_certificate.n ? "read again" : "none",
                  NULL);
    }
    settings_free(unused);
    buf_finish(&c.taken);
    buf_finish(&c.restart);
    *report = json_write(a, c.root);
    return rc;
}

/* --- the command -------------------------------------------------------------------------------------------
 */

static void print_list(yyjson_val *root, const char *name, const char *words)
{
    yyjson_val *list = json_arr(root, name), *item;
    size_t i, n;
    if (!yyjson_arr_size(list)) return;
    cli_print("%s", words);
    yyjson_arr_foreach(list, i, n, item) cli_print("%s" STR_FMT, i ? ", " : "", STR_ARG(json_val_str(item)));
    cli_print("\n");
}

static int print_report(struct arena *a, struct str text)
{
    yyjson_val *root, *problem;
    yyjson_doc *doc;
    struct err e;
    size_t i, n;
    if (json_parse(a, text, &json_limits_note, &doc, &e))
        return cli_error(CLI_FAILED, "the agent's answer is not JSON");
    root = yyjson_doc_get_root(doc);
    yyjson_val *problems = json_arr(root, "problems");
    yyjson_arr_foreach(problems, i, n, problem) (void)cli_error(CLI_FAILED, STR_FMT, STR_ARG(json_val_str(problem)));
    if (problems) return cli_error(CLI_FAILED, "the agent goes on with the settings it had");
    print_list(root, "taken", "taken over: ");
    if (json_bool_or(root, "certificate", false)) cli_print("the certificate was read again\n");
    print_list(root, "restart", "needs a restart: ");
    if (!yyjson_arr_size(json_arr(root, "taken")) && !yyjson_arr_size(json_arr(root, "restart")))
        cli_print("no setting has changed\n");
    return CLI_OK;
}

static int reload_run(int argc, char **argv)
{
    const char *data = NULL;
    bool json = false;
    struct arena arena;
    struct cli_args a = cli_args_start(argc, argv);
    struct str text;
    struct err e;
    int status, rc;
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) json = true;
        else if (!cli_option(&a, "data", &data))
            return cli_error(CLI_USAGE, "reload: unexpected argument '%s'", argv[a.i]);
    }
    arena_init(&arena);
    const char *dir = config_data_dir(data);
    struct local_request r = { .socket_path = arena_printf(&arena, "%s/agent.sock", dir).p,
                               .path = STR("/agent/reload"),
                               .body = STR("{}"),
                               .timeout_ms = RELOAD_TIMEOUT_MS };
    switch (local_post(&arena, &r, &status, &text, &e)) {
    case LOCAL_ANSWERED:
        if (json) cli_print(STR_FMT "\n", STR_ARG(text));
        rc = json ? (status == 200 ? CLI_OK : CLI_FAILED) : print_report(&arena, text);
        break;
    case LOCAL_NOT_RUNNING: rc = cli_error(CLI_NOT_RUNNING, "no agent is serving %s", dir); break;
    case LOCAL_FAILED:
    default: rc = cli_error(CLI_FAILED, "the agent did not answer: %s", e.message); break;
    }
    arena_finish(&arena);
    return rc;
}

const struct cli_command command_reload = {
    .name = "reload",
    .summary = "let the running agent read its configuration again",
    .usage = "Usage: salesagent reload [--data DIR] [--json]\n\n"
             "The running agent reads its configuration file and certificates again, as it does at SIGHUP, "
             "takes over what\n"
             "can change while it runs (certificates, log level, hosts, limits), and says what needs a "
             "restart. When\n"
             "something is wrong it says so and goes on as it was.\n\n"
             "  --data DIR   the agent's data directory (default: as configured, else ./data)\n"
             "  --json       print the agent's answer as JSON\n"
             "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no agent is running.\n",
    .run = reload_run,
};

#include "app/serve/serve.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/serve/desk_link.h"
#include "app/serve/descriptors.h"
#include "app/command/publisher_data.h"
#include "app/serve/server.h"
#include "base/doing.h"
#include "base/log.h"
#include "domain/core/ad_server.h"
#include "jobs/cassette.h"
#include "net/http_client_curl.h"
#include "protocols/auth.h"
#include "protocols/router.h"
#include "store/q/agent/q_job_hold.h"
#include "store/q/q_tenant.h"

#define TRIM_INTERVAL    (INT64_C(20) * USEC_PER_SEC)
#define TRIM_ABOVE_BYTES ((size_t)32 << 20)

static void on_end_of_turn(struct turn_hook *h)
{
    log_flush();
}

static void on_drained(void *arg)
{
    struct server *s = arg;
    s->drained = true;
    loop_uv_stop(&s->uv);
}

/* Between turns the loop's own time stands still. */
static int64_t clock_now(struct server *s)
{
    return s->loop.driver->now(s->loop.driver);
}

/* What was left when the time was over is said: the callers will ask again, the jobs run again after the next start. */
static void on_stopped(void *arg)
{
    struct server *s = arg;
    struct http_client_stats out = http_client_curl_stats(s->out);
    const struct log_field left[] = { LOG_NUMBER("requests_cut", (int64_t)http_server_stats(s->http).cut),
                                      LOG_NUMBER("calls_out_ended", out.in_flight + out.waiting),
                                      LOG_NUMBER("ms", (clock_now(s) - s->stopping_since) / 1000) };
    log_fields(left[0].number ? LOG_WARN : LOG_INFO, "serve", "drained", left, ARRAY_LEN(left));
    core_drain(&s->core, on_drained, s);
}

/* The first signal drains: requests in flight finish, calls out are ended. The second does not wait any
 * longer. */
static void on_stop(void *arg)
{
    struct server *s = arg;
    if (s->stopping) {
        loop_uv_stop(&s->uv);
        return;
    }
    s->stopping = true;
    s->stopping_since = clock_now(s);
    struct http_server_stats st = http_server_stats(s->http);
    const struct log_field there[] = { LOG_NUMBER("connections", (int64_t)st.connections),
                                       LOG_NUMBER("requests", (int64_t)st.in_flight),
                                       LOG_NUMBER("drain_s", s->settings->o.drain_ms / 1000) };
    log_fields(LOG_INFO, "serve", "stopping", there, ARRAY_LEN(there));
    service_stopping(&s->service, (int64_t)st.in_flight);
    http_server_stop(s->http, s->settings->o.drain_ms, on_stopped, s);
}

/* SIGHUP means two things: somebody wants the settings read again, or the terminal is gone, and with it
 * whoever started this. A terminal that is gone is none any more. */
static void on_hangup(void *arg)
{
    struct server *s = arg;
    struct arena a;
    struct str report; /* the log has it, too */
    for (int fd = 0; fd < 3; fd++) {
        if (!s->at_terminal[fd] || isatty(fd)) continue;
        on_stop(s);
        return;
    }
    if (s->stopping) return;
    arena_init(&a);
    (void)server_reload(s, &a, &report);
    arena_finish(&a);
}

/* Where buyers find the agent, for people: the first site of that role. */
static const struct web_site *site_with(const struct serve_options *o, unsigned role)
{
    for (size_t i = 0; i < o->listens.sites_n; i++) {
        if (o->listens.sites[i].roles & role) return &o->listens.sites[i];
    }
    return NULL;
}

static const char *url_of(struct server *s, const struct web_site *site)
{
    const struct http_listen *l = &s->settings->o.listens.sockets[site->listener];
    struct str host = l->fd ? STR("localhost") : l->host;
    bool v6 = memchr(host.p, ':', host.n) != NULL, https = s->settings->o.tls_key.n && !l->plain;
    return arena_printf(&s->arena, "%s://%s" STR_FMT "%s:%d", https ? "https" : "http", v6 ? "[" : "", STR_ARG(host),
                        v6 ? "]" : "", http_server_port(s->http, (size_t)site->listener))
        .p;
}

static void greet_sandbox(const char *url, const char *ads_url)
{
    if (ads_url) cli_print("  demo   %s/demo   (a page with live ads)\n", ads_url);
    cli_print("  token  %s   (demo buyer)\n", PUBLISHER_DEMO_TOKEN);
    cli_print("  token  %s   (AdCP 3, for its clients; may use the test controller)\n", PUBLISHER_ADCP_TOKEN);
    cli_print("  try    curl -s %s/mcp -H 'x-adcp-auth: %s' -H 'content-type: application/json' "
              "-d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
              "\"get_products\",\"arguments\":{\"brief\":\"tech video\"}}}'\n",
              url, PUBLISHER_DEMO_TOKEN);
}

/* People find the desk by a link of their own; it is printed where a person reads it, and never into a journal. */
static void greet_desk(struct server *s, const char *url)
{
    struct arena a;
    struct str link;
    struct err e; /* then the command is named, which will say what is wrong */
    arena_init(&a);
    bool shown = s->settings->o.sandbox && s->at_terminal[1] && publisher_data_is_demo(s->core.store) &&
                 desk_link_make(s->core.store, &s->loop, &a, &link, &e) == 0;
    if (shown)
        cli_print("  desk   %s/admin/enter/" STR_FMT "   (signs in once, within 15 minutes)\n", url, STR_ARG(link));
    else cli_print("  desk   %s/admin   (salesagent user link --data %s signs in)\n", url, s->settings->o.data);
    arena_finish(&a);
}

static void greet(struct server *s)
{
    const struct serve_options *o = &s->settings->o;
    const struct web_site *agent = site_with(o, WEB_AGENT), *ads = site_with(o, WEB_ADS);
    const char *url = agent ? url_of(s, agent) : NULL;
    struct err e;
    cli_print("salesagent %s: %s%s\n", SALESAGENT_VERSION, o->sandbox ? "sandbox mode" : "production mode",
              o->dry_run ? ", dry run: nothing is stored" : "");
    if (url) cli_print("  MCP    %s/mcp\n", url);
    const struct web_site *metrics = site_with(o, WEB_METRICS);
    if (metrics) cli_print("  metrics %s/metrics\n", url_of(s, metrics));
    if (s->core.dispatcher.desk_url.n) greet_desk(s, s->core.dispatcher.desk_url.p);
    cli_print("  data   %s\n", o->data);
    if (o->no_jobs || q_job_hold_get(store_read(s->core.store), &s->arena, NULL, &e) == 1)
        cli_print("  jobs are held: nothing is sent%s\n", o->no_jobs ? " (no_jobs)" : "; salesagent jobs release");
    if (q_tenant_count(store_read(s->core.store), &e) == 0) {
        cli_print("  there is no publisher yet: salesagent import FILE --data %s\n", o->data);
    }
    if (url && o->sandbox && publisher_data_is_demo(s->core.store)) greet_sandbox(url, ads ? url_of(s, ads) : NULL);
    (void)fflush(stdout); /* the line a supervisor waits for; a closed pipe shows at the next write */
}

/* What a burst of large replies needed goes back to the kernel once it is over. */
static void on_trim(struct timer *t)
{
    struct server *s = CONTAINER_OF(t, struct server, trim);
    if (mallinfo2().fordblks > TRIM_ABOVE_BYTES) (void)malloc_trim(0); /* nothing to give back is fine too */
    timer_set(&s->loop, t, loop_now(&s->loop) + TRIM_INTERVAL);
}

/* The handler's argument is the dispatcher. */
static bool sender_known(void *arg, const struct http_exchange *head)
{
    return auth_seen(arg, head);
}

static int start_listening(struct server *s, struct err *e)
{
    struct serve_options *o = &s->settings->o;
    descriptors_settle(&o->limits);
    struct http_server_options ho = { .listens_n = o->listens.sockets_n,
                                      .unix_path = str_from(s->dir.socket),
                                      .tls_certificate = o->tls_certificate,
                                      .tls_key = o->tls_key,
                                      .connections_max = o->limits.connections_max,
                                      .body_bytes_max = o->limits.body_bytes_max,
                                      .memory_bytes_max = o->limits.memory_bytes_max,
                                      .known = sender_known };
    memcpy(ho.listens, o->listens.sockets, sizeof(ho.listens));
    s->core.dispatcher.own_route = door_handle;
    s->core.dispatcher.own_route_arg = s;
    return http_server_start(&s->uv, &ho, router_handle, &s->core.dispatcher, &s->http, e);
}

static const struct serve_options *options_in_force(const struct machine *m)
{
    return &((const struct server *)m->arg)->settings->o;
}

static void facts(void *arg, struct process_facts *out)
{
    const struct server *s = arg;
    *out = (struct process_facts){ .started_at = s->metrics.started_at,
                                   .backs_up = s->backups.keep > 0,
                                   .backup_at = s->backups.made_at,
                                   .backup_failures = s->backups.failures,
                                   .backup_why = s->backups.why };
}

static int start(struct server *s, struct err *e)
{
    const struct serve_options *o = &s->settings->o;
    struct http_client_options out = { .user_agent = STR("salesagent/" SALESAGENT_VERSION) };
    s->out = http_client_curl_create(&s->uv, &out);
    s->mail = mail_client_curl_create(&s->loop, STR_NONE);
    if (o->record && cassette_open(o->record, &s->cassette, e)) return -1;
    struct core_options co = { .database = s->dir.database,
                               .secret = s->dir.secret,
                               .keys = &s->seal_keys.keys,
                               .sandbox = o->sandbox,
                               .dry_run = o->dry_run,
                               .kept_bytes = o->kept_bytes,
                               .web = o->web,
                               .data_dir = o->data,
                               .openid = o->openid,
                               .http = s->out,
                               .mail = s->mail,
                               .cassette = s->cassette,
                               .machine = &s->machine.face,
                               .observer = &s->observer.jobs,
                               .no_jobs = o->no_jobs,
                               .before = &s->before };
    machine_init(&s->machine);
    s->machine.options = options_in_force;
    s->machine.arg = s;
    s->machine.database = s->dir.database;
    metrics_start(&s->metrics, loop_now(&s->loop));
    observer_init(&s->observer, &s->loop, &s->metrics);
    if (core_start(&s->core, &s->loop, &co, e)) return -1;
    pulse_start(&s->pulse, &s->loop, s->core.store);
    observer_start(&s->observer, s->core.store);
    s->core.dispatcher.watcher = &s->observer.watcher;
    s->core.dispatcher.facts = facts;
    s->core.dispatcher.facts_arg = s;
    if (!o->sandbox && publisher_data_is_judged(s->core.store))
        return err_set(
            e, "CONFIGURATION_ERROR",
            "This data is a sandbox's: everybody knows its tokens. Begin with another data directory, or serve it "
            "with --sandbox.");
    if (o->sandbox ? publisher_data_add_demo(s->core.store, &s->loop, e)
                   : ad_servers_check_live(store_read(s->core.store), &s->arena, e)) {
        return -1;
    }
    if (start_listening(s, e)) return -1;
    const struct web_site *desk = site_with(o, WEB_DESK);
    if (desk) s->core.dispatcher.desk_url = s->core.world.own_url = str_from(url_of(s, desk));
    return 0;
}

/* CLI_OK, or another exit code after saying why. */
static int read_settings(struct server *s, int argc, char **argv)
{
    struct err e;
    arena_init(&s->arena);
    if (passed_sockets_find(&s->arena, s->passed, &s->passed_n, &e)) return cli_error(CLI_FAILED, "%s", e.message);
    s->input = (struct config_input){ environ, argc, argv };
    s->settings = calloc(1, sizeof(*s->settings));
    ENSURE(s->settings != NULL);
    arena_init(&s->settings->arena);
    options_read(&s->settings->arena, &s->input, s->passed, s->passed_n, &s->settings->o);
    return options_report("serve", &s->settings->o.config);
}

static int open_data_dir(struct server *s, struct err *e)
{
    const struct serve_options *o = &s->settings->o;
    enum data_dir_secret missing = o->new_secret ? DATA_DIR_NEW_SECRET : DATA_DIR_FIRST_SECRET;
    bool opened = data_dir_open(&s->arena, o->data, missing, &s->dir, e) == 0 && data_dir_lock(&s->dir, e) == 0 &&
                  seal_keys_open(&s->seal_keys, s->dir.path, e) == 0;
    return opened ? 0 : -1;
}

static void forget_settings(struct server *s)
{
    if (s->settings) arena_finish(&s->settings->arena);
    free(s->settings);
    arena_finish(&s->arena);
}

static void run(struct server *s)
{
    loop_uv_on_stop(&s->uv, on_stop, s);
    loop_uv_on_hangup(&s->uv, on_hangup, s);
    s->trim.fire = on_trim;
    timer_set(&s->loop, &s->trim, loop_now(&s->loop) + TRIM_INTERVAL);
    anchor_start(&s->anchor, &s->loop, s->core.store, s->dir.anchor);
    backup_schedule_start(&s->backups, &s->loop, s->dir.database);
    backup_schedule_set(&s->backups, &s->settings->o);
    greet(s);
    service_start(&s->service, s);
    service_ready(&s->service);
    loop_uv_run(&s->uv);
    timer_cancel(&s->loop, &s->trim);
    log_flush();
    if (!s->drained) _exit(CLI_OK); /* told twice: what was under way is done again after the next start */
    s->core.dispatcher.aside.stopping = true;
    while (store_committing(s->core.store) || s->backups.working) loop_uv_turn(&s->uv);
    anchor_stop(&s->anchor);
    backup_schedule_stop(&s->backups);
    service_finish(&s->service);
    pulse_stop(&s->pulse);
    http_server_destroy(s->http);
    core_stop(&s->core);
    metrics_finish(&s->metrics);
    mail_client_curl_destroy(s->mail);
    cassette_close(s->cassette);
    http_client_curl_destroy(s->out);
    log_event(LOG_INFO, "serve", "stopped", NULL);
    log_flush();
    loop_uv_finish(&s->uv);
    data_dir_unlock(&s->dir);
}

/* What the process before this one died on is worth a line, whatever can be done about it. */
static void take_over(struct server *s)
{
    const struct doing *before = &s->before;
    doing_report_faults();
    if (doing_keep(s->dir.doing, &s->before))
        log_event(LOG_WARN, "serve", "what is being done cannot be kept", "why", strerror(errno), NULL);
    if (!before->operation[0]) return;
    log_event(LOG_WARN, "serve", "the last run ended in the middle of something", "operation", before->operation,
              "publisher", before->publisher, "principal", before->principal, "row", before->row, NULL);
}

/* A core file would hold every token and key that is in memory. */
static void keep_no_core(void)
{
    const struct rlimit none = { 0, 0 };
    if (setrlimit(RLIMIT_CORE, &none)) log_event(LOG_WARN, "serve", "core files cannot be switched off", NULL);
}

static int serve(int argc, char **argv)
{
    struct server s = { 0 };
    struct rng rng;
    struct err e;
    int rc = read_settings(&s, argc, argv);
    for (int fd = 0; fd < 3; fd++) s.at_terminal[fd] = isatty(fd);
    if (rc == CLI_OK && open_data_dir(&s, &e)) rc = cli_failed(&e);
    if (rc) {
        forget_settings(&s);
        return rc;
    }
    log_configure(&s.settings->o.log);
    keep_no_core();
    take_over(&s);
    /* Request memory comes and goes in blocks of up to a few hundred kilobytes; giving them back to the
     * kernel after each request costs more in page faults than everything else about them. */
    /* One heap for all threads: what a worker has used of its own would stay with it. */
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
    rng_init_system(&rng);
    loop_uv_init(&s.uv, &s.loop, rng);
    loop_add_hook(&s.loop, &s.end_of_turn, on_end_of_turn);
    if (s.settings->o.clock != TIME_NONE) loop_uv_set_clock(&s.uv, s.settings->o.clock);
    /* Half started: the process ends here and the system takes the rest back. */
    if (start(&s, &e)) {
        log_flush();
        return cli_failed(&e);
    }
    run(&s);
    forget_settings(&s);
    return CLI_OK;
}

const struct cli_command command_serve = {
    .name = "serve",
    .summary = "run the agent",
    .usage = "Usage: salesagent serve [--config FILE] [OPTION...]\n\n"
             "Serves MCP at /mcp, A2A at /a2a and REST at /api/v1 until SIGTERM or SIGINT. SIGHUP reads the "
             "settings again\n"
             "(salesagent reload does, too, and says what it did).\n\n"
             "Every option is a setting: tls_cert=FILE in " CONFIG_FILE_DEFAULT " (or the FILE of --config or\n"
             "$SALESAGENT_CONFIG), SALESAGENT_TLS_CERT=FILE in the environment, --tls-cert FILE here; the later "
             "counts.\n"
             "salesagent config show says which value comes from where.\n\n",
    .more = config_print_options,
    .epilogue = "\nExit codes: 0 stopped as told, 1 it could not start, 2 wrong usage.\n",
    .run = serve,
};

#include "app/serve.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/anchor.h"
#include "app/core.h"
#include "app/data_dir.h"
#include "app/publisher_data.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "net/http_client_curl.h"
#include "net/http_server.h"
#include "protocols/router.h"
#include "run/loop_uv.h"
#include "store/q_tenant.h"

#define DRAIN_MS         10000
#define TRIM_INTERVAL    (INT64_C(20) * USEC_PER_SEC)
#define TRIM_ABOVE_BYTES ((size_t)32 << 20)

struct serve_options {
    const char *listen, *data;
    bool sandbox;
    struct str host;
    int port;
    struct web_policy web;
    const char *tls_certificate, *tls_key;
    int64_t clock; /* where a sandbox's clock starts; TIME_NONE: now */
};

struct server {
    struct loop loop;
    struct loop_uv uv;
    struct arena arena;
    struct data_dir dir;
    struct core core;
    struct http_server *http;
    struct anchor anchor;
    struct timer trim; /* gives memory back after a burst */
    struct mail_client *mail;
    struct http_client *out; /* webhooks and ad servers */
    bool stopping, drained;
};

static int parse_port(const char *text, int *port)
{
    int v = 0;
    if (!*text) return -1;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9') return -1;
        v = v * 10 + (*p - '0');
        if (v > 65535) return -1;
    }
    *port = v;
    return 0;
}

/* HOST:PORT, with an IPv6 host in brackets. */
static int parse_listen(struct serve_options *o)
{
    const char *colon = strrchr(o->listen, ':');
    if (!colon || parse_port(colon + 1, &o->port)) return -1;
    o->host = (struct str){ o->listen, (size_t)(colon - o->listen) };
    if (o->host.n > 2 && o->host.p[0] == '[' && o->host.p[o->host.n - 1] == ']') {
        o->host = (struct str){ o->host.p + 1, o->host.n - 2 };
    }
    return o->host.n ? 0 : -1;
}

/* --allow-origin and --allow-host may be given several times. */
static bool take_name(struct cli_args *a, const char *option, struct str *list, size_t *n)
{
    const char *value;
    if (*n == WEB_POLICY_NAMES_MAX || !cli_option(a, option, &value)) return false;
    list[(*n)++] = str_from(value);
    return true;
}

static int parse_args(int argc, char **argv, struct serve_options *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    const char *data = NULL, *level = NULL, *clock = NULL;
    *o = (struct serve_options){ .listen = "localhost:8000", .clock = TIME_NONE };
    while (cli_more(&a)) {
        if (cli_flag(&a, "sandbox")) {
            o->sandbox = true;
        } else if (!cli_option(&a, "listen", &o->listen) && !cli_option(&a, "data", &data) &&
                   !cli_option(&a, "log", &level) && !cli_option(&a, "clock", &clock) &&
                   !cli_option(&a, "tls-cert", &o->tls_certificate) && !cli_option(&a, "tls-key", &o->tls_key) &&
                   !take_name(&a, "allow-origin", o->web.origins, &o->web.origins_n) &&
                   !take_name(&a, "allow-host", o->web.hosts, &o->web.hosts_n) &&
                   !take_name(&a, "trust-proxy", o->web.proxies, &o->web.proxies_n)) {
            return cli_error(CLI_USAGE, "serve: unexpected argument '%s'; salesagent serve --help", argv[a.i]);
        }
    }
    o->data = cli_data_dir(data);
    int listen_ok = parse_listen(o);
    o->web.loopback = host_is_loopback(o->host) || str_is(o->host, "::1");
    if (listen_ok) return cli_error(CLI_USAGE, "serve: --listen wants HOST:PORT, not '%s'", o->listen);
    if (!o->tls_certificate != !o->tls_key) {
        return cli_error(CLI_USAGE, "serve: --tls-cert and --tls-key belong together");
    }
    if (clock && !o->sandbox) return cli_error(CLI_USAGE, "serve: --clock is for --sandbox only");
    if (clock && rfc3339_parse(str_from(clock), &o->clock)) {
        return cli_error(CLI_USAGE, "serve: --clock wants a time such as 2026-03-09T14:30:00Z, not '%s'", clock);
    }
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    for (int i = 0; level && i <= (int)ARRAY_LEN(levels); i++) {
        if (i == (int)ARRAY_LEN(levels)) return cli_error(CLI_USAGE, "serve: --log is debug, info, warn or error");
        if (strcmp(level, levels[i]) != 0) continue;
        log_set_level((enum log_level)i);
        break;
    }
    return CLI_OK;
}

static void on_drained(void *arg)
{
    struct server *s = arg;
    s->drained = true;
    loop_uv_stop(&s->uv);
}

static void on_stopped(void *arg)
{
    struct server *s = arg;
    core_drain(&s->core, on_drained, s);
}

/* The first signal drains: requests in flight finish, calls out are ended. The second does not wait any longer. */
static void on_stop(void *arg)
{
    struct server *s = arg;
    if (s->stopping) {
        loop_uv_stop(&s->uv);
        return;
    }
    s->stopping = true;
    log_event(LOG_INFO, "serve", "stopping", NULL);
    http_server_stop(s->http, DRAIN_MS, on_stopped, s);
}

/* The environment of the documents on the first versions: rehearse everything, store nothing. */
static bool dry_run_asked(void)
{
    const char *v = getenv("ADCP_DRY_RUN");
    return v && (strcmp(v, "true") == 0 || strcmp(v, "1") == 0);
}

static void greet(const struct server *s, const struct serve_options *o)
{
    int port = http_server_port(s->http);
    bool v6 = memchr(o->host.p, ':', o->host.n) != NULL;
    cli_print("salesagent %s: %s%s\n", SALESAGENT_VERSION, o->sandbox ? "sandbox mode" : "production mode",
              dry_run_asked() ? ", dry run: nothing is stored" : "");
    cli_print("  MCP    %s://%s" STR_FMT "%s:%d/mcp\n", o->tls_key ? "https" : "http", v6 ? "[" : "", STR_ARG(o->host), v6 ? "]" : "", port);
    cli_print("  data   %s\n", o->data);
    struct err e;
    if (q_tenant_count(store_read(s->core.store), &e) == 0) {
        cli_print("  there is no publisher yet: salesagent import FILE --data %s\n", o->data);
    }
    if (o->sandbox && publisher_data_is_demo(s->core.store)) {
        cli_print("  token  %s   (demo buyer)\n", PUBLISHER_DEMO_TOKEN);
        cli_print("  try    curl -s http://" STR_FMT ":%d/mcp -H 'x-adcp-auth: %s' -H 'content-type: application/json' "
                     "-d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                     "\"get_products\",\"arguments\":{\"brief\":\"tech video\"}}}'\n",
                     STR_ARG(o->host), port, PUBLISHER_DEMO_TOKEN);
    }
    (void)fflush(stdout); /* the line a supervisor waits for; a closed pipe shows at the next write */
}

/* What a burst of large replies needed goes back to the kernel once it is over. */
static void on_trim(struct timer *t)
{
    struct server *s = CONTAINER_OF(t, struct server, trim);
    if (mallinfo2().fordblks > TRIM_ABOVE_BYTES) (void)malloc_trim(0); /* nothing to give back is fine too */
    timer_set(&s->loop, t, loop_now(&s->loop) + TRIM_INTERVAL);
}

static int start(struct server *s, const struct serve_options *o, struct err *e)
{
    struct http_client_options out = { .user_agent = STR("salesagent/" SALESAGENT_VERSION) };
    s->out = http_client_curl_create(&s->uv, &out);
    s->mail = mail_client_curl_create(&s->loop, STR_NONE);
    struct core_options co = {
        .database = s->dir.database, .secret = s->dir.secret, .sandbox = o->sandbox, .dry_run = dry_run_asked(), .web = o->web, .http = s->out,
        .mail = s->mail
    };
    if (core_start(&s->core, &s->loop, &co, e)) return -1;
    if (o->sandbox && publisher_data_add_demo(s->core.store, &s->loop, e)) return -1;
    struct http_server_options ho = { .host = o->host, .port = o->port, .unix_path = str_from(s->dir.socket),
                                      .tls_certificate = str_from(o->tls_certificate), .tls_key = str_from(o->tls_key) };
    return http_server_start(&s->uv, &ho, router_handle, &s->core.dispatcher, &s->http, e);
}

static int serve(int argc, char **argv)
{
    struct serve_options o;
    struct server s = { 0 };
    struct rng rng;
    struct err e;
    int rc = parse_args(argc, argv, &o);
    if (rc) return rc;
    arena_init(&s.arena);
    if (data_dir_open(&s.arena, o.data, &s.dir, &e) || data_dir_lock(&s.dir, &e)) {
        arena_finish(&s.arena);
        return cli_error(CLI_FAILED, "%s", e.message);
    }
    /* Request memory comes and goes in blocks of up to a few hundred kilobytes; giving them back to the kernel after
     * each request costs more in page faults than everything else about them. */
    (void)mallopt(M_MMAP_THRESHOLD, 64 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
    rng_init_system(&rng);
    loop_uv_init(&s.uv, &s.loop, rng);
    if (o.clock != TIME_NONE) s.uv.clock_offset = o.clock - loop_now(&s.loop);
    if (start(&s, &o, &e)) {
        /* Half started: the process ends here and the system takes the rest back. */
        return cli_error(CLI_FAILED, "%s", e.message);
    }
    loop_uv_on_stop(&s.uv, on_stop, &s);
    s.trim.fire = on_trim;
    timer_set(&s.loop, &s.trim, loop_now(&s.loop) + TRIM_INTERVAL);
    anchor_start(&s.anchor, &s.loop, s.core.store, s.dir.anchor);
    greet(&s, &o);
    loop_uv_run(&s.uv);
    timer_cancel(&s.loop, &s.trim);
    if (!s.drained) _exit(CLI_OK); /* told twice: what was under way is done again after the next start */
    while (store_committing(s.core.store)) loop_uv_turn(&s.uv);
    anchor_stop(&s.anchor);
    http_server_destroy(s.http);
    core_stop(&s.core);
    mail_client_curl_destroy(s.mail);
    http_client_curl_destroy(s.out);
    loop_uv_finish(&s.uv);
    data_dir_unlock(&s.dir);
    arena_finish(&s.arena);
    return CLI_OK;
}

const struct cli_command command_serve = {
    .name = "serve",
    .summary = "run the agent",
    .usage = "Usage: salesagent serve [--sandbox] [--listen HOST:PORT] [--data DIR] [--clock TIME]\n"
             "                        [--allow-host NAME]... [--allow-origin ORIGIN]... [--trust-proxy ADDR]...\n"
             "                        [--tls-cert FILE --tls-key FILE] [--log LEVEL]\n\n"
             "Serves MCP at /mcp, A2A at /a2a and REST at /api/v1 until SIGTERM or SIGINT.\n\n"
             "  --sandbox            for trying and testing: test headers and controls work, loopback webhooks are\n"
             "                       allowed, and an empty data directory gets a demo publisher\n"
             "  --listen HOST:PORT   default localhost:8000; port 0 lets the system choose\n"
             "  --data DIR           default $SALESAGENT_DATA, else ./data; made when missing\n"
             "  --clock TIME         sandbox: start the agent's clock at this RFC 3339 time and run on from there\n"
             "  --tls-cert FILE      serve https with this certificate chain (PEM) and\n"
             "  --tls-key FILE       this key, for those without a proxy in front\n"
             "  --allow-host NAME    answer to this host name too (a loopback listener answers to loopback names only)\n"
             "  --allow-origin URL   let pages of this origin call the agent from a browser\n"
             "  --trust-proxy ADDR   believe X-Forwarded-Host and -Proto of requests from this numeric address\n"
             "  --log LEVEL          debug, info (default), warn or error\n"
             "\nExit codes: 0 stopped as told, 1 it could not start, 2 wrong usage.\n",
    .run = serve,
};

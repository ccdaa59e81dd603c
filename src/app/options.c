#include "app/options.h"

#include <stdlib.h>

#include "cli/cli.h"
#include "net/url.h"

static void complain_if_too_many(struct config *c, enum config_id id)
{
    if (c->entries[id].n > WEB_POLICY_NAMES_MAX)
        config_complain(c, id, WEB_POLICY_NAMES_MAX, "at most %d", WEB_POLICY_NAMES_MAX);
}

static void take_names(struct config *c, enum config_id id, struct str *list, size_t *n)
{
    const struct config_entry *entry = &c->entries[id];
    complain_if_too_many(c, id);
    for (size_t i = 0; i < entry->n && i < WEB_POLICY_NAMES_MAX; i++) list[(*n)++] = str_from(entry->values[i].text);
}

static void read_web(struct serve_options *o)
{
    struct config *c = &o->config;
    take_names(c, CONFIG_ALLOW_ORIGIN, o->web.origins, &o->web.origins_n);
    take_names(c, CONFIG_ALLOW_HOST, o->web.hosts, &o->web.hosts_n);
    take_names(c, CONFIG_TRUST_PROXY, o->web.proxies, &o->web.proxies_n);
    o->web.sandbox = o->sandbox;
    memcpy(o->web.sites, o->listens.sites, sizeof(o->web.sites));
    o->web.sites_n = o->listens.sites_n;
    for (size_t i = 0; i < o->web.hosts_n; i++) {
        struct str host = o->web.hosts[i];
        o->web.hosts[i] = host_without_port(host);
    }
}

static void read_clock(struct serve_options *o)
{
    const char *text = config_text(&o->config, CONFIG_CLOCK);
    o->clock = TIME_NONE;
    if (!text) return;
    if (!o->sandbox) config_complain(&o->config, CONFIG_CLOCK, 0, "is for a sandbox only");
    else if (rfc3339_parse(str_from(text), &o->clock)) {
        config_complain(&o->config, CONFIG_CLOCK, 0, "a time such as 2026-03-09T14:30:00Z is wanted, not '%s'", text);
    }
}

static void read_tls(struct serve_options *o)
{
    struct config *c = &o->config;
    o->tls_certificate = str_from(config_text(c, CONFIG_TLS_CERT));
    o->tls_key = str_from(config_text(c, CONFIG_TLS_KEY));
    if (!o->tls_certificate.n == !o->tls_key.n) return;
    config_complain(c, o->tls_certificate.n ? CONFIG_TLS_CERT : CONFIG_TLS_KEY, 0,
                    "tls_cert and tls_key belong together");
}

/* The environment of the documents on the first versions: rehearse everything, store nothing. */
static bool dry_run_asked(void)
{
    const char *v = getenv("ADCP_DRY_RUN");
    return v && (strcmp(v, "true") == 0 || strcmp(v, "1") == 0);
}

static enum log_level level_named(const char *name)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        if (strcmp(name, levels[i]) == 0) return (enum log_level)i;
    }
    return LOG_INFO; /* the table of settings admits no other */
}

/* "03:15" -> 195; -1 when it is no time of a day. */
static int minute_of_day(const char *text)
{
    bool shaped = strlen(text) == 5 && text[2] == ':';
    for (int i = 0; shaped && i < 5; i++) shaped = i == 2 || (text[i] >= '0' && text[i] <= '9');
    if (!shaped) return -1;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour < 24 && minute < 60 ? hour * 60 + minute : -1;
}

static void read_backup(struct serve_options *o)
{
    struct config *c = &o->config;
    int minute = minute_of_day(config_text(c, CONFIG_BACKUP_AT));
    if (minute < 0) config_complain(c, CONFIG_BACKUP_AT, 0, "is a time of the day in UTC, as 03:15");
    o->backup = (struct backup_options){ .folder = config_text(c, CONFIG_BACKUP_FOLDER),
                                         .minute = minute,
                                         .keep = (int)config_number(c, CONFIG_BACKUP_KEEP) };
}

/* The provider vouches for people: its address is https, and only in a sandbox that of this machine. */
static void read_openid(struct serve_options *o)
{
    struct config *c = &o->config;
    struct url url;
    struct err e;
    const char *label = config_text(c, CONFIG_OPENID_LABEL);
    o->openid = (struct openid_settings){ .issuer = str_from(config_text(c, CONFIG_OPENID_ISSUER)),
                                          .client_id = str_from(config_text(c, CONFIG_OPENID_CLIENT_ID)),
                                          .client_secret = str_from(config_text(c, CONFIG_OPENID_CLIENT_SECRET)),
                                          .label = str_from(label) };
    if (!o->openid.issuer.n && o->openid.client_id.n)
        config_complain(c, CONFIG_OPENID_CLIENT_ID, 0, "says nothing without openid_issuer");
    if (!o->openid.issuer.n) return;
    if (url_parse(o->openid.issuer, &url, &e) || memchr(o->openid.issuer.p, '?', o->openid.issuer.n))
        config_complain(c, CONFIG_OPENID_ISSUER, 0, "is the issuer's URL, as https://id.example");
    else if (url.scheme != URL_HTTPS && !(o->sandbox && url_allowed(o->openid.issuer, HTTP_REACH_LOOPBACK, &e) == 0))
        config_complain(c, CONFIG_OPENID_ISSUER, 0, "is an https URL; http is for this machine, in a sandbox");
    if (!o->openid.client_id.n)
        config_complain(c, CONFIG_OPENID_ISSUER, 0,
                        "wants openid_client_id, too: the name that the provider has for this agent");
}

void options_settle(struct serve_options *out)
{
    struct config *c = &out->config;
    out->web = (struct web_policy){ 0 };
    out->data = config_text(c, CONFIG_DATA);
    out->sandbox = config_is_on(c, CONFIG_SANDBOX);
    out->dry_run = config_is_on(c, CONFIG_DRY_RUN) || dry_run_asked();
    struct listens_input li = { c, out->passed, out->passed_n, out->sandbox };
    listens_read(&li, &out->listens);
    read_web(out);
    read_clock(out);
    read_tls(out);
    out->limits = (struct http_server_limits){ (size_t)config_number(c, CONFIG_MAX_CONNECTIONS),
                                               (size_t)config_number(c, CONFIG_MAX_BODY),
                                               (size_t)config_number(c, CONFIG_MAX_MEMORY) };
    out->kept_bytes = (size_t)config_number(c, CONFIG_KEEP_ANSWERS);
    out->drain_ms = (int)config_number(c, CONFIG_DRAIN) * 1000;
    out->metrics_token = str_from(config_text(c, CONFIG_METRICS_TOKEN));
    const char *level = config_text(c, CONFIG_LOG), *format = config_text(c, CONFIG_LOG_FORMAT);
    read_backup(out);
    read_openid(out);
    out->new_secret = config_is_on(c, CONFIG_NEW_SECRET);
    out->no_jobs = config_is_on(c, CONFIG_NO_JOBS);
    out->record = config_text(c, CONFIG_RECORD);
    out->log = (struct log_options){ .level = level ? level_named(level) : LOG_INFO,
                                     .format = format && strcmp(format, "json") == 0 ? LOG_JSON : LOG_LOGFMT,
                                     .per_second = (int)config_number(c, CONFIG_LOG_RATE),
                                     .buffered = true };
}

void options_read(struct arena *a, const struct config_input *in, const struct passed_socket *passed, size_t passed_n,
                  struct serve_options *out)
{
    *out = (struct serve_options){ .passed = passed, .passed_n = passed_n };
    config_load(a, in, &out->config);
    options_settle(out);
}

int options_report(const char *command, const struct config *c)
{
    int code = CLI_OK;
    for (size_t i = 0; i < c->issues_n; i++) {
        bool own = c->issues[i].place == CONFIG_IN_OPTIONS;
        code = own || code == CLI_USAGE ? CLI_USAGE : CLI_FAILED;
        (void)cli_error(code, "%s%s%s", own ? command : "", own ? ": " : "",
                        c->issues[i].text); /* gives the code back */
    }
    return code;
}

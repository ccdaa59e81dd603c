/* The settings as `serve` uses them: read, checked against each other, typed. */
#pragma once

#include "app/listens.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "protocols/openid.h"

struct serve_options {
    struct config config;
    const struct passed_socket *passed;
    size_t passed_n;
    const char *data;
    bool sandbox, dry_run;
    bool new_secret; /* a lost secret.key is made anew */
    bool no_jobs;    /* nothing is sent as long as this process runs */
    const char *record; /* a file; NULL: nothing is recorded */
    int64_t clock; /* where a sandbox's clock starts; TIME_NONE: now */
    struct listens listens;
    struct web_policy web;
    struct str tls_certificate, tls_key;
    struct http_server_limits limits;
    size_t kept_bytes; /* of answers that are kept; 0: none is */
    int drain_ms;
    struct str metrics_token; /* empty: none */
    struct openid_settings openid; /* without an issuer: none */
    struct log_options log;
    struct backup_options {
        const char *folder; /* NULL: none are made */
        int minute;         /* of the day, UTC */
        int keep;
    } backup;
};

/* Reads all places (cli/config.h). Everything of *out is in the arena. What is wrong is in
 * out->config.issues; the rest is then not to be used. */
void options_read(struct arena *a, const struct config_input *in, const struct passed_socket *passed, size_t passed_n,
                  struct serve_options *out);

/* The typed part again, after o->config was changed. */
void options_settle(struct serve_options *o);

/* Prints the issues, one a line, to standard error. CLI_OK when there are none, CLI_USAGE when one is about
 * the command's own options, else CLI_FAILED. */
int options_report(const char *command, const struct config *c);

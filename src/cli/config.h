/* The settings of the program: one table of names, four places a value may come from, the later counts:
 *
 *     preset  <  /etc/salesagent/salesagent.conf  <  environment  <  options of the command
 *                tls_cert=/etc/...                   SALESAGENT_TLS_CERT    --tls-cert
 *
 * The file holds KEY=VALUE lines (base/env_file.h); $SALESAGENT_CONFIG or --config names another one, and an
 * empty $SALESAGENT_CONFIG none. A list may be given several times or with commas; the highest place that
 * names it gives all of it. No value at all gives the preset back (a variable without value counts as not
 * there). A switch is yes or no. A secret is never an option's value (others see those): it is in a file that
 * NAME_FILE (--name-file) names, or in the service manager's credential of that name
 * ($CREDENTIALS_DIRECTORY). A path may be such a credential, too.
 *
 * What cannot be understood is an issue that says where it stands; all of them are found in one go. */
#pragma once

#include "base/arena.h"

#define CONFIG_FILE_DEFAULT "/etc/salesagent/salesagent.conf"
#define CONFIG_ISSUES_MAX   32
#define CONFIG_LIST_MAX     64

enum config_id {
    CONFIG_DATA,
    CONFIG_SANDBOX,
    CONFIG_DRY_RUN,
    CONFIG_CLOCK,
    CONFIG_NEW_SECRET,
    CONFIG_LISTEN,
    CONFIG_TLS_CERT,
    CONFIG_TLS_KEY,
    CONFIG_ALLOW_HOST,
    CONFIG_ALLOW_ORIGIN,
    CONFIG_TRUST_PROXY,
    CONFIG_MAX_CONNECTIONS,
    CONFIG_MAX_BODY,
    CONFIG_MAX_MEMORY,
    CONFIG_KEEP_ANSWERS,
    CONFIG_DRAIN,
    CONFIG_METRICS_TOKEN,
    CONFIG_OPENID_ISSUER,
    CONFIG_OPENID_CLIENT_ID,
    CONFIG_OPENID_CLIENT_SECRET,
    CONFIG_OPENID_LABEL,
    CONFIG_BACKUP_FOLDER,
    CONFIG_BACKUP_AT,
    CONFIG_BACKUP_KEEP,
    CONFIG_NO_JOBS,
    CONFIG_RECORD,
    CONFIG_LOG,
    CONFIG_LOG_FORMAT,
    CONFIG_LOG_RATE,
    CONFIG_N
};

enum config_kind { CONFIG_TEXT, CONFIG_PATH, CONFIG_SWITCH, CONFIG_NUMBER, CONFIG_BYTES, CONFIG_SECONDS, CONFIG_WORD };

enum { CONFIG_IS_LIST = 1, CONFIG_IS_SECRET = 2, CONFIG_RELOADS = 4, CONFIG_CREDENTIAL = 8 };

struct config_key {
    const char *name; /* as in files: "tls_cert" */
    enum config_kind kind;
    unsigned flags;
    const char *value;  /* what a value looks like, for --help: "FILE"; NULL for a switch */
    const char *preset; /* NULL: unset */
    int64_t min, max;   /* of numbers, bytes and seconds */
    const char *words;  /* of CONFIG_WORD, between blanks */
    const char *help;   /* lower case, no full stop; lines are broken by '\n' */
};

extern const struct config_key config_keys[CONFIG_N];

enum config_place { CONFIG_PRESET, CONFIG_IN_FILE, CONFIG_IN_ENVIRONMENT, CONFIG_IN_OPTIONS };

struct config_value {
    const char *text;
    const char *source; /* "default", "/etc/salesagent/salesagent.conf:3", "SALESAGENT_DATA", "--data",
                           "credential tls_key" */
    int64_t number;     /* of numbers, bytes and seconds; 1 for a switch that is on */
};

struct config_entry {
    enum config_place place;
    struct config_value *values;
    size_t n;
};

struct config_issue {
    enum config_place place;
    const char *text; /* a sentence that begins with where it stands */
};

struct config {
    struct arena *arena;
    const char *file; /* that was read; NULL: none */
    struct config_entry entries[CONFIG_N];
    struct config_issue issues[CONFIG_ISSUES_MAX];
    size_t issues_n;
};

struct config_input {
    char *const *environment; /* NULL-terminated "NAME=value" */
    int argc;                 /* options begin at argv[1]; 0: none */
    char *const *argv;
};

/* Reads all places. Everything of *out is in the arena. Look at out->issues_n. */
void config_load(struct arena *a, const struct config_input *in, struct config *out);

/* Adds an issue about a value that was read: "tls_cert (from SALESAGENT_TLS_CERT): ...". */
void config_complain(struct config *c, enum config_id id, size_t at, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The value of a setting that is no list; NULL (0, false) when it is unset. */
const char *config_text(const struct config *c, enum config_id id);
int64_t config_number(const struct config *c, enum config_id id);
bool config_is_on(const struct config *c, enum config_id id);
bool config_is_set(const struct config *c, enum config_id id); /* by somebody: not the preset */

/* True when both have the same values, wherever they come from. */
bool config_same(const struct config *a, const struct config *b, enum config_id id);

/* The value of `id` becomes that of `from`. */
void config_keep(struct config *c, const struct config *from, enum config_id id);

/* "--tls-cert FILE" and so on with their help, for the --help of commands that take all of them. */
void config_print_options(void);

/* The data directory of a command: the option, else as configured, else "data". */
const char *config_data_dir(const char *option);
/* Is the agent configured to run as a sandbox, by file or environment? */
bool config_sandbox(void);

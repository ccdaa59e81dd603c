#include "app/command/secrets_command.h"

#include "app/command/database_command.h"
#include "domain/core/ad_server.h"
#include "domain/core/seal_renew.h"
#include "store/q/agent/q_sign_in.h"

/* What is done, and what came of it. */
struct secrets_work {
    struct opened data;
    struct sealing sealing;
    struct ad_server_row *rows;
    size_t rows_n;
    struct sign_in_row *people;
    size_t people_n;
};

static int seal_all(struct tx *tx, void *arg, struct err *e)
{
    struct secrets_work *w = arg;
    return seal_renew(tx, &w->data.arena, loop_now(&w->data.loop), &w->sealing, e);
}

static int load_rows(struct secrets_work *w, struct err *e)
{
    struct tx *tx = store_read(w->data.store);
    return q_ad_server_list(tx, &w->data.arena, STR_NONE, &w->rows, &w->rows_n, e) ||
                   q_sign_in_list(tx, &w->data.arena, STR_NONE, &w->people, &w->people_n, e)
               ? -1
               : 0;
}

static size_t sealed_with(const struct secrets_work *w, int64_t version)
{
    size_t n = 0;
    for (size_t i = 0; i < w->rows_n; i++) n += seal_version(w->rows[i].settings) == version;
    for (size_t i = 0; i < w->people_n; i++) n += seal_version(w->people[i].totp_key) == version;
    return n;
}

/* The key is in the file before anything is sealed with it: a process that is stopped in between has lost nothing. */
static int rotate(struct secrets_work *w, struct err *e)
{
    struct store_keys *keys = &w->data.seal_keys.keys;
    struct seal_ring ring = keys->ring;
    if (seal_ring_grow(&ring)) {
        (void)err_set(e, "INVALID_STATE", "There are %d keys, and no room for another.", SEAL_KEYS_MAX);
        return err_suggest(e, "salesagent secrets forget removes those that seal nothing any more.");
    }
    return keys->save(keys, &ring, e) || store_write_now(w->data.store, seal_all, w, e) ? -1 : 0;
}

/* Only keys that nothing is sealed with go. */
static int forget(struct secrets_work *w, struct err *e)
{
    struct store_keys *keys = &w->data.seal_keys.keys;
    struct seal_ring ring = keys->ring;
    for (size_t i = 0; i + 1 < ring.n; i++) {
        size_t used = sealed_with(w, ring.keys[i].version);
        if (used == 0) continue;
        (void)err_set(e, "INVALID_STATE", "Key %lld still seals %zu credential%s.", (long long)ring.keys[i].version,
                      used, used == 1 ? "" : "s");
        return err_suggest(e, "Run salesagent secrets rotate first.");
    }
    seal_ring_forget(&ring);
    return keys->save(keys, &ring, e);
}

static void print_keys(const struct secrets_work *w, bool json)
{
    const struct seal_ring *ring = &w->data.seal_keys.keys.ring;
    if (json) cli_print("{\"keys\":[");
    for (size_t i = 0; i < ring->n; i++) {
        long long version = (long long)ring->keys[i].version;
        size_t used = sealed_with(w, ring->keys[i].version);
        bool newest = i + 1 == ring->n;
        if (json) {
            cli_print("%s{\"version\":%lld,\"seals\":%zu,\"newest\":%s}", i ? "," : "", version, used,
                      newest ? "true" : "false");
        } else {
            cli_print("key %-6lld seals %zu%s\n", version, used,
                      newest ? "  (the newest: what is written from now on)" : "");
        }
    }
    if (json) cli_print("]}\n");
}

static int work(struct secrets_work *w, const char *verb, struct err *e)
{
    if (strcmp(verb, "rotate") == 0 && rotate(w, e)) return -1;
    if (load_rows(w, e)) return -1;
    return strcmp(verb, "forget") == 0 ? forget(w, e) : 0;
}

static int secrets(const char *verb, const char *data, bool json)
{
    struct secrets_work w = { .rows_n = 0 };
    struct err e;
    int rc = CLI_OK;
    if (database_open(&w.data, data, /* make= */ false, &e) || work(&w, verb, &e)) {
        rc = cli_error(CLI_FAILED, "%s%s%s", e.message, e.suggestion[0] ? " " : "", e.suggestion);
    } else {
        print_keys(&w, json);
        if (w.sealing.unreadable)
            rc = cli_error(CLI_FAILED, "%zu credentials do not open with any key, and stay as they are.",
                           w.sealing.unreadable);
    }
    database_close(&w.data);
    return rc;
}

static int run(int argc, char **argv)
{
    static const char *const verbs[] = { "list", "rotate", "forget" };
    const char *data = NULL, *verb = NULL;
    bool json = false, known = false;
    struct cli_args a = cli_args_start(argc, argv);
    while (cli_more(&a) && !a.bad) {
        if (cli_flag(&a, "json")) {
            json = true;
        } else if (!cli_option(&a, "data", &data)) {
            const char *word = cli_positional(&a);
            if (!word || verb) return cli_error(CLI_USAGE, "secrets: unexpected argument '%s'", a.bad ? a.bad : word);
            verb = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "secrets: unexpected argument '%s'", a.bad);
    for (size_t i = 0; verb && i < ARRAY_LEN(verbs); i++) known = known || strcmp(verb, verbs[i]) == 0;
    if (!known) return cli_error(CLI_USAGE, "secrets: list, rotate or forget?");
    return secrets(verb, data, json);
}

const struct cli_command command_secrets = {
    .name = "secrets",
    .summary = "the keys that seal credentials",
    .words = "list rotate forget",
    .usage =
        "Usage: salesagent secrets list|rotate|forget [--data DIR] [--json]\n\n"
        "The settings of ad servers, and the keys of people's authenticator apps, are sealed in the database\n"
        "(AES-256-GCM); the keys are in " SEAL_KEYS_FILE " beside it.\n\n"
        "  list         the keys, and how many credentials each of them seals\n"
        "  rotate       makes a new key and seals everything with it; a running agent notices by itself. Older keys stay,\n"
        "               because backups are sealed with them\n"
        "  forget       removes the keys that seal nothing any more. A backup from before does not open then\n"
        "  --data DIR   default $SALESAGENT_DATA, else ./data\n"
        "  --json       print the keys' versions as JSON; never the keys\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = run,
};

/* The command `backup`. */
#include "app/backup/backup.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "app/backup/backup_file.h"
#include "app/data_dir.h"
#include "base/rfc3339.h"
#include "cli/config.h"

struct backup_args {
    const char *data, *file;
    bool json, check;
};

static int parse(int argc, char **argv, struct backup_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    *o = (struct backup_args){ 0 };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            o->json = true;
        } else if (cli_flag(&a, "check")) {
            o->check = true;
        } else if (!cli_option(&a, "data", &o->data)) {
            const char *word = cli_positional(&a);
            if (!word || o->file) return cli_error(CLI_USAGE, "backup: unexpected argument '%s'", a.bad ? a.bad : word);
            o->file = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "backup: unexpected argument '%s'", a.bad);
    return o->file ? CLI_OK : cli_error(CLI_USAGE, "backup: into which file?");
}

static int check(struct arena *a, const struct backup_args *o)
{
    struct store_facts f;
    struct err e;
    bool manifest;
    if (backup_file_check(a, o->file, &f, &manifest, &e)) return cli_error(CLI_FAILED, "%s", e.message);
    if (f.newer.n)
        return cli_error(CLI_FAILED, "it was written by a newer version (it has " STR_FMT ")", STR_ARG(f.newer));
    cli_print(o->json ? "{\"whole\":true,\"manifest\":%s,\"publishers\":%lld,\"audit_seq\":%lld}\n"
                      : "whole%s; %lld publishers, %lld rows of the audit trail\n",
              o->json ? (manifest ? "true" : "false") : (manifest ? ", as its manifest says" : ", without a manifest"),
              (long long)f.publishers, (long long)f.audit_seq);
    return CLI_OK;
}

/* Ctrl-C and the like are looked for while the copy is made, so that no part of it stays behind; a second one ends it at once
 * no more than the first does. */
static void hold_signals_back(void)
{
    sigset_t held;
    (void)sigemptyset(&held); /* none of these can fail with such arguments */
    (void)sigaddset(&held, SIGINT);
    (void)sigaddset(&held, SIGTERM);
    (void)sigaddset(&held, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &held, NULL);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
}

static int backup_run(int argc, char **argv)
{
    struct backup_args o;
    struct backup_made made;
    struct arena arena;
    struct err e;
    int rc = parse(argc, argv, &o);
    if (rc) return rc;
    arena_init(&arena);
    (void)umask(S_IRWXG | S_IRWXO); /* credentials are in there */
    if (o.check) {
        rc = check(&arena, &o);
    } else {
        const char *database = arena_printf(&arena, "%s/" DATA_DIR_DATABASE, config_data_dir(o.data)).p;
        hold_signals_back();
        int64_t now = (int64_t)time(NULL) * USEC_PER_SEC; /* when it was made is a matter of the world's clock */
        if (backup_file_write(&arena, database, o.file, now, &made, &e)) rc = cli_error(CLI_FAILED, "%s", e.message);
        else cli_print(o.json ? "{\"bytes\":%lld}\n" : "%lld bytes, read through and whole\n", (long long)made.bytes);
    }
    arena_finish(&arena);
    return rc;
}

const struct cli_command command_backup = {
    .name = "backup",
    .summary = "copy the database to a file while the agent runs",
    .usage =
        "Usage: salesagent backup FILE [--check] [--data DIR] [--json]\n\n"
        "Copies the whole database, as it is at one moment, into the new FILE, reads the copy through, and writes\n"
        "FILE.json beside it: when it was made, by which version, and how it and the audit trail end. The agent goes on\n"
        "meanwhile. secret.key and seal.keys are not in the copy: keep them elsewhere. salesagent restore puts a copy in place; the\n"
        "settings backup_folder, backup_at and backup_keep have the agent make one each day.\n\n"
        "  --check        read FILE through and compare it with its manifest, and copy nothing\n"
        "  --json         print what was found as JSON\n"
        "  --data DIR     the agent's data directory (default: as configured, else ./data)\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = backup_run,
};

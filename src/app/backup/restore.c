/* Restoring, step by step, so that at any moment either the old database or the new one is in place:
 *
 *     check FILE and its manifest --> copy it beside the database --> look for secret.key
 *       --> take the data directory's lock (no agent runs) --> hold its jobs, and say so in its audit trail
 *       --> move the old database aside --> put the copy in place, without the old log and anchor */
#include "app/backup/restore.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/backup/backup_file.h"
#include "app/data_dir.h"
#include "base/rfc3339.h"
#include "cli/config.h"
#include "contract/json.h"
#include "domain/core/audit.h"
#include "run/loop_uv.h"
#include "store/q/agent/q_job_hold.h"
#include "store/store.h"

struct restore_args {
    const char *data, *file;
    bool json, check, new_secret;
};

struct restoring {
    struct arena arena;
    struct loop loop;
    struct loop_uv uv;
    struct data_dir dir;
    const struct restore_args *args;
    struct store_facts facts;
    bool has_manifest;
    const char *aside; /* the new database until it is in place */
    const char *kept;  /* where the old one went; NULL: there was none */
    int64_t now;
};

/* --- the copy ----------------------------------------------------------------------------------------------- */

static int hold_jobs(struct tx *tx, void *arg, struct err *e)
{
    struct restoring *r = arg;
    const struct job_hold hold = { .since = r->now,
                                   .actor = STR("operator:restore"),
                                   .why = STR("restored from a backup") };
    struct tenant nobody = { .tenant_id = STR("system") };
    struct act act = { .tx = tx,
                       .arena = &r->arena,
                       .rng = &r->loop.rng,
                       .now = r->now,
                       .tenant = &nobody,
                       .actor = hold.actor,
                       .origin = STR("cli") };
    yyjson_mut_doc *doc = json_doc_new(&r->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_i64(doc, root, "audit_seq", r->facts.audit_seq);
    json_add_str_opt(doc, root, "audit_hash", r->facts.audit_hash);
    struct audit_entry entry = { .action = "database.restored",
                                 .subject = STR("database"),
                                 .doc = json_write(&r->arena, root) };
    return q_job_hold_begin(tx, &hold, e) < 0 ? -1 : audit_add(&act, &entry, e);
}

/* Opening it migrates it, too; nobody else has it yet. */
static int prepare(struct restoring *r, struct err *e)
{
    struct store *store;
    const struct store_options so = { .path = r->aside, .secret = r->dir.secret };
    if (store_open(&r->loop, &so, &store, e)) return -1;
    int rc = store_write_now(store, hold_jobs, r, e);
    store_close(store);
    return rc;
}

/* --- in place ----------------------------------------------------------------------------------------------- */

static int failed(struct err *e, const char *what, const char *path)
{
    return err_set(e, "CONFIGURATION_ERROR", "%s %s: %s.", path, what, strerror(errno));
}

static int remove_if_there(const char *path, struct err *e)
{
    return unlink(path) && errno != ENOENT ? failed(e, "cannot be removed", path) : 0;
}

/* With the log beside it: it may hold commits that are not in the file yet. */
static int keep_old(struct restoring *r, struct err *e)
{
    static const char *const parts[] = { "-wal", "-shm", "" };
    char at[RFC3339_MAX];
    if (access(r->dir.database, F_OK)) return 0;
    (void)rfc3339_print(r->now, RFC3339_SECONDS, at);
    r->kept = arena_printf(&r->arena, "%s.before-restore-%s", r->dir.database, at).p;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *from = arena_printf(&r->arena, "%s%s", r->dir.database, parts[i]).p;
        const char *to = arena_printf(&r->arena, "%s%s", r->kept, parts[i]).p;
        if (rename(from, to) && errno != ENOENT) return failed(e, "cannot be moved aside", from);
    }
    return 0;
}

static int put_in_place(struct restoring *r, struct err *e)
{
    if (sync_file(r->aside)) return failed(e, "cannot be written", r->aside);
    if (keep_old(r, e) || remove_if_there(r->dir.anchor, e)) return -1;
    if (rename(r->aside, r->dir.database) || sync_folder_of(&r->arena, r->dir.database))
        return failed(e, "cannot be put in place", r->dir.database);
    return 0;
}

/* --- the command -------------------------------------------------------------------------------------------- */

static int check(struct restoring *r, struct err *e)
{
    if (backup_file_check(&r->arena, r->args->file, &r->facts, &r->has_manifest, e)) return -1;
    if (!r->facts.newer.n) return 0;
    return err_set(e, "CONFIGURATION_ERROR",
                   "%s was written by a newer version (it has " STR_FMT "); install that version, or a later one.",
                   r->args->file, STR_ARG(r->facts.newer));
}

/* FILE may be readable for root only; everything after this is done by whoever the folder belongs to. */
static int copy(struct restoring *r, const char *folder, struct err *e)
{
    struct stat st;
    if (mkdir(folder, 0700) && errno != EEXIST) return failed(e, "cannot be made", folder);
    (void)unlink(r->aside); /* left by a restore that did not finish */
    if (store_copy(r->args->file, r->aside, NULL, e)) return -1;
    if (geteuid() == 0 && (stat(folder, &st) || chown(r->aside, st.st_uid, st.st_gid)))
        return failed(e, "cannot be given to its owner", r->aside);
    return data_dir_become_owner(folder, e);
}

static int restore(struct restoring *r, struct err *e)
{
    enum data_dir_secret secret = r->args->new_secret ? DATA_DIR_NEW_SECRET : DATA_DIR_OWN_SECRET;
    const char *folder = config_data_dir(r->args->data);
    if (check(r, e)) return -1;
    if (r->args->check) return 0;
    r->dir.lock_fd = -1;
    r->aside = arena_printf(&r->arena, "%s/" DATA_DIR_DATABASE ".restoring-%ld", folder, (long)getpid()).p;
    int rc = copy(r, folder, e) || data_dir_open(&r->arena, folder, secret, &r->dir, e) || data_dir_lock(&r->dir, e) ||
                     prepare(r, e) || put_in_place(r, e)
                 ? -1
                 : 0;
    if (rc) (void)unlink(r->aside); /* the old database is as it was, or beside it and named */
    data_dir_unlock(&r->dir);
    return rc;
}

static void report(const struct restoring *r)
{
    const struct store_facts *f = &r->facts;
    if (r->args->json) {
        cli_print("{\"restored\":%s,\"manifest\":%s,\"publishers\":%lld,\"audit_seq\":%lld}\n",
                  r->args->check ? "false" : "true", r->has_manifest ? "true" : "false", (long long)f->publishers,
                  (long long)f->audit_seq);
        return;
    }
    cli_print("%s is whole%s: %lld publisher%s, %lld rows of the audit trail\n", r->args->file,
              r->has_manifest ? " and as its manifest says" : "; it has no manifest", (long long)f->publishers,
              f->publishers == 1 ? "" : "s", (long long)f->audit_seq);
    if (r->args->check) return;
    cli_print("it is in place in %s", r->dir.path);
    if (r->kept) cli_print("; the database that was there is now %s", r->kept);
    cli_print("\njobs are held: nothing is sent to buyers, ad servers and people until somebody says\n"
              "  salesagent jobs release\n");
}

static int parse(int argc, char **argv, struct restore_args *o)
{
    struct cli_args a = cli_args_start(argc, argv);
    *o = (struct restore_args){ 0 };
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            o->json = true;
        } else if (cli_flag(&a, "check")) {
            o->check = true;
        } else if (cli_flag(&a, "new-secret")) {
            o->new_secret = true;
        } else if (!cli_option(&a, "data", &o->data)) {
            const char *word = cli_positional(&a);
            if (!word || o->file)
                return cli_error(CLI_USAGE, "restore: unexpected argument '%s'", a.bad ? a.bad : word);
            o->file = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "restore: unexpected argument '%s'", a.bad);
    return o->file ? CLI_OK : cli_error(CLI_USAGE, "restore: which file?");
}

static int restore_run(int argc, char **argv)
{
    struct restore_args args;
    struct restoring r = { .args = &args };
    struct rng rng;
    struct err e;
    int rc = parse(argc, argv, &args);
    if (rc) return rc;
    (void)umask(S_IRWXG | S_IRWXO); /* credentials are in there */
    arena_init(&r.arena);
    rng_init_system(&rng);
    loop_uv_init(&r.uv, &r.loop, rng);
    r.now = loop_now(&r.loop);
    if (restore(&r, &e)) rc = cli_failed(&e);
    else report(&r);
    loop_uv_finish(&r.uv);
    arena_finish(&r.arena);
    return rc;
}

const struct cli_command command_restore = {
    .name = "restore",
    .summary = "put a backup in the place of the database",
    .usage =
        "Usage: salesagent restore FILE [--check] [--new-secret] [--data DIR] [--json]\n\n"
        "Reads FILE, made by salesagent backup, through, compares it with its manifest and puts a copy of it into the data\n"
        "directory; a database that is there is kept beside it. No agent may be running there, and FILE may not be of a\n"
        "newer version. Its jobs are held: nothing is sent until salesagent jobs release, so that a copy does not speak\n"
        "to buyers beside the agent it was taken from.\n\n"
        "  --check        check FILE only\n"
        "  --new-secret   there is no secret.key any more: make a new one. Links and seals of the old one are void\n"
        "  --data DIR     the agent's data directory (default: as configured, else ./data)\n"
        "  --json         print what was done as JSON\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = restore_run,
};

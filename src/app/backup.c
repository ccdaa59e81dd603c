#include "app/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/data_dir.h"
#include "store/store.h"

/* A file is there after a power cut when its directory has been synced, too. */
static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int rc = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0) (void)close(fd); /* it was synced, or the failure is reported */
    return rc;
}

static int sync_folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = !slash ? "." : slash == path ? "/" : arena_printf(a, "%.*s", (int)(slash - path), path).p;
    return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

/* What a backup that was killed has left: FILE.PID.part of a process that is no more. */
static void remove_old_parts(struct arena *a, const char *file)
{
    glob_t found;
    size_t name = strlen(file);
    if (glob(arena_printf(a, "%s.*.part", file).p, GLOB_NOSORT, NULL, &found)) return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        long pid = 0;
        if (sscanf(found.gl_pathv[i] + name, ".%9ld.part", &pid) != 1 || pid <= 0) continue;
        if (kill((pid_t)pid, 0) && errno == ESRCH) (void)unlink(found.gl_pathv[i]); /* the next one tries again */
    }
    globfree(&found);
}

/* Written aside and linked into place, so that FILE is a whole backup or is not there, and none is overwritten. */
static int write_backup(struct arena *a, const char *database, const char *file)
{
    struct err e;
    const char *aside = arena_printf(a, "%s.%ld.part", file, (long)getpid()).p;
    if (access(file, F_OK) == 0)
        return cli_error(CLI_FAILED, "%s is there already; a backup is never overwritten", file);
    remove_old_parts(a, file);
    int rc = store_copy(database, aside, &e) ? cli_error(CLI_FAILED, "%s", e.message) : CLI_OK;
    if (rc == CLI_OK && (sync_path(aside, O_RDWR) || link(aside, file) || sync_folder_of(a, file))) {
        rc = cli_error(CLI_FAILED, "%s cannot be written: %s", file, strerror(errno));
    }
    (void)unlink(aside); /* the link remains */
    return rc;
}

static int backup_run(int argc, char **argv)
{
    const char *data = NULL, *file = NULL;
    bool json = false;
    struct cli_args a = cli_args_start(argc, argv);
    while (cli_more(&a)) {
        if (cli_flag(&a, "json")) {
            json = true;
        } else if (!cli_option(&a, "data", &data)) {
            const char *word = cli_positional(&a);
            if (!word || file) return cli_error(CLI_USAGE, "backup: unexpected argument '%s'", a.bad ? a.bad : word);
            file = word;
        }
    }
    if (a.bad) return cli_error(CLI_USAGE, "backup: unexpected argument '%s'", a.bad);
    if (!file) return cli_error(CLI_USAGE, "backup: into which file?");
    struct arena arena;
    struct stat st;
    arena_init(&arena);
    (void)umask(S_IRWXG | S_IRWXO); /* credentials are in there */
    const char *database = arena_printf(&arena, "%s/" DATA_DIR_DATABASE, cli_data_dir(data)).p;
    int rc = write_backup(&arena, database, file);
    if (rc == CLI_OK && stat(file, &st) == 0) {
        cli_print(json ? "{\"bytes\":%lld}\n" : "%lld bytes, read through and whole\n", (long long)st.st_size);
    }
    arena_finish(&arena);
    return rc;
}

const struct cli_command command_backup = {
    .name = "backup",
    .summary = "copy the database to a file while the agent runs",
    .usage =
        "Usage: salesagent backup FILE\n\n"
        "Copies the whole database, as it is at one moment, into the new FILE and reads the copy through. The agent\n"
        "goes on meanwhile. To restore it, stop the agent, put FILE in the place of " DATA_DIR_DATABASE " in the data\n"
        "directory, and remove " DATA_DIR_DATABASE "-wal, " DATA_DIR_DATABASE
        "-shm and audit.anchor there. secret.key\n"
        "and seal.keys are not in the copy: keep them elsewhere, and put them back when they are gone. Without\n"
        "seal.keys nobody can read the ad servers' credentials again.\n\n"
        "  --json         print the size as JSON\n"
        "  --data DIR     the agent's data directory (default $SALESAGENT_DATA, else ./data)\n"
        "\nExit codes: 0 done, 1 refused or failed, 2 wrong usage.\n",
    .run = backup_run,
};

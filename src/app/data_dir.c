#include "app/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/anchor.h"
#include "base/crypto.h"

#define SECRET_BYTES 32

/* Makes the file when it is missing: written aside and linked into place, so that two starts agree on one. */
static int make_secret(const char *path, const char *aside, struct err *e)
{
    uint8_t bytes[SECRET_BYTES];
    random_bytes(bytes, sizeof(bytes));
    (void)unlink(aside); /* left by a start that did not finish */
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    bool ok = fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) && fsync(fd) == 0;
    ok = ok && (link(aside, path) == 0 || errno == EEXIST);
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was synced */
    (void)unlink(aside); /* the link remains */
    return ok ? 0 : err_set(e, "CONFIGURATION_ERROR", "%s cannot be written: %s.", path, strerror(why));
}

static int refuse_missing(const char *path, struct err *e)
{
    (void)err_set(e, "CONFIGURATION_ERROR",
                  "%s is missing: what this database has sealed, and the links it has sent, need it.", path);
    return err_suggest(e, "Put it back from where you keep it; or say --new-secret for a new one, and they are void.");
}

static int read_secret(struct arena *a, struct data_dir *d, enum data_dir_secret missing, struct err *e)
{
    const char *path = arena_printf(a, "%s/secret.key", d->path).p;
    char *bytes = arena_alloc(a, SECRET_BYTES);
    bool there = access(path, F_OK) == 0;
    bool makes = missing == DATA_DIR_NEW_SECRET || (missing == DATA_DIR_FIRST_SECRET && access(d->database, F_OK) != 0);
    if (!there && !makes) return refuse_missing(path, e);
    if (!there && make_secret(path, arena_printf(a, "%s.%ld", path, (long)getpid()).p, e)) return -1;
    errno = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, bytes, SECRET_BYTES) == SECRET_BYTES;
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was only read */
    if (!ok) {
        return err_set(e, "CONFIGURATION_ERROR", "%s cannot be read: %s.", path,
                       why ? strerror(why) : "it is cut short");
    }
    d->secret = (struct str){ bytes, SECRET_BYTES };
    return 0;
}

/* Keys and credentials are in there: what we make is ours alone, also in a directory that others may read, and a
 * database made before this was so is closed to them now. */
static void keep_private(const struct data_dir *d)
{
    (void)umask(S_IRWXG | S_IRWXO); /* gives the old mask; it cannot fail */
    (void)chmod(d->database, S_IRUSR | S_IWUSR); /* there is none yet, or it is not ours: opening it says so */
}

int data_dir_become_owner(const char *path, struct err *e)
{
    struct stat st;
    if (geteuid() != 0 || stat(path, &st) || st.st_uid == 0) return 0; /* one that is missing will be root's */
    if (setgroups(0, NULL) || setgid(st.st_gid) || setuid(st.st_uid))
        return err_set(e, "CONFIGURATION_ERROR", "The owner of %s cannot be become: %s.", path, strerror(errno));
    return 0;
}

int data_dir_open(struct arena *a, const char *path, enum data_dir_secret missing, struct data_dir *out, struct err *e)
{
    if (mkdir(path, 0700) && errno != EEXIST) {
        return err_set(e, "CONFIGURATION_ERROR", "The data directory %s cannot be made: %s.", path, strerror(errno));
    }
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        return err_set(e, "CONFIGURATION_ERROR", "%s is not a directory.", path);
    }
    *out = (struct data_dir){ .path = arena_dup(a, str_from(path)).p,
                              .database = arena_printf(a, "%s/" DATA_DIR_DATABASE, path).p,
                              .socket = arena_printf(a, "%s/agent.sock", path).p,
                              .anchor = arena_printf(a, "%s/" ANCHOR_FILE, path).p,
                              .doing = arena_printf(a, "%s/doing", path).p,
                              .lock_fd = -1 };
    const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);
    if (strlen(out->socket) >= room) {
        return err_set(
            e, "CONFIGURATION_ERROR",
            "The path of the data directory is too long for a socket: at most %zu bytes, or a relative path.",
            room - sizeof("/agent.sock"));
    }
    keep_private(out);
    return read_secret(a, out, missing, e);
}

int data_dir_lock(struct data_dir *d, struct err *e)
{
    char name[4096];
    int n = snprintf(name, sizeof(name), "%s/lock", d->path);
    if (n < 0 || (size_t)n >= sizeof(name)) return err_set(e, "CONFIGURATION_ERROR", "The data path is too long.");
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return err_set(e, "CONFIGURATION_ERROR", "%s cannot be opened: %s.", name, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        (void)close(fd);
        return err_set(e, "CONFIGURATION_ERROR", "Another agent is serving %s.", d->path);
    }
    d->lock_fd = fd;
    return 0;
}

void data_dir_unlock(struct data_dir *d)
{
    if (d->lock_fd >= 0) (void)close(d->lock_fd); /* nothing was written through it */
    d->lock_fd = -1;
}

#include "app/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int data_dir_open(struct arena *a, const char *path, struct data_dir *out, struct err *e)
{
    if (mkdir(path, 0700) && errno != EEXIST) {
        return err_set(e, "CONFIGURATION_ERROR", "The data directory %s cannot be made: %s.", path, strerror(errno));
    }
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        return err_set(e, "CONFIGURATION_ERROR", "%s is not a directory.", path);
    }
    *out = (struct data_dir){ .path = arena_dup(a, str_from(path)).p,
                              .database = arena_printf(a, "%s/salesagent.db", path).p,
                              .socket = arena_printf(a, "%s/agent.sock", path).p,
                              .lock_fd = -1 };
    if (strlen(out->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        return err_set(e, "CONFIGURATION_ERROR", "The path of the data directory is too long for a socket: %s.", path);
    }
    return 0;
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

#include "app/backup/backup_schedule.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/backup/backup_file.h"
#include "app/options.h"
#include "base/log.h"
#include "base/rfc3339.h"

#define PREFIX   "salesagent-"
#define SUFFIX   ".db"
#define NAME_LEN (sizeof(PREFIX "20261201T031500Z" SUFFIX) - 1)
#define AGAIN_US (INT64_C(3600) * USEC_PER_SEC)

/* --- names -------------------------------------------------------------------------------------------------- */

/* "2026-12-01T03:15:00Z" without its signs: names that sort as times do. */
static void stamp(int64_t at, char out[32])
{
    char text[RFC3339_MAX];
    size_t n = 0;
    (void)rfc3339_print(at, RFC3339_SECONDS, text); /* its length is known */
    for (const char *p = text; *p && n < 31; p++) {
        if (*p != '-' && *p != ':') out[n++] = *p;
    }
    out[n] = '\0';
}

static int is_backup(const struct dirent *d)
{
    const char *n = d->d_name;
    if (strlen(n) != NAME_LEN || strncmp(n, PREFIX, sizeof(PREFIX) - 1) != 0) return 0;
    const char *t = n + sizeof(PREFIX) - 1;
    for (int i = 0; i < 16; i++) {
        bool digit = t[i] >= '0' && t[i] <= '9';
        if (i == 8 ? t[i] != 'T' : i == 15 ? t[i] != 'Z' : !digit) return 0;
    }
    return strcmp(t + 16, SUFFIX) == 0;
}

int64_t backup_schedule_newest(const char *folder)
{
    struct dirent **names;
    int n = scandir(folder, &names, is_backup, alphasort);
    int64_t at = 0;
    for (int i = 0; i < n; i++) {
        if (i == n - 1) {
            const char *t = names[i]->d_name + sizeof(PREFIX) - 1;
            char text[32];
            (void)snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", t, t + 4, t + 6, t + 9, t + 11,
                           t + 13);
            if (rfc3339_parse(str_from(text), &at)) at = 0;
        }
        free(names[i]);
    }
    if (n >= 0) free(names);
    return at;
}

/* --- on the thread pool ------------------------------------------------------------------------------------- */

static void remove_oldest(struct backup_schedule *b, struct arena *a)
{
    struct dirent **names;
    int n = scandir(b->folder, &names, is_backup, alphasort);
    for (int i = 0; i < n; i++) {
        const char *path = arena_printf(a, "%s/%s", b->folder, names[i]->d_name).p;
        if (i < n - b->keep_now) {
            (void)unlink(path); /* one that stays is removed the next day */
            (void)unlink(arena_printf(a, "%s.json", path).p);
        }
        free(names[i]);
    }
    if (n >= 0) free(names);
}

static void make(struct work *w)
{
    struct backup_schedule *b = CONTAINER_OF(w, struct backup_schedule, work);
    struct backup_made made;
    struct arena a;
    struct err e;
    char at[32];
    arena_init(&a);
    stamp(b->now, at);
    b->why[0] = '\0';
    if (mkdir(b->folder, 0700) && errno != EEXIST) {
        b->succeeded = false;
        (void)snprintf(b->why, sizeof(b->why), "%.128s cannot be made: %.100s", b->folder, strerror(errno));
    } else {
        const char *file = arena_printf(&a, "%s/" PREFIX "%s" SUFFIX, b->folder, at).p;
        backup_parts_remove(&a, arena_printf(&a, "%s/" PREFIX, b->folder).p, SUFFIX);
        b->succeeded = backup_file_write(&a, b->database, file, b->now, &made, &e) == 0;
        if (!b->succeeded) (void)snprintf(b->why, sizeof(b->why), "%.*s", (int)sizeof(b->why) - 1, e.message);
    }
    if (b->succeeded) remove_oldest(b, &a);
    arena_finish(&a);
}

/* --- on the loop -------------------------------------------------------------------------------------------- */

static int64_t next_time(const struct backup_schedule *b, int64_t now)
{
    int64_t day = now - now % USEC_PER_DAY, at = day + (int64_t)b->minute * 60 * USEC_PER_SEC;
    return at > now ? at : at + USEC_PER_DAY;
}

static void made(struct work *w)
{
    struct backup_schedule *b = CONTAINER_OF(w, struct backup_schedule, work);
    int64_t now = loop_now(b->loop);
    b->working = false;
    if (b->succeeded) {
        b->made_at = b->now;
        log_event(LOG_INFO, "backup", "made", "folder", b->folder, NULL);
    } else {
        b->failures++;
        log_event(LOG_ERROR, "backup", "failed", "folder", b->folder, "why", b->why, NULL);
    }
    if (b->keep) timer_set(b->loop, &b->timer, b->succeeded ? next_time(b, now) : now + AGAIN_US);
}

static void on_timer(struct timer *t)
{
    struct backup_schedule *b = CONTAINER_OF(t, struct backup_schedule, timer);
    if (b->working) return;
    b->working = true;
    b->now = loop_now(b->loop);
    b->keep_now = b->keep;
    b->work = (struct work){ .work = make, .done = made };
    loop_work(b->loop, &b->work);
}

void backup_schedule_start(struct backup_schedule *b, struct loop *loop, const char *database)
{
    *b = (struct backup_schedule){ .loop = loop, .database = database };
    b->timer.fire = on_timer;
}

/* A day without a backup is made good at once: the agent was not there at the time, or was just told to make them. */
void backup_schedule_set(struct backup_schedule *b, const struct serve_options *o)
{
    int64_t now = b->loop->driver->now(b->loop->driver); /* before the first turn the loop does not know it yet */
    if (b->working) return; /* the folder is in use; what was set counts from the next reload or start */
    timer_cancel(b->loop, &b->timer);
    b->keep = o->backup.folder ? o->backup.keep : 0;
    if (!b->keep) return;
    (void)snprintf(b->folder, sizeof(b->folder), "%s",
                   o->backup.folder); /* a path that does not fit fails, and says so */
    b->minute = o->backup.minute;
    int64_t last = backup_schedule_newest(b->folder);
    if (last > b->made_at) b->made_at = last;
    timer_set(b->loop, &b->timer, now - b->made_at >= USEC_PER_DAY ? now : next_time(b, now));
}

void backup_schedule_stop(struct backup_schedule *b)
{
    timer_cancel(b->loop, &b->timer);
    b->keep = 0;
}

#include "app/serve/machine.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/backup/backup_schedule.h"
#include "net/tls.h"
#include "store/look.h"
#include "store/migrate.h"

#define MIB                    (INT64_C(1) << 20)
#define ROOM_ERROR_BYTES       (64 * MIB)
#define ROOM_WARN_BYTES        (1024 * MIB)
#define CERTIFICATE_WARN_DAYS  21
#define CERTIFICATE_ERROR_DAYS 7
#define BACKUP_WARN_US         (INT64_C(26) * 3600 * USEC_PER_SEC)
#define BACKUP_ERROR_US        (INT64_C(7) * USEC_PER_DAY)
#define DESCRIPTORS_OWN        256

/* ---- settings, on the loop's thread ---- */

static bool serves(const struct serve_options *o, unsigned role, bool on_loopback)
{
    for (size_t i = 0; i < o->listens.sites_n; i++) {
        const struct web_site *s = &o->listens.sites[i];
        if ((s->roles & role) && s->loopback == on_loopback) return true;
    }
    return false;
}

/* Somebody other than this machine reaches the desk, and nothing encrypts. */
static bool desk_in_clear(const struct serve_options *o)
{
    for (size_t i = 0; i < o->listens.sites_n; i++) {
        const struct web_site *s = &o->listens.sites[i];
        bool plain = !o->tls_key.n || o->listens.sockets[s->listener].plain;
        if ((s->roles & (WEB_DESK | WEB_AGENT)) && !s->loopback && plain) return true;
    }
    return false;
}

static void check_contradictions(const struct serve_options *o, struct findings *out)
{
    bool outside = serves(o, WEB_AGENT | WEB_DESK, false);
    if (o->sandbox) {
        finding_add(out, outside ? FINDING_ERROR : FINDING_WARNING, "settings",
                    "This is a sandbox%s: nothing in it is real, and test headers are obeyed.",
                    outside ? ", and not only this machine reaches it" : "");
        finding_remedy(out, "For buyers: sandbox=no");
        return;
    }
    if (desk_in_clear(o) && !o->web.proxies_n) {
        finding_add(out, FINDING_ERROR, "settings",
                    "Others reach the agent without TLS, so tokens go over the wire in clear.");
        finding_remedy(out, "tls_cert and tls_key, or listen on loopback behind a proxy; docs/proxy.md");
    }
    if (!outside && serves(o, WEB_AGENT, true) && !o->web.proxies_n) {
        finding_add(out, FINDING_WARNING, "settings",
                    "Only this machine reaches the agent, and what a proxy in front says is not believed.");
        finding_remedy(out, "trust_proxy=127.0.0.1; docs/proxy.md");
    }
    if (o->dry_run) {
        finding_add(out, FINDING_WARNING, "settings", "This is a dry run: nothing that buyers send is stored.");
        finding_remedy(out, "dry_run=no");
    }
    if (o->no_jobs) {
        finding_add(out, FINDING_WARNING, "settings", "no_jobs is on: nothing is sent to anybody.");
        finding_remedy(out, "no_jobs=no");
    }
}

static void check_settings(const struct serve_options *o, struct findings *out)
{
    for (size_t i = 0; i < o->config.issues_n; i++) {
        finding_add(out, FINDING_ERROR, "settings", "%s", o->config.issues[i].text);
        finding_remedy(out, "salesagent config check");
    }
    if (!o->config.issues_n) check_contradictions(o, out);
    if (!out->n) finding_add(out, FINDING_WELL, "settings", "They can be used, and none contradicts another.");
}

/* ---- on the thread pool ---- */

static void check_room(const struct machine *m, const char *folder, struct findings *out)
{
    struct statvfs fs;
    struct stat st;
    if (statvfs(folder, &fs)) {
        finding_add(out, FINDING_UNKNOWN, "disk", "How much room there is cannot be read.");
        finding_about(out, str_from(folder));
        return;
    }
    int64_t free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    int64_t database = m->database && stat(m->database, &st) == 0 ? (int64_t)st.st_size : 0;
    int64_t wanted = 2 * database + ROOM_ERROR_BYTES; /* an upgrade keeps a copy, and so does a backup */
    enum finding_rank rank = free_bytes < ROOM_ERROR_BYTES                         ? FINDING_ERROR
                             : free_bytes < wanted || free_bytes < ROOM_WARN_BYTES ? FINDING_WARNING
                                                                                   : FINDING_WELL;
    finding_add(out, rank, "disk", "%lld MiB are free; the database has %lld MiB.", (long long)(free_bytes / MIB),
                (long long)(database / MIB));
    finding_about(out, str_from(folder));
    if (rank != FINDING_WELL)
        finding_remedy(
            out, "Make room: an upgrade and a backup each make a copy of the database; docs/backup.md, Disk full.");
}

static void check_database(const struct machine *m, struct findings *out)
{
    struct store_facts facts;
    struct err e;
    if (!m->database || access(m->database, F_OK)) return; /* whoever opens it says so */
    if (store_look(out->arena, m->database, &facts, &e)) {
        finding_add(out, FINDING_ERROR, "database", "%s", e.message);
        finding_remedy(out, "Restore a backup; docs/backup.md");
    } else if (facts.newer.n) {
        finding_add(out, FINDING_ERROR, "database", "It was written by a newer version.");
        finding_remedy(out, "Install that version again, or restore an older copy; docs/upgrade.md");
    } else {
        finding_add(out, FINDING_WELL, "database", "Every page and every index of it was read, and is whole.");
    }
}

static void check_private(const struct machine *m, struct findings *out)
{
    struct stat st;
    if (stat(m->data, &st)) return;
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
    finding_add(out, FINDING_WARNING, "database", "Others may look into the data directory (mode %03o).",
                st.st_mode & 0777u);
    finding_about(out, str_from(m->data));
    finding_remedy(out, "chmod 700: keys and credentials are in there.");
}

static void check_backup(const struct machine *m, int64_t now, struct findings *out)
{
    if (!m->backup_folder) {
        finding_add(out, m->sandbox ? FINDING_UNKNOWN : FINDING_WARNING, "backup", "The agent makes no backups.");
        finding_remedy(out, "backup_folder=/var/lib/salesagent/backups; docs/backup.md");
        return;
    }
    int64_t made_at = backup_schedule_newest(m->backup_folder), age = now - made_at;
    if (!made_at) {
        finding_add(out, FINDING_ERROR, "backup", "There is no backup in the folder.");
    } else {
        finding_add(out,
                    age > BACKUP_ERROR_US  ? FINDING_ERROR
                    : age > BACKUP_WARN_US ? FINDING_WARNING
                                           : FINDING_WELL,
                    "backup", "The newest backup is %lld hours old.", (long long)(age / (3600 * USEC_PER_SEC)));
    }
    finding_about(out, str_from(m->backup_folder));
    if (!made_at || age > BACKUP_WARN_US)
        finding_remedy(
            out, "Is the agent running, and may it write there? Its log says why; salesagent backup FILE makes one.");
}

static void check_certificate(const struct machine *m, int64_t now, struct findings *out)
{
    int64_t ends_at;
    struct err e;
    if (!m->certificate) return;
    if (tls_certificate_end(m->certificate, &ends_at, &e)) {
        finding_add(out, FINDING_UNKNOWN, "certificate", "%s.", e.message);
    } else {
        int64_t days = (ends_at - now) / USEC_PER_DAY;
        finding_add(out,
                    days < CERTIFICATE_ERROR_DAYS  ? FINDING_ERROR
                    : days < CERTIFICATE_WARN_DAYS ? FINDING_WARNING
                                                   : FINDING_WELL,
                    "certificate", "The certificate in the file is good for another %lld days.", (long long)days);
        if (days < CERTIFICATE_WARN_DAYS) finding_remedy(out, "Renew it, then salesagent reload.");
    }
    finding_about(out, str_from(m->certificate));
}

static void check_descriptors(const struct machine *m, struct findings *out)
{
    struct rlimit rl;
    rlim_t want = m->connections_max + m->connections_max / 8 + DESCRIPTORS_OWN;
    if (m->agent_pid < 0 || prlimit((pid_t)m->agent_pid, RLIMIT_NOFILE, NULL, &rl)) {
        finding_add(out, FINDING_UNKNOWN, "descriptors", "No agent runs whose limit could be read.");
    } else if (rl.rlim_max != RLIM_INFINITY && rl.rlim_max < want) {
        finding_add(out, FINDING_WARNING, "descriptors",
                    "The agent may have %llu open files; max_connections=%zu wants %llu.",
                    (unsigned long long)rl.rlim_max, m->connections_max, (unsigned long long)want);
        finding_remedy(out, "LimitNOFILE= of the unit, or a smaller max_connections");
    } else {
        finding_add(out, FINDING_WELL, "descriptors",
                    "The agent may have as many open files as max_connections=%zu wants.", m->connections_max);
    }
}

static void look(const struct health_machine *face, int64_t now, struct findings *out)
{
    const struct machine *m = CONTAINER_OF(face, struct machine, face);
    findings_append(out, &m->settings);
    check_room(m, m->data, out);
    if (m->backup_folder && access(m->backup_folder, F_OK) == 0) check_room(m, m->backup_folder, out);
    check_private(m, out);
    check_database(m, out);
    check_backup(m, now, out);
    check_certificate(m, now, out);
    check_descriptors(m, out);
}

static const char *own(struct arena *a, const char *text)
{
    return text && *text ? arena_cstr(a, str_from(text)) : NULL;
}

static const struct health_machine *take(const struct health_machine *face, struct arena *a)
{
    const struct machine *m = CONTAINER_OF(face, struct machine, face);
    const struct serve_options *o = m->options(m);
    struct machine *t = ARENA_NEW(a, struct machine);
    *t = *m;
    t->data = own(a, o->data);
    t->database = own(a, m->database);
    t->backup_folder = own(a, o->backup.folder);
    t->certificate = o->tls_certificate.n ? arena_cstr(a, o->tls_certificate) : NULL;
    t->sandbox = o->sandbox;
    t->connections_max = o->limits.connections_max;
    t->settings = (struct findings){ .arena = a };
    check_settings(o, &t->settings);
    return &t->face;
}

void machine_init(struct machine *m)
{
    m->face = (struct health_machine){ take, look };
}

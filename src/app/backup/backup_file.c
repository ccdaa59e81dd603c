#include "app/backup/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/json.h"
#include "contract/limits.h"
#include "store/store.h"

#define MANIFEST_BYTES_MAX 65536

static int sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    int rc = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0) (void)close(fd); /* it was synced, or the failure is reported */
    return rc;
}

int sync_file(const char *path)
{
    return sync_path(path, O_RDWR);
}

/* A file is there after a power cut when its directory has been synced, too. */
int sync_folder_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *folder = !slash ? "." : slash == path ? "/" : arena_printf(a, "%.*s", (int)(slash - path), path).p;
    return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

int file_digest(struct arena *a, const char *path, int64_t *bytes, struct str *hex, struct err *e)
{
    char piece[65536];
    uint8_t digest[SHA256_BYTES];
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct sha256_stream *s = sha256_begin();
    *bytes = 0;
    while (fd >= 0 && (n = read(fd, piece, sizeof(piece))) > 0) {
        sha256_more(s, (struct str){ piece, (size_t)n });
        *bytes += n;
    }
    int why = errno;
    sha256_end(s, digest);
    if (fd >= 0) (void)close(fd); /* it was only read */
    if (n < 0) return err_set(e, "CONFIGURATION_ERROR", "%s cannot be read: %s.", path, strerror(why));
    *hex = hex_encode(a, (struct str){ (const char *)digest, sizeof(digest) });
    return 0;
}

/* --- the manifest ------------------------------------------------------------------------------------------- */

static struct str manifest_text(struct arena *a, const struct backup_made *m, struct str digest, int64_t now)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_i64(doc, root, "salesagent_backup", 1);
    json_add_time(doc, root, "made_at", now);
    json_add_str(doc, root, "version", STR(SALESAGENT_VERSION));
    json_add_str(doc, root, "schema", m->facts.last);
    json_add_i64(doc, root, "migrations", m->facts.migrations);
    json_add_i64(doc, root, "publishers", m->facts.publishers);
    yyjson_mut_val *audit = json_add_obj(doc, root, "audit");
    json_add_i64(doc, audit, "seq", m->facts.audit_seq);
    json_add_str_opt(doc, audit, "hash", m->facts.audit_hash);
    json_add_i64(doc, root, "bytes", m->bytes);
    json_add_str(doc, root, "sha256", digest);
    return json_write(a, root);
}

static int write_text(const char *path, struct str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && write(fd, "\n", 1) == 1 ? fsync(fd) : -1;
    if (fd >= 0) (void)close(fd); /* it was synced, or the failure is reported */
    return rc;
}

/* 1 read, 0 there is none, -1. */
static int read_text(struct arena *a, const char *path, struct str *out, struct err *e)
{
    char *text = arena_alloc(a, MANIFEST_BYTES_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return 0;
    ssize_t n = fd >= 0 ? read(fd, text, MANIFEST_BYTES_MAX) : -1;
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was only read */
    if (n < 0) return err_set(e, "CONFIGURATION_ERROR", "%s cannot be read: %s.", path, strerror(why));
    *out = (struct str){ text, (size_t)n };
    return 1;
}

static int compare_manifest(struct arena *a, const char *file, struct str text, const struct store_facts *f,
                            struct err *e)
{
    yyjson_doc *doc;
    struct str digest;
    int64_t bytes;
    if (json_parse(a, text, &json_limits_note, &doc, e)) {
        return err_set(e, "CONFIGURATION_ERROR", "%s.json is no manifest: it is not JSON.", file);
    }
    yyjson_val *root = yyjson_doc_get_root(doc), *audit = json_obj(root, "audit");
    if (json_i64_or(root, "salesagent_backup", 0) != 1) {
        return err_set(e, "CONFIGURATION_ERROR", "%s.json is no manifest that this version reads.", file);
    }
    if (file_digest(a, file, &bytes, &digest, e)) return -1;
    if (bytes != json_i64_or(root, "bytes", -1) || !str_eq(digest, json_str(root, "sha256"))) {
        return err_set(e, "CONFIGURATION_ERROR", "%s is not the file that its manifest describes: it was changed.",
                       file);
    }
    if (f->audit_seq != json_i64_or(audit, "seq", -1) || !str_eq(f->audit_hash, json_str(audit, "hash"))) {
        return err_set(e, "CONFIGURATION_ERROR", "The audit trail in %s does not end as its manifest says.", file);
    }
    return 0;
}

int backup_file_check(struct arena *a, const char *file, struct store_facts *out, bool *has_manifest, struct err *e)
{
    struct store_facts f;
    struct str text;
    if (store_look(a, file, &f, e)) return -1;
    int rc = read_text(a, arena_printf(a, "%s.json", file).p, &text, e);
    if (rc < 0 || (rc == 1 && compare_manifest(a, file, text, &f, e))) return -1;
    *has_manifest = rc == 1;
    *out = f;
    return 0;
}

/* --- writing ------------------------------------------------------------------------------------------------ */

static int cannot(struct err *e, const char *file)
{
    return err_set(e, "CONFIGURATION_ERROR", "%s cannot be written: %s.", file, strerror(errno));
}

/* Linked into place, so that FILE is a whole backup or is not there, and none is overwritten; the manifest before it. */
static int put_in_place(struct arena *a, const char *aside, const char *file, struct str manifest, struct err *e)
{
    const char *beside = arena_printf(a, "%s.json", file).p;
    if (write_text(beside, manifest)) return cannot(e, beside);
    if (sync_file(aside) || link(aside, file) || sync_folder_of(a, file)) {
        (void)cannot(e, file);
        (void)unlink(beside); /* it describes nothing */
        return -1;
    }
    return 0;
}

/* What a backup that was killed has left: FILE.PID.part, and what SQLite keeps beside it, of a process that is no more or that
 * writes no backup now. */
static void remove_part(const char *path, const char *tail)
{
    static const char *const ends[] = { "part", "part-journal", "part-wal", "part-shm" };
    int pid = 0, end_at = 0;
    if (sscanf(tail, ".%9d.%n", &pid, &end_at) != 1 || pid <= 0 || end_at == 0) return;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (strcmp(tail + end_at, ends[i]) != 0) continue;
        bool gone = pid == getpid() || (kill(pid, 0) && errno == ESRCH);
        if (gone) (void)unlink(path); /* the next one tries again */
    }
}

/* Taken literally by glob. */
static struct str literally(struct arena *a, const char *path)
{
    struct buf b;
    buf_init(&b, 2 * strlen(path) + 1);
    for (const char *p = path; *p; p++) {
        if (strchr("*?[\\", *p)) buf_add_char(&b, '\\');
        buf_add_char(&b, *p);
    }
    struct str out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return out;
}

void backup_parts_remove(struct arena *a, const char *stem, const char *end)
{
    glob_t found;
    struct str pattern = arena_printf(a, STR_FMT "%s%s.*.part*", STR_ARG(literally(a, stem)), end[0] ? "*" : "", end);
    if (glob(pattern.p, GLOB_NOSORT, NULL, &found)) return;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *tail = strstr(found.gl_pathv[i] + strlen(stem), end);
        if (tail) remove_part(found.gl_pathv[i], tail + strlen(end));
    }
    globfree(&found);
}

/* A signal that is held back while a backup is made. */
static bool told_to_stop(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP));
}

int backup_file_write(struct arena *a, const char *database, const char *file, int64_t now, struct backup_made *out,
                      struct err *e)
{
    struct backup_made made = { 0 };
    struct str digest;
    const char *aside = arena_printf(a, "%s.%ld.part", file, (long)getpid()).p;
    if (access(file, F_OK) == 0) {
        return err_set(e, "CONFIGURATION_ERROR", "%s is there already; a backup is never overwritten.", file);
    }
    backup_parts_remove(a, file, "");
    int rc = store_copy(database, aside, told_to_stop, e) || store_look(a, aside, &made.facts, e) ||
             file_digest(a, aside, &made.bytes, &digest, e) ||
             put_in_place(a, aside, file, manifest_text(a, &made, digest, now), e);
    backup_parts_remove(a, file, ""); /* the link remains */
    if (rc == 0) *out = made;
    return rc ? -1 : 0;
}

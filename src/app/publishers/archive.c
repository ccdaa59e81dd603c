#include "app/publishers/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "app/backup/backup_file.h"
#include "base/crypto.h"
#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/json.h"
#include "contract/limits.h"
#include "domain/core/ad_server.h"
#include "domain/core/seal_renew.h"
#include "domain/core/audit.h"
#include "domain/publisher/publisher_life.h"
#include "store/look.h"
#include "store/migrate.h"
#include "store/publisher_rows.h"

#define TEXT_BYTES_MAX 65536
/* Versions of installations' keys count from 1; one of an archive is never among them. */
#define ARCHIVE_KEY_FROM INT64_C(500000000)
#define ARCHIVE_KEYS_N   (1u << 28)

struct moving {
    struct opened *opened;
    struct tenant tenant;
    const char *file;
    struct store_keys keys; /* of the file's store */
    struct sealing sealing;
    int64_t beyond, rows;
    struct str digest;
    yyjson_val *manifest;
};

/* ---- files ---- */

static int unusable(struct err *e, const char *path)
{
    return err_set(e, "CONFIGURATION_ERROR", "%s: %s.", path, strerror(errno));
}

static int write_file(const char *path, struct str text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was synced */
    errno = why;
    return ok ? 0 : unusable(e, path);
}

static int read_file(struct arena *a, const char *path, struct str *out, struct err *e)
{
    char *text = arena_alloc(a, TEXT_BYTES_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, TEXT_BYTES_MAX) : -1;
    int why = errno;
    if (fd >= 0) (void)close(fd); /* it was only read */
    errno = why;
    if (n < 0) return unusable(e, path);
    *out = (struct str){ text, (size_t)n };
    return 0;
}

static void remove_database(struct arena *a, const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        (void)unlink(arena_printf(a, "%s%s", path, ends[i]).p); /* what is not there need not go */
}

static struct str seal_of(struct arena *a, const struct moving *m)
{
    uint8_t mac[SHA256_BYTES];
    struct str text =
        arena_printf(a, "publisher:" STR_FMT ":" STR_FMT, STR_ARG(m->tenant.tenant_id), STR_ARG(m->digest));
    hmac_sha256(tx_secret(store_read(m->opened->store)), text, mac);
    return hex_encode(a, (struct str){ (const char *)mac, sizeof(mac) });
}

/* ---- out ---- */

static int write_manifest(struct moving *m, const char *part, struct err *e)
{
    struct arena *a = &m->opened->arena;
    struct act act = database_act(m->opened, store_read(m->opened->store), &m->tenant);
    struct audit_place head = { 0 };
    int64_t bytes;
    if (audit_head(&act, &head, e) < 0 || file_digest(a, part, &bytes, &m->digest, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_i64(doc, root, "salesagent_publisher", 1);
    json_add_str(doc, root, "publisher", m->tenant.tenant_id);
    json_add_time(doc, root, "made_at", (int64_t)time(NULL) * USEC_PER_SEC);
    json_add_cstr(doc, root, "version", SALESAGENT_VERSION);
    json_add_i64(doc, root, "migrations", migrations_n);
    yyjson_mut_val *audit = json_add_obj(doc, root, "audit");
    json_add_i64(doc, audit, "seq", head.seq);
    json_add_str(doc, audit, "hash", hex_encode(a, (struct str){ (const char *)head.hash, sizeof(head.hash) }));
    json_add_i64(doc, root, "bytes", bytes);
    json_add_str(doc, root, "sha256", m->digest);
    json_add_str(doc, root, "seal", seal_of(a, m));
    struct str text = json_write(a, root);
    return write_file(arena_printf(a, "%s.json", m->file).p, arena_printf(a, STR_FMT "\n", STR_ARG(text)), e);
}

/* The archive's own key, behind those that open what is sealed now. */
static int add_key(struct moving *m, struct seal_ring *own, struct err *e)
{
    uint32_t more;
    m->keys.ring = m->opened->seal_keys.keys.ring;
    if (m->keys.ring.n == SEAL_KEYS_MAX)
        return err_set(e, "INVALID_STATE", "There are too many keys; salesagent secrets forget removes old ones.");
    random_bytes(&more, sizeof(more));
    own->n = 1;
    own->keys[0].version = ARCHIVE_KEY_FROM + more % ARCHIVE_KEYS_N;
    random_bytes(own->keys[0].bytes, SEAL_KEY_BYTES);
    m->keys.ring.keys[m->keys.ring.n++] = own->keys[0];
    return 0;
}

static int keep_one(struct tx *tx, void *arg, struct err *e)
{
    struct moving *m = arg;
    return publisher_rows_keep(tx, m->tenant.tenant_id, e) ||
                   seal_renew(tx, &m->opened->arena, loop_now(&m->opened->loop), &m->sealing, e)
               ? -1
               : 0;
}

static int open_file(struct moving *m, const char *path, struct store **out, struct err *e)
{
    struct store_options so = { .path = path, .secret = tx_secret(store_read(m->opened->store)), .keys = &m->keys };
    return store_open(&m->opened->loop, &so, out, e);
}

/* The copy becomes this publisher's alone; what the others had is not left in its free pages. */
static int reduce(struct moving *m, const char *part, struct err *e)
{
    struct store *s;
    if (open_file(m, part, &s, e)) return -1;
    int rc = store_write_now(s, keep_one, m, e);
    store_close(s);
    return rc ? -1 : publisher_rows_compact(part, e);
}

int archive_export(struct opened *d, const char *database, const struct tenant_row *row, const char *file,
                   struct err *e)
{
    struct arena *a = &d->arena;
    struct seal_ring own;
    struct moving m = { .opened = d, .file = file };
    const char *part = arena_printf(a, "%s.%ld", file, (long)getpid()).p, *key = arena_printf(a, "%s.key", file).p;
    m.tenant = (struct tenant){ row->tenant_id, row->name, row->host, row->adapter, row->doc };
    if (access(file, F_OK) == 0) return err_set(e, "CONFIGURATION_ERROR", "%s is there already.", file);
    remove_database(a, part);
    bool done = add_key(&m, &own, e) == 0 && store_copy(database, part, NULL, e) == 0 && reduce(&m, part, e) == 0 &&
                write_manifest(&m, part, e) == 0 && write_file(key, seal_ring_text(a, &own), e) == 0;
    if (done && (sync_file(part) || rename(part, file) || sync_folder_of(a, file))) {
        done = false;
        (void)unusable(e, file);
    }
    remove_database(a, part);
    return done ? 0 : -1;
}

/* ---- in ---- */

static int check_manifest(struct moving *m, struct err *e)
{
    struct arena *a = &m->opened->arena;
    struct str text;
    yyjson_doc *doc;
    int64_t bytes;
    const char *path = arena_printf(a, "%s.json", m->file).p;
    if (read_file(a, path, &text, e)) return -1;
    if (json_parse(a, text, &json_limits_note, &doc, e) ||
        json_i64_or(yyjson_doc_get_root(doc), "salesagent_publisher", 0) != 1)
        return err_set(e, "CONFIGURATION_ERROR", "%s is no manifest of a publisher.", path);
    m->manifest = yyjson_doc_get_root(doc);
    if (file_digest(a, m->file, &bytes, &m->digest, e)) return -1;
    if (bytes != json_i64_or(m->manifest, "bytes", -1) || !str_eq(m->digest, json_str(m->manifest, "sha256")))
        return err_set(e, "CONFIGURATION_ERROR", "%s is not the file that its manifest describes: it was changed.",
                       m->file);
    return 0;
}

/* The archive's key opens, the installation's newest seals. */
static int read_key(struct moving *m, const char *key, struct err *e)
{
    const struct seal_ring *own = &m->opened->seal_keys.keys.ring;
    struct arena *a = &m->opened->arena;
    struct str text;
    struct seal_ring ring;
    if (read_file(a, key ? key : arena_printf(a, "%s.key", m->file).p, &text, e))
        return err_suggest(e, "It was written beside the archive; --key FILE when it is elsewhere.");
    if (seal_ring_parse(text, &ring, e)) return -1;
    for (size_t i = 0; i < own->n && ring.n < SEAL_KEYS_MAX; i++) ring.keys[ring.n++] = own->keys[i];
    m->keys.ring = ring;
    return 0;
}

static int refuse_taken(const struct moving *m, struct err *e)
{
    struct tenant_row row;
    int found = q_tenant_get(store_read(m->opened->store), &m->opened->arena, m->tenant.tenant_id, &row, e);
    if (found < 1) return found;
    return err_set(e, "INVALID_STATE", "There is a publisher " STR_FMT " here already.", STR_ARG(m->tenant.tenant_id));
}

static int fit(struct tx *tx, void *arg, struct err *e)
{
    struct moving *m = arg;
    struct arena *a = &m->opened->arena;
    if (publisher_rows_only(tx, a, &m->tenant.tenant_id, e) || refuse_taken(m, e)) return -1;
    if (publisher_rows_unbind(tx, e) || publisher_rows_shift(tx, m->beyond, e)) return -1;
    return seal_renew(tx, a, loop_now(&m->opened->loop), &m->sealing, e);
}

/* First a row that says which file it was, then the rows, and it is off the air. */
static int take(struct tx *tx, void *arg, struct err *e)
{
    struct moving *m = arg;
    struct act act = database_act(m->opened, tx, &m->tenant);
    yyjson_mut_doc *doc = json_doc_new(act.arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "sha256", m->digest);
    json_add_copy(doc, root, "audit", json_obj(m->manifest, "audit"));
    json_add_str_opt(doc, root, "version", json_str(m->manifest, "version"));
    struct audit_entry entry = { .action = "publisher.import",
                                 .subject = arena_printf(act.arena, "tenant:" STR_FMT, STR_ARG(m->tenant.tenant_id)),
                                 .doc = json_write(act.arena, root) };
    const struct tenant_off_row off = { m->tenant.tenant_id, act.now, act.actor,
                                        STR("moved here; enable it when it is off there") };
    if (audit_add(&act, &entry, e) || publisher_rows_take(tx, &m->rows, e)) return -1;
    return q_tenant_off_put(tx, &off, e) < 0 ? -1 : 0;
}

static int bring_in(struct moving *m, const char *copy, struct err *e)
{
    struct store_facts facts;
    struct store *s;
    if (store_copy(m->file, copy, NULL, e) || store_look(&m->opened->arena, copy, &facts, e)) return -1;
    if (facts.newer.n) return err_set(e, "CONFIGURATION_ERROR", "%s was written by a newer version.", m->file);
    if (publisher_rows_greatest(store_read(m->opened->store), &m->beyond, e) || open_file(m, copy, &s, e)) return -1;
    int rc = store_write_now(s, fit, m, e);
    store_close(s);
    if (!rc && m->sealing.unreadable)
        rc = err_set(e, "CONFIGURATION_ERROR", "The key does not open %zu credentials.", m->sealing.unreadable);
    if (rc || publisher_rows_attach(m->opened->store, copy, e)) return -1;
    if (store_write_now(m->opened->store, take, m, e) == 0) return 0;
    if (strcmp(e->code, "CONFLICT") == 0)
        (void)err_set(e, "INVALID_STATE",
                      "Something of the publisher is here already: its host, a media buy, a token.");
    return -1;
}

int archive_import(struct opened *d, const char *data, const char *file, const char *key, struct archive_imported *out,
                   struct err *e)
{
    struct moving m = { .opened = d, .file = file };
    const char *copy = arena_printf(&d->arena, "%s/moving.%ld", data, (long)getpid()).p;
    remove_database(&d->arena, copy);
    bool done = check_manifest(&m, e) == 0 && read_key(&m, key, e) == 0 && bring_in(&m, copy, e) == 0;
    remove_database(&d->arena, copy);
    if (!done) return -1;
    *out = (struct archive_imported){ m.tenant.tenant_id, m.rows };
    return 0;
}

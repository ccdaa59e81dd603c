#include "store/publisher_rows.h"

#include "store/stmt.h"
#include "store/store_internal.h"

#define OF_TENANT "tenant_id = ?1"
#define OF_BUY    "media_buy_id IN (SELECT media_buy_id FROM media_buy WHERE tenant_id = ?1)"
#define OF_JOB    "seq IN (SELECT seq FROM job WHERE tenant_id = ?1)"
#define OF_SLOT   "slot IN (SELECT slot_key FROM slot WHERE tenant_id = ?1)"
/* Of a package the owner is the publisher, of a creative "publisher NEWLINE principal" (q_house.h). */
#define OWNED   "(owner = ?1 OR substr(owner, 1, length(?1) + 1) = ?1 || char(10))"
#define OF_PACK "package IN (SELECT house_key FROM house_key WHERE " OWNED ")"

/* In the order in which they are emptied: a table stands before those that its condition looks into, and sums that triggers keep
 * (stored, product_flight) stand after what they sum. */
#define TABLES(X)                                                                                                      \
    X("creative_fact", OF_BUY)                                                                                         \
    X("delivery_fact", OF_BUY)                                                                                         \
    X("media_buy_history", OF_BUY)                                                                                     \
    X("creative_assignment", OF_TENANT)                                                                                \
    X("booking", OF_TENANT)                                                                                            \
    X("package", OF_BUY)                                                                                               \
    X("job_payload", OF_JOB)                                                                                           \
    X("job", OF_TENANT)                                                                                                \
    X("house_count", OF_PACK)                                                                                          \
    X("house_count", OF_SLOT)                                                                                          \
    X("house_exposure", OF_PACK)                                                                                       \
    X("house_way", OF_PACK)                                                                                            \
    X("house_place", OF_SLOT)                                                                                          \
    X("house_history", OF_SLOT)                                                                                        \
    X("house_buy", OF_TENANT)                                                                                          \
    X("house_key", OWNED)                                                                                              \
    X("slot", OF_TENANT)                                                                                               \
    X("house_publisher", OF_TENANT)                                                                                    \
    X("a2a_task", OF_TENANT)                                                                                           \
    X("ad_server_item", OF_TENANT)                                                                                     \
    X("ad_server_remote", OF_TENANT)                                                                                   \
    X("ad_server_state", OF_TENANT)                                                                                    \
    X("ad_server", OF_TENANT)                                                                                          \
    X("buyer_object_part", OF_TENANT)                                                                                  \
    X("buyer_object", OF_TENANT)                                                                                       \
    X("creative_removal", OF_TENANT)                                                                                   \
    X("creative", OF_TENANT)                                                                                           \
    X("decide_link", OF_TENANT)                                                                                        \
    X("feedback", OF_TENANT)                                                                                           \
    X("governance_check", OF_TENANT)                                                                                   \
    X("health_report", OF_TENANT)                                                                                      \
    X("idempotency", OF_TENANT)                                                                                        \
    X("logged_event", OF_TENANT)                                                                                       \
    X("media_buy", OF_TENANT)                                                                                          \
    X("account", OF_TENANT)                                                                                            \
    X("product_text", OF_TENANT)                                                                                       \
    X("product_text_key", OF_TENANT)                                                                                   \
    X("product", OF_TENANT)                                                                                            \
    X("catalog_version", OF_TENANT)                                                                                    \
    X("product_flight", OF_TENANT)                                                                                     \
    X("format", OF_TENANT)                                                                                             \
    X("property", OF_TENANT)                                                                                           \
    X("signal", OF_TENANT)                                                                                             \
    X("proposal_hold", OF_TENANT)                                                                                      \
    X("proposal", OF_TENANT)                                                                                           \
    X("proposal_draft", OF_TENANT)                                                                                     \
    X("quarantine", OF_TENANT)                                                                                         \
    X("remote_list", OF_TENANT)                                                                                        \
    X("report_schedule", OF_TENANT)                                                                                    \
    X("rule", OF_TENANT)                                                                                               \
    X("sandbox_traffic", OF_TENANT)                                                                                    \
    X("session", OF_TENANT)                                                                                            \
    X("person_email", OF_TENANT)                                                                                       \
    X("sign_in", OF_TENANT)                                                                                            \
    X("sign_in_link", OF_TENANT)                                                                                       \
    X("signing_key", OF_TENANT)                                                                                        \
    X("task", OF_TENANT)                                                                                               \
    X("token", OF_TENANT)                                                                                              \
    X("webhook_activity", OF_TENANT)                                                                                   \
    X("webhook", OF_TENANT)                                                                                            \
    X("principal", OF_TENANT)                                                                                          \
    X("stored", OF_TENANT)                                                                                             \
    X("publisher_off", OF_TENANT)                                                                                      \
    X("tenant", OF_TENANT)

#define NAME(table, of)    table,
#define DELETE(table, of)  "DELETE FROM " table " WHERE " of,
#define TAKE(table, of)    "INSERT INTO main." table " SELECT * FROM moved." table,
#define OTHERS(table, of)  "SELECT 1 FROM " table " WHERE NOT (" of ") LIMIT 1",
#define BY_NAME(table, of) (sizeof(of) == sizeof(OF_TENANT)),

const char *const publisher_tables[] = { TABLES(NAME) NULL };
const char *const installation_tables[] = { "audit",
                                            "audit_head",
                                            "house_change",
                                            "house_epoch",
                                            "house_used",
                                            "job_hold",
                                            "job_lane",
                                            "pulse",
                                            "request_nonce",
                                            "schema_migration",
                                            "product_text_config",
                                            "product_text_content",
                                            "product_text_data",
                                            "product_text_docsize",
                                            "product_text_idx",
                                            "sqlite_sequence",
                                            NULL };

static const char *const deletes[] = { TABLES(DELETE) };
static const char *const takes[] = { TABLES(TAKE) };
static const char *const finds[] = { TABLES(OTHERS) };
/* Tables whose rows say whose they are; those of the others go with a media buy, a job, a slot. */
static const bool names_publisher[] = { TABLES(BY_NAME) };

int publisher_rows_remove(struct tx *tx, struct str tenant_id, int64_t *rows, struct err *e)
{
    AUTO_STMT struct stmt *later = stmt_get(tx, "PRAGMA defer_foreign_keys = ON"); /* until the commit */
    if (stmt_run(later, e)) return -1;
    *rows = 0;
    for (size_t i = 0; i < ARRAY_LEN(deletes); i++) {
        AUTO_STMT struct stmt *s = stmt_get(tx, deletes[i]);
        stmt_str(s, 1, tenant_id);
        if (stmt_run(s, e)) return -1;
        *rows += tx_changes(tx);
    }
    return 0;
}

/* ---- moving ---- */

static int run(struct tx *tx, const char *sql, int64_t number, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, sql);
    if (strchr(sql, '?')) stmt_i64(s, 1, number);
    return stmt_run(s, e);
}

static int run_all(struct tx *tx, const char *const *list, size_t n, int64_t number, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        if (run(tx, list[i], number, e)) return -1;
    }
    return 0;
}

int publisher_rows_keep(struct tx *tx, struct str tenant_id, struct err *e)
{
    static const char *const installations[] = { "DELETE FROM job_hold",      "DELETE FROM job_lane",
                                                 "DELETE FROM request_nonce", "DELETE FROM house_used",
                                                 "DELETE FROM house_epoch",   "DELETE FROM pulse" };
    AUTO_STMT struct stmt *others =
        stmt_get(tx, "SELECT tenant_id FROM tenant WHERE tenant_id <> ?1 ORDER BY tenant_id");
    struct arena a;
    int64_t rows;
    int rc;
    arena_init(&a);
    stmt_str(others, 1, tenant_id);
    while ((rc = stmt_step(others, e)) == 1) {
        if ((rc = publisher_rows_remove(tx, col_str(others, &a, 0), &rows, e))) break;
    }
    arena_finish(&a);
    if (rc) return -1;
    AUTO_STMT struct stmt *trail = stmt_get(tx, "DELETE FROM audit WHERE tenant_id <> ?1");
    stmt_str(trail, 1, tenant_id);
    return stmt_run(trail, e) || run_all(tx, installations, ARRAY_LEN(installations), 0, e) ? -1 : 0;
}

int publisher_rows_unbind(struct tx *tx, struct err *e)
{
    static const char *const list[] = { "DELETE FROM session", "UPDATE person_email SET issuer = '', subject = ''" };
    return run_all(tx, list, ARRAY_LEN(list), 0, e);
}

int publisher_rows_greatest(struct tx *tx, int64_t *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "SELECT max(coalesce((SELECT max(seq) FROM job), 0), coalesce((SELECT max(seq) FROM webhook_activity), 0),"
        " coalesce((SELECT max(seq) FROM sandbox_traffic), 0), coalesce((SELECT max(text_id) FROM product_text_key), 0),"
        " coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name IN ('slot', 'house_key')), 0),"
        " coalesce((SELECT max(seq) FROM house_publisher), 0), (SELECT seq FROM house_change))");
    if (stmt_step(s, e) != 1) return -1;
    *out = col_i64(s, 0);
    return 0;
}

/* Everything grows by more than the greatest number here and there, so that no row meets another with its number on the way. */
int publisher_rows_shift(struct tx *tx, int64_t beyond, struct err *e)
{
    static const char *const shifts[] = {
        "UPDATE job SET seq = seq + ?1, lease_until = NULL",
        "UPDATE job_payload SET seq = seq + ?1",
        "UPDATE webhook_activity SET seq = seq + ?1",
        "UPDATE sandbox_traffic SET seq = seq + ?1",
        "UPDATE product_text_key SET text_id = text_id + ?1",
        "UPDATE slot SET slot_key = slot_key + ?1",
        "UPDATE house_key SET house_key = house_key + ?1",
        ("UPDATE house_count SET slot = slot + ?1, package = CASE package WHEN 0 THEN 0 ELSE package + ?1 END,"
         " creative = CASE creative WHEN 0 THEN 0 ELSE creative + ?1 END"),
        "UPDATE house_way SET package = package + ?1",
        "UPDATE house_exposure SET package = package + ?1",
        "UPDATE house_place SET slot = slot + ?1, package = package + ?1, creative = creative + ?1",
        "UPDATE house_history SET slot = slot + ?1",
        "UPDATE house_publisher SET seq = ?1 + 1",
        "UPDATE house_buy SET seq = ?1 + 1",
    };
    int64_t here;
    if (publisher_rows_greatest(tx, &here, e)) return -1;
    return run_all(tx, shifts, ARRAY_LEN(shifts), (here > beyond ? here : beyond) + 1, e);
}

/* A row of the table that is not the publisher's: 1, 0, -1. */
static int holds_others(struct tx *tx, size_t i, struct str tenant_id, struct err *e)
{
    if (!names_publisher[i]) return 0;
    AUTO_STMT struct stmt *s = stmt_get(tx, finds[i]);
    stmt_str(s, 1, tenant_id);
    return stmt_step(s, e);
}

int publisher_rows_only(struct tx *tx, struct arena *a, struct str *tenant_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT tenant_id, (SELECT count(*) FROM tenant) FROM tenant LIMIT 1");
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    if (rc == 0 || col_i64(s, 1) != 1) return err_set(e, "INVALID_REQUEST", "The file does not hold one publisher.");
    *tenant_id = col_str(s, a, 0);
    for (size_t i = 0; i < ARRAY_LEN(finds); i++) {
        int found = holds_others(tx, i, *tenant_id, e);
        if (found < 0) return -1;
        if (found)
            return err_set(e, "INVALID_REQUEST", "The file holds rows of another publisher (%s).", publisher_tables[i]);
    }
    return 0;
}

int publisher_rows_attach(struct store *s, const char *path, struct err *e)
{
    sqlite3_stmt *st = NULL;
    bool ok = sqlite3_prepare_v2(s->write_tx.db, "ATTACH ? AS moved", -1, &st, NULL) == SQLITE_OK &&
              sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(st) == SQLITE_DONE;
    if (!ok) (void)err_set(e, "CONFIGURATION_ERROR", "%s cannot be opened: %s.", path, sqlite3_errmsg(s->write_tx.db));
    (void)sqlite3_finalize(st); /* repeats what step said */
    return ok ? 0 : -1;
}

/* Not copied: triggers make them as the rows they sum come in. */
static bool is_summed(const char *table)
{
    return strcmp(table, "stored") == 0 || strcmp(table, "product_flight") == 0 || strcmp(table, "product_text") == 0 ||
           strcmp(table, "health_report") == 0;
}

/* Filled in the reverse order, so that a row comes after those it refers to. A table that stands twice in the list is filled once. */
int publisher_rows_take(struct tx *tx, int64_t *rows, struct err *e)
{
    static const char text[] =
        "INSERT INTO main.product_text (rowid, tenant_id, product_id, name, description, channels, targeting,"
        " properties) SELECT k.text_id, t.tenant_id, t.product_id, t.name, t.description, t.channels,"
        " t.targeting, t.properties FROM moved.product_text t JOIN moved.product_text_key k"
        " ON k.tenant_id = t.tenant_id AND k.product_id = t.product_id";
    if (run(tx, "PRAGMA defer_foreign_keys = ON", 0, e)) return -1;
    *rows = 0;
    for (size_t i = ARRAY_LEN(takes); i-- > 0;) {
        bool again = i + 1 < ARRAY_LEN(takes) && strcmp(publisher_tables[i], publisher_tables[i + 1]) == 0;
        if (again || is_summed(publisher_tables[i])) continue;
        if (run(tx, takes[i], 0, e)) return -1;
        *rows += tx_changes(tx);
    }
    if (run(tx, text, 0, e)) return -1;
    return run(tx, "UPDATE main.house_change SET seq = max(seq, coalesce((SELECT max(seq) FROM main.house_buy), 0))", 0,
               e);
}

int publisher_rows_compact(const char *path, struct err *e)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
              sqlite3_exec(db, "PRAGMA journal_mode = DELETE; VACUUM", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok) (void)err_set(e, "CONFIGURATION_ERROR", "%s cannot be written anew: %s.", path, sqlite3_errmsg(db));
    (void)sqlite3_close(db); /* nothing is open on it */
    return ok ? 0 : -1;
}

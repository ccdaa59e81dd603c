/* SQLite declares its preupdate hook only to those who ask. */
#define SQLITE_ENABLE_PREUPDATE_HOOK 1 // NOLINT: SQLite's name
#include "store/changes.h"

#include <stdlib.h>

#include "store/stmt.h"
#include "store/store_internal.h"

/* Counters, addressed by a digest of table and owner. Two that share one are taken for each other: then too much is
 * dropped, never too little. Never written, their pages take no memory. */
#define SLOTS       (1u << 18)
#define PENDING_MAX 4096
#define BUYS_MAX    512
#define BUY_ID_MAX  64
#define TEXTS       "product_text"

enum scope {
    SCOPE_NONE,      /* nothing that is kept may rest on it: it changes with every call, or only people read it */
    SCOPE_BUYER,     /* tenant_id, principal_id */
    SCOPE_BUY,       /* media_buy_id: whose that buy is */
    SCOPE_PUBLISHER, /* tenant_id */
    SCOPE_ALL,       /* the installation's */
    SCOPE_VIEW       /* a view, or what SQLite makes of parameters: what stands behind it counts */
};

static const char *const scope_names[] = { "none", "buyer", "buy", "publisher", "all", "view" };

static const struct {
    const char *name;
    enum scope scope;
} tables[] = {
    { "a2a_task", SCOPE_BUYER },
    { "account", SCOPE_BUYER },
    { "ad_server", SCOPE_PUBLISHER },
    { "ad_server_item", SCOPE_PUBLISHER },
    { "ad_server_remote", SCOPE_PUBLISHER },
    { "ad_server_state", SCOPE_PUBLISHER },
    { "audit", SCOPE_NONE },
    { "audit_head", SCOPE_NONE },
    { "booked_package", SCOPE_VIEW },
    { "booking", SCOPE_BUY },
    { "buyer_object", SCOPE_BUYER },
    { "buyer_object_part", SCOPE_BUYER },
    { "catalog_version", SCOPE_PUBLISHER },
    { "creative", SCOPE_BUYER },
    { "creative_assignment", SCOPE_BUYER },
    { "creative_fact", SCOPE_BUY },
    { "creative_removal", SCOPE_BUYER },
    { "decide_link", SCOPE_NONE },
    { "delivery_fact", SCOPE_BUY },
    { "feedback", SCOPE_BUY },
    { "format", SCOPE_PUBLISHER },
    { "governance_check", SCOPE_BUYER },
    { "health_report", SCOPE_NONE },
    { "house_buy", SCOPE_NONE },
    { "house_change", SCOPE_NONE },
    { "house_count", SCOPE_NONE },
    { "house_epoch", SCOPE_NONE },
    { "house_exposure", SCOPE_NONE },
    { "house_history", SCOPE_NONE },
    { "house_key", SCOPE_NONE },
    { "house_place", SCOPE_NONE },
    { "house_publisher", SCOPE_NONE },
    { "house_used", SCOPE_NONE },
    { "house_way", SCOPE_NONE },
    { "idempotency", SCOPE_NONE },
    { "job", SCOPE_NONE },
    { "job_hold", SCOPE_NONE },
    { "job_lane", SCOPE_NONE },
    { "job_payload", SCOPE_NONE },
    { "json_each", SCOPE_VIEW },
    { "json_tree", SCOPE_VIEW },
    { "logged_event", SCOPE_NONE },
    { "media_buy", SCOPE_BUYER },
    { "media_buy_history", SCOPE_BUY },
    { "package", SCOPE_BUY },
    { "person_email", SCOPE_NONE },
    { "principal", SCOPE_BUYER },
    { "product", SCOPE_PUBLISHER },
    { "product_flight", SCOPE_PUBLISHER },
    { "product_text", SCOPE_ALL },
    { "product_text_config", SCOPE_VIEW },
    { "product_text_content", SCOPE_VIEW },
    { "product_text_data", SCOPE_VIEW },
    { "product_text_docsize", SCOPE_VIEW },
    { "product_text_idx", SCOPE_VIEW },
    { "product_text_key", SCOPE_VIEW },
    { "property", SCOPE_PUBLISHER },
    { "proposal", SCOPE_BUYER },
    { "proposal_draft", SCOPE_BUYER },
    { "proposal_hold", SCOPE_BUYER },
    { "publisher_off", SCOPE_PUBLISHER },
    { "pulse", SCOPE_NONE },
    { "quarantine", SCOPE_NONE },
    { "remote_list", SCOPE_BUYER },
    { "report_schedule", SCOPE_BUY },
    { "request_nonce", SCOPE_NONE },
    { "rule", SCOPE_PUBLISHER },
    { "sandbox_traffic", SCOPE_NONE },
    { "schema_migration", SCOPE_NONE },
    { "session", SCOPE_NONE },
    { "sign_in", SCOPE_NONE },
    { "sign_in_link", SCOPE_NONE },
    { "signal", SCOPE_PUBLISHER },
    { "signing_key", SCOPE_PUBLISHER },
    { "slot", SCOPE_PUBLISHER },
    { "sqlite_master", SCOPE_VIEW }, /* the schema, which only a migration changes */
    { "sqlite_sequence", SCOPE_NONE },
    { "sqlite_stat1", SCOPE_NONE },
    { "stored", SCOPE_BUYER },
    { "stored_change", SCOPE_VIEW },
    { "task", SCOPE_BUYER },
    { "tenant", SCOPE_ALL }, /* a call is led to a publisher by all of them */
    { "token", SCOPE_BUYER },
    { "webhook", SCOPE_BUYER },
    { "webhook_activity", SCOPE_NONE },
};
_Static_assert(ARRAY_LEN(tables) <= READS_TABLES, "the sets of tables that were read hold them all");

/* Where the owner stands among a table's columns. */
struct owner_columns {
    int tenant, principal, buy;
};

struct changes {
    uint32_t versions[SLOTS];
    uint64_t everything;
    struct owner_columns columns[ARRAY_LEN(tables)];
    /* Of the open transaction: */
    uint32_t pending[PENDING_MAX];
    size_t pending_n;
    uint64_t is_pending[SLOTS / 64]; /* a bit for each of them */
    bool pending_all;
    struct {
        char id[BUY_ID_MAX];
        size_t n;
        int table;
    } buys[BUYS_MAX];
    size_t buys_n;
};

static int table_find(const char *name)
{
    size_t from = 0, to = ARRAY_LEN(tables);
    while (from < to) {
        size_t middle = (from + to) / 2;
        int order = strcmp(name, tables[middle].name);
        if (order == 0) return (int)middle;
        if (order < 0) to = middle;
        else from = middle + 1;
    }
    return -1;
}

const char *changes_scope(const char *table)
{
    int i = table_find(table);
    return i < 0 ? NULL : scope_names[tables[i].scope];
}

static uint64_t mix(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++) h = (h ^ (uint8_t)s.p[i]) * UINT64_C(1099511628211);
    return (h ^ 0x1f) * UINT64_C(1099511628211); /* what follows begins here */
}

/* All buyers' rows of a publisher have the slot of no buyer, the installation's that of no publisher. */
static uint32_t slot_of(int table, struct str tenant_id, struct str principal_id)
{
    uint64_t h = mix(mix(UINT64_C(14695981039346656037) + (uint64_t)table, tenant_id), principal_id);
    h ^= h >> 29;
    return (uint32_t)((h * UINT64_C(0x9E3779B97F4A7C15)) >> 46);
}
_Static_assert(SLOTS == 1u << (64 - 46), "a slot is as many bits as there are slots");

/* ---- reading ---- */

static void reads_add(struct reads *to, const struct reads *more)
{
    for (size_t i = 0; i < READS_WORDS; i++) {
        to->own[i] |= more->own[i];
        to->any[i] |= more->any[i];
    }
    to->unknown |= more->unknown;
}

void changes_compile(struct tx *tx, struct reads *into, const char *sql)
{
    /* SQLite does not tell of columns that are read for such a join alone. */
    bool untold = strcasestr(sql, " USING") || strcasestr(sql, "NATURAL ");
    *into = (struct reads){ .unknown = untold };
    tx->compiling_own = strstr(sql, OWN) != NULL;
    tx->compiling = into;
}

void changes_compiled(struct tx *tx)
{
    tx->compiling = NULL;
}

void changes_read(struct tx *tx, const struct reads *r)
{
    reads_add(&tx->reads, r);
}

void changes_watch(struct tx *tx)
{
    tx->reads = (struct reads){ 0 };
}

/* False: nothing follows the table, or there are too many. */
static bool rests_on(const struct changes *c, int table, bool own, const struct changes_reader *who,
                     struct changes_basis *out)
{
    enum scope scope = tables[table].scope;
    bool of_buyer = scope == SCOPE_BUYER || scope == SCOPE_BUY;
    if (scope == SCOPE_VIEW) return true;
    if (scope == SCOPE_NONE || out->n == BASIS_MAX) return false;
    struct str tenant = scope == SCOPE_ALL ? STR_NONE : who->tenant_id;
    uint32_t slot = slot_of(table, tenant, of_buyer && own ? who->principal_id : STR_NONE);
    out->of[out->n].slot = slot;
    out->of[out->n++].version = c->versions[slot];
    return true;
}

bool changes_basis(const struct store *s, const struct tx *tx, const struct changes_reader *who,
                   struct changes_basis *out)
{
    const struct changes *c = s->changes;
    if (!c || tx->reads.unknown || !who->principal_id.n) return false;
    *out = (struct changes_basis){ .everything = c->everything };
    for (int i = 0; i < (int)ARRAY_LEN(tables); i++) {
        uint64_t bit = UINT64_C(1) << (i % 64);
        bool any = tx->reads.any[i / 64] & bit, own = tx->reads.own[i / 64] & bit;
        if ((any || own) && !rests_on(c, i, !any, who, out)) return false;
    }
    return true;
}

bool changes_none(const struct store *s, const struct changes_basis *b)
{
    const struct changes *c = s->changes;
    if (!c || c->everything != b->everything) return false;
    for (size_t i = 0; i < b->n; i++) {
        if (c->versions[b->of[i].slot] != b->of[i].version) return false;
    }
    return true;
}

/* ---- what rests on rows of the publisher ---- */

static bool is_pending(const struct changes *c, uint32_t slot)
{
    return c->is_pending[slot / 64] & UINT64_C(1) << (slot % 64);
}

bool changes_seen(const struct tx *tx, const struct changes_basis *b)
{
    const struct changes *c = tx->store->changes;
    if (!changes_none(tx->store, b)) return false;
    if (tx != &tx->store->write_tx) return true;
    if (c->pending_all) return false;
    for (size_t i = 0; i < b->n; i++) {
        if (is_pending(c, b->of[i].slot)) return false;
    }
    return true;
}

bool changes_basis_shared(const struct tx *tx, const struct reads *r, struct str tenant_id, struct changes_basis *out)
{
    const struct changes *c = tx->store->changes;
    struct changes_reader who = { .tenant_id = tenant_id };
    if (!c || r->unknown) return false;
    *out = (struct changes_basis){ .everything = c->everything };
    for (int i = 0; i < (int)ARRAY_LEN(tables); i++) {
        uint64_t bit = UINT64_C(1) << (i % 64);
        if (r->own[i / 64] & bit) return false;
        if (r->any[i / 64] & bit && (tables[i].scope == SCOPE_BUY || !rests_on(c, i, /* own= */ false, &who, out)))
            return false;
    }
    return changes_seen(tx, out);
}

/* ---- writing ---- */

static void pend(struct changes *c, uint32_t slot)
{
    uint64_t bit = UINT64_C(1) << (slot % 64);
    if (c->is_pending[slot / 64] & bit) return; /* mostly the same few again and again */
    if (c->pending_n == PENDING_MAX) {
        c->pending_all = true;
        return;
    }
    c->pending[c->pending_n++] = slot;
    c->is_pending[slot / 64] |= bit;
}

static void pend_buyer(struct changes *c, int table, struct str tenant_id, struct str principal_id)
{
    pend(c, slot_of(table, tenant_id, principal_id));
    if (principal_id.n) pend(c, slot_of(table, tenant_id, STR_NONE));
}

#ifdef SALESAGENT_PREUPDATE

static int on_authorize(void *arg, int action, const char *table, const char *column, const char *database,
                        const char *view)
{
    struct tx *tx = arg;
    (void)column, (void)database, (void)view;
    if (action != SQLITE_READ || !tx->compiling || !table) return SQLITE_OK;
    int i = table_find(table);
    if (i < 0) tx->compiling->unknown = true;
    else (tx->compiling_own ? tx->compiling->own : tx->compiling->any)[i / 64] |= UINT64_C(1) << (i % 64);
    return SQLITE_OK;
}

static void pend_buy(struct changes *c, int table, struct str id)
{
    size_t look = c->buys_n < 8 ? c->buys_n : 8;
    for (size_t i = 1; i <= look; i++) {
        size_t k = c->buys_n - i;
        if (c->buys[k].table == table && str_eq((struct str){ c->buys[k].id, c->buys[k].n }, id)) return;
    }
    if (c->buys_n == BUYS_MAX || id.n > BUY_ID_MAX) {
        c->pending_all = true;
        return;
    }
    memcpy(c->buys[c->buys_n].id, id.p, id.n);
    c->buys[c->buys_n].n = id.n;
    c->buys[c->buys_n++].table = table;
}

static struct str value_str(sqlite3_value *v)
{
    const char *p = v ? (const char *)sqlite3_value_text(v) : NULL;
    return p ? (struct str){ p, (size_t)sqlite3_value_bytes(v) } : STR_NONE;
}

/* Of the row as it was (before) or as it will be. */
static struct str column(sqlite3 *db, bool before, int index)
{
    sqlite3_value *v = NULL;
    int rc = before ? sqlite3_preupdate_old(db, index, &v) : sqlite3_preupdate_new(db, index, &v);
    return rc == SQLITE_OK ? value_str(v) : STR_NONE;
}

static void row_changes(struct changes *c, sqlite3 *db, int table, bool before)
{
    const struct owner_columns *at = &c->columns[table];
    enum scope scope = tables[table].scope;
    bool tenant = scope == SCOPE_PUBLISHER || scope == SCOPE_BUYER;
    if ((tenant && at->tenant < 0) || (scope == SCOPE_BUYER && at->principal < 0) ||
        (scope == SCOPE_BUY && at->buy < 0)) {
        c->pending_all = true;
        return;
    }
    switch (scope) {
    case SCOPE_NONE:
    case SCOPE_VIEW: return;
    case SCOPE_ALL: pend(c, slot_of(table, STR_NONE, STR_NONE)); return;
    case SCOPE_PUBLISHER: pend(c, slot_of(table, column(db, before, at->tenant), STR_NONE)); return;
    case SCOPE_BUYER: pend_buyer(c, table, column(db, before, at->tenant), column(db, before, at->principal)); return;
    case SCOPE_BUY: pend_buy(c, table, column(db, before, at->buy)); return;
    }
}

static void on_preupdate(void *arg, sqlite3 *db, int op, const char *database, const char *name, sqlite3_int64 from,
                         sqlite3_int64 to)
{
    struct changes *c = arg;
    (void)from, (void)to;
    if (strcmp(database, "main") != 0) return; /* an archive of a publisher that moves */
    /* A text search weighs words by all texts; no hook tells of the table, but of those it is made of. */
    int table = table_find(strncmp(name, TEXTS, sizeof(TEXTS) - 1) == 0 ? TEXTS : name);
    if (table < 0) {
        c->pending_all = true;
        return;
    }
    if (op != SQLITE_INSERT) row_changes(c, db, table, /* before= */ true);
    if (op != SQLITE_DELETE) row_changes(c, db, table, /* before= */ false);
}

/* Of a table that has not what its scope needs, every change counts as one of everything. */
static void find_columns(struct changes *c, sqlite3 *db)
{
    static const char sql[] = "SELECT m.name, c.name, c.cid FROM sqlite_schema m, pragma_table_info(m.name) c WHERE"
                              " m.type = 'table' AND c.name IN ('tenant_id', 'principal_id', 'media_buy_id')";
    sqlite3_stmt *s = NULL;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) c->columns[i] = (struct owner_columns){ -1, -1, -1 };
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        int table = table_find((const char *)sqlite3_column_text(s, 0)), at = sqlite3_column_int(s, 2);
        const char *name = (const char *)sqlite3_column_text(s, 1);
        if (table < 0 || !name) continue;
        if (name[0] == 't') c->columns[table].tenant = at;
        else if (name[0] == 'p') c->columns[table].principal = at;
        else c->columns[table].buy = at;
    }
    (void)sqlite3_finalize(s); /* repeats what step said */
}

void changes_follow(struct store *s)
{
    struct changes *c = calloc(1, sizeof(*c));
    ENSURE(c != NULL);
    find_columns(c, s->write_tx.db);
    s->changes = c;
    struct tx *both[] = { &s->write_tx, &s->read_tx };
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        if (both[i]->db) (void)sqlite3_set_authorizer(both[i]->db, on_authorize, both[i]); /* cannot fail */
    }
    (void)sqlite3_preupdate_hook(s->write_tx.db, on_preupdate, c); /* gives the hook before: none */
}

#else

void changes_follow(struct store *s)
{
    (void)s; /* this SQLite does not say which rows change: nothing is kept */
}

#endif

/* Whose the buys are whose parts have changed. One that is not there any more was somebody's: everything counts. */
void changes_before_commit(struct store *s)
{
    struct changes *c = s->changes;
    for (size_t i = 0; c && i < c->buys_n && !c->pending_all; i++) {
        struct str id = { c->buys[i].id, c->buys[i].n };
        AUTO_STMT struct stmt *st =
            stmt_get(&s->write_tx, "SELECT tenant_id, principal_id FROM media_buy WHERE media_buy_id = ?");
        struct err e;
        struct arena a;
        arena_init(&a);
        stmt_str(st, 1, id);
        if (stmt_step(st, &e) == 1) pend_buyer(c, c->buys[i].table, col_str(st, &a, 0), col_str(st, &a, 1));
        else c->pending_all = true;
        arena_finish(&a);
    }
    if (c) c->buys_n = 0;
}

void changes_committed(struct store *s)
{
    struct changes *c = s->changes;
    if (!c) return;
    if (c->pending_all) c->everything++;
    for (size_t i = 0; i < c->pending_n; i++) {
        c->versions[c->pending[i]]++;
        c->is_pending[c->pending[i] / 64] = 0; /* its neighbours are forgotten with it */
    }
    c->pending_n = c->buys_n = 0;
    c->pending_all = false;
}

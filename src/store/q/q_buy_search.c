#include "store/q/q_buy_search.h"

#include <stdlib.h>

#include "store/stmt.h"

/* The inner SELECT takes the newest rows of one state, or of all, in the order of an index and at most so many; the outer one keeps
 * those with the text. */
#define FOUND                                                                                                                 \
    "SELECT b.media_buy_id, ifnull(p.name, b.principal_id), ifnull(c.brand_domain, '') FROM (SELECT media_buy_id, tenant_id," \
    " principal_id, account_id, name, buyer_ref, po_number FROM media_buy INDEXED BY "
#define LOOKED_AT " AND media_buy_id < ?3 ORDER BY media_buy_id DESC LIMIT ?4) b"
#define ASKED                                                                                                           \
    " LEFT JOIN principal p ON p.tenant_id = b.tenant_id AND p.principal_id = b.principal_id"                           \
    " LEFT JOIN account c ON c.tenant_id = b.tenant_id AND c.account_id = b.account_id"                                 \
    " WHERE (?5 = '' OR b.principal_id = ?5) AND (?6 = '' OR instr(lower(b.name), ?6) OR instr(lower(b.buyer_ref), ?6)" \
    " OR instr(lower(b.po_number), ?6) OR instr(b.media_buy_id, ?6) OR instr(lower(ifnull(p.name, '')), ?6)"            \
    " OR instr(lower(b.principal_id), ?6) OR instr(lower(ifnull(c.brand_domain, '')), ?6))"                             \
    " ORDER BY b.media_buy_id DESC LIMIT ?7"

static const char found_any[] = FOUND "media_buy_by_tenant WHERE tenant_id = ?1 AND ?2 = ''" LOOKED_AT ASKED;
static const char found_of[] = FOUND "media_buy_by_tenant_status WHERE tenant_id = ?1 AND status = ?2" LOOKED_AT ASKED;
static const char last_any[] = "SELECT media_buy_id FROM media_buy INDEXED BY media_buy_by_tenant WHERE tenant_id = ?1"
                               " AND ?2 = '' AND media_buy_id < ?3 ORDER BY media_buy_id DESC LIMIT 1 OFFSET ?4";
static const char last_of[] =
    "SELECT media_buy_id FROM media_buy INDEXED BY media_buy_by_tenant_status WHERE tenant_id = ?1"
    " AND status = ?2 AND media_buy_id < ?3 ORDER BY media_buy_id DESC LIMIT 1 OFFSET ?4";

struct search {
    const struct buy_search *f;
    struct buy_found *rows;
    size_t n;
    struct str unseen; /* the newest row that was not looked at; empty: all were */
};

static int order(struct str a, struct str b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool narrows(const struct buy_search *f)
{
    return f->text.n > 0 || f->principal_id.n > 0;
}

static void bind(struct stmt *s, const struct buy_search *f, const char *status, int64_t rows)
{
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, str_from(status));
    stmt_str(s, 3, f->before_id.n ? f->before_id : STR("~"));
    stmt_i64(s, 4, rows);
}

/* The newest row that was not looked at, if there is one. */
static int find_unseen(struct tx *tx, struct arena *a, struct search *x, const char *status, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, *status ? last_of : last_any);
    bind(s, x->f, status, BUY_SEARCH_LOOKED_AT);
    int rc = stmt_step(s, e);
    if (rc < 1) return rc;
    struct str id = col_str(s, a, 0);
    if (!x->unseen.n || order(id, x->unseen) > 0) x->unseen = id;
    return 0;
}

static int search_status(struct tx *tx, struct arena *a, struct search *x, const char *status, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, *status ? found_of : found_any);
    int rc;
    bind(s, x->f, status, narrows(x->f) ? BUY_SEARCH_LOOKED_AT : x->f->limit + 1);
    stmt_str(s, 5, x->f->principal_id);
    stmt_str(s, 6, x->f->text);
    stmt_i64(s, 7, x->f->limit + 1);
    while ((rc = stmt_step(s, e)) == 1) {
        x->rows[x->n++] = (struct buy_found){ col_str(s, a, 0), col_str(s, a, 1), col_str(s, a, 2) };
    }
    if (rc < 0) return -1;
    return narrows(x->f) ? find_unseen(tx, a, x, status, e) : 0;
}

static int newest_first(const void *a, const void *b)
{
    const struct buy_found *x = a, *y = b;
    return order(y->media_buy_id, x->media_buy_id);
}

int q_buy_search(struct tx *tx, struct arena *a, const struct buy_search *f, struct buy_search_result *out,
                 struct err *e)
{
    size_t most = (size_t)(f->limit + 1) * MEDIA_BUY_FILTER_STATUSES;
    struct search x = { .f = f, .rows = ARENA_ARRAY(a, struct buy_found, most) };
    int rc = f->statuses[0] ? 0 : search_status(tx, a, &x, "", e);
    for (size_t i = 0; !rc && i < MEDIA_BUY_FILTER_STATUSES && f->statuses[i]; i++)
        rc = search_status(tx, a, &x, f->statuses[i], e);
    if (rc) return -1;
    qsort(x.rows, x.n, sizeof(*x.rows), newest_first);
    size_t n = x.n > (size_t)f->limit ? (size_t)f->limit : x.n;
    /* Rows older than the newest one not looked at wait for a later page, so that pages stay in order. */
    while (x.unseen.n && n > 0 && order(x.rows[n - 1].media_buy_id, x.unseen) < 0) n--;
    *out = (struct buy_search_result){ .rows = x.rows, .n = n, .has_more = n < x.n || x.unseen.n };
    /* A full page goes on behind its last row, another one at the newest row not looked at: with "!" behind its id, that row itself
     * is older, too. */
    if (n == (size_t)f->limit) out->before_id = x.rows[n - 1].media_buy_id;
    else if (x.unseen.n) out->before_id = arena_printf(a, STR_FMT "!", STR_ARG(x.unseen));
    return 0;
}

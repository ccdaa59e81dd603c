#include "domain/decide/task_facts.h"

#include "base/buf.h"
#include "base/rfc3339.h"
#include "base/tz.h"
#include "domain/core/tenant_settings.h"
#include "domain/product/product.h"
#include "store/q/q_account.h"
#include "store/q/q_media_buy.h"

#define PRODUCTS_NAMED 5
#define PRODUCTS_TEXT  1024

static int name_products(const struct act *act, const struct package_rows *packages, struct str *out, struct err *e)
{
    struct buf b;
    buf_init(&b, PRODUCTS_TEXT);
    int rc = 0;
    for (size_t i = 0; i < packages->n && i < PRODUCTS_NAMED && rc == 0; i++) {
        const struct package_row *p = &packages->rows[i];
        struct product product;
        int found = product_load_listed(act->tx, act->arena, act->tenant->tenant_id, p->product_id, &product, e);
        struct str name = found == 1 ? json_str(product.doc, "name") : p->product_id;
        rc = found < 0 ? -1 : 0;
        if (b.n + name.n + 3 > PRODUCTS_TEXT) break;
        if (i) buf_add(&b, STR(", "));
        buf_add(&b, name);
    }
    if (packages->n > PRODUCTS_NAMED && b.n + 40 < PRODUCTS_TEXT)
        buf_addf(&b, " and %zu more", packages->n - PRODUCTS_NAMED);
    *out = arena_dup(act->arena, buf_str(&b));
    buf_finish(&b);
    return rc;
}

static int read_account(const struct act *act, const struct media_buy_row *buy, struct str *advertiser, struct err *e)
{
    struct account_row scope = { .tenant_id = buy->tenant_id,
                                 .principal_id = buy->principal_id,
                                 .account_id = buy->account_id };
    struct account_row account;
    int rc = q_account_get(act->tx, act->arena, &scope, &account, e);
    if (rc == 1) *advertiser = account.brand_domain.n ? account.brand_domain : account.name;
    return rc < 0 ? -1 : 0;
}

int task_facts_read(const struct act *act, const struct task_row *task, struct task_facts *out, struct err *e)
{
    struct task_facts f = { .start_at = TIME_NONE, .end_at = TIME_NONE };
    struct media_buy_key key = { .tenant_id = task->tenant_id, .media_buy_id = task->subject_id };
    struct media_buy_row buy;
    struct package_rows packages;
    *out = f;
    if (!str_is(task->subject_type, "media_buy")) return 0;
    int rc = q_media_buy_get(act->tx, act->arena, &key, &buy, e);
    if (rc < 1) return rc;
    if (q_packages_of_buy(act->tx, act->arena, buy.media_buy_id, &packages, e)) return -1;
    if (name_products(act, &packages, &f.products, e) || read_account(act, &buy, &f.advertiser, e)) return -1;
    char text[MONEY_TEXT_MAX];
    struct str sum = { text, money_print(buy.total_budget_micros, text) };
    f.of_buy = true;
    f.name = buy.name;
    f.total = arena_printf(act->arena, STR_FMT " %s", STR_ARG(sum), buy.currency);
    f.start_at = buy.start_at;
    f.end_at = buy.end_at;
    *out = f;
    return 0;
}

struct str people_time(const struct act *act, int64_t at)
{
    struct tenant_settings ts;
    struct err unknown; /* then it is UTC */
    const struct tz *zone;
    char text[RFC3339_MAX];
    tenant_settings_read(act->tenant, act->arena, &ts);
    bool known = tz_load(act->arena, ts.timezone, &zone, &unknown) == 0;
    if (!known) zone = tz_utc();
    int64_t local = at + tz_offset_s(zone, at) * USEC_PER_SEC;
    (void)rfc3339_print(local, RFC3339_SECONDS, text); /* as if it were UTC: the clock on the wall */
    return arena_printf(act->arena, "%.10s %.5s " STR_FMT, text, text + 11, STR_ARG(known ? ts.timezone : STR("UTC")));
}

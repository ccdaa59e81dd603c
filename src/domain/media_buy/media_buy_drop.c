/* A buy goes on without the packages of an ad server that would not take them: they end before they began, their money is
 * off the buy, and the buyer is told. */
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy.h"
#include "domain/media_buy/media_buy_change.h"

#define REASON_MAX 500

static bool goes(const struct package_row *p, struct str ad_server)
{
    return p->canceled_at == TIME_NONE && str_eq(p->ad_server, ad_server);
}

/* At most as long as AdCP allows, cut between characters. */
static struct str cut(struct str s)
{
    if (s.n <= REASON_MAX) return s;
    s.n = REASON_MAX;
    while (s.n > 0 && ((uint8_t)s.p[s.n] & 0xC0) == 0x80) s.n--;
    return s;
}

/* The package's document with a cancellation in the form that a buyer's own has (product/package_request.c). */
static struct str with_cancellation(const struct act *act, const struct package_row *p, struct str reason)
{
    struct document d;
    document_open(act->arena, p->doc, &d);
    yyjson_mut_val *c = yyjson_mut_obj(d.doc);
    json_add_time(d.doc, c, "canceled_at", act->now);
    json_add_cstr(d.doc, c, "canceled_by", "seller");
    json_add_str_opt(d.doc, c, "reason", cut(reason));
    document_set_new(&d, "canceled", yyjson_mut_true(d.doc));
    document_set_new(&d, "cancellation", c);
    return document_text(&d);
}

static int drop_package(const struct act *act, const struct media_buy *b, struct package_row *p, struct str reason,
                        struct err *e)
{
    if (media_buy_release(act, b, p->package_id, e)) return -1;
    p->doc = with_cancellation(act, p, reason);
    p->previous_budget_micros = p->budget_micros;
    p->budget_micros = 0;
    p->canceled_at = act->now;
    return q_package_update(act->tx, p, e);
}

static int tell(const struct act *act, const struct media_buy *b, const struct package_row *p, struct str reason,
                struct err *e)
{
    char money[MONEY_TEXT_MAX];
    (void)money_print(p->previous_budget_micros, money);
    struct media_buy_change change = {
        .action = "package_canceled",
        .package_id = p->package_id,
        .summary = arena_printf(act->arena, "The media buy goes on without it, %s %s less: " STR_FMT, money,
                                b->row.currency, STR_ARG(reason)),
    };
    return media_buy_changed(act, &b->row, &change, e);
}

int media_buy_drop(const struct act *act, struct str media_buy_id, struct str ad_server, struct str reason,
                   struct err *e)
{
    struct media_buy b;
    size_t gone = 0, left = 0;
    int found = media_buy_load(act, media_buy_id, &b, e);
    if (found < 0) return -1;
    if (!found) return err_set(e, "MEDIA_BUY_NOT_FOUND", "There is no such media buy.");
    for (size_t i = 0; i < b.packages.n; i++) {
        if (goes(&b.packages.rows[i], ad_server)) gone++;
        else left += b.packages.rows[i].canceled_at == TIME_NONE;
    }
    if (gone == 0) return 0;
    if (left == 0) return err_set(e, "INVALID_STATE", "Nothing would be left of the media buy; it can only be ended.");
    if (delivery_freeze(act, media_buy_id, e)) return -1;
    bool *told = ARENA_ARRAY(act->arena, bool, b.packages.n);
    for (size_t i = 0; i < b.packages.n; i++) {
        struct package_row *p = &b.packages.rows[i];
        told[i] = goes(p, ad_server);
        if (!told[i]) continue;
        b.row.total_budget_micros -= p->budget_micros;
        if (drop_package(act, &b, p, reason, e)) return -1;
    }
    bool waits = b.status == BUY_PENDING_CREATIVES || b.status == BUY_PENDING_START;
    if (waits && media_buy_settle(act, &b, &b.status, e)) return -1;
    if (media_buy_save(act, &b, e)) return -1;
    for (size_t i = 0; i < b.packages.n; i++) {
        if (told[i] && tell(act, &b, &b.packages.rows[i], reason, e)) return -1;
    }
    return 0;
}

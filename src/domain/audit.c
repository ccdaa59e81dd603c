#include "domain/audit.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "store/q_audit.h"

#define AUDIT_ROW_BYTES_MAX (1 << 20)

static void add_field(struct buf *b, struct str s)
{
    buf_addf(b, "%zu:", s.n);
    buf_add(b, s);
}

/* Length prefixes keep two different rows from ever having the same hash input. */
void audit_row_hash(const struct audit_row *row, uint8_t out[SHA256_BYTES])
{
    struct buf b;
    buf_init(&b, AUDIT_ROW_BYTES_MAX + 4096);
    add_field(&b, row->prev_hash);
    buf_addf(&b, "%lld,%lld,", (long long)row->seq, (long long)row->at);
    add_field(&b, row->tenant_id);
    add_field(&b, row->actor);
    add_field(&b, str_from(row->action.p));
    add_field(&b, row->subject);
    add_field(&b, row->doc);
    ENSURE(!b.overflowed);
    sha256(buf_str(&b), out);
    buf_finish(&b);
}

int audit_add(const struct act *act, const struct audit_entry *entry, struct err *e)
{
    ENSURE(entry->doc.n < AUDIT_ROW_BYTES_MAX);
    struct audit_row last, row;
    int found = q_audit_last(act->tx, act->arena, &last, e);
    if (found < 0) return -1;
    static const char genesis[SHA256_BYTES];
    row = (struct audit_row){
        .seq = found ? last.seq + 1 : 1,
        .tenant_id = act->tenant->tenant_id,
        .at = act->now,
        .actor = act->actor,
        .action = str_from(entry->action),
        .subject = entry->subject,
        .doc = entry->doc.n ? entry->doc : STR("{}"),
        .prev_hash = found ? last.hash : (struct str){ genesis, sizeof(genesis) },
    };
    uint8_t hash[SHA256_BYTES];
    audit_row_hash(&row, hash);
    row.hash = (struct str){ (const char *)hash, sizeof(hash) };
    return q_audit_insert(act->tx, &row, e);
}

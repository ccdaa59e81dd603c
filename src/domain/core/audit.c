#include "domain/core/audit.h"

#include "base/buf.h"
#include "base/crypto.h"
#include "base/log.h"
#include "contract/limits.h"
#include "store/q/agent/q_audit.h"

static void add_field(struct buf *b, struct str s)
{
    buf_addf(b, "%zu:", s.n);
    buf_add(b, s);
}

/* Length prefixes keep two different rows from ever having the same hash input. */
void audit_row_hash(const struct audit_row *row, uint8_t out[SHA256_BYTES])
{
    struct buf b;
    size_t text = row->prev_hash.n + row->tenant_id.n + row->actor.n + row->action.n + row->subject.n + row->doc.n;
    buf_init(&b, text + 256); /* six lengths and two numbers */
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

static void seal(const struct act *act, int64_t seq, struct str hash, uint8_t out[SHA256_BYTES])
{
    struct buf b;
    buf_init(&b, hash.n + 64);
    buf_addf(&b, "audit-head:%lld:", (long long)seq);
    buf_add(&b, hash);
    ENSURE(!b.overflowed);
    hmac_sha256(tx_secret(act->tx), buf_str(&b), out);
    buf_finish(&b);
}

static bool sealed(const struct act *act, const struct audit_head *head)
{
    uint8_t mac[SHA256_BYTES];
    seal(act, head->seq, head->hash, mac);
    return secret_eq(head->seal, (struct str){ (const char *)mac, sizeof(mac) });
}

static bool never_sealed(const struct audit_head *head)
{
    static const char zeros[SHA256_BYTES];
    return str_eq(head->seal, (struct str){ zeros, sizeof(zeros) });
}

enum sealing { SEAL_SOUND_ONLY, SEAL_FIRST };

/* A seal that is not ours stays as it is, so that it goes on showing. */
static int put_head(const struct act *act, const struct audit_row *row, struct str broken_seal, struct err *e)
{
    uint8_t mac[SHA256_BYTES];
    seal(act, row->seq, row->hash, mac);
    struct audit_head head = { row->seq, row->hash, { (const char *)mac, sizeof(mac) } };
    if (broken_seal.n) head.seal = broken_seal;
    return q_audit_head_put(act->tx, &head, e);
}

/* Whoever takes the details in bounds them, with a refusal that names the field. What was overlooked fails its call here. */
static int too_long(const struct audit_entry *entry, struct err *e)
{
    log_event(LOG_ERROR, "audit", "the details of a line are too long", "action", entry->action, NULL);
    return err_set(e, "SERVICE_UNAVAILABLE",
                   "The agent could not write this operation into its audit trail; nothing of it happened.");
}

static int add(const struct act *act, const struct audit_entry *entries, size_t n, enum sealing sealing, struct err *e)
{
    static const char genesis[SHA256_BYTES];
    struct audit_row last, row;
    struct audit_head head;
    int rows = q_audit_last(act->tx, act->arena, &last, e);
    int headed = rows < 0 ? -1 : q_audit_head_get(act->tx, act->arena, &head, e);
    if (headed < 0) return -1;
    bool sound = !headed || sealed(act, &head) || (sealing == SEAL_FIRST && never_sealed(&head));
    int64_t seq = rows ? last.seq : 0;
    if (headed && head.seq > seq) seq = head.seq; /* rows are missing from the end: the gap stays */
    /* The sealed end, not the row found last: that may be somebody's own. */
    struct str before = headed ? head.hash : rows ? last.hash : (struct str){ genesis, sizeof(genesis) };
    uint8_t hash[SHA256_BYTES], prev[SHA256_BYTES];
    for (size_t i = 0; i < n; i++) {
        if (entries[i].doc.n > AUDIT_DOC_BYTES_MAX) return too_long(&entries[i], e);
        seq++;
        row = (struct audit_row){
            .seq = seq,
            .tenant_id = act->tenant->tenant_id,
            .at = act->now,
            .actor = act->actor,
            .action = str_from(entries[i].action),
            .subject = entries[i].subject,
            .doc = entries[i].doc.n ? entries[i].doc : STR("{}"),
            .prev_hash = before,
        };
        audit_row_hash(&row, hash);
        row.hash = (struct str){ (const char *)hash, sizeof(hash) };
        if (q_audit_insert(act->tx, &row, e)) return -1;
        memcpy(prev, hash, sizeof(prev));
        before = (struct str){ (const char *)prev, sizeof(prev) };
    }
    return put_head(act, &row, sound ? STR_NONE : head.seal, e);
}

int audit_add(const struct act *act, const struct audit_entry *entry, struct err *e)
{
    return add(act, entry, 1, SEAL_SOUND_ONLY, e);
}

int audit_add_all(const struct act *act, const struct audit_entry *entries, size_t n, struct err *e)
{
    return n ? add(act, entries, n, SEAL_SOUND_ONLY, e) : 0;
}

int audit_seal_first(const struct act *act, struct err *e)
{
    struct audit_head head;
    int rc = q_audit_head_get(act->tx, act->arena, &head, e);
    if (rc < 1 || !never_sealed(&head)) return rc < 0 ? -1 : 0;
    struct audit_entry note = { .action = AUDIT_SEALED,
                                .subject = STR("audit"),
                                .doc = arena_printf(act->arena,
                                                    "{\"rows\":%lld,\"note\":\"The rows before this one were "
                                                    "written before the trail was sealed.\"}",
                                                    (long long)head.seq) };
    return add(act, &note, 1, SEAL_FIRST, e);
}

int audit_head(const struct act *act, struct audit_place *out, struct err *e)
{
    struct audit_row last;
    int rc = q_audit_last(act->tx, act->arena, &last, e);
    if (rc < 1) return rc;
    *out = (struct audit_place){ .seq = last.seq };
    if (last.hash.n == SHA256_BYTES) memcpy(out->hash, last.hash.p, SHA256_BYTES);
    return 1;
}

int audit_has(const struct act *act, const struct audit_place *place, struct err *e)
{
    struct audit_filter f = { .from_at = TIME_NONE, .until_at = TIME_NONE, .after_seq = place->seq - 1, .limit = 1 };
    struct audit_row *rows;
    size_t n;
    if (q_audit_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    struct str hash = { (const char *)place->hash, SHA256_BYTES };
    return n == 1 && rows[0].seq == place->seq && str_eq(rows[0].hash, hash);
}

/* ---- verifying ---- */

const char *audit_fault_text(enum audit_fault f)
{
    switch (f) {
    case AUDIT_MISSING: return "rows before this one are missing";
    case AUDIT_UNCHAINED: return "this row does not follow the one before it";
    case AUDIT_CHANGED: return "this row is not what was written";
    case AUDIT_HEAD_MISSING: return "the seal on the end of the trail is missing";
    case AUDIT_HEAD_FORGED: return "the seal on the end of the trail was not made by this installation";
    case AUDIT_CUT: return "rows are missing from the end";
    case AUDIT_OLDER: return "an anchor knows this row otherwise: the trail is an older copy, or was written anew";
    case AUDIT_SEALED_AGAIN: return "the trail was sealed for the first time once more";
    case AUDIT_OVERLONG: return "the trail does not end with the sealed row";
    }
    ENSURE(!"a fault");
}

static void found(struct audit_verified *v, enum audit_fault fault, int64_t seq)
{
    if (v->findings_n < AUDIT_FINDINGS_MAX) v->findings[v->findings_n++] = (struct audit_finding){ fault, seq };
}

static void check_row(struct audit_verified *v, const struct audit_row *row)
{
    uint8_t hash[SHA256_BYTES];
    struct str expected = { (const char *)v->at.hash, SHA256_BYTES };
    if (row->seq != v->at.seq + 1) {
        found(v, AUDIT_MISSING, row->seq);
    } else if (!str_eq(row->prev_hash, expected)) {
        found(v, AUDIT_UNCHAINED, row->seq);
    }
    bool sound = row->prev_hash.n == SHA256_BYTES && row->hash.n == SHA256_BYTES;
    if (sound) audit_row_hash(row, hash);
    if (!sound || memcmp(hash, row->hash.p, SHA256_BYTES) != 0) found(v, AUDIT_CHANGED, row->seq);
    if (str_is(row->action, AUDIT_SEALED)) {
        if (v->at.sealed_seq) found(v, AUDIT_SEALED_AGAIN, row->seq);
        v->at.sealed_seq = row->seq;
    }
    v->at.seq = row->seq;
    memset(v->at.hash, 0, SHA256_BYTES);
    if (row->hash.n == SHA256_BYTES) memcpy(v->at.hash, row->hash.p, SHA256_BYTES);
    v->checked++;
}

static int check_head(const struct act *act, struct audit_verified *v, struct err *e)
{
    struct audit_head head;
    int rc = q_audit_head_get(act->tx, act->arena, &head, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        if (v->at.seq > 0) found(v, AUDIT_HEAD_MISSING, v->at.seq);
        return 0;
    }
    if (!sealed(act, &head)) found(v, AUDIT_HEAD_FORGED, head.seq);
    if (head.seq > v->at.seq) {
        found(v, AUDIT_CUT, v->at.seq);
    } else if (head.seq < v->at.seq || !str_eq(head.hash, (struct str){ (const char *)v->at.hash, SHA256_BYTES })) {
        found(v, AUDIT_OVERLONG, v->at.seq);
    }
    return 0;
}

int audit_verify(const struct act *act, const struct audit_place *from, int limit, struct audit_verified *out,
                 struct err *e)
{
    struct audit_filter f = { .from_at = TIME_NONE, .until_at = TIME_NONE, .after_seq = from->seq, .limit = limit };
    struct audit_row *rows;
    size_t n;
    *out = (struct audit_verified){ .at = *from };
    if (q_audit_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) check_row(out, &rows[i]);
    out->done = n < (size_t)limit;
    return out->done ? check_head(act, out, e) : 0;
}

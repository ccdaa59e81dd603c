#include "domain/publisher/session.h"

#include "base/crypto.h"
#include "domain/core/audit.h"
#include "store/q/q_tenant.h"

#define BROWSER_MAX 256
#define ADDRESS_MAX 64
#define OTHERS_MAX  100 /* at a time */
#define KEPT        (INT64_C(30) * USEC_PER_DAY) /* what is over is kept so long */

static struct str hash_of(struct arena *a, struct str secret)
{
    uint8_t *hash = arena_alloc(a, SHA256_BYTES);
    sha256(secret, hash);
    return (struct str){ (const char *)hash, SHA256_BYTES };
}

static bool is_person(const struct principal_row *p)
{
    return str_is(p->role, "viewer") || str_is(p->role, "operator") || str_is(p->role, "administrator");
}

/* --- links ------------------------------------------------------------------------------------------------------ */

static int first_administrator(const struct act *act, struct str *out, struct err *e)
{
    struct principal_row p = { .tenant_id = act->tenant->tenant_id,
                               .principal_id = STR("admin"),
                               .name = STR("Administrator"),
                               .role = STR("administrator"),
                               .status = STR("active") },
                         old;
    int rc = q_principal_get(act->tx, act->arena, p.tenant_id, p.principal_id, &old, e);
    if (rc < 0) return -1;
    if (rc == 1) {
        (void)err_set(e, "CONFLICT", "There is no administrator, and \"admin\" is somebody else.");
        (void)err_suggest(e, "Make one: salesagent user add NAME --role administrator.");
        return err_field(e, "/principal_id");
    }
    struct audit_entry entry = { .action = "user.add", .subject = STR("principal:admin") };
    if (q_principal_put(act->tx, &p, act->now, e) < 0 || audit_add(act, &entry, e)) return -1;
    *out = p.principal_id;
    return 0;
}

/* A link that names nobody is for the only active administrator. */
static int the_administrator(const struct act *act, struct str *out, struct err *e)
{
    struct principal_row *rows;
    size_t n, found = 0;
    if (q_principal_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        if (!str_is(rows[i].role, "administrator") || !str_is(rows[i].status, "active")) continue;
        *out = rows[i].principal_id;
        found++;
    }
    if (found == 1) return 0;
    if (found == 0) return first_administrator(act, out, e);
    (void)err_set(e, "INVALID_REQUEST", "There are several administrators.");
    (void)err_suggest(e, "Name one of them; salesagent user list shows who they are.");
    return err_field(e, "/principal_id");
}

int session_must_be_person(const struct act *act, struct str id, struct err *e)
{
    struct principal_row p;
    int rc = q_principal_get(act->tx, act->arena, act->tenant->tenant_id, id, &p, e);
    if (rc < 0) return -1;
    if (rc == 1 && is_person(&p) && str_is(p.status, "active")) return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no active user of that name.");
    (void)err_suggest(e, "salesagent user list shows the publisher's people.");
    return err_field(e, "/principal_id");
}

int sign_in_link_make(const struct act *act, struct str person, struct sign_in_link *out, struct err *e)
{
    struct str secret = secret_new(act->arena, act->rng);
    if (!person.n && the_administrator(act, &person, e)) return -1;
    if (session_must_be_person(act, person, e)) return -1;
    struct sign_in_link_row row = { .link_hash = hash_of(act->arena, secret),
                                    .tenant_id = act->tenant->tenant_id,
                                    .principal_id = person,
                                    .expires_at = act->now + SIGN_IN_LINK_LIFE };
    struct audit_entry entry = { .action = "user.link",
                                 .subject = arena_printf(act->arena, "principal:" STR_FMT, STR_ARG(person)) };
    if (q_sign_in_link_insert(act->tx, &row, e) || audit_add(act, &entry, e)) return -1;
    out->text = arena_printf(act->arena, STR_FMT "." STR_FMT, STR_ARG(row.tenant_id), STR_ARG(secret));
    out->principal_id = person;
    out->expires_at = row.expires_at;
    return 0;
}

int sign_in_link_open(const struct act *act, struct str secret, struct sign_in_link_row *out, struct err *e)
{
    int rc = q_sign_in_link_get(act->tx, act->arena, hash_of(act->arena, secret), out, e);
    if (rc < 0) return -1;
    if (rc == 1 && str_eq(out->tenant_id, act->tenant->tenant_id) && out->used_at == TIME_NONE &&
        out->expires_at > act->now)
        return 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "This link is not valid, was used already, or its time is over.");
    return err_suggest(e, "Ask an administrator for a new one: salesagent user link NAME.");
}

/* --- sessions --------------------------------------------------------------------------------------------------- */

static struct str cut(struct str s, size_t max)
{
    return s.n > max ? (struct str){ s.p, max } : s;
}

/* As the person: nobody is signed in yet. */
static int audited(const struct act *act, const struct session_row *row, const char *action, struct str doc,
                   struct err *e)
{
    struct act as = *act;
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(act->arena, "session:" STR_FMT, STR_ARG(row->session_id)),
                                 .doc = doc };
    struct tenant whose =
        *act->tenant; /* of another publisher when somebody comes from there: its trail says so, not ours */
    if (!str_eq(row->tenant_id, whose.tenant_id)) whose = (struct tenant){ .tenant_id = row->tenant_id };
    as.tenant = &whose;
    if (!act->principal) as.actor = arena_printf(act->arena, "operator:" STR_FMT, STR_ARG(row->principal_id));
    return audit_add(&as, &entry, e);
}

static int64_t end_of(const struct act *act, const struct session_new *in)
{
    int64_t life = act->now + SESSION_LIFE;
    return in->until && in->until < life ? in->until : life;
}

int session_open(const struct act *act, const struct session_new *in, struct session_row *out, struct str *secret,
                 struct err *e)
{
    struct sign_in_link_row link = { .principal_id = in->person };
    struct session_row old;
    if (in->link.n && sign_in_link_open(act, in->link, &link, e)) return -1;
    if (session_must_be_person(act, link.principal_id, e)) return -1;
    int rc = in->replaces.n ? session_find(act->tx, act->arena, in->replaces, act->now, &old, e) : 0;
    if (rc < 0 || (rc == 1 && session_end(act, &old, e))) return -1;
    *secret = secret_new(act->arena, act->rng);
    *out = (struct session_row){ .session_hash = hash_of(act->arena, *secret),
                                 .session_id = id_new(act->arena, act->rng, "ses-", act->now),
                                 .tenant_id = act->tenant->tenant_id,
                                 .principal_id = link.principal_id,
                                 .browser = cut(in->browser, BROWSER_MAX),
                                 .address = cut(in->address, ADDRESS_MAX),
                                 .created_at = act->now,
                                 .used_at = act->now,
                                 .expires_at = end_of(act, in),
                                 .ended_at = TIME_NONE,
                                 .issuer = in->issuer,
                                 .subject = in->subject };
    if (q_session_purge(act->tx, act->now - KEPT, e) ||
        (in->link.n && q_sign_in_link_used(act->tx, link.link_hash, act->now, e)) || q_session_insert(act->tx, out, e))
        return -1;
    return audited(act, out, "session.open", arena_printf(act->arena, "{\"by\":\"%s\"}", in->by), e);
}

bool session_is_open(const struct session_row *row, int64_t now)
{
    return row->ended_at == TIME_NONE && row->expires_at > now && row->used_at > now - SESSION_IDLE;
}

int session_find(struct tx *tx, struct arena *a, struct str secret, int64_t now, struct session_row *out, struct err *e)
{
    int rc = q_session_get(tx, a, hash_of(a, secret), out, e);
    return rc == 1 ? session_is_open(out, now) : rc;
}

int session_end(const struct act *act, const struct session_row *row, struct err *e)
{
    return q_session_end(act->tx, row->session_hash, act->now, e) ? -1 : audited(act, row, "session.end", STR_NONE, e);
}

int session_end_others(const struct act *act, struct str person, struct str but, struct err *e)
{
    struct session_filter f = {
        .tenant_id = act->tenant->tenant_id, .principal_id = person, .now = act->now, .limit = OTHERS_MAX
    };
    struct session_row *rows;
    size_t n = OTHERS_MAX;
    while (n == OTHERS_MAX) {
        if (q_session_list(act->tx, act->arena, &f, &rows, &n, e)) return -1;
        size_t ended = 0;
        for (size_t i = 0; i < n; i++) {
            if (str_eq(rows[i].session_id, but)) continue;
            if (session_end(act, &rows[i], e)) return -1;
            ended++;
        }
        if (ended == 0) break;
    }
    return 0;
}

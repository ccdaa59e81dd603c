#include "domain/publisher/person_email.h"

#include "domain/core/audit.h"
#include "domain/publisher/id_token.h"
#include "domain/publisher/publisher_life.h"
#include "store/q/agent/q_person_email.h"
#include "store/q/q_tenant.h"

/* `as`: who acts, when nobody is signed in yet; else empty. */
static int audited(const struct act *act, const char *action, struct str person, struct str as, struct err *e)
{
    struct act who = *act;
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(act->arena, "principal:" STR_FMT, STR_ARG(person)) };
    if (as.n) who.actor = arena_printf(act->arena, "operator:" STR_FMT, STR_ARG(as));
    return audit_add(&who, &entry, e);
}

/* ---- coming in ---- */

static int nobody(const struct person_identity *who, struct err *e)
{
    if (!who->email.n)
        (void)err_set(e, "PERMISSION_DENIED", "The identity provider did not vouch for an e-mail address of yours.");
    else
        (void)err_set(e, "PERMISSION_DENIED", "Nobody of this publisher signs in as " STR_FMT ".", STR_ARG(who->email));
    return err_suggest(e, "An administrator gives people their address on the page People.");
}

/* The row of who comes; bound to the provider's name for the person the first time. */
static int recognise(const struct act *act, const struct person_identity *who, struct person_email_row *out,
                     struct err *e)
{
    const struct person_email_row identity = { .issuer = who->issuer, .subject = who->subject };
    struct str tenant = act->tenant->tenant_id;
    int rc = q_person_email_by_subject(act->tx, act->arena, tenant, &identity, out, e);
    if (rc) return rc < 0 ? -1 : 0;
    rc = who->email.n ? q_person_email_by_email(act->tx, act->arena, tenant, who->email, out, e) : 0;
    if (rc < 0) return -1;
    if (rc == 0 || out->subject.n) return nobody(who, e);
    out->issuer = who->issuer;
    out->subject = who->subject;
    if (session_must_be_person(act, out->principal_id, e) || q_person_email_put(act->tx, out, e)) return -1;
    return audited(act, "user.identity", out->principal_id, out->principal_id, e);
}

int person_sign_in(const struct act *act, const struct person_identity *who, const struct session_new *in,
                   struct session_row *out, struct str *secret, struct err *e)
{
    struct person_email_row row;
    struct session_new session = *in;
    if (!who->issuer.n || !who->subject.n) return nobody(who, e);
    if (recognise(act, who, &row, e)) return -1;
    session.link = STR_NONE;
    session.person = row.principal_id;
    session.by = "openid";
    session.issuer = who->issuer;
    session.subject = who->subject;
    return session_open(act, &session, out, secret, e);
}

/* ---- several publishers ---- */

/* The binding of a session's person, when the provider itself vouched for this session: an administrator can open one for any
 * person of the publisher, by a link or a password, and that must open nothing elsewhere. */
static int vouched(const struct act *act, const struct session_row *s, struct person_email_row *out, struct err *e)
{
    int rc = s->subject.n ? q_person_email_get(act->tx, act->arena, s->tenant_id, s->principal_id, out, e) : 0;
    return rc == 1 ? str_eq(out->issuer, s->issuer) && str_eq(out->subject, s->subject) : rc;
}

static int serves(const struct act *act, const struct person_email_row *row, struct person_place *out, struct err *e)
{
    struct principal_row p;
    struct tenant_row tenant;
    int rc = q_principal_get(act->tx, act->arena, row->tenant_id, row->principal_id, &p, e);
    if (rc == 1) rc = str_is(p.status, "active") && !str_is(p.role, "buyer");
    if (rc == 1) rc = q_tenant_get(act->tx, act->arena, row->tenant_id, &tenant, e);
    if (rc == 1) {
        int off = publisher_is_off(act->tx, act->arena, row->tenant_id, NULL, e);
        rc = off < 0 ? -1 : !off;
    }
    if (rc == 1) *out = (struct person_place){ row->tenant_id, tenant.name, row->principal_id };
    return rc;
}

int person_places(const struct act *act, struct person_place **places, size_t *n, struct err *e)
{
    struct person_email_row own, *rows = NULL;
    struct session_row s;
    size_t found = 0;
    int rc = q_session_by_id(act->tx, act->arena, act->tenant->tenant_id, act->principal->session_id, &s, e);
    if (rc == 1) rc = vouched(act, &s, &own, e);
    if (rc == 1) rc = q_person_email_of_identity(act->tx, act->arena, &own, PERSON_PLACES_MAX, &rows, &found, e);
    if (rc < 0) return -1;
    *places = ARENA_ARRAY(act->arena, struct person_place, found + 1);
    *n = 0;
    for (size_t i = 0; i < found; i++) {
        rc = serves(act, &rows[i], &(*places)[*n], e);
        if (rc < 0) return -1;
        *n += rc == 1;
    }
    return 0;
}

int person_switch(const struct act *act, const struct session_new *in, struct session_row *out, struct str *secret,
                  struct err *e)
{
    struct session_row old;
    struct person_email_row there, here;
    struct person_place place;
    struct session_new session = *in;
    int rc = session_find(act->tx, act->arena, in->replaces, act->now, &old, e);
    if (rc == 1) rc = vouched(act, &old, &there, e);
    if (rc == 1) rc = serves(act, &there, &place, e);
    if (rc == 1) rc = q_person_email_by_subject(act->tx, act->arena, act->tenant->tenant_id, &there, &here, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "PERMISSION_DENIED", "You have not signed in at this publisher from the identity provider.");
        return err_suggest(e, "Sign in there once; an administrator of that publisher gives you your address.");
    }
    session.link = STR_NONE;
    session.person = here.principal_id;
    session.by = "switch";
    session.issuer = old.issuer;
    session.subject = old.subject;
    session.until = old.expires_at;
    return session_open(act, &session, out, secret, e);
}

/* ---- addresses ---- */

static int taken(const struct act *act, struct str person, struct str email, struct err *e)
{
    struct person_email_row other;
    int rc = q_person_email_by_email(act->tx, act->arena, act->tenant->tenant_id, email, &other, e);
    if (rc < 0) return -1;
    if (rc == 0 || str_eq(other.principal_id, person)) return 0;
    (void)err_set(e, "CONFLICT", "Somebody else has this address: " STR_FMT ".", STR_ARG(other.principal_id));
    return err_field(e, "/email");
}

int person_set_email(const struct act *act, struct str person, struct str email, struct str *kept, struct err *e)
{
    struct person_email_row row;
    struct str own = act->principal ? act->principal->session_id : STR_NONE, tenant = act->tenant->tenant_id;
    *kept = email_normal(act->arena, email);
    if (!kept->n) {
        (void)err_set(e, "INVALID_REQUEST", "This is no e-mail address.");
        (void)err_suggest(e, "One address of at most 254 ASCII characters: ann@publisher.example.");
        return err_field(e, "/email");
    }
    if (session_must_be_person(act, person, e) || taken(act, person, *kept, e)) return -1;
    int rc = q_person_email_get(act->tx, act->arena, tenant, person, &row, e);
    if (rc < 0 || (rc == 1 && str_eq(row.email, *kept))) return rc < 0 ? -1 : 0;
    struct person_email_row fresh = { .tenant_id = tenant, .principal_id = person, .email = *kept };
    if (q_person_email_put(act->tx, &fresh, e)) return -1;
    if (rc == 1 && session_end_others(act, person, own, e)) return -1;
    return audited(act, "user.email", person, STR_NONE, e);
}

int person_remove_email(const struct act *act, struct str person, struct err *e)
{
    struct person_email_row row;
    struct str own = act->principal ? act->principal->session_id : STR_NONE, tenant = act->tenant->tenant_id;
    int rc = q_person_email_get(act->tx, act->arena, tenant, person, &row, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "INVALID_STATE", "There is no e-mail address of this person.");
    if (q_person_email_delete(act->tx, tenant, person, e) || session_end_others(act, person, own, e)) return -1;
    return audited(act, "user.email_remove", person, STR_NONE, e);
}

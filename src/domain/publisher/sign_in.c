#include "domain/publisher/sign_in.h"

#include "base/encode.h"
#include "base/totp.h"
#include "domain/core/audit.h"
#include "domain/core/seal_renew.h"
#include "domain/core/slow_hash.h"
#include "store/q/agent/q_sign_in.h"
#include "store/q/q_tenant.h"

/* ---- what is there ---- */

static int get(const struct act *act, struct str person, struct sign_in_row *out, struct err *e)
{
    return q_sign_in_get(act->tx, act->arena, act->tenant->tenant_id, person, out, e);
}

static int audited(const struct act *act, const char *action, struct str person, struct err *e)
{
    struct audit_entry entry = { .action = action,
                                 .subject = arena_printf(act->arena, "principal:" STR_FMT, STR_ARG(person)) };
    return audit_add(act, &entry, e);
}

static int no_password(struct err *e)
{
    (void)err_set(e, "INVALID_STATE", "There is no password, which a code would be asked for beside.");
    return err_suggest(e, "Set one first: salesagent user password NAME.");
}

static int must_get(const struct act *act, struct str person, struct sign_in_row *out, struct err *e)
{
    if (session_must_be_person(act, person, e)) return -1;
    int rc = get(act, person, out, e);
    return rc == 0 ? no_password(e) : rc < 0 ? -1 : 0;
}

/* ---- attempts ---- */

/* 0: it may be tried. Counted once, before the password is looked at. */
static int admit(const struct act *act, const struct sign_in_who *who, struct err *e)
{
    if (!act->throttle || slow_hash_there(act, 0)) return 0;
    int wait = sign_in_admit(act->throttle, act->rng, who, act->now);
    if (!wait) return 0;
    (void)err_set(e, "RATE_LIMITED", "There were too many attempts. Try again in %d second%s.", wait,
                  wait == 1 ? "" : "s");
    e->retry_after_s = wait;
    return err_suggest(e, "A link signs in at once: salesagent user link NAME.");
}

static int wrong(struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", "Name, password or code is wrong.");
    return err_suggest(e, "Whoever set up an authenticator app needs its code each time.");
}

/* A code is taken once. */
static int take_code(const struct act *act, struct sign_in_row *row, struct str code, bool *right, struct err *e)
{
    struct str hex, key, about = seal_about_totp(act->arena, row->tenant_id, row->principal_id);
    if (sealed_open(act->tx, act->arena, about, row->totp_key, &hex, e)) return -1;
    if (hex_decode(act->arena, hex, &key))
        return err_set(e, "CONFIGURATION_ERROR", "The key of the authenticator app is damaged.");
    int64_t step = totp_step(key, code, act->now, row->totp_step);
    *right = step >= 0;
    if (!*right) return 0;
    row->totp_step = step;
    return q_sign_in_put(act->tx, row, e);
}

static int look(const struct act *act, struct str person, struct sign_in_row *row, bool *there, struct err *e)
{
    struct principal_row p;
    int rc = q_principal_get(act->tx, act->arena, act->tenant->tenant_id, person, &p, e);
    if (rc < 0) return -1;
    *there = rc == 1 && str_is(p.status, "active") && !str_is(p.role, "buyer");
    rc = get(act, person, row, e);
    *there = *there && rc == 1;
    return rc < 0 ? -1 : 0;
}

int sign_in_by_password(const struct act *act, const struct sign_in_attempt *in, struct session_row *out,
                        struct str *secret, struct err *e)
{
    const struct sign_in_who who = { act->tenant->tenant_id, in->name, in->session.address };
    struct sign_in_row row;
    bool there, right;
    if (admit(act, &who, e) || look(act, in->name, &row, &there, e) ||
        slow_hash_check(act, 0, in->password, there ? row.password : str_from(password_nobodys), &right, e))
        return -1;
    right = right && there;
    if (right && row.totp_on && take_code(act, &row, in->code, &right, e)) return -1;
    if (!right) return wrong(e);
    struct session_new session = in->session;
    session.link = STR_NONE;
    session.person = in->name;
    session.by = row.totp_on ? "password and code" : "password";
    if (session_open(act, &session, out, secret, e)) return -1;
    if (act->throttle) sign_in_forget(act->throttle, &who, act->now);
    return 0;
}

/* The password of who asks, which is wanted again before something is changed that keeps others out. */
static int check_current(const struct act *act, const struct sign_in_row *row, struct str current, struct err *e)
{
    const struct sign_in_who who = { row->tenant_id, row->principal_id, STR_NONE };
    bool right;
    if (admit(act, &who, e) || slow_hash_check(act, 0, current, row->password, &right, e)) return -1;
    if (!right) {
        (void)err_set(e, "INVALID_REQUEST", "The password so far is another.");
        return err_field(e, "/current");
    }
    if (act->throttle) sign_in_forget(act->throttle, &who, act->now);
    return 0;
}

/* ---- passwords ---- */

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static bool has(struct str text, struct str part)
{
    for (size_t i = 0; part.n >= 4 && i + part.n <= text.n; i++) {
        size_t k = 0;
        while (k < part.n && (text.p[i + k] | 32) == (part.p[k] | 32)) k++;
        if (k == part.n) return true;
    }
    return false;
}

/* How many different bytes there are. */
static size_t variety(struct str s)
{
    bool seen[256] = { false };
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += !seen[(uint8_t)s.p[i]];
        seen[(uint8_t)s.p[i]] = true;
    }
    return n;
}

/* NIST SP 800-63B: long rather than complicated, and not what everybody would try first. */
static int check_new(const struct act *act, struct str person, struct str password, struct err *e)
{
    const char *why = NULL;
    if (!utf8_valid(password) || password.n > PASSWORD_BYTES_MAX) why = "is too long, or no text";
    else if (characters(password) < PASSWORD_CHARACTERS_MIN) why = "is too short";
    else if (variety(password) < 5) why = "repeats too few characters";
    else if (has(password, person) || has(password, act->tenant->name)) why = "contains the name";
    if (!why) return 0;
    (void)err_set(e, "INVALID_REQUEST", "The new password %s.", why);
    (void)err_suggest(e, "At least %d characters; a sentence is a good one.", PASSWORD_CHARACTERS_MIN);
    return err_field(e, "/password");
}

/* `which`: of the operation's slow hashes. */
static int store(const struct act *act, struct sign_in_row *row, size_t which, struct str password, struct err *e)
{
    struct str own = act->principal ? act->principal->session_id : STR_NONE;
    if (slow_hash_make(act, which, password, &row->password, e)) return -1;
    row->password_at = act->now;
    if (q_sign_in_put(act->tx, row, e) || session_end_others(act, row->principal_id, own, e)) return -1;
    return audited(act, "user.password", row->principal_id, e);
}

int sign_in_set_password(const struct act *act, struct str person, struct str password, struct err *e)
{
    struct sign_in_row row = { .tenant_id = act->tenant->tenant_id, .principal_id = person };
    if (session_must_be_person(act, person, e) || check_new(act, person, password, e) || get(act, person, &row, e) < 0)
        return -1;
    return store(act, &row, 0, password, e);
}

int sign_in_change_password(const struct act *act, struct str current, struct str password, struct err *e)
{
    struct str person = act->principal->principal_id;
    struct sign_in_row row = { .tenant_id = act->tenant->tenant_id, .principal_id = person };
    int rc = get(act, person, &row, e);
    if (rc < 0 || check_new(act, person, password, e)) return -1;
    if (rc == 1 && check_current(act, &row, current, e)) return -1;
    return store(act, &row, rc == 1 ? 1 : 0, password, e);
}

int sign_in_remove_password(const struct act *act, struct str person, struct err *e)
{
    struct sign_in_row row;
    struct str own = act->principal ? act->principal->session_id : STR_NONE;
    if (must_get(act, person, &row, e) || q_sign_in_delete(act->tx, row.tenant_id, person, e)) return -1;
    if (session_end_others(act, person, own, e)) return -1;
    return audited(act, "user.password_remove", person, e);
}

/* ---- codes ---- */

int sign_in_totp_start(const struct act *act, struct str person, struct str *key, struct err *e)
{
    struct sign_in_row row;
    if (must_get(act, person, &row, e)) return -1;
    if (row.totp_on) {
        (void)err_set(e, "INVALID_STATE", "An authenticator app is set up already.");
        return err_suggest(e, "Remove it first: salesagent user totp-remove NAME.");
    }
    char *bytes = arena_alloc(act->arena, TOTP_KEY_BYTES);
    act->rng->fill(act->rng, bytes, TOTP_KEY_BYTES);
    *key = (struct str){ bytes, TOTP_KEY_BYTES };
    /* As text, which is what a column of the table holds. */
    row.totp_key = sealed_make(act->tx, act->arena, seal_about_totp(act->arena, row.tenant_id, person),
                               hex_encode(act->arena, *key));
    row.totp_step = 0;
    return q_sign_in_put(act->tx, &row, e) ? -1 : audited(act, "user.totp_start", person, e);
}

int sign_in_totp_confirm(const struct act *act, struct str person, struct str code, struct err *e)
{
    struct sign_in_row row;
    bool right;
    if (must_get(act, person, &row, e)) return -1;
    if (!row.totp_key.n || row.totp_on) {
        (void)err_set(e, "INVALID_STATE", "There is no new key that a code could confirm.");
        return err_suggest(e, "Make one first: salesagent user totp NAME.");
    }
    row.totp_on = true;
    if (take_code(act, &row, code, &right, e)) return -1;
    if (right) return audited(act, "user.totp", person, e);
    (void)err_set(e, "INVALID_REQUEST", "This is not the app's code at this time.");
    (void)err_suggest(e, "Codes follow the clock: look whether that of the telephone is right.");
    return err_field(e, "/code");
}

static int forget_codes(const struct act *act, struct sign_in_row *row, struct err *e)
{
    if (!row->totp_key.n) return err_set(e, "INVALID_STATE", "No authenticator app is set up.");
    row->totp_key = STR_NONE;
    row->totp_on = false;
    row->totp_step = 0;
    return q_sign_in_put(act->tx, row, e) ? -1 : audited(act, "user.totp_remove", row->principal_id, e);
}

int sign_in_totp_remove(const struct act *act, struct str person, struct err *e)
{
    struct sign_in_row row;
    return must_get(act, person, &row, e) ? -1 : forget_codes(act, &row, e);
}

int sign_in_totp_stop(const struct act *act, struct str current, struct err *e)
{
    struct sign_in_row row;
    if (must_get(act, act->principal->principal_id, &row, e) || check_current(act, &row, current, e)) return -1;
    return forget_codes(act, &row, e);
}

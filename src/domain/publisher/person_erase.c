#include "domain/publisher/person_erase.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/audit.h"

bool person_is_erased(struct arena *a, const struct principal_row *p)
{
    return json_str(document_read(a, p->doc), "erased_at").n > 0;
}

static bool is_person(const struct principal_row *p)
{
    return str_is(p->role, "viewer") || str_is(p->role, "operator") || str_is(p->role, "administrator");
}

static int check(const struct act *act, const struct principal_row *p, struct err *e)
{
    int others = q_person_other_administrators(act->tx, p->tenant_id, p->principal_id, e);
    if (others < 0) return -1;
    if (act->principal && str_eq(act->principal->principal_id, p->principal_id)) {
        (void)err_set(e, "INVALID_STATE", "Nobody erases himself.");
        return err_suggest(e, "Another administrator can.");
    }
    if (str_is(p->role, "administrator") && str_is(p->status, "active") && others == 0) {
        (void)err_set(e, "INVALID_STATE", "This is the last administrator.");
        return err_suggest(e, "Make another one first: salesagent user add NAME --role administrator.");
    }
    return 0;
}

int person_erase(const struct act *act, struct str person, struct person_forgotten *out, struct err *e)
{
    struct principal_row p;
    char at[RFC3339_MAX];
    int rc = q_principal_get(act->tx, act->arena, act->tenant->tenant_id, person, &p, e);
    if (rc < 0) return -1;
    if (rc == 0 || !is_person(&p) || person_is_erased(act->arena, &p)) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such user.");
        return err_field(e, "/principal_id");
    }
    if (check(act, &p, e) || q_person_forget(act->tx, p.tenant_id, person, out, e)) return -1;
    size_t n = rfc3339_print(act->now, RFC3339_SECONDS, at);
    p.name = person;
    p.status = STR("disabled");
    p.dialect = STR_NONE;
    p.doc = arena_printf(act->arena, "{\"erased_at\":\"%.*s\"}", (int)n, at);
    struct audit_entry entry = { .action = "user.erase",
                                 .subject = arena_printf(act->arena, "principal:" STR_FMT, STR_ARG(person)) };
    return q_principal_put(act->tx, &p, act->now, e) < 0 ? -1 : audit_add(act, &entry, e);
}

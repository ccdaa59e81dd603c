/* See narrow.h. */
#include "contract/narrow.h"

#include "base/log.h"

#define ROUNDS_MAX 40 /* of fifty members each */

static yyjson_val *as_value(struct arena *a, yyjson_mut_val *v)
{
    return json_parse_own(a, json_write(a, v));
}

/* Takes the members that the pointers name off the copy. */
static void drop(yyjson_mut_val *copy, const struct unknown_members *u)
{
    for (int i = 0; i < u->n; i++) (void)yyjson_mut_ptr_removen(copy, u->pointers[i].p, u->pointers[i].n);
}

/* "/forecast/points/0" -> "/forecast" */
static struct str first_level(struct str pointer)
{
    size_t n = pointer.n ? 1 : 0;
    while (n < pointer.n && pointer.p[n] != '/') n++;
    return (struct str){ pointer.p, n };
}

static bool drop_wrong(yyjson_mut_val *copy, const struct contract_report *r)
{
    bool any = false;
    for (int i = 0; i < r->count; i++) {
        struct str at = first_level(r->issues[i].pointer);
        any = (at.n && yyjson_mut_ptr_removen(copy, at.p, at.n)) || any;
    }
    return any;
}

yyjson_mut_val *contract_narrow(const struct contract *c, struct arena *a, yyjson_mut_doc *doc, yyjson_val *value)
{
    if (!c) return NULL;
    yyjson_mut_val *copy = json_copy(doc, value);
    struct unknown_members unknown;
    yyjson_val *now = value;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        contract_unknown_members(&c, 1, now, a, &unknown);
        if (unknown.n == 0) break;
        drop(copy, &unknown);
        now = as_value(a, copy);
    }
    struct contract_report report = { .arena = a };
    if (contract_validate(c, now, &report) == 0) return copy;
    struct contract_report again = { .arena = a };
    if (drop_wrong(copy, &report) && contract_validate(c, as_value(a, copy), &again) == 0) return copy;
    log_event(LOG_WARN, "contract", "an object does not fit its closed schema", "at",
              arena_cstr(a, report.issues[0].pointer), "why", arena_cstr(a, report.issues[0].message), NULL);
    return NULL;
}

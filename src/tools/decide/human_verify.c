/* Was it done? A task's expected outcome against the media buy as it is. Expectations are flat:
 *
 *   daily_budget, total_budget         money
 *   active                             is it not paused and not over
 *   status                             the media buy's
 *   package_<name>_budget              money; the name is a package's id, its reference or its product
 *   creative_status                    of the task's creative */
#include <salesagent/money.h>

#include "domain/creative/creative.h"
#include "contract/document.h"
#include "domain/media_buy/media_buy.h"
#include "tools/decide/human_tasks.h"

struct check {
    struct tool_call *c;
    const struct task_row *task;
    struct media_buy buy;
    bool has_buy;
    yyjson_mut_val *actual, *discrepancies;
};

static yyjson_val *parsed(struct tool_call *c, struct str text)
{
    return document_read(c->arena, text);
}

static int load(struct check *k, struct err *e)
{
    struct act *act = k->c->act;
    yyjson_val *operation = parsed(k->c, task_member(act, k->task, "operation"));
    struct str id = str_is(k->task->subject_type, "media_buy") ? k->task->subject_id : STR_NONE;
    if (!id.n) id = json_str(operation, "media_buy_id");
    if (!id.n) return 0;
    int found = media_buy_load(act, id, &k->buy, e);
    if (found < 0) return -1;
    k->has_buy = found == 1 && str_eq(k->buy.row.principal_id, k->task->principal_id);
    return 0;
}

static int64_t daily_budget(struct check *k)
{
    int64_t sum = -1, micros;
    struct err ignored;
    for (size_t i = 0; k->has_buy && i < k->buy.packages.n; i++) {
        yyjson_val *v = json_get_path(parsed(k->c, k->buy.packages.rows[i].doc), "/ext/salesagent/daily_budget");
        if (!yyjson_is_num(v) || money_micros_from_double(yyjson_get_num(v), &micros, &ignored)) continue;
        sum = (sum < 0 ? 0 : sum) + micros;
    }
    return sum;
}

static int64_t package_budget(struct check *k, struct str name)
{
    for (size_t i = 0; k->has_buy && i < k->buy.packages.n; i++) {
        const struct package_row *p = &k->buy.packages.rows[i];
        struct str ref = json_val_str(json_get_path(parsed(k->c, p->doc), "/ext/salesagent/package_ref"));
        if (str_eq(p->package_id, name) || str_eq(ref, name) || str_eq(p->product_id, name)) return p->budget_micros;
    }
    return 0;
}

static struct str shown(struct check *k, yyjson_val *v)
{
    return yyjson_is_str(v) ? json_val_str(v) : json_write_val(k->c->arena, v);
}

static void differs(struct check *k, struct str what, struct str have, struct str want)
{
    json_push_str(k->c->doc, k->discrepancies,
                  arena_printf(k->c->arena, STR_FMT " is " STR_FMT ", expected " STR_FMT, STR_ARG(what), STR_ARG(have),
                               STR_ARG(want)));
}

static void check_money(struct check *k, const char *key, struct str what, int64_t have, yyjson_val *want)
{
    int64_t wanted = -1;
    char text[MONEY_TEXT_MAX] = "null";
    struct err ignored;
    if (have >= 0) {
        json_add_money(k->c->doc, k->actual, key, have);
        (void)money_print(have, text);
    } else {
        json_add_null(k->c->doc, k->actual, key);
    }
    bool number = yyjson_is_num(want) && money_micros_from_double(yyjson_get_num(want), &wanted, &ignored) == 0;
    if (number && wanted == have) return;
    differs(k, what, arena_printf(k->c->arena, "$%s", text),
            arena_printf(k->c->arena, "$" STR_FMT, STR_ARG(shown(k, want))));
}

static void check_word(struct check *k, const char *key, struct str have, yyjson_val *want)
{
    json_add_str(k->c->doc, k->actual, key, have);
    if (!str_eq(have, json_val_str(want))) differs(k, str_from(key), have, shown(k, want));
}

static int check_creative(struct check *k, yyjson_val *want, struct err *e)
{
    struct creative_row row;
    int found = creative_get(k->c->act, k->task->principal_id, k->task->subject_id, &row, e);
    if (found < 0) return -1;
    check_word(k, "creative_status", found ? row.status : STR("unknown"), want);
    return 0;
}

static void check_active(struct check *k, yyjson_val *want)
{
    bool active = k->has_buy && k->buy.status != BUY_PAUSED && !media_buy_status_terminal(k->buy.status);
    json_add_bool(k->c->doc, k->actual, "active", active);
    if (yyjson_is_bool(want) && yyjson_get_bool(want) == active) return;
    differs(k, STR("active"), active ? STR("true") : STR("false"), shown(k, want));
}

static int check_one(struct check *k, yyjson_val *key, yyjson_val *want, struct err *e)
{
    const char *name = yyjson_get_str(key);
    struct str s = json_val_str(key);
    struct str prefix = STR("package_"), suffix = STR("_budget");
    if (str_is(s, "daily_budget")) {
        check_money(k, name, STR("Daily budget"), daily_budget(k), want);
    } else if (str_is(s, "total_budget")) {
        check_money(k, name, STR("Total budget"), k->has_buy ? k->buy.row.total_budget_micros : 0, want);
    } else if (str_is(s, "active")) {
        check_active(k, want);
    } else if (str_is(s, "status")) {
        check_word(k, name, k->has_buy ? str_from(media_buy_status_name(k->buy.status)) : STR("unknown"), want);
    } else if (str_is(s, "creative_status")) {
        return check_creative(k, want, e);
    } else if (str_starts(s, prefix) && s.n > prefix.n + suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix)) {
        struct str package = { s.p + prefix.n, s.n - prefix.n - suffix.n };
        check_money(k, name, arena_printf(k->c->arena, "Budget of package " STR_FMT, STR_ARG(package)),
                    package_budget(k, package), want);
    } else {
        json_add_null(k->c->doc, k->actual, name);
        differs(k, s, STR("not something that can be checked"), shown(k, want));
    }
    return 0;
}

/* What the task asked for: written down with it, or the change it waits for. */
static yyjson_val *asked_for(struct tool_call *c, const struct task_row *task)
{
    yyjson_val *operation = parsed(c, task_member(c->act, task, "operation")), *p;
    yyjson_val *stated = json_obj(json_obj(operation, "context_data"), "expected_outcome");
    size_t i, n;
    if (stated) return stated;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_arr_foreach(json_arr(operation, "packages"), i, n, p) {
        const char *key = arena_printf(c->arena, "package_" STR_FMT "_budget", STR_ARG(json_str(p, "package_id"))).p;
        json_add_copy(doc, o, key, yyjson_obj_get(p, "budget"));
    }
    if (json_has(operation, "paused")) json_add_bool(doc, o, "active", !json_bool_or(operation, "paused", false));
    return parsed(c, json_write(c->arena, o));
}

int human_verify(struct tool_call *c, const struct task_row *task, yyjson_val *expected, bool *verified, struct err *e)
{
    struct check k = {
        .c = c, .task = task, .actual = yyjson_mut_obj(c->doc), .discrepancies = yyjson_mut_arr(c->doc)
    };
    yyjson_val *key, *want;
    size_t i, n;
    if (!expected) expected = asked_for(c, task);
    if (load(&k, e)) return -1;
    yyjson_obj_foreach(expected, i, n, key, want) {
        if (check_one(&k, key, want, e)) return -1;
    }
    *verified = yyjson_mut_arr_size(k.discrepancies) == 0;
    json_add_bool(c->doc, c->aux, "verified", *verified);
    json_add_val(c->doc, c->aux, "actual_state", k.actual);
    json_add_copy(c->doc, c->aux, "expected_state", expected);
    json_add_val(c->doc, c->aux, "discrepancies", k.discrepancies);
    return 0;
}

/* See opinion_record.h. */
#include "domain/decide/opinion_record.h"

#include <strings.h>

#include "base/buf.h"
#include "domain/core/audit.h"
#include "domain/creative/creative.h"
#include "contract/document.h"
#include "domain/decide/task_resolve.h"

#define REASONS_MAX    10
#define CATEGORIES_MAX 20
#define REASON_BYTES   500
#define CATEGORY_BYTES 64
#define DEPTH_MAX      64
#define SCANNED_MAX    (1 << 20)

/* ---- reading ---- */

/* An array of `least` to `most` strings, each of 1 to `bytes` bytes. */
static bool is_list(yyjson_val *v, size_t least, size_t most, size_t bytes)
{
    size_t i, n;
    yyjson_val *item;
    if (!yyjson_is_arr(v) || yyjson_arr_size(v) < least || yyjson_arr_size(v) > most) return false;
    yyjson_arr_foreach(v, i, n, item) {
        struct str s = json_val_str(item);
        if (!s.n || s.n > bytes) return false;
    }
    return true;
}

static bool read_decision(struct str s, enum opinion_decision *out)
{
    if (str_is(s, "approve")) *out = OPINION_APPROVE;
    else if (str_is(s, "reject")) *out = OPINION_REJECT;
    else if (str_is(s, "people")) *out = OPINION_PEOPLE;
    else return false;
    return true;
}

void opinion_read(struct arena *a, struct str response, struct opinion *out)
{
    const char *why;
    struct opinion o = { .model = out->model, .whole = out->whole };
    yyjson_val *v = assistant_answer(a, response, &why);
    out->decision = OPINION_NONE;
    out->why = str_from(why);
    if (!v) return;
    out->why = STR("the message is not a verdict of the form asked for");
    o.categories = yyjson_obj_get(v, "categories");
    o.reasons = yyjson_obj_get(v, "reasons");
    if (yyjson_obj_size(v) != 4 || !read_decision(json_str(v, "decision"), &o.decision) ||
        !assistant_share(yyjson_obj_get(v, "confidence"), &o.confidence_bp) ||
        !is_list(o.categories, 0, CATEGORIES_MAX, CATEGORY_BYTES) ||
        !is_list(o.reasons, 1, REASONS_MAX, REASON_BYTES)) {
        return;
    }
    *out = o;
}

/* ---- what speaks against deciding by itself ---- */

/* Letters and digits of every string in lower case, all else one space: what is hidden behind signs is found. */
static void gather(struct buf *out, yyjson_val *v, int depth)
{
    size_t i, n;
    yyjson_val *key, *val;
    struct str s = json_val_str(v);
    if (depth > DEPTH_MAX) return;
    for (size_t k = 0; k < s.n; k++) {
        char ch = s.p[k];
        if (ch >= 'A' && ch <= 'Z') ch = (char)(ch - 'A' + 'a');
        bool word = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (ch & 0x80);
        if (word) buf_add(out, (struct str){ &ch, 1 });
        else if (out->n && out->p[out->n - 1] != ' ') buf_add(out, STR(" "));
    }
    if (s.n) buf_add(out, STR(" "));
    yyjson_arr_foreach(v, i, n, val) gather(out, val, depth + 1);
    yyjson_obj_foreach(v, i, n, key, val) {
        gather(out, key, depth + 1);
        gather(out, val, depth + 1);
    }
}

static bool speaks_to_reviewers(yyjson_val *doc)
{
    static const char *const phrases[] = {
        "ignore previous",    "ignore all",       "ignore the above",
        "ignore your",        "disregard",        "previous instructions",
        "prior instructions", "new instructions", "system prompt",
        "system message",     "as an ai",         "language model",
        "reviewer",           "moderator",        "approve this",
        "must be approved",   "is approved",      "been approved",
        "decision approve",   "confidence 1",     "auto approve",
    };
    struct buf text;
    bool found = false;
    buf_init(&text, SCANNED_MAX);
    gather(&text, doc, 0);
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
        found = found || memmem(text.p, text.n, phrases[i], strlen(phrases[i])) != NULL;
    }
    found = found || text.overflowed;
    buf_finish(&text);
    return found;
}

/* "Health care", "health-care" and "healthcare" are one. */
static bool same_category(struct str x, struct str y)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < x.n && memchr(" _-/", x.p[i], 4)) i++;
        while (j < y.n && memchr(" _-/", y.p[j], 4)) j++;
        if (i == x.n || j == y.n) return i == x.n && j == y.n;
        if (strncasecmp(x.p + i++, y.p + j++, 1) != 0) return false;
    }
}

static bool list_names(yyjson_val *list, struct str category)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        if (same_category(json_val_str(v), category)) return true;
    }
    return false;
}

/* The first of always_people that the assistant or the buyer names; empty: none. */
static struct str sensitive(const struct assistant_settings *s, const struct opinion *o, yyjson_val *creative)
{
    yyjson_val *stated = json_arr(json_obj(json_obj(creative, "ext"), "salesagent"), "categories");
    yyjson_val *tags = json_arr(creative, "tags"), *v;
    size_t i, n;
    for (size_t k = 0; !s->always_people && assistant_always_people[k]; k++) {
        struct str c = str_from(assistant_always_people[k]);
        if (list_names(o->categories, c) || list_names(stated, c) || list_names(tags, c)) return c;
    }
    yyjson_arr_foreach(s->always_people, i, n, v) {
        struct str c = json_val_str(v);
        if (list_names(o->categories, c) || list_names(stated, c) || list_names(tags, c)) return c;
    }
    return STR_NONE;
}

static bool has_warning(yyjson_val *creative)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(json_arr(json_obj(creative, "salesagent"), "checks"), i, n, v) {
        if (!str_is(json_str(v, "status"), "passed")) return true;
    }
    return false;
}

struct weighing {
    const struct act *act;
    const struct assistant_settings *settings;
    const struct opinion *opinion;
    const struct task_row *task;
    yyjson_val *creative;
};

static bool by_rule(const struct weighing *w)
{
    return json_str(task_get(w->act, w->task, "terms"), "rule_id").n > 0;
}

/* NULL: it may decide as `*decision` says; else why people have to. */
static const char *why_people(const struct weighing *w, enum task_decision *decision)
{
    const struct opinion *o = w->opinion;
    const struct assistant_settings *s = w->settings;
    struct str category = sensitive(s, o, w->creative);
    if (o->decision == OPINION_NONE) return arena_printf(w->act->arena, "no opinion: " STR_FMT, STR_ARG(o->why)).p;
    if (o->decision == OPINION_PEOPLE) return "the assistant wants a person to look";
    if (by_rule(w)) return "a rule asks for a person";
    if (!str_is(w->task->state, "pending") || w->task->assigned_to.n) return "a person is at it";
    if (category.n) return arena_printf(w->act->arena, "\"" STR_FMT "\" always goes to people", STR_ARG(category)).p;
    if (!o->whole) return "the creative was too large to be sent whole";
    if (speaks_to_reviewers(w->creative)) return "its text seems to speak to a reviewer";
    if (o->decision == OPINION_APPROVE) {
        if (has_warning(w->creative)) return "a check left a warning";
        *decision = TASK_APPROVE;
        if (s->approve_from_bp < 0) return "approving is left to people";
        return o->confidence_bp >= s->approve_from_bp ? NULL : "not sure enough to approve";
    }
    *decision = TASK_REJECT;
    if (s->reject_to_bp < 0) return "rejecting is left to people";
    return o->confidence_bp <= s->reject_to_bp ? NULL : "not sure enough to reject";
}

/* ---- recording ---- */

static const char *decision_name(enum opinion_decision d)
{
    static const char *const names[] = {
        [OPINION_NONE] = "none", [OPINION_APPROVE] = "approve", [OPINION_REJECT] = "reject", [OPINION_PEOPLE] = "people"
    };
    return names[d];
}

static void encode(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct opinion *op)
{
    json_add_cstr(doc, o, "decision", decision_name(op->decision));
    json_add_str_opt(doc, o, "model", op->model);
    if (op->decision == OPINION_NONE) return;
    json_add_money(doc, o, "confidence", op->confidence_bp * 100);
    json_add_copy(doc, o, "categories", op->categories);
    json_add_copy(doc, o, "reasons", op->reasons);
}

static int audit(const struct act *act, const struct opinion_key *key, const struct opinion *o, struct str outcome,
                 struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_str(doc, root, "task_id", key->task_id);
    json_add_str(doc, root, "principal_id", key->principal_id);
    encode(doc, root, o);
    json_add_str(doc, root, "outcome", outcome);
    struct audit_entry entry = { .action = "creative.opinion",
                                 .subject = arena_printf(act->arena, "creative:" STR_FMT, STR_ARG(key->creative_id)),
                                 .doc = json_write(act->arena, root) };
    return audit_add(act, &entry, e);
}

static struct str joined(struct arena *a, yyjson_val *reasons)
{
    struct str out = STR_NONE;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(reasons, i, n, v) {
        out = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(out), out.n ? " " : "", STR_ARG(json_val_str(v)));
    }
    return out;
}

/* One sentence for whoever reads only the detail: what follows, and what was said. */
static struct str detail_of(const struct act *act, const struct opinion *o, struct str outcome)
{
    if (o->decision == OPINION_NONE) return outcome;
    return arena_printf(act->arena, STR_FMT "; it says %s (%lld.%02lld): " STR_FMT, STR_ARG(outcome),
                        decision_name(o->decision), (long long)(o->confidence_bp / 10000),
                        (long long)(o->confidence_bp % 10000 / 100), STR_ARG(joined(act->arena, o->reasons)));
}

/* The newest opinion is the one that is shown. */
static int add_finding(const struct act *act, struct task_row *task, const struct opinion *o, struct str outcome,
                       struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    yyjson_val *old = task_get(act, task, "findings"), *v;
    size_t i, n;
    yyjson_arr_foreach(old, i, n, v) {
        if (!str_is(json_str(v, "check"), "assistant"))
            (void)yyjson_mut_arr_append(list, json_copy(doc, v)); /* an array */
    }
    yyjson_mut_val *f = json_push_obj(doc, list);
    json_add_cstr(doc, f, "check", "assistant");
    json_add_cstr(doc, f, "status", o->decision == OPINION_APPROVE ? "passed" : "warning");
    json_add_str(doc, f, "detail", detail_of(act, o, outcome));
    encode(doc, f, o);
    task_put(act, task, "findings", json_write(act->arena, list));
    task->updated_at = act->now;
    return q_task_update(act->tx, task, e);
}

static int decide(const struct act *act, const struct opinion_key *key, const struct opinion *o,
                  enum task_decision decision, struct err *e)
{
    struct task_row done;
    struct task_resolution r = { .task_id = key->task_id,
                                 .decision = decision,
                                 .reason = decision == TASK_REJECT ? joined(act->arena, o->reasons) : STR_NONE };
    return task_resolve(act, &r, &done, e);
}

int opinion_record(const struct act *act, const struct opinion_key *key, const struct opinion *o, struct err *e)
{
    struct tenant_settings ts;
    struct assistant_settings s;
    struct task_row task;
    struct creative_row row;
    enum task_decision decision = TASK_REJECT;
    if (task_load(act, key->task_id, &task, e)) return -1;
    int rc = creative_get(act, key->principal_id, key->creative_id, &row, e);
    if (rc < 0) return -1;
    if (!task_open(&task)) return audit(act, key, o, STR("too late: the task was decided"), e);
    bool same = rc == 1 && str_is(row.status, "pending_review") && str_eq(creative_content_id(act, &row), key->content);
    if (!same) return audit(act, key, o, STR("too late: the creative is another one now"), e);
    tenant_settings_read(act->tenant, act->arena, &ts);
    assistant_settings_read(&ts, &s);
    struct weighing w = { act, &s, o, &task, document_read(act->arena, row.doc) };
    const char *people = s.reviews ? why_people(&w, &decision) : "the assistant was switched off";
    struct str outcome = people                     ? arena_printf(act->arena, "people decide: %s", people)
                         : decision == TASK_APPROVE ? STR("approved by the assistant")
                                                    : STR("rejected by the assistant");
    if (add_finding(act, &task, o, outcome, e) || audit(act, key, o, outcome, e)) return -1;
    return people ? 0 : decide(act, key, o, decision, e);
}

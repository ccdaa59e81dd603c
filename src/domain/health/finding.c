#include "domain/health/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 1000

static const char *const rank_names[] = { "well", "unknown", "warning", "error" };

const char *finding_rank_name(enum finding_rank r)
{
    return rank_names[r];
}

/* NULL when there is no room. */
static struct finding *push(struct findings *f)
{
    if (f->n == FINDINGS_MAX) {
        f->left_out++;
        return NULL;
    }
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 32;
        struct finding *more = ARENA_ARRAY(f->arena, struct finding, cap);
        if (f->item) memcpy(more, f->item, f->n * sizeof(*more));
        f->item = more;
        f->cap = cap;
    }
    return &f->item[f->n++];
}

static struct str text_of(struct arena *a, const char *fmt, va_list args)
{
    char text[TEXT_MAX];
    int n = vsnprintf(text, sizeof(text), fmt, args); /* longer ones are cut */
    return n < 0 ? STR_NONE : arena_dup(a, str_from(text));
}

void finding_add(struct findings *f, enum finding_rank rank, const char *check, const char *fmt, ...)
{
    va_list args;
    struct finding *item = push(f);
    if (!item) return;
    va_start(args, fmt);
    *item = (struct finding){ .check = check, .rank = rank, .found = text_of(f->arena, fmt, args) };
    va_end(args);
}

void finding_about(struct findings *f, struct str about)
{
    if (f->n && !f->left_out) f->item[f->n - 1].about = arena_dup(f->arena, about);
}

void finding_remedy(struct findings *f, const char *fmt, ...)
{
    va_list args;
    if (!f->n || f->left_out) return;
    va_start(args, fmt);
    f->item[f->n - 1].remedy = text_of(f->arena, fmt, args);
    va_end(args);
}

void findings_append(struct findings *f, const struct findings *more)
{
    for (size_t i = 0; i < more->n; i++) {
        struct finding *item = push(f);
        if (!item) continue;
        *item = more->item[i];
        item->about = arena_dup(f->arena, item->about);
        item->found = arena_dup(f->arena, item->found);
        item->remedy = arena_dup(f->arena, item->remedy);
    }
    f->left_out += more->left_out;
}

size_t findings_count(const struct findings *f, enum finding_rank rank)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) n += f->item[i].rank == rank;
    return n;
}

void findings_write(const struct findings *f, yyjson_mut_doc *doc, yyjson_mut_val *list)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct finding *item = &f->item[i];
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_cstr(doc, o, "check", item->check);
        json_add_cstr(doc, o, "severity", rank_names[item->rank]);
        json_add_str_opt(doc, o, "about", item->about);
        json_add_str(doc, o, "found", item->found);
        json_add_str_opt(doc, o, "remedy", item->remedy);
    }
}

static bool rank_named(struct str name, enum finding_rank *out)
{
    for (size_t i = 0; i < ARRAY_LEN(rank_names); i++) {
        if (!str_is(name, rank_names[i])) continue;
        *out = (enum finding_rank)i;
        return true;
    }
    return false;
}

void findings_read(struct findings *f, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    enum finding_rank rank;
    yyjson_arr_foreach(list, i, n, v) {
        if (!rank_named(json_str(v, "severity"), &rank)) continue;
        finding_add(f, rank, arena_cstr(f->arena, json_str(v, "check")), STR_FMT, STR_ARG(json_str(v, "found")));
        finding_about(f, json_str(v, "about"));
        if (json_str(v, "remedy").n) finding_remedy(f, STR_FMT, STR_ARG(json_str(v, "remedy")));
    }
}

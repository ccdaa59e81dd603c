/* Media buys: all of them, and one whole with its delivery against the plan. */
#include "admin/pages.h"
#include "base/rfc3339.h"
#include "desk_templates.h"

#define TEXT_MAX 100
#define WIDTH    1000 /* of the chart's own measure */
#define HEIGHT   300

static const char *const statuses[][2] = { { "", "Every status" },
                                           { "active", "Running" },
                                           { "pending_start", "Starts later" },
                                           { "pending_creatives", "Needs creatives" },
                                           { "pending_approval", "Waits for a decision" },
                                           { "paused", "Paused" },
                                           { "completed", "Completed" },
                                           { "canceled", "Canceled" },
                                           { "rejected", "Rejected" },
                                           { "failed", "Failed" } };

/* --- what both pages work out ----------------------------------------------------------------------------------- */

static double number(yyjson_mut_val *o, const char *key)
{
    return yyjson_mut_get_num(yyjson_mut_obj_get(o, key)); /* 0 when it is none */
}

static const char *word_of(struct str status)
{
    for (size_t i = 1; i < ARRAY_LEN(statuses); i++) {
        if (str_is(status, statuses[i][0])) return statuses[i][1];
    }
    return "";
}

/* A state in words, with a colour where it means something; and the bar. */
static void finish_buy(struct desk_request *r, yyjson_mut_val *b)
{
    struct str status = desk_text(b, "status"), pacing = desk_text(b, "pacing");
    bool behind = str_is(pacing, "behind") || str_is(pacing, "slightly_behind"), active = str_is(status, "active");
    bool over = str_is(status, "canceled") || str_is(status, "rejected") || str_is(status, "failed");
    bool waits = str_is(status, "pending_creatives") || str_is(status, "pending_approval");
    const char *word = active && behind ? "Behind plan" : word_of(status);
    json_add_cstr(r->view, b, "word", word);
    json_add_cstr(r->view, b, "class", over ? "bad" : waits || (active && behind) ? "warn" : active ? "good" : "");
    desk_bar_add(r, b);
}

/* --- the list --------------------------------------------------------------------------------------------------- */

static bool list_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str_opt(doc, args, "text", desk_search(r, "text", TEXT_MAX));
    json_add_str_opt(doc, args, "status", str_from(desk_choice(r, "status", statuses, ARRAY_LEN(statuses))));
    json_add_str_opt(doc, args, "before_id", desk_query(r, "before"));
    return true;
}

static void finish_list(struct desk_request *r)
{
    const char *status = desk_choice(r, "status", statuses, ARRAY_LEN(statuses));
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *b;
    yyjson_mut_val *list = yyjson_mut_obj_get(yyjson_mut_obj_get(root, "buys"), "media_buys");
    size_t i, n;
    json_add_str(r->view, filter, "text", desk_search(r, "text", TEXT_MAX));
    json_add_cstr(r->view, filter, "status", status);
    json_add_bool(r->view, filter, "any", *status || desk_search(r, "text", TEXT_MAX).n);
    desk_choices_add(r, "statuses", statuses, ARRAY_LEN(statuses), status);
    yyjson_mut_arr_foreach(list, i, n, b) finish_buy(r, b);
}

const struct desk_page desk_page_buys = {
    .path = "/buys",
    .title = "Media buys",
    .nav = "buys",
    .template = &template_buys,
    .asks = { { "buys", "x_buy_list", list_arguments, false } },
    .finish = finish_list,
};

/* --- the chart -------------------------------------------------------------------------------------------------- */

/* Spend that piles up day by day against the straight line from the flight's start to its end; the height of the chart is
 * the budget, or more when more was spent. Figures are for eyes: whole units of the chart. */
struct chart {
    double top, flight_us;
    int64_t start_at, end_at;
};

static int64_t x_at(const struct chart *c, int64_t at)
{
    double part = (double)(at - c->start_at) / c->flight_us;
    return (int64_t)((part < 0 ? 0 : part > 1 ? 1 : part) * WIDTH);
}

static int64_t y_of(const struct chart *c, double amount)
{
    return HEIGHT - (int64_t)(amount / c->top * HEIGHT);
}

static void add_lines(struct desk_request *r, yyjson_mut_val *chart, const struct chart *c, yyjson_mut_val *days)
{
    int64_t now = loop_now(r->dispatcher->loop), day_at, x = 0;
    double sum = 0;
    struct buf line;
    size_t i, n;
    yyjson_mut_val *day;
    buf_init(&line, 1 << 16);
    buf_addf(&line, "0,%d", HEIGHT);
    yyjson_mut_arr_foreach(days, i, n, day) {
        if (rfc3339_parse_date(desk_text(day, "date"), &day_at)) continue;
        int64_t ends = day_at + USEC_PER_DAY < now ? day_at + USEC_PER_DAY : now;
        sum += number(day, "spend");
        x = x_at(c, ends);
        buf_addf(&line, " %lld,%lld", (long long)x, (long long)y_of(c, sum));
    }
    struct str real = arena_dup(r->arena, buf_str(&line));
    buf_finish(&line);
    json_add_str(r->view, chart, "real", real);
    json_add_str(r->view, chart, "area",
                 arena_printf(r->arena, STR_FMT " %lld,%d", STR_ARG(real), (long long)x, HEIGHT));
    if (now > c->start_at && now < c->end_at) json_add_i64(r->view, chart, "now", x_at(c, now));
}

static void add_chart(struct desk_request *r, yyjson_mut_val *b)
{
    struct chart c = { .top = number(b, "total_budget") };
    yyjson_mut_val *days = yyjson_mut_obj_get(b, "days");
    if (yyjson_mut_arr_size(days) == 0 || rfc3339_parse(desk_text(b, "start_time"), &c.start_at) ||
        rfc3339_parse(desk_text(b, "end_time"), &c.end_at) || c.end_at <= c.start_at || c.top <= 0)
        return;
    double budget = c.top;
    if (number(b, "spend") > c.top) c.top = number(b, "spend");
    c.flight_us = (double)(c.end_at - c.start_at);
    yyjson_mut_val *chart = json_add_obj(r->view, r->view->root, "chart");
    json_add_real(r->view, chart, "top", c.top);
    json_add_real(r->view, chart, "middle", c.top / 2);
    json_add_str(r->view, chart, "plan",
                 arena_printf(r->arena, "0,%d %d,%lld", HEIGHT, WIDTH, (long long)y_of(&c, budget)));
    add_lines(r, chart, &c, days);
}

/* --- one buy ---------------------------------------------------------------------------------------------------- */

static bool buy_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "media_buy_id", r->segments[0]);
    return true;
}

static void finish_creatives(struct desk_request *r, yyjson_mut_val *creatives)
{
    size_t i, n;
    yyjson_mut_val *k;
    yyjson_mut_arr_foreach(creatives, i, n, k) {
        struct str status = desk_text(k, "status");
        bool bad = str_is(status, "rejected") || str_is(status, "suspended");
        json_add_cstr(r->view, k, "class", str_is(status, "approved") ? "good" : bad ? "bad" : "warn");
    }
}

static void finish_packages(struct desk_request *r, yyjson_mut_val *packages)
{
    yyjson_mut_val *whys = json_add_arr(r->view, r->view->root, "whys"), *p, *text;
    size_t i, n, k, m;
    yyjson_mut_arr_foreach(packages, i, n, p) {
        desk_bar_add(r, p);
        finish_creatives(r, yyjson_mut_obj_get(p, "creatives"));
        yyjson_mut_arr_foreach(yyjson_mut_obj_get(p, "why"), k, m, text) {
            yyjson_mut_val *o = json_push_obj(r->view, whys);
            json_add_str(r->view, o, "product", desk_text(p, "product"));
            json_add_val(r->view, o, "text", yyjson_mut_val_mut_copy(r->view, text));
        }
    }
}

static void finish_one(struct desk_request *r)
{
    yyjson_mut_val *b = desk_lift(r, "found", "media_buy"), *t;
    size_t i, n;
    if (!b) return;
    finish_buy(r, b);
    finish_packages(r, yyjson_mut_obj_get(b, "packages"));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(b, "tasks"), i, n, t) {
        struct str decision = desk_text(t, "decision");
        bool approved = str_is(decision, "approved"), rejected = str_is(decision, "rejected");
        json_add_cstr(r->view, t, "class", approved ? "good" : rejected ? "bad" : decision.n ? "" : "warn");
    }
    add_chart(r, b);
}

const struct desk_page desk_page_buy = {
    .path = "/buys/{media_buy_id}",
    .title = "A media buy",
    .nav = "buys",
    .template = &template_buy,
    .asks = { { "found", "x_buy_get", buy_argument, false } },
    .finish = finish_one,
};

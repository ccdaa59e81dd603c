/* One product as the buyer sees it: the stored AdCP object with complete format ids, only the pricing options asked
 * for, what the brief made of it, and a forecast; our internal settings stay inside. */
#include "base/rfc3339.h"
#include "tools/product/products.h"

#define RELEVANCE_WORDS_SHOWN 6

/* Members every product keeps, whatever `fields` says: AdCP requires them of a product. */
static bool always_shown(struct str key)
{
    static const char *const keys[] = {
        "product_id",     "name",          "description",     "publisher_properties",  "format_ids",
        "format_options", "delivery_type", "pricing_options", "reporting_capabilities"
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (str_is(key, keys[i])) return true;
    }
    return false;
}

static bool shown(const struct discovery *d, struct str key)
{
    return !d->fields || always_shown(key) || reply_arr_has(d->fields, key);
}

static void add_formats(struct discovery *d, yyjson_mut_val *out, yyjson_val *formats)
{
    struct tool_call *c = d->c;
    yyjson_mut_val *arr = json_add_arr(c->doc, out, "format_ids");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(formats, i, n, v) {
        yyjson_mut_val *id = reply_format_id(c, v, &d->ts);
        if (id) yyjson_mut_arr_append(arr, id);
    }
}

static void add_declaration(yyjson_mut_doc *doc, yyjson_mut_val *arr, const struct format_ref *ref,
                            const struct format_spec *f)
{
    yyjson_mut_val *o = json_push_obj(doc, arr);
    json_add_str(doc, o, "format_option_id", ref->id);
    json_add_cstr(doc, o, "format_kind", format_kind(f));
    json_add_str_opt(doc, o, "display_name", f->name);
    yyjson_mut_val *params = json_add_obj(doc, o, "params");
    if (f->type == FORMAT_DISPLAY && f->width > 0 && f->height > 0) {
        json_add_i64(doc, params, "width", f->width);
        json_add_i64(doc, params, "height", f->height);
    }
    if (f->type != FORMAT_DISPLAY && f->duration_ms.max > 0) {
        yyjson_mut_val *range = json_add_arr(doc, params, "duration_ms_range");
        if (f->duration_ms.min > 0) (void)yyjson_mut_arr_add_int(doc, range, f->duration_ms.min);
        else (void)yyjson_mut_arr_add_null(doc, range);
        (void)yyjson_mut_arr_add_int(doc, range, f->duration_ms.max);
    }
}

/* What named formats are in 3.1's words, for clients that read nothing else: all of a product's, or, where one has no such
 * word, none (AdCP 3.1 product.format_ids). What the publisher's own file says stands as it is. */
static int add_declarations(struct discovery *d, yyjson_mut_val *out, const struct product *p, struct err *e)
{
    struct tool_call *c = d->c;
    if (c->minor_3_0 || p->formats_n == 0 || json_has(p->doc, "format_options")) return 0;
    yyjson_mut_val *arr = yyjson_mut_arr(c->doc);
    for (size_t i = 0; i < p->formats_n; i++) {
        struct format_spec f;
        int known = format_load(c->act->tx, c->arena, c->act->tenant->tenant_id, &p->formats[i], &f, e);
        if (known < 0) return -1;
        if (!known || !format_kind(&f)) return 0;
        add_declaration(c->doc, arr, &p->formats[i], &f);
    }
    json_add_val(c->doc, out, "format_options", arr);
    return 0;
}

static void add_options(struct discovery *d, yyjson_mut_val *out, const struct product *p)
{
    yyjson_mut_val *arr = json_add_arr(d->c->doc, out, "pricing_options");
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *o = &p->pricing_options[i];
        bool kind = d->wishes.fixed_price < 0 || (o->fixed_price_micros >= 0) == (d->wishes.fixed_price == 1);
        if (kind && product_filter_option(&d->filter, o)) yyjson_mut_arr_append(arr, json_copy(d->c->doc, o->doc));
    }
}

/* Windows are cut by get_media_buy_delivery itself, so the publisher need not say that they can be pulled. */
static void add_reporting(struct discovery *d, yyjson_mut_val *out, yyjson_val *stored)
{
    yyjson_mut_doc *doc = d->c->doc;
    yyjson_mut_val *reporting = json_copy(doc, stored);
    json_add_val(doc, out, "reporting_capabilities", reporting);
    if (d->c->minor_3_0 || json_has(stored, "windowed_pull_granularities")) return;
    yyjson_mut_val *windows = json_add_arr(doc, reporting, "windowed_pull_granularities");
    json_push_str(doc, windows, STR("daily"));
    json_push_str(doc, windows, STR("monthly"));
}

/* ext without what is only ours to know. */
static void add_ext(struct discovery *d, yyjson_mut_val *out, const struct found_product *f)
{
    struct tool_call *c = d->c;
    yyjson_val *stored = json_obj(f->p.doc, "ext"), *ours = json_obj(stored, "salesagent"), *key, *val;
    yyjson_mut_val *ext = json_add_obj(c->doc, out, "ext");
    size_t i, n;
    yyjson_obj_foreach(stored, i, n, key, val) {
        if (!yyjson_equals_str(key, "salesagent")) json_add_copy(c->doc, ext, yyjson_get_str(key), val);
    }
    yyjson_mut_val *mine = json_add_obj(c->doc, ext, "salesagent");
    json_add_copy(c->doc, mine, "targeting", json_obj(ours, "targeting"));
    json_add_copy(c->doc, mine, "estimated_reach", json_obj(ours, "estimated_reach"));
    if (f->relevance_bp >= 0) json_add_real(c->doc, mine, "relevance_score", (double)f->relevance_bp / RELEVANCE_MAX);
}

static struct str relevance_text(struct discovery *d, const struct found_product *f)
{
    struct str text = STR_NONE;
    int words = 0;
    for (size_t i = 0; i < d->ranking.words_n && words < RELEVANCE_WORDS_SHOWN; i++) {
        if (!(f->matched & (UINT32_C(1) << i))) continue;
        const char *between = words++ ? ", " : "Matches ";
        text = arena_printf(d->c->arena, STR_FMT "%s" STR_FMT, STR_ARG(text), between, STR_ARG(d->ranking.words[i]));
    }
    if (words == 0) return STR("Nothing in the brief names this product; listed for completeness.");
    return arena_printf(d->c->arena, STR_FMT " (%lld%% of what the brief asks for).", STR_ARG(text),
                        (long long)((f->relevance_bp + 50) / 100));
}

static bool horizon_asked(const struct discovery *d)
{
    return d->filter.horizon_start_at != TIME_NONE && !d->anonymous;
}

static int add_windows(struct discovery *d, yyjson_mut_val *out, const struct product *p, struct err *e)
{
    struct availability_window windows[AVAILABILITY_WINDOWS_MAX];
    size_t n;
    if (!shown(d, STR("forecast"))) return 0;
    if (availability_of(d->c->act, p, d->filter.horizon_start_at, d->filter.horizon_end_at, windows, &n, e)) return -1;
    yyjson_mut_val *forecast = availability_json(d->c->doc, p, windows, n, d->c->act->now);
    json_add_val(d->c->doc, out, "forecast", forecast);
    act_says(d->c->act, SAYS_GENERATED_AT, forecast ? 1 : 0, 0);
    return 0;
}

static int add_forecast(struct discovery *d, yyjson_mut_val *out, const struct product *p, struct err *e)
{
    if (horizon_asked(d)) return add_windows(d, out, p, e);
    struct forecast f;
    struct forecast_window w = { .start_at = d->filter.start_at, .end_at = d->filter.end_at };
    bool asked = d->fields && reply_arr_has(d->fields, STR("forecast"));
    if (d->anonymous || json_obj(p->doc, "forecast") || (d->mode == MODE_WHOLESALE && !asked) ||
        !shown(d, STR("forecast"))) {
        return 0;
    }
    if (forecast_product(d->c->act, p, w, &f, e)) return -1;
    yyjson_mut_val *forecast = forecast_availability_json(d->c->doc, &f, p, d->c->act->now);
    json_add_val(d->c->doc, out, "forecast", forecast);
    act_says(d->c->act, SAYS_GENERATED_AT, forecast ? 1 : 0, 0);
    return 0;
}

static int add_product(struct discovery *d, yyjson_mut_val *arr, const struct found_product *f, struct err *e)
{
    struct tool_call *c = d->c;
    yyjson_mut_val *out = json_push_obj(c->doc, arr);
    size_t i, n;
    yyjson_val *key, *val;
    yyjson_obj_foreach(f->p.doc, i, n, key, val) {
        struct str k = json_val_str(key);
        if (str_is(k, "ext") || !shown(d, k) || (horizon_asked(d) && str_is(k, "forecast"))) continue;
        if (str_is(k, "format_ids")) {
            add_formats(d, out, val);
        } else if (str_is(k, "pricing_options")) {
            add_options(d, out, &f->p);
        } else if (str_is(k, "reporting_capabilities")) {
            add_reporting(d, out, val);
        } else {
            json_add_copy(c->doc, out, k.p, val);
        }
    }
    if (f->relevance_bp >= 0 && shown(d, STR("brief_relevance"))) {
        json_add_str(c->doc, out, "brief_relevance", relevance_text(d, f));
    }
    if (add_declarations(d, out, &f->p, e) || add_forecast(d, out, &f->p, e)) return -1;
    add_ext(d, out, f);
    return 0;
}

/* ---- aux ---- */

static void add_aux_option(struct tool_call *c, yyjson_mut_val *arr, const struct pricing_option *o)
{
    yyjson_mut_val *out = json_push_obj(c->doc, arr);
    bool fixed = o->fixed_price_micros >= 0;
    json_add_str(c->doc, out, "pricing_option_id", o->pricing_option_id);
    json_add_cstr(c->doc, out, "pricing_model", pricing_model_name(o->model));
    if (fixed || o->floor_micros >= 0)
        json_add_money(c->doc, out, "rate", fixed ? o->fixed_price_micros : o->floor_micros);
    if (o->floor_micros >= 0) json_add_money(c->doc, out, "floor", o->floor_micros);
    json_add_bool(c->doc, out, "fixed", fixed);
    json_add_cstr(c->doc, out, "currency", o->currency);
    json_add_money(c->doc, out, "min_spend", o->min_spend_micros);
}

static void add_aux_words(struct discovery *d, yyjson_mut_val *out, const struct product *p)
{
    struct tool_call *c = d->c;
    yyjson_val *ours = json_obj(json_obj(p->doc, "ext"), "salesagent"), *key, *val;
    yyjson_val *available = json_obj(json_obj(d->ts.doc, "capabilities"), "targeting");
    size_t i, n;
    yyjson_val *countries = json_arr(p->doc, "countries");
    json_add_copy(c->doc, out, "countries",
                  countries ? countries : json_arr(json_obj(ours, "targeting"), "geographic"));
    json_add_copy(c->doc, out, "targeting", json_obj(ours, "targeting"));
    json_add_copy(c->doc, out, "estimated_reach", json_obj(ours, "estimated_reach"));
    yyjson_mut_val *names = json_add_arr(c->doc, out, "targeting_available");
    yyjson_obj_foreach(available, i, n, key, val) json_push_str(c->doc, names, json_val_str(key));
}

static void add_aux(struct discovery *d, yyjson_mut_val *arr, const struct found_product *f)
{
    struct tool_call *c = d->c;
    const struct product *p = &f->p;
    yyjson_mut_val *out = json_push_obj(c->doc, arr);
    json_add_str(c->doc, out, "product_id", p->product_id);
    json_add_str(c->doc, out, "name", p->name);
    json_add_str(c->doc, out, "description", p->description);
    yyjson_mut_val *channels = json_add_arr(c->doc, out, "channels");
    for (size_t i = 0; i < p->channels_n; i++) json_push_str(c->doc, channels, p->channels[i]);
    json_add_cstr(c->doc, out, "delivery_type", p->guaranteed ? "guaranteed" : "non_guaranteed");
    yyjson_mut_val *formats = json_add_arr(c->doc, out, "format_ids");
    for (size_t i = 0; i < p->formats_n; i++) json_push_str(c->doc, formats, p->formats[i].id);
    yyjson_mut_val *options = json_add_arr(c->doc, out, "pricing_options");
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        if (product_filter_option(&d->filter, &p->pricing_options[i]))
            add_aux_option(c, options, &p->pricing_options[i]);
    }
    add_aux_words(d, out, p);
    int64_t hundredths = f->relevance_bp / 100; /* finer is not known */
    if (f->relevance_bp >= 0) json_add_real(c->doc, out, "relevance_score", (double)hundredths / 100.0);
}

/* ---- the whole ---- */

static void add_diagnostics(struct discovery *d)
{
    struct tool_call *c = d->c;
    yyjson_mut_val *by = NULL;
    for (int r = 0; r < FILTER_REASONS_N; r++) {
        if (d->excluded[r] == 0) continue;
        if (!by) {
            yyjson_mut_val *diagnostics = json_add_obj(c->doc, c->reply, "filter_diagnostics");
            by = json_add_obj(c->doc, diagnostics, "excluded_by");
        }
        json_add_i64(c->doc, json_add_obj(c->doc, by, filter_reason_name((enum filter_reason)r)), "count",
                     d->excluded[r]);
    }
}

struct incomplete_wait {
    int64_t n; /* 0: not known */
    const char *unit;
};

static void add_incomplete(struct discovery *d, const char *scope, const char *why, struct incomplete_wait wait)
{
    struct tool_call *c = d->c;
    yyjson_mut_val *arr = yyjson_mut_obj_get(c->reply, "incomplete");
    if (!arr) arr = json_add_arr(c->doc, c->reply, "incomplete");
    yyjson_mut_val *item = json_push_obj(c->doc, arr);
    json_add_cstr(c->doc, item, "scope", scope);
    json_add_cstr(c->doc, item, "description", why);
    if (!wait.n) return;
    yyjson_mut_val *o = json_add_obj(c->doc, item, "estimated_wait");
    json_add_i64(c->doc, o, "interval", wait.n);
    json_add_cstr(c->doc, o, "unit", wait.unit);
}

static void tell_horizon(struct discovery *d)
{
    int64_t asked = d->filter.horizon_end_at - d->filter.horizon_start_at;
    if (d->filter.horizon_start_at == TIME_NONE) return;
    if (d->anonymous) {
        add_incomplete(d, "forecast", "When products can run is told to buyers who authenticate.",
                       (struct incomplete_wait){ 0 });
    } else if (asked > AVAILABILITY_DAYS_MAX * USEC_PER_DAY) {
        add_incomplete(d, "forecast", "Two years are looked at; ask for what lies behind them with a later start_time.",
                       (struct incomplete_wait){ 0 });
    }
}

/* What is missing and would be there with more time, or on the next page. */
static void tell_incomplete(struct discovery *d)
{
    tell_horizon(d);
    bool feed = d->mode == MODE_WHOLESALE && !d->c->minor_3_0; /* a scope of AdCP 3.1 */
    bool list = d->budget_s >= 0 && json_has(d->c->args, "property_list") && d->list.state == REMOTE_LIST_UNREACHABLE;
    if (d->cut) {
        add_incomplete(d, feed ? "wholesale_feed" : "products",
                       "Not all products were looked at; go on with the cursor.", (struct incomplete_wait){ 0 });
    }
    if (list) {
        add_incomplete(d, "products",
                       "The property list could not be fetched within the time budget; the products are not"
                       " chosen by it.",
                       (struct incomplete_wait){ 10, "seconds" });
    }
    if (d->firm_waits) {
        add_incomplete(d, "proposals",
                       "A person makes this proposal firm, which takes longer than the time budget; nothing"
                       " was finalized.",
                       (struct incomplete_wait){ d->ts.approval_sla_hours, "hours" });
    }
}

int products_show(struct discovery *d, struct err *e)
{
    struct tool_call *c = d->c;
    yyjson_mut_val *out = json_add_arr(c->doc, c->reply, "products");
    yyjson_mut_val *aux = json_add_arr(c->doc, c->aux, "products");
    for (size_t i = 0; i < d->found_n; i++) {
        if (add_product(d, out, &d->found[i], e)) return -1;
        add_aux(d, aux, &d->found[i]);
    }
    json_add_i64(c->doc, c->aux, "total", d->total >= 0 ? d->total : d->page.offset + (int64_t)d->found_n);
    if (d->mode == MODE_BRIEF && d->brief.n) {
        json_add_cstr(c->doc, c->aux, "ranking_model", RANKING_MODEL);
        yyjson_mut_val *ext = json_add_obj(c->doc, c->reply, "ext");
        yyjson_mut_val *ours = json_add_obj(c->doc, ext, "salesagent");
        json_add_cstr(c->doc, ours, "ranking_model", RANKING_MODEL);
        if (d->reranked) json_add_bool(c->doc, ours, "reordered_by_assistant", true);
    }
    add_diagnostics(d);
    tell_incomplete(d);
    page_write(c, &d->page, (struct page_end){ d->next_offset, d->anonymous ? -1 : d->total });
    return 0;
}

#include "dialects/choose.h"

#include <stdio.h>

#include "contract/validate.h"
#include "tools/tool.h"

/* Where several older dialects have a tool, the first one listed gets a caller that shows nothing else. */
static const struct dialect *const all[] = {
    &dialect_adcp_3_0, &dialect_adcp_3_1,   &dialect_adcp_3_2, &dialect_tutorial,
    &dialect_buy_v1,   &dialect_data_model, &dialect_rc,       NULL,
};

static const struct dialect *const of_line[ADCP_LINE_COUNT] = { &dialect_adcp_3_0, &dialect_adcp_3_1,
                                                                &dialect_adcp_3_2 };

const struct dialect *dialect_default(void)
{
    return of_line[ADCP_LINE_UNPINNED];
}

struct str dialect_of_pages(void)
{
    return str_from(of_line[ADCP_LINE_STORED]->name);
}

const struct dialect *dialect_canonical(void)
{
    return &dialect_own;
}

const struct dialect *dialect_find(struct str name)
{
    static const struct {
        const char *name, *stands_for;
    } aliases[] = {
        { "3.0-rc", "rc" },
    };
    if (str_is(name, "adcp")) return dialect_default();
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        if (str_eq(name, adcp_line_version((enum adcp_line)line))) return of_line[line];
    }
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
        if (str_is(name, aliases[i].name)) name = str_from(aliases[i].stands_for);
    }
    for (size_t i = 0; all[i]; i++) {
        if (str_is(name, all[i]->name)) return all[i];
    }
    return NULL;
}

bool dialect_has_tool(const struct dialect *d, struct str tool, bool sandbox)
{
    if (d->has_tool) return d->has_tool(tool);
    const struct tool *row = tool_find(tool);
    return row && (sandbox || !row->sandbox_only);
}

/* --- AdCP versions --------------------------------------------------------------------------------------- */

/* Where only newer lines are served, the oldest of those. */
static enum adcp_line unpinned(const struct dialect_hints *h)
{
    return h->lines.from > ADCP_LINE_UNPINNED ? h->lines.from : ADCP_LINE_UNPINNED;
}

static int unsupported(const struct dialect_hints *h, const char *field, struct err *e)
{
    char list[16 * ADCP_LINE_COUNT] = "", quoted[16 * ADCP_LINE_COUNT] = "";
    for (int line = h->lines.from; line <= (int)h->lines.to; line++) {
        const char *version = adcp_releases[line].line;
        size_t n = strlen(list), q = strlen(quoted);
        (void)snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", version);
        (void)snprintf(quoted + q, sizeof(quoted) - q, "%s\"%s\"", q ? "," : "", version);
    }
    err_set(e, "VERSION_UNSUPPORTED", "Of AdCP %s served here.", list);
    (void)err_suggest(e, "Send one of these as adcp_version, or leave it out.");
    (void)err_details(e, "{\"supported_versions\":[%s],\"supported_majors\":[3]}", quoted);
    return err_field(e, "/%s", field);
}

/* Up to three digits without a leading zero; the rest of the text in *rest. */
static bool read_number(struct str text, int *number, struct str *rest)
{
    int v = 0;
    size_t i = 0;
    while (i < text.n && i < 3 && text.p[i] >= '0' && text.p[i] <= '9') v = v * 10 + (text.p[i++] - '0');
    *number = v;
    *rest = str_skip(text, i);
    return i == 1 || (i > 1 && text.p[0] != '0');
}

/* "MAJOR.MINOR" and nothing else: a prerelease matches only itself, and none is served. */
static bool read_release(struct str text, int *major, int *minor)
{
    struct str rest;
    if (!read_number(text, major, &rest) || !str_starts(rest, STR("."))) return false;
    return read_number(str_skip(rest, 1), minor, &rest) && rest.n == 0;
}

/* *dialect stays NULL when the call pins nothing. */
static int negotiate(const struct dialect_hints *h, const struct dialect **dialect, struct err *e)
{
    yyjson_val *version = yyjson_obj_get(h->args, "adcp_version");
    yyjson_val *legacy = yyjson_obj_get(h->args, "adcp_major_version");
    enum adcp_line line = unpinned(h);
    int major, minor;
    if (legacy && json_i64_or(h->args, "adcp_major_version", -1) != 3) return unsupported(h, "adcp_major_version", e);
    if (!version && !legacy) return 0;
    if (version && (!read_release(json_val_str(version), &major, &minor) || adcp_line_serving(major, minor, &line)))
        return unsupported(h, "adcp_version", e);
    if (line < h->lines.from) return unsupported(h, "adcp_version", e);
    *dialect = of_line[line > h->lines.to ? h->lines.to : line];
    return 0;
}

/* --- what the call shows --------------------------------------------------------------------------------- */

static bool only_adcp_3_has_a_field(yyjson_val *args)
{
    static const char *const fields[] = { "account", "brand", "buying_mode", "idempotency_key", "context" };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (json_has(args, fields[i])) return true;
    }
    return false;
}

/* Members that one older shape has in a tool whose name several have. */
static const struct mark {
    const char *tool, *member; /* JSON Pointer; "*" is the first item */
    enum { IS_THERE, IS_TEXT, IS_NUMBER, IS_OBJECT } how;
    const char *dialect;
} marks[] = {
    { "sync_creatives", "/creatives/*/assets/*/type", IS_TEXT, "data-model" },
    { "create_media_buy", "/packages/*", IS_TEXT, "buy-v1" },
    { "create_media_buy", "/budget_cents", IS_THERE, "data-model" },
    { "create_media_buy", "/product_id", IS_THERE, "data-model" },
    { "create_media_buy", "/packages/*/start_date", IS_THERE, "tutorial" },
    { "create_media_buy", "/packages/*/creative_format_ids", IS_THERE, "tutorial" },
    { "update_media_buy", "/active", IS_THERE, "buy-v1" },
    { "update_media_buy", "/flight_start_date", IS_THERE, "buy-v1" },
    { "update_media_buy", "/flight_end_date", IS_THERE, "buy-v1" },
    { "update_media_buy", "/daily_budget", IS_THERE, "buy-v1" },
    { "update_media_buy", "/total_budget", IS_NUMBER, "buy-v1" },
    { "update_media_buy", "/today", IS_THERE, "buy-v1" },
    { "update_media_buy", "/creative_assignments", IS_OBJECT, "buy-v1" },
    { "update_media_buy", "/targeting_overlay", IS_THERE, "buy-v1" },
    { "update_media_buy", "/packages/*/active", IS_THERE, "buy-v1" },
    { "update_media_buy", "/packages/*/creative_ids", IS_THERE, "buy-v1" },
    { "update_media_buy", "/packages/*/daily_budget", IS_THERE, "buy-v1" },
    { "update_media_buy", "/packages/*/daily_impressions", IS_THERE, "buy-v1" },
    { "update_media_buy", "/packages/*/cpm", IS_THERE, "buy-v1" },
    { "update_media_buy", "/budget_cents", IS_THERE, "data-model" },
    { "update_media_buy", "/targeting", IS_OBJECT, "data-model" },
    { "get_media_buys", "/media_buy_id", IS_TEXT, "data-model" },
    { "complete_task", "/resolution", IS_THERE, "buy-v1" },
    { "complete_task", "/status", IS_THERE, "data-model" },
};

static bool fits(const struct mark *m, yyjson_val *args)
{
    yyjson_val *v = args;
    for (const char *at = m->member; *at && v;) {
        const char *name = at + 1, *end = name + strcspn(name, "/");
        v = *name == '*' ? yyjson_arr_get_first(v) : yyjson_obj_getn(v, name, (size_t)(end - name));
        at = end;
    }
    switch (m->how) {
    case IS_TEXT: return yyjson_is_str(v);
    case IS_NUMBER: return yyjson_is_num(v);
    case IS_OBJECT: return yyjson_is_obj(v);
    case IS_THERE: break;
    }
    return v && !yyjson_is_null(v);
}

/* One buy's report is asked for by its id alone on the data-model page, with both days in AdCP:Buy v1. */
static const char *of_report(yyjson_val *args)
{
    if (json_str(args, "media_buy_id").n == 0) return NULL;
    return json_has(args, "start_date") && json_has(args, "end_date") ? "buy-v1" : "data-model";
}

static const struct dialect *by_marks(const struct dialect_hints *h, bool older)
{
    const char *name = str_is(h->tool, "get_media_buy_delivery") ? of_report(h->args) : NULL;
    /* AdCP has filters too, but not without its buying_mode; of the older pages only this one prints them. */
    if (older && str_is(h->tool, "get_products") && json_obj(h->args, "filters")) name = "data-model";
    for (size_t i = 0; i < ARRAY_LEN(marks) && !name; i++) {
        if (str_is(h->tool, marks[i].tool) && fits(&marks[i], h->args)) name = marks[i].dialect;
    }
    return name ? dialect_find(str_from(name)) : NULL;
}

/* By the published schemas, not by our registry: what AdCP names is AdCP's, served here or not. */
static bool adcp_3_has(struct str tool)
{
    char name[64];
    const struct tool *row = tool_find(tool);
    if (row) return !row->hidden;
    if (tool.n >= sizeof(name)) return false;
    memcpy(name, tool.p, tool.n);
    name[tool.n] = '\0';
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        if (contract_find((enum adcp_line)line, name, CONTRACT_REQUEST)) return true;
    }
    return false;
}

static const struct dialect *by_tool(struct str tool, const struct dialect *preferred)
{
    if (adcp_3_has(tool)) return NULL;
    if (preferred && preferred->has_tool && preferred->has_tool(tool)) return preferred;
    for (size_t i = 0; all[i]; i++) {
        if (all[i]->has_tool && all[i]->has_tool(tool)) return all[i];
    }
    return NULL;
}

/* The 4.22.0 client's shapes are AdCP 3 before its release: they have the same fields. */
static bool speaks_adcp_3_fields(const struct dialect *d)
{
    return d->adcp3 || str_is(str_from(d->name), "rc");
}

/* AdCP 3 wants a key with every write; client 4.22.0 knows of none. Who speaks AdCP by default has forgotten it. */
static bool writes_without_key(const struct dialect_hints *h)
{
    static const char *const writes[] = { "sync_accounts", "create_media_buy", "update_media_buy", "sync_creatives" };
    bool named = only_adcp_3_has_a_field(h->args) || str_is(h->tool, "sync_accounts");
    if (!named || json_has(h->args, "idempotency_key")) return false;
    for (size_t i = 0; i < ARRAY_LEN(writes); i++) {
        if (str_is(h->tool, writes[i])) return true;
    }
    return false;
}

static const struct dialect *judge(const struct dialect_hints *h)
{
    const struct dialect *preferred = dialect_find(h->principal_default);
    const struct dialect *d = by_tool(h->tool, preferred), *marked = NULL;
    bool adcp = only_adcp_3_has_a_field(h->args), older = preferred && !preferred->adcp3;
    /* A shape shows in what only it has; a client of an own shape that lies close to AdCP is taken at its word. */
    if (!adcp && (!preferred || preferred->adcp3 || !speaks_adcp_3_fields(preferred))) marked = by_marks(h, older);

    if (marked) return marked;
    if (older && writes_without_key(h)) return &dialect_rc;
    if (d) return d;
    if (!preferred) return dialect_default();
    if (adcp && !speaks_adcp_3_fields(preferred)) return dialect_default();
    /* The default may not know this tool at all: a tutorial buyer who tries an AdCP tool is an AdCP caller. */
    if (preferred->has_tool && !preferred->has_tool(h->tool)) return dialect_default();
    return preferred;
}

/* Newer tasks for those who pin nothing are served in the first line that has them. Who pins an older one, or signs at a URL
 * that serves no such line, hears which has it. */
static int for_the_tool(const struct dialect_hints *h, const struct dialect **d, struct err *e)
{
    const struct tool *row = tool_find(h->tool);
    if (!row || !(*d)->adcp3 || (*d)->line >= row->since) return 0;
    if (row->since <= h->lines.to && !json_has(h->args, "adcp_version")) {
        *d = of_line[row->since];
        return 0;
    }
    const char *line = adcp_releases[row->since].line;
    (void)err_set(e, "VERSION_UNSUPPORTED", "%s is a task of AdCP %s and later.", row->name, line);
    (void)err_suggest(e, "Send adcp_version %s to a URL of this agent that serves it.", line);
    (void)err_details(e, "{\"supported_versions\":[\"%s\"],\"supported_majors\":[3]}", line);
    return err_field(e, "/adcp_version");
}

int dialect_choose(const struct dialect_hints *h, struct dialect_choice *out, struct err *e)
{
    const struct dialect *pinned = NULL;
    int rc = negotiate(h, &pinned, e);
    const struct dialect *d = pinned;
    bool own_url = h->lines.from > ADCP_LINE_UNPINNED; /* of newer lines: says which shape a call has, like a pin */
    if (!d && (rc || own_url)) d = of_line[unpinned(h)];
    if (!d && h->header.n) {
        d = dialect_find(h->header);
        if (!d) {
            err_set(e, "INVALID_REQUEST", "x-adcp-dialect names no dialect of this agent.");
            rc = err_suggest(e, "Use adcp-3.0, adcp-3.1, adcp-3.2, tutorial, buy-v1, data-model or rc.");
        }
    }
    if (!d) d = judge(h);
    if (d->adcp3 && d->line > h->lines.to) d = of_line[h->lines.to];
    if (d->adcp3 && d->line < h->lines.from) d = of_line[h->lines.from];
    if (!rc) rc = for_the_tool(h, &d, e);
    out->dialect = d;
    out->adcp_version = d->adcp3 ? adcp_line_version(d->line) : STR("");
    return rc;
}

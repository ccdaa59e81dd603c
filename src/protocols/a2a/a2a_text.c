#include "protocols/a2a/a2a_text.h"

#include <ctype.h>

#include "base/buf.h"
#include "contract/validate.h"
#include "tools/tool.h"

#define IDS_MAX 20

enum text_args { ARGS_NONE, ARGS_BRIEF, ARGS_MEDIA_BUYS, ARGS_TASK, ARGS_NEED_DATA };

/* The first rule of which a word (or phrase) stands in the text. `also`, when given, must stand there too. Words match
 * from their beginning: "deliver" matches "delivery" and "delivered". */
static const struct rule {
    const char *skill;
    enum text_args args;
    const char *words[12];
    const char *also[10];
} rules[] = {
    { "get_task_status", ARGS_TASK, { "task" }, { NULL } },
    { "update_media_buy",
      ARGS_NEED_DATA,
      { "pause", "resume", "cancel", "increase", "decrease", "extend", "change", "update" },
      { "mediabuy", "campaign", "budget", "buy", "package", "order", "flight", "mb-" } },
    { "sync_creatives",
      ARGS_NEED_DATA,
      { "upload", "sync", "submit", "assign", "add" },
      { "creative", "banner", "asset" } },
    { "create_media_buy",
      ARGS_NEED_DATA,
      { "buy", "book", "purchase", "create", "launch", "order", "reserve", "place" },
      { "campaign", "mediabuy", "package", "inventory", "impression", "ads", "ad ", "line item", "$", "budget" } },
    { "get_media_buy_delivery",
      ARGS_MEDIA_BUYS,
      { "deliver", "perform", "spent", "spend", "pacing", "report", "ctr", "impressions" },
      { NULL } },
    { "get_media_buys", ARGS_MEDIA_BUYS, { "mediabuy", "campaign", "order", "mb-", "flight" }, { NULL } },
    { "list_creative_formats", ARGS_NONE, { "format", "spec", "sizes", "dimensions" }, { NULL } },
    { "list_creatives", ARGS_NONE, { "creative", "banner" }, { NULL } },
    { "list_accounts", ARGS_NONE, { "account" }, { NULL } },
    { "get_adcp_capabilities",
      ARGS_NONE,
      { "capabilit", "what can you", "which protocol", "features", "supported" },
      { NULL } },
    { "get_products",
      ARGS_BRIEF,
      { "product", "inventor", "avail", "catalog", "offer", "placement", "sell", "pric", "cpm", "looking for", "find",
        "audience" },
      { NULL } },
    { "get_products",
      ARGS_BRIEF,
      { "advertis", "promot", "reach", "target", "video", "display", "audio", "podcast", "need", "want" },
      { NULL } },
};

/* Lower case, everything but letters, digits, '-' and '$' a single space, a space at both ends.
 * "media buy" becomes one word, so that its "buy" is no verb. */
static struct str normal(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.n + 3);
    size_t n = 0;
    out[n++] = ' ';
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool keep = isalnum(c) || c == '-' || c == '$' || c >= 0x80;
        if (keep) out[n++] = (char)tolower(c);
        if (!keep && out[n - 1] != ' ') out[n++] = ' ';
    }
    if (out[n - 1] != ' ') out[n++] = ' ';
    for (size_t i = 0; i + 10 <= n; i++) {
        if (memcmp(out + i, " media buy", 10) != 0) continue;
        memmove(out + i + 6, out + i + 7, n - i - 7);
        n--;
    }
    return (struct str){ out, n };
}

/* A word begins after a space; "$" may begin anywhere. */
static bool stands(struct str text, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 1; i + n <= text.n; i++) {
        if (memcmp(text.p + i, word, n) == 0 && (text.p[i - 1] == ' ' || *word == '$')) return true;
    }
    return false;
}

static bool any_stands(struct str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n && words[i]; i++) {
        if (stands(text, words[i])) return true;
    }
    return false;
}

static bool begins(struct str text, const char *const *words)
{
    for (; *words; words++) {
        if (str_starts(str_skip(text, 1), str_from(*words))) return true;
    }
    return false;
}

/* "What video inventory can I buy?" looks for something; "Buy me a week of it" orders it, whatever else it names. */
static const struct rule *find_rule(struct str text)
{
    static const char *const asking[] = { "what ",      "which ",  "how ",   "where ",   "who ",  "is there ",
                                          "are there ", "do you ", "can i ", "could i ", "show ", NULL };
    static const char *const ordering[] = { "buy ",        "book ",        "purchase ",   "reserve ", "order ",
                                            "please buy ", "please book ", "i will buy ", NULL };
    bool asks = begins(text, asking), orders = begins(text, ordering);
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        const struct rule *r = &rules[i];
        bool buys = strcmp(r->skill, "create_media_buy") == 0;
        if (buys && asks) continue;
        if (buys && orders && tool_find(str_from(r->skill))) return r;
        if (!tool_find(str_from(r->skill)) || !any_stands(text, r->words, ARRAY_LEN(r->words))) continue;
        if (!r->also[0] || any_stands(text, r->also, ARRAY_LEN(r->also))) return r;
    }
    return NULL;
}

/* Words that are ids of ours: `prefix` and what follows up to the space. */
static size_t find_ids(struct str text, const char *prefix, struct str *ids)
{
    size_t n = 0, len = strlen(prefix);
    for (size_t i = 1; i + len < text.n && n < IDS_MAX; i++) {
        if (text.p[i - 1] != ' ' || memcmp(text.p + i, prefix, len) != 0) continue;
        size_t end = i;
        while (text.p[end] != ' ') end++;
        if (end - i > len) ids[n++] = (struct str){ text.p + i, end - i };
    }
    return n;
}

/* "account, brand, start_time": what the schema of a task requires. */
static struct str required_members(struct arena *a, const char *skill)
{
    const struct contract *c = contract_find(ADCP_LINE_NEWEST, skill, CONTRACT_REQUEST);
    yyjson_doc *doc;
    struct err e;
    size_t i, n;
    yyjson_val *v;
    struct buf b;
    if (!c || json_parse(a, contract_schema_json(a, c), &json_limits_own, &doc, &e)) return STR_NONE;
    buf_init(&b, 1000);
    yyjson_arr_foreach(json_arr(yyjson_doc_get_root(doc), "required"), i, n, v) {
        if (i) buf_add(&b, STR(", "));
        buf_add(&b, json_val_str(v));
    }
    struct str list = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return list;
}

static struct str ids_json(struct arena *a, const char *member, const struct str *ids, size_t n)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    yyjson_mut_val *list = n ? json_add_arr(doc, o, member) : NULL;
    for (size_t i = 0; i < n; i++) json_push_str(doc, list, ids[i]);
    return json_write(a, o);
}

static struct str one_member(struct arena *a, const char *key, struct str value)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_str(doc, o, key, value);
    return json_write(a, o);
}

static struct str brief_json(struct arena *a, struct str text)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *o = json_root_obj(doc);
    json_add_cstr(doc, o, "buying_mode", "brief");
    json_add_str(doc, o, "brief", text);
    return json_write(a, o);
}

static void not_understood(struct arena *a, struct a2a_intent *out)
{
    out->understood = STR("This agent reads plain text by a few fixed rules and did not recognise a request in it.");
    out->missing = STR(
        "Ask for products, formats, media buys, delivery, creatives, accounts, a task or the agent's capabilities, "
        "or send a data part {\"skill\": \"get_products\", \"parameters\": {...}}; the agent card lists the skills.");
}

void a2a_text_read(struct arena *a, struct str text, struct a2a_intent *out)
{
    struct str plain = normal(a, text), ids[IDS_MAX];
    const struct rule *r = find_rule(plain);
    *out = (struct a2a_intent){ 0 };
    if (!r) {
        not_understood(a, out);
        return;
    }
    out->skill = str_from(r->skill);
    out->understood = arena_printf(a, "Read as %s.", r->skill);
    switch (r->args) {
    case ARGS_NONE: out->args = STR("{}"); break;
    case ARGS_BRIEF:
        out->args = brief_json(a, text);
        out->understood = arena_printf(a, "Read as %s with the text as the brief.", r->skill);
        break;
    case ARGS_MEDIA_BUYS: {
        size_t n = find_ids(plain, "mb-", ids);
        out->args = ids_json(a, "media_buy_ids", ids, n);
        if (n == 0) out->understood = arena_printf(a, "Read as %s for all of the caller's media buys.", r->skill);
        break;
    }
    case ARGS_TASK:
        if (find_ids(plain, "task-", ids)) {
            out->args = one_member(a, "task_id", ids[0]);
        } else {
            out->missing = STR("Which task? Say its task_id.");
        }
        break;
    case ARGS_NEED_DATA:
        out->missing = arena_printf(a,
                                    "That changes something, so it is not done from plain text. Send a data part "
                                    "{\"skill\": \"%s\", \"parameters\": {...}} with at least: " STR_FMT ".",
                                    r->skill, STR_ARG(required_members(a, r->skill)));
        break;
    }
}

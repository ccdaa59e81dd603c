#include "cli/operate.h"

#include <stdio.h>

#include "base/buf.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)
#define DEPTH_MAX      2

static const struct json_limits limits = { .bytes_max = 64 << 20, .depth_max = 64, .nodes_max = 1000000 };

struct parsed {
    struct agent_request request;
    const struct operate_verb *verb;
    yyjson_mut_doc *args;
    int words_n;
    bool json;
};

yyjson_val *operate_reply(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(a, text, &limits, &doc, &e) == 0) return yyjson_doc_get_root(doc);
    (void)cli_error(CLI_FAILED, "the agent's answer is not JSON"); /* the caller says CLI_FAILED */
    return NULL;
}

/* ---- arguments ---- */

/* The object and key that "when/products" names; objects on the way are made. */
static yyjson_mut_val *place(struct arena *a, yyjson_mut_doc *doc, const char *path, const char **key)
{
    yyjson_mut_val *o = doc->root;
    const char *slash;
    while ((slash = strchr(path, '/'))) {
        const char *name = arena_cstr(a, (struct str){ path, (size_t)(slash - path) });
        yyjson_mut_val *next = yyjson_mut_obj_get(o, name);
        o = next ? next : json_add_obj(doc, o, name);
        path = slash + 1;
    }
    *key = path;
    return o;
}

static int read_file(struct arena *a, const char *path, struct str *out)
{
    struct buf b;
    char piece[4096];
    size_t n;
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!f) return cli_error(CLI_USAGE, "%s cannot be read", path);
    buf_init(&b, FILE_BYTES_MAX);
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0) buf_add(&b, (struct str){ piece, n });
    bool bad = ferror(f) || b.overflowed;
    if (f != stdin) (void)fclose(f); /* it was only read */
    if (!bad) *out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return bad ? cli_error(CLI_USAGE, "%s cannot be read", path) : CLI_OK;
}

static int put_json(struct arena *a, yyjson_mut_doc *doc, const struct operate_option *o, const char *value)
{
    struct str text = str_from(value);
    yyjson_doc *parsed;
    struct err e;
    const char *key;
    if (value[0] == '@') {
        int rc = read_file(a, value + 1, &text);
        if (rc) return rc;
    }
    if (json_parse(a, text, &limits, &parsed, &e)) return cli_error(CLI_USAGE, "--%s: %s", o->flag, e.message);
    yyjson_mut_val *obj = place(a, doc, o->member, &key);
    json_add_copy(doc, obj, key, yyjson_doc_get_root(parsed));
    return CLI_OK;
}

static int put(struct arena *a, yyjson_mut_doc *doc, const struct operate_option *o, const char *value)
{
    const char *key;
    struct str rest = str_from(value);
    if (o->type == OPERATE_JSON) return put_json(a, doc, o, value);
    if (o->type == OPERATE_NUMBER) {
        bool ok = rest.n > 0 && strspn(value, "0123456789.") == rest.n;
        return ok ? put_json(a, doc, o, value) : cli_error(CLI_USAGE, "--%s wants a number, not '%s'", o->flag, value);
    }
    yyjson_mut_val *obj = place(a, doc, o->member, &key);
    if (o->type == OPERATE_TEXT) json_add_str(doc, obj, key, rest);
    if (o->type == OPERATE_FLAG) json_add_bool(doc, obj, key, true);
    if (o->type != OPERATE_LIST) return CLI_OK;
    yyjson_mut_val *list = json_add_arr(doc, obj, key);
    while (rest.n) {
        const char *comma = memchr(rest.p, ',', rest.n);
        struct str word = { rest.p, comma ? (size_t)(comma - rest.p) : rest.n };
        if (word.n) json_push_str(doc, list, word);
        rest = str_skip(rest, word.n + (comma ? 1 : 0));
    }
    return CLI_OK;
}

/* Takes one of the verb's own options; *rc is an exit code when its value is wrong. */
static bool take_option(struct arena *a, struct parsed *p, struct cli_args *args, int *rc)
{
    const char *value = "";
    for (const struct operate_option *o = p->verb ? p->verb->options : NULL; o && o->flag; o++) {
        bool found = o->type == OPERATE_FLAG ? cli_flag(args, o->flag) : cli_option(args, o->flag, &value);
        if (!found) continue;
        *rc = put(a, p->args, o, value);
        return true;
    }
    return false;
}

static int take_word(const struct operate_command *c, struct arena *a, struct parsed *p, const char *word)
{
    if (!p->verb) {
        for (const struct operate_verb *v = c->verbs; v->name; v++) {
            if (strcmp(v->name, word) == 0) p->verb = v;
        }
        return p->verb ? CLI_OK
                       : cli_error(CLI_USAGE, "%s: there is no '%s'; salesagent %s --help", c->name, word, c->name);
    }
    const char *member = p->words_n < 3 ? p->verb->words[p->words_n] : NULL;
    if (!member) return cli_error(CLI_USAGE, "%s %s: unexpected argument '%s'", c->name, p->verb->name, word);
    p->words_n++;
    if (strcmp(member, "position") == 0) {
        static const struct operate_option number = { "position", "position", OPERATE_NUMBER };
        return put(a, p->args, &number, word);
    }
    json_add_cstr(p->args, p->args->root, member, word);
    return CLI_OK;
}

static int parse(const struct operate_command *c, struct arena *a, int argc, char **argv, struct parsed *p)
{
    struct cli_args args = cli_args_start(argc, argv);
    int rc = CLI_OK;
    while (rc == CLI_OK && cli_more(&args)) {
        if (cli_flag(&args, "json")) {
            p->json = true;
        } else if (!cli_option(&args, "data", &p->request.data) && !cli_option(&args, "tenant", &p->request.tenant) &&
                   !cli_option(&args, "mock-time", &p->request.mock_time) && !take_option(a, p, &args, &rc)) {
            const char *word = cli_positional(&args);
            if (!word) break;
            rc = take_word(c, a, p, word);
        }
    }
    if (rc) return rc;
    if (args.bad)
        return cli_error(CLI_USAGE, "%s: unexpected argument '%s'; salesagent %s --help", c->name, args.bad, c->name);
    if (!p->verb) return cli_error(CLI_USAGE, "%s: what to do? salesagent %s --help", c->name, c->name);
    const char *missing = p->words_n < 3 ? p->verb->words[p->words_n] : NULL;
    if (missing) return cli_error(CLI_USAGE, "%s %s: %s is missing", c->name, p->verb->name, missing);
    const char *equals = p->verb->extra ? strchr(p->verb->extra, '=') : NULL;
    if (!equals) return CLI_OK;
    struct str key = { p->verb->extra, (size_t)(equals - p->verb->extra) };
    json_add_cstr(p->args, p->args->root, arena_cstr(a, key), equals + 1);
    return CLI_OK;
}

/* ---- printing ---- */

static struct str shown(struct arena *a, yyjson_val *v)
{
    return yyjson_is_str(v) ? json_val_str(v) : json_write_val(a, v);
}

static void print_row(struct arena *a, const struct operate_column *columns, yyjson_val *row)
{
    for (const struct operate_column *k = columns; k->member; k++) {
        yyjson_val *v = k->member[0] == '/' ? json_get_path(row, k->member) : yyjson_obj_get(row, k->member);
        struct str text = v ? shown(a, v) : STR_NONE;
        bool last = !k[1].member;
        int pad = last || (int)text.n >= k->width ? 0 : k->width - (int)text.n;
        cli_print(STR_FMT "%*s%s", STR_ARG(text), pad, "", last ? "\n" : "  ");
    }
}

static void print_object(struct arena *a, yyjson_val *o, const char *indent, int depth)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach(o, i, n, key, v) {
        if (yyjson_is_obj(v) && depth < DEPTH_MAX) {
            cli_print("%s%s\n", indent, yyjson_get_str(key));
            print_object(a, v, arena_printf(a, "%s  ", indent).p, depth + 1);
            continue;
        }
        cli_print("%s%-16s " STR_FMT "\n", indent, yyjson_get_str(key), STR_ARG(shown(a, v)));
    }
}

static int print_reply(struct arena *a, const struct operate_command *c, const struct parsed *p, struct str reply)
{
    size_t i, n, k, m;
    yyjson_val *key, *v, *row;
    if (p->json) {
        cli_print(STR_FMT "\n", STR_ARG(reply));
        return CLI_OK;
    }
    yyjson_val *root = operate_reply(a, reply);
    if (!root) return CLI_FAILED;
    yyjson_obj_foreach(root, i, n, key, v) {
        if (yyjson_is_arr(v)) {
            yyjson_arr_foreach(v, k, m, row) print_row(a, c->columns, row);
            if (yyjson_arr_size(v) == 0) cli_print("There are none.\n");
        } else if (yyjson_is_obj(v)) {
            print_object(a, v, "", 0);
        } else if (str_is(json_val_str(key), "message")) {
            cli_print(STR_FMT "\n", STR_ARG(json_val_str(v)));
        }
    }
    return CLI_OK;
}

int operate(const struct operate_command *c, int argc, char **argv)
{
    struct arena a;
    struct parsed p = { .words_n = 0 };
    struct str reply;
    arena_init(&a);
    p.args = json_doc_new(&a);
    (void)json_root_obj(p.args); /* it is the document's root now */
    int rc = parse(c, &a, argc, argv, &p);
    if (rc == CLI_OK && p.verb->run) {
        p.request.json = p.json;
        rc = p.verb->run(&a, &p.request, p.args);
    } else if (rc == CLI_OK) {
        p.request.tool = p.verb->tool;
        p.request.args = json_write(&a, p.args->root);
        rc = agent_call(&a, &p.request, &reply);
        if (rc == CLI_OK) rc = print_reply(&a, c, &p, reply);
    }
    arena_finish(&a);
    return rc;
}

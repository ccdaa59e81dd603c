#include "cli/operate.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/file.h"
#include "contract/limits.h"

#define FILE_BYTES_MAX ((size_t)4 << 20)

struct parse {
    struct operate_call *call;
    const struct operation_command *command;
    struct cli_args args;
    int words_n;
};

/* ---- values ---- */

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
    buf_init(&b, FILE_BYTES_MAX);
    int why = file_or_stdin_read(path, &b);
    if (!why) *out = arena_dup(a, buf_str(&b));
    buf_finish(&b);
    return why ? cli_error(CLI_USAGE, "%s cannot be read: %s", path, strerror(why)) : CLI_OK;
}

static int json_value(struct operate_call *c, const char *name, const char *value, yyjson_mut_val **out)
{
    struct str text = str_from(value);
    yyjson_doc *parsed;
    struct err e;
    if (value[0] == '@') {
        int rc = read_file(c->arena, value + 1, &text);
        if (rc) return rc;
    }
    if (json_parse(c->arena, text, &json_limits_list, &parsed, &e))
        return cli_error(CLI_USAGE, "%s: %s", name, e.message);
    *out = json_copy(c->args, yyjson_doc_get_root(parsed));
    return CLI_OK;
}

static yyjson_mut_val *list_value(struct operate_call *c, const char *value)
{
    yyjson_mut_val *list = yyjson_mut_arr(c->args);
    struct str rest = str_from(value);
    while (rest.n) {
        const char *comma = memchr(rest.p, ',', rest.n);
        struct str word = { rest.p, comma ? (size_t)(comma - rest.p) : rest.n };
        if (word.n) json_push_str(c->args, list, word);
        rest = str_skip(rest, word.n + (comma ? 1 : 0));
    }
    return list;
}

/* `name` is what the caller wrote it under. */
static int value_of(struct operate_call *c, enum operation_type type, const char *name, const char *value,
                    yyjson_mut_val **out)
{
    switch (type) {
    case OPERATION_TEXT:
        if (!utf8_valid(str_from(value))) return cli_error(CLI_USAGE, "%s: the value is not UTF-8 text", name);
        *out = yyjson_mut_strcpy(c->args, value);
        return CLI_OK;
    case OPERATION_FLAG: *out = yyjson_mut_bool(c->args, strcmp(value, "false") != 0); return CLI_OK;
    case OPERATION_LIST: *out = list_value(c, value); return CLI_OK;
    case OPERATION_NUMBER:
        if (!*value || strspn(value, "0123456789.-") != strlen(value))
            return cli_error(CLI_USAGE, "%s wants a number, not '%s'", name, value);
        return json_value(c, name, value, out);
    case OPERATION_JSON: return json_value(c, name, value, out);
    }
    return CLI_USAGE;
}

static int put_option(struct operate_call *c, const struct operation_option *o, const char *value)
{
    yyjson_mut_val *v = yyjson_mut_null(c->args);
    const char *key, *name = arena_printf(c->arena, "--%s", o->flag).p;
    bool null = o->nullable && !*value;
    int rc = null ? CLI_OK : value_of(c, o->type, name, value, &v);
    if (rc) return rc;
    yyjson_mut_val *obj = place(c->arena, c->args, o->member, &key);
    if (yyjson_mut_obj_get(obj, key)) return cli_error(CLI_USAGE, "%s is given twice", name);
    json_add_val(c->args, obj, key, v);
    return CLI_OK;
}

/* ---- the command line ---- */

/* Takes one of the verb's own options; *rc is an exit code when its value is wrong. */
static bool take_option(struct parse *p, int *rc)
{
    const struct operation_verb *v = p->call->verb;
    for (size_t i = 0; v && i < v->options_n; i++) {
        const struct operation_option *o = &v->options[i];
        const char *value = "true",
                   *no = o->type == OPERATION_FLAG ? arena_printf(p->call->arena, "no-%s", o->flag).p : "";
        bool found = o->type == OPERATION_FLAG ? cli_flag(&p->args, o->flag) : cli_option(&p->args, o->flag, &value);
        if (!found && *no && cli_flag(&p->args, no)) {
            found = true;
            value = "false";
        }
        if (!found) continue;
        *rc = put_option(p->call, o, value);
        return true;
    }
    return false;
}

static int take_verb(struct parse *p, const char *word)
{
    const struct operation_command *c = p->command;
    for (size_t i = 0; i < c->verbs_n; i++) {
        if (strcmp(c->verbs[i].name, word) == 0) p->call->verb = &c->verbs[i];
    }
    if (p->call->verb) return CLI_OK;
    return cli_error(CLI_USAGE, "%s: there is no '%s'; salesagent %s --help", c->name, word, c->name);
}

static int take_word(struct parse *p, const char *word)
{
    struct operate_call *c = p->call;
    if (!c->verb) return take_verb(p, word);
    const struct operation_word *w = &c->verb->words[p->words_n];
    if (!w->member)
        return cli_error(CLI_USAGE, "%s %s: unexpected argument '%s'", p->command->name, c->verb->name, word);
    yyjson_mut_val *v = NULL;
    int rc = value_of(c, w->type, w->value, word, &v);
    if (rc) return rc;
    if (!w->many) {
        p->words_n++;
        json_add_val(c->args, c->args->root, w->member, v);
        return CLI_OK;
    }
    yyjson_mut_val *list = yyjson_mut_obj_get(c->args->root, w->member);
    if (!list) list = json_add_arr(c->args, c->args->root, w->member);
    (void)yyjson_mut_arr_append(list, v); /* both are there */
    return CLI_OK;
}

/* What every verb takes. */
static bool take_common(struct parse *p)
{
    struct operate_call *c = p->call;
    const struct {
        const char *name;
        bool *flag;
    } flags[] = { { "json", &c->json }, { "csv", &c->csv }, { "all", &c->all } };
    const struct {
        const char *name, **value;
    } options[] = { { "data", &c->request.data },
                    { "publisher", &c->request.tenant },
                    { "tenant", &c->request.tenant },
                    { "as", &c->request.as },
                    { "mock-time", &c->request.mock_time } };
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        if (!cli_flag(&p->args, flags[i].name)) continue;
        *flags[i].flag = true;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (cli_option(&p->args, options[i].name, options[i].value)) return true;
    }
    return false;
}

static int check_complete(struct parse *p)
{
    struct operate_call *c = p->call;
    const char *name = p->command->name;
    if (p->args.bad)
        return cli_error(CLI_USAGE, "%s: unexpected argument '%s'; salesagent %s --help", name, p->args.bad, name);
    if (!c->verb) return cli_error(CLI_USAGE, "%s: what to do? salesagent %s --help", name, name);
    const struct operation_word *w = &c->verb->words[p->words_n];
    bool there = !w->member || w->optional || yyjson_mut_obj_get(c->args->root, w->member);
    return there ? CLI_OK : cli_error(CLI_USAGE, "%s %s: %s is missing", name, c->verb->name, w->value);
}

static void add_sets(struct operate_call *c)
{
    yyjson_val *sets = c->verb->sets ? json_parse_own(c->arena, str_from(c->verb->sets)) : NULL, *key, *value;
    size_t i, n;
    yyjson_obj_foreach(sets, i, n, key, value) json_add_copy(c->args, c->args->root, yyjson_get_str(key), value);
}

static int parse(struct parse *p)
{
    int rc = CLI_OK;
    while (rc == CLI_OK && cli_more(&p->args)) {
        /* The verb's own first: it may have an option of a common name. */
        if (take_option(p, &rc) || take_common(p)) continue;
        const char *word = cli_positional(&p->args);
        if (!word) break;
        rc = take_word(p, word);
    }
    if (rc == CLI_OK) rc = check_complete(p);
    if (rc == CLI_OK) add_sets(p->call);
    return rc;
}

/* ---- calling ---- */

/* The validator's message begins with the pointer; people wrote an option. */
static const char *operate_complaint(struct arena *a, const struct operation_verb *v, const struct err *e)
{
    const char *field = operate_field(a, v, e->field);
    size_t n = strlen(e->field);
    bool named = n && strncmp(e->message, e->field, n) == 0 && e->message[n] == ' ';
    return arena_printf(a, "%s: %s", *field ? field : v->name, named ? e->message + n + 1 : e->message).p;
}

int operate_ask(struct operate_call *c, struct str *text, yyjson_val **reply)
{
    struct err e;
    yyjson_doc *doc;
    c->request.args = json_write(c->arena, c->args->root);
    c->request.verb = c->verb;
    yyjson_val *args = json_parse_own(c->arena, c->request.args);
    if (operation_check(c->verb->operation, c->arena, args, &e))
        return cli_error(CLI_USAGE, "%s", operate_complaint(c->arena, c->verb, &e));
    int rc = agent_call(c->arena, &c->request, text);
    if (rc) return rc;
    if (json_parse(c->arena, *text, &json_limits_list, &doc, &e))
        return cli_error(CLI_FAILED, "the agent's answer is not JSON");
    *reply = yyjson_doc_get_root(doc);
    return CLI_OK;
}

/* In memory of its own: there may be many. */
static int one_page(const struct operate_call *c, struct str *cursor)
{
    struct arena a;
    struct operate_call page = *c;
    struct str text;
    yyjson_val *reply;
    arena_init(&a);
    page.arena = &a;
    int rc = operate_ask(&page, &text, &reply);
    if (rc == CLI_OK) {
        *cursor = arena_dup(c->arena, json_str(reply, "cursor"));
        rc = operate_print(&page, text, reply);
    }
    arena_finish(&a);
    return rc;
}

/* One page, or with --all and --csv one after the other. */
static int pages(struct operate_call *c)
{
    if (c->csv) operate_print_csv_header(c->verb);
    for (;;) {
        struct str cursor = STR_NONE;
        int rc = one_page(c, &cursor);
        if (rc || !cursor.n) return rc;
        if (!c->all && !c->csv) break;
        (void)yyjson_mut_obj_remove_key(c->args->root, "cursor"); /* absent at first */
        json_add_str(c->args, c->args->root, "cursor", cursor);
    }
    if (!c->json) cli_print("There are more: --all\n");
    return CLI_OK;
}

int operate(const struct operation_command *command, int argc, char **argv)
{
    struct arena a;
    struct operate_call c = { .arena = &a };
    struct parse p = { .call = &c, .command = command, .args = cli_args_start(argc, argv) };
    arena_init(&a);
    c.args = json_doc_new(&a);
    (void)json_root_obj(c.args); /* it is the document's root now */
    int rc = parse(&p);
    if (rc == CLI_OK) {
        c.request.tool = c.verb->operation->name;
        operate_run *run = c.verb->run ? operate_run_find(c.verb->run) : pages;
        ENSURE(run != NULL); /* a test asks for each */
        rc = run(&c);
    }
    arena_finish(&a);
    return rc;
}

/* What the schema tests talk to: the validator as a program.
 *
 *   schema_check --program FILE     tables made by `scripts/gen_contract --stdin`
 *   schema_check --tables           the committed tables
 *     Each line of standard input is {"root": index, "value": ...} or {"line": 0|1, "path": "...", "value": ...};
 *     each answer is one line: {"valid": bool, "issues": [{"pointer","keyword","message"}...]}.
 *   schema_check --schema LINE PATH writes the document rendered from the tables
 *   schema_check --outline LINE PATH LEVELS   the same cut off
 *   schema_check --canonical      answers each line of standard input with its RFC 8785 text
 *   schema_check --documents        lists the documents: LINE PATH
 *   schema_check --bench LINE PATH FILE   validates FILE many times, writes nanoseconds for parsing and for checking
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "contract/json.h"
#include "contract/validate.h"

#define TEXT_MAX (64 << 20)

static const struct json_limits limits = { .bytes_max = TEXT_MAX, .depth_max = JSON_DEPTH_HARD, .nodes_max = 1 << 24 };

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "schema_check: %s\n", what);
    exit(2);
}

static struct str read_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) die("cannot open the file");
    char *text = arena_alloc(a, TEXT_MAX);
    size_t n = fread(text, 1, TEXT_MAX, f);
    fclose(f);
    return (struct str){ text, n };
}

static yyjson_val *parse(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(a, text, &limits, &doc, &e)) die(e.message);
    return yyjson_doc_get_root(doc);
}

static uint32_t *words(struct arena *a, yyjson_val *arr)
{
    uint32_t *out = ARENA_ARRAY(a, uint32_t, yyjson_arr_size(arr) + 1);
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, n, v) out[i] = (uint32_t)yyjson_get_uint(v);
    return out;
}

/* The tables as the C compiler would have laid them out. */
static struct contract_program *load(struct arena *a, yyjson_val *json)
{
    struct contract_program *p = ARENA_NEW(a, struct contract_program);
    yyjson_val *strings = json_arr(json, "strings"), *numbers = json_arr(json, "numbers"), *v;
    size_t i, n;
    struct buf text;
    buf_init(&text, TEXT_MAX);
    uint32_t *at = ARENA_ARRAY(a, uint32_t, yyjson_arr_size(strings) + 1);
    yyjson_arr_foreach(strings, i, n, v) {
        at[i] = (uint32_t)text.n;
        buf_add(&text, json_val_str(v));
        buf_add_char(&text, '\0');
    }
    p->string_count = (uint32_t)yyjson_arr_size(strings);
    at[p->string_count] = (uint32_t)text.n;
    p->string_at = at;
    p->text = arena_dup(a, buf_str(&text)).p;
    buf_finish(&text);
    double *doubles = ARENA_ARRAY(a, double, yyjson_arr_size(numbers) + 1);
    yyjson_arr_foreach(numbers, i, n, v) doubles[i] = yyjson_get_num(v);
    p->numbers = doubles;
    p->code = words(a, json_arr(json, "code"));
    p->code_count = (uint32_t)yyjson_arr_size(json_arr(json, "code"));
    p->patterns = words(a, json_arr(json, "patterns"));
    p->pattern_count = (uint32_t)yyjson_arr_size(json_arr(json, "patterns"));
    p->compiled = (struct pcre2_real_code_8 **)ARENA_ARRAY(a, void *, p->pattern_count + 1);
    return p;
}

static void answer(struct arena *a, const struct contract *c, yyjson_val *value)
{
    struct contract_report report = { .arena = a };
    bool valid = contract_validate(c, value, &report) == 0;
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *out = json_root_obj(doc);
    json_add_bool(doc, out, "valid", valid);
    yyjson_mut_val *issues = json_add_arr(doc, out, "issues");
    for (int i = 0; i < report.count; i++) {
        yyjson_mut_val *issue = json_push_obj(doc, issues);
        json_add_str(doc, issue, "pointer", report.issues[i].pointer);
        json_add_cstr(doc, issue, "keyword", report.issues[i].keyword);
        json_add_str(doc, issue, "message", report.issues[i].message);
    }
    puts(json_write(a, out).p);
}

static const struct contract *document(int64_t line, struct str path)
{
    char name[256];
    snprintf(name, sizeof(name), STR_FMT, STR_ARG(path));
    const struct contract *c = contract_find_document((enum adcp_line)line, name);
    if (!c) die("no such document");
    return c;
}

/* Answers each line of standard input; `program` is NULL for the committed tables. */
static int serve(const struct contract_program *program, const uint32_t *roots)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        struct arena a;
        arena_init(&a);
        yyjson_val *query = parse(&a, (struct str){ line, (size_t)n });
        yyjson_val *value = yyjson_obj_get(query, "value");
        if (program) {
            struct contract c = { .program = program, .node = roots[json_i64_or(query, "root", 0)], .path = "test" };
            answer(&a, &c, value);
        } else {
            answer(&a, document(json_i64_or(query, "line", 0), json_str(query, "path")), value);
        }
        arena_finish(&a);
    }
    free(line);
    return 0;
}

static int canonical(void)
{
    char *line = NULL;
    size_t cap = 0;
    for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
        struct arena a;
        arena_init(&a);
        struct str text = json_canonical(&a, parse(&a, (struct str){ line, (size_t)n }), NULL);
        fprintf(stdout, STR_FMT "\n", STR_ARG(text));
        arena_finish(&a);
    }
    free(line);
    return 0;
}

static int64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int bench(const struct contract *c, struct str text)
{
    enum { ROUNDS = 2000 };
    int64_t parsing = 0, checking = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct arena a;
        arena_init(&a);
        struct contract_report report = { .arena = &a };
        int64_t start = nanoseconds();
        yyjson_val *v = parse(&a, text);
        int64_t parsed = nanoseconds();
        if (contract_validate(c, v, &report)) die(report.issues[0].message.p);
        checking += nanoseconds() - parsed;
        parsing += parsed - start;
        arena_finish(&a);
    }
    fprintf(stdout, "{\"bytes\":%zu,\"parse_ns\":%lld,\"validate_ns\":%lld}\n", text.n, (long long)(parsing / ROUNDS),
            (long long)(checking / ROUNDS));
    return 0;
}

int main(int argc, char **argv)
{
    static struct arena a; /* lives as long as the process, and so do the patterns its tables point to */
    arena_init(&a);
    const char *mode = argc > 1 ? argv[1] : "";
    int line = argc > 2 ? argv[2][0] - '0' : 0;
    if (strcmp(mode, "--program") == 0 && argc == 3) {
        yyjson_val *json = parse(&a, read_file(&a, argv[2]));
        return serve(load(&a, json), words(&a, json_arr(json, "roots")));
    }
    if (strcmp(mode, "--canonical") == 0) return canonical();
    if (strcmp(mode, "--tables") == 0) return serve(NULL, NULL);
    if (strcmp(mode, "--documents") == 0) {
        for (size_t i = 0; i < contract_document_count; i++) {
            fprintf(stdout, "%d %s\n", contract_documents[i].line, contract_documents[i].path);
        }
        return 0;
    }
    if (strcmp(mode, "--schema") == 0 && argc == 4) {
        puts(contract_schema_json(&a, document(line, str_from(argv[3]))).p);
        return 0;
    }
    if (strcmp(mode, "--outline") == 0 && argc == 5) {
        puts(contract_schema_outline(&a, document(line, str_from(argv[3])), argv[4][0] - '0').p);
        return 0;
    }
    if (strcmp(mode, "--bench") == 0 && argc == 5) {
        return bench(document(line, str_from(argv[3])), read_file(&a, argv[4]));
    }
    die("see the head of schema_check.c for usage");
}

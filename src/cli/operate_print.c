/* What an operation answered, for people: a list as a table with the verb's columns, an object as its fields. */
#include <stdio.h>

#include "cli/operate.h"

#define DEPTH_MAX 2

static struct str shown(struct arena *a, yyjson_val *v)
{
    return !v ? STR_NONE : yyjson_is_str(v) ? json_val_str(v) : json_write_val(a, v);
}

static yyjson_val *cell(yyjson_val *row, const struct operation_column *k)
{
    return k->member[0] == '/' ? json_get_path(row, k->member) : yyjson_obj_get(row, k->member);
}

static const char *column_name(const struct operation_column *k)
{
    const char *slash = strrchr(k->member, '/');
    return slash ? slash + 1 : k->member;
}

static void print_cell(struct str text, int width, bool last)
{
    int pad = last || (int)text.n >= width ? 0 : width - (int)text.n;
    cli_print(STR_FMT "%*s%s", STR_ARG(text), pad, "", last ? "\n" : "  ");
}

static void print_row(struct arena *a, const struct operation_verb *v, yyjson_val *row)
{
    if (v->columns_n == 0) cli_print(STR_FMT "\n", STR_ARG(shown(a, row)));
    for (size_t i = 0; i < v->columns_n; i++) {
        print_cell(shown(a, cell(row, &v->columns[i])), v->columns[i].width, i + 1 == v->columns_n);
    }
}

/* Rows of numbers: each under its name, and what no row has is left out. */
static void print_numbers(struct arena *a, const struct operation_verb *v, yyjson_val *rows)
{
    struct operation_column *columns = ARENA_ARRAY(a, struct operation_column, v->columns_n);
    struct operation_verb those = *v;
    size_t i, n;
    yyjson_val *row;
    those.columns = columns;
    those.columns_n = 0;
    for (size_t k = 0; k < v->columns_n; k++) {
        bool has = false;
        int name = (int)strlen(column_name(&v->columns[k])), width = v->columns[k].width;
        yyjson_arr_foreach(rows, i, n, row) has = has || cell(row, &v->columns[k]) != NULL;
        if (!has) continue;
        columns[those.columns_n] = v->columns[k];
        columns[those.columns_n++].width = width > name ? width : name;
    }
    for (size_t k = 0; k < those.columns_n; k++) {
        print_cell(str_from(column_name(&columns[k])), columns[k].width, k + 1 == those.columns_n);
    }
    yyjson_arr_foreach(rows, i, n, row) print_row(a, &those, row);
}

/* More than two numbers in a row tell nothing without their names. */
static bool is_numbers(const struct operation_verb *v, yyjson_val *rows)
{
    size_t numbers = 0;
    yyjson_val *first = yyjson_arr_get_first(rows);
    for (size_t i = 0; i < v->columns_n; i++) numbers += yyjson_is_num(cell(first, &v->columns[i]));
    return numbers > 2;
}

static bool all_text(yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        if (!yyjson_is_str(v)) return false;
    }
    return yyjson_arr_size(list) > 0;
}

/* A member and its value; sentences of a list stand below each other. */
static void print_member(struct arena *a, yyjson_val *key, yyjson_val *v, const char *indent)
{
    size_t i, n;
    yyjson_val *line;
    if (!all_text(v)) {
        cli_print("%s%-16s " STR_FMT "\n", indent, yyjson_get_str(key), STR_ARG(shown(a, v)));
        return;
    }
    yyjson_arr_foreach(v, i, n, line) {
        cli_print("%s%-16s " STR_FMT "\n", indent, i ? "" : yyjson_get_str(key), STR_ARG(json_val_str(line)));
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
        print_member(a, key, v, indent);
    }
}

/* What every answer has (the gates add it) and nobody asked for. */
static bool of_envelope(struct str key)
{
    return str_is(key, "status") || str_is(key, "adcp_version") || str_is(key, "cursor") || str_is(key, "has_more");
}

yyjson_val *operate_rows(const struct operation_verb *v, yyjson_val *reply)
{
    size_t i, n;
    yyjson_val *key, *value;
    if (v->rows) return json_arr(reply, v->rows);
    yyjson_obj_foreach(reply, i, n, key, value) {
        if (yyjson_is_arr(value)) return value;
    }
    return NULL;
}

static void print_rows(struct arena *a, const struct operation_verb *v, yyjson_val *rows)
{
    size_t i, n;
    yyjson_val *row;
    if (yyjson_arr_size(rows) == 0) cli_print("There are none.\n");
    if (is_numbers(v, rows)) {
        print_numbers(a, v, rows);
        return;
    }
    yyjson_arr_foreach(rows, i, n, row) print_row(a, v, row);
}

static int print_people(struct operate_call *c, yyjson_val *reply)
{
    size_t i, n;
    yyjson_val *key, *v, *rows = operate_rows(c->verb, reply);
    yyjson_obj_foreach(reply, i, n, key, v) {
        struct str name = json_val_str(key);
        if (of_envelope(name)) continue;
        if (v == rows) {
            print_rows(c->arena, c->verb, rows);
        } else if (yyjson_is_obj(v)) {
            print_object(c->arena, v, "", 0);
        } else if (str_is(name, "message")) {
            cli_print(STR_FMT "\n", STR_ARG(json_val_str(v)));
        } else {
            print_member(c->arena, key, v, "");
        }
    }
    return ferror(stdout) ? CLI_FAILED : CLI_OK;
}

int operate_print(struct operate_call *c, struct str text, yyjson_val *reply)
{
    size_t i, n;
    yyjson_val *row, *rows = operate_rows(c->verb, reply);
    if (c->csv && rows) {
        yyjson_arr_foreach(rows, i, n, row) operate_print_csv_row(c->arena, c->verb, row);
    } else if (c->json && c->all && rows) {
        yyjson_arr_foreach(rows, i, n, row) cli_print(STR_FMT "\n", STR_ARG(json_write_val(c->arena, row)));
    } else if (c->json) {
        cli_print(STR_FMT "\n", STR_ARG(text));
    } else {
        return print_people(c, reply);
    }
    return ferror(stdout) ? CLI_FAILED : CLI_OK;
}

/* ---- CSV, RFC 4180 ---- */

/* Quoted, quotes doubled. A cell that a spreadsheet would run is made text. */
void operate_print_csv_cell(struct str s, const char *after)
{
    bool formula = s.n && memchr("=+-@\t\r", s.p[0], 6);
    cli_print("\"%s", formula ? "'" : "");
    for (size_t i = 0; i < s.n; i++) cli_print(s.p[i] == '"' ? "\"\"" : "%c", s.p[i]);
    cli_print("\"%s", after);
}

void operate_print_csv_header(const struct operation_verb *v)
{
    for (size_t i = 0; i < v->columns_n; i++)
        operate_print_csv_cell(str_from(column_name(&v->columns[i])), i + 1 < v->columns_n ? "," : "\r\n");
}

void operate_print_csv_row(struct arena *a, const struct operation_verb *v, yyjson_val *row)
{
    for (size_t i = 0; i < v->columns_n; i++) {
        yyjson_val *value = cell(row, &v->columns[i]);
        const char *after = i + 1 < v->columns_n ? "," : "\r\n";
        if (yyjson_is_num(value)) {
            cli_print(STR_FMT "%s", STR_ARG(shown(a, value)), after);
        } else {
            operate_print_csv_cell(shown(a, value), after);
        }
    }
}

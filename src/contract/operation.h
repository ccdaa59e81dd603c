/* The manifest of the publisher's own operations, compiled: the files of src/contract/operations through scripts/gen_contract.
 *
 * An operation is described once, there. From these rows are rendered: the check of its arguments (the same validator
 * and the same errors as AdCP's tools), its place in tools/list, its REST route and OpenAPI entry, its commands with
 * options, help, completion and manual page, and the desk's forms. `x-refers-to`, `x-unit`, `x-multiline` and `x-secret`
 * in the schemas' text are for those who render them. */
#pragma once

#include <stdbool.h>

#include "contract/validate.h"

/* The least role that may call it; the installation's administrator is a role apart. */
enum operation_role { OPERATION_VIEWER, OPERATION_OPERATOR, OPERATION_ADMINISTRATOR, OPERATION_INSTALLATION };

/* How the value of a member is written where everything is text: on a command line, in a query. */
enum operation_type {
    OPERATION_TEXT,
    OPERATION_NUMBER,
    OPERATION_FLAG, /* true or false; on the command line the option alone is true */
    OPERATION_LIST, /* words between commas */
    OPERATION_JSON /* a JSON value; on the command line also @FILE with one */
};

struct operation_option {
    const char *flag; /* without dashes before it */
    const char *member; /* of the arguments; "when/products" is the member products of the object when */
    enum operation_type type;
    const char *value; /* what stands for the value in help: "TIME", "low|high" */
    const char *about;
    const char *choices; /* the only values, between spaces; NULL: any */
    bool nullable; /* null is a value: an empty one says it */
    bool required;
};

/* A member that stands on the command line without a flag. */
struct operation_word {
    const char *member; /* NULL ends the list */
    enum operation_type type;
    bool optional;
    bool many; /* all that follow, into an array */
    const char *value;
};

struct operation_column {
    const char *member; /* of a row; or a JSON Pointer into it */
    int width;
};

#define OPERATION_WORDS_MAX 3

struct operation;

struct operation_verb {
    const char *name;
    const struct operation *operation;
    const char *help; /* one line */
    struct operation_word words[OPERATION_WORDS_MAX + 1];
    const char *sets; /* a JSON object of members that the verb says by itself; NULL: none */
    const struct operation_option *options;
    size_t options_n;
    const struct operation_column *columns; /* of the answer's list */
    size_t columns_n;
    const char *rows; /* the answer's member that is the list; NULL: its first array */
    const char *run; /* a function of the command line's own that calls the operation; NULL: one call */
    const char *examples; /* a line each; NULL: none */
};

struct operation_command {
    const char *name, *alias; /* alias may be NULL */
    const char *about; /* one line */
    const char *help; /* a paragraph; may be NULL */
    const struct operation_verb *verbs;
    size_t verbs_n;
};

struct operation {
    const char *name, *title;
    const char *help; /* one line */
    const char *answers; /* one line */
    enum operation_role role;
    bool changes; /* something; else it reads */
    bool destructive; /* what it does cannot be had back by another call */
    bool decides; /* what a buyer waits for: over the network a right of its own (struct principal) */
    const char *method, *path; /* REST, below /api/v1/; "{task_id}" in it is that argument */
    struct contract arguments, answer;
    const struct operation_option *members; /* of the arguments, by their own names */
    size_t members_n;
    const char *arguments_json, *answer_json; /* the schemas with titles and descriptions, self-contained */
};

extern const struct operation operations[]; /* in the manifest's order */
extern const size_t operations_n;
extern const struct operation_command operation_commands[];
extern const size_t operation_commands_n;

/* NULL when there is none. */
const struct operation *operation_find(struct str name);

/* 0, or -1 with INVALID_REQUEST naming the argument, what was allowed and every other violation (contract_report_err). */
MUST_CHECK int operation_check(const struct operation *o, struct arena *a, yyjson_val *args, struct err *e);

/* Commands that are views on the agent's own tools: a table of verbs says which tool, what stands where on the command
 * line and which columns of a list are shown. */
#pragma once

#include "cli/agent_client.h"
#include "contract/json.h"

enum operate_type {
    OPERATE_TEXT,
    OPERATE_NUMBER,
    OPERATE_LIST, /* words between commas */
    OPERATE_FLAG, /* no value: true */
    OPERATE_JSON  /* a JSON value, or @FILE with one */
};

struct operate_option {
    const char *flag;   /* without the dashes */
    const char *member; /* of the tool's arguments; "when/products" is the member products of the object when */
    enum operate_type type;
};

struct operate_verb {
    const char *name, *tool;
    const char *words[3];  /* members that stand on the command line without a flag, all required; ends with NULL */
    const char *extra;     /* one more member as "key=value", or NULL */
    const struct operate_option *options; /* ends with flag NULL; may be NULL */
    int (*run)(struct arena *a, struct agent_request *r, yyjson_mut_doc *args); /* instead of one call; may be NULL */
};

struct operate_column {
    const char *member;
    int width;
};

struct operate_command {
    const char *name;
    const struct operate_verb *verbs;     /* ends with name NULL */
    const struct operate_column *columns; /* of lists; ends with member NULL */
};

/* Parses, calls, prints: --json, --data, --tenant and --mock-time work with every verb. An exit code. */
int operate(const struct operate_command *c, int argc, char **argv);

/* Parses a reply; NULL (and said so) when it is not JSON. */
yyjson_val *operate_reply(struct arena *a, struct str text);

/* The tables that scripts/gen_contract writes: JSON Schemas as 32-bit words.
 *
 * A schema ("node") is a word offset into `code`; offset 0 accepts everything, offset 1 nothing. A node is a sequence
 * of operations ending with OP_END. An operation is a header, op | operand_count << 8, and its operands:
 *
 *   s  index of a string        n  node        c  count        f  index of a number        p  index of a pattern
 *   value  VALUE_STRING s | VALUE_NUMBER f | VALUE_TRUE | VALUE_FALSE | VALUE_NULL | VALUE_ARRAY c value...
 *          | VALUE_OBJECT c (s value)...
 *
 * Strings are sorted by length, then bytes, so that members (sorted by string index) are found by bisection. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <salesagent/str.h>

enum contract_op {         /* the order of scripts/gen_contract */
                   OP_END,
                   OP_TYPE,               /* mask of enum contract_type */
                   OP_CONST,              /* value */
                   OP_ENUM,               /* c value... */
                   OP_MEMBERS,            /* c properties, c patterns, n for all others, (s n)..., (p n)... */
                   OP_REQUIRED,           /* s... */
                   OP_MIN_PROPS,          /* c */
                   OP_MAX_PROPS,          /* c */
                   OP_PROP_NAMES,         /* n */
                   OP_DEPENDS_REQUIRED,   /* s, s... */
                   OP_DEPENDS_NODE,       /* s, n */
                   OP_ITEMS,              /* n */
                   OP_TUPLE,              /* n for further items, n... */
                   OP_CONTAINS,           /* n */
                   OP_MIN_ITEMS,          /* c */
                   OP_MAX_ITEMS,          /* c */
                   OP_UNIQUE,
                   OP_MIN,                /* f */
                   OP_MAX,                /* f */
                   OP_MIN_EXCLUSIVE,      /* f */
                   OP_MAX_EXCLUSIVE,      /* f */
                   OP_MULTIPLE_OF,        /* f */
                   OP_MIN_LENGTH,         /* c, in code points */
                   OP_MAX_LENGTH,         /* c */
                   OP_PATTERN,            /* p */
                   OP_FORMAT,             /* enum contract_format */
                   OP_REF,                /* n */
                   OP_ALL_OF,             /* n... */
                   OP_IF,                 /* n if, n then, n else */
                   OP_NOT,                /* n */
                   OP_ANY_OF,             /* n... */
                   OP_ONE_OF,             /* n... */
                   OP_FALSE,
                   OP_COUNT
};

enum contract_type {
    TYPE_NULL = 1,
    TYPE_BOOL = 2,
    TYPE_INTEGER = 4,
    TYPE_NUMBER = 8,
    TYPE_STRING = 16,
    TYPE_ARRAY = 32,
    TYPE_OBJECT = 64
};

enum contract_value { VALUE_STRING, VALUE_NUMBER, VALUE_TRUE, VALUE_FALSE, VALUE_NULL, VALUE_ARRAY, VALUE_OBJECT };

enum contract_format { /* the order of scripts/gen_contract */
                       FORMAT_DATE_TIME,
                       FORMAT_DATE,
                       FORMAT_TIME,
                       FORMAT_EMAIL,
                       FORMAT_HOSTNAME,
                       FORMAT_IPV4,
                       FORMAT_IPV6,
                       FORMAT_URI,
                       FORMAT_URI_REFERENCE,
                       FORMAT_URI_TEMPLATE,
                       FORMAT_UUID,
                       FORMAT_JSON_POINTER,
                       FORMAT_REGEX,
                       FORMAT_COUNT
};

#define NODE_ANYTHING 0
#define NODE_NOTHING  1

static inline enum contract_op op_of(uint32_t header)
{
    return (enum contract_op)(header & 0xFF);
}

static inline uint32_t operands_of(uint32_t header)
{
    return header >> 8;
}

struct contract_name {
    uint32_t node, string;
};

struct pcre2_real_code_8;

struct contract_program {
    const char *text;           /* the strings, each with a NUL behind it */
    const uint32_t *string_at;  /* string_count + 1 offsets into text */
    uint32_t string_count;
    const double *numbers;
    const uint32_t *code;
    uint32_t code_count;
    const uint32_t *patterns;   /* string of each pattern */
    uint32_t pattern_count;
    struct pcre2_real_code_8 **compiled; /* pattern_count slots, filled at the first use and kept */
    const struct contract_name *names;   /* of nodes that are documents or definitions, sorted by node */
    uint32_t name_count;
};

static inline struct str program_str(const struct contract_program *p, uint32_t index)
{
    return (struct str){ p->text + p->string_at[index], p->string_at[index + 1] - p->string_at[index] - 1 };
}

#define CONTRACT_OWN (-1) /* of the publisher's own operations, not of AdCP: contract/operation.h */

/* One document of one line. */
struct contract {
    const struct contract_program *program;
    uint32_t node;
    int line; /* enum adcp_line, or CONTRACT_OWN */
    const char *path; /* "media-buy/create-media-buy-request.json" */
};

struct contract_tool {
    const char *name;
    int line;
    uint32_t document[2]; /* by enum contract_side, into contract_documents */
};

extern const struct contract contract_documents[]; /* sorted by line, then path */
extern const size_t contract_document_count;
extern const struct contract_tool contract_tools[]; /* sorted by line, then name */
extern const size_t contract_tool_count;

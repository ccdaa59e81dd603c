/* Shared by the files of the validator only. */
#pragma once

#include "contract/validate.h"

/* Does the text have the format? */
bool format_matches(enum contract_format format, struct str text);
const char *format_name(enum contract_format format);
/* What to write instead, for messages: "an RFC 3339 date-time with offset, like 2026-03-09T14:30:00Z". */
const char *format_hint(enum contract_format format);

/* Compiles once; bounded matching. A pattern PCRE2 does not take matches nothing (tests prove there is none). */
bool pattern_matches(const struct contract_program *p, uint32_t pattern, struct str text);
bool pattern_compiles(struct str pattern);

/* Does the value equal the constant at `at`? *next (may be NULL) is the word behind the constant. */
bool value_equals(const struct contract_program *p, const uint32_t *at, yyjson_val *v);
const uint32_t *value_skip(const uint32_t *at);

/* The mask of all types the value has (a whole number is both integer and number). */
uint32_t type_mask(yyjson_val *v);

/* Where in the value the check stands; a chain on the stack. */
struct place {
    const struct place *up;
    struct str key; /* .p NULL: an index */
    size_t index;
};

/* How an operation words its failure: appends to the message. */
struct wording {
    const struct contract_program *program;
    const uint32_t *op; /* at the header */
    yyjson_val *value;
};
struct str wording_of(struct arena *a, const struct wording *w);
struct str pointer_text(struct arena *a, const struct place *at);
const char *op_keyword(enum contract_op op);

/* Messages about members that are missing or too many. */
struct str list_of_values(struct arena *a, const struct contract_program *p, const uint32_t *values, uint32_t count);

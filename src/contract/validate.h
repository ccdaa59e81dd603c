/* Validation against the published schemas of AdCP. The tables are generated (src/contract/generated), this module
 * interprets them: draft-07, with the neighbours of `$ref` counting, as the reference SDK's validator does.
 *
 * A value is first checked without looking for reasons; only when it fails, a second pass collects every violation.
 * Where a schema offers alternatives, the one whose constants fit best is taken as what the caller meant and its
 * violations are reported, instead of those of all alternatives.
 *
 * Work is bounded: a value on which the schemas branch out beyond the budget is refused as too complex. */
#pragma once

#include <yyjson.h>

#include "base/arena.h"
#include "contract/lines.h"
#include "contract/program.h"

enum contract_side { CONTRACT_REQUEST, CONTRACT_RESPONSE };

/* The schema of one side of a tool, or NULL when the line has no such tool (or published no schema for it:
 * comply_test_controller in 3.0). `tasks/get` and `tasks/list` are tools too. */
const struct contract *contract_find(enum adcp_line line, const char *tool, enum contract_side side);

/* A document by its path in the published folder, e.g. "core/mcp-webhook-payload.json". NULL when not in the tables. */
const struct contract *contract_find_document(enum adcp_line line, const char *path);

#define CONTRACT_ISSUES_MAX 50

struct contract_issue {
    struct str pointer; /* RFC 6901, of the offending (or missing) place; "" is the whole value */
    const char *keyword; /* of JSON Schema: "required", "enum", ... */
    struct str message; /* what was allowed, in one sentence without the pointer */
};

struct contract_report {
    struct arena *arena; /* given by the caller; owns the texts */
    size_t total; /* all violations seen */
    int count; /* of those, kept in issues[] */
    struct contract_issue issues[CONTRACT_ISSUES_MAX];
};

/* 0 when the value is valid, -1 with the report filled when not. The value must come from json_parse (its depth is
 * bounded by it). Not thread-safe: patterns are compiled at their first use. */
MUST_CHECK int contract_validate(const struct contract *c, yyjson_val *value, struct contract_report *report);

/* The report of a failed validation as INVALID_REQUEST: message and field from the first issue, details
 * {"issues":[{"pointer","keyword","message"}...],"total":n} with as many issues as fit. Returns -1. */
int contract_report_err(const struct contract_report *report, struct err *e);

#define UNKNOWN_MEMBERS_MAX 50

struct unknown_members {
    size_t total; /* seen */
    int n; /* of those, kept */
    struct str pointers[UNKNOWN_MEMBERS_MAX];
};

/* The members of a valid value that none of the schemas names, of any alternative; what is inside one is not looked at.
 * `contracts` may hold NULLs. Says none when the value is too large to be walked in bounded time. */
void contract_unknown_members(const struct contract *const *contracts, size_t n, yyjson_val *value, struct arena *arena,
                              struct unknown_members *out);

/* JSON Schema text (draft-07, no prose) of a contract, self-contained: shared and recursive parts are in "$defs". */
struct str contract_schema_json(struct arena *a, const struct contract *c);

/* The same cut off: members `levels` deep keep only their type, everything is in place, no "$defs". It accepts at
 * least what the full schema accepts. For lists of many tools, where full schemas would be hundreds of kilobytes
 * (the whole of 3.1 is 0.6 MB without the test controller). */
struct str contract_schema_outline(struct arena *a, const struct contract *c, int levels);

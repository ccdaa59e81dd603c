/* Constants of the tables compared with values, and the patterns. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>

#include "contract/json.h"
#include "contract/validate_internal.h"

#define MATCH_LIMIT      100000
#define MATCH_HEAP_KIB   1024
#define PATTERN_TEXT_MAX 65536 /* no pattern of AdCP is about longer texts */

uint32_t type_mask(yyjson_val *v)
{
    switch (yyjson_get_type(v)) {
    case YYJSON_TYPE_NULL: return TYPE_NULL;
    case YYJSON_TYPE_BOOL: return TYPE_BOOL;
    case YYJSON_TYPE_STR: return TYPE_STRING;
    case YYJSON_TYPE_ARR: return TYPE_ARRAY;
    case YYJSON_TYPE_OBJ: return TYPE_OBJECT;
    default: break;
    }
    if (!yyjson_is_real(v)) return TYPE_INTEGER | TYPE_NUMBER;
    double d = yyjson_get_real(v);
    return d == nearbyint(d) ? TYPE_INTEGER | TYPE_NUMBER : TYPE_NUMBER;
}

const uint32_t *value_skip(const uint32_t *at)
{
    uint32_t kind = at[0], count = kind == VALUE_ARRAY || kind == VALUE_OBJECT ? at[1] : 0;
    if (kind == VALUE_TRUE || kind == VALUE_FALSE || kind == VALUE_NULL) return at + 1;
    at += 2;
    for (uint32_t i = 0; i < count; i++) at = value_skip(kind == VALUE_OBJECT ? at + 1 : at);
    return at;
}

static bool array_equals(const struct contract_program *p, const uint32_t *at, yyjson_val *v)
{
    if (!yyjson_is_arr(v) || yyjson_arr_size(v) != at[1]) return false;
    yyjson_arr_iter it = yyjson_arr_iter_with(v);
    uint32_t count = at[1];
    at += 2;
    for (uint32_t i = 0; i < count; i++, at = value_skip(at)) {
        if (!value_equals(p, at, yyjson_arr_iter_next(&it))) return false;
    }
    return true;
}

static bool object_equals(const struct contract_program *p, const uint32_t *at, yyjson_val *v)
{
    if (!yyjson_is_obj(v) || yyjson_obj_size(v) != at[1]) return false;
    uint32_t count = at[1];
    at += 2;
    for (uint32_t i = 0; i < count; i++, at = value_skip(at)) {
        struct str key = program_str(p, *at++);
        yyjson_val *member = yyjson_obj_getn(v, key.p, key.n);
        if (!member || !value_equals(p, at, member)) return false;
    }
    return true;
}

bool value_equals(const struct contract_program *p, const uint32_t *at, yyjson_val *v)
{
    switch ((enum contract_value)at[0]) {
    case VALUE_STRING: return yyjson_is_str(v) && str_eq(program_str(p, at[1]), json_val_str(v));
    case VALUE_NUMBER: return yyjson_is_num(v) && yyjson_get_num(v) == p->numbers[at[1]];
    case VALUE_TRUE: return yyjson_is_true(v);
    case VALUE_FALSE: return yyjson_is_false(v);
    case VALUE_NULL: return yyjson_is_null(v);
    case VALUE_ARRAY: return array_equals(p, at, v);
    case VALUE_OBJECT: return object_equals(p, at, v);
    }
    return false;
}

/* ECMA-262 as far as PCRE2 can be told: `$` only at the very end, \uXXXX, references to unset groups match. */
static pcre2_code *compile(struct str pattern)
{
    int error;
    PCRE2_SIZE at;
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF;
    return pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &error, &at, /* context= */ NULL);
}

bool pattern_compiles(struct str pattern)
{
    pcre2_code *code = compile(pattern);
    bool compiled = code != NULL;
    pcre2_code_free(code);
    return compiled;
}

bool pattern_matches(const struct contract_program *p, uint32_t pattern, struct str text)
{
    ENSURE(pattern < p->pattern_count);
    pcre2_code **slot = &p->compiled[pattern];
    if (!*slot) *slot = compile(program_str(p, p->patterns[pattern]));
    if (!*slot || text.n > PATTERN_TEXT_MAX) return false;
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(*slot, NULL);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    ENSURE(data != NULL && limits != NULL);
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_heap_limit(limits, MATCH_HEAP_KIB);
    /* Parsed text is known to be UTF-8. */
    int found = pcre2_match(*slot, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, 0, PCRE2_NO_UTF_CHECK, data, limits);
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    return found >= 0;
}

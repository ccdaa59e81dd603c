/* What the translations of shapes older than AdCP 3 share. Such a dialect is a table of tools, each with an `up` and
 * a `down`, and a table of field pointers; this file runs the tables.
 *
 * Going down, these dialects read `aux` only (src/tools/README.md): plain facts, money in units, times in RFC 3339,
 * flights half-open. */
#pragma once

#include "dialects/dialect.h"

/* One call on its way up. */
struct shape_up {
    const struct dialect_request *req;
    struct arena *arena;
    yyjson_val *in; /* the caller's arguments without members that are null: old clients send every field */
    yyjson_mut_doc *doc;
    yyjson_mut_val *out; /* canonical arguments */
    const char *tool;    /* canonical tool; preset from the table, `up` may choose another */
    int64_t today;       /* TIME_NONE, or the day a simulated call says it is */
};

struct shape_tool {
    const char *name, *canonical;
    MUST_CHECK int (*up)(struct shape_up *u, struct err *e); /* NULL: nothing to translate */
    yyjson_mut_val *(*down)(const struct dialect_down *d);
    /* Of a write: JSON Pointers of all members that `up` reads, "*" for any index or key, "**" at the end for all that
     * is below; the list ends with NULL. What is sent beside them is refused by name. NULL: not judged. */
    const char *const *reads;
};

/* Canonical pointer prefix and the caller's for the same field; "*" stands for any index, in order. */
struct shape_pointer {
    const char *canonical, *callers;
};

/* INVALID_REQUEST at the first member of `in` that `reads` does not name. */
MUST_CHECK int shape_check_reads(struct arena *a, const char *const *reads, yyjson_val *in, struct err *e);

/* INVALID_REQUEST at an `ext` or `context` of canonical arguments that is no object: both are stored and shown as they
 * came, and where AdCP's schemas are not asked nothing else would hold their shape. */
MUST_CHECK int shape_check_open(struct arena *a, yyjson_val *args, struct err *e);

/* Tables end with a row of zeros. */
const struct shape_tool *shape_find(const struct shape_tool *tools, struct str name);
MUST_CHECK int shape_up(const struct shape_tool *tools, const struct dialect_request *req, struct dialect_up *out,
                        struct err *e);

/* {"error": {"code", "message", ...}}, the form of the API page, with its codes. `pointers` may be NULL. */
yyjson_mut_val *shape_error(const struct dialect_down *d, const struct shape_pointer *pointers);
/* Adds the error's message under `key`; where it begins with the member's canonical name, with the caller's. */
void shape_add_message(const struct dialect_down *d, yyjson_mut_val *into, const char *key, yyjson_val *adcp_error,
                       const struct shape_pointer *pointers);
/* The same for something the dialect itself found missing in a reply that did not fail. */
yyjson_mut_val *shape_not_found(yyjson_mut_doc *doc, const char *what);
/* Adds dry_run and would_call, the calls the ad server was spared, to the answer of a rehearsal; returns `root`. */
yyjson_mut_val *shape_dry_run(const struct dialect_down *d, yyjson_mut_val *root);
/* The code of the API page for an AdCP error. */
const char *shape_error_code(yyjson_val *adcp_error);
/* The caller's pointer for a canonical one, NUL-terminated, in `out`. */
void shape_map_pointer(const struct shape_pointer *pointers, struct str canonical, char out[ERR_FIELD_MAX]);

/* ---- reading ---- */

/* YYYY-MM-DD as the start of that UTC day. Errors name the field. */
MUST_CHECK int shape_req_date(struct json_field f, int64_t *day, struct err *e);
MUST_CHECK int shape_opt_date(struct json_field f, int64_t *day, struct err *e); /* untouched when absent */
/* A positive amount of money that may be missing. */
MUST_CHECK int shape_opt_amount(struct json_field f, int64_t *micros, struct err *e);
MUST_CHECK int shape_req_amount(struct json_field f, int64_t *micros, struct err *e);
MUST_CHECK int shape_opt_currency(struct json_field f, struct str *currency, struct err *e);
/* A list of non-empty strings; an empty list is refused where `min` says so. */
MUST_CHECK int shape_strings(struct json_field f, struct json_len len, yyjson_val **out, struct err *e);
/* A money member of aux; `fallback` when it is not there. */
int64_t shape_micros_or(yyjson_val *obj, const char *key, int64_t fallback);

/* ---- building ---- */

struct shape_member {
    const char *to, *from;
};

/* Copies the members that are there, under their new names. The list ends with {0}. */
void shape_copy(yyjson_mut_doc *doc, yyjson_mut_val *dst, yyjson_val *src, const struct shape_member *members);
/* The object itself when it is there already, else a new one. */
yyjson_mut_val *shape_ext(struct shape_up *u, yyjson_mut_val *obj); /* obj.ext.salesagent */
/* The seeds' dates are fixed and lie in the past by now: in sandbox mode such a flight is taken as it is. */
void shape_allow_past(struct shape_up *u);
/* A flight given in whole days: start_time, and end_time exclusive. TIME_NONE is left out. */
void shape_add_flight(struct shape_up *u, yyjson_mut_val *obj, int64_t first_day, int64_t last_day);
/* A reporting period given by its first and last day: start_date, and end_date exclusive. TIME_NONE is left out. */
void shape_add_period(struct shape_up *u, int64_t first_day, int64_t last_day);
/* The day of a time in aux; for an exclusive end the day before that instant. */
void shape_add_day(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str time);
void shape_add_last_day(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str end_time);
/* A moment one second before the given one, for ends that older shapes write inclusively. */
void shape_add_second_before(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str time);
/* A list of channels in the words of the older pages, which say video and audio where AdCP 3 has several kinds. */
void shape_add_channels(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_val *channels);
/* filters.channels the other way: "video" is every kind of video. */
void shape_filters_up(struct shape_up *u, yyjson_val *filters);
/* num/den with four decimals; left out when den is 0. */
void shape_add_ratio(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t num, int64_t den);

/* "pkg-001" <-> "pkg-<buy>-001"; what has another form passes unchanged. */
struct str shape_package_id(struct arena *a, struct str media_buy_id, struct str callers);
struct str shape_short_package_id(yyjson_mut_doc *doc, struct str canonical);

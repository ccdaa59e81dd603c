/* The JSON border: the one place where bytes from outside become yyjson values, and where values become text.
 *
 *   json_parse      strict RFC 8259, within stated limits, memory from an arena
 *   json_str ...    lenient readers: what is absent or of another type reads as "none"
 *   json_req_* ...  strict readers: errors name the field by JSON Pointer
 *   json_add_* ...  builders over yyjson_mut_doc; nothing to check, they cannot fail for outside reasons
 *   json_canonical  RFC 8785 text, for hashes
 *
 * All memory belongs to the arena handed in; nothing here has to be freed (never call yyjson_doc_free on these
 * documents: it is harmless but pointless). Strings handed to a builder are borrowed until the arena ends. */
#pragma once

#include <salesagent/money.h>
#include <yyjson.h>

#include "base/arena.h"

#define JSON_DEPTH_HARD 128 /* no limit may ask for more; recursive walks over parsed values rely on it */

struct json_limits {
    size_t bytes_max;
    int depth_max;    /* containers inside each other, 1..JSON_DEPTH_HARD */
    size_t nodes_max; /* values and member names together */
};

/* For text that this program wrote: it was held to a size then, so only its depth is held here. All others: limits.h. */
extern const struct json_limits json_limits_own;

/* Parses one complete JSON text. Refused, each with INVALID_REQUEST, the line and byte where known, and the JSON
 * Pointer in e->field where one exists: anything that is not RFC 8259, ill-formed UTF-8, a byte order mark, numbers
 * beyond double, NUL in a string (also as \u0000), a member name twice in one object, and passing a limit.
 * The document lives in the arena and does not refer to `text`. */
MUST_CHECK int json_parse(struct arena *a, struct str text, const struct json_limits *limits, yyjson_doc **doc,
                          struct err *e);

/* Text that we wrote ourselves (a reply, a stored document, arguments put together). A mistake of ours in it, such as a
 * member named twice, is logged and passed over, because no caller shall be able to turn it into an end of the agent.
 * NULL, after a line in the log, only for what is not JSON at all; the lenient readers find nothing in that. */
yyjson_val *json_parse_own(struct arena *a, struct str text);

/* An allocator over the arena: free does nothing, a grown block leaves its old bytes behind. */
yyjson_alc json_arena_alc(struct arena *a);

/* ---- lenient readers ---- (obj may be NULL or any type; then nothing is found) */

struct str json_str(yyjson_val *obj, const char *key); /* STR_NONE when absent or not a string */
bool json_has(yyjson_val *obj, const char *key); /* present, also with the value null */
int64_t json_i64_or(yyjson_val *obj, const char *key, int64_t fallback); /* 5.0 counts as 5 */
bool json_bool_or(yyjson_val *obj, const char *key, bool fallback);
double json_real_or(yyjson_val *obj, const char *key, double fallback);
yyjson_val *json_obj(yyjson_val *obj, const char *key); /* NULL when absent or not an object */
yyjson_val *json_arr(yyjson_val *obj, const char *key); /* NULL when absent or not an array */
yyjson_val *json_get_path(yyjson_val *root, const char *pointer); /* RFC 6901; NULL when there is nothing */
struct str json_val_str(yyjson_val *v); /* the string itself; STR_NONE for any other type */

/* ---- strict readers ---- INVALID_REQUEST naming `at` + "/" + key */

/* Where to look and what to call it: `at` is the JSON Pointer of `obj` ("" for the root). */
struct json_field {
    yyjson_val *obj;
    const char *key;
    const char *at;
};
#define JSON_FIELD(obj, key, at) ((struct json_field){ (obj), (key), (at) })

struct json_len {
    size_t min, max; /* bytes of a string, items of an array */
};

struct json_range {
    int64_t min, max;
};

MUST_CHECK int json_req_str(struct json_field f, struct json_len len, struct str *out, struct err *e);
MUST_CHECK int json_req_i64(struct json_field f, struct json_range range, int64_t *out, struct err *e);
MUST_CHECK int json_req_bool(struct json_field f, bool *out, struct err *e);
MUST_CHECK int json_req_obj(struct json_field f, yyjson_val **out, struct err *e);
MUST_CHECK int json_req_arr(struct json_field f, struct json_len len, yyjson_val **out, struct err *e);
MUST_CHECK int json_req_time(struct json_field f, int64_t *at, struct err *e); /* RFC 3339 with offset */
/* A JSON number as micros; the rules are those of money_micros_from_double. */
MUST_CHECK int json_money(struct json_field f, int64_t *micros, struct err *e);

/* The same when the member may be missing: 0 and *out untouched then (set your default first). */
MUST_CHECK int json_opt_str(struct json_field f, struct json_len len, struct str *out, struct err *e);
MUST_CHECK int json_opt_i64(struct json_field f, struct json_range range, int64_t *out, struct err *e);
MUST_CHECK int json_opt_bool(struct json_field f, bool *out, struct err *e);
MUST_CHECK int json_opt_obj(struct json_field f, yyjson_val **out, struct err *e);
MUST_CHECK int json_opt_arr(struct json_field f, struct json_len len, yyjson_val **out, struct err *e);
MUST_CHECK int json_opt_time(struct json_field f, int64_t *at, struct err *e);
MUST_CHECK int json_opt_money(struct json_field f, int64_t *micros, struct err *e);

/* ---- builders ---- keys are literals (or live as long as the arena); values are borrowed, not copied.
 * Adding to what is not an object (pushing to what is not an array) does nothing: translations edit copies of what a
 * caller sent, and what has the wrong type there is refused later, by name. */

yyjson_mut_doc *json_doc_new(struct arena *a);
yyjson_mut_val *json_root_obj(yyjson_mut_doc *doc); /* a new object, made the root */
yyjson_mut_val *json_add_obj(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key);
yyjson_mut_val *json_add_arr(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key);
yyjson_mut_val *json_push_obj(yyjson_mut_doc *doc, yyjson_mut_val *arr);

/* Text that is not UTF-8 has its bad bytes replaced by U+FFFD, so that writing cannot fail. */
void json_add_str(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str value);
void json_add_str_opt(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str value); /* not if empty */
void json_add_cstr(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *value);
void json_push_str(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct str value);
void json_add_i64(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t value);
void json_add_bool(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, bool value);
void json_add_null(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key);
void json_add_real(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, double value); /* not if not finite */
void json_add_cents(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct cents value);
/* The exact decimal of money_print, never through a double. */
void json_add_money(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t micros);
/* RFC 3339 in UTC, whole seconds ("...Z"). */
void json_add_time(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t at);
/* An existing mutable value of the same document; NULL is left out. */
void json_add_val(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_mut_val *value);
/* A parsed value, copied; NULL is left out. */
void json_add_copy(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_val *value);
/* Stored JSON text, spliced unparsed into what json_write makes (it cannot be read back from the document).
 * Empty text is left out. The caller vouches that it is one complete JSON value. */
void json_add_raw(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str json_text);
void json_push_raw(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct str json_text);
/* Stored JSON text, parsed and added as values. False, and nothing added, when it is empty or not JSON. */
bool json_add_text(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str json_text);
yyjson_mut_val *json_copy(yyjson_mut_doc *doc, yyjson_val *value);

/* Compact text in the arena, NUL-terminated beyond its length. STR_NONE only for a NULL value. */
struct str json_write(struct arena *a, const yyjson_mut_val *value);
struct str json_write_val(struct arena *a, const yyjson_val *value);

/* RFC 8785 canonical text. `skip_paths`: NULL, or JSON Pointers ending with NULL; the members they name are left
 * out. The value must come from json_parse (depth is bounded by it). */
struct str json_canonical(struct arena *a, yyjson_val *value, const char *const *skip_paths);

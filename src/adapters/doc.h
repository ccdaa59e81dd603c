/* JSON for adapters: what ad servers answer is read leniently (what is absent or of another type reads as none), what
 * they are sent is built in an arena. Texts are bounded before they come here (http_call.body_bytes_max). */
#pragma once

#include <yyjson.h>

#include "base/arena.h"

/* ---- reading ---- (obj may be NULL or of any type; then nothing is found) */

yyjson_val *doc_read(struct arena *a, struct str text); /* the root; NULL for what is not JSON */
bool doc_has(yyjson_val *obj, const char *key);
struct str doc_str(yyjson_val *obj, const char *key);
struct str doc_text(yyjson_val *v);                                       /* the string itself */
int64_t doc_i64(yyjson_val *obj, const char *key, int64_t fallback);      /* a number, or one in decimal text */
double doc_real(yyjson_val *obj, const char *key, double fallback);
bool doc_bool(yyjson_val *obj, const char *key, bool fallback);
yyjson_val *doc_obj(yyjson_val *obj, const char *key);
yyjson_val *doc_arr(yyjson_val *obj, const char *key);
yyjson_val *doc_at(yyjson_val *root, const char *pointer); /* RFC 6901 */

/* ---- building ---- (keys are literals; values are borrowed until the text is written) */

yyjson_mut_doc *doc_new(struct arena *a);
yyjson_mut_val *doc_root(yyjson_mut_doc *d); /* a new object, made the root */
yyjson_mut_val *doc_add_obj(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key);
yyjson_mut_val *doc_add_arr(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key);
yyjson_mut_val *doc_push_obj(yyjson_mut_doc *d, yyjson_mut_val *arr);
void doc_add_str(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, struct str value);
void doc_add_str_opt(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, struct str value); /* not if empty */
void doc_add_i64(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t value);
void doc_add_bool(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, bool value);
void doc_push_str(yyjson_mut_doc *d, yyjson_mut_val *arr, struct str value);
void doc_push_i64(yyjson_mut_doc *d, yyjson_mut_val *arr, int64_t value);
void doc_add_val(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, yyjson_mut_val *value);
void doc_add_copy(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, yyjson_val *value); /* NULL is left out */
/* Compact text in the arena. */
struct str doc_write(struct arena *a, const yyjson_mut_val *value);
struct str doc_write_val(struct arena *a, const yyjson_val *value);

/* ---- settings ---- CONFIGURATION_ERROR naming the member */

/* Refuses members that are not among `known` (which ends with NULL). `at`: the JSON Pointer of obj. */
MUST_CHECK int doc_only(yyjson_val *obj, const char *at, const char *const *known, struct err *e);
/* A string of 1 to `max` bytes, copied; absent leaves *out as it is. */
MUST_CHECK int doc_opt_str(struct arena *a, yyjson_val *obj, const char *at, const char *key, size_t max,
                           struct str *out, struct err *e);

/* ---- small texts ---- */

bool text_is_digits(struct str s, size_t max);
/* As a query parameter's value: everything but unreserved characters percent-encoded. */
struct str text_escaped(struct arena *a, struct str s);
/* At most `max` bytes, cut between characters. */
struct str text_cut(struct str s, size_t max);
bool text_has(struct str s, struct str part);

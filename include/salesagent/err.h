/* Errors. A fallible function takes `struct err *e` last, returns 0 or -1, and fills `e` only when it fails.
 * The callee says what happened; a caller adds context only if it has some.
 *
 * `code` is an AdCP error code ("VALIDATION_ERROR", "PRODUCT_NOT_FOUND", ...; contract/error_codes.h has the
 * table with recovery classes) and always points at static storage. `field` is an RFC 6901 JSON Pointer into
 * the request in the shape the tool received, or empty. `message` and `suggestion` are sent to the caller: they
 * never hold internals, secrets or hints of another tenant's rows. */
#pragma once

#include <salesagent/str.h>

#define ERR_MESSAGE_MAX 512
#define ERR_FIELD_MAX   256
#define ERR_DETAILS_MAX 2048

struct err {
    const char *code;
    char message[ERR_MESSAGE_MAX];
    char field[ERR_FIELD_MAX];
    char suggestion[ERR_FIELD_MAX];
    char details[ERR_DETAILS_MAX]; /* a JSON object as text, or empty */
    int retry_after_s;             /* 0: say nothing */
};

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Sets code and message, clears everything else, returns -1 so that `return err_set(...)` reads well. */
int err_set(struct err *e, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Names the offending field by JSON Pointer. Returns -1 like err_set. */
int err_field(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Says how to recover. Returns -1 like err_set. */
int err_suggest(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Attaches machine-readable details: a complete JSON object. Too long an object is left out whole. Returns -1. */
int err_details(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts `prefix` before e->field, for a caller that knows where in the request its callee was looking. */
int err_in(struct err *e, const char *prefix_fmt, ...) PRINTF_LIKE(2, 3);

#ifdef __clang_analyzer__ /* it sees one file at a time, and would follow paths on which these return 0 */
#define err_set(...)     (err_set(__VA_ARGS__), -1)
#define err_field(...)   (err_field(__VA_ARGS__), -1)
#define err_suggest(...) (err_suggest(__VA_ARGS__), -1)
#define err_details(...) (err_details(__VA_ARGS__), -1)
#define err_in(...)      (err_in(__VA_ARGS__), -1)
#endif

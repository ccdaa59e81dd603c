/* Money: an integer count of micros (one millionth of the currency's unit) and an ISO 4217 code.
 * Only these functions do arithmetic on money; they refuse mixed currencies and overflow. No double holds an
 * amount except inside money_micros_from_double, the one place where a JSON number becomes micros. */
#pragma once

#include <salesagent/err.h>

#define MICROS_PER_UNIT  INT64_C(1000000)
#define MONEY_UNITS_MAX  INT64_C(1000000000) /* one thousand million */
#define MONEY_MICROS_MAX (MONEY_UNITS_MAX * MICROS_PER_UNIT)
#define MONEY_TEXT_MAX   32

struct money {
    int64_t micros;
    char currency[4];
};

enum money_round { MONEY_ROUND_DOWN, MONEY_ROUND_HALF_UP, MONEY_ROUND_UP };

/* Checked conversion of a JSON number, to the nearest micro: finite, >= 0, not so small that it is none, at most MONEY_MICROS_MAX.
 * Errors: VALIDATION_ERROR with a message that says which rule failed (no field; the caller adds it). */
MUST_CHECK int money_micros_from_double(double v, int64_t *micros, struct err *e);

/* a + b, a - b. Errors: VALIDATION_ERROR for different currencies or overflow. */
MUST_CHECK int money_add(struct money a, struct money b, struct money *sum, struct err *e);
MUST_CHECK int money_sub(struct money a, struct money b, struct money *difference, struct err *e);

/* value * num / den in 128-bit arithmetic, its magnitude rounded as asked. Saturates at +-INT64_MAX, which no checked
 * amount reaches; so does a division by zero, but for 0 of anything, which is 0. */
int64_t muldiv(int64_t value, int64_t num, int64_t den, enum money_round round);

/* Decimal text without exponent and without trailing zeros ("12.5", "5000"); NUL-terminated. Returns its length. */
size_t money_print(int64_t micros, char out[MONEY_TEXT_MAX]);

/* Micros again, rounded to a whole cent (10,000 micros), half up by magnitude. */
int64_t money_round_to_cent(int64_t micros);

/* A count of cents, for the shapes that write money so. A type of its own, so that it cannot be taken for micros. */
struct cents {
    int64_t n;
};
struct cents money_cents(int64_t micros); /* half up by magnitude */

/* True for three capital letters. */
bool currency_valid(struct str code);

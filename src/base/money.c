#include <salesagent/money.h>

#include <math.h>

#include "base/compiler.h"

int money_micros_from_double(double v, int64_t *micros, struct err *e)
{
    if (!isfinite(v)) return err_set(e, "VALIDATION_ERROR", "amount is not a finite number");
    if (v < 0) return err_set(e, "VALIDATION_ERROR", "amount must not be negative");
    if (v > (double)MONEY_UNITS_MAX) {
        return err_set(e, "VALIDATION_ERROR", "amount is larger than the maximum of 1000000000");
    }
    /* Below the maximum, micros stay under 2^53, so the nearest integer is exact. Callers compute in doubles (10000/3, a
     * sum of shares), so that what lies beyond a micro is theirs to have and nobody's to pay. */
    double rounded = nearbyint(v * 1e6);
    if (v > 0 && rounded == 0) return err_set(e, "VALIDATION_ERROR", "amount is less than a millionth");
    *micros = (int64_t)rounded;
    return 0;
}

static int same_currency(struct money a, struct money b, struct err *e)
{
    if (memcmp(a.currency, b.currency, sizeof(a.currency)) == 0) return 0;
    return err_set(e, "VALIDATION_ERROR", "amounts in %s and %s cannot be combined", a.currency, b.currency);
}

int money_add(struct money a, struct money b, struct money *sum, struct err *e)
{
    if (same_currency(a, b, e)) return -1;
    struct money r = a;
    if (__builtin_add_overflow(a.micros, b.micros, &r.micros)) {
        return err_set(e, "VALIDATION_ERROR", "the sum of the amounts is too large");
    }
    *sum = r;
    return 0;
}

int money_sub(struct money a, struct money b, struct money *difference, struct err *e)
{
    if (same_currency(a, b, e)) return -1;
    struct money r = a;
    if (__builtin_sub_overflow(a.micros, b.micros, &r.micros)) {
        return err_set(e, "VALIDATION_ERROR", "the difference of the amounts is too large");
    }
    *difference = r;
    return 0;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v;
}

int64_t muldiv(int64_t value, int64_t num, int64_t den, enum money_round round)
{
    bool negative = ((value < 0) != (num < 0)) != (den < 0);
    unsigned __int128 product = (unsigned __int128)magnitude(value) * magnitude(num);
    if (product == 0) return 0;
    unsigned __int128 d = magnitude(den);
    unsigned __int128 q = d ? product / d : INT64_MAX, r = d ? product % d : 0;
    switch (round) {
    case MONEY_ROUND_DOWN: break;
    case MONEY_ROUND_HALF_UP: q += d && r * 2 >= d; break;
    case MONEY_ROUND_UP: q += r != 0; break;
    }
    int64_t rounded = q > INT64_MAX ? INT64_MAX : (int64_t)q;
    return negative ? -rounded : rounded;
}

size_t money_print(int64_t micros, char out[MONEY_TEXT_MAX])
{
    char digits[MONEY_TEXT_MAX], *p = out; /* digits: least first, six decimals at least */
    uint64_t v = magnitude(micros);
    int n = 0, least = 0;
    for (; v > 0 || n <= 6; v /= 10) digits[n++] = (char)('0' + v % 10);
    while (least < 6 && digits[least] == '0') least++;
    if (micros < 0) *p++ = '-';
    for (int i = n - 1; i >= least; i--) {
        if (i == 5) *p++ = '.';
        *p++ = digits[i];
    }
    *p = '\0';
    return (size_t)(p - out);
}

#define MICROS_PER_CENT 10000

struct cents money_cents(int64_t micros)
{
    return (struct cents){ muldiv(micros, 1, MICROS_PER_CENT, MONEY_ROUND_HALF_UP) };
}

int64_t money_round_to_cent(int64_t micros)
{
    return muldiv(money_cents(micros).n, MICROS_PER_CENT, 1, MONEY_ROUND_DOWN);
}

bool currency_valid(struct str code)
{
    if (code.n != 3) return false;
    for (size_t i = 0; i < 3; i++) {
        if (code.p[i] < 'A' || code.p[i] > 'Z') return false;
    }
    return true;
}

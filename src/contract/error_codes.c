#include "contract/error_codes.h"

#include <stdlib.h>
#include <string.h>

static int by_code(const void *key, const void *row)
{
    return strcmp(key, ((const struct error_code *)row)->code);
}

const struct error_code *error_code_find(const char *code)
{
    return bsearch(code, error_codes, error_code_count, sizeof(error_codes[0]), by_code);
}

const char *error_recovery_name(enum error_recovery recovery)
{
    switch (recovery) {
    case ERROR_RECOVERY_CORRECTABLE: return "correctable";
    case ERROR_RECOVERY_TRANSIENT: return "transient";
    case ERROR_RECOVERY_TERMINAL: return "terminal";
    }
    return "transient"; /* what a receiver assumes of the unknown */
}

static const struct {
    const char *code;
    int status;
} http_statuses[] = {
    { "AUTH_REQUIRED", 401 },          { "AUTH_MISSING", 401 },          { "AUTH_INVALID", 401 },
    { "PERMISSION_DENIED", 403 },      { "SCOPE_INSUFFICIENT", 403 },    { "READ_ONLY_SCOPE", 403 },
    { "AGENT_SUSPENDED", 403 },        { "AGENT_BLOCKED", 403 },         { "CONFLICT", 409 },
    { "IDEMPOTENCY_CONFLICT", 409 },   { "IDEMPOTENCY_IN_FLIGHT", 409 }, { "IDEMPOTENCY_EXPIRED", 410 },
    { "RATE_LIMITED", 429 },           { "CONFIGURATION_ERROR", 500 },   { "SERVICE_UNAVAILABLE", 503 },
    { "GOVERNANCE_UNAVAILABLE", 503 },
};

int error_code_http_status(const char *code)
{
    for (size_t i = 0; i < sizeof(http_statuses) / sizeof(http_statuses[0]); i++) {
        if (strcmp(http_statuses[i].code, code) == 0) return http_statuses[i].status;
    }
    size_t n = strlen(code);
    return n > 10 && strcmp(code + n - 10, "_NOT_FOUND") == 0 ? 404 : 400;
}

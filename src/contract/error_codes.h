/* Every error code of the lines of AdCP that are served, with its recovery class, from the manifests of the published schemas
 * (the table: scripts/gen_contract). */
#pragma once

#include <stddef.h>

#include "contract/validate.h"

enum error_recovery {
    ERROR_RECOVERY_CORRECTABLE, /* the caller can fix the request and try again */
    ERROR_RECOVERY_TRANSIENT, /* the same request may succeed later */
    ERROR_RECOVERY_TERMINAL, /* a person has to act */
};

struct error_code {
    const char *code;
    int since; /* enum adcp_line: the first line that has it */
    enum error_recovery recovery[ADCP_LINE_COUNT]; /* for a line that lacks the code: that of the line that has it */
};

extern const struct error_code error_codes[]; /* sorted by code */
extern const size_t error_code_count;

/* NULL for a code no line knows (receivers then assume transient). */
const struct error_code *error_code_find(const char *code);

/* "correctable", "transient", "terminal". */
const char *error_recovery_name(enum error_recovery recovery);

/* The status for transports that need one where an error is a transport matter (not for AdCP outcomes, which are 200):
 * 401, 403, 404, 409, 410, 429, 503, 500, or 400 for all else. */
int error_code_http_status(const char *code);

/* Which dialect a call speaks. In this order:
 *
 *   adcp_version, adcp_major_version   AdCP, at the line negotiated (reference/versioning); checked always
 *   a URL that newer lines have alone  the oldest of these
 *   header x-adcp-dialect              for one call
 *   a tool that AdCP 3 has not         the principal's default if that has it, else the first dialect that has it
 *   a write without AdCP 3's key       rc, for callers whose default is an older shape
 *   a field only AdCP 3 has            AdCP 3 unpinned (account, brand, buying_mode, idempotency_key, context)
 *   the principal's default
 *   AdCP 3.0: what deployed clients that pin nothing validate with
 *
 * A pin is served by the highest line up to it ("3.9" by the newest); a prerelease matches only itself, and none is
 * served; "03.1" or "3.1.2" is not a version. Who names the major version alone gets what who pins nothing gets. */
#pragma once

#include "dialects/dialect.h"

struct dialect_hints {
    struct str header;            /* x-adcp-dialect; empty when absent */
    struct str tool;              /* as the caller named it */
    yyjson_val *args;             /* an object or NULL */
    struct str principal_default; /* a dialect's name; empty is AdCP 3 */
    struct adcp_span lines;       /* served where the call came in */
};

struct dialect_choice {
    const struct dialect *dialect; /* never NULL, also after a failure: the one to answer in */
    struct str adcp_version;       /* "3.1"; empty for dialects that are not AdCP 3 */
};

/* Errors: VERSION_UNSUPPORTED with details {supported_versions, supported_majors}; INVALID_REQUEST for a header that
 * names no dialect. *out is set either way. */
MUST_CHECK int dialect_choose(const struct dialect_hints *h, struct dialect_choice *out, struct err *e);

/* AdCP 3 to those who pin nothing. */
const struct dialect *dialect_default(void);

/* The name of what our own pages and typed sentences speak: the line in which a publisher's catalogue is stored. */
struct str dialect_of_pages(void);

/* What tools speak: replies leave as they are. */
const struct dialect *dialect_canonical(void);

/* By name, also the short names "adcp", "3.1" for "adcp-3.1", and "3.0-rc"; NULL when there is none. */
const struct dialect *dialect_find(struct str name);

/* Whether a caller of this dialect may name this tool; tools of the sandbox exist only there. */
bool dialect_has_tool(const struct dialect *d, struct str tool, bool sandbox);

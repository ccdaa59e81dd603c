/* The registry of operations. Every tool is one row: of table.c, or of the manifest (contract/operation.h); MCP tools/list, the A2A card, REST routes,
 * OpenAPI, /docs and the admin pages are rendered from it, and all transports run a call through the same gates
 * (protocols/dispatch.h) into `run`.
 *
 * A tool speaks the canonical shape, the newest AdCP that is served: dialects translate on the way in and out. `run` is a straight line:
 * decode the arguments into typed input, call the domain, encode the outcome. It works inside one transaction, on
 * the loop, and never talks to the network; what must happen in the world it writes as a row of `job`.
 * When it returns -1 everything it wrote is undone. */
#pragma once

#include "contract/json.h"
#include "contract/lines.h"
#include "contract/operation.h"
#include "domain/core/act.h"

enum tool_auth {
    TOOL_PUBLIC, /* works without a credential (act->principal may be NULL) */
    TOOL_BUYER, /* any valid credential */
    TOOL_VIEWER, /* a person of the publisher; a buyer's token is refused */
    TOOL_OPERATOR, /* who decides and works */
    TOOL_ADMINISTRATOR, /* who may change who may do what */
    TOOL_INSTALLATION /* who makes and removes publishers: a role apart */
};

enum tool_kind { TOOL_READ, TOOL_WRITE };

enum tool_idempotency {
    IDEM_NONE, /* reads: a key is accepted and ignored */
    IDEM_REQUIRED, /* a mutating task: key required from AdCP 3 callers over the network */
    IDEM_OPTIONAL /* honoured when sent */
};

enum tool_outcome { TOOL_COMPLETED, TOOL_SUBMITTED, TOOL_WORKING, TOOL_INPUT_REQUIRED };

struct contract_report;

struct tool_call {
    struct act *act;
    struct arena *arena;
    enum adcp_line line; /* the caller's, of AdCP 3 */
    struct adcp_span lines; /* served where the call came in */
    bool minor_3_0; /* the caller speaks AdCP 3.0: for the few places where semantics differ, not shapes */
    yyjson_val *args; /* canonical, an object, schema-checked */
    const struct contract_report *item_issues; /* of a batch: what of the schema single items break, which fail alone
                                                * (tools/core/honour.h); NULL: nothing */
    yyjson_mut_doc *doc; /* where the reply is built */
    yyjson_mut_val *reply; /* its root object, ready made; the envelope (status, context, ...) is added later */
    bool no_aux; /* the caller's dialect is AdCP 3: nobody reads aux, so large ones may be left out */
    yyjson_mut_val *aux; /* facts for dialects only, never sent as such: an object, ready made */
    enum tool_outcome outcome; /* TOOL_COMPLETED unless set */
    struct str task_id; /* with TOOL_SUBMITTED */
    struct str message; /* one human sentence for the text block; optional */
};

struct tool {
    const char *name, *title, *description;
    enum tool_auth auth;
    enum tool_kind kind;
    enum tool_idempotency idempotency;
    bool destructive; /* MCP annotation: may cancel or delete */
    bool decides; /* what a buyer waits for: a token may do that only when it was given the right */
    bool sandbox_only;
    enum adcp_line since; /* the first line that has it */
    bool closed; /* its published reply admits no other members: what is not named there stays out of the envelope */
    bool says_version; /* closed, and adcp_version is among its members */
    bool kept; /* says all that struct keeping (domain/core/act.h) asks, so that its answers may be kept */
    const char
        *narrower; /* of a read that may be large: it is made aside when it takes long, and of what is too large even so
                           * this is said to be asked instead; NULL: it never is */
    bool hidden; /* not an AdCP 3 task: not listed; other dialects have names for it */
    const char
        *protocol; /* AdCP protocol: "protocol", "media_buy", "creative", "account", "signals", "governance", ... */
    MUST_CHECK int (*run)(struct tool_call *c, struct err *e);
    bool (*writes)(yyjson_val *args); /* of a TOOL_READ: these arguments need a write transaction; NULL: never do */
    const struct operation *operation; /* the manifest's row; NULL for tools of AdCP and of other dialects */
};

/* What buyers call, and what only dialects and our own pages name. */
extern const struct tool tool_table[];
extern const size_t tool_table_n;

/* The publisher's own operations, made of the manifest at build time, in its order. */
extern const struct tool operation_tools[];
extern const size_t operation_tools_n;

/* For `writes`: it rehearses, and undoes what it wrote. */
bool tool_rehearses(yyjson_val *args);

/* The arguments of an operation against its schema; 0 for tools that have none. INVALID_REQUEST. */
MUST_CHECK int tool_check(const struct tool *t, struct arena *a, yyjson_val *args, struct err *e);

/* The transaction a call with these (canonical) arguments runs in. Ask this, not `kind`. */
enum tool_kind tool_kind_of(const struct tool *t, yyjson_val *args);

/* May somebody of this role call it? Viewers read, operators work, administrators also manage; a buyer's credential
 * never decides; the installation's administrator does nothing inside a publisher. */
bool tool_permits(const struct tool *t, enum role role);

/* NULL when there is none. */
const struct tool *tool_find(struct str name);

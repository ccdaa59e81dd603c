/* The AdCP envelope: what every reply carries around the tool's own fields (core/protocol-envelope.json), and the
 * error shape (core/error.json), both in canonical form. */
#pragma once

#include "protocols/call.h"

/* Adds what every reply says of the call to the tool's own members: status, task_id, message. To a closed one only while it waits
 * for somebody. */
void envelope_complete(struct tool_call *t, const struct tool *row);

/* {"reply":{...},"aux":{...},"outcome":n}: a completed reply as the text that is kept and replayed. */
struct str envelope_snapshot(struct arena *a, const struct tool_call *t);

/* Renders c->body: from c->fresh (this very run), c->canonical (a replay) or c->err (failure). Dialect down, then
 * context, replayed and adcp_version where the dialect speaks AdCP 3. */
void envelope_render(struct call *c);

/* What a reply to an AdCP caller says of the call alone, to be put before the last brace of its text: `context`, and the
 * context id unless the reply has its own. Empty: nothing. */
struct str envelope_added(const struct call *c, bool own_context_id);
struct str envelope_with(struct arena *a, struct str body, struct str added);

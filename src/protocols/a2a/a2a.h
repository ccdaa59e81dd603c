/* A2A, generations 0.3 and 1.0 on one URL, told apart by the method's name (and, for the agent card, by the header
 * A2A-Version). A message names an AdCP task in a data part {"skill": ..., "parameters": {...}} and is a call like any
 * other; what is plain text is read by a few fixed rules that say what they understood (a2a_text.h).
 *
 *   a2a.c        the endpoint: JSON-RPC, methods, errors
 *   a2a_read.c   a message from outside          a2a_wire.c   tasks, messages and events as each generation writes them
 *   a2a_send.c   message/send, message/stream    a2a_task.c   tasks afterwards: get, list, cancel, subscribe
 *   a2a_card.c   the agent card                  a2a_push.c   where to tell about a task
 *   a2a_text.c   plain text
 *
 * Two lives. The A2A task is the life of one message: it is completed when we have answered. What a person still has
 * to decide is an AdCP task, named in the answer ("status":"submitted","task_id"). When it is decided, the artifact of
 * the A2A task shows the outcome, and whoever subscribed or left a push configuration is told.
 * Source: A2A 0.3.0 and 1.0.1; AdCP L0 a2a-guide. */
#pragma once

#include "net/http.h"
#include "protocols/dispatch.h"

#define A2A_KEEP_DAYS 30 /* how long a task can be read after its last change */

void a2a_handle(struct dispatcher *d, struct http_exchange *ex);

/* Whether the body names a method of MCP rather than of A2A, at a URL that is both's. */
bool a2a_is_for_mcp(struct http_exchange *ex);

/* /.well-known/agent-card.json and agent.json */
void a2a_card_handle(struct dispatcher *d, struct http_exchange *ex);

/* Those who watch a task. Started before the first request, stopped when no call is in flight: ends all streams. */
void a2a_hub_start(struct dispatcher *d);
void a2a_hub_stop(struct dispatcher *d);

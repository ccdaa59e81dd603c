/* Orders of products in memory, got in the background (domain/product/rerank.h). Bounded: ENTRIES_MAX orders, the longest unused
 * goes first; FILLS_MAX questions under way, more are not asked. Three failures of a publisher's endpoint in a row, and it is
 * left alone for a minute. What is lost with the process is asked about again. */
#pragma once

#include <salesagent/http_call.h>

#include "domain/product/rerank.h"
#include "run/loop.h"

struct rerank_memory;

/* Loop and client must outlive it. */
struct rerank_memory *rerank_memory_create(struct loop *loop, struct http_client *client);
struct reranker *rerank_memory_face(struct rerank_memory *m);

/* Asks nothing more and ends what is under way; `stopped` runs in a turn, or at once. */
void rerank_memory_stop(struct rerank_memory *m, void (*stopped)(void *arg), void *arg);
/* Frees. After `stopped`; or, for the simulator, as a crash: whoever waits is gone. NULL is fine. */
void rerank_memory_destroy(struct rerank_memory *m);

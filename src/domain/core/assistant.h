/* The optional assistant: any endpoint that speaks OpenAI's POST {base_url}/chat/completions. Off until the publisher's
 * settings have "assistant":
 *
 *   {"base_url": "https://models.example/v1", "model": "...", "api_key": "...", "parameters": {"temperature": 0},
 *    "creative_review": {"guidelines": "...", "timeout_ms": 20000, "auto_approve_above": 0.95, "auto_reject_below": 0.05,
 *                        "always_people": ["political", ...]},
 *    "product_ranking": {"guidelines": "...", "timeout_ms": 3000, "wait_ms": 0, "keep_minutes": 60}}
 *
 * Each of the two uses is on when its member is there. `parameters` are put into the request as they are; null takes
 * one of ours away (endpoints differ in response_format). What the assistant says is an opinion: it decides only what the two thresholds
 * hand to it (domain/creative/creative_opinion.h), and it orders products, never chooses them (domain/product/rerank.h).
 *
 * What is judged is data from buyers. It goes into a message of its own as one JSON object, and what comes back must
 * be one JSON object of exactly the form asked for; everything else is no answer. */
#pragma once

#include "domain/core/tenant_settings.h"

#define ASSISTANT_ANSWER_MAX (256 * 1024) /* bytes of a response that are read */

struct assistant_settings {
    struct str base_url, model, api_key; /* base_url empty: there is no assistant */
    yyjson_val *parameters; /* or NULL */

    bool reviews;
    struct str review_guidelines;
    int64_t review_timeout_ms;
    int64_t approve_from_bp; /* of 10000; -1: never by itself */
    int64_t reject_to_bp; /* likewise */
    yyjson_val *always_people; /* or NULL: assistant_always_people */

    bool ranks;
    struct str ranking_guidelines;
    int64_t ranking_timeout_ms, ranking_wait_ms, ranking_keep_s;
};

/* Categories that go to people when the settings name none; ends with NULL. */
extern const char *const assistant_always_people[];

/* Never fails: what is damaged is off. */
void assistant_settings_read(const struct tenant_settings *ts, struct assistant_settings *out);
/* INVALID_REQUEST naming the member below /tenant. */
MUST_CHECK int assistant_check_settings(yyjson_val *tenant, struct err *e);

/* A number from 0 to 1 as basis points. False for anything else. */
MUST_CHECK bool assistant_share(yyjson_val *v, int64_t *bp);

/* ---- the request ---- */

struct str assistant_url(struct arena *a, const struct assistant_settings *s);
/* `system`: what to do, ours; `data`: a JSON object, the buyer's. */
struct str assistant_body(struct arena *a, const struct assistant_settings *s, struct str system, struct str data);

/* At most n bytes, not into the middle of a UTF-8 sequence. */
struct str assistant_cut(struct str s, size_t n);

/* ---- the response ---- */

/* The object in the first choice's message, or NULL with `why`: not JSON, no message, no object in it. */
yyjson_val *assistant_answer(struct arena *a, struct str response, const char **why);

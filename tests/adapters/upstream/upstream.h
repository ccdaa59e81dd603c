/* An adapter that is not part of the program: compiled against include/salesagent alone, with a JSON library of its own choice. Its
 * ad servers are the mock platforms of @adcp/sdk, sales-guaranteed (orders that people over there sign) and
 * sales-non-guaranteed (orders that are confirmed at once, and can be changed), which nobody of this project wrote.
 *
 * Settings: { "url", "api_key", "network", "signed": true where people sign orders }. A product's: { "ad_unit", "product" }.
 *
 * Neither platform tells numbers by day: what a line has delivered is one fact, of the day its flight begins. */
#pragma once

#include <yyjson.h>

#include <salesagent/adapter.h>

extern const struct adapter upstream_adapter;

struct upstream_config {
    struct str url, api_key, network;
    bool is_signed;
};

/* Adds a call. `body` may be NULL. */
void upstream_ask(struct adapter_op *op, const char *method, struct str path, yyjson_mut_doc *body);
/* What the answer says, when it is one with the status 200 or 201; NULL: the verb has ended, with op->result. */
yyjson_val *upstream_heard(struct adapter_op *op, const struct http_call *answer);

yyjson_mut_doc *upstream_doc(struct adapter_op *op, yyjson_mut_val **root);
void upstream_add(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, struct str value);
struct str upstream_str(yyjson_val *o, const char *key); /* empty when it is none */

/* book.c */
#define UPSTREAM_BOOK_STEPS 7
extern const adapter_step upstream_book_steps[UPSTREAM_BOOK_STEPS];

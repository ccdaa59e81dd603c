/* A message from outside, in either generation and in the spellings that are met in the wild. */
#pragma once

#include "protocols/a2a/a2a_wire.h"
#include "protocols/call.h"

struct a2a_message {
    struct str message_id, context_id, task_id; /* empty when not sent */
    struct str skill;      /* empty: plain text */
    yyjson_val *args;      /* of the skill: an object or NULL */
    struct str text;       /* all text parts, a line each */
    yyjson_mut_val *parts; /* as kept in the history; of the document handed in, without credentials */
    struct call_push push; /* from params.configuration */
    int history_length;    /* -1: not limited */
};

/* Reads `params` of message/send. INVALID_REQUEST with the place as field for: no message, no parts, a part that is
 * none, more than one data part that names a skill, parameters that are no object, ids that are no printable text of
 * at most 255 characters. */
MUST_CHECK int a2a_message_read(struct arena *a, yyjson_mut_doc *doc, yyjson_val *params, struct a2a_message *out,
                                struct err *e);

/* Reads a push configuration: 0.3 {url, token, authentication: {schemes, credentials}}, 1.0 {url, token,
 * authentication: {scheme, credentials}}. INVALID_REQUEST without a URL. */
MUST_CHECK int a2a_push_read(yyjson_val *config, struct call_push *out, struct err *e);

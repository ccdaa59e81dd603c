/* What a user agent says of itself. Names of crawlers come from a public list (bots.h); what is no browser, player or
 * app that shows ads to people is told from them by the way browsers have named themselves for decades. */
#pragma once

#include "serving/visit.h"

enum agent_kind {
    AGENT_BROWSER, /* or a player or an app that shows media */
    AGENT_BOT,     /* on the list of crawlers and tools */
    AGENT_OTHER    /* empty, or nothing that shows ads to people */
};

struct agent {
    enum agent_kind kind;
    enum device device;
    enum platform platform;
    uint8_t hash; /* tells one agent from another, as a token remembers it */
};

/* `mobile_hint` is the header Sec-CH-UA-Mobile ("?1": a phone), or empty. */
struct agent agent_read(struct str user_agent, struct str mobile_hint);

/* AdCP's words; DEVICE_UNKNOWN and PLATFORM_UNKNOWN for "unknown". False for words that are none. */
MUST_CHECK bool device_parse(struct str word, enum device *out);
MUST_CHECK bool platform_parse(struct str word, enum platform *out);
const char *device_name(enum device d);

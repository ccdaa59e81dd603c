/* What the consent strings of a page say about keeping an id on the visitor's device.
 *
 *   TCF   IAB Europe's Transparency and Consent Framework 2: `gdpr` ("1": GDPR applies, "0": it does not) and the TC string;
 *         purpose 1 is to store and read information on a device
 *   GPP   IAB Tech Lab's Global Privacy Platform: a header and one string for each of its sections; section 2 is a TC string
 *
 * Only the publisher's own first-party id is in question, so what the visitor told the publisher (the publisher TC
 * segment) counts as well as the general consent. Strings that cannot be read consent to nothing. */
#pragma once

#include "base/compiler.h"

#define CONSENT_BYTES_MAX 4096 /* longer strings are as if they were not there */

enum visitor_ids {
    VISITOR_IDS_CONSENT, /* with consent, or where the page says that GDPR does not apply */
    VISITOR_IDS_ALWAYS,  /* the publisher says that it may */
    VISITOR_IDS_NEVER
};
MUST_CHECK bool visitor_ids_parse(struct str word, enum visitor_ids *out); /* "consent", "always", "never" */
const char *visitor_ids_name(enum visitor_ids v);

struct consent {
    struct str gdpr, gdpr_consent, gpp, gpp_sid; /* as the page gave them; empty: nothing was said */
};

/* Drops what is too long or has characters no such string has, so that the rest can go into URLs as it is. */
void consent_clean(struct consent *c);

/* Whether an id may be kept, and so be used, for this visitor. */
bool consent_allows_id(const struct consent *c, enum visitor_ids setting);

/* Purpose 1 of a TC string. */
bool tcf_allows_storage(struct str tc);
/* The TC string (section 2) of a GPP string; empty when it has none. */
struct str gpp_tc_string(struct str gpp);

/* The client of an identity provider (OpenID Connect Core 1.0, code flow with PKCE, RFC 7636): what the provider says of itself
 * and its keys, kept in memory; and one sign-in, from the code to who the person is. Everything that goes wrong is a line of the
 * log; the person is told that it did not work.
 *
 *     openid_when_ready -> openid_url -> (the browser is there and comes back with a code) -> openid_redeem
 *
 * The issuer is an operator's setting, compared with what the provider says of itself and with each ID token; its endpoints are
 * https, unless the issuer itself is not (a sandbox). */
#pragma once

#include <salesagent/http_call.h>

#include "base/arena.h"
#include "base/list.h"
#include "domain/publisher/id_token.h"
#include "run/loop.h"

struct openid_settings {
    struct str issuer; /* empty: there is no provider */
    struct str client_id, client_secret; /* the secret empty: a public client */
    struct str label; /* for people: "Sign in with LABEL" */
};

struct openid;
/* The client outlives it; the settings are copied. */
struct openid *openid_create(struct loop *loop, struct http_client *client, const struct openid_settings *s);
/* Runs no `done` any more; nothing that waits may be used afterwards. NULL-safe. */
void openid_destroy(struct openid *o);
struct str openid_label(const struct openid *o);

/* Somebody who waits until the provider is known; `done` runs in a later turn or within the call. */
struct openid_wait {
    struct list node;
    void (*done)(struct openid_wait *w, bool ready);
    bool fresh; /* a key is missing: they are got again, unless that was done half a minute ago */
};
void openid_when_ready(struct openid *o, struct openid_wait *w);

/* Where the browser goes, once it is ready. */
struct openid_journey {
    struct str redirect_uri, state, nonce;
    struct str verifier; /* of PKCE: 43 to 128 unreserved characters */
};
struct str openid_url(const struct openid *o, struct arena *a, const struct openid_journey *j);

/* From the code to the person. Everything stays until `done`, which runs once, in a later turn or within the call. */
struct openid_redemption {
    struct arena *arena;
    struct openid_journey journey;
    struct str code;
    struct str issuer; /* that came with the code (RFC 9207); empty: none did */
    void (*done)(struct openid_redemption *r, bool ok);
    struct id_token person; /* when it went well; the issuer is openid_issuer */

    /* its own */
    struct openid *openid;
    struct openid_wait wait;
    struct http_call call;
    struct http_header headers[3];
    struct str id_token, access_token;
};
void openid_redeem(struct openid *o, struct openid_redemption *r);
struct str openid_issuer(const struct openid *o);

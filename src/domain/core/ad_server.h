/* A publisher's ad servers: which there are, and one of them ready for use.
 *
 * Each has a name that the publisher gave it ("gam", "audio"); products name theirs in ext.salesagent.ad_server.name, and
 * those that name none are on the first. Their settings are sealed at rest (base/seal, keys outside the database). */
#pragma once

#include <salesagent/adapter.h>

#include "contract/json.h"
#include "domain/core/sealed.h"
#include "store/q/q_ad_server.h"

#define AD_SERVERS_MAX 16

struct ad_server {
    const struct adapter *adapter;
    const void *config;
    struct str name;     /* the publisher's for it */
    struct str settings; /* as text, with its secrets: never shown */
    struct adapter_site site;
    int wait_max_s; /* how long it may wait for somebody over there */
};

/* `name` empty: the first. An act may carry one of its own, which is then every one. Errors: CONFIGURATION_ERROR when there
 * is none of that name, its adapter is not one of this program, or its settings are wrong. In the act's arena. */
MUST_CHECK int ad_server_of(const struct act *act, struct str name, struct ad_server *out, struct err *e);

/* The one that is the built-in ad server. 1 found, 0 the publisher has none, -1 failed. */
MUST_CHECK int ad_server_serving(const struct act *act, struct ad_server *out, struct err *e);

/* The name of the first; empty when the publisher has none. */
MUST_CHECK int ad_server_first(const struct act *act, struct str *name, struct err *e);

/* Several of them for one operation, each opened once. */
struct ad_server_set {
    const struct act *act;
    struct ad_server servers[AD_SERVERS_MAX];
    size_t n;
    size_t asked_first; /* 1-based place of the one that an empty name gave; 0: not asked yet */
};
/* What ad_server_of gives; *out lives as long as the set. */
MUST_CHECK int ad_server_get(struct ad_server_set *set, struct str name, const struct ad_server **out, struct err *e);

/* The settings of a row in clear. CONFIGURATION_ERROR when they do not open. */
MUST_CHECK int ad_server_settings(struct tx *tx, struct arena *a, const struct ad_server_row *row, struct str *text,
                                  struct err *e);

/* What the settings of a row are sealed for (seal_text's `about`). */
struct str ad_server_sealed_for(struct arena *a, const struct ad_server_row *row);

/* ---- what a publisher writes (ad_server_settings.c) ---- */

/* Where a publisher's settings go. */
struct ad_server_writer {
    struct tx *tx;
    struct arena *arena;
    struct str tenant_id;
    int64_t now;
    bool sandbox; /* of the installation: an ad server that simulates needs no words there */
};

/* From a settings document: "ad_servers" [{name, adapter, settings?, wait_days?}], the first first; or "adapter" alone, with
 * "adapter_settings", for one that is named like its adapter; when that is the first of several, the others stay. What the
 * document does not name stays as it is. Redacted secrets stand for what is kept. *adapter: of the first one, empty when nothing was said. Returns 1 changed, 0 not, -1.
 * Errors: INVALID_REQUEST or CONFIGURATION_ERROR, with the field below `at`. */
MUST_CHECK int ad_servers_write(const struct ad_server_writer *w, yyjson_val *doc, const char *at, struct str *adapter,
                                struct err *e);

/* An agent that is no sandbox must not begin with an ad server that simulates and does not say so. CONFIGURATION_ERROR naming
 * the publisher. */
MUST_CHECK int ad_servers_check_live(struct tx *tx, struct arena *a, struct err *e);

/* New settings for one that is there, whole; redacted secrets stand for what is kept. 1 changed, 0 not, -1: REFERENCE_NOT_FOUND
 * when there is none of that name, else as above with the field below `at`. */
MUST_CHECK int ad_server_change(const struct ad_server_writer *w, struct str name, yyjson_val *settings, const char *at,
                                struct err *e);

/* Is this member of a settings document about ad servers? */
bool ad_server_setting(struct str member);

/* The members of a settings document that say it again, with secrets redacted. */
MUST_CHECK int ad_servers_show(struct tx *tx, struct arena *a, struct str tenant_id, yyjson_mut_doc *doc,
                               yyjson_mut_val *out, struct err *e);

/* Seals with the newest key what is in clear or was sealed with an older one; of all publishers. What does not open stays as
 * it is. Nothing where the installation has no keys. */
MUST_CHECK int ad_servers_seal(struct tx *tx, struct arena *a, int64_t now, struct sealing *out, struct err *e);

/* An adapter's verb without a runner: its steps are run one after the other, and an ad server made of a list of
 * exchanges answers. What was asked is kept as text, for comparing with golden requests. */
#pragma once

#include <salesagent/adapter.h>

#include "base/arena.h"
#include "base/buf.h"

/* "METHOD path" (after the ad server's address) -> answer. Each is used once, in any order, unless `again`. */
struct exchange {
    const char *request; /* a prefix of "METHOD /path?query" */
    int status;          /* 0: no answer */
    const char *response;
    bool again;
};

struct dialogue {
    struct arena arena;
    const struct adapter *adapter;
    const void *config;
    struct adapter_site site;
    struct adapter_catalog catalog;
    const struct adapter_item *items; /* what the catalogue has */
    size_t items_n;
    struct adapter_op op;
    const struct exchange *exchanges;
    bool used[64];
    struct buf asked;      /* "METHOD /path BODY\n" each */
    struct str unexpected; /* the first request that nobody had an answer for */
    int steps_n;
};

/* Configures; the settings must be good. */
void dialogue_init(struct dialogue *d, const char *adapter, const char *settings);
void dialogue_finish(struct dialogue *d);
/* Runs a verb to its end over the exchanges (which end with a request of NULL); over what the adapter pretends in a dry run when
 * `exchanges` is NULL. */
void dialogue_run(struct dialogue *d, enum adapter_verb verb, const struct plan *plan,
                  const struct exchange *exchanges);

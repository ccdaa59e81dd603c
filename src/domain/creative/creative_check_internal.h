/* Shared by the two files of checks; for nobody else. */
#pragma once

#include "domain/creative/creative_check.h"

struct check_run {
    struct arena *arena;
    const struct creative_check_input *in;
    struct creative_checks *out;
    struct str at;                  /* the field findings are about now */
    struct creative_check overflow; /* where findings go when there are too many */
};

struct asset_ref {
    struct str key, at;
    yyjson_val *value;
    const struct format_slot *slot; /* or NULL */
    bool primary;                   /* the format's size is about this asset */
};

struct creative_check *check_add(struct check_run *r, const char *check, enum check_status status, struct str detail);

/* creative_policy.c */
void check_script(struct check_run *r, struct str asset_type, struct str text);
void check_urls(struct check_run *r, const struct asset_ref *ref);
void check_click_url(struct check_run *r, struct str url);
void check_policies(struct check_run *r);
void check_provenance(struct check_run *r);

/* Reading VAST (2.0-4.x) and DAAST: is it well-formed, of a known version, and does it hold something to play?
 * Expat, with bounds on everything a document could grow: bytes, depth, elements. A document type declaration is
 * refused outright, and with it every entity trick; nothing is ever fetched. */
#pragma once

#include "base/arena.h"

#define VAST_MEDIA_MAX  32
#define VAST_CLICKS_MAX 16

struct vast_media {
    struct str mime_type, url;
    int64_t width, height;
};

struct vast_facts {
    bool daast;
    struct str version;
    int ads, inlines, wrappers, media_n;
    int64_t duration_ms; /* of the longest linear creative; -1: none stated */
    bool vpaid;          /* some media file is executable (apiFramework VPAID) */
    struct str insecure; /* the first http: URL in it; empty: none */
    int clicks_n;
    struct str clicks[VAST_CLICKS_MAX]; /* ClickThrough, the first ones; clicks_n counts all */
    struct vast_media media[VAST_MEDIA_MAX]; /* the first ones; media_n counts all */
};

/* 0, or -1 with `why`: one sentence, static or in the arena. */
MUST_CHECK int vast_read(struct arena *a, struct str xml, struct vast_facts *out, const char **why);

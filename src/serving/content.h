/* What a creative is made of when it is shown. The loader makes it of the buyer's manifest; URLs in it are absolute http or
 * https, and clicks go to `click_url` and nowhere else. */
#pragma once

#include <salesagent/str.h>

#include "base/compiler.h"

enum content_kind {
    CONTENT_IMAGE, /* image_url */
    CONTENT_HTML, /* html: a document of its own, shown in a sandboxed frame */
    CONTENT_MEDIA, /* media: video or audio files */
    CONTENT_VAST_URL, /* vast_url: another ad server answers */
    CONTENT_VAST_XML /* vast_xml: the buyer's document */
};

struct content_media {
    struct str url, mime_type;
    int width, height, bitrate_kbps; /* 0: unknown */
};

struct content {
    enum content_kind kind;
    struct str creative_id, package_id, media_buy_id;
    struct str title; /* of the creative */
    struct str advertiser, paid_by; /* on whose behalf it is shown, and who pays: for people; often the same */
    struct str image_url, alt;
    struct str html;
    struct str vast_url, vast_xml;
    struct str click_url; /* empty: it leads nowhere */
    const struct content_media *media;
    size_t media_n;
    const struct str *trackers; /* fetched by the client with the impression; may hold macros */
    size_t trackers_n;
    int width, height; /* 0: of its place */
    int duration_ms; /* of video and audio; 0: unknown */
};

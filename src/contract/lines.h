/* The lines of AdCP that are served, oldest first: the one list. Beside it only dialects and the generated tables name a
 * line; everything else asks for one by what it is here. */
#pragma once

#include <salesagent/err.h>
#include <salesagent/str.h>

enum adcp_line { ADCP_3_0, ADCP_3_1, ADCP_3_2, ADCP_LINE_COUNT };

/* The canonical one: tools speak it, and stored documents are written in it. */
#define ADCP_LINE_NEWEST ((enum adcp_line)(ADCP_LINE_COUNT - 1))

/* Served to callers that name the major version alone, or nothing: what deployed clients that pin nothing can read. */
#define ADCP_LINE_UNPINNED ADCP_3_0

/* What a publisher's catalogue holds is shown in this line and those after it as it stands, so it is valid in all of
 * them. Older ones are projected. */
#define ADCP_LINE_STORED ADCP_3_1

/* The last line whose request signatures need no content digest and may be base64url without padding. */
#define ADCP_LINE_LOOSE_SIGNATURES ADCP_3_1

/* From here on discovery for an account that is not there is an error; before, it is what a new account would see. */
#define ADCP_LINE_STRICT_ACCOUNTS ADCP_3_2

/* The first line with the compact lifecycle: list_products, buy_products, control_media_buy and the tools of proposals. */
#define ADCP_LINE_COMPACT ADCP_3_2

/* From here on a changed targeting_overlay is a patch, dimension by dimension (null clears one); before, it replaces all. */
#define ADCP_LINE_TARGETING_PATCHES ADCP_3_2

/* The first line in which a caller says how many of a creative's assignments it wants. */
#define ADCP_LINE_ASSIGNMENT_LIMITS ADCP_3_2

/* The lines served at one URL, both ends included. */
struct adcp_span {
    enum adcp_line from, to;
};

struct adcp_release {
    const char *line; /* "3.1": what is negotiated, listed and echoed */
    const char *schemas; /* "3.1.27": the release whose schemas are in the tables */
    int major, minor; /* of the line */
};
extern const struct adcp_release adcp_releases[ADCP_LINE_COUNT]; /* generated, by enum adcp_line */

/* "3.1" */
struct str adcp_line_version(enum adcp_line line);

/* The line that serves a pin of major.minor: the highest up to it. -1: none does. */
MUST_CHECK int adcp_line_serving(int major, int minor, enum adcp_line *out);

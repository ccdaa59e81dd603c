/* What of a creative's text runs or loads, for the scans of creative_scan.h: words in a licence comment, in an alternative text or
 * in a sentence do nothing. Simple-minded like the scans: what it takes for a comment may, by a trick, be code, so whoever finds
 * something in the text that is not in its mask asks a person. */
#pragma once

#include "base/arena.h"

enum mask_kind { MASK_HTML, MASK_SCRIPT, MASK_STYLE };

/* A copy of the same length in which everything else is blanks. Linear in the length. */
struct str creative_mask(struct arena *a, struct str text, enum mask_kind kind);

/* What a look at the agent's health found: one finding a check and thing, each with how bad it is and what to do. What could
 * not be looked at is a finding, too, and never counts as well. Findings hold no secrets: they are shown to whoever works
 * here, and sent to whoever helps. */
#pragma once

#include "contract/json.h"

#define FINDINGS_MAX 500

/* From the best to the worst, but for FINDING_UNKNOWN, which is neither. */
enum finding_rank { FINDING_WELL, FINDING_UNKNOWN, FINDING_WARNING, FINDING_ERROR };
const char *finding_rank_name(enum finding_rank r); /* "well", "unknown", "warning", "error" */

struct finding {
    const char *check; /* "dns", "certificate", "rules", ...; a literal */
    enum finding_rank rank;
    struct str about; /* a publisher, a domain, an ad server, a file; may be empty */
    struct str found; /* a sentence */
    struct str remedy; /* what to do; may be empty */
};

struct findings {
    struct arena *arena;
    struct finding *item;
    size_t n, cap;
    size_t left_out; /* beyond FINDINGS_MAX */
};

/* Adds one, printf-like; finding_about and finding_remedy then speak of it. */
void finding_add(struct findings *f, enum finding_rank rank, const char *check, const char *fmt, ...) PRINTF_LIKE(4, 5);
void finding_about(struct findings *f, struct str about);
void finding_remedy(struct findings *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Those of `more`, copied behind. */
void findings_append(struct findings *f, const struct findings *more);

size_t findings_count(const struct findings *f, enum finding_rank rank);

/* [{"check", "severity", "about"?, "found", "remedy"?}], appended to `list`; and read back, what is none left out. */
void findings_write(const struct findings *f, yyjson_mut_doc *doc, yyjson_mut_val *list);
void findings_read(struct findings *f, yyjson_val *list);

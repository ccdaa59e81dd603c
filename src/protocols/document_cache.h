/* Texts made of the registry: the same for as long as the process lives, hundreds of kilobytes, and asked for by whoever
 * knows the address. So they are made once, at their first use. */
#pragma once

#include "base/arena.h"

enum cached_document {
    DOCUMENT_TOOLS,
    DOCUMENT_TOOLS_OUTLINED,
    DOCUMENT_TOOLS_FULL,
    DOCUMENT_TOOLS_READING, /* without those that change something */
    DOCUMENT_TOOLS_READING_OUTLINED,
    DOCUMENT_TOOLS_READING_FULL,
    DOCUMENT_OPENAPI,
    DOCUMENT_OPENAPI_TAG,
    DOCUMENT_OPENAPI_OPERATIONS,
    DOCUMENT_OPENAPI_OPERATIONS_TAG,
    DOCUMENT_N
};

struct document_cache {
    struct arena arena;
    bool ready; /* zeroed memory is a fresh one */
    struct str texts[DOCUMENT_N];
};

/* The text, made by `make` in an arena of its own when it is not there yet. */
struct str document_cache_text(struct document_cache *k, enum cached_document name,
                               struct str (*make)(struct arena *a, const void *arg), const void *arg);
void document_cache_finish(struct document_cache *k);

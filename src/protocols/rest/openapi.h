/* Documents made of the registry: OpenAPI 3.1 for /api/v1, and the page at /docs. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

struct str openapi_document(struct arena *a, bool sandbox);
/* The publisher's own operations: contract/operation.h. */
struct str openapi_operations(struct arena *a);
struct str docs_page(struct arena *a, bool sandbox);
/* Its part about the publisher's own operations. */
void docs_operations(struct buf *b);

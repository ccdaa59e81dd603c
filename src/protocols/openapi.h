/* Documents made of the registry: OpenAPI 3.1 for /api/v1, and the page at /docs. */
#pragma once

#include "base/arena.h"

struct str openapi_document(struct arena *a, bool sandbox);
struct str docs_page(struct arena *a, bool sandbox);

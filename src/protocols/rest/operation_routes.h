/* REST routes of the publisher's own operations, from the manifest: method and path -> operation, with the path's
 * segments, the query and the body as arguments. */
#pragma once

#include "contract/json.h"
#include "contract/operation.h"
#include "net/http.h"

#define OPERATION_SEGMENTS_MAX 3

struct operation_match {
    const struct operation *operation; /* NULL: no such path, or not for this method */
    struct str allow;                  /* then the methods it is for ("GET, HEAD, PATCH"); empty: no such path */
    struct str segments[OPERATION_SEGMENTS_MAX]; /* of "{...}" in the path, in order, still percent-encoded */
};

void operation_routes_match(struct arena *a, struct str method, struct str path, struct operation_match *out);

/* The arguments from body (an object or NULL), path and query. INVALID_REQUEST for a query parameter that the operation
 * does not have, or whose value is of another type. */
MUST_CHECK int operation_routes_args(struct http_exchange *ex, const struct operation_match *m, yyjson_val *body,
                                     yyjson_mut_doc *doc, yyjson_mut_val **args, struct err *e);

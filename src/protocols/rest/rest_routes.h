/* Resource-style routes: method and path pattern -> tool, with path segments and query parameters as arguments. */
#pragma once

#include "contract/json.h"
#include "net/http.h"

enum rest_arg_kind {
    REST_STRING,
    REST_STRINGS, /* comma-separated -> array */
    REST_INTEGER,
    REST_BOOLEAN
};

struct rest_param {
    const char *query; /* name in the URL */
    const char *arg;   /* name in the tool's arguments; "a.b" puts b into the object a */
    enum rest_arg_kind kind;
    const char *about;
};

struct rest_route {
    const char *method;
    const char *path; /* below /api/v1/; "{}" stands for one segment */
    const char *tool;
    const char *path_arg; /* argument that takes the segment; "name[]" makes a one-item array of it */
    const char *one_of;   /* array in the reply that must not be empty, else 404; NULL */
    const struct rest_param *params; /* ended by an entry without name; NULL: none */
};

extern const struct rest_route rest_routes[];
extern const size_t rest_routes_n;

struct rest_match {
    const struct rest_route *route; /* NULL: no such path, or not for this method */
    struct str allow;               /* then the methods it is for ("GET, HEAD, POST"); empty: no such path */
    struct str segment;             /* still percent-encoded */
};

void rest_routes_match(struct arena *a, struct str method, struct str path, struct rest_match *out);

/* The tool's arguments from body (an object or NULL), path segment and query. INVALID_REQUEST for a parameter that
 * is no integer or boolean. Unknown parameters are ignored. */
MUST_CHECK int rest_routes_args(struct http_exchange *ex, const struct rest_match *m, yyjson_val *body,
                                yyjson_mut_doc *doc, yyjson_mut_val **args, struct err *e);

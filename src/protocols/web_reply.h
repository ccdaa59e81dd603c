/* What GET, HEAD and OPTIONS want from every resource alike. */
#pragma once

#include "net/http.h"

/* True when the request's method is among `allow` ("GET, HEAD"); otherwise it has been answered: OPTIONS with 204,
 * anything else with 405, both naming the methods there are. */
bool web_methods_admit(struct http_exchange *ex, struct str allow);
/* OPTIONS alone, for resources that refuse other methods in words of their own. True when it was one. */
bool web_options_answered(struct http_exchange *ex, struct str allow);

/* A strong entity tag over the bytes, in its quotes. */
struct str web_tag(struct arena *a, struct str body);
/* 200 with the body and its tag (empty: it is worked out), or 304 when the client has them. */
void web_reply_tagged(struct http_exchange *ex, const char *content_type, struct str body, struct str tag);

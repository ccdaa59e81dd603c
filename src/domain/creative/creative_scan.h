/* Looking for what must not be in a creative: pure functions over text that came from a buyer, linear in its length,
 * without memory. They are deliberately simple-minded: a scanner of script text cannot prove that code is harmless, it
 * finds what is forbidden by name (the publisher's page keeps creatives in a sandboxed frame all the same). */
#pragma once

#include "base/compiler.h"

/* True when `word` occurs in `text` as whole words, ASCII letters compared without case. An empty word never does. */
bool scan_has_word(struct str text, struct str word);

/* The first forbidden construct in HTML or JavaScript ("document.write", "eval", "new Function", "javascript: URL",
 * "string timer"), or NULL. Spaces and comments between the tokens do not hide it, nor does ["write"]. */
const char *scan_forbidden_script(struct str text);

/* The first http: URL that the text would load or send to; XML namespaces and doctype names do not count.
 * False when there is none. `url` borrows from `text`. */
bool scan_insecure_url(struct str text, struct str *url);

/* The first host loaded from with https (src=, href= of link, url(), import). Call again with *at to go on; start
 * with 0. False at the end. */
MUST_CHECK bool scan_next_host(struct str text, size_t *at, struct str *host);

struct web_url {
    bool https;
    struct str host; /* without port and brackets */
};

/* An absolute http(s) URL with a host of legal characters, no credentials, no control characters or spaces.
 * Macros in braces are allowed behind the host. */
MUST_CHECK bool web_url_read(struct str text, struct web_url *out);

/* True when host is `domain` or lies below it; without case, a "www." before the domain does not matter. */
bool host_within(struct str host, struct str domain);

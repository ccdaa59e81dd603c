/* Templates of the desk, compiled at build time: scripts/gen_templates says what one looks like. A template is a table of
 * steps; values come from a view, a JSON document, and are escaped for the place where they stand. There is no step
 * that writes a value as it is. */
#pragma once

#include "admin/format.h"
#include "base/buf.h"

enum template_kind {
    TEMPLATE_LITERAL,
    TEMPLATE_TEXT, /* between tags */
    TEMPLATE_ATTRIBUTE, /* between double quotes */
    TEMPLATE_URL, /* a whole URL: http, https or relative; "#" for any other */
    TEMPLATE_URL_PART, /* one piece of a path or a query, percent-encoded */
    TEMPLATE_IF, /* a: path; jump: where to go on when it is absent, false, 0, "", [] or {} */
    TEMPLATE_IF_IS, /* b: a word that the value must be */
    TEMPLATE_IF_IS_NOT,
    TEMPLATE_JUMP,
    TEMPLATE_EACH, /* a: path of an array or object; b: the name of an item; jump: past its END */
    TEMPLATE_WITH, /* the same for one value that is there */
    TEMPLATE_END, /* jump: its EACH or WITH */
    TEMPLATE_USE,
    TEMPLATE_PAGE
};

struct template;

struct template_step {
    unsigned char kind, filter; /* enum template_kind, enum format */
    unsigned short jump;
    const char *a;
    int a_n;
    const char *b;
    const struct template *use;
};

struct template
{
    const char *name;
    const struct template_step *steps;
    int n;
};

/* Writes `frame` (its {#page} is `page`) with the values of `view`, an object. Appends to `out`. */
void template_render(const struct template *frame, const struct template *page, yyjson_val *view,
                     const struct format_how *how, struct buf *out);

/* Appends `s` as text: <, >, & and quotes escaped; control characters, and the ones that turn the direction of what
 * follows, become U+FFFD, so that a text from outside can neither be markup nor pass for another. */
void template_text(struct buf *out, struct str s);
/* Appends `s` as one percent-encoded piece of a URL. */
void template_url_part(struct buf *out, struct str s);
/* Whether `s` is a URL that may be followed from our page: http, https, or a path, query or fragment of this host. */
bool template_url_allowed(struct str s);

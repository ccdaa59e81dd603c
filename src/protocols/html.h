/* What our own pages need of HTML: text that cannot become markup, and the fields of a posted form, whether it came as
 * application/x-www-form-urlencoded or, with files, as multipart/form-data (RFC 7578). */
#pragma once

#include "base/buf.h"
#include "net/http.h"

/* Appends `s` with <, >, & and quotes escaped: right between tags and inside double-quoted attributes. */
void html_text(struct buf *b, struct str s);

/* The value of a form's field; empty when absent, malformed or too long. Of a file it is what is in it, without a byte order
 * mark. */
struct str html_form_field(struct http_exchange *ex, const char *name);

/* The next field of that name from `*rest` (the body at first) on: true when there is one; its value is empty when it is
 * malformed or too long. */
bool html_form_next(struct http_exchange *ex, struct str *rest, const char *name, struct str *value);

/* Whether every field's value is text of bounded length: the readers above give nothing for one that is not. */
bool html_form_sound(struct http_exchange *ex);

/* Text encodings of bytes: hex, base64 (RFC 4648 §4) and base64url without padding (§5), UTF-8 checking. */
#pragma once

#include "base/arena.h"

struct str hex_encode(struct arena *a, struct str bytes);
MUST_CHECK int hex_decode(struct arena *a, struct str text, struct str *bytes);
struct str base64_encode(struct arena *a, struct str bytes);
struct str base64url_encode(struct arena *a, struct str bytes);
/* Accepts either alphabet (never both mixed), padding optional but correct when present. -1 on anything else. */
MUST_CHECK int base64_decode(struct arena *a, struct str text, struct str *bytes);
/* True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(struct str s);

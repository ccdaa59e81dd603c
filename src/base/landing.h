/* Where an ad leads, as ad servers' customers write it: perhaps behind macros with which another ad server counts the click
 * ("%%CLICK_URL_UNESC%%https://a.example", "[CLICKURL]https://..."). What a macro stands for is nobody's business here: whoever
 * shows the ad counts the click itself. */
#pragma once

#include "base/arena.h"

/* `url` without the macros it begins with: %%NAME%%, [NAME], {NAME}, {{NAME}} and ${NAME}. A page that stands percent-encoded
 * behind a macro ("%%CLICK_URL_ESC%%https%3A%2F%2Fa.example", also encoded twice) is read as what it says. Empty: it is nothing
 * but macros. In the arena, or a part of `url`. */
struct str landing_page(struct arena *a, struct str url);

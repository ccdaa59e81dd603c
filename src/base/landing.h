/* Where an ad leads, as ad servers' customers write it: perhaps behind macros with which another ad server counts the click
 * ("%%CLICK_URL_UNESC%%https://a.example", "[CLICKURL]https://..."). What a macro stands for is nobody's business here: whoever
 * shows the ad counts the click itself. */
#pragma once

#include "base/compiler.h"

/* `url` without the macros it begins with: %%NAME%%, [NAME], {NAME}, {{NAME}} and ${NAME}. Empty: it is nothing but macros. */
struct str landing_page(struct str url);

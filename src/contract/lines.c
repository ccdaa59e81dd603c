/* See lines.h. */
#include "contract/lines.h"

struct str adcp_line_version(enum adcp_line line)
{
    return str_from(adcp_releases[line].line);
}

int adcp_line_serving(int major, int minor, enum adcp_line *out)
{
    int found = -1;
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        if (adcp_releases[line].major != major || adcp_releases[line].minor > minor) continue;
        *out = (enum adcp_line)line;
        found = 0;
    }
    return found;
}

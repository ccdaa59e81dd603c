/* See lines.h. */
#include "contract/lines.h"

#include <stdlib.h>

struct str adcp_line_version(enum adcp_line line)
{
    return str_from(adcp_releases[line].line);
}

int adcp_line_serving(int major, int minor, enum adcp_line *out)
{
    int found = -1;
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        char *rest;
        long served_major = strtol(adcp_releases[line].line, &rest, 10);
        if (served_major != major || strtol(rest + 1, NULL, 10) > minor) continue;
        *out = (enum adcp_line)line;
        found = 0;
    }
    return found;
}

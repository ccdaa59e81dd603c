/* `salesagent publisher add|list|disable|enable|remove`: publishers that come and go, done on the database itself, whether an
 * agent serves it or not. The other verbs of `publisher` are the manifest's. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_publisher;

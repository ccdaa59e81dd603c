/* `salesagent reload`: the running agent reads its configuration again; SIGHUP does the same. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_reload;

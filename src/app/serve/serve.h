/* `salesagent serve`: the agent on a libuv loop with its listeners. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_serve;

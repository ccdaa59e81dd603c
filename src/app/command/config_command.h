/* `salesagent config`: the settings, where each comes from, and whether they can be used. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_config;

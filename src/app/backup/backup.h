/* The command `backup`: a copy of the database while the agent goes on. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_backup;

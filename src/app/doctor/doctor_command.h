/* `salesagent doctor`: everything that can be wrong, looked at from the command line, with and without a running agent. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_doctor;

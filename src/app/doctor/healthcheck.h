/* `salesagent healthcheck`: is the agent of this data directory ready? For containers, scripts and cron. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_healthcheck;

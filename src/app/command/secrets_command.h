/* salesagent secrets: the keys that seal the ad servers' credentials (seal_keys.h). */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_secrets;

/* The command `init`: from nothing to an agent that answers get_products, without a file. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_init;

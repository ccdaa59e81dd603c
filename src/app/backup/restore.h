/* The command `restore`: a backup becomes the database of a data directory, with its jobs held. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_restore;

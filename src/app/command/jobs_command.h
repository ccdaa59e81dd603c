/* The command `jobs`: holds and releases what is sent, of the whole installation. */
#pragma once

#include "cli/cli.h"

extern const struct cli_command command_jobs;

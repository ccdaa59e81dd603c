/* The command line: `salesagent COMMAND [ARGUMENT...]`. */
#pragma once

#include "cli/cli.h"

/* Finds the command among these and those of the manifest, answers --help, --version, `completion` and `manual`, runs it. */
int cli_main(int argc, char **argv, const struct cli_command *commands, size_t n);

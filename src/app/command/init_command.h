/* The command `init`: from nothing to an agent that answers get_products, without a file. */
#pragma once

#include "cli/cli.h"

/* `publisher add`: the same for another publisher beside those that are there. argv[0] is "add". */
int init_add_publisher(int argc, char **argv);

extern const struct cli_command command_init;

/* Publishers' data in and out of a database: the commands import and export, and the demo publisher that an empty
 * sandbox gets (data/demo-*.json, embedded at build time). */
#pragma once

#include "cli/cli.h"
#include "store/store.h"

#define PUBLISHER_DEMO_TOKEN "test-token" /* speaks the tutorial's shape unless it shows another */
#define PUBLISHER_ADCP_TOKEN "adcp-token" /* speaks AdCP 3 */

/* Imports the demo publisher when the database holds no publisher at all. */
MUST_CHECK int publisher_data_add_demo(struct store *s, struct loop *loop, struct err *e);

/* Imports one file's text as salesagent import does; a publisher that is not there is made. */
MUST_CHECK int publisher_data_import(struct store *s, struct loop *loop, struct str text, struct err *e);

/* True when the demo buyer's token is known here. */
bool publisher_data_is_demo(struct store *s);
/* It was made for a sandbox: its tokens and keys (data/demo-judges.json, an administrator's among them) are in public test kits. */
bool publisher_data_is_judged(struct store *s);

extern const struct cli_command command_import, command_export;

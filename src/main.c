/* argv -> command; no logic. */
#include "app/backup/backup.h"
#include "app/command/config_command.h"
#include "app/doctor/doctor_command.h"
#include "app/doctor/healthcheck.h"
#include "app/command/init_command.h"
#include "app/command/jobs_command.h"
#include "app/command/publisher_data.h"
#include "app/publishers/publisher_command.h"
#include "app/serve/reload.h"
#include "app/command/secrets_command.h"
#include "app/backup/restore.h"
#include "app/serve/serve.h"
#include "cli/commands.h"

/* One a line, in the order of the list of commands; those of the manifest follow. */
static const struct cli_command *const all[] = {
    &command_init,   &command_serve,   &command_config,    &command_reload, &command_healthcheck,
    &command_doctor, &command_import,  &command_export,    &command_backup, &command_restore,
    &command_jobs,   &command_secrets, &command_publisher, &command_call,
};

int main(int argc, char **argv)
{
    struct cli_command commands[ARRAY_LEN(all)];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) commands[i] = *all[i];
    return cli_main(argc, argv, commands, ARRAY_LEN(all));
}

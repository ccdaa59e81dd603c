/* See renamed.h. */
#include "tools/core/renamed.h"

#include <stdio.h>
#include <string.h>

int renamed_error(const struct renamed *names, size_t n, struct err *e)
{
    char field[ERR_FIELD_MAX];
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(names[i].theirs);
        bool fits = strncmp(e->field, names[i].theirs, length) == 0;
        if (!fits || (e->field[length] != '\0' && e->field[length] != '/')) continue;
        (void)snprintf(field, sizeof(field), "%s%s", names[i].ours, e->field + length); /* as long as a field may be */
        return err_field(e, "%s", field);
    }
    return -1;
}

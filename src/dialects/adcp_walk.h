/* What the projections to older lines of AdCP share: walking a canonical reply. */
#pragma once

#include "dialects/dialect.h"

/* Calls f for every object of the list obj[key], when there is one. */
void adcp_each(yyjson_mut_val *obj, const char *key, void (*f)(yyjson_mut_doc *, yyjson_mut_val *),
               yyjson_mut_doc *doc);

/* Rewords the code of every error of a reply, of the call's and of its items', and takes the recovery class from the
 * line. `older` answers with the code itself where the line has it. */
void adcp_reword_errors(yyjson_mut_doc *doc, yyjson_mut_val *reply, enum adcp_line line,
                        const char *(*older)(const char *code));

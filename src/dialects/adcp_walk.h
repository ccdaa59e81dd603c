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

/* Is it one of `words` (ends with NULL)? */
bool adcp_among(yyjson_mut_val *v, const char *const *words);

/* Drops from a list of words those that are among `words` (ends with NULL), or those that are not. */
enum adcp_keep { ADCP_KEEP_OTHERS, ADCP_KEEP_THESE };
void adcp_filter_words(yyjson_mut_val *list, const char *const *words, enum adcp_keep keep);

/* Drops a member of every brand, wherever one is shown. What is the caller's own is echoed as it came. */
void adcp_drop_of_brands(yyjson_mut_val *reply, const char *member);

/* Drops words from what an account is told of; a registration without any word left is not shown. */
void adcp_notification_words(yyjson_mut_val *account, const char *const *words);

/* Drops words, and what is of a type that is among them, from the lists of a collection list's filters and sources; no list
 * stays empty, and no source without what it named. */
void adcp_drop_of_collections(yyjson_mut_val *list, const char *const *words);

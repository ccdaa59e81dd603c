/* Fetches lists that other agents keep (domain/buyer/remote_list.h), page by page: get_property_list or get_collection_list as
 * an MCP client, with the reference's token as the bearer.
 *
 *     all pages              the entries are kept until cache_valid_until: at least a minute, at most a week
 *     no answer, 5xx, 429    again, a few times within ten seconds; then "unreachable"
 *     the tool refuses, 401, 403, 404   "denied"
 *     anything else, or more than REMOTE_LIST_ENTRIES_MAX entries   "unreadable" */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind remote_list_kind;

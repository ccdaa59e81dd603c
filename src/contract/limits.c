/* See limits.h. */
#include "contract/limits.h"

#include "contract/json.h"

/* clang-format off: a table */
const struct json_limits json_limits_own = { .bytes_max = SIZE_MAX / 4,
                                             .depth_max = JSON_DEPTH_HARD,
                                             .nodes_max = SIZE_MAX / 4 },
                         json_limits_request = { .bytes_max = REQUEST_BYTES_MAX,
                                                 .depth_max = REQUEST_DEPTH_MAX,
                                                 .nodes_max = REQUEST_NODES_MAX },
                         json_limits_value = { .bytes_max = 64 << 10, .depth_max = 32, .nodes_max = 20000 },
                         json_limits_scalar = { .bytes_max = 64, .depth_max = 1, .nodes_max = 1 },
                         json_limits_settings = { .bytes_max = 256 << 10, .depth_max = 32, .nodes_max = 20000 },
                         json_limits_import = { .bytes_max = 256u << 20,
                                                .depth_max = 64,
                                                .nodes_max = 20 * 1000 * 1000 },
                         json_limits_export = { .bytes_max = 1u << 30, .depth_max = 80, .nodes_max = 40 * 1000 * 1000 },
                         json_limits_note = { .bytes_max = 1 << 20, .depth_max = 8, .nodes_max = 10000 },
                         json_limits_answer = { .bytes_max = 4 << 20, .depth_max = 32, .nodes_max = 200000 },
                         json_limits_list = { .bytes_max = REPLY_BYTES_MAX, .depth_max = 64, .nodes_max = 2000000 },
                         json_limits_feed = { .bytes_max = SIZE_MAX / 4, .depth_max = 32, .nodes_max = 2000000 },
                         json_limits_item = { .bytes_max = 1 << 20, .depth_max = JSON_DEPTH_HARD, .nodes_max = 100000 };
/* clang-format on */

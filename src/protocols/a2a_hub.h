/* The streams that wait for a task to change. */
#pragma once

#include "base/list.h"
#include "run/loop.h"

#define A2A_STREAMS_MAX 1000

struct a2a_hub {
    struct list streams;
    size_t streams_n;
    struct timer tick;
    uint64_t seen; /* store generation at the last look */
    int64_t alive_at; /* when the last keep-alive was written */
};

/* A tool that is another tool in other words: an error of the other one names the member as this one's caller wrote it. */
#pragma once

#include <salesagent/err.h>

struct renamed {
    const char *theirs, *ours; /* JSON Pointers; what lies below goes along. The first that fits counts */
};

/* Always -1. */
int renamed_error(const struct renamed *names, size_t n, struct err *e);

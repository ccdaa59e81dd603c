/* The migrations, embedded at build time from migrations/NNNN_name.sql in the order of their names. */
#pragma once

struct migration {
    const char *name;
    const char *sql;
};

extern const struct migration migrations[];
extern const int migrations_n;

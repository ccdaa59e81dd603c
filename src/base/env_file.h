/* Files of KEY=VALUE lines, read as systemd reads an EnvironmentFile= (systemd.exec(5)), so that one file
 * serves both:
 *
 *     # a comment; so is a line that begins with ';'
 *     listen=0.0.0.0:443 agent desk
 *     name="with \"quotes\", \\ and spaces"   'or single ones, literally'
 *     long=begins here \
 *          and goes on
 *
 * Blanks around the value are dropped, a backslash outside single quotes takes the next character literally,
 * and a backslash at the end of a line joins it to the next. */
#pragma once

#include "base/arena.h"

struct env_reader {
    struct arena *arena;
    struct str text; /* what is left */
    int line;        /* of the next character, from 1 */
};

struct env_line {
    struct str key, value; /* in the arena; the value is NUL-terminated, too */
    int line;
};

/* `text` must outlive the reader. */
struct env_reader env_reader_start(struct arena *a, struct str text);

/* 1: a line, 0: the end, -1: a line that is none (CONFIGURATION_ERROR; `line` of *out is set, and reading may
 * go on). */
MUST_CHECK int env_reader_next(struct env_reader *r, struct env_line *out, struct err *e);

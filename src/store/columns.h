/* The columns of a row as one list, from which everything about them is made: the names in a SELECT, the marks of an INSERT, the
 * assignments of an UPDATE, reading and binding. So no column is counted by hand, and none can be taken for its neighbour.
 *
 *     #define LINK_COLUMNS(FIRST, NEXT) FIRST(link_id, text) NEXT(doc, json) NEXT(used_at, time)
 *     COLUMNS_READER(read_link, struct link_row, LINK_COLUMNS)
 *     COLUMNS_BINDER(bind_link, struct link_row, LINK_COLUMNS)
 *
 *     stmt_get(tx, "SELECT " COLUMN_NAMES(LINK_COLUMNS) " FROM link WHERE ...");   then   read_link(s, arena, 0, &row);
 *     stmt_get(tx, "INSERT INTO link (" COLUMN_NAMES(LINK_COLUMNS) ") VALUES (" COLUMN_MARKS(LINK_COLUMNS) ")");
 *     stmt_get(tx, "UPDATE link SET " COLUMN_SETS(LINK_COLUMNS) " WHERE ...");     then   bind_link(s, 1, &row);
 *
 * A column is called as its field. Each entry is its name and one of the types below; one that is not its field's does not
 * compile. What is written once and what changes later are two lists. */
#pragma once

#include <string.h>

#include "store/stmt.h"

#define COLUMN_NAME_FIRST(name, type) #name
#define COLUMN_NAME_NEXT(name, type)  ", " #name
#define COLUMN_NAMES(list)            list(COLUMN_NAME_FIRST, COLUMN_NAME_NEXT)

#define COLUMN_MARK_FIRST(name, type) "?"
#define COLUMN_MARK_NEXT(name, type)  ", ?"
#define COLUMN_MARKS(list)            list(COLUMN_MARK_FIRST, COLUMN_MARK_NEXT)

#define COLUMN_SET_FIRST(name, type) #name " = ?"
#define COLUMN_SET_NEXT(name, type)  ", " #name " = ?"
#define COLUMN_SETS(list)            list(COLUMN_SET_FIRST, COLUMN_SET_NEXT)

/* Reads the columns of the current row from number `i` on; returns the number behind them. */
#define COLUMN_READ(name, type) column_read_##type(s, a, i++, &out->name);
#define COLUMNS_READER(function, row, list)                                                                            \
    static int function(struct stmt *s, struct arena *a, int i, row *out)                                              \
    {                                                                                                                  \
        (void)a;                                                                                                       \
        list(COLUMN_READ, COLUMN_READ) return i;                                                                       \
    }

/* Binds them from parameter `i` on; returns the number behind them. */
#define COLUMN_BIND(name, type) column_bind_##type(s, i++, &from->name);
#define COLUMNS_BINDER(function, row, list)                                                                            \
    static int function(struct stmt *s, int i, const row *from)                                                        \
    {                                                                                                                  \
        list(COLUMN_BIND, COLUMN_BIND) return i;                                                                       \
    }

/* ---- the types ---- */

/* struct str; empty text for none */
static inline void column_read_text(struct stmt *s, struct arena *a, int i, struct str *out)
{
    *out = col_str(s, a, i);
}
static inline void column_bind_text(struct stmt *s, int i, const struct str *v)
{
    stmt_str(s, i, *v);
}

/* struct str; NULL for none */
static inline void column_read_text_or_null(struct stmt *s, struct arena *a, int i, struct str *out)
{
    *out = col_str(s, a, i);
}
static inline void column_bind_text_or_null(struct stmt *s, int i, const struct str *v)
{
    stmt_str_or_null(s, i, v->n ? *v : STR_NONE);
}

/* struct str, a JSON object; {} for none */
static inline void column_read_json(struct stmt *s, struct arena *a, int i, struct str *out)
{
    *out = col_str(s, a, i);
}
static inline void column_bind_json(struct stmt *s, int i, const struct str *v)
{
    stmt_str(s, i, v->n ? *v : STR("{}"));
}

/* int64_t */
static inline void column_read_number(struct stmt *s, struct arena *a, int i, int64_t *out)
{
    (void)a;
    *out = col_i64(s, i);
}
static inline void column_bind_number(struct stmt *s, int i, const int64_t *v)
{
    stmt_i64(s, i, *v);
}

/* int64_t from 0 on; -1 is none, and NULL in the store */
static inline void column_read_count(struct stmt *s, struct arena *a, int i, int64_t *out)
{
    (void)a;
    *out = col_is_null(s, i) ? -1 : col_i64(s, i);
}
static inline void column_bind_count(struct stmt *s, int i, const int64_t *v)
{
    if (*v < 0) stmt_null(s, i);
    else stmt_i64(s, i, *v);
}

/* int64_t; TIME_NONE is none, and NULL in the store */
static inline void column_read_time(struct stmt *s, struct arena *a, int i, int64_t *out)
{
    (void)a;
    *out = col_time(s, i);
}
static inline void column_bind_time(struct stmt *s, int i, const int64_t *v)
{
    stmt_time(s, i, *v);
}

/* bool */
static inline void column_read_flag(struct stmt *s, struct arena *a, int i, bool *out)
{
    (void)a;
    *out = col_i64(s, i) != 0;
}
static inline void column_bind_flag(struct stmt *s, int i, const bool *v)
{
    stmt_i64(s, i, *v);
}

/* char[4]; empty where what is stored is no currency, which the reader of the row tells as damaged */
static inline void column_read_currency(struct stmt *s, struct arena *a, int i, char (*out)[4])
{
    struct str text = col_str(s, a, i);
    memset(*out, 0, sizeof(*out));
    if (text.n == 3) memcpy(*out, text.p, 3);
}
static inline void column_bind_currency(struct stmt *s, int i, const char (*v)[4])
{
    stmt_str(s, i, str_from(*v));
}

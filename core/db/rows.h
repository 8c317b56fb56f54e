/* What is behind struct bl_rows: between db.c, which fills it, and values.c, which reads it. */
#ifndef DB_ROWS_H
#define DB_ROWS_H

#include "base/arena.h"
#include <libpq-fe.h>

struct bl_rows {
    PGresult *result;
    struct arena *arena;
};

#endif

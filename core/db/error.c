#include "db/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
    for (size_t n = strlen(out); n > 0 && out[n - 1] == '\n'; n--)
        out[n - 1] = '\0';
}

void db_error_set(struct db_error *e, const char *state, const char *message, size_t index)
{
    memset(e, 0, sizeof *e);
    copy(e->state, sizeof e->state, state);
    copy(e->message, sizeof e->message, message);
    e->index = (int)index;
}

void db_error_take(struct db_error *e, const PGresult *result, size_t index)
{
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    db_error_set(e, PQresultErrorField(result, PG_DIAG_SQLSTATE), primary ? primary : PQresultErrorMessage(result), index);
    copy(e->detail, sizeof e->detail, PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
    copy(e->hint, sizeof e->hint, PQresultErrorField(result, PG_DIAG_MESSAGE_HINT));
    copy(e->constraint, sizeof e->constraint, PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
    copy(e->schema, sizeof e->schema, PQresultErrorField(result, PG_DIAG_SCHEMA_NAME));
    copy(e->table, sizeof e->table, PQresultErrorField(result, PG_DIAG_TABLE_NAME));
    copy(e->column, sizeof e->column, PQresultErrorField(result, PG_DIAG_COLUMN_NAME));
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    e->position = position ? (int)strtol(position, NULL, 10) : 0;
}

/* The connection lives in libpq's pipeline mode; what is queued is kept here until the flush (pending.h). */
#include "db/db.h"
#include "base/aside.h"
#include "base/ids.h"
#include "base/log.h"
#include "db/error.h"
#include "db/pending.h"
#include "db/rows.h"
#include "db/statements.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKOFF_FIRST 10000 /* microseconds */
#define BACKOFF_LAST 1000000
#define SHORT 20      /* milliseconds that reads are done in, also when the processors are busy */
#define FRESH 1000    /* microseconds that an answer speaks for the connection */
#define SILENCE 30000 /* milliseconds without a byte from the server: well over ballium_app's statement_timeout */
#define BINARY 1
#define UUID 2950 /* pg_type.oid */

/* What the server will answer, in order. */
enum answer_kind { ANSWER_PREPARE, ANSWER_DESCRIBE, ANSWER_DEALLOCATE, ANSWER_EXECUTE };
struct answer {
    enum answer_kind kind;
    size_t index;                /* of the queued statement */
    struct statement *statement; /* PREPARE: forgotten again when it fails; DESCRIBE: whose parameters are told */
};

struct db {
    PGconn *conn; /* NULL: not connected */
    char *conninfo;
    bool prepared;
    bool stale; /* the server may hold statements that `statements` does not know: DEALLOCATE ALL when idle */
    int64_t backoff, next_try, heard; /* heard: when the server last answered */
    uint64_t flushes;
    struct pending pending;
    struct answer *answers;
    size_t answer_count, answer_room;
    struct statements statements;
    struct db_error error;
};

struct db *db_new(const char *conninfo, bool prepared)
{
    struct db *db = calloc(1, sizeof *db);
    if (!db)
        return NULL;
    db->conninfo = strdup(conninfo);
    if (!db->conninfo) {
        free(db);
        return NULL;
    }
    db->prepared = prepared;
    db->backoff = BACKOFF_FIRST;
    db_statements_init(&db->statements);
    return db;
}

static void disconnect(struct db *db)
{
    if (!db->conn)
        return;
    PQfinish(db->conn);
    db->conn = NULL;
    db->stale = false;
    db_statements_clear(&db->statements);
}

void db_free(struct db *db)
{
    if (!db)
        return;
    disconnect(db);
    db_pending_free(&db->pending);
    free(db->answers);
    free(db->conninfo);
    free(db);
}

bool db_connected(const struct db *db)
{
    return db->conn && PQstatus(db->conn) == CONNECTION_OK;
}

int db_fd(const struct db *db)
{
    return db->conn ? PQsocket(db->conn) : -1;
}

const struct db_error *db_error(const struct db *db)
{
    return &db->error;
}

/* Always returns BL_UNAVAILABLE. */
static enum bl_status lose(struct db *db, const char *why)
{
    struct db_error error;
    db_error_set(&error, "08006", why, 0); /* before the connection goes, which `why` may belong to */
    disconnect(db);
    db->error = error;
    log_write(LOG_WARN, "db_lost", "%s", error.message);
    return BL_UNAVAILABLE;
}

/* ---- connecting ---- */

static void on_notice(void *arg, const char *message)
{
    (void)arg;
    log_write(LOG_DEBUG, "db_notice", "%s", message);
}

static bool connect_now(struct db *db)
{
    /* What stands before dbname is a default: the conninfo has the last word. */
    static const char *const names[] = {"connect_timeout", "client_encoding", "fallback_application_name", "dbname", NULL};
    const char *const values[] = {"3", "UTF8", "ballium", db->conninfo, NULL};
    PGconn *conn = PQconnectdbParams(names, values, 1);
    /* Non-blocking, so that a full socket never stops us from reading: else both ends of a pipeline could wait for the other. */
    bool good = conn && PQstatus(conn) == CONNECTION_OK && PQsetnonblocking(conn, 1) == 0 && PQenterPipelineMode(conn) == 1;
    if (!good) {
        db_error_set(&db->error, "08001", conn ? PQerrorMessage(conn) : "out of memory", 0);
        log_write(LOG_WARN, "db_connect", "%s", db->error.message);
        PQfinish(conn);
        return false;
    }
    PQsetNoticeProcessor(conn, on_notice, NULL);
    db->conn = conn;
    return true;
}

static void connect_with_backoff(struct db *db)
{
    int64_t now = clock_monotonic();
    if (now < db->next_try)
        return;
    if (connect_now(db)) {
        db->backoff = BACKOFF_FIRST;
        db->next_try = 0;
        return;
    }
    db->next_try = clock_monotonic() + db->backoff;
    db->backoff = db->backoff * 2 < BACKOFF_LAST ? db->backoff * 2 : BACKOFF_LAST;
}

/* A server has nothing to say on an idle connection but that it goes away. One that answered a moment ago is not asked: going
 * away right now is no different from going away in the middle of the next statement. */
static bool spoke_while_idle(const struct db *db)
{
    if (clock_monotonic() - db->heard < FRESH)
        return false;
    struct pollfd fd = {.fd = PQsocket(db->conn), .events = POLLIN | POLLRDHUP};
    return poll(&fd, 1, 0) != 0;
}

/* ---- sending ---- */

void db_queue(struct db *db, const char *sql, const char *const *args, int nargs)
{
    if (db->pending.count == 0)
        db_error_set(&db->error, "", "", 0);
    db_pending_add(&db->pending, sql, args, nargs);
}

static void expect(struct db *db, enum answer_kind kind, size_t index, struct statement *statement)
{
    db->answers[db->answer_count++] = (struct answer){.kind = kind, .index = index, .statement = statement};
}

/* Sends a Parse for a text that this connection has not seen, asks for the types of its parameters, and drops the oldest
 * statement when there are too many. `out` stays NULL when every slot is in use by this very flush: the statement then goes
 * unnamed. */
static bool prepare(struct db *db, size_t index, struct statement **out)
{
    const char *text = db_pending_text(&db->pending, index);
    struct statement *surplus = db_statements_surplus(&db->statements, db->flushes);
    if (surplus) {
        char sql[40];
        snprintf(sql, sizeof sql, "DEALLOCATE %s", surplus->name);
        db_statements_remove(&db->statements, surplus);
        if (!PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, BINARY))
            return false;
        expect(db, ANSWER_DEALLOCATE, index, NULL);
    }
    struct statement *s = db_statements_add(&db->statements, text, db->pending.statements[index].length);
    if (!s)
        return true;
    if (!PQsendPrepare(db->conn, s->name, text, 0, NULL))
        return false;
    expect(db, ANSWER_PREPARE, index, s);
    if (db->pending.statements[index].nargs > 0) {
        if (!PQsendDescribePrepared(db->conn, s->name))
            return false;
        expect(db, ANSWER_DESCRIBE, index, s);
    }
    *out = s;
    return true;
}

static bool send_statement(struct db *db, size_t index)
{
    const struct pending_statement *p = &db->pending.statements[index];
    const char *text = db_pending_text(&db->pending, index);
    struct statement *s = NULL;
    if (db->prepared) {
        s = db_statements_find(&db->statements, text, p->length);
        if (!s && !prepare(db, index, &s))
            return false;
    }
    const struct arguments *a = db_pending_arguments(&db->pending, index, s ? s->uuids : 0);
    if (!a)
        return false;
    int sent;
    if (s) {
        s->used = db->flushes;
        sent = PQsendQueryPrepared(db->conn, s->name, p->nargs, a->values, a->lengths, a->formats, BINARY);
    } else {
        sent = PQsendQueryParams(db->conn, text, p->nargs, NULL, a->values, a->lengths, a->formats, BINARY);
    }
    if (sent)
        expect(db, ANSWER_EXECUTE, index, NULL);
    return sent;
}

static int wait_at_most(PGconn *conn, short events, int milliseconds)
{
    struct pollfd fd = {.fd = PQsocket(conn), .events = events};
    int ready;
    do
        ready = poll(&fd, 1, milliseconds);
    while (ready < 0 && errno == EINTR);
    return ready;
}

static bool wait_for(PGconn *conn, short events)
{
    int ready = wait_at_most(conn, events, SHORT);
    if (ready == 0) {
        aside();
        ready = wait_at_most(conn, events, SILENCE);
    }
    return ready > 0;
}

static bool send_all(struct db *db)
{
    db->flushes++;
    db->answer_count = 0;
    size_t need = 4 * db->pending.count;
    if (need > db->answer_room) {
        struct answer *larger = realloc(db->answers, need * sizeof *larger);
        if (!larger)
            return false;
        db->answers = larger;
        db->answer_room = need;
    }
    for (size_t i = 0; i < db->pending.count; i++)
        if (!send_statement(db, i))
            return false;
    if (!PQpipelineSync(db->conn))
        return false;
    for (;;) {
        int left = PQflush(db->conn);
        if (left <= 0)
            return left == 0;
        if (!wait_for(db->conn, POLLIN | POLLOUT) || !PQconsumeInput(db->conn))
            return false;
    }
}

/* ---- receiving ---- */

static PGresult *take(struct db *db)
{
    while (PQisBusy(db->conn))
        if (!wait_for(db->conn, POLLIN) || !PQconsumeInput(db->conn))
            return NULL;
    return PQgetResult(db->conn);
}

/* COMMIT of a transaction that had failed "succeeds" with the tag ROLLBACK: nobody may take that for a commit. */
static bool rolled_back_instead(const struct db *db, PGresult *result, size_t index)
{
    return strcmp(PQcmdStatus(result), "ROLLBACK") == 0 && strncasecmp(db_pending_text(&db->pending, index), "ROLLBACK", 8) != 0;
}

/* PostgreSQL reads a uuid much faster from its 16 bytes than from its text. */
static void learn_parameters(struct statement *s, const PGresult *told)
{
    int count = PQnparams(told);
    for (int i = 0; i < count && i < 64; i++)
        if (PQparamtype(told, i) == UUID)
            s->uuids |= UINT64_C(1) << i;
}

/* One result: keeps it in `rows`, or frees it. */
static enum bl_status settle(struct db *db, const struct answer *a, PGresult *result, struct bl_rows *rows)
{
    ExecStatusType got = PQresultStatus(result);
    bool good = got == PGRES_TUPLES_OK || got == PGRES_COMMAND_OK || got == PGRES_EMPTY_QUERY;
    enum bl_status status = BL_OK;

    if (!good) {
        status = BL_INTERNAL;
        if (got != PGRES_PIPELINE_ABORTED)
            db_error_take(&db->error, result, a->index);
        if (a->kind == ANSWER_PREPARE)
            db_statements_remove(&db->statements, a->statement);
        if (a->kind == ANSWER_DEALLOCATE)
            db->stale = true;
    } else if (a->kind == ANSWER_EXECUTE && rolled_back_instead(db, result, a->index)) {
        status = BL_INTERNAL;
        db_error_set(&db->error, "25P02", "the transaction had failed before it was committed", a->index);
    }
    if (status == BL_OK && a->kind == ANSWER_DESCRIBE)
        learn_parameters(a->statement, result);
    if (status == BL_OK && a->kind == ANSWER_EXECUTE && rows)
        rows[a->index].result = result;
    else
        PQclear(result);
    return status;
}

static enum bl_status receive_all(struct db *db, struct bl_rows *rows)
{
    enum bl_status status = BL_OK;
    for (size_t i = 0; i < db->answer_count; i++) {
        PGresult *result = take(db);
        if (!result)
            return BL_UNAVAILABLE;
        enum bl_status one = settle(db, &db->answers[i], result, status == BL_OK ? rows : NULL);
        if (status == BL_OK)
            status = one;
        PGresult *end = take(db); /* the NULL after each statement's result */
        if (end || PQstatus(db->conn) != CONNECTION_OK) {
            PQclear(end);
            return BL_UNAVAILABLE;
        }
    }
    PGresult *sync = take(db);
    bool synced = PQresultStatus(sync) == PGRES_PIPELINE_SYNC;
    PQclear(sync);
    db->heard = clock_monotonic();
    return synced ? status : BL_UNAVAILABLE;
}

/* The server no longer knows, or can no longer run, a statement that was prepared before (a migration changed its table). */
static bool plan_is_stale(const struct db_error *e)
{
    return strcmp(e->state, "26000") == 0 || (strcmp(e->state, "0A000") == 0 && strstr(e->message, "cached plan"));
}

static enum bl_status exchange(struct db *db, struct bl_rows *rows)
{
    enum bl_status status = send_all(db) ? receive_all(db, rows) : BL_UNAVAILABLE;
    if (status == BL_UNAVAILABLE) {
        /* The server's last words, such as "terminating connection due to administrator command", tell more than the lost socket.
         */
        const char *why = PQstatus(db->conn) == CONNECTION_OK ? "PostgreSQL does not answer" : PQerrorMessage(db->conn);
        return lose(db, *db->error.message ? db->error.message : why);
    }
    if (status == BL_INTERNAL && plan_is_stale(&db->error)) {
        db_statements_clear(&db->statements);
        db->stale = true;
    }
    return status;
}

struct batch {
    size_t count;
    struct bl_rows rows[];
};

static void batch_clear(void *arg)
{
    struct batch *batch = arg;
    for (size_t i = 0; i < batch->count; i++) {
        PQclear(batch->rows[i].result);
        batch->rows[i].result = NULL;
    }
}

/* A statement of our own, without touching what is pending or the error that led here. When it fails the connection goes. */
static void command(struct db *db, const char *sql)
{
    struct pending kept = db->pending;
    struct db_error error = db->error;
    db->pending = (struct pending){.count = 0};
    db_pending_add(&db->pending, sql, NULL, 0);
    if (db->pending.failed || exchange(db, NULL) != BL_OK)
        disconnect(db);
    db_pending_free(&db->pending);
    db->pending = kept;
    db->error = error;
}

static void end_transaction(struct db *db)
{
    PGTransactionStatusType state = PQtransactionStatus(db->conn); /* UNKNOWN without a connection */
    if (state == PQTRANS_INTRANS || state == PQTRANS_INERROR)
        command(db, "ROLLBACK");
    else if (state != PQTRANS_IDLE)
        disconnect(db);
}

void db_rollback(struct db *db)
{
    db_pending_clear(&db->pending);
    end_transaction(db);
}

enum bl_status db_ready(struct db *db)
{
    db_rollback(db);
    if (db->conn && spoke_while_idle(db)) {
        log_write(LOG_INFO, "db_lost", "the server closed an idle connection");
        disconnect(db);
    }
    if (db->conn && db->stale) {
        db->stale = false;
        command(db, "DEALLOCATE ALL");
        db_statements_clear(&db->statements);
    }
    if (!db->conn)
        connect_with_backoff(db);
    return db->conn ? BL_OK : BL_UNAVAILABLE;
}

/* A stale plan is nobody's fault: when the whole transaction is in this flush, it is simply sent again. */
static bool may_repeat(const struct db *db, const struct batch *batch, bool began_idle)
{
    if (!began_idle || !db->stale || !plan_is_stale(&db->error))
        return false;
    for (size_t i = 0; i < batch->count && batch->rows[i].result; i++)
        if (strcmp(PQcmdStatus(batch->rows[i].result), "COMMIT") == 0)
            return false;
    return true;
}

enum bl_status db_flush(struct db *db, struct arena *arena, struct bl_rows **out)
{
    size_t count = db->pending.count;
    /* All memory first: the arena may jump out of here when it is full, and must not do so with answers under way. */
    struct batch *batch = arena_alloc(arena, sizeof *batch + count * sizeof batch->rows[0]);
    batch->count = count;
    arena_defer(arena, batch_clear, batch);
    for (size_t i = 0; i < count; i++) {
        batch->rows[i].arena = arena;
        out[i] = NULL;
    }

    enum bl_status status = BL_OK;
    if (db->pending.failed) {
        db_error_set(&db->error, "53200", "out of memory", 0);
        status = BL_UNAVAILABLE;
    } else if (!db->conn) {
        db_error_set(&db->error, "08003", "not connected", 0);
        status = BL_UNAVAILABLE;
    } else if (count > 0) {
        bool began_idle = PQtransactionStatus(db->conn) == PQTRANS_IDLE;
        status = exchange(db, batch->rows);
        if (status == BL_INTERNAL && may_repeat(db, batch, began_idle)) {
            batch_clear(batch);
            end_transaction(db);
            db_error_set(&db->error, "", "", 0);
            status = db->conn ? exchange(db, batch->rows) : BL_UNAVAILABLE;
        }
    }
    for (size_t i = 0; i < count && batch->rows[i].result; i++)
        out[i] = &batch->rows[i];
    db_pending_clear(&db->pending);
    return status;
}

bool db_script(struct db *db, const char *sql)
{
    if (!db->conn) {
        db_error_set(&db->error, "08003", "not connected", 0);
        return false;
    }
    db_error_set(&db->error, "", "", 0);
    db_pending_clear(&db->pending);
    PQexitPipelineMode(db->conn); /* local: nothing is under way */
    PGresult *result = PQexec(db->conn, sql);
    ExecStatusType got = PQresultStatus(result);
    bool good = got == PGRES_COMMAND_OK || got == PGRES_TUPLES_OK || got == PGRES_EMPTY_QUERY;
    if (!good)
        db_error_take(&db->error, result, 0);
    PQclear(result);
    if (PQstatus(db->conn) != CONNECTION_OK || !PQenterPipelineMode(db->conn))
        lose(db, PQerrorMessage(db->conn));
    return good;
}

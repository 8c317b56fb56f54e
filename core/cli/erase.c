#include "cli/erase.h"

#include "base/ids.h"
#include "cli/cli.h"

#include <string.h>
#include <strings.h>

struct erasing {
    struct db *db; /* the worker's role, which may go on as the serving one: the owner sees no organisation's rows */
    struct arena *arena;
    const char *reason;
    long long records, events;
};

static bool ask(struct erasing *e, const char *sql, const char *const *args, int nargs, struct bl_rows **rows)
{
    db_queue(e->db, sql, args, nargs);
    if (db_flush(e->db, e->arena, rows) == BL_OK)
        return true;
    fprintf(stderr, "ballium: %s\n", db_error(e->db)->message);
    return false;
}

static bool forget(struct erasing *e, const char *person, const char *tenant, const char *slug)
{
    struct bl_rows *rows;
    char event[UUID_TEXT];
    uuid_v7(event);
    if (!ask(e, "SELECT set_config('ballium.tenant', $1, true)", &tenant, 1, &rows) ||
        !ask(e,
             "SELECT records, events FROM core.forget_member($1::uuid, '" DIRECTORY_ACTOR
             "', $2::uuid, $3, $4::uuid, 'command line')",
             (const char *const[]){tenant, person, e->reason, event}, 4, &rows)) {
        fprintf(stderr, "ballium: nothing was erased: %s stands in the way\n", slug);
        return false;
    }
    e->records += db_integer(rows, 0, 0);
    e->events += db_integer(rows, 0, 1);
    return true;
}

static bool forget_everywhere(struct erasing *e, const char *email)
{
    struct bl_rows *places;
    if (!ask(e, "SELECT person, tenant, slug FROM core.forget_places($1)", &email, 1, &places))
        return false;
    if (db_count(places) == 0) {
        fprintf(stderr, "ballium: there is no such user: see `ballium user list`\n");
        return false;
    }
    if (!db_script(e->db, "SET LOCAL ROLE ballium_app")) {
        fprintf(stderr, "ballium: %s\n", db_error(e->db)->message);
        return false;
    }
    for (int i = 0; i < db_count(places); i++)
        if (!db_null(places, i, 1) && !forget(e, db_cell(places, i, 0), db_cell(places, i, 1), db_cell(places, i, 2)))
            return false;
    printf("%s  erased: %lld records in %d organisations, %lld events redacted\n", db_cell(places, 0, 0), e->records,
           db_null(places, 0, 1) ? 0 : db_count(places), e->events);
    return true;
}

int user_erase(struct directory *d, int argc, char **argv)
{
    const char *email = NULL, *confirm = NULL;
    struct erasing e = {.arena = d->arena};
    if (!read_options(
            argc, argv,
            (const struct option_slot[]){
                {"--email", &email, NULL, true}, {"--confirm", &confirm, NULL, true}, {"--reason", &e.reason, NULL, true}, {0}}))
        return CLI_USAGE;
    if (strcasecmp(email, confirm) != 0) {
        fputs("ballium: --confirm takes the address once more: who is erased is forgotten\n", stderr);
        return CLI_USAGE;
    }
    e.db = db_new(d->config->worker, false);
    bool good = false;
    if (!e.db || db_ready(e.db) != BL_OK)
        fputs("ballium: the database cannot be reached: check the setting `worker`\n", stderr);
    else
        good = db_script(e.db, "BEGIN") && forget_everywhere(&e, email) && db_script(e.db, "COMMIT");
    if (e.db)
        db_free(e.db);
    return good ? CLI_OK : CLI_FAILED;
}

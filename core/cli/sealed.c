#include "cli/sealed.h"

#include <sodium.h>
#include <string.h>

/* clang-format off */
static const struct store {
    const char *purpose;
    bool worker;         /* whose connection */
    const char *list;    /* tenant, row, what is sealed */
    const char *replace; /* $1 tenant, $2 row, $3 as it was, $4 as it shall be: what somebody else changed meanwhile stays */
} stores[] = {
    {"totp", false,
     "SELECT '', user_id, secret FROM core.totp",
     "UPDATE core.totp SET secret = $4 WHERE $1 = '' AND user_id = $2::uuid AND secret = $3"},
    {"provider", false,
     "SELECT organisation_id, id, client_secret FROM core.identity_provider WHERE client_secret IS NOT NULL",
     "UPDATE core.identity_provider SET client_secret = $4 WHERE organisation_id = $1::uuid AND id = $2::uuid AND client_secret = $3"},
    {"webhook.secret", true,
     "SELECT tenant_id, id, secret FROM core.webhook_key WHERE secret IS NOT NULL",
     "UPDATE core.webhook_key SET secret = $4 WHERE tenant_id = $1::uuid AND id = $2::uuid AND secret = $3"},
    {"webhook.signing", true,
     "SELECT tenant_id, id, signing_key FROM core.webhook_key WHERE signing_key IS NOT NULL",
     "UPDATE core.webhook_key SET signing_key = $4 WHERE tenant_id = $1::uuid AND id = $2::uuid AND signing_key = $3"},
};
/* clang-format on */
enum { STORES = sizeof stores / sizeof *stores };

static bool connect_to(struct db *db, const char *setting, FILE *errors)
{
    if (db && db_ready(db) == BL_OK)
        return true;
    fprintf(errors, "the database cannot be reached: %s: check the setting `%s`\n", db ? db_error(db)->message : "no memory",
            setting);
    return false;
}

bool sealed_open(struct sealed *s, const struct config *config, FILE *errors)
{
    *s = (struct sealed){db_new(config->migrator, false), db_new(config->worker, false), arena_new(256 << 20)};
    if (!s->arena || !connect_to(s->owner, "migrator", errors) || !connect_to(s->worker, "worker", errors))
        return false;
    if (db_script(s->owner, "SET ROLE ballium_owner"))
        return true;
    fprintf(errors, "%s\n", db_error(s->owner)->message);
    return false;
}

void sealed_close(struct sealed *s)
{
    if (s->arena)
        arena_free(s->arena);
    db_free(s->owner);
    db_free(s->worker);
}

static struct db *db_of(const struct sealed *s, const struct store *store)
{
    return store->worker ? s->worker : s->owner;
}

static bool ask(struct sealed *s, const struct store *store, const char *sql, const char *const *args, int nargs,
                struct bl_rows **rows, FILE *errors)
{
    struct db *db = db_of(s, store);
    db_queue(db, sql, args, nargs);
    if (db_flush(db, s->arena, rows) == BL_OK)
        return true;
    fprintf(errors, "%s: %s\n", store->purpose, db_error(db)->message);
    return false;
}

long sealed_under(struct sealed *s, const char *kid, FILE *errors)
{
    long count = 0;
    for (int i = 0; i < STORES; i++) {
        struct bl_rows *rows;
        if (!ask(s, &stores[i], stores[i].list, NULL, 0, &rows, errors))
            return -1;
        for (int k = 0; k < db_count(rows); k++) {
            char other[KID_ROOM];
            count += vault_kid(db_cell(rows, k, 2), other) && strcmp(kid, other) == 0;
        }
    }
    return count;
}

/* One row, opened into `secret`. NULL, or why not. */
static const char *open_row(const struct vault *vault, const struct store *store, const struct bl_rows *rows, int row,
                            char secret[VAULT_SECRET + 1])
{
    const struct vault_place place = {store->purpose, db_cell(rows, row, 0), db_cell(rows, row, 1)};
    return vault_open(vault, &place, db_cell(rows, row, 2), secret);
}

static void tell(const struct store *store, const struct bl_rows *rows, int row, const char *why, FILE *out)
{
    char kid[KID_ROOM] = "?";
    (void)vault_kid(db_cell(rows, row, 2), kid);
    fprintf(out, "%s of %s, key %s: %s\n", store->purpose, db_cell(rows, row, 1), kid, why);
}

long sealed_lost(struct sealed *s, const struct vault *vault, long *total, FILE *out)
{
    long lost = 0;
    char secret[VAULT_SECRET + 1];
    *total = 0;
    for (int i = 0; i < STORES; i++) {
        struct bl_rows *rows;
        if (!ask(s, &stores[i], stores[i].list, NULL, 0, &rows, out))
            return -1;
        for (int k = 0; k < db_count(rows); k++, ++*total) {
            const char *why = open_row(vault, &stores[i], rows, k, secret);
            if (why)
                tell(&stores[i], rows, k, why, out);
            lost += why != NULL;
        }
    }
    sodium_memzero(secret, sizeof secret);
    return lost;
}

/* Under another key already? True: it stands there now. */
static bool seal_row(struct sealed *s, const struct vault *vault, const struct store *store, const struct bl_rows *rows, int row,
                     FILE *errors)
{
    char secret[VAULT_SECRET + 1], sealed[VAULT_SEALED];
    const struct vault_place place = {store->purpose, db_cell(rows, row, 0), db_cell(rows, row, 1)};
    struct bl_rows *none;
    const char *why = open_row(vault, store, rows, row, secret);
    bool good = !why && vault_seal(vault, &place, secret, sealed);
    sodium_memzero(secret, sizeof secret);
    if (why)
        tell(store, rows, row, why, errors);
    return good && ask(s, store, store->replace, (const char *const[]){place.tenant, place.row, db_cell(rows, row, 2), sealed}, 4,
                       &none, errors);
}

bool sealed_anew(struct sealed *s, const struct vault *vault, long *total, long *changed, FILE *errors)
{
    bool good = true;
    *total = *changed = 0;
    for (int i = 0; i < STORES; i++) {
        struct bl_rows *rows;
        if (!ask(s, &stores[i], stores[i].list, NULL, 0, &rows, errors))
            return false;
        for (int k = 0; k < db_count(rows); k++, ++*total) {
            char kid[KID_ROOM];
            if (vault_kid(db_cell(rows, k, 2), kid) && strcmp(kid, vault_sealing(vault)) == 0)
                continue;
            bool done = seal_row(s, vault, &stores[i], rows, k, errors);
            *changed += done;
            good &= done;
        }
    }
    return good;
}

/* role x permission as rows, for what the database tells and checks of roles by itself: core.me, the lists of roles, own roles.
 */
#include "tenant/tenant.h"

#include "base/buf.h"

static const char *const core_permissions[] = {
    "core.access:read",         "core.client:read",       "core.client:write",           "core.engagement:read",
    "core.engagement:write",    "core.event:read",        "core.identity_provider:read", "core.identity_provider:write",
    "core.member:erase",        "core.member:read",       "core.member:write",           "core.organisation:close",
    "core.organisation:export", "core.organisation:read", "core.organisation:suspend",   "core.organisation:write",
    "core.role:write",          "core.webhook:archive",   "core.webhook:read",           "core.webhook:write",
};
enum { CORE_PERMISSIONS = sizeof core_permissions / sizeof *core_permissions };

static void add_grants(struct buf *role_column, struct buf *permission_column, const char *permission)
{
    const char *role;
    for (size_t i = 0; (role = tenant_role_name(i)) != NULL; i++)
        if (tenant_role_may(role, permission)) {
            buf_format(role_column, "%s%s", role_column->length > 1 ? "," : "", role);
            buf_format(permission_column, "%s%s", permission_column->length > 1 ? "," : "", permission);
        }
}

/* One transaction, so that no request ever meets half a table. */
static bool write_grants(struct db *db, struct arena *arena, const char *const columns[2], FILE *errors)
{
    static const char drop[] = "DELETE FROM core.role_grant g WHERE NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) "
                               "AS wanted (role, permission) WHERE wanted.role = g.role AND wanted.permission = g.permission)";
    static const char add[] = "INSERT INTO core.role_grant (role, permission) SELECT DISTINCT role, permission FROM "
                              "unnest($1::text[], $2::text[]) AS wanted (role, permission) ON CONFLICT DO NOTHING";
    struct bl_rows *rows[5];
    if (db_ready(db) != BL_OK) {
        fputs("role grants: the database cannot be reached\n", errors);
        return false;
    }
    db_queue(db, "BEGIN", NULL, 0);
    db_queue(db, "SET LOCAL ROLE ballium_owner", NULL, 0);
    db_queue(db, drop, columns, 2);
    db_queue(db, add, columns, 2);
    db_queue(db, "COMMIT", NULL, 0);
    if (db_flush(db, arena, rows) == BL_OK)
        return true;
    fprintf(errors, "role grants: %s\n", db_error(db)->message);
    db_rollback(db);
    return false;
}

bool tenant_sync_grants(struct db *db, const struct registry *registry, FILE *errors)
{
    struct arena *arena = arena_new(4 << 20);
    if (!arena) {
        fputs("role grants: no memory\n", errors);
        return false;
    }
    struct buf role_column = buf_new(arena, 4096), permission_column = buf_new(arena, 16384);
    buf_char(&role_column, '{');
    buf_char(&permission_column, '{');
    for (size_t i = 0; i < CORE_PERMISSIONS; i++)
        add_grants(&role_column, &permission_column, core_permissions[i]);
    size_t count;
    const char *const *permissions = registry_permissions(registry, &count);
    for (size_t i = 0; i < count; i++)
        add_grants(&role_column, &permission_column, permissions[i]);
    buf_char(&role_column, '}');
    buf_char(&permission_column, '}');
    bool good = write_grants(db, arena, (const char *const[]){role_column.data, permission_column.data}, errors);
    arena_free(arena);
    return good;
}

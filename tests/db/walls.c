/* The walls between tenants, walked from the catalogue: every table, policy, key, trigger, view and function of every schema that
 * is there, the core's and the plugins'. Each walk lists offenders; a last test builds one of each and sees that it is listed. */
#include "database.h"
#include <stdio.h>

/* Every table that has tenant_id, in any schema that is not PostgreSQL's. */
#define TENANT_TABLES                                                                                                            \
    "tenant_table AS ("                                                                                                          \
    "  SELECT c.oid, c.oid::regclass::text AS name, n.nspname, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnum"     \
    "  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                                                            \
    "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped"                             \
    "  WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')"
#define OWN_SCHEMAS "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

struct walk {
    const char *rule, *sql;
    int broken; /* how many offenders `breakage` holds for it, at least */
};

static const struct walk walks[] = {
    {"row-level security is enabled and forced",
     "WITH " TENANT_TABLES " SELECT name FROM tenant_table WHERE NOT (relrowsecurity AND relforcerowsecurity)", 1},

    {"tenants' rows are in ordinary tables (a materialized view or a foreign table has no policy)",
     "WITH " TENANT_TABLES " SELECT name FROM tenant_table JOIN pg_class USING (oid) WHERE relkind IN ('m', 'f')", 1},

    /* Policies of one role are OR-ed: one that is wider than the tenant opens the table. */
    {"ballium_app has exactly one policy, and it is the tenant's",
     "WITH " TENANT_TABLES " SELECT t.name || ': ' || coalesce(string_agg(p.polname, ', '), 'none')"
     " FROM tenant_table t LEFT JOIN pg_policy p ON p.polrelid = t.oid AND (p.polroles && ARRAY['ballium_app'::regrole::oid, 0])"
     " GROUP BY t.oid, t.name HAVING count(p.oid) <> 1 OR NOT bool_and(p.polpermissive AND p.polcmd IN ('*', 'r')"
     "   AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = core.tenant())'"
     "   AND (p.polcmd = 'r' OR coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '(tenant_id = core.tenant())') = '(tenant_id = "
     "core.tenant())'))",
     2},

    {"ballium_portfolio reads the tenants that it has entered, and nothing more",
     "WITH " TENANT_TABLES " SELECT t.name || ': ' || p.polname FROM tenant_table t JOIN pg_policy p ON p.polrelid = t.oid"
     " WHERE 'ballium_portfolio'::regrole::oid = ANY (p.polroles)"
     "   AND (p.polcmd <> 'r' OR pg_get_expr(p.polqual, p.polrelid) <> '(tenant_id = ANY (core.tenants()))')",
     1},

    /* Those that exist: core.enter must look before a tenant is set, at members, the roles that they may hold, and invitations;
     * what one side of an engagement does is written on the other's trail, insert only; the worker sweeps old answers, takes jobs
     * and carries messages. And on every table: the owner sees the closed organisation that it purges. */
    {"no other role has a policy, known ones apart",
     "WITH " TENANT_TABLES " SELECT t.name || ': ' || p.polname || ' for ' || r.role::regrole FROM tenant_table t"
     " JOIN pg_policy p ON p.polrelid = t.oid CROSS JOIN LATERAL unnest(p.polroles) AS r (role)"
     " WHERE r.role NOT IN ('ballium_app'::regrole, 'ballium_portfolio'::regrole)"
     "   AND NOT (p.polname = 'purge' AND r.role = 'ballium_owner'::regrole AND p.polcmd = '*' AND pg_get_expr(p.polwithcheck, "
     "p.polrelid) = 'false' AND pg_get_expr(p.polqual, p.polrelid) = '(tenant_id = core.purged())')"
     "   AND (t.name, p.polname, r.role) NOT IN (('core.membership', 'directory', 'ballium_owner'::regrole),"
     "                                           ('core.role', 'directory', 'ballium_owner'::regrole),"
     "                                           ('core.event', 'directory', 'ballium_owner'::regrole),"
     "                                           ('core.invitation', 'directory', 'ballium_owner'::regrole),"
     "                                           ('core.idempotency', 'sweep', 'ballium_worker'::regrole),"
     "                                           ('core.file', 'care', 'ballium_worker'::regrole),"
     "                                           ('core.file_quota', 'care', 'ballium_worker'::regrole),"
     "                                           ('core.job', 'work', 'ballium_worker'::regrole),"
     "                                           ('core.webhook', 'work', 'ballium_worker'::regrole),"
     "                                           ('core.webhook_key', 'work', 'ballium_worker'::regrole),"
     "                                           ('core.webhook_delivery', 'work', 'ballium_worker'::regrole),"
     "                                           ('core.message', 'work', 'ballium_worker'::regrole),"
     "                                           ('core.event', 'seal', 'ballium_worker'::regrole),"
     "                                           ('core.event', 'redact', 'ballium_owner'::regrole),"
     "                                           ('core.event', 'redact_read', 'ballium_owner'::regrole),"
     "                                           ('core.checkpoint', 'redact_read', 'ballium_owner'::regrole),"
     "                                           ('core.message', 'redact', 'ballium_owner'::regrole),"
     "                                           ('core.job', 'redact', 'ballium_owner'::regrole),"
     "                                           ('core.checkpoint', 'seal', 'ballium_worker'::regrole),"
     "                                           ('core.tree', 'seal', 'ballium_worker'::regrole),"
     "                                           ('core.tree_node', 'seal', 'ballium_worker'::regrole))",
     1},

    {"there is a primary key",
     "WITH " TENANT_TABLES " SELECT name FROM tenant_table t"
     " WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisprimary)",
     1},

    {"tenant_id leads every primary key and unique index",
     "WITH " TENANT_TABLES " SELECT i.indexrelid::regclass FROM tenant_table t JOIN pg_index i ON i.indrelid = t.oid"
     " WHERE i.indisunique AND i.indkey[0] <> t.attnum",
     2},

    {"tenant_id is never null",
     "WITH " TENANT_TABLES " SELECT name FROM tenant_table t JOIN pg_attribute a"
     " ON a.attrelid = t.oid AND a.attnum = t.attnum WHERE NOT a.attnotnull",
     1},

    {"a foreign key between tenants' tables leads with tenant_id at both ends",
     "WITH " TENANT_TABLES " SELECT t.name || ': ' || f.conname FROM tenant_table t JOIN pg_constraint f ON f.conrelid = t.oid"
     " JOIN tenant_table r ON r.oid = f.confrelid WHERE f.contype = 'f' AND (f.conkey[1] <> t.attnum OR f.confkey[1] <> "
     "r.attnum)",
     1},

    {"a table of nobody's has no foreign key into a tenant's",
     "WITH " TENANT_TABLES " SELECT f.conrelid::regclass || ': ' || f.conname FROM pg_constraint f JOIN tenant_table r"
     " ON r.oid = f.confrelid WHERE f.contype = 'f' AND f.conrelid NOT IN (SELECT oid FROM tenant_table)",
     1},

    {"no foreign key sets to null or to a default",
     "WITH " TENANT_TABLES " SELECT t.name || ': ' || f.conname FROM tenant_table t JOIN pg_constraint f ON f.conrelid = t.oid"
     " WHERE f.contype = 'f' AND (f.confdeltype IN ('n', 'd') OR f.confupdtype IN ('n', 'd'))",
     1},

    {"no triggers and no rules (the engine's own statements do it)",
     "WITH " TENANT_TABLES " SELECT t.name || ': ' || g.tgname FROM tenant_table t JOIN pg_trigger g ON g.tgrelid = t.oid"
     " WHERE NOT g.tgisinternal UNION ALL SELECT t.name || ': ' || r.rulename FROM tenant_table t JOIN pg_rewrite r ON"
     " r.ev_class = t.oid JOIN pg_class c ON c.oid = t.oid WHERE c.relkind <> 'm'",
     2},

    {"the serving roles own nothing and may not pass by",
     "SELECT rolname FROM pg_roles WHERE rolname IN ('ballium_app', 'ballium_portfolio', 'ballium_worker') AND (rolsuper OR"
     " rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication OR pg_has_role(oid, 'ballium_owner', 'MEMBER') OR EXISTS"
     " (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = pg_roles.oid AND d.deptype = 'o'))",
     1},

    /* ballium_app may become ballium_portfolio, and ballium_worker ballium_app, by SET ROLE; neither has the other's policies
       before. */
    {"no serving role inherits another's rights",
     "SELECT a.rolname || ' as ' || b.rolname FROM pg_roles a, pg_roles b WHERE a.oid <> b.oid AND pg_has_role(a.oid, b.oid, "
     "'USAGE')"
     " AND a.rolname IN ('ballium_app', 'ballium_portfolio', 'ballium_worker') AND b.rolname ~ '^ballium_'",
     0},

    {"the owner passes by no wall and does not log in",
     "SELECT rolname FROM pg_roles WHERE rolname = 'ballium_owner' AND (rolsuper OR rolbypassrls OR rolcanlogin)", 0},

    {"tables belong to the owner",
     "WITH " TENANT_TABLES " SELECT name FROM tenant_table t JOIN pg_class c USING (oid)"
     " WHERE c.relowner <> 'ballium_owner'::regrole",
     1},

    {"nobody may truncate, refer to or trigger; everybody may nothing",
     "SELECT c.oid::regclass || ': ' || a.privilege_type || ' for ' || a.grantee::regrole FROM pg_class c"
     " JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE " OWN_SCHEMAS
     " AND a.grantee <> c.relowner AND (a.grantee = 0 OR a.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', "
     "'USAGE'))",
     2},

    {"the serving roles make nothing in any schema",
     "SELECT n.nspname || ': ' || r.rolname FROM pg_namespace n CROSS JOIN pg_roles r WHERE " OWN_SCHEMAS
     " AND r.rolname IN ('ballium_app', 'ballium_portfolio', 'ballium_worker') AND has_schema_privilege(r.oid, n.oid, 'CREATE')",
     1},

    /* SECURITY DEFINER functions run as their owner. Owned by ballium_owner they meet the forced policies, and only
     * core.membership lets the owner see rows; so a function that names a tenant's table is either useless or a hole. How it is
     * decided: the search path is pinned, so the text must name a table with its schema; any such name in the body counts. The
     * text of a function with dynamic SQL says nothing, so those are listed one by one. */
    {"a SECURITY DEFINER function is the owner's, pinned to pg_catalog, and not for everybody",
     "SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND " OWN_SCHEMAS
     " AND (p.proowner <> 'ballium_owner'::regrole OR p.proacl IS NULL OR EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee "
     "= 0)"
     "   OR NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false))",
     1},

    {"the owner may add the core's own events and do nothing else with any",
     "WITH " TENANT_TABLES
     " SELECT p.polname FROM pg_policy p WHERE p.polrelid = 'core.event'::regclass AND p.polname = 'directory'"
     " AND (p.polcmd <> 'a' OR pg_get_expr(p.polwithcheck, p.polrelid) <> '(resource ~~ ''core.%''::text)')",
     0},

    /* What such functions call runs as the owner too: so those that nobody else may call are walked with them. */
    {"a function that runs as the owner touches no tenant's table but the directory; core.note writes events, core.redact_words "
     "takes from them",
     "WITH " TENANT_TABLES
     " SELECT p.oid::regprocedure || ': ' || t.name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
     " JOIN tenant_table t ON pg_get_functiondef(p.oid) ~ ('\\m' || t.nspname || '\"?\\s*\\.\\s*\"?' || t.relname || '\\M')"
     " WHERE (p.prosecdef OR NOT has_function_privilege('ballium_app', p.oid, 'EXECUTE')) AND p.prokind IN ('f', 'p') "
     "AND " OWN_SCHEMAS " AND t.name NOT IN ('core.membership', 'core.role', 'core.invitation') AND NOT (p.proname = 'note' AND "
     "t.name = 'core.event' OR p.proname = 'redact_words' AND t.name IN ('core.event', 'core.message', 'core.job'))",
     1},

    {"a SECURITY DEFINER function puts no SQL together",
     "SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND " OWN_SCHEMAS
     " AND p.prosrc ~* '\\mexecute\\M'",
     1},

    /* core.forget_words finds the texts of an organisation that the serving role may write by itself. */
    {"what may hold a person's name or address is looked through, goes with the person, or is kept for a reason",
     "SELECT c.oid::regclass || '.' || a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute "
     "a"
     " ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid IN ('text'::regtype,"
     " 'text[]'::regtype, 'varchar'::regtype, 'jsonb'::regtype) WHERE c.relkind IN ('r', 'p') AND " OWN_SCHEMAS
     " AND (a.attname ~ 'mail' OR n.nspname = 'core' AND a.attname ~ '(^|_)name$')"
     " AND NOT (EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped)"
     "   AND has_column_privilege('ballium_app', c.oid, a.attnum, 'SELECT')"
     "   AND has_column_privilege('ballium_app', c.oid, a.attnum, 'UPDATE'))"
     " AND NOT EXISTS (SELECT FROM core.personal p WHERE p.area = n.nspname AND p.relation = c.relname"
     "   AND (p.field = a.attname OR p.act = 'person'))",
     1},

    {"what belongs to an account goes with it, or is kept for a reason",
     "SELECT f.conrelid::regclass || '.' || a.attname FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid"
     " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]"
     " WHERE f.contype = 'f' AND f.confrelid = 'core.user_account'::regclass AND NOT EXISTS (SELECT FROM core.personal p"
     " WHERE p.area = n.nspname AND p.relation = c.relname AND p.field = a.attname)",
     1},

    {"what is noted as personal is there, and what goes is of nobody's tables",
     "SELECT p.area || '.' || p.relation || '.' || p.field FROM core.personal p LEFT JOIN pg_namespace n ON n.nspname = p.area"
     " LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.relation LEFT JOIN pg_attribute a ON a.attrelid = c.oid"
     " AND a.attname = p.field AND NOT a.attisdropped WHERE a.attnum IS NULL OR (p.act IN ('person', 'organisation') AND EXISTS"
     " (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped))",
     2},

    /* A view reads with its owner's rights: over a forced table it is empty, over core.membership it shows every tenant. */
    {"a view over a tenant's table reads as its caller, or is fenced in its own text over core.membership",
     "WITH " TENANT_TABLES
     " SELECT DISTINCT v.oid::regclass || ': ' || t.name FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace"
     " JOIN pg_rewrite r ON r.ev_class = v.oid JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid"
     "   AND d.refclassid = 'pg_class'::regclass JOIN tenant_table t ON t.oid = d.refobjid"
     " WHERE v.relkind = 'v' AND " OWN_SCHEMAS
     " AND NOT coalesce(v.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)"
     "   AND NOT (t.name = 'core.membership' AND coalesce(v.reloptions @> ARRAY['security_barrier=true'], false)"
     "            AND pg_get_viewdef(v.oid) LIKE '%tenant_id = core.tenant()%')",
     1},
};

/* One offender, at least, for each walk. Rolled back. */
static const char breakage[] =
    "CREATE SCHEMA broken AUTHORIZATION ballium_owner; GRANT CREATE ON SCHEMA broken TO ballium_app;"
    "CREATE TABLE broken.open (tenant_id uuid, id uuid UNIQUE);"
    "GRANT SELECT ON broken.open TO PUBLIC; GRANT TRUNCATE ON broken.open TO ballium_app;"
    "SET LOCAL ROLE ballium_owner;"
    "CREATE TABLE broken.wide (tenant_id uuid NOT NULL, id uuid NOT NULL, other_id uuid, PRIMARY KEY (id), UNIQUE (tenant_id, "
    "id));"
    "SELECT core.fence('broken.wide');"
    "CREATE POLICY everybody ON broken.wide USING (true);"
    "CREATE POLICY everything ON broken.wide TO ballium_portfolio USING (true);"
    "ALTER TABLE broken.wide ADD CONSTRAINT self_fk FOREIGN KEY (other_id) REFERENCES broken.wide (id) ON DELETE SET NULL;"
    "CREATE TABLE broken.catalogue (id uuid REFERENCES broken.wide (id), user_id uuid REFERENCES core.user_account (id), mailbox "
    "text);"
    "INSERT INTO core.personal VALUES ('broken', 'nowhere', 'nothing', 'person', 'gone'), ('broken', 'wide', 'other_id', "
    "'person', 'a tenant''s');"
    "CREATE RULE quiet AS ON DELETE TO broken.wide DO INSTEAD NOTHING;"
    "CREATE FUNCTION broken.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER touch BEFORE INSERT ON broken.wide FOR EACH ROW EXECUTE FUNCTION broken.touch();"
    "CREATE FUNCTION broken.peep() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM core.event';"
    "CREATE FUNCTION broken.any(sql text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN EXECUTE sql; END';"
    "CREATE MATERIALIZED VIEW broken.copy AS SELECT * FROM core.link;"
    "CREATE VIEW broken.members AS SELECT * FROM core.membership;"
    "RESET ROLE;"
    "CREATE TABLE broken.mine (id uuid); ALTER TABLE broken.mine OWNER TO ballium_app;";

static int offenders(struct world *w, const struct walk *walk, bool print)
{
    const struct bl_rows *rows = run(w, w->super, walk->sql);
    for (int i = 0; print && i < db_count(rows); i++)
        print_error("%s: %s\n", walk->rule, db_cell(rows, i, 0));
    return db_count(rows);
}

static void the_catalogue_keeps_every_rule(void **state)
{
    struct world *w = *state;
    int found = 0;
    script(w->super, "BEGIN; SET LOCAL search_path = pg_catalog");
    assert_true(number_of(w, w->super, "WITH " TENANT_TABLES " SELECT count(*) FROM tenant_table") >= 6); /* the core's own */
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
        found += offenders(w, &walks[i], true);
    assert_int_equal(found, 0);
}

static void each_rule_sees_what_breaks_it(void **state)
{
    struct world *w = *state;
    script(w->super, "BEGIN; SET LOCAL search_path = pg_catalog");
    script(w->super, breakage);
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        int found = offenders(w, &walks[i], false);
        if (found < walks[i].broken)
            fail_msg("%s: lists %d of %d offenders", walks[i].rule, found, walks[i].broken);
    }
}

static void a_superuser_owner_is_seen(void **state)
{
    struct world *w = *state;
    script(w->super, "BEGIN; ALTER ROLE ballium_owner BYPASSRLS");
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
        if (strstr(walks[i].rule, "passes by no wall"))
            assert_int_equal(offenders(w, &walks[i], false), 1);
}

/* Two rows in every tenant table, one of each of two tenants. Whatever a table demands of its rows is taken away first, inside
 * the transaction that is rolled back: what is tried here is the wall alone. */
#define TENANT_A "00000000-0000-7000-8000-00000000000a"
#define TENANT_B "00000000-0000-7000-8000-00000000000b"
static const char fill[] =
    "DO $$ DECLARE t record; c record; BEGIN"
    "  FOR t IN SELECT a.attrelid::regclass AS name FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid"
    "      JOIN pg_namespace n ON n.oid = k.relnamespace"
    "      WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND k.relkind = 'r' AND " OWN_SCHEMAS " LOOP"
    "    FOR c IN SELECT conname FROM pg_constraint WHERE conrelid = t.name LOOP"
    "      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', t.name, c.conname); END LOOP;"
    "    FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = t.name AND attnum > 0 AND attnotnull LOOP"
    "      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', t.name, c.attname); END LOOP;"
    "    EXECUTE format('DELETE FROM %s', t.name);"
    "    EXECUTE format('INSERT INTO %s (tenant_id) VALUES (%L), (%L)', t.name, '" TENANT_A "', '" TENANT_B "');"
    "  END LOOP; END $$";

/* Runs head, the table's name, tail inside a savepoint. Returns the rows it gave or changed, -1: refused (42501). */
static int64_t attempt(struct world *w, const char *table, const char *head, const char *tail)
{
    struct bl_rows *rows;
    const char *sql = arena_format(w->arena, "%s %s %s", head, table, tail);
    script(w->super, "SAVEPOINT attempt");
    db_queue(w->super, sql, NULL, 0);
    int64_t result = -1;
    if (db_flush(w->super, w->arena, &rows) == BL_OK)
        result = db_count(rows);
    else if (strcmp(db_error(w->super)->state, "42501") != 0)
        fail_msg("%s: %s (%s)", sql, db_error(w->super)->message, db_error(w->super)->state);
    script(w->super, "ROLLBACK TO attempt; RELEASE attempt");
    return result;
}

#define READ "SELECT tenant_id FROM", ""
#define READ_OTHER "SELECT tenant_id FROM", "WHERE tenant_id <> '" TENANT_A "'"
#define INSERT_OTHER "INSERT INTO", "(tenant_id) VALUES ('" TENANT_B "')"
#define INSERT_OWN "INSERT INTO", "(tenant_id) VALUES ('" TENANT_A "')"
#define GIVE_AWAY "UPDATE", "SET tenant_id = '" TENANT_B "' WHERE tenant_id = '" TENANT_A "' RETURNING tenant_id"
#define UPDATE_ALL "UPDATE", "SET tenant_id = tenant_id RETURNING tenant_id"
#define DELETE_ALL "DELETE FROM", "RETURNING tenant_id"

struct table {
    const char *name;
    bool app_inserts, app_updates, app_deletes;
};

static void expect_rows(const struct table *t, const char *what, int64_t got, int64_t wanted)
{
    if (got != wanted)
        fail_msg("%s: %s gives %lld, expected %lld", t->name, what, (long long)got, (long long)wanted);
}

static void without_a_tenant(struct world *w, const struct table *t)
{
    script(w->super, "SET LOCAL ROLE ballium_app; SET LOCAL ballium.tenant = ''");
    expect_rows(t, "a read without a tenant", attempt(w, t->name, READ), 0);
    expect_rows(t, "an insert without a tenant", attempt(w, t->name, INSERT_OWN), -1);
    expect_rows(t, "an update without a tenant", attempt(w, t->name, UPDATE_ALL), t->app_updates ? 0 : -1);
    expect_rows(t, "a delete without a tenant", attempt(w, t->name, DELETE_ALL), t->app_deletes ? 0 : -1);
}

static void inside_a_tenant(struct world *w, const struct table *t)
{
    script(w->super, "SET LOCAL ROLE ballium_app; SET LOCAL ballium.tenant = '" TENANT_A "'");
    expect_rows(t, "a read", attempt(w, t->name, READ), 1);
    expect_rows(t, "a read of another tenant", attempt(w, t->name, READ_OTHER), 0);
    expect_rows(t, "an insert for another tenant", attempt(w, t->name, INSERT_OTHER), -1);
    expect_rows(t, "an insert", attempt(w, t->name, INSERT_OWN), t->app_inserts ? 0 : -1);
    expect_rows(t, "giving a row away", attempt(w, t->name, GIVE_AWAY), -1);
    expect_rows(t, "an update of all", attempt(w, t->name, UPDATE_ALL), t->app_updates ? 1 : -1);
    expect_rows(t, "a delete of all", attempt(w, t->name, DELETE_ALL), t->app_deletes ? 1 : -1);
}

static void in_a_portfolio(struct world *w, const struct table *t)
{
    script(w->super, "SET LOCAL ROLE ballium_portfolio; SET LOCAL ballium.tenants = ''");
    expect_rows(t, "a portfolio of nobody", attempt(w, t->name, READ), 0);
    script(w->super, "SET LOCAL ballium.tenants = '{" TENANT_A "}'");
    expect_rows(t, "a portfolio of one", attempt(w, t->name, READ), 1);
    expect_rows(t, "a portfolio's insert", attempt(w, t->name, INSERT_OWN), -1);
    expect_rows(t, "a portfolio's update", attempt(w, t->name, UPDATE_ALL), -1);
    expect_rows(t, "a portfolio's delete", attempt(w, t->name, DELETE_ALL), -1);
}

/* Roles are taken on by SET LOCAL ROLE in the superuser's transaction: row-level security asks for the current user. */
static void the_walls_hold_for_rows(void **state)
{
    struct world *w = *state;
    script(w->super, "BEGIN");
    script(w->super, fill);
    const struct bl_rows *rows =
        run(w, w->super,
            "WITH " TENANT_TABLES " SELECT name, has_table_privilege('ballium_app', oid, 'INSERT'),"
            " has_table_privilege('ballium_app', oid, 'UPDATE'), has_table_privilege('ballium_app', oid, 'DELETE')"
            " FROM tenant_table ORDER BY name");
    for (int i = 0; i < db_count(rows); i++) {
        const struct table t = {.name = db_cell(rows, i, 0),
                                .app_inserts = db_integer(rows, i, 1) != 0,
                                .app_updates = db_integer(rows, i, 2) != 0,
                                .app_deletes = db_integer(rows, i, 3) != 0};
        assert_int_equal(attempt(w, t.name, READ), 2);
        without_a_tenant(w, &t);
        inside_a_tenant(w, &t);
        in_a_portfolio(w, &t);
        script(w->super, "RESET ROLE");
    }
}

/* core.enter_portfolio opens what the person may enter, here A and not B, and of every table it shows those rows alone. */
static void a_portfolio_is_what_the_person_may_enter(void **state)
{
    struct world *w = *state;
    char user[UUID_TEXT];
    uuid_v7(user);
    refused(w, w->app, "42501", "SELECT * FROM core.enter_portfolio($1::uuid)", user); /* not as the serving role */
    const struct bl_rows *tables = run(w, w->super, "WITH " TENANT_TABLES " SELECT name FROM tenant_table ORDER BY name");
    script(w->super, "BEGIN");
    script(w->super, fill);
    run(w, w->super,
        "INSERT INTO core.organisation (id, slug, name, kind) VALUES ('" TENANT_A "', 'wall-a', 'A', 'client'), ('" TENANT_B
        "', 'wall-b', 'B', 'client')");
    run(w, w->super, "INSERT INTO core.user_account (id, email, name) VALUES ($1::uuid, $1 || '@wall.test', 'W')", user);
    run(w, w->super,
        "UPDATE core.membership SET user_id = $1::uuid, roles = '{reader}', status = 'active' WHERE tenant_id = '" TENANT_A "'",
        user);
    script(w->super, "SET LOCAL ROLE ballium_portfolio");
    assert_string_equal(text_of(w, w->super, "SELECT id FROM core.enter_portfolio($1::uuid)", user), TENANT_A);
    for (int i = 0; i < db_count(tables); i++) {
        const struct table t = {.name = db_cell(tables, i, 0)};
        expect_rows(&t, "the portfolio", attempt(w, t.name, READ), 1);
        expect_rows(&t, "the portfolio, of another", attempt(w, t.name, READ_OTHER), 0);
    }
    refused(w, w->super, "BL500", "SELECT * FROM core.enter_portfolio($1::uuid)", user); /* once */
}

/* The names of what goes are data, and no text of a statement. */
static void what_goes_with_a_person_is_a_table(void **state)
{
    struct world *w = *state;
    script(w->super,
           "BEGIN; SET LOCAL ROLE ballium_owner;"
           "INSERT INTO core.user_account (id, email, name) VALUES ('" TENANT_A "', 'a@wall.test', 'A'), ('" TENANT_B
           "', 'b@wall.test', 'B');"
           "CREATE SCHEMA \"odd; schema\"; CREATE TABLE \"odd; schema\".\"a \"\"table\" (\"who; is it\" uuid, said text);"
           "INSERT INTO \"odd; schema\".\"a \"\"table\" VALUES ('" TENANT_A "', 'of A'), ('" TENANT_B "', 'of B');");
    run(w, w->super, "SELECT core.erase_people(ARRAY[$1::uuid])", TENANT_A);
    assert_string_equal(text_of(w, w->super, "SELECT string_agg(said, ' ' ORDER BY said) FROM \"odd; schema\".\"a \"\"table\""),
                        "of A of B");
    script(w->super, "INSERT INTO core.personal VALUES ('odd; schema', 'a \"table', 'who; is it', 'person', 'says who said it')");
    run(w, w->super, "UPDATE core.user_account SET status = 'active' WHERE id = $1::uuid", TENANT_A);
    assert_int_equal(number_of(w, w->super, "SELECT core.erase_people(ARRAY[$1::uuid])", TENANT_A), 1);
    assert_string_equal(text_of(w, w->super, "SELECT string_agg(said, ' ' ORDER BY said) FROM \"odd; schema\".\"a \"\"table\""),
                        "of B");
    script(w->super, "RESET ROLE");
    refused(w, w->app, "42501", "SELECT * FROM core.personal");
    refused(w, w->app, "42501", "SELECT core.erase_people('{}')");
}

/* The event trail and the members are not the serving role's to change. */
static void what_is_written_once_stays(void **state)
{
    struct world *w = *state;
    refused(w, w->app, "42501", "UPDATE core.event SET verb = 'x'");
    refused(w, w->app, "42501", "DELETE FROM core.event");
    refused(w, w->app, "42501", "INSERT INTO core.membership VALUES (gen_random_uuid(), gen_random_uuid(), '{x}')");
    refused(w, w->app, "42501", "DELETE FROM core.membership");
}

#define CASE(name) cmocka_unit_test_teardown(name, world_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_catalogue_keeps_every_rule),
        CASE(each_rule_sees_what_breaks_it),
        CASE(a_superuser_owner_is_seen),
        CASE(the_walls_hold_for_rows),
        CASE(a_portfolio_is_what_the_person_may_enter),
        CASE(what_goes_with_a_person_is_a_table),
        CASE(what_is_written_once_stays),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}

-- The roles of a cluster. Run once by a superuser (psql -f); `./run` and the tests do it for their own clusters.
-- ballium_owner owns every object and never logs in; ballium_migrator may become it; the others own nothing and cannot pass by
-- row-level security.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['ballium_owner', 'ballium_migrator', 'ballium_app', 'ballium_portfolio', 'ballium_worker'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT', role_name);
        END IF;
    END LOOP;
END
$$;
ALTER ROLE ballium_migrator LOGIN;
ALTER ROLE ballium_app LOGIN;
ALTER ROLE ballium_portfolio LOGIN;
ALTER ROLE ballium_worker LOGIN;
GRANT ballium_owner TO ballium_migrator;
GRANT ballium_portfolio TO ballium_app; -- NOINHERIT: only while it has said SET LOCAL ROLE, in a read over a portfolio
GRANT ballium_app TO ballium_worker; -- NOINHERIT: only while it has said SET LOCAL ROLE, inside one organisation

-- Times are UTC, every name in a statement says its schema, and compiling a plan costs more than a request may.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['ballium_migrator', 'ballium_app', 'ballium_portfolio', 'ballium_worker'] LOOP
        EXECUTE format('ALTER ROLE %I SET timezone = %L', role_name, 'UTC');
        EXECUTE format('ALTER ROLE %I SET datestyle = %L', role_name, 'ISO, YMD');
        EXECUTE format('ALTER ROLE %I SET search_path = pg_catalog, pg_temp', role_name);
        EXECUTE format('ALTER ROLE %I SET jit = off', role_name);
    END LOOP;
END
$$;

-- A request that hangs must not hold a worker or a lock: the service answers 503 instead.
ALTER ROLE ballium_app SET statement_timeout = '10s';
ALTER ROLE ballium_app SET lock_timeout = '5s';
ALTER ROLE ballium_app SET idle_in_transaction_session_timeout = '15s';
ALTER ROLE ballium_portfolio SET statement_timeout = '10s';
ALTER ROLE ballium_portfolio SET default_transaction_read_only = on;
ALTER ROLE ballium_portfolio SET idle_in_transaction_session_timeout = '15s';
ALTER ROLE ballium_worker SET statement_timeout = '300s';
ALTER ROLE ballium_worker SET lock_timeout = '10s';
ALTER ROLE ballium_worker SET idle_in_transaction_session_timeout = '300s';

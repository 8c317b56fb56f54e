-- Log-in: sessions, refresh tokens, the memory of failed attempts. All of it belongs to nobody (a person is one user of the
-- platform with many memberships), so there is no tenant column. The serving role has no right on any of these tables: it calls
-- the functions below, each of which does one thing.

-- A log-in, and the family of refresh tokens that descend from it. Its id is the `sid` of the access tokens.
CREATE TABLE core.session (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL, -- set at log-in; refreshing does not move it
    ended_at timestamptz,
    ended_why text,
    CONSTRAINT session_pk PRIMARY KEY (id),
    CONSTRAINT session_ended_check CHECK ((ended_at IS NULL) = (ended_why IS NULL)),
    CONSTRAINT session_ended_why_check CHECK (ended_why IN ('logout', 'reuse', 'password', 'suspended'))
);
CREATE INDEX session_user_idx ON core.session (user_id);
CREATE INDEX session_expiry_idx ON core.session (expires_at);
ALTER TABLE core.session ADD CONSTRAINT session_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);

-- Used ones stay until the session is swept: the second use of one is how a theft shows (RFC 9700, section 4.14.2).
CREATE TABLE core.refresh_token (
    hash bytea NOT NULL, -- SHA-256 of the token; the token itself is stored nowhere
    session_id uuid NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    CONSTRAINT refresh_token_pk PRIMARY KEY (hash),
    CONSTRAINT refresh_token_hash_check CHECK (octet_length(hash) = 32)
);
CREATE INDEX refresh_token_session_idx ON core.refresh_token (session_id);
ALTER TABLE core.refresh_token ADD CONSTRAINT refresh_token_session_fk
    FOREIGN KEY (session_id) REFERENCES core.session (id) ON DELETE CASCADE;

-- Failed attempts, one row per (account, network) pair and one per account. Keyed by a hash of what was typed, so that an account
-- that does not exist is treated as one that does.
CREATE TABLE core.login_attempt (
    key bytea NOT NULL,
    failures integer NOT NULL,
    trusted boolean NOT NULL DEFAULT false, -- the account's owner has logged in from there
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CONSTRAINT login_attempt_pk PRIMARY KEY (key)
);
CREATE INDEX login_attempt_expiry_idx ON core.login_attempt (expires_at);

CREATE FUNCTION core.login_key(email text, network text) RETURNS bytea
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT sha256(convert_to(lower(email) || E'\n' || network, 'UTF8')) $$;
REVOKE EXECUTE ON FUNCTION core.login_key(text, text) FROM PUBLIC;

-- Seconds until this pair may try again; 0: now.
-- A pair that failed five times in a row is locked for 15 s, doubled by each further failure up to 15 min. Only that pair: somebody
-- else's guesses from another network lock nobody out.
-- An account that is under attack (20 failures from anywhere, the last one less than an hour ago) is never locked, only slowed:
-- pairs it has not logged in from must leave 5 s to 60 s between two attempts, and before the first one.
CREATE FUNCTION core.login_wait(email text, network text) RETURNS integer
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    pair core.login_attempt;
    account core.login_attempt;
    ready timestamptz := now();
BEGIN
    SELECT * INTO pair FROM core.login_attempt a WHERE a.key = core.login_key(email, network);
    SELECT * INTO account FROM core.login_attempt a WHERE a.key = core.login_key(email, '*');
    IF pair.failures >= 5 THEN
        ready := pair.seen_at + least(15 * 2 ^ least(pair.failures - 5, 10), 900) * interval '1 second';
    ELSIF account.failures >= 20 AND account.seen_at > now() - interval '1 hour' AND pair.trusted IS NOT TRUE THEN
        ready := coalesce(pair.seen_at, now()) + least(5 + (account.failures - 20) / 10, 60) * interval '1 second';
    END IF;
    RETURN greatest(ceil(extract(epoch FROM ready - now())), 0)::integer;
END
$$;
REVOKE EXECUTE ON FUNCTION core.login_wait(text, text) FROM PUBLIC;

-- One more failure; an hour without one starts the count again.
CREATE FUNCTION core.login_count(email text, network text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO core.login_attempt AS a (key, failures, expires_at)
        VALUES (core.login_key(email, network), 1, now() + interval '1 day')
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN a.seen_at < now() - interval '1 hour' THEN 1 ELSE least(a.failures + 1, 1000000) END,
            seen_at = now(), expires_at = greatest(a.expires_at, excluded.expires_at)
    $$;
REVOKE EXECUTE ON FUNCTION core.login_count(text, text) FROM PUBLIC;

-- Every log-in, good or bad, takes away more stale rows than it adds: nothing else needs to.
CREATE FUNCTION core.login_sweep() RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.login_attempt WHERE key IN
        (SELECT a.key FROM core.login_attempt a WHERE a.expires_at < now() LIMIT 8 FOR UPDATE SKIP LOCKED);
    DELETE FROM core.session WHERE id IN
        (SELECT s.id FROM core.session s WHERE s.expires_at < now() LIMIT 4 FOR UPDATE SKIP LOCKED);
    $$;
REVOKE EXECUTE ON FUNCTION core.login_sweep() FROM PUBLIC;

-- Before the password is hashed. Always one row; without an active account of that address all but wait is NULL.
CREATE FUNCTION core.login_look(email text, network text) RETURNS TABLE (wait integer, user_id uuid, password_hash text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT core.login_wait(login_look.email, network), u.id, u.password_hash
    FROM (VALUES (1)) AS always LEFT JOIN core.user_account u ON u.email = lower(login_look.email) AND u.status = 'active'
    $$;
REVOKE EXECUTE ON FUNCTION core.login_look(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.login_look(text, text) TO ballium_app;

-- An attempt that had to wait: the pair's clock starts with its first one, and is not set back by more.
CREATE FUNCTION core.login_refused(email text, network text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO core.login_attempt (key, failures, expires_at)
        VALUES (core.login_key(email, network), 0, now() + interval '1 day') ON CONFLICT (key) DO NOTHING;
    SELECT core.login_sweep();
    $$;
REVOKE EXECUTE ON FUNCTION core.login_refused(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.login_refused(text, text) TO ballium_app;

CREATE FUNCTION core.login_failed(email text, network text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT core.login_count(email, network);
    SELECT core.login_count(email, '*');
    SELECT core.login_sweep();
    $$;
REVOKE EXECUTE ON FUNCTION core.login_failed(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.login_failed(text, text) TO ballium_app;

-- Starts a session and stores the hash of its first refresh token. 0: done; above: seconds to wait, because guesses that ran beside
-- this one have locked the pair meanwhile; -1: the account is no longer active.
CREATE FUNCTION core.login_succeeded(email text, network text, user_id uuid, session_id uuid, token bytea, lifetime integer)
    RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    wait integer := core.login_wait(email, network);
BEGIN
    IF wait > 0 THEN
        RETURN wait;
    END IF;
    PERFORM FROM core.user_account u WHERE u.id = login_succeeded.user_id AND u.status = 'active' FOR SHARE;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    INSERT INTO core.login_attempt AS a (key, failures, trusted, expires_at)
        VALUES (core.login_key(email, network), 0, true, now() + interval '30 days')
        ON CONFLICT (key) DO UPDATE SET failures = 0, trusted = true, seen_at = now(), expires_at = excluded.expires_at;
    INSERT INTO core.session (id, user_id, expires_at)
        VALUES (login_succeeded.session_id, login_succeeded.user_id, now() + lifetime * interval '1 second');
    INSERT INTO core.refresh_token (hash, session_id) VALUES (token, login_succeeded.session_id);
    PERFORM core.login_sweep();
    RETURN 0;
END
$$;
REVOKE EXECUTE ON FUNCTION core.login_succeeded(text, text, uuid, uuid, bytea, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.login_succeeded(text, text, uuid, uuid, bytea, integer) TO ballium_app;

-- Trades a refresh token for its successor. outcome: rotated; unknown; ended (logged out, expired, account not active); reused (it
-- was traded before, so two parties hold it: the session is over for both). The session's row is locked first, always, so that two
-- trades of one token cannot both win.
CREATE FUNCTION core.refresh(token bytea, successor bytea) RETURNS TABLE (outcome text, user_id uuid, session_id uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    live boolean;
BEGIN
    SELECT t.session_id INTO session_id FROM core.refresh_token t WHERE t.hash = token;
    IF NOT FOUND THEN
        outcome := 'unknown';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT s.user_id, s.ended_at IS NULL AND s.expires_at > now() AND u.status = 'active' INTO user_id, live
        FROM core.session s JOIN core.user_account u ON u.id = s.user_id WHERE s.id = refresh.session_id FOR UPDATE OF s;
    IF live IS NOT TRUE THEN
        outcome := 'ended';
    ELSIF EXISTS (SELECT FROM core.refresh_token t WHERE t.hash = token AND t.used_at IS NOT NULL) THEN
        UPDATE core.session s SET ended_at = now(), ended_why = 'reuse' WHERE s.id = refresh.session_id;
        outcome := 'reused';
    ELSE
        UPDATE core.refresh_token t SET used_at = now() WHERE t.hash = token;
        INSERT INTO core.refresh_token (hash, session_id) VALUES (successor, refresh.session_id);
        outcome := 'rotated';
    END IF;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION core.refresh(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.refresh(bytea, bytea) TO ballium_app;

-- Ends the session that the token belongs to, whether or not it was traded already.
CREATE FUNCTION core.log_out(token bytea) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.session s SET ended_at = now(), ended_why = 'logout'
        FROM core.refresh_token t WHERE t.hash = token AND s.id = t.session_id AND s.ended_at IS NULL
    $$;
REVOKE EXECUTE ON FUNCTION core.log_out(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.log_out(bytea) TO ballium_app;

-- The organisations that a person may enter now.
CREATE FUNCTION core.memberships_of(actor uuid) RETURNS TABLE (id uuid, slug text, name text, kind text, roles text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT o.id, o.slug, o.name, o.kind, m.roles
    FROM core.membership m
    JOIN core.user_account u ON u.id = m.user_id AND u.status = 'active'
    JOIN core.organisation o ON o.id = m.tenant_id AND o.status = 'active'
    WHERE m.user_id = actor AND m.status = 'active'
    ORDER BY o.name, o.id
    $$;
REVOKE EXECUTE ON FUNCTION core.memberships_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.memberships_of(uuid) TO ballium_app;

-- The caller: no row when the account is not active. Permissions come once per role, not per membership: a consultant has hundreds.
CREATE FUNCTION core.me(actor uuid) RETURNS TABLE (id uuid, email text, name text, memberships json, permissions json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH mine AS MATERIALIZED (SELECT * FROM core.memberships_of(actor)),
    granted AS (
        SELECT g.role, json_agg(g.permission ORDER BY g.permission) AS permissions
        FROM core.role_grant g WHERE g.role IN (SELECT unnest(m.roles) FROM mine m) GROUP BY g.role
    )
    SELECT u.id, u.email, u.name,
        (SELECT coalesce(json_agg(json_build_object('organisation', json_build_object('id', m.id, 'slug', m.slug, 'name', m.name,
            'kind', m.kind), 'roles', m.roles) ORDER BY m.name, m.id), '[]') FROM mine m),
        (SELECT coalesce(json_object_agg(g.role, g.permissions ORDER BY g.role), '{}') FROM granted g)
    FROM core.user_account u WHERE u.id = actor AND u.status = 'active'
    $$;
REVOKE EXECUTE ON FUNCTION core.me(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.me(uuid) TO ballium_app;

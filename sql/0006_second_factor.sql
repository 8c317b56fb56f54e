-- Sessions that can be seen and ended, when and how their owner signed in, and the second factor.

ALTER TABLE core.session ADD COLUMN authenticated_at timestamptz NOT NULL DEFAULT now(); -- the last proof: log-in or step-up
ALTER TABLE core.session ADD COLUMN two_factor boolean NOT NULL DEFAULT false;
ALTER TABLE core.session ADD COLUMN organisation_id uuid; -- the only one it opens; NULL: all that the person is a member of
ALTER TABLE core.session ADD COLUMN refreshed_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE core.session ADD COLUMN network text NOT NULL DEFAULT ''; -- where it was started from
ALTER TABLE core.session ADD COLUMN agent text NOT NULL DEFAULT '';   -- what the caller said it was (User-Agent)
ALTER TABLE core.session ADD CONSTRAINT session_organisation_fk FOREIGN KEY (organisation_id) REFERENCES core.organisation (id);
ALTER TABLE core.session DROP CONSTRAINT session_ended_why_check;
ALTER TABLE core.session ADD CONSTRAINT session_ended_why_check
    CHECK (ended_why IN ('logout', 'reuse', 'password', 'suspended', 'revoked', 'second_factor'));

-- Time-based one-time passwords (RFC 6238). Not in force before it is confirmed by a first code.
CREATE TABLE core.totp (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    used_step bigint NOT NULL DEFAULT 0, -- the newest time step whose code was taken: no code is taken twice
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT totp_pk PRIMARY KEY (user_id),
    CONSTRAINT totp_secret_check CHECK (octet_length(secret) BETWEEN 20 AND 64)
);
ALTER TABLE core.totp ADD CONSTRAINT totp_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);

-- For the day the telephone is lost; each works once.
CREATE TABLE core.recovery_code (
    user_id uuid NOT NULL,
    hash bytea NOT NULL, -- SHA-256: 80 random bits cannot be guessed through a log-in
    used_at timestamptz,
    CONSTRAINT recovery_code_pk PRIMARY KEY (user_id, hash)
);
ALTER TABLE core.recovery_code ADD CONSTRAINT recovery_code_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);

-- Before the password is hashed. Always one row; without an active person of that address all but wait is NULL.
DROP FUNCTION core.login_look(text, text);
CREATE FUNCTION core.login_look(email text, network text)
    RETURNS TABLE (wait integer, user_id uuid, password_hash text, totp text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT core.login_wait(login_look.email, network), u.id, u.password_hash, encode(t.secret, 'hex')
    FROM (VALUES (1)) AS always
    LEFT JOIN core.user_account u ON u.email = lower(login_look.email) AND u.status = 'active' AND u.kind = 'person'
    LEFT JOIN core.totp t ON t.user_id = u.id AND t.confirmed_at IS NOT NULL
    $$;
REVOKE EXECUTE ON FUNCTION core.login_look(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.login_look(text, text) TO ballium_app;

-- Takes a code that was found to be right: once, and none that is older than one taken before.
CREATE FUNCTION core.totp_take(actor uuid, step bigint) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH taken AS (UPDATE core.totp t SET used_step = step WHERE t.user_id = actor AND t.used_step < step RETURNING 1)
    SELECT EXISTS (SELECT FROM taken)
    $$;
REVOKE EXECUTE ON FUNCTION core.totp_take(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.totp_take(uuid, bigint) TO ballium_app;

CREATE FUNCTION core.recovery_take(actor uuid, code bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH taken AS (UPDATE core.recovery_code c SET used_at = now() WHERE c.user_id = actor AND c.hash = code AND c.used_at IS NULL
        RETURNING 1)
    SELECT EXISTS (SELECT FROM taken)
    $$;
REVOKE EXECUTE ON FUNCTION core.recovery_take(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.recovery_take(uuid, bytea) TO ballium_app;

-- A new secret that waits for its first code. False: a second factor is in force already.
CREATE FUNCTION core.totp_enrol(actor uuid, fresh bytea) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH made AS (
        INSERT INTO core.totp AS t (user_id, secret) VALUES (actor, fresh)
            ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, used_step = 0, created_at = now()
            WHERE t.confirmed_at IS NULL RETURNING 1)
    SELECT EXISTS (SELECT FROM made)
    $$;
REVOKE EXECUTE ON FUNCTION core.totp_enrol(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.totp_enrol(uuid, bytea) TO ballium_app;

-- How it stands with the caller's second factor; no row: there is none. `waiting`: the secret, while it is not confirmed.
CREATE FUNCTION core.totp_state(actor uuid) RETURNS TABLE (confirmed boolean, waiting text, recovery_left integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT t.confirmed_at IS NOT NULL, CASE WHEN t.confirmed_at IS NULL THEN encode(t.secret, 'hex') END,
        (SELECT count(*)::integer FROM core.recovery_code c WHERE c.user_id = actor AND c.used_at IS NULL)
    FROM core.totp t WHERE t.user_id = actor
    $$;
REVOKE EXECUTE ON FUNCTION core.totp_state(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.totp_state(uuid) TO ballium_app;

-- In force from now on. The other sessions were opened without it: they end. False: there was nothing to confirm.
CREATE FUNCTION core.totp_confirm(actor uuid, session uuid, step bigint, recovery bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    UPDATE core.totp t SET confirmed_at = now(), used_step = step WHERE t.user_id = actor AND t.confirmed_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM core.recovery_code c WHERE c.user_id = actor;
    INSERT INTO core.recovery_code (user_id, hash) SELECT actor, unnest(recovery);
    UPDATE core.session s SET ended_at = now(), ended_why = 'second_factor'
        WHERE s.user_id = actor AND s.id <> session AND s.ended_at IS NULL;
    UPDATE core.session s SET two_factor = true, authenticated_at = now() WHERE s.id = session AND s.user_id = actor;
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION core.totp_confirm(uuid, uuid, bigint, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.totp_confirm(uuid, uuid, bigint, bytea[]) TO ballium_app;

-- New recovery codes instead of all old ones. False: there is no second factor in force.
CREATE FUNCTION core.recovery_renew(actor uuid, recovery bytea[]) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM FROM core.totp t WHERE t.user_id = actor AND t.confirmed_at IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM core.recovery_code c WHERE c.user_id = actor;
    INSERT INTO core.recovery_code (user_id, hash) SELECT actor, unnest(recovery);
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION core.recovery_renew(uuid, bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.recovery_renew(uuid, bytea[]) TO ballium_app;

CREATE FUNCTION core.totp_remove(actor uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.recovery_code c WHERE c.user_id = actor;
    DELETE FROM core.totp t WHERE t.user_id = actor;
    $$;
REVOKE EXECUTE ON FUNCTION core.totp_remove(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.totp_remove(uuid) TO ballium_app;

-- A person has proved who they are: the memory of the pair's failures goes, and the pair is trusted. 0: done; above: seconds to wait,
-- because guesses that ran beside this one have locked the pair meanwhile.
CREATE FUNCTION core.login_proved(email text, network text) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    wait integer := core.login_wait(email, network);
BEGIN
    IF wait = 0 THEN
        INSERT INTO core.login_attempt AS a (key, failures, trusted, expires_at)
            VALUES (core.login_key(email, network), 0, true, now() + interval '30 days')
            ON CONFLICT (key) DO UPDATE SET failures = 0, trusted = true, seen_at = now(), expires_at = excluded.expires_at;
        PERFORM core.login_sweep();
    END IF;
    RETURN wait;
END
$$;
REVOKE EXECUTE ON FUNCTION core.login_proved(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.login_proved(text, text) TO ballium_app;

-- Starts a session and stores the hash of its first refresh token. False: the account is no longer active.
DROP FUNCTION core.login_succeeded(text, text, uuid, uuid, bytea, integer);
CREATE FUNCTION core.session_start(actor uuid, session uuid, token bytea, lifetime integer, two_factor boolean, network text,
                                   agent text, organisation uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM FROM core.user_account u WHERE u.id = actor AND u.status = 'active' AND u.kind = 'person' FOR SHARE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO core.session (id, user_id, expires_at, two_factor, network, agent, organisation_id)
        VALUES (session, actor, now() + lifetime * interval '1 second', session_start.two_factor, session_start.network,
                left(session_start.agent, 200), organisation);
    INSERT INTO core.refresh_token (hash, session_id) VALUES (token, session);
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION core.session_start(uuid, uuid, bytea, integer, boolean, text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.session_start(uuid, uuid, bytea, integer, boolean, text, text, uuid) TO ballium_app;

-- Trades a refresh token for its successor. outcome: rotated; unknown; ended (logged out, expired, account not active); reused (it
-- was traded before, so two parties hold it: the session is over for both). The session's row is locked first, always, so that two
-- trades of one token cannot both win.
DROP FUNCTION core.refresh(bytea, bytea);
CREATE FUNCTION core.refresh(token bytea, successor bytea)
    RETURNS TABLE (outcome text, user_id uuid, session_id uuid, authenticated bigint, two_factor boolean, organisation uuid)
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
    SELECT s.user_id, s.ended_at IS NULL AND s.expires_at > now() AND u.status = 'active',
            extract(epoch FROM s.authenticated_at)::bigint, s.two_factor, s.organisation_id
        INTO user_id, live, authenticated, two_factor, organisation
        FROM core.session s JOIN core.user_account u ON u.id = s.user_id WHERE s.id = refresh.session_id FOR UPDATE OF s;
    IF live IS NOT TRUE THEN
        outcome := 'ended';
    ELSIF EXISTS (SELECT FROM core.refresh_token t WHERE t.hash = token AND t.used_at IS NOT NULL) THEN
        UPDATE core.session s SET ended_at = now(), ended_why = 'reuse' WHERE s.id = refresh.session_id;
        outcome := 'reused';
    ELSE
        UPDATE core.refresh_token t SET used_at = now() WHERE t.hash = token;
        INSERT INTO core.refresh_token (hash, session_id) VALUES (successor, refresh.session_id);
        UPDATE core.session s SET refreshed_at = now() WHERE s.id = refresh.session_id;
        outcome := 'rotated';
    END IF;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION core.refresh(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.refresh(bytea, bytea) TO ballium_app;

-- The person has proved anew, inside a session, who they are. NULL: the session is over.
CREATE FUNCTION core.session_proved(actor uuid, session uuid, two_factor boolean) RETURNS TABLE (organisation uuid)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.session s SET authenticated_at = now(), two_factor = session_proved.two_factor
        WHERE s.id = session AND s.user_id = actor AND s.ended_at IS NULL AND s.expires_at > now()
        RETURNING s.organisation_id
    $$;
REVOKE EXECUTE ON FUNCTION core.session_proved(uuid, uuid, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.session_proved(uuid, uuid, boolean) TO ballium_app;

-- The caller's sessions that can still be refreshed, the newest first.
CREATE FUNCTION core.sessions(actor uuid)
    RETURNS TABLE (id uuid, started_at timestamptz, authenticated_at timestamptz, refreshed_at timestamptz, expires_at timestamptz,
                   two_factor boolean, network text, agent text, organisation_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT s.id, s.started_at, s.authenticated_at, s.refreshed_at, s.expires_at, s.two_factor, s.network, s.agent, s.organisation_id
    FROM core.session s WHERE s.user_id = actor AND s.ended_at IS NULL AND s.expires_at > now() ORDER BY s.started_at DESC, s.id
    LIMIT 200
    $$;
REVOKE EXECUTE ON FUNCTION core.sessions(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.sessions(uuid) TO ballium_app;

-- Ends one of the caller's sessions, or (session NULL) all but `kept`. Answers those that ended.
CREATE FUNCTION core.sessions_end(actor uuid, session uuid, kept uuid) RETURNS TABLE (id uuid)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.session s SET ended_at = now(), ended_why = 'revoked'
        WHERE s.user_id = actor AND s.ended_at IS NULL AND s.expires_at > now()
          AND (s.id = session OR (session IS NULL AND s.id IS DISTINCT FROM kept))
        RETURNING s.id
    $$;
REVOKE EXECUTE ON FUNCTION core.sessions_end(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.sessions_end(uuid, uuid, uuid) TO ballium_app;

-- A new password, for whoever has just proved the old one; whoever else knew it is out. Answers the sessions that ended.
CREATE FUNCTION core.password_change(actor uuid, kept uuid, hash text) RETURNS TABLE (id uuid)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.user_account u SET password_hash = hash WHERE u.id = actor AND u.kind = 'person';
    UPDATE core.session s SET ended_at = now(), ended_why = 'password'
        WHERE s.user_id = actor AND s.id <> kept AND s.ended_at IS NULL RETURNING s.id
    $$;
REVOKE EXECUTE ON FUNCTION core.password_change(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.password_change(uuid, uuid, text) TO ballium_app;

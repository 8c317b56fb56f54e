-- Calendar feeds: calendars of other programs cannot sign in, so each reads with a token of its own, which its owner takes back at any
-- time. It opens nothing but the calendar, of one organisation, with what its owner may read at that moment. Like a session, a feed is
-- asked for before a tenant is entered, and belongs to nobody's tables.

CREATE TABLE core.calendar_feed (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL, -- SHA-256 of the token; the token itself is stored nowhere
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT calendar_feed_pk PRIMARY KEY (id),
    CONSTRAINT calendar_feed_hash_key UNIQUE (hash),
    CONSTRAINT calendar_feed_hash_check CHECK (octet_length(hash) = 32),
    CONSTRAINT calendar_feed_name_check CHECK (char_length(name) BETWEEN 1 AND 200)
);
CREATE INDEX calendar_feed_user_idx ON core.calendar_feed (user_id, organisation_id) WHERE revoked_at IS NULL;
ALTER TABLE core.calendar_feed ADD CONSTRAINT calendar_feed_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);
ALTER TABLE core.calendar_feed ADD CONSTRAINT calendar_feed_organisation_fk FOREIGN KEY (organisation_id) REFERENCES core.organisation (id);

-- False: the person has twenty of them already.
CREATE FUNCTION core.feed_make(organisation uuid, actor uuid, feed uuid, name text, hash bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF organisation IS DISTINCT FROM core.tenant() THEN
        RAISE EXCEPTION 'no such organisation' USING ERRCODE = 'BL404';
    END IF;
    PERFORM FROM core.user_account u WHERE u.id = actor FOR UPDATE; -- one at a time, so that the count holds
    IF (SELECT count(*) FROM core.calendar_feed f WHERE f.user_id = actor AND f.organisation_id = organisation
            AND f.revoked_at IS NULL) >= 20 THEN
        RETURN false;
    END IF;
    INSERT INTO core.calendar_feed (id, user_id, organisation_id, name, hash) VALUES (feed, actor, organisation, feed_make.name,
        feed_make.hash);
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION core.feed_make(uuid, uuid, uuid, text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.feed_make(uuid, uuid, uuid, text, bytea) TO ballium_app;

-- The person's own, in this transaction's organisation.
CREATE FUNCTION core.feeds(organisation uuid, actor uuid) RETURNS TABLE (id uuid, name text, created_at timestamptz, used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT f.id, f.name, f.created_at, f.used_at FROM core.calendar_feed f
    WHERE f.user_id = actor AND f.organisation_id = organisation AND organisation = core.tenant() AND f.revoked_at IS NULL
    ORDER BY f.id
    $$;
REVOKE EXECUTE ON FUNCTION core.feeds(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.feeds(uuid, uuid) TO ballium_app;

-- False: the person has no such feed here.
CREATE FUNCTION core.feed_revoke(organisation uuid, actor uuid, feed uuid) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH ended AS (UPDATE core.calendar_feed f SET revoked_at = now() WHERE f.id = feed AND f.user_id = actor
        AND f.organisation_id = organisation AND organisation = core.tenant() AND f.revoked_at IS NULL RETURNING 1)
    SELECT EXISTS (SELECT FROM ended)
    $$;
REVOKE EXECUTE ON FUNCTION core.feed_revoke(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.feed_revoke(uuid, uuid, uuid) TO ballium_app;

-- Whose feed is it, and where? No row: there is none, or it was taken back. Whether the person may still come in is for core.enter.
-- The use is noted once an hour: a calendar asks often.
CREATE FUNCTION core.feed_look(hash bytea) RETURNS TABLE (user_id uuid, organisation_id uuid)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    UPDATE core.calendar_feed f SET used_at = now()
        WHERE f.hash = feed_look.hash AND (f.used_at IS NULL OR f.used_at < now() - interval '1 hour');
    SELECT f.user_id, f.organisation_id FROM core.calendar_feed f WHERE f.hash = feed_look.hash AND f.revoked_at IS NULL
    $$;
REVOKE EXECUTE ON FUNCTION core.feed_look(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.feed_look(bytea) TO ballium_app;

-- As before, and the feeds of the organisation that is purged and of the people that go with it.
CREATE OR REPLACE FUNCTION core.erase_people(people uuid[]) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    WITH gone AS (
        UPDATE core.user_account u SET status = 'erased', name = 'Erased', email = u.id || '@erased.invalid', password_hash = NULL
            WHERE u.id = ANY (people) AND NOT EXISTS (SELECT FROM core.membership m WHERE m.user_id = u.id) RETURNING u.id
    ), ended AS (
        DELETE FROM core.session s USING gone WHERE s.user_id = gone.id
    ), secrets AS (
        DELETE FROM core.client_secret c USING gone WHERE c.client_id = gone.id
    ), feeds AS (
        DELETE FROM core.calendar_feed f WHERE f.organisation_id = nullif(current_setting('ballium.purge', true), '')::uuid
            OR f.user_id IN (SELECT gone.id FROM gone)
    )
    SELECT count(*) FROM gone
    $$;

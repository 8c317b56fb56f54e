-- Reminders by mail: what a person wants of them, and on which days one was decided on. Both belong to a person, so to nobody's tables,
-- and are reached by functions only.

CREATE TABLE core.reminder_choice (
    user_id uuid NOT NULL,
    rhythm text NOT NULL,
    days_ahead integer NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reminder_choice_pk PRIMARY KEY (user_id),
    CONSTRAINT reminder_choice_rhythm_check CHECK (rhythm IN ('off', 'daily', 'weekly')),
    CONSTRAINT reminder_choice_days_ahead_check CHECK (days_ahead BETWEEN 0 AND 60)
);
ALTER TABLE core.reminder_choice ADD CONSTRAINT reminder_choice_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);

-- Written before the mail is handed over, in the transaction that looked for what is due: a crash in between costs a mail and never
-- sends a second one.
CREATE TABLE core.reminder (
    user_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    day date NOT NULL,
    dates integer NOT NULL, -- in the mail; 0: nothing was due, and no mail went
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reminder_pk PRIMARY KEY (user_id, organisation_id, day)
);
ALTER TABLE core.reminder ADD CONSTRAINT reminder_user_fk FOREIGN KEY (user_id) REFERENCES core.user_account (id);
ALTER TABLE core.reminder ADD CONSTRAINT reminder_organisation_fk FOREIGN KEY (organisation_id) REFERENCES core.organisation (id);

CREATE FUNCTION core.reminder_chosen(actor uuid) RETURNS TABLE (rhythm text, days_ahead integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce(c.rhythm, 'daily'), coalesce(c.days_ahead, 7)
    FROM core.user_account u LEFT JOIN core.reminder_choice c ON c.user_id = u.id
    WHERE u.id = actor AND u.status = 'active' AND u.kind = 'person'
    $$;
REVOKE EXECUTE ON FUNCTION core.reminder_chosen(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminder_chosen(uuid) TO ballium_app;

CREATE FUNCTION core.reminder_choose(actor uuid, rhythm text, days_ahead integer) RETURNS TABLE (rhythm text, days_ahead integer)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO core.reminder_choice AS c (user_id, rhythm, days_ahead)
        SELECT u.id, $2, $3 FROM core.user_account u WHERE u.id = $1 AND u.status = 'active' AND u.kind = 'person'
    ON CONFLICT (user_id) DO UPDATE SET rhythm = excluded.rhythm, days_ahead = excluded.days_ahead, changed_at = now()
    RETURNING c.rhythm, c.days_ahead
    $$;
REVOKE EXECUTE ON FUNCTION core.reminder_choose(uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminder_choose(uuid, text, integer) TO ballium_app;

-- For whom it is still to be decided today, in pages. What a person may read is not asked here: core.enter knows.
CREATE FUNCTION core.reminders_open(after_organisation uuid, after_person uuid, most integer)
    RETURNS TABLE (organisation_id uuid, slug text, organisation text, user_id uuid, email text, name text, days_ahead integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT m.tenant_id, o.slug, o.name, u.id, u.email, u.name, coalesce(c.days_ahead, 7)
    FROM core.membership m JOIN core.organisation o ON o.id = m.tenant_id JOIN core.user_account u ON u.id = m.user_id
        LEFT JOIN core.reminder_choice c ON c.user_id = u.id
    WHERE m.status = 'active' AND o.status = 'active' AND u.status = 'active' AND u.kind = 'person'
        AND (after_organisation IS NULL OR (m.tenant_id, m.user_id) > (after_organisation, after_person))
        AND (m.engagement_id IS NULL OR EXISTS (SELECT FROM core.engagement e WHERE e.id = m.engagement_id
            AND e.state = 'active' AND current_date BETWEEN e.valid_from AND e.valid_to))
        AND coalesce(c.rhythm, 'daily') <> 'off'
        AND NOT EXISTS (SELECT FROM core.reminder d WHERE d.user_id = m.user_id AND d.organisation_id = m.tenant_id
            AND (d.day = current_date OR d.dates > 0 AND c.rhythm = 'weekly' AND d.day > current_date - 7))
    ORDER BY m.tenant_id, m.user_id LIMIT most
    $$;
REVOKE EXECUTE ON FUNCTION core.reminders_open(uuid, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminders_open(uuid, uuid, integer) TO ballium_worker;

-- Fails on the primary key when another worker was first.
CREATE FUNCTION core.reminder_decide(organisation uuid, person uuid, dates integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.reminder d WHERE d.user_id = person AND d.organisation_id = organisation AND d.day < current_date - 30;
    INSERT INTO core.reminder (user_id, organisation_id, day, dates) VALUES (person, organisation, current_date, $3)
    $$;
REVOKE EXECUTE ON FUNCTION core.reminder_decide(uuid, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminder_decide(uuid, uuid, integer) TO ballium_worker;

-- The mail server certainly has not taken it: it is open again.
CREATE FUNCTION core.reminder_reopen(organisation uuid, person uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.reminder d WHERE d.user_id = person AND d.organisation_id = organisation AND d.day = (SELECT max(l.day)
        FROM core.reminder l WHERE l.user_id = person AND l.organisation_id = organisation)
    $$;
REVOKE EXECUTE ON FUNCTION core.reminder_reopen(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminder_reopen(uuid, uuid) TO ballium_worker;

-- As before, the feeds again (0015), and what is said here of the organisation that is purged and of the people that go with it.
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
    ), codes AS (
        DELETE FROM core.recovery_code c USING gone WHERE c.user_id = gone.id
    ), factors AS (
        DELETE FROM core.totp t USING gone WHERE t.user_id = gone.id
    ), subjects AS (
        DELETE FROM core.identity_subject s USING gone WHERE s.user_id = gone.id
    ), providers AS (
        DELETE FROM core.identity_provider p WHERE p.organisation_id = nullif(current_setting('ballium.purge', true), '')::uuid
    ), feeds AS (
        DELETE FROM core.calendar_feed f WHERE f.organisation_id = nullif(current_setting('ballium.purge', true), '')::uuid
            OR f.user_id IN (SELECT gone.id FROM gone)
    ), choices AS (
        DELETE FROM core.reminder_choice c USING gone WHERE c.user_id = gone.id
    ), reminders AS (
        DELETE FROM core.reminder d WHERE d.organisation_id = nullif(current_setting('ballium.purge', true), '')::uuid
            OR d.user_id IN (SELECT gone.id FROM gone)
    )
    SELECT count(*) FROM gone
    $$;

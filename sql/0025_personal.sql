-- What goes with a person, and with an organisation that is purged: one line for each column, instead of a function that every
-- migration writes anew. A migration that makes a place for something personal adds its lines here; tests/db/walls.c walks the
-- catalogue for places that have none. Texts of an organisation need none: core.forget_words looks through all of them.
CREATE TABLE core.personal (
    area text NOT NULL,     -- the schema
    relation text NOT NULL,
    field text NOT NULL,
    act text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT personal_pk PRIMARY KEY (area, relation, field),
    -- person: the row goes with the account that the field names. organisation: with the organisation that it names, when that is purged.
    -- words: another function takes them out. kept: it stays.
    CONSTRAINT personal_act_check CHECK (act IN ('person', 'organisation', 'words', 'kept')),
    CONSTRAINT personal_reason_check CHECK (char_length(reason) BETWEEN 1 AND 500)
);

INSERT INTO core.personal (area, relation, field, act, reason) VALUES
    ('core', 'session', 'user_id', 'person', 'who is signed in'),
    ('core', 'client_secret', 'client_id', 'person', 'by what a program signs in'),
    ('core', 'recovery_code', 'user_id', 'person', 'by what a person signs in'),
    ('core', 'totp', 'user_id', 'person', 'by what a person signs in'),
    ('core', 'identity_subject', 'user_id', 'person', 'by what a person signs in'),
    ('core', 'calendar_feed', 'user_id', 'person', 'a token of the person''s, and what they call it'),
    ('core', 'calendar_feed', 'organisation_id', 'organisation', 'opens a calendar of the organisation'),
    ('core', 'reminder_choice', 'user_id', 'person', 'what the person wants'),
    ('core', 'reminder', 'user_id', 'person', 'what was mailed to the person'),
    ('core', 'reminder', 'organisation_id', 'organisation', 'what was mailed about it'),
    ('core', 'identity_provider', 'organisation_id', 'organisation', 'speaks for its members, and holds a secret'),
    ('core', 'door', 'organisation', 'organisation', 'leads into it'),
    ('core', 'user_account', 'name', 'words', 'core.erase_people: the account stays as an empty place, because trails name it'),
    ('core', 'user_account', 'email', 'words', 'core.erase_people'),
    ('core', 'invitation', 'email', 'words', 'core.member_erase and core.forget_places'),
    ('core', 'membership', 'user_id', 'kept', 'records name their people by id; core.member shows no name of one that was erased'),
    ('core', 'client', 'id', 'kept', 'a program, which is no person'),
    ('core', 'organisation', 'name', 'kept', 'of the organisation; a purge empties it'),
    ('core', 'identity_provider', 'name', 'kept', 'of a service, said by the organisation; goes with it'),
    ('core', 'role', 'name', 'kept', 'what may be done by whom, in words of a-z and hyphens'),
    ('core', 'migration', 'name', 'kept', 'of a file of this folder');

-- The account goes with the last organisation that knows the person: an empty place, because trails name it. What belongs to it goes
-- too, and in a purge what belongs to the organisation. Names of tables come from core.personal alone, which only migrations write.
CREATE OR REPLACE FUNCTION core.erase_people(people uuid[]) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    gone uuid[];
    purged uuid[] := array_remove(ARRAY[nullif(current_setting('ballium.purge', true), '')::uuid], NULL);
    place record;
BEGIN
    WITH emptied AS (
        UPDATE core.user_account u SET status = 'erased', name = 'Erased', email = u.id || '@erased.invalid', password_hash = NULL
            WHERE u.id = ANY (people) AND u.status <> 'erased'
            AND NOT EXISTS (SELECT FROM core.membership m WHERE m.user_id = u.id AND NOT (m.erased AND m.status = 'ended')) RETURNING u.id
    )
    SELECT coalesce(array_agg(e.id), '{}') INTO gone FROM emptied e;
    FOR place IN SELECT p.area, p.relation, p.field, p.act FROM core.personal p WHERE p.act IN ('person', 'organisation') ORDER BY p.act DESC LOOP
        EXECUTE format('DELETE FROM %I.%I WHERE %I = ANY ($1)', place.area, place.relation, place.field)
            USING CASE place.act WHEN 'person' THEN gone ELSE purged END;
    END LOOP;
    RETURN cardinality(gone);
END
$$;

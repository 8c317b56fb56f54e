-- The right to be forgotten, in one act. Records go on naming a person by id; of the name and the address nothing stays: not in the
-- account, not in any text of any area, not on the trail, whose events give up what they said and keep their salted commitment, so
-- that every proof holds.
-- Who may: an owner, in the organisation, which answers for its data; the platform, everywhere. A person who belongs to another
-- organisation as well keeps the account: what one of them has forgotten the other has not, and neither learns of the other.

ALTER TABLE core.membership ADD COLUMN erased boolean NOT NULL DEFAULT false; -- of one that has ended

CREATE OR REPLACE VIEW core.member WITH (security_barrier) AS
    SELECT m.tenant_id, m.user_id AS id, CASE WHEN m.erased AND m.status = 'ended' THEN 'Erased' ELSE u.name END AS name,
        CASE WHEN m.erased AND m.status = 'ended' THEN u.id || '@erased.invalid' ELSE u.email END AS email,
        m.roles, m.status, m.created_at, m.engagement_id
    FROM core.membership m JOIN core.user_account u ON u.id = m.user_id
    WHERE m.tenant_id = core.tenant();

-- What finds these words, whole and in any case, in a text or in the text of a JSON value (in which a line's end is two letters).
CREATE FUNCTION core.pattern_of(words text[]) RETURNS text
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT '(?:(?<!\w)|(?<=\\[bfnrt]))(?:' || string_agg(regexp_replace(regexp_replace(w, '([].*+?(){}|^$\\[])', '\\\1', 'g'),
        '\s+', '\\s+', 'g'), '|' ORDER BY char_length(w) DESC) || ')(?!\w)'
    FROM (SELECT unnest(words) UNION SELECT trim(BOTH '"' FROM to_jsonb(x)::text) FROM unnest(words) x) AS word (w)
    $$;

-- A new event's id: a UUIDv7, as the core makes them.
CREATE FUNCTION core.new_id() RETURNS uuid
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    bytes bytea := overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6);
BEGIN
    RETURN encode(set_byte(bytes, 6, get_byte(bytes, 6) & 15 | 112), 'hex')::uuid;
END
$$;

-- The words by which a person is known here: address, full name, and what a list of people (a table with member_id) calls the account.
-- A name of one word could be any word, and one that another member has too is that member's as well: those stay in the texts.
CREATE FUNCTION core.words_of(tenant uuid, person uuid) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    list record;
    more text[];
    words text[];
BEGIN
    SELECT ARRAY[m.name, m.email] INTO words FROM core.member m WHERE m.tenant_id = words_of.tenant AND m.id = person;
    FOR list IN SELECT c.oid::regclass AS name, string_agg(format('t.%I', a.attname), ', ') AS columns
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'
            JOIN pg_attribute k ON k.attrelid = c.oid AND k.attname = 'tenant_id'
            JOIN pg_attribute m ON m.attrelid = c.oid AND m.attname = 'member_id' AND NOT m.attisdropped
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('name', 'email') AND a.atttypid = 'text'::regtype
            WHERE c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT') GROUP BY c.oid LOOP
        EXECUTE format('SELECT array_agg(w) FROM %s t CROSS JOIN LATERAL unnest(ARRAY[%s]) w WHERE t.tenant_id = $1 AND t.member_id = $2',
            list.name, list.columns) INTO more USING words_of.tenant, person;
        words := words || more;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT w FROM unnest(words) w WHERE btrim(w) ~ '\S\s+\S|@' AND char_length(w) >= 3
        AND NOT EXISTS (SELECT FROM core.member o WHERE o.tenant_id = words_of.tenant AND o.id <> person AND lower(w) IN (lower(o.name),
            lower(o.email))));
END
$$;

-- Takes these words out of every text of this tenant's that the caller may write, and notes it with each record; how many rows.
-- Sums that the database makes of texts (a plan's line that was signed, say) change with them: who noted one is told the new one.
CREATE FUNCTION core.forget_words(tenant uuid, actor uuid, words text[], instead text, request text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    pattern text := core.pattern_of(words);
    fits text[] := ARRAY(SELECT DISTINCT lexeme FROM unnest(words) w CROSS JOIN LATERAL unnest(to_tsvector('simple', w)));
    place record;
    sums record;
    noted record;
    gone bigint;
    all_gone bigint := 0;
BEGIN
    FOR place IN SELECT c.oid::regclass AS name, n.nspname,
            string_agg(format(CASE a.atttypid WHEN 'text'::regtype THEN '%1$I = regexp_replace(t.%1$I, $2, $3, ''gi'')'
                WHEN 'jsonb'::regtype THEN '%1$I = regexp_replace(t.%1$I::text, $2, $3, ''gi'')::jsonb'
                ELSE '%1$I = coalesce((SELECT array_agg(regexp_replace(x, $2, $3, ''gi'') ORDER BY o) FROM unnest(t.%1$I) '
                    'WITH ORDINALITY AS u (x, o)), t.%1$I)' END, a.attname), ', ') AS assign,
            string_agg(format(CASE a.atttypid WHEN 'text[]'::regtype THEN 'array_to_string(t.%I, E''\n'')' ELSE 't.%I::text' END
                || ' ~* $2', a.attname), ' OR ') AS finds,
            (SELECT count(*) = 3 FROM pg_attribute r WHERE r.attrelid = c.oid AND r.attname IN ('id', 'ref', 'version')) AS is_record,
            (SELECT g.attname FROM pg_attribute g WHERE g.attrelid = c.oid AND g.attgenerated <> '' AND g.atttypid = 'text'::regtype
                AND pg_get_expr((SELECT d.adbin FROM pg_attrdef d WHERE d.adrelid = c.oid AND d.adnum = g.attnum), c.oid) LIKE 'md5(%')
                AS sum_column
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_'
            JOIN pg_attribute k ON k.attrelid = c.oid AND k.attname = 'tenant_id' AND NOT k.attisdropped
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                AND a.atttypid IN ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)
                AND has_column_privilege(c.oid, a.attnum, 'UPDATE') AND has_column_privilege(c.oid, a.attnum, 'SELECT')
            WHERE c.relkind = 'r' AND c.oid <> 'core.search_term'::regclass GROUP BY c.oid, n.nspname LOOP
        IF place.sum_column IS NOT NULL THEN
            EXECUTE format('SELECT array_agg(t.id) AS ids, array_agg(t.%I) AS was FROM %s t WHERE t.tenant_id = $1 AND (%s)',
                place.sum_column, place.name, place.finds) INTO sums USING forget_words.tenant, pattern;
        END IF;
        IF place.is_record THEN
            EXECUTE format('WITH changed AS (UPDATE %s t SET %s, version = t.version + 1 WHERE t.tenant_id = $1 AND (%s) '
                'RETURNING t.id, t.ref, t.version, to_jsonb(t)::text AS now), '
                'noted AS (INSERT INTO core.event (tenant_id, id, actor, resource, record_id, ref, verb, version, change, request_id) '
                'SELECT $1, core.new_id(), $4, e.resource, c.id, c.ref, ''forget'', c.version, ''{}'', $5 FROM changed c '
                'CROSS JOIN LATERAL (SELECT e.resource FROM core.event e WHERE e.tenant_id = $1 AND e.record_id = c.id ORDER BY e.id '
                'LIMIT 1) e), '
                'found AS (DELETE FROM core.search_term s USING changed c WHERE s.tenant_id = $1 AND s.record_id = c.id '
                'AND s.lexeme = ANY ($6) AND s.lexeme <> ALL (tsvector_to_array(to_tsvector(''simple'', c.now)))) '
                'SELECT count(*) FROM changed', place.name, place.assign, place.finds)
                INTO gone USING forget_words.tenant, pattern, instead, actor, request, fits;
        ELSE
            EXECUTE format('UPDATE %s t SET %s WHERE t.tenant_id = $1 AND (%s)', place.name, place.assign, place.finds)
                USING forget_words.tenant, pattern, instead;
            GET DIAGNOSTICS gone = ROW_COUNT;
        END IF;
        all_gone := all_gone + gone;
        IF place.sum_column IS NOT NULL AND gone > 0 THEN
            FOR noted IN SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = place.sum_column AND a.attgenerated = ''
                    WHERE n.nspname = place.nspname AND c.relkind = 'r' AND has_column_privilege(c.oid, a.attnum, 'UPDATE') LOOP
                EXECUTE format('UPDATE %s n SET %2$I = t.%2$I FROM unnest($2, $3) AS before (id, was) JOIN %s t ON t.tenant_id = $1 '
                    'AND t.id = before.id WHERE n.tenant_id = $1 AND n.%2$I = before.was AND t.%2$I <> before.was',
                    noted.name, place.sum_column, place.name) USING forget_words.tenant, sums.ids, sums.was;
            END LOOP;
        END IF;
    END LOOP;
    -- Answers that are kept for a repeat of the request are bytes.
    UPDATE core.idempotency i SET body = convert_to(regexp_replace(convert_from(i.body, 'UTF8'), pattern, instead, 'gi'), 'UTF8')
        WHERE i.tenant_id = forget_words.tenant AND EXISTS (SELECT FROM unnest(words) w WHERE position(convert_to(w, 'UTF8') IN i.body) > 0);
    RETURN all_gone;
END
$$;

-- Where the serving role may not write: the trail, messages and jobs. What an event said goes; that it happened, when and by whom
-- stays. Only inside this tenant.
CREATE POLICY redact ON core.message TO ballium_owner USING (tenant_id = core.tenant()) WITH CHECK (tenant_id = core.tenant());
CREATE POLICY redact ON core.job TO ballium_owner USING (tenant_id = core.tenant()) WITH CHECK (tenant_id = core.tenant());
CREATE FUNCTION core.redact_words(tenant uuid, words text[], instead text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    pattern text := core.pattern_of(words);
    redacted bigint;
BEGIN
    UPDATE core.event e SET commitment = core.commitment(e.salt, e.change, e.reason), change = '{}', reason = NULL, salt = ''
        WHERE e.tenant_id = redact_words.tenant AND e.commitment IS NULL AND (e.change::text ~* pattern OR e.reason ~* pattern);
    GET DIAGNOSTICS redacted = ROW_COUNT;
    UPDATE core.message m SET body = regexp_replace(m.body::text, pattern, instead, 'gi')::jsonb
        WHERE m.tenant_id = redact_words.tenant AND m.body::text ~* pattern;
    UPDATE core.job j SET input = regexp_replace(j.input::text, pattern, instead, 'gi')::jsonb,
        result = regexp_replace(j.result::text, pattern, instead, 'gi')::jsonb, outcome = regexp_replace(j.outcome, pattern, instead, 'gi'),
        problem = regexp_replace(j.problem, pattern, instead, 'gi')
        WHERE j.tenant_id = redact_words.tenant AND concat_ws(E'\n', j.input, j.result, j.outcome, j.problem) ~* pattern;
    RETURN redacted;
END
$$;
REVOKE EXECUTE ON FUNCTION core.redact_words(uuid, text[], text) FROM PUBLIC;

-- The account goes with the last organisation that knows the person: an empty place, because trails name it. Whoever signs in by it,
-- and by what, goes too. Of a purge, also what belongs to the organisation that is purged.
CREATE OR REPLACE FUNCTION core.erase_people(people uuid[]) RETURNS bigint
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    WITH gone AS (
        UPDATE core.user_account u SET status = 'erased', name = 'Erased', email = u.id || '@erased.invalid', password_hash = NULL
            WHERE u.id = ANY (people) AND u.status <> 'erased'
            AND NOT EXISTS (SELECT FROM core.membership m WHERE m.user_id = u.id AND NOT (m.erased AND m.status = 'ended')) RETURNING u.id
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

-- The directory's part, and the decision who may. Answers how many events gave up what they said.
CREATE FUNCTION core.member_erase(tenant uuid, actor uuid, person uuid, words text[], instead text, records bigint, reason text, event uuid,
    request text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before core.membership;
    platform boolean := actor = '00000000-0000-0000-0000-000000000000';
    address text;
    redacted bigint;
BEGIN
    PERFORM core.inside(tenant);
    PERFORM FROM core.organisation o WHERE o.id = tenant FOR NO KEY UPDATE;
    SELECT * INTO before FROM core.membership m WHERE m.tenant_id = member_erase.tenant AND m.user_id = person
        AND NOT (m.erased AND m.status = 'ended') FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such member' USING ERRCODE = 'BL404';
    END IF;
    IF 'service_client' = ANY (before.roles) THEN
        RAISE EXCEPTION 'a service client is no person: it is managed where it was made' USING ERRCODE = 'BL409', CONSTRAINT = 'service_client';
    END IF;
    IF before.engagement_id IS NOT NULL AND NOT platform THEN
        RAISE EXCEPTION 'this person comes by an engagement: the provider answers for its people' USING ERRCODE = 'BL409', CONSTRAINT = 'engaged';
    END IF;
    PERFORM core.must_hold(tenant, actor, core.allowed(tenant, before.roles), NULL);
    SELECT u.email INTO address FROM core.user_account u WHERE u.id = person;
    UPDATE core.membership m SET status = 'ended', erased = true WHERE m.tenant_id = member_erase.tenant AND m.user_id = person;
    IF 'owner' = ANY (before.roles) AND before.status = 'active' AND EXISTS (SELECT FROM core.organisation o WHERE o.id = tenant
            AND o.status <> 'closed') AND NOT EXISTS (SELECT FROM core.membership m WHERE m.tenant_id = member_erase.tenant
            AND 'owner' = ANY (m.roles) AND m.status = 'active' AND m.user_status = 'active' AND m.engagement_id IS NULL) THEN
        RAISE EXCEPTION 'the last owner stays: make somebody else an owner first' USING ERRCODE = 'BL409', CONSTRAINT = 'last_owner';
    END IF;
    UPDATE core.invitation i SET email = member_erase.person || '@erased.invalid', state = CASE i.state WHEN 'open' THEN 'revoked' ELSE i.state END
        WHERE i.tenant_id = member_erase.tenant AND i.email = address;
    DELETE FROM core.calendar_feed f WHERE f.organisation_id = tenant AND f.user_id = person;
    DELETE FROM core.identity_subject s USING core.identity_provider p
        WHERE p.id = s.provider_id AND p.organisation_id = tenant AND s.user_id = person;
    redacted := core.redact_words(tenant, words || address, instead);
    PERFORM core.note(tenant, event, actor, 'core.members', person, NULL, 'erase', 1, jsonb_build_object(
        'records', jsonb_build_array(NULL, records), 'events', jsonb_build_array(NULL, redacted)), reason, request);
    PERFORM core.erase_people(ARRAY[person]);
    RETURN redacted;
END
$$;
REVOKE EXECUTE ON FUNCTION core.member_erase(uuid, uuid, uuid, text[], text, bigint, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.member_erase(uuid, uuid, uuid, text[], text, bigint, text, uuid, text) TO ballium_app;

-- The whole act inside one organisation, by whoever has entered it.
CREATE FUNCTION core.forget_member(tenant uuid, actor uuid, person uuid, reason text, event uuid, request text)
    RETURNS TABLE (records bigint, events bigint)
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    words text[] := core.words_of(tenant, person);
    instead text := left('Erased ' || right(person::text, 6), (SELECT min(char_length(w)) FROM unnest(words) w));
BEGIN
    records := CASE WHEN cardinality(words) > 0 THEN core.forget_words(tenant, actor, words, instead, request) ELSE 0 END;
    events := core.member_erase(tenant, actor, person, words, instead, records, reason, event, request);
    RETURN NEXT;
END
$$;

-- For `ballium user erase`: where this address is known. Invitations of organisations that the person never joined are redacted here;
-- an account without any organisation goes at once.
CREATE FUNCTION core.forget_places(address text) RETURNS TABLE (person uuid, tenant uuid, slug text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    account uuid := (SELECT u.id FROM core.user_account u WHERE u.email = lower(address) AND u.kind = 'person' AND u.status <> 'erased' FOR UPDATE);
    place record;
    entered text;
BEGIN
    FOR place IN SELECT DISTINCT i.tenant_id FROM core.invitation i WHERE i.email = lower(address) AND NOT EXISTS (SELECT FROM core.membership m
            WHERE m.tenant_id = i.tenant_id AND m.user_id = account AND NOT (m.erased AND m.status = 'ended')) LOOP
        entered := set_config('ballium.tenant', place.tenant_id::text, true);
        UPDATE core.invitation i SET email = i.id || '@erased.invalid', state = CASE i.state WHEN 'open' THEN 'revoked' ELSE i.state END
            WHERE i.tenant_id = place.tenant_id AND i.email = lower(address);
        PERFORM core.redact_words(place.tenant_id, ARRAY[lower(address)], 'Era');
    END LOOP;
    entered := set_config('ballium.tenant', '', true);
    PERFORM core.erase_people(ARRAY[account]);
    RETURN QUERY SELECT account, o.id, o.slug FROM (SELECT account AS id WHERE account IS NOT NULL) a
        LEFT JOIN core.membership m ON m.user_id = a.id AND NOT (m.erased AND m.status = 'ended') LEFT JOIN core.organisation o ON o.id = m.tenant_id;
END
$$;
REVOKE EXECUTE ON FUNCTION core.forget_places(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.forget_places(text) TO ballium_worker;

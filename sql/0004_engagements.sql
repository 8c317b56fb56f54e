-- Engagements: how a consultancy or a certification body reaches a client. An engagement belongs to two organisations, so it has no
-- tenant column and is reached only through the view and the functions below, each of which asks core.tenant() itself.
-- A person whom the provider assigns gets a row in the client's core.membership that names the engagement: the client's records can
-- name that person like any other member, and core.enter finds both kinds of people with the same look-up.
-- Besides: roles of an organisation's own, and a cheaper core.enter.

-- A membership carries the status of its person and of its organisation, kept equal by the foreign keys' cascade: core.enter reads one
-- row instead of three, and what suspends a person or an organisation still shuts the door in the same moment.
ALTER TABLE core.user_account ADD CONSTRAINT user_account_status_key UNIQUE (id, status);
ALTER TABLE core.organisation ADD CONSTRAINT organisation_status_key UNIQUE (id, status);
ALTER TABLE core.membership NO FORCE ROW LEVEL SECURITY;
ALTER TABLE core.membership ADD COLUMN user_status text NOT NULL DEFAULT 'active';
ALTER TABLE core.membership ADD COLUMN tenant_status text NOT NULL DEFAULT 'active';
UPDATE core.membership m SET user_status = u.status, tenant_status = o.status FROM core.user_account u, core.organisation o
    WHERE u.id = m.user_id AND o.id = m.tenant_id AND (u.status, o.status) <> ('active', 'active');
ALTER TABLE core.membership DROP CONSTRAINT membership_user_fk;
ALTER TABLE core.membership DROP CONSTRAINT membership_tenant_fk;
ALTER TABLE core.membership ADD CONSTRAINT membership_user_fk FOREIGN KEY (user_id, user_status)
    REFERENCES core.user_account (id, status) ON UPDATE CASCADE;
ALTER TABLE core.membership ADD CONSTRAINT membership_tenant_fk FOREIGN KEY (tenant_id, tenant_status)
    REFERENCES core.organisation (id, status) ON UPDATE CASCADE;
ALTER TABLE core.membership FORCE ROW LEVEL SECURITY;

-- Bytes compare faster than words of a language.
ALTER TABLE core.role_grant ALTER COLUMN role TYPE text COLLATE "C", ALTER COLUMN permission TYPE text COLLATE "C";

CREATE TABLE core.engagement (
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    provider_id uuid NOT NULL,
    kind text NOT NULL,
    roles text[] NOT NULL,       -- that the provider's people may be given
    areas text[],                -- NULL: all
    valid_from date NOT NULL,    -- first and last day, UTC
    valid_to date NOT NULL,
    note text,
    state text NOT NULL DEFAULT 'asked',
    asked_side text NOT NULL,    -- the other one answers
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL DEFAULT now(),
    answered_by uuid,
    answered_at timestamptz,
    ended_side text,
    ended_by uuid,
    ended_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT engagement_pk PRIMARY KEY (id),
    CONSTRAINT engagement_sides_check CHECK (client_id <> provider_id),
    CONSTRAINT engagement_kind_check CHECK (kind IN ('advice', 'internal_audit', 'certification')),
    CONSTRAINT engagement_roles_check CHECK (cardinality(roles) BETWEEN 1 AND 8),
    CONSTRAINT engagement_areas_check CHECK (cardinality(areas) BETWEEN 1 AND 32),
    CONSTRAINT engagement_valid_check CHECK (valid_from <= valid_to),
    CONSTRAINT engagement_note_check CHECK (char_length(note) <= 2000),
    CONSTRAINT engagement_state_check CHECK (state IN ('asked', 'active', 'declined', 'ended')),
    CONSTRAINT engagement_asked_side_check CHECK (asked_side IN ('client', 'provider')),
    CONSTRAINT engagement_ended_check CHECK ((state = 'ended') = (ended_at IS NOT NULL) AND ended_side IN ('client', 'provider'))
);
-- One at a time for each kind; whose is over makes room.
CREATE UNIQUE INDEX engagement_open_key ON core.engagement (client_id, provider_id, kind) WHERE state IN ('asked', 'active');
CREATE INDEX engagement_provider_idx ON core.engagement (provider_id);
ALTER TABLE core.engagement ADD CONSTRAINT engagement_client_fk FOREIGN KEY (client_id) REFERENCES core.organisation (id);
ALTER TABLE core.engagement ADD CONSTRAINT engagement_provider_fk FOREIGN KEY (provider_id) REFERENCES core.organisation (id);

ALTER TABLE core.membership ADD COLUMN engagement_id uuid; -- NULL: a member of the organisation's own
ALTER TABLE core.membership ADD CONSTRAINT membership_engagement_fk FOREIGN KEY (engagement_id) REFERENCES core.engagement (id);
ALTER TABLE core.membership DROP CONSTRAINT membership_status_check;
ALTER TABLE core.membership ADD CONSTRAINT membership_status_check CHECK (status IN ('active', 'suspended', 'ended'));
CREATE INDEX membership_engagement_idx ON core.membership (engagement_id) WHERE engagement_id IS NOT NULL;

CREATE OR REPLACE VIEW core.member WITH (security_barrier) AS
    SELECT m.tenant_id, m.user_id AS id, u.name, u.email, m.roles, m.status, m.created_at, m.engagement_id
    FROM core.membership m JOIN core.user_account u ON u.id = m.user_id
    WHERE m.tenant_id = core.tenant();

-- Roles that an organisation makes for itself. The name has a hyphen ("risk-clerk") and no built-in one has: so nobody can make a
-- role that a later version takes for its own, and core.enter sees at a glance who holds one.
CREATE TABLE core.role (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    permissions text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1,
    CONSTRAINT role_pk PRIMARY KEY (tenant_id, name),
    CONSTRAINT role_name_check CHECK (name ~ '^[a-z][a-z0-9]*(-[a-z0-9]+)+$' AND char_length(name) <= 40),
    CONSTRAINT role_label_check CHECK (char_length(label) BETWEEN 1 AND 200),
    CONSTRAINT role_permissions_check CHECK (cardinality(permissions) BETWEEN 1 AND 500)
);
SELECT core.fence('core.role');
REVOKE INSERT, UPDATE ON core.role FROM ballium_app;
CREATE POLICY directory ON core.role TO ballium_owner USING (true) WITH CHECK (true); -- core.enter reads it before a tenant is set

CREATE FUNCTION core.today() RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (now() AT TIME ZONE 'UTC')::date;

-- The areas that an engagement opens to this person now ("context planning", "*": all), or NULL: it is not in force, or the person
-- has left the provider.
CREATE FUNCTION core.engaged(engagement uuid, actor uuid) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN (SELECT coalesce(array_to_string(e.areas, ' '), '*')
        FROM core.engagement e
        JOIN core.membership m ON m.tenant_id = e.provider_id AND m.user_id = engaged.actor AND m.status = 'active'
            AND m.tenant_status = 'active' AND m.engagement_id IS NULL
        WHERE e.id = engaged.engagement AND e.state = 'active' AND core.today() BETWEEN e.valid_from AND e.valid_to);
END
$$;
REVOKE EXECUTE ON FUNCTION core.engaged(uuid, uuid) FROM PUBLIC;

-- Is this permission inside these areas? Nobody from outside writes what is the core's (members, engagements, keys), and what it
-- tells of every area (events, files) is read only by those to whom every area is open. tenant/roles.c says the same in C.
CREATE FUNCTION core.in_areas(areas text, permission text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN split_part(permission, '.', 1) = 'core' THEN permission IN ('core.organisation:read', 'core.member:read')
            OR areas = '*' AND split_part(permission, ':', 2) = 'read'
        ELSE areas = '*' OR split_part(permission, '.', 1) = ANY (string_to_array(areas, ' '))
    END;

-- What the roles of the organisation's own among these allow.
CREATE FUNCTION core.own_permissions(tenant uuid, held text[]) RETURNS text[]
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN coalesce((SELECT array_agg(DISTINCT p.permission) FROM core.role r CROSS JOIN LATERAL unnest(r.permissions) AS p (permission)
        WHERE r.tenant_id = own_permissions.tenant AND r.name = ANY (held)), '{}');
END
$$;
REVOKE EXECUTE ON FUNCTION core.own_permissions(uuid, text[]) FROM PUBLIC;

-- Enters the tenant for this transaction and answers what the caller holds there, or refuses:
-- BL404 not a member (the same as: no such organisation), BL403 without the permission, BL500 entered twice.
-- permission NULL: any member. A person who comes by an engagement is let in on its days only, and into its areas only; elsewhere the
-- answer is BL404, as for any stranger.
-- The answer: "manager,risk_owner"; with roles of the organisation's own, what they allow follows: "reader,risk-clerk;own=planning.risk:read
-- planning.risk:write"; by an engagement, its areas: "consultant;areas=context planning" (or "*"). tenant/roles.c reads it.
-- One look-up for most; what the others cost is behind an IF. Every step that is no query is a plain assignment, which PL/pgSQL
-- evaluates without an executor. set_config is for one PostgreSQL: Citus propagates only SET LOCAL (see ARCHITECTURE.md).
CREATE OR REPLACE FUNCTION core.enter(actor uuid, tenant uuid, permission text) RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    held text[];
    engagement uuid;
    granted boolean;
    own text[];
    areas text;
    answer text;
    entered text;
BEGIN
    IF nullif(current_setting('ballium.tenant', true), '') IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is entered already' USING ERRCODE = 'BL500';
    END IF;
    SELECT m.roles, m.engagement_id,
           enter.permission IS NULL
               OR EXISTS (SELECT 1 FROM core.role_grant g WHERE g.role = ANY (m.roles) AND g.permission = enter.permission)
        INTO held, engagement, granted
        FROM core.membership m
        WHERE m.tenant_id = enter.tenant AND m.user_id = enter.actor
            AND m.status = 'active' AND m.user_status = 'active' AND m.tenant_status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such organisation' USING ERRCODE = 'BL404';
    END IF;
    answer := array_to_string(held, ',');
    IF strpos(answer, '-') > 0 THEN
        own := core.own_permissions(enter.tenant, held);
        granted := granted OR enter.permission = ANY (own);
        answer := answer || ';own=' || array_to_string(own, ' ');
    END IF;
    IF engagement IS NOT NULL THEN
        areas := core.engaged(engagement, enter.actor);
        IF areas IS NULL OR NOT coalesce(core.in_areas(areas, enter.permission), true) THEN
            RAISE EXCEPTION 'no such organisation' USING ERRCODE = 'BL404';
        END IF;
        answer := answer || ';areas=' || areas;
    END IF;
    IF NOT granted THEN
        RAISE EXCEPTION 'your roles (%) do not include %', array_to_string(held, ', '), enter.permission USING ERRCODE = 'BL403';
    END IF;
    entered := set_config('ballium.tenant', enter.tenant::text, true);
    RETURN answer;
END
$$;

-- The organisations that a person may enter now, by membership or by an engagement that is in force.
DROP FUNCTION core.memberships_of(uuid);
CREATE FUNCTION core.memberships_of(actor uuid)
    RETURNS TABLE (id uuid, slug text, name text, kind text, roles text[], engagement_id uuid, areas text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT o.id, o.slug, o.name, o.kind, m.roles, m.engagement_id, e.areas
    FROM core.membership m
    JOIN core.organisation o ON o.id = m.tenant_id
    LEFT JOIN LATERAL (SELECT core.engaged(m.engagement_id, m.user_id) AS areas) e ON m.engagement_id IS NOT NULL
    WHERE m.user_id = memberships_of.actor AND m.status = 'active' AND m.user_status = 'active' AND m.tenant_status = 'active'
        AND (m.engagement_id IS NULL OR e.areas IS NOT NULL)
    ORDER BY o.name, o.id
    $$;
REVOKE EXECUTE ON FUNCTION core.memberships_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.memberships_of(uuid) TO ballium_app;

-- The caller: no row when the account is not active. What built-in roles allow comes once per role, not per membership: a consultant
-- has hundreds. Roles of an organisation's own stand with their membership.
DROP FUNCTION core.me(uuid);
CREATE FUNCTION core.me(actor uuid) RETURNS TABLE (id uuid, email text, name text, memberships json, permissions json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH mine AS MATERIALIZED (SELECT * FROM core.memberships_of(me.actor)),
    granted AS (
        SELECT g.role, json_agg(g.permission ORDER BY g.permission) AS permissions
        FROM core.role_grant g WHERE g.role IN (SELECT unnest(m.roles) FROM mine m) GROUP BY g.role
    )
    SELECT u.id, u.email, u.name,
        (SELECT coalesce(json_agg(json_build_object(
                'organisation', json_build_object('id', m.id, 'slug', m.slug, 'name', m.name, 'kind', m.kind),
                'roles', m.roles,
                'own_roles', (SELECT coalesce(json_object_agg(r.name, r.permissions ORDER BY r.name), '{}') FROM core.role r
                    WHERE r.tenant_id = m.id AND r.name = ANY (m.roles)),
                'engagement', CASE WHEN e.id IS NOT NULL THEN json_build_object('id', e.id, 'kind', e.kind, 'areas', e.areas,
                    'valid_from', e.valid_from, 'valid_to', e.valid_to,
                    'provider', json_build_object('id', p.id, 'slug', p.slug, 'name', p.name)) END)
                ORDER BY m.name, m.id), '[]')
            FROM mine m LEFT JOIN core.engagement e ON e.id = m.engagement_id LEFT JOIN core.organisation p ON p.id = e.provider_id),
        (SELECT coalesce(json_object_agg(g.role, g.permissions ORDER BY g.role), '{}') FROM granted g)
    FROM core.user_account u WHERE u.id = me.actor AND u.status = 'active'
    $$;
REVOKE EXECUTE ON FUNCTION core.me(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.me(uuid) TO ballium_app;

-- For the functions that the serving role calls inside a tenant: they name it, and it must be the one that was entered.
CREATE FUNCTION core.inside(tenant uuid) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    IF tenant IS DISTINCT FROM core.tenant() THEN
        RAISE EXCEPTION 'another tenant is entered' USING ERRCODE = 'BL500';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION core.inside(uuid) FROM PUBLIC;

-- What these functions do stands on a trail: that of the organisation it was done to, also when another one's transaction does it.
-- The owner may add such an event and nothing else, and reads none.
CREATE POLICY directory ON core.event FOR INSERT TO ballium_owner WITH CHECK (resource LIKE 'core.%');
CREATE FUNCTION core.note(tenant uuid, event uuid, actor uuid, resource text, record uuid, ref text, verb text, version integer,
    change jsonb, reason text, request text) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO core.event (tenant_id, id, actor, resource, record_id, ref, verb, version, change, reason, request_id)
        VALUES (note.tenant, note.event, note.actor, note.resource, note.record, note.ref, note.verb, note.version, note.change,
            note.reason, note.request)
    $$;
REVOKE EXECUTE ON FUNCTION core.note(uuid, uuid, uuid, text, uuid, text, text, integer, jsonb, text, text) FROM PUBLIC;

-- The engagements of this transaction's organisation, whichever side it is on.
CREATE VIEW core.this_engagement WITH (security_barrier) AS
    SELECT core.tenant() AS tenant_id, e.id, CASE WHEN e.client_id = core.tenant() THEN 'client' ELSE 'provider' END AS side,
        o.slug AS other_slug, o.name AS other_name, o.kind AS other_kind, e.kind, e.roles, e.areas, e.valid_from, e.valid_to, e.note,
        e.state, e.state = 'active' AND core.today() BETWEEN e.valid_from AND e.valid_to AS in_force,
        e.asked_side, e.asked_at, e.answered_at, e.ended_side, e.ended_at, e.version
    FROM core.engagement e
    JOIN core.organisation o ON o.id = CASE WHEN e.client_id = core.tenant() THEN e.provider_id ELSE e.client_id END
    WHERE core.tenant() IN (e.client_id, e.provider_id);
GRANT SELECT ON core.this_engagement TO ballium_app;

-- Whom the provider has assigned, for both sides. status suspended: the client has shut that person out.
CREATE FUNCTION core.engagement_staff(tenant uuid) RETURNS TABLE (engagement_id uuid, id uuid, name text, email text, role text, status text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT e.id, u.id, u.name, u.email, m.roles[1], m.status
    FROM core.engagement e
    JOIN core.membership m ON m.tenant_id = e.client_id AND m.engagement_id = e.id AND m.status <> 'ended'
    JOIN core.user_account u ON u.id = m.user_id
    WHERE engagement_staff.tenant = core.tenant() AND engagement_staff.tenant IN (e.client_id, e.provider_id)
    ORDER BY u.name, u.id
    $$;
REVOKE EXECUTE ON FUNCTION core.engagement_staff(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.engagement_staff(uuid) TO ballium_app;

-- This organisation asks another one. Who provides that kind of service is the provider; the other side is the client. The roles are
-- those of the kind: an engagement never brings in an owner or the top management.
CREATE FUNCTION core.engagement_ask(tenant uuid, actor uuid, engagement uuid, other text, kind text, roles text[], areas text[],
    valid_from date, valid_to date, note text, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    provides text := CASE kind WHEN 'certification' THEN 'certification_body' ELSE 'consultancy' END;
    open_roles text[] := CASE kind WHEN 'certification' THEN '{cb_auditor,cb_decider,reader}'
        WHEN 'internal_audit' THEN '{internal_auditor,reader}' ELSE '{consultant,contributor,manager,internal_auditor,reader}' END;
    mine core.organisation;
    theirs core.organisation;
    client uuid;
    provider uuid;
BEGIN
    PERFORM core.inside(tenant);
    SELECT * INTO STRICT mine FROM core.organisation o WHERE o.id = engagement_ask.tenant;
    SELECT * INTO theirs FROM core.organisation o WHERE o.slug = other AND o.status = 'active' AND o.id <> mine.id;
    IF mine.kind = provides THEN
        client := theirs.id;
        provider := mine.id;
    ELSIF theirs.kind = provides THEN
        client := mine.id;
        provider := theirs.id;
    END IF;
    IF client IS NULL OR provider IS NULL THEN
        RAISE EXCEPTION 'there is none of that slug with which this kind of engagement can be made'
            USING ERRCODE = 'BL422', COLUMN = 'organisation', CONSTRAINT = 'unknown_reference';
    END IF;
    IF NOT roles <@ open_roles THEN
        RAISE EXCEPTION 'this kind of engagement has the roles %', array_to_string(open_roles, ', ')
            USING ERRCODE = 'BL422', COLUMN = 'roles', CONSTRAINT = 'not_allowed';
    END IF;
    IF valid_to < valid_from OR valid_to < core.today() THEN
        RAISE EXCEPTION 'the last day is not before the first, nor before today'
            USING ERRCODE = 'BL422', COLUMN = 'valid_to', CONSTRAINT = 'range';
    END IF;
    INSERT INTO core.engagement (id, client_id, provider_id, kind, roles, areas, valid_from, valid_to, note, asked_side, asked_by)
        VALUES (engagement, client, provider, engagement_ask.kind, engagement_ask.roles, engagement_ask.areas,
            engagement_ask.valid_from, engagement_ask.valid_to, engagement_ask.note,
            CASE WHEN client = mine.id THEN 'client' ELSE 'provider' END, actor)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the two organisations have an engagement of this kind: end it first'
            USING ERRCODE = 'BL409', CONSTRAINT = 'duplicate';
    END IF;
    PERFORM core.note(client, event, actor, 'core.engagements', engagement, NULL, 'ask', 1,
        core.difference(NULL, (SELECT to_jsonb(e) FROM core.engagement e WHERE e.id = engagement)), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.engagement_ask(uuid, uuid, uuid, text, text, text[], text[], date, date, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.engagement_ask(uuid, uuid, uuid, text, text, text[], text[], date, date, text, uuid, text) TO ballium_app;

-- The engagement of this organisation, locked: whatever is done to one is done in order.
CREATE FUNCTION core.engagement_lock(tenant uuid, engagement uuid) RETURNS core.engagement
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    e core.engagement;
BEGIN
    PERFORM core.inside(tenant);
    SELECT * INTO e FROM core.engagement x WHERE x.id = engagement AND engagement_lock.tenant IN (x.client_id, x.provider_id) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such engagement' USING ERRCODE = 'BL404';
    END IF;
    RETURN e;
END
$$;
REVOKE EXECUTE ON FUNCTION core.engagement_lock(uuid, uuid) FROM PUBLIC;

-- accept or decline, by the side that was asked; end, by either side and at once: everybody it let in is out with this commit.
CREATE FUNCTION core.engagement_answer(tenant uuid, actor uuid, engagement uuid, verb text, reason text, event uuid, request text)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    e core.engagement := core.engagement_lock(tenant, engagement);
    side text := CASE WHEN e.client_id = tenant THEN 'client' ELSE 'provider' END;
    now_state text := CASE verb WHEN 'accept' THEN 'active' WHEN 'decline' THEN 'declined' ELSE 'ended' END;
BEGIN
    IF verb <> 'end' AND e.state <> 'asked' OR e.state NOT IN ('asked', 'active') THEN
        RAISE EXCEPTION 'the engagement is %', e.state USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_state';
    END IF;
    IF verb <> 'end' AND e.asked_side = side THEN
        RAISE EXCEPTION 'your organisation asked: the other one has to answer' USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_side';
    END IF;
    IF verb = 'accept' AND e.valid_to < core.today() THEN
        RAISE EXCEPTION 'its last day has gone by: ask for a new one' USING ERRCODE = 'BL409', CONSTRAINT = 'over';
    END IF;
    IF verb = 'end' THEN
        UPDATE core.engagement x SET state = now_state, ended_side = side, ended_by = engagement_answer.actor, ended_at = now(),
            version = x.version + 1 WHERE x.id = e.id;
        UPDATE core.membership m SET status = 'ended' WHERE m.tenant_id = e.client_id AND m.engagement_id = e.id;
    ELSE
        UPDATE core.engagement x SET state = now_state, answered_by = engagement_answer.actor, answered_at = now(),
            version = x.version + 1 WHERE x.id = e.id;
    END IF;
    PERFORM core.note(e.client_id, event, actor, 'core.engagements', e.id, NULL, verb, e.version + 1,
        jsonb_build_object('state', jsonb_build_array(e.state, now_state), 'side', jsonb_build_array(NULL, side)), reason, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.engagement_answer(uuid, uuid, uuid, text, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.engagement_answer(uuid, uuid, uuid, text, text, uuid, text) TO ballium_app;

-- The provider sends one of its own members to the client, in one of the engagement's roles.
CREATE FUNCTION core.engagement_assign(tenant uuid, actor uuid, engagement uuid, person uuid, role text, event uuid, request text)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    e core.engagement := core.engagement_lock(tenant, engagement);
    before core.membership;
BEGIN
    IF e.provider_id <> tenant THEN
        RAISE EXCEPTION 'the provider assigns its people: your organisation is the client'
            USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_side';
    END IF;
    IF e.state <> 'active' OR e.valid_to < core.today() THEN
        RAISE EXCEPTION 'the engagement is not in force: nobody can be assigned' USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_state';
    END IF;
    IF role <> ALL (e.roles) THEN
        RAISE EXCEPTION 'the engagement has only %', array_to_string(e.roles, ', ')
            USING ERRCODE = 'BL422', COLUMN = 'role', CONSTRAINT = 'not_allowed';
    END IF;
    PERFORM FROM core.membership m WHERE m.tenant_id = e.provider_id AND m.user_id = person AND m.status = 'active'
        AND m.user_status = 'active' AND m.engagement_id IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not a member of your organisation' USING ERRCODE = 'BL422', COLUMN = 'user_id', CONSTRAINT = 'unknown_reference';
    END IF;
    SELECT * INTO before FROM core.membership m WHERE m.tenant_id = e.client_id AND m.user_id = person FOR UPDATE;
    IF before.status = 'suspended' THEN
        RAISE EXCEPTION 'the client has shut this person out' USING ERRCODE = 'BL409', CONSTRAINT = 'shut_out';
    END IF;
    IF before.status = 'active' AND before.engagement_id IS NULL THEN
        RAISE EXCEPTION 'a member of the client already, who needs no engagement' USING ERRCODE = 'BL409', CONSTRAINT = 'member';
    END IF;
    IF before.status = 'active' AND before.engagement_id <> e.id AND core.engaged(before.engagement_id, person) IS NOT NULL THEN
        RAISE EXCEPTION 'assigned by another engagement with this client' USING ERRCODE = 'BL409', CONSTRAINT = 'assigned';
    END IF;
    INSERT INTO core.membership (tenant_id, user_id, roles, engagement_id) VALUES (e.client_id, person, ARRAY[role], e.id)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET roles = excluded.roles, status = 'active', engagement_id = excluded.engagement_id;
    UPDATE core.engagement x SET version = x.version + 1 WHERE x.id = e.id;
    PERFORM core.note(e.client_id, event, actor, 'core.engagements', e.id, NULL, 'assign', e.version + 1,
        jsonb_build_object('user_id', jsonb_build_array(NULL, person), 'role', jsonb_build_array(NULL, role)), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.engagement_assign(uuid, uuid, uuid, uuid, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.engagement_assign(uuid, uuid, uuid, uuid, text, uuid, text) TO ballium_app;

-- The provider takes a person back; when the client does it, the person is shut out and cannot be assigned again.
CREATE FUNCTION core.engagement_withdraw(tenant uuid, actor uuid, engagement uuid, person uuid, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    e core.engagement := core.engagement_lock(tenant, engagement);
    shut_out boolean := e.client_id = tenant;
BEGIN
    UPDATE core.membership m SET status = CASE WHEN shut_out THEN 'suspended' ELSE 'ended' END
        WHERE m.tenant_id = e.client_id AND m.user_id = person AND m.engagement_id = e.id AND m.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nobody of that id is assigned' USING ERRCODE = 'BL404';
    END IF;
    UPDATE core.engagement x SET version = x.version + 1 WHERE x.id = e.id;
    PERFORM core.note(e.client_id, event, actor, 'core.engagements', e.id, NULL, CASE WHEN shut_out THEN 'shut_out' ELSE 'withdraw' END,
        e.version + 1, jsonb_build_object('user_id', jsonb_build_array(person, NULL)), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.engagement_withdraw(uuid, uuid, uuid, uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.engagement_withdraw(uuid, uuid, uuid, uuid, uuid, text) TO ballium_app;

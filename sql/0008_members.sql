-- Members over the API: roles of an organisation's own, invitations, who may do what, organisations that a consultancy founds.
-- One rule runs through all of it: nobody gives what they do not hold, and nobody touches a member who holds more. The platform itself
-- (the nil id: the command line) holds everything.

ALTER TABLE core.role ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(); -- for the trail

CREATE FUNCTION core.allowed(tenant uuid, roles text[]) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce(array_agg(DISTINCT p.permission), '{}') FROM (
        SELECT g.permission FROM core.role_grant g WHERE g.role = ANY (allowed.roles)
        UNION ALL SELECT unnest(core.own_permissions(allowed.tenant, allowed.roles))) p
    $$;
REVOKE EXECUTE ON FUNCTION core.allowed(uuid, text[]) FROM PUBLIC;

-- A service client holds nothing by this: what its token may is narrower than what is known here, so it gives nothing away.
CREATE FUNCTION core.holds(tenant uuid, actor uuid) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN holds.actor = '00000000-0000-0000-0000-000000000000' THEN core.allowed(holds.tenant, '{owner}') ELSE coalesce(
        (SELECT array_agg(p.permission)
            FROM core.membership m
            LEFT JOIN LATERAL (SELECT core.engaged(m.engagement_id, m.user_id) AS areas) x ON m.engagement_id IS NOT NULL
            CROSS JOIN LATERAL unnest(core.allowed(m.tenant_id, m.roles)) AS p (permission)
            WHERE m.tenant_id = holds.tenant AND m.user_id = holds.actor AND m.status = 'active' AND m.user_status = 'active'
            AND (m.engagement_id IS NULL OR x.areas IS NOT NULL AND core.in_areas(x.areas, p.permission))), '{}') END
    $$;
REVOKE EXECUTE ON FUNCTION core.holds(uuid, uuid) FROM PUBLIC;

CREATE FUNCTION core.must_hold(tenant uuid, actor uuid, wanted text[], field text) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    lacking text[] := ARRAY(SELECT unnest(wanted) EXCEPT SELECT unnest(core.holds(tenant, actor)) ORDER BY 1);
BEGIN
    IF cardinality(lacking) > 0 THEN
        RAISE EXCEPTION 'this takes permissions that you do not hold yourself: %', array_to_string(lacking[1:5], ', ')
            || CASE WHEN cardinality(lacking) > 5 THEN format(' and %s more', cardinality(lacking) - 5) ELSE '' END
            USING ERRCODE = 'BL403', COLUMN = coalesce(field, ''), CONSTRAINT = 'not_held';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION core.must_hold(uuid, uuid, text[], text) FROM PUBLIC;

CREATE FUNCTION core.must_know_roles(tenant uuid, roles text[]) RETURNS void
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    strange text := (SELECT r.name FROM unnest(must_know_roles.roles) AS r (name)
        WHERE NOT EXISTS (SELECT FROM core.role_grant g WHERE g.role = r.name)
        AND NOT EXISTS (SELECT FROM core.role o WHERE o.tenant_id = must_know_roles.tenant AND o.name = r.name) LIMIT 1);
BEGIN
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'there is no role %', strange USING ERRCODE = 'BL422', COLUMN = 'roles', CONSTRAINT = 'unknown_reference';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION core.must_know_roles(uuid, text[]) FROM PUBLIC;

-- ---- roles -------------------------------------------------------------------------------------------------------------------------

-- Every permission that the loaded areas declare (the owner's role holds each), and whether the caller holds it here.
CREATE FUNCTION core.permissions_here(tenant uuid, actor uuid) RETURNS TABLE (permission text, held boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH mine AS MATERIALIZED (SELECT core.holds(permissions_here.tenant, permissions_here.actor) AS held)
    SELECT g.permission, g.permission = ANY (mine.held) FROM core.role_grant g, mine
    WHERE permissions_here.tenant = core.tenant() AND g.role = 'owner' ORDER BY g.permission
    $$;
REVOKE EXECUTE ON FUNCTION core.permissions_here(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.permissions_here(uuid, uuid) TO ballium_app;

CREATE FUNCTION core.roles_here(tenant uuid) RETURNS TABLE (name text, label text, built_in boolean, permissions text[], members bigint,
    version integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT r.name, r.label, r.built_in, r.permissions, (SELECT count(*) FROM core.membership m
            WHERE m.tenant_id = roles_here.tenant AND m.status = 'active' AND r.name = ANY (m.roles)), r.version
    FROM (SELECT g.role AS name, NULL AS label, true AS built_in, array_agg(g.permission ORDER BY g.permission) AS permissions,
                NULL::integer AS version FROM core.role_grant g GROUP BY g.role
        UNION ALL SELECT o.name, o.label, false, o.permissions, o.version FROM core.role o WHERE o.tenant_id = roles_here.tenant) r
    WHERE roles_here.tenant = core.tenant() ORDER BY r.built_in DESC, r.name
    $$;
REVOKE EXECUTE ON FUNCTION core.roles_here(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.roles_here(uuid) TO ballium_app;

-- verb create, update or delete. Whoever makes or changes a role holds all that it allows, before and after.
CREATE FUNCTION core.role_write(tenant uuid, actor uuid, verb text, name text, label text, permissions text[], event uuid, request text)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before core.role;
    after core.role;
    strange text;
BEGIN
    PERFORM core.inside(tenant);
    SELECT * INTO before FROM core.role r WHERE r.tenant_id = role_write.tenant AND r.name = role_write.name FOR UPDATE;
    IF verb = 'create' AND (FOUND OR EXISTS (SELECT FROM core.role_grant g WHERE g.role = role_write.name)) THEN
        RAISE EXCEPTION 'a role of that name is there already' USING ERRCODE = 'BL409', COLUMN = 'name', CONSTRAINT = 'duplicate';
    ELSIF verb <> 'create' AND before.name IS NULL THEN
        RAISE EXCEPTION 'there is no such role of the organisation''s own' USING ERRCODE = 'BL404';
    END IF;
    IF name !~ '^[a-z][a-z0-9]*(-[a-z0-9]+)+$' OR char_length(name) > 40 THEN
        RAISE EXCEPTION 'at least two words of a-z 0-9 with hyphens between them, such as risk-clerk; at most 40 characters'
            USING ERRCODE = 'BL422', COLUMN = 'name', CONSTRAINT = 'not_allowed';
    END IF;
    strange := (SELECT p FROM unnest(role_write.permissions) p
        WHERE NOT EXISTS (SELECT FROM core.role_grant g WHERE g.role = 'owner' AND g.permission = p) LIMIT 1);
    IF strange IS NOT NULL THEN
        RAISE EXCEPTION 'no area declares %', strange USING ERRCODE = 'BL422', COLUMN = 'permissions', CONSTRAINT = 'unknown_reference';
    END IF;
    PERFORM core.must_hold(tenant, actor, permissions || before.permissions, 'permissions');
    IF verb = 'delete' THEN
        IF EXISTS (SELECT FROM core.membership m WHERE m.tenant_id = role_write.tenant AND m.status <> 'ended' AND before.name = ANY (m.roles))
            OR EXISTS (SELECT FROM core.invitation i WHERE i.tenant_id = role_write.tenant AND i.state = 'open' AND i.expires_at > now()
                AND before.name = ANY (i.roles)) THEN
            RAISE EXCEPTION 'members or invitations have this role' USING ERRCODE = 'BL409', CONSTRAINT = 'in_use';
        END IF;
        DELETE FROM core.role r WHERE r.tenant_id = role_write.tenant AND r.name = role_write.name;
    ELSE
        INSERT INTO core.role AS r (tenant_id, name, label, permissions)
            VALUES (role_write.tenant, role_write.name, coalesce(role_write.label, before.label), coalesce(role_write.permissions,
                before.permissions))
            ON CONFLICT ON CONSTRAINT role_pk DO UPDATE SET label = excluded.label, permissions = excluded.permissions,
                version = r.version + 1, updated_at = now()
            RETURNING * INTO after;
    END IF;
    PERFORM core.note(tenant, event, actor, 'core.roles', coalesce(after.id, before.id), role_write.name, verb,
        coalesce(after.version, before.version + 1), core.difference(to_jsonb(before) - 'name', to_jsonb(after) - 'name'), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.role_write(uuid, uuid, text, text, text, text[], uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.role_write(uuid, uuid, text, text, text, text[], uuid, text) TO ballium_app;

-- Who can do what, and why. `wanted` NULL: every permission.
CREATE FUNCTION core.access_of(tenant uuid, wanted text, person uuid, after uuid, most integer) RETURNS TABLE (id uuid, name text, email text,
    status text, roles text[], engagement json, permissions json)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT u.id, u.name, u.email, m.status, m.roles,
        CASE WHEN e.id IS NOT NULL THEN json_build_object('id', e.id, 'kind', e.kind, 'provider', o.slug, 'areas', e.areas,
            'valid_from', e.valid_from, 'valid_to', e.valid_to, 'in_force', x.areas IS NOT NULL) END,
        p.list
    FROM core.membership m
    JOIN core.user_account u ON u.id = m.user_id
    LEFT JOIN core.engagement e ON e.id = m.engagement_id
    LEFT JOIN core.organisation o ON o.id = e.provider_id
    LEFT JOIN LATERAL (SELECT core.engaged(m.engagement_id, m.user_id) AS areas) x ON m.engagement_id IS NOT NULL
    CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('permission', g.permission, 'roles', g.roles) ORDER BY g.permission), '[]')
            AS list, count(*) AS how_many
        FROM (SELECT r.permission, array_agg(r.role ORDER BY r.role) AS roles
            FROM (SELECT b.role, b.permission FROM core.role_grant b WHERE b.role = ANY (m.roles)
                UNION ALL SELECT w.name, unnest(w.permissions) FROM core.role w WHERE w.tenant_id = m.tenant_id AND w.name = ANY (m.roles)) r
            WHERE (access_of.wanted IS NULL OR r.permission = access_of.wanted) AND m.status = 'active' AND m.user_status = 'active'
                AND (m.engagement_id IS NULL OR x.areas IS NOT NULL AND core.in_areas(x.areas, r.permission))
            GROUP BY r.permission) g) p
    WHERE m.tenant_id = access_of.tenant AND access_of.tenant = core.tenant() AND m.status <> 'ended'
        AND (access_of.person IS NULL OR m.user_id = access_of.person) AND (access_of.after IS NULL OR m.user_id > access_of.after)
        AND (access_of.wanted IS NULL OR p.how_many > 0)
    ORDER BY m.user_id LIMIT access_of.most
    $$;
REVOKE EXECUTE ON FUNCTION core.access_of(uuid, text, uuid, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.access_of(uuid, text, uuid, uuid, integer) TO ballium_app;

-- ---- members -----------------------------------------------------------------------------------------------------------------------

-- roles given: they replace those held. verb: change, suspend, resume, remove. Changes of one organisation's members are made in order
-- (its row is locked), so that two owners cannot remove each other.
CREATE FUNCTION core.member_write(tenant uuid, actor uuid, verb text, person uuid, roles text[], reason text, event uuid, request text)
    RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before core.membership;
    after_status text := CASE verb WHEN 'suspend' THEN 'suspended' WHEN 'resume' THEN 'active' WHEN 'remove' THEN 'ended' END;
BEGIN
    PERFORM core.inside(tenant);
    PERFORM FROM core.organisation o WHERE o.id = tenant FOR NO KEY UPDATE;
    SELECT * INTO before FROM core.membership m WHERE m.tenant_id = tenant AND m.user_id = person AND m.status <> 'ended' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such member' USING ERRCODE = 'BL404';
    END IF;
    IF 'service_client' = ANY (before.roles) THEN
        RAISE EXCEPTION 'a service client is no person: it is managed where it was made' USING ERRCODE = 'BL409', CONSTRAINT = 'service_client';
    END IF;
    IF before.engagement_id IS NOT NULL AND verb NOT IN ('suspend', 'resume') THEN
        RAISE EXCEPTION 'this person comes by an engagement: withdraw the person there, or end it' USING ERRCODE = 'BL409', CONSTRAINT = 'engaged';
    END IF;
    IF verb = 'suspend' AND before.status <> 'active' OR verb = 'resume' AND before.status <> 'suspended' THEN
        RAISE EXCEPTION 'the member is %', before.status USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_state';
    END IF;
    PERFORM core.must_hold(tenant, actor, core.allowed(tenant, before.roles), NULL);
    IF verb = 'change' THEN
        PERFORM core.must_know_roles(tenant, member_write.roles);
        PERFORM core.must_hold(tenant, actor, core.allowed(tenant, member_write.roles), 'roles');
    END IF;
    UPDATE core.membership m SET roles = coalesce(member_write.roles, m.roles), status = coalesce(after_status, m.status)
        WHERE m.tenant_id = member_write.tenant AND m.user_id = person;
    IF 'owner' = ANY (before.roles) AND NOT EXISTS (SELECT FROM core.membership m WHERE m.tenant_id = member_write.tenant
            AND 'owner' = ANY (m.roles) AND m.status = 'active' AND m.user_status = 'active' AND m.engagement_id IS NULL) THEN
        RAISE EXCEPTION 'the last owner stays: make somebody else an owner first' USING ERRCODE = 'BL409', CONSTRAINT = 'last_owner';
    END IF;
    PERFORM core.note(tenant, event, actor, 'core.members', person, NULL, verb, 1, core.difference(
        jsonb_build_object('roles', before.roles, 'status', before.status),
        jsonb_build_object('roles', coalesce(member_write.roles, before.roles), 'status', coalesce(after_status, before.status))), reason, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.member_write(uuid, uuid, text, uuid, text[], text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.member_write(uuid, uuid, text, uuid, text[], text, uuid, text) TO ballium_app;

-- A link that works once. Who opens it is not known yet, so it is looked for before any tenant is entered.
CREATE TABLE core.invitation (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    hash bytea NOT NULL, -- SHA-256 of the token; the token itself is stored nowhere
    email text NOT NULL,
    roles text[] NOT NULL,
    invited_by uuid NOT NULL, -- the nil id: the platform
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open',
    accepted_by uuid,
    CONSTRAINT invitation_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT invitation_hash_check CHECK (octet_length(hash) = 32),
    CONSTRAINT invitation_email_check CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
    CONSTRAINT invitation_roles_check CHECK (cardinality(roles) BETWEEN 1 AND 16),
    CONSTRAINT invitation_state_check CHECK (state IN ('open', 'accepted', 'revoked'))
);
CREATE INDEX invitation_hash_idx ON core.invitation (hash);
SELECT core.fence('core.invitation');
REVOKE INSERT, UPDATE ON core.invitation FROM ballium_app;
CREATE POLICY directory ON core.invitation TO ballium_owner USING (true) WITH CHECK (true);

CREATE FUNCTION core.invite(tenant uuid, actor uuid, invitation uuid, email text, roles text[], hash bytea, days integer, event uuid,
    request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM core.inside(tenant);
    PERFORM core.must_know_roles(tenant, roles);
    PERFORM core.must_hold(tenant, actor, core.allowed(tenant, roles), 'roles');
    IF EXISTS (SELECT FROM core.membership m JOIN core.user_account u ON u.id = m.user_id
            WHERE m.tenant_id = invite.tenant AND u.email = lower(invite.email) AND m.engagement_id IS NULL AND m.status <> 'ended') THEN
        RAISE EXCEPTION 'is a member already' USING ERRCODE = 'BL409', COLUMN = 'email', CONSTRAINT = 'member';
    END IF;
    IF (SELECT count(*) >= 500 FROM core.invitation i WHERE i.tenant_id = invite.tenant AND i.state = 'open' AND i.expires_at > now()) THEN
        RAISE EXCEPTION '500 invitations are open: revoke some' USING ERRCODE = 'BL409', CONSTRAINT = 'full';
    END IF;
    UPDATE core.invitation i SET state = 'revoked' WHERE i.tenant_id = invite.tenant AND i.email = lower(invite.email) AND i.state = 'open';
    INSERT INTO core.invitation (tenant_id, id, hash, email, roles, invited_by, expires_at)
        VALUES (invite.tenant, invite.invitation, invite.hash, lower(invite.email), invite.roles, invite.actor,
            now() + invite.days * interval '1 day');
    PERFORM core.note(tenant, event, actor, 'core.invitations', invitation, NULL, 'invite', 1,
        jsonb_build_object('email', jsonb_build_array(NULL, lower(invite.email)), 'roles', jsonb_build_array(NULL, roles)), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.invite(uuid, uuid, uuid, text, text[], bytea, integer, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.invite(uuid, uuid, uuid, text, text[], bytea, integer, uuid, text) TO ballium_app;

CREATE FUNCTION core.invitation_revoke(tenant uuid, actor uuid, invitation uuid, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM core.inside(tenant);
    UPDATE core.invitation i SET state = 'revoked'
        WHERE i.tenant_id = invitation_revoke.tenant AND i.id = invitation_revoke.invitation AND i.state = 'open';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such open invitation' USING ERRCODE = 'BL404';
    END IF;
    PERFORM core.note(tenant, event, actor, 'core.invitations', invitation, NULL, 'revoke', 2, '{}', NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.invitation_revoke(uuid, uuid, uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.invitation_revoke(uuid, uuid, uuid, uuid, text) TO ballium_app;

-- The open invitation of a token; known: its address has an account. No row: used, revoked, expired, of a closed organisation, or
-- never made.
CREATE FUNCTION core.invitation_look(token bytea) RETURNS TABLE (email text, slug text, name text, roles text[], known boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT i.email, o.slug, o.name, i.roles, EXISTS (SELECT FROM core.user_account u WHERE u.email = i.email)
    FROM core.invitation i
    JOIN core.organisation o ON o.id = i.tenant_id AND o.status = 'active'
    WHERE i.hash = token AND i.state = 'open' AND i.expires_at > now()
    $$;
REVOKE EXECUTE ON FUNCTION core.invitation_look(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.invitation_look(bytea) TO ballium_app;

-- `person` is the account that has proved to be the one of the address, or (password given) a new one. Whoever invited must still be
-- able to give these roles. Answers the organisation's slug.
CREATE FUNCTION core.invitation_accept(token bytea, person uuid, name text, password text, event uuid, request text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    i core.invitation;
    o core.organisation;
BEGIN
    SELECT * INTO i FROM core.invitation x WHERE x.hash = token FOR UPDATE;
    SELECT * INTO o FROM core.organisation x WHERE x.id = i.tenant_id FOR NO KEY UPDATE;
    IF i.state IS DISTINCT FROM 'open' OR i.expires_at <= now() OR o.status <> 'active' THEN
        RAISE EXCEPTION 'the invitation is not valid (any more): ask for a new one' USING ERRCODE = 'BL404', CONSTRAINT = 'no_such_invitation';
    END IF;
    PERFORM core.must_hold(i.tenant_id, i.invited_by, core.allowed(i.tenant_id, i.roles), NULL);
    IF password IS NOT NULL THEN
        INSERT INTO core.user_account (id, email, name, password_hash)
            VALUES (person, i.email, invitation_accept.name, invitation_accept.password) ON CONFLICT DO NOTHING;
    END IF;
    PERFORM FROM core.user_account u WHERE u.id = person AND u.email = i.email AND u.status = 'active' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the invitation is for another account' USING ERRCODE = 'BL404', CONSTRAINT = 'no_such_invitation';
    END IF;
    INSERT INTO core.membership AS m (tenant_id, user_id, roles) VALUES (i.tenant_id, person, i.roles)
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET roles = excluded.roles, status = 'active', engagement_id = NULL
        WHERE m.status = 'ended' OR m.engagement_id IS NOT NULL AND m.status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'is a member already' USING ERRCODE = 'BL409', CONSTRAINT = 'member';
    END IF;
    UPDATE core.invitation x SET state = 'accepted', accepted_by = person WHERE x.tenant_id = i.tenant_id AND x.id = i.id;
    PERFORM core.note(i.tenant_id, event, person, 'core.members', person, NULL, 'join', 1,
        jsonb_build_object('roles', jsonb_build_array(NULL, i.roles)), NULL, request);
    RETURN o.slug;
END
$$;
REVOKE EXECUTE ON FUNCTION core.invitation_accept(bytea, uuid, text, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.invitation_accept(bytea, uuid, text, text, uuid, text) TO ballium_app;

-- ---- organisations -----------------------------------------------------------------------------------------------------------------

CREATE FUNCTION core.organisation_rename(tenant uuid, actor uuid, name text, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before text;
BEGIN
    PERFORM core.inside(tenant);
    SELECT o.name INTO before FROM core.organisation o WHERE o.id = tenant FOR NO KEY UPDATE;
    UPDATE core.organisation o SET name = organisation_rename.name WHERE o.id = tenant;
    PERFORM core.note(tenant, event, actor, 'core.organisations', tenant, NULL, 'update', 1,
        jsonb_build_object('name', jsonb_build_array(before, organisation_rename.name)), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.organisation_rename(uuid, uuid, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_rename(uuid, uuid, text, uuid, text) TO ballium_app;

-- The end of the service to an organisation: everybody is out with this commit, and its engagements are over. Its data stay until the
-- purge. Only the platform opens it again.
CREATE FUNCTION core.organisation_close(tenant uuid, actor uuid, reason text, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM core.inside(tenant);
    UPDATE core.organisation o SET status = 'closed' WHERE o.id = tenant;
    UPDATE core.engagement e SET state = 'ended', ended_side = CASE WHEN e.client_id = tenant THEN 'client' ELSE 'provider' END,
        ended_by = organisation_close.actor, ended_at = now(), version = e.version + 1
        WHERE tenant IN (e.client_id, e.provider_id) AND e.state IN ('asked', 'active');
    UPDATE core.membership m SET status = 'ended' FROM core.engagement e
        WHERE e.provider_id = tenant AND m.tenant_id = e.client_id AND m.engagement_id = e.id AND m.status <> 'ended';
    PERFORM core.note(tenant, event, actor, 'core.organisations', tenant, NULL, 'close', 1,
        jsonb_build_object('status', jsonb_build_array('active', 'closed')), reason, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.organisation_close(uuid, uuid, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_close(uuid, uuid, text, uuid, text) TO ballium_app;

-- A consultancy founds a client: the organisation, an engagement in force, the founder assigned, and an invitation for its first owner,
-- who can end the engagement like any other.
CREATE FUNCTION core.organisation_found(tenant uuid, actor uuid, client uuid, slug text, name text, engagement uuid, role text,
    valid_to date, invitation uuid, email text, hash bytea, days integer, events uuid[], request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    PERFORM core.inside(tenant);
    PERFORM FROM core.organisation o WHERE o.id = tenant AND o.kind = 'consultancy';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a consultancy founds client organisations' USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_kind';
    END IF;
    IF valid_to < core.today() THEN
        RAISE EXCEPTION 'the engagement would be over already' USING ERRCODE = 'BL422', COLUMN = 'valid_to', CONSTRAINT = 'range';
    END IF;
    IF slug !~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$' THEN
        RAISE EXCEPTION 'has 3 to 40 of a-z 0-9 -, begins with a letter and does not end with -'
            USING ERRCODE = 'BL422', COLUMN = 'slug', CONSTRAINT = 'not_allowed';
    END IF;
    INSERT INTO core.organisation (id, slug, name, kind)
        VALUES (organisation_found.client, organisation_found.slug, organisation_found.name, 'client') ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'is taken' USING ERRCODE = 'BL409', COLUMN = 'slug', CONSTRAINT = 'duplicate';
    END IF;
    INSERT INTO core.engagement (id, client_id, provider_id, kind, roles, valid_from, valid_to, state, asked_side, asked_by, answered_by,
            answered_at)
        VALUES (organisation_found.engagement, organisation_found.client, organisation_found.tenant, 'advice',
            '{consultant,contributor,manager,internal_auditor,reader}', core.today(), organisation_found.valid_to, 'active', 'provider',
            organisation_found.actor, organisation_found.actor, now());
    INSERT INTO core.membership (tenant_id, user_id, roles, engagement_id)
        VALUES (organisation_found.client, organisation_found.actor, ARRAY[organisation_found.role], organisation_found.engagement);
    INSERT INTO core.invitation (tenant_id, id, hash, email, roles, invited_by, expires_at)
        VALUES (organisation_found.client, organisation_found.invitation, organisation_found.hash, lower(organisation_found.email),
            '{owner}', '00000000-0000-0000-0000-000000000000', now() + organisation_found.days * interval '1 day');
    PERFORM core.note(client, events[1], actor, 'core.organisations', client, NULL, 'found', 1,
        jsonb_build_object('name', jsonb_build_array(NULL, organisation_found.name)), NULL, request);
    PERFORM core.note(client, events[2], actor, 'core.engagements', engagement, NULL, 'found', 1, core.difference(NULL,
        (SELECT to_jsonb(e) FROM core.engagement e WHERE e.id = organisation_found.engagement)), NULL, request);
    PERFORM core.note(client, events[3], actor, 'core.invitations', invitation, NULL, 'invite', 1,
        jsonb_build_object('email', jsonb_build_array(NULL, lower(organisation_found.email))), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.organisation_found(uuid, uuid, uuid, text, text, uuid, text, date, uuid, text, bytea, integer, uuid[], text)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_found(uuid, uuid, uuid, text, text, uuid, text, date, uuid, text, bytea, integer, uuid[], text)
    TO ballium_app;

-- A member and a role of the organisation's own change only for one who names the version that was read (If-Match), so that of two who
-- change one at the same moment neither undoes the other unseen.

-- Of what a PATCH of the member may change, and who the member is here: not of the staff of an engagement, who are changed there.
ALTER TABLE core.membership ADD COLUMN version integer NOT NULL DEFAULT 1;

CREATE OR REPLACE VIEW core.member WITH (security_barrier) AS
    SELECT m.tenant_id, m.user_id AS id, CASE WHEN m.erased AND m.status = 'ended' THEN 'Erased' ELSE u.name END AS name,
        CASE WHEN m.erased AND m.status = 'ended' THEN u.id || '@erased.invalid' ELSE u.email END AS email,
        m.roles, m.status, m.created_at, m.engagement_id, m.version
    FROM core.membership m JOIN core.user_account u ON u.id = m.user_id
    WHERE m.tenant_id = core.tenant();

-- `seen` NULL: whatever the version is. Answers the version that there was (NULL: none); when it is not `seen`, nothing is written.
-- verb create, update or delete. Whoever makes or changes a role holds all that it allows, before and after.
DROP FUNCTION core.role_write(uuid, uuid, text, text, text, text[], uuid, text);
CREATE FUNCTION core.role_write(tenant uuid, actor uuid, verb text, name text, seen integer, label text, permissions text[], event uuid,
    request text) RETURNS integer
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
    IF before.version <> seen THEN
        RETURN before.version;
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
    RETURN before.version;
END
$$;
REVOKE EXECUTE ON FUNCTION core.role_write(uuid, uuid, text, text, integer, text, text[], uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.role_write(uuid, uuid, text, text, integer, text, text[], uuid, text) TO ballium_app;

-- `seen` as above. roles given: they replace those held. verb: change, suspend, resume, remove. Changes of one organisation's members are
-- made in order (its row is locked), so that two owners cannot remove each other.
DROP FUNCTION core.member_write(uuid, uuid, text, uuid, text[], text, uuid, text);
CREATE FUNCTION core.member_write(tenant uuid, actor uuid, verb text, person uuid, seen integer, roles text[], reason text, event uuid,
    request text) RETURNS integer
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
    IF before.version <> seen THEN
        RETURN before.version;
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
    UPDATE core.membership m SET roles = coalesce(member_write.roles, m.roles), status = coalesce(after_status, m.status),
            version = m.version + 1
        WHERE m.tenant_id = member_write.tenant AND m.user_id = person;
    IF 'owner' = ANY (before.roles) AND NOT EXISTS (SELECT FROM core.membership m WHERE m.tenant_id = member_write.tenant
            AND 'owner' = ANY (m.roles) AND m.status = 'active' AND m.user_status = 'active' AND m.engagement_id IS NULL) THEN
        RAISE EXCEPTION 'the last owner stays: make somebody else an owner first' USING ERRCODE = 'BL409', CONSTRAINT = 'last_owner';
    END IF;
    PERFORM core.note(tenant, event, actor, 'core.members', person, NULL, verb, before.version + 1, core.difference(
        jsonb_build_object('roles', before.roles, 'status', before.status),
        jsonb_build_object('roles', coalesce(member_write.roles, before.roles), 'status', coalesce(after_status, before.status))), reason, request);
    RETURN before.version;
END
$$;
REVOKE EXECUTE ON FUNCTION core.member_write(uuid, uuid, text, uuid, integer, text[], text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.member_write(uuid, uuid, text, uuid, integer, text[], text, uuid, text) TO ballium_app;

-- As before; who comes again has a version after the one that was read when they left.
CREATE OR REPLACE FUNCTION core.invitation_accept(token bytea, person uuid, name text, password text, event uuid, request text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    i core.invitation;
    o core.organisation;
    version_now integer;
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
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET roles = excluded.roles, status = 'active', engagement_id = NULL, version = m.version + 1
        WHERE m.status = 'ended' OR m.engagement_id IS NOT NULL AND m.status = 'active' RETURNING m.version INTO version_now;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'is a member already' USING ERRCODE = 'BL409', CONSTRAINT = 'member';
    END IF;
    UPDATE core.invitation x SET state = 'accepted', accepted_by = person WHERE x.tenant_id = i.tenant_id AND x.id = i.id;
    PERFORM core.note(i.tenant_id, event, person, 'core.members', person, NULL, 'join', version_now,
        jsonb_build_object('roles', jsonb_build_array(NULL, i.roles)), NULL, request);
    RETURN o.slug;
END
$$;

-- An organisation is suspended by an owner (a token was lost, a laptop is gone: everybody out, now) or by the platform. Everybody is
-- out with the commit: memberships carry the organisation's status. Only who suspended resumes: an owner cannot undo what the
-- platform did. Closing may name the day from which on the data are purged.
ALTER TABLE core.organisation ADD COLUMN suspended_by uuid; -- an owner; NULL: the platform, or nobody
ALTER TABLE core.organisation ADD COLUMN purge_on date;
ALTER TABLE core.organisation ADD CONSTRAINT organisation_purge_on_check CHECK (purge_on IS NULL OR status = 'closed');

-- verb suspend or resume. The platform's word (the nil id) holds over an owner's.
CREATE FUNCTION core.organisation_status(tenant uuid, actor uuid, verb text, reason text, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before core.organisation;
    after_status text := CASE verb WHEN 'suspend' THEN 'suspended' ELSE 'active' END;
    platform boolean := actor = '00000000-0000-0000-0000-000000000000';
BEGIN
    PERFORM core.inside(tenant);
    SELECT * INTO STRICT before FROM core.organisation o WHERE o.id = tenant FOR UPDATE;
    IF verb = 'suspend' AND NOT (before.status = 'active' OR before.status = 'suspended' AND platform AND before.suspended_by IS NOT NULL)
        OR verb = 'resume' AND (before.status = 'active' OR before.status = 'closed' AND NOT platform
            OR EXISTS (SELECT FROM core.purge p WHERE p.organisation_id = tenant)) THEN
        RAISE EXCEPTION 'the organisation is %', before.status USING ERRCODE = 'BL409', CONSTRAINT = 'wrong_state';
    END IF;
    UPDATE core.organisation o SET status = after_status, purge_on = NULL,
        suspended_by = CASE WHEN verb = 'suspend' AND NOT platform THEN organisation_status.actor END WHERE o.id = tenant;
    PERFORM core.note(tenant, event, actor, 'core.organisations', tenant, NULL, verb, 1,
        jsonb_build_object('status', jsonb_build_array(before.status, after_status)), reason, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.organisation_status(uuid, uuid, text, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_status(uuid, uuid, text, text, uuid, text) TO ballium_app;

-- The organisations that this person is an owner of, those that let nobody in among them: a closed one apart, which is over.
CREATE FUNCTION core.owned_by(actor uuid) RETURNS TABLE (id uuid, slug text, name text, kind text, status text, suspended_by text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT o.id, o.slug, o.name, o.kind, o.status,
        CASE WHEN o.status = 'suspended' THEN CASE WHEN o.suspended_by IS NULL THEN 'platform' ELSE 'owner' END END
    FROM core.membership m JOIN core.organisation o ON o.id = m.tenant_id
    WHERE m.user_id = owned_by.actor AND m.status = 'active' AND m.user_status = 'active' AND m.engagement_id IS NULL
        AND 'owner' = ANY (m.roles) AND o.status <> 'closed'
    ORDER BY o.name, o.id
    $$;
REVOKE EXECUTE ON FUNCTION core.owned_by(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.owned_by(uuid) TO ballium_app;

-- An owner lets everybody in again. Nobody can enter a suspended organisation, so this is asked for outside of it.
CREATE FUNCTION core.organisation_resume(actor uuid, slug text, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    mine record;
    entered text;
BEGIN
    IF core.tenant() IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is entered already' USING ERRCODE = 'BL500';
    END IF;
    SELECT * INTO mine FROM core.owned_by(actor) o WHERE o.slug = organisation_resume.slug;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such organisation, or you are not an owner of it' USING ERRCODE = 'BL404';
    END IF;
    IF mine.suspended_by = 'platform' THEN
        RAISE EXCEPTION 'the platform has suspended this organisation: ask its operator' USING ERRCODE = 'BL409', CONSTRAINT = 'platform';
    END IF;
    entered := set_config('ballium.tenant', mine.id::text, true);
    PERFORM core.organisation_status(mine.id, actor, 'resume', NULL, event, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.organisation_resume(uuid, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_resume(uuid, text, uuid, text) TO ballium_app;

-- As before (0008), and from which day on the data may be purged; NULL: until somebody says so.
DROP FUNCTION core.organisation_close(uuid, uuid, text, uuid, text);
CREATE FUNCTION core.organisation_close(tenant uuid, actor uuid, purge_on date, reason text, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    before text;
BEGIN
    PERFORM core.inside(tenant);
    IF purge_on < core.today() THEN
        RAISE EXCEPTION 'is today or later' USING ERRCODE = 'BL422', COLUMN = 'purge_on', CONSTRAINT = 'range';
    END IF;
    SELECT o.status INTO before FROM core.organisation o WHERE o.id = tenant FOR UPDATE;
    UPDATE core.organisation o SET status = 'closed', purge_on = organisation_close.purge_on, suspended_by = NULL WHERE o.id = tenant;
    UPDATE core.engagement e SET state = 'ended', ended_side = CASE WHEN e.client_id = tenant THEN 'client' ELSE 'provider' END,
        ended_by = organisation_close.actor, ended_at = now(), version = e.version + 1
        WHERE tenant IN (e.client_id, e.provider_id) AND e.state IN ('asked', 'active');
    UPDATE core.membership m SET status = 'ended' FROM core.engagement e
        WHERE e.provider_id = tenant AND m.tenant_id = e.client_id AND m.engagement_id = e.id AND m.status <> 'ended';
    PERFORM core.note(tenant, event, actor, 'core.organisations', tenant, NULL, 'close', 1, core.difference(
        jsonb_build_object('status', before), jsonb_build_object('status', 'closed', 'purge_on', organisation_close.purge_on)),
        reason, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.organisation_close(uuid, uuid, date, text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.organisation_close(uuid, uuid, date, text, uuid, text) TO ballium_app;

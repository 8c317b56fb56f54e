-- core.enter is told who holds the permission, instead of looking it up again.
DROP FUNCTION core.enter(uuid, uuid, text);

-- Enters the tenant for this transaction and answers what the caller holds there, or refuses:
-- BL404 not a member (the same as: no such organisation), BL403 without the permission, BL500 entered twice.
-- holders: the built-in roles that hold the permission; NULL or none: nobody. The service names them (tenant/roles.c is the one place that
-- says so) as it names the permission: looking them up in core.role_grant cost every request a twentieth of its time.
-- permission NULL: any member. A person who comes by an engagement is let in on its days only, and into its areas only; elsewhere the
-- answer is BL404, as for any stranger.
-- The answer: "manager,risk_owner"; with roles of the organisation's own, what they allow follows: "reader,risk-clerk;own=planning.risk:read
-- planning.risk:write"; by an engagement, its areas: "consultant;areas=context planning" (or "*"). tenant/roles.c reads it.
-- One look-up for most; what the others cost is behind an IF. Every step that is no query is a plain assignment, which PL/pgSQL
-- evaluates without an executor. set_config is for one PostgreSQL: Citus propagates only SET LOCAL (see ARCHITECTURE.md).
CREATE FUNCTION core.enter(actor uuid, tenant uuid, permission text, holders text[] DEFAULT '{}') RETURNS text
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
    SELECT m.roles, m.engagement_id INTO held, engagement
        FROM core.membership m
        WHERE m.tenant_id = enter.tenant AND m.user_id = enter.actor
            AND m.status = 'active' AND m.user_status = 'active' AND m.tenant_status = 'active';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such organisation' USING ERRCODE = 'BL404';
    END IF;
    granted := enter.permission IS NULL OR coalesce(held && enter.holders, false);
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
REVOKE EXECUTE ON FUNCTION core.enter(uuid, uuid, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.enter(uuid, uuid, text, text[]) TO ballium_app;

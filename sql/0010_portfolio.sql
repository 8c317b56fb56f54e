-- Reading across organisations. The transaction says SET LOCAL ROLE ballium_portfolio, whose policy on every tenant table shows the
-- organisations of core.tenants() and writes none; this fills that list with those that the person may enter now, and tells what the
-- person holds in each, in the words of core.enter. Once per transaction; nothing outlives it.
CREATE FUNCTION core.enter_portfolio(actor uuid)
    RETURNS TABLE (id uuid, slug text, name text, kind text, engagement_id uuid, held text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    m record;
    ids uuid[] := '{}';
    entered text;
BEGIN
    IF core.tenant() IS NOT NULL OR core.tenants() IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant or a portfolio is entered already' USING ERRCODE = 'BL500';
    END IF;
    FOR m IN SELECT * FROM core.memberships_of(enter_portfolio.actor) LOOP
        ids := ids || m.id;
        id := m.id;
        slug := m.slug;
        name := m.name;
        kind := m.kind;
        engagement_id := m.engagement_id;
        held := array_to_string(m.roles, ',');
        IF strpos(held, '-') > 0 THEN
            held := held || ';own=' || array_to_string(core.own_permissions(m.id, m.roles), ' ');
        END IF;
        held := held || coalesce(';areas=' || m.areas, '');
        RETURN NEXT;
    END LOOP;
    entered := set_config('ballium.tenants', ids::text, true);
END
$$;
REVOKE EXECUTE ON FUNCTION core.enter_portfolio(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.enter_portfolio(uuid) TO ballium_portfolio;

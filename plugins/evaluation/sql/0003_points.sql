-- What each requirement of an edition counts, in halves of a point: 2 fulfilled, 1 in part, 0 what is not judged with evidence within
-- the year. Notes of the standard are not counted. Read by this area's readiness and by others that show it.
CREATE FUNCTION evaluation.requirement_halves(tenant uuid, of_edition text) RETURNS TABLE (tenant_id uuid, seq integer, halves integer)
    LANGUAGE sql STABLE
    AS $$
    SELECT tenant, q.seq, CASE WHEN btrim(coalesce(s.evidence, '')) = '' OR s.judged_on <= current_date - interval '1 year' THEN 0
        WHEN s.state = 'fulfilled' THEN 2 WHEN s.state = 'partial' THEN 1 ELSE 0 END
    FROM evaluation.requirement q LEFT JOIN (SELECT DISTINCT ON (t.requirement) t.* FROM evaluation.requirement_status t
        WHERE t.tenant_id = tenant AND t.archived_at IS NULL
        ORDER BY t.requirement, t.judged_on DESC, t.created_at DESC, t.id DESC) s ON s.requirement = q.edition || '#' || q.seq
    WHERE q.edition = of_edition AND q.obligation = 'shall'
$$;

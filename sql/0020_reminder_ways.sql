-- Reminders also by the organisation's webhooks: which way they come is each person's choice.

ALTER TABLE core.reminder_choice ADD COLUMN way text NOT NULL DEFAULT 'mail',
    ADD CONSTRAINT reminder_choice_way_check CHECK (way IN ('mail', 'webhook', 'both'));

DROP FUNCTION core.reminder_chosen(uuid);
CREATE FUNCTION core.reminder_chosen(actor uuid) RETURNS TABLE (rhythm text, days_ahead integer, way text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT coalesce(c.rhythm, 'daily'), coalesce(c.days_ahead, 7), coalesce(c.way, 'mail')
    FROM core.user_account u LEFT JOIN core.reminder_choice c ON c.user_id = u.id
    WHERE u.id = actor AND u.status = 'active' AND u.kind = 'person'
    $$;
REVOKE EXECUTE ON FUNCTION core.reminder_chosen(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminder_chosen(uuid) TO ballium_app;

DROP FUNCTION core.reminder_choose(uuid, text, integer);
CREATE FUNCTION core.reminder_choose(actor uuid, rhythm text, days_ahead integer, way text)
    RETURNS TABLE (rhythm text, days_ahead integer, way text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    INSERT INTO core.reminder_choice AS c (user_id, rhythm, days_ahead, way)
        SELECT u.id, $2, $3, $4 FROM core.user_account u WHERE u.id = $1 AND u.status = 'active' AND u.kind = 'person'
    ON CONFLICT (user_id) DO UPDATE
        SET rhythm = excluded.rhythm, days_ahead = excluded.days_ahead, way = excluded.way, changed_at = now()
    RETURNING c.rhythm, c.days_ahead, c.way
    $$;
REVOKE EXECUTE ON FUNCTION core.reminder_choose(uuid, text, integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminder_choose(uuid, text, integer, text) TO ballium_app;

-- As before, and only those whose way is one of `ways`: while there is no mail server, nothing is decided for those who want mails.
DROP FUNCTION core.reminders_open(uuid, uuid, integer);
CREATE FUNCTION core.reminders_open(after_organisation uuid, after_person uuid, most integer, ways text[])
    RETURNS TABLE (organisation_id uuid, slug text, organisation text, user_id uuid, email text, name text, days_ahead integer, way text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT m.tenant_id, o.slug, o.name, u.id, u.email, u.name, coalesce(c.days_ahead, 7), coalesce(c.way, 'mail')
    FROM core.membership m JOIN core.organisation o ON o.id = m.tenant_id JOIN core.user_account u ON u.id = m.user_id
        LEFT JOIN core.reminder_choice c ON c.user_id = u.id
    WHERE m.status = 'active' AND o.status = 'active' AND u.status = 'active' AND u.kind = 'person'
        AND (after_organisation IS NULL OR (m.tenant_id, m.user_id) > (after_organisation, after_person))
        AND (m.engagement_id IS NULL OR EXISTS (SELECT FROM core.engagement e WHERE e.id = m.engagement_id
            AND e.state = 'active' AND current_date BETWEEN e.valid_from AND e.valid_to))
        AND coalesce(c.rhythm, 'daily') <> 'off' AND coalesce(c.way, 'mail') = ANY (ways)
        AND NOT EXISTS (SELECT FROM core.reminder d WHERE d.user_id = m.user_id AND d.organisation_id = m.tenant_id
            AND (d.day = current_date OR d.dates > 0 AND c.rhythm = 'weekly' AND d.day > current_date - 7))
    ORDER BY m.tenant_id, m.user_id LIMIT most
    $$;
REVOKE EXECUTE ON FUNCTION core.reminders_open(uuid, uuid, integer, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.reminders_open(uuid, uuid, integer, text[]) TO ballium_worker;

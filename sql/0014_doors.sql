-- Doors: an organisation may let strangers hand something in, such as a report of what they noticed, by a token that it gives out.
-- Who shows the token comes in for one transaction, as the service, with the one permission that the door's route names. A door
-- belongs to nobody's tables, like a session: it is asked for before a tenant is entered.

CREATE TABLE core.door (
    id uuid NOT NULL,
    organisation uuid NOT NULL,
    purpose text NOT NULL,       -- "operation.report": whose route it opens
    hash bytea NOT NULL,         -- SHA-256 of the token; the token itself is stored nowhere
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by uuid NOT NULL,
    used_at timestamptz,
    hour timestamptz NOT NULL DEFAULT now(), -- since when `used` counts
    used integer NOT NULL DEFAULT 0,
    CONSTRAINT door_pk PRIMARY KEY (organisation, purpose),
    CONSTRAINT door_purpose_check CHECK (purpose ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT door_hash_check CHECK (octet_length(hash) = 32)
);
ALTER TABLE core.door ADD CONSTRAINT door_organisation_fk FOREIGN KEY (organisation) REFERENCES core.organisation (id);

-- Enters the organisation behind a path segment by its door. outcome: in; busy (the hour's uses are spent); no row: there is no such
-- organisation, it has no such door, or the token is not the door's, which nobody can tell apart. The row is locked until the end
-- of the transaction: what was counted and then fails counts nothing.
CREATE FUNCTION core.enter_door(segment text, purpose text, hash bytea, most integer)
    RETURNS TABLE (outcome text, tenant uuid, slug text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    found_door core.door;
    entered text;
BEGIN
    IF nullif(current_setting('ballium.tenant', true), '') IS NOT NULL THEN
        RAISE EXCEPTION 'a tenant is entered already' USING ERRCODE = 'BL500';
    END IF;
    SELECT o.id, o.slug INTO enter_door.tenant, enter_door.slug
        FROM core.find_organisation(segment) f JOIN core.organisation o ON o.id = f.id AND o.status = 'active';
    SELECT d.* INTO found_door FROM core.door d
        WHERE d.organisation = enter_door.tenant AND d.purpose = enter_door.purpose AND d.hash = enter_door.hash FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF found_door.hour < now() - interval '1 hour' THEN
        found_door.hour := now();
        found_door.used := 0;
    END IF;
    outcome := CASE WHEN found_door.used >= most THEN 'busy' ELSE 'in' END;
    IF outcome = 'in' THEN
        UPDATE core.door d SET hour = found_door.hour, used = found_door.used + 1, used_at = now()
            WHERE d.organisation = enter_door.tenant AND d.purpose = enter_door.purpose;
        entered := set_config('ballium.tenant', enter_door.tenant::text, true);
    END IF;
    RETURN NEXT;
END
$$;
REVOKE EXECUTE ON FUNCTION core.enter_door(text, text, bytea, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.enter_door(text, text, bytea, integer) TO ballium_app;

-- Gives this tenant's door a new token; the one before opens nothing any more. `event`: the id of its trace in the trail.
CREATE FUNCTION core.door_open(tenant uuid, door uuid, purpose text, hash bytea, actor uuid, event uuid, request text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    kept uuid;
BEGIN
    PERFORM core.inside(tenant);
    INSERT INTO core.door AS d (id, organisation, purpose, hash, made_by)
        VALUES (door_open.door, door_open.tenant, door_open.purpose, door_open.hash, door_open.actor)
        ON CONFLICT ON CONSTRAINT door_pk
        DO UPDATE SET hash = excluded.hash, made_at = now(), made_by = excluded.made_by, used_at = NULL, hour = now(), used = 0
        RETURNING d.id INTO kept;
    PERFORM core.note(tenant, event, actor, 'core.doors', kept, NULL, 'open', 1, jsonb_build_object('purpose', jsonb_build_array(NULL,
        door_open.purpose)), NULL, request);
END
$$;
REVOKE EXECUTE ON FUNCTION core.door_open(uuid, uuid, text, bytea, uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.door_open(uuid, uuid, text, bytea, uuid, uuid, text) TO ballium_app;

-- False: there was none.
CREATE FUNCTION core.door_shut(tenant uuid, purpose text, actor uuid, event uuid, request text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    gone uuid;
BEGIN
    PERFORM core.inside(tenant);
    DELETE FROM core.door d WHERE d.organisation = door_shut.tenant AND d.purpose = door_shut.purpose RETURNING d.id INTO gone;
    IF gone IS NULL THEN
        RETURN false;
    END IF;
    PERFORM core.note(tenant, event, actor, 'core.doors', gone, NULL, 'shut', 2, jsonb_build_object('purpose', jsonb_build_array(
        door_shut.purpose, NULL)), NULL, request);
    RETURN true;
END
$$;
REVOKE EXECUTE ON FUNCTION core.door_shut(uuid, text, uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.door_shut(uuid, text, uuid, uuid, text) TO ballium_app;

-- The doors of this transaction's organisation, without their tokens.
CREATE VIEW core.this_door WITH (security_barrier) AS
    SELECT d.organisation AS tenant_id, d.purpose, d.made_at, d.made_by, d.used_at,
        CASE WHEN d.hour >= now() - interval '1 hour' THEN d.used ELSE 0 END AS used
    FROM core.door d WHERE d.organisation = core.tenant();
GRANT SELECT ON core.this_door TO ballium_app;

-- Secrets that the service must read again stand sealed under a key that is not in the database (core/auth/vault.h). What stood in
-- plain text goes, because no migration knows that key: people set up their second factor anew, owners make their identity providers
-- with a secret and their webhooks anew.

CREATE FUNCTION core.is_sealed(secret text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN secret ~ '^v1\.[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{54,}$';

-- ---- second factors ----

DELETE FROM core.recovery_code;
DELETE FROM core.totp;
ALTER TABLE core.totp DROP CONSTRAINT totp_secret_check;
ALTER TABLE core.totp ALTER COLUMN secret TYPE text USING '';
ALTER TABLE core.totp ADD CONSTRAINT totp_secret_check CHECK (core.is_sealed(secret));

CREATE OR REPLACE FUNCTION core.login_look(email text, network text)
    RETURNS TABLE (wait integer, user_id uuid, password_hash text, totp text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT core.login_wait(login_look.email, network), u.id, u.password_hash, t.secret
    FROM (VALUES (1)) AS always
    LEFT JOIN core.user_account u ON u.email = lower(login_look.email) AND u.status = 'active' AND u.kind = 'person'
    LEFT JOIN core.totp t ON t.user_id = u.id AND t.confirmed_at IS NOT NULL
    $$;

-- A new secret that waits for its first code. False: a second factor is in force already.
DROP FUNCTION core.totp_enrol(uuid, bytea);
CREATE FUNCTION core.totp_enrol(actor uuid, fresh text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    WITH made AS (
        INSERT INTO core.totp AS t (user_id, secret) VALUES (actor, fresh)
            ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, used_step = 0, created_at = now()
            WHERE t.confirmed_at IS NULL RETURNING 1)
    SELECT EXISTS (SELECT FROM made)
    $$;
REVOKE EXECUTE ON FUNCTION core.totp_enrol(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.totp_enrol(uuid, text) TO ballium_app;

CREATE OR REPLACE FUNCTION core.totp_state(actor uuid) RETURNS TABLE (confirmed boolean, waiting text, recovery_left integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT t.confirmed_at IS NOT NULL, CASE WHEN t.confirmed_at IS NULL THEN t.secret END,
        (SELECT count(*)::integer FROM core.recovery_code c WHERE c.user_id = actor AND c.used_at IS NULL)
    FROM core.totp t WHERE t.user_id = actor
    $$;

-- ---- identity providers ----

DELETE FROM core.identity_provider WHERE client_secret IS NOT NULL;
ALTER TABLE core.identity_provider ADD CONSTRAINT identity_provider_secret_check CHECK (core.is_sealed(client_secret));

-- As before, with the organisation: the secret is sealed for it.
DROP FUNCTION core.sign_in_end(bytea, bytea);
CREATE FUNCTION core.sign_in_end(state bytea, browser bytea)
    RETURNS TABLE (provider uuid, issuer text, jwks text, stale boolean, token_endpoint text, client_id text, client_secret text,
                   nonce text, verifier text, organisation uuid)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DELETE FROM core.sign_in i USING core.identity_provider p
        WHERE i.state = sign_in_end.state AND i.browser = sign_in_end.browser AND i.expires_at > now() AND p.id = i.provider_id
        RETURNING p.id, p.issuer, p.jwks, p.fetched_at IS NULL OR p.fetched_at < now() - interval '1 hour', p.token_endpoint,
                  p.client_id, p.client_secret, i.nonce, i.verifier, p.organisation_id
    $$;
REVOKE EXECUTE ON FUNCTION core.sign_in_end(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.sign_in_end(bytea, bytea) TO ballium_app;

-- ---- webhooks ----

-- The wall holds for the owner too: it is lowered for this statement.
ALTER TABLE core.webhook NO FORCE ROW LEVEL SECURITY;
UPDATE core.webhook SET state = 'ended', reason = NULL, secret = NULL, signing_key = NULL WHERE state <> 'ended';
ALTER TABLE core.webhook FORCE ROW LEVEL SECURITY;
ALTER TABLE core.webhook DROP CONSTRAINT webhook_secret_check;
ALTER TABLE core.webhook DROP COLUMN secret;
ALTER TABLE core.webhook DROP COLUMN signing_key;
ALTER TABLE core.webhook DROP COLUMN public_key;
ALTER TABLE core.webhook ADD COLUMN version integer NOT NULL DEFAULT 1;
GRANT SELECT (version, rests_until), UPDATE (url, events, version) ON core.webhook TO ballium_app;

-- What a webhook signs with: one that is in force, and after a rotation, for a while, the one before.
CREATE TABLE core.webhook_key (
    tenant_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    id uuid NOT NULL,
    secret text,      -- sealed, "whsec_…" of the HMAC; the serving role may write it and not read it; NULL: erased
    signing_key text, -- sealed, "whsk_…", an Ed25519 seed; likewise
    public_key text,  -- "whpk_…"
    created_at timestamptz NOT NULL DEFAULT now(),
    ends_at timestamptz, -- NULL: it is the one in force
    CONSTRAINT webhook_key_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_key_secret_check CHECK (core.is_sealed(secret)),
    CONSTRAINT webhook_key_signing_key_check CHECK (core.is_sealed(signing_key)),
    CONSTRAINT webhook_key_erased_check CHECK (secret IS NOT NULL OR ends_at IS NOT NULL)
);
CREATE UNIQUE INDEX webhook_key_current_idx ON core.webhook_key (tenant_id, webhook_id) WHERE ends_at IS NULL;
ALTER TABLE core.webhook_key ADD CONSTRAINT webhook_key_webhook_fk FOREIGN KEY (tenant_id, webhook_id)
    REFERENCES core.webhook (tenant_id, id);
SELECT core.fence('core.webhook_key');
REVOKE SELECT, UPDATE ON core.webhook_key FROM ballium_app;
REVOKE SELECT ON core.webhook_key FROM ballium_portfolio;
GRANT SELECT (tenant_id) ON core.webhook_key TO ballium_portfolio;
GRANT SELECT (tenant_id, webhook_id, id, public_key, created_at, ends_at), UPDATE (secret, signing_key, ends_at) ON core.webhook_key
    TO ballium_app;
CREATE POLICY work ON core.webhook_key TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE, DELETE ON core.webhook_key TO ballium_worker;

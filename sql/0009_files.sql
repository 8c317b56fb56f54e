-- Files: what is said of each (the resource core.files), and how much an organisation keeps. The bytes are in the store, under
-- <tenant>/<aa>/<sha256>; a row is written only when they are durable there.

CREATE TABLE core.file (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    name text NOT NULL,
    description text,
    media_type text,
    size integer,
    sha256 text,
    effective_on date,
    valid_until date,
    custodian_id uuid,
    scan text,
    origin text,
    origin_id text,
    origin_version text,
    CONSTRAINT file_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT file_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT file_name_check CHECK (char_length(name) BETWEEN 1 AND 255),
    CONSTRAINT file_description_check CHECK (char_length(description) <= 2000),
    CONSTRAINT file_media_type_check CHECK (char_length(media_type) <= 127),
    CONSTRAINT file_sha256_check CHECK (char_length(sha256) <= 64),
    CONSTRAINT file_scan_check CHECK (scan IN ('clean', 'none')),
    CONSTRAINT file_origin_check CHECK (char_length(origin) <= 100),
    CONSTRAINT file_origin_id_check CHECK (char_length(origin_id) <= 36),
    CONSTRAINT file_origin_version_check CHECK (char_length(origin_version) <= 100)
);
CREATE INDEX file_created_at_idx ON core.file (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX file_valid_until_idx ON core.file (tenant_id, valid_until, id) WHERE archived_at IS NULL;
CREATE INDEX file_custodian_id_idx ON core.file (tenant_id, custodian_id, id) WHERE archived_at IS NULL;

ALTER TABLE core.file ADD CONSTRAINT file_custodian_id_fk FOREIGN KEY (tenant_id, custodian_id) REFERENCES core.membership (tenant_id, user_id);

ALTER TABLE core.file ADD CONSTRAINT file_stored_check CHECK (media_type IS NOT NULL AND size > 0 AND sha256 ~ '^[0-9a-f]{64}$' AND scan IS NOT NULL);
ALTER TABLE core.file ADD CONSTRAINT file_validity_check CHECK (valid_until >= effective_on);
CREATE INDEX file_sha256_idx ON core.file (tenant_id, sha256);
SELECT core.fence('core.file');
-- `ballium work` and `ballium doctor --files` compare the store with the rows, over all organisations.
CREATE POLICY care ON core.file FOR SELECT TO ballium_worker USING (true);
GRANT SELECT (tenant_id, ref, sha256, size) ON core.file TO ballium_worker;

-- Bytes that the rows of core.file sum up to. Whoever keeps a file, and whoever sweeps, holds this row until the end.
CREATE TABLE core.file_quota (
    tenant_id uuid NOT NULL,
    used bigint NOT NULL,
    CONSTRAINT file_quota_pk PRIMARY KEY (tenant_id),
    CONSTRAINT file_quota_used_check CHECK (used >= 0)
);
SELECT core.fence('core.file_quota');
CREATE POLICY care ON core.file_quota TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (tenant_id) ON core.file_quota TO ballium_worker; -- UPDATE: to hold the row

-- NULL: what the setting file_quota says.
ALTER TABLE core.organisation ADD COLUMN file_limit bigint;
ALTER TABLE core.organisation ADD CONSTRAINT organisation_file_limit_check CHECK (file_limit >= 0);
CREATE FUNCTION core.file_limit() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$ SELECT o.file_limit FROM core.organisation o WHERE o.id = core.tenant() $$;
REVOKE EXECUTE ON FUNCTION core.file_limit() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION core.file_limit() TO ballium_app;

-- The audit trail as a Merkle tree per organisation (RFC 6962, section 2). Each event carries its leaf from the moment it is written;
-- the sealer in `ballium work` numbers the finished ones, keeps the tree's complete nodes and signs checkpoints with a key that is not
-- in the database. A writer waits for no other.

-- What an event says (change, reason) goes into its leaf as a salted commitment. When a person is erased, content and salt go and the
-- commitment stays: the leaf and every proof remain as they were, and nobody can guess the content from the commitment.
CREATE FUNCTION core.commitment(salt bytea, change jsonb, reason text) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN sha256(salt || convert_to(change::text || E'\n' || coalesce(reason, ''), 'UTF8'));
END
$$;

CREATE FUNCTION core.leaf(tenant uuid, id uuid, at timestamptz, actor uuid, resource text, record uuid, ref text, verb text,
    version integer, request text, commitment bytea) RETURNS bytea
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RETURN sha256('\x00'::bytea || convert_to(concat_ws(E'\n', 'ballium.event/1', tenant, id,
        (extract(epoch FROM at) * 1000000)::bigint, actor, resource, record, coalesce(ref, ''), verb, version, request,
        encode(commitment, 'hex')), 'UTF8'));
END
$$;

ALTER TABLE core.event ADD COLUMN salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()); -- 122 random bits; empty: redacted
ALTER TABLE core.event ADD COLUMN commitment bytea; -- of a redacted event; else it is computed
ALTER TABLE core.event ADD COLUMN leaf bytea GENERATED ALWAYS AS (core.leaf(tenant_id, id, at, actor, resource, record_id, ref, verb,
    version, request_id, coalesce(commitment, core.commitment(salt, change, reason)))) STORED;
ALTER TABLE core.event ADD COLUMN seq bigint;       -- its place in the tree, from 0; NULL: not sealed yet
ALTER TABLE core.event ADD CONSTRAINT event_redacted_check
    CHECK (commitment IS NULL OR octet_length(commitment) = 32 AND change = '{}' AND reason IS NULL AND octet_length(salt) = 0);
CREATE UNIQUE INDEX event_seq_key ON core.event (tenant_id, seq) WHERE seq IS NOT NULL;
CREATE INDEX event_unsealed_idx ON core.event (tenant_id, at) WHERE seq IS NULL;

-- The worker sees of an event no more than what it seals.
CREATE POLICY seal ON core.event TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, at, seq, leaf), UPDATE (seq) ON core.event TO ballium_worker;
-- `ballium audit redact`, as the owner.
CREATE POLICY redact ON core.event FOR UPDATE TO ballium_owner USING (true) WITH CHECK (true);
CREATE POLICY redact_read ON core.event FOR SELECT TO ballium_owner USING (true);

-- Complete subtrees: level 0 holds the leaves, level n at position p the 2^n leaves from p * 2^n on.
CREATE TABLE core.tree_node (
    tenant_id uuid NOT NULL,
    level smallint NOT NULL,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT tree_node_pk PRIMARY KEY (tenant_id, level, position),
    CONSTRAINT tree_node_hash_check CHECK (octet_length(hash) = 32)
);
SELECT core.fence('core.tree_node');
REVOKE INSERT, UPDATE ON core.tree_node FROM ballium_app;
CREATE POLICY seal ON core.tree_node TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON core.tree_node TO ballium_worker;

-- How far each tree is; a lock on its row orders the sealers.
CREATE TABLE core.tree (
    tenant_id uuid NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    CONSTRAINT tree_pk PRIMARY KEY (tenant_id)
);
SELECT core.fence('core.tree');
REVOKE INSERT, UPDATE ON core.tree FROM ballium_app;
CREATE POLICY seal ON core.tree TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON core.tree TO ballium_worker;

CREATE TABLE core.checkpoint (
    tenant_id uuid NOT NULL,
    size bigint NOT NULL,
    previous bigint NOT NULL, -- size of the checkpoint before; 0: none
    root bytea NOT NULL,
    at timestamptz NOT NULL,
    key bytea NOT NULL,       -- the public key (Ed25519)
    signature bytea NOT NULL, -- over the text that core/audit/checkpoint.h describes
    CONSTRAINT checkpoint_pk PRIMARY KEY (tenant_id, size),
    CONSTRAINT checkpoint_root_check CHECK (octet_length(root) = 32),
    CONSTRAINT checkpoint_signature_check CHECK (octet_length(signature) = 64)
);
SELECT core.fence('core.checkpoint');
REVOKE INSERT, UPDATE ON core.checkpoint FROM ballium_app;
CREATE POLICY seal ON core.checkpoint TO ballium_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON core.checkpoint TO ballium_worker;
CREATE POLICY redact_read ON core.checkpoint FOR SELECT TO ballium_owner USING (true); -- `ballium audit export`

-- How old the oldest event without a seal was when the sealer last looked: a metric, without a look into any organisation.
CREATE TABLE core.sealing (
    only_row boolean NOT NULL DEFAULT true,
    looked_at timestamptz NOT NULL,
    oldest timestamptz,
    CONSTRAINT sealing_pk PRIMARY KEY (only_row),
    CONSTRAINT sealing_only_check CHECK (only_row)
);
GRANT SELECT ON core.sealing TO ballium_app;
GRANT SELECT, INSERT, UPDATE ON core.sealing TO ballium_worker;

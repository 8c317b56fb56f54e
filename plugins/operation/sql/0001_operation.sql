-- The operation area, clause 8: registers of assets, suppliers, changes, incidents, continuity and duties.

CREATE SCHEMA IF NOT EXISTS operation;
GRANT USAGE ON SCHEMA operation TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE operation.asset (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    status text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    inventory_number text,
    description text,
    owner_id uuid,
    custodian_id uuid,
    classification text NOT NULL,
    confidentiality integer NOT NULL,
    integrity integer NOT NULL,
    availability integer NOT NULL,
    personal_data boolean NOT NULL,
    location text,
    acquired_on date,
    supported_until date,
    review_on date,
    reviewed_on date,
    disposal text,
    disposal_evidence text,
    disposed_on date,
    own_value integer GENERATED ALWAYS AS (greatest(confidentiality, integrity, availability)) STORED,
    CONSTRAINT asset_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT asset_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT asset_status_check CHECK (status IN ('in_use', 'in_storage', 'lost', 'retired', 'disposed')),
    CONSTRAINT asset_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT asset_kind_check CHECK (kind IN ('information', 'document', 'infrastructure', 'equipment', 'software', 'people', 'reputation', 'process', 'service')),
    CONSTRAINT asset_inventory_number_check CHECK (char_length(inventory_number) <= 60),
    CONSTRAINT asset_description_check CHECK (char_length(description) <= 5000),
    CONSTRAINT asset_classification_check CHECK (classification IN ('public', 'internal', 'confidential', 'secret')),
    CONSTRAINT asset_confidentiality_check CHECK (confidentiality BETWEEN 1 AND 5),
    CONSTRAINT asset_integrity_check CHECK (integrity BETWEEN 1 AND 5),
    CONSTRAINT asset_availability_check CHECK (availability BETWEEN 1 AND 5),
    CONSTRAINT asset_location_check CHECK (char_length(location) <= 200),
    CONSTRAINT asset_disposal_check CHECK (disposal IN ('erased', 'destroyed', 'handed_back', 'handed_over', 'ended')),
    CONSTRAINT asset_disposal_evidence_check CHECK (char_length(disposal_evidence) <= 500),
    CONSTRAINT asset_own_value_check CHECK (own_value BETWEEN 1 AND 5)
);
CREATE INDEX asset_name_idx ON operation.asset (tenant_id, name, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX asset_inventory_number_key ON operation.asset (tenant_id, inventory_number) WHERE archived_at IS NULL;
CREATE INDEX asset_owner_id_idx ON operation.asset (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX asset_custodian_id_idx ON operation.asset (tenant_id, custodian_id, id) WHERE archived_at IS NULL;
CREATE INDEX asset_supported_until_idx ON operation.asset (tenant_id, supported_until, id) WHERE archived_at IS NULL;
CREATE INDEX asset_review_on_idx ON operation.asset (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE operation.asset_dependency (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    asset_id uuid NOT NULL,
    depends_on_id uuid NOT NULL,
    what text NOT NULL,
    CONSTRAINT asset_dependency_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT asset_dependency_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT asset_dependency_what_check CHECK (char_length(what) BETWEEN 1 AND 200)
);
CREATE INDEX asset_dependency_created_at_idx ON operation.asset_dependency (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX asset_dependency_asset_id_idx ON operation.asset_dependency (tenant_id, asset_id, id) WHERE archived_at IS NULL;
CREATE INDEX asset_dependency_depends_on_id_idx ON operation.asset_dependency (tenant_id, depends_on_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.asset_return (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    status text NOT NULL,
    asset_id uuid NOT NULL,
    holder text NOT NULL,
    holder_id uuid,
    issued_on date NOT NULL,
    due_on date,
    returned_on date,
    condition text,
    CONSTRAINT asset_return_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT asset_return_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT asset_return_status_check CHECK (status IN ('issued', 'returned', 'missing')),
    CONSTRAINT asset_return_holder_check CHECK (char_length(holder) BETWEEN 1 AND 200),
    CONSTRAINT asset_return_condition_check CHECK (char_length(condition) <= 1000)
);
CREATE INDEX asset_return_created_at_idx ON operation.asset_return (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX asset_return_asset_id_idx ON operation.asset_return (tenant_id, asset_id, id) WHERE archived_at IS NULL;
CREATE INDEX asset_return_holder_id_idx ON operation.asset_return (tenant_id, holder_id, id) WHERE archived_at IS NULL;
CREATE INDEX asset_return_due_on_idx ON operation.asset_return (tenant_id, due_on, id) WHERE archived_at IS NULL;

ALTER TABLE operation.asset ADD CONSTRAINT asset_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.asset ADD CONSTRAINT asset_custodian_id_fk FOREIGN KEY (tenant_id, custodian_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.asset_dependency ADD CONSTRAINT asset_dependency_asset_id_fk FOREIGN KEY (tenant_id, asset_id) REFERENCES operation.asset (tenant_id, id);
ALTER TABLE operation.asset_dependency ADD CONSTRAINT asset_dependency_depends_on_id_fk FOREIGN KEY (tenant_id, depends_on_id) REFERENCES operation.asset (tenant_id, id);
ALTER TABLE operation.asset_return ADD CONSTRAINT asset_return_asset_id_fk FOREIGN KEY (tenant_id, asset_id) REFERENCES operation.asset (tenant_id, id);
ALTER TABLE operation.asset_return ADD CONSTRAINT asset_return_holder_id_fk FOREIGN KEY (tenant_id, holder_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('operation.asset');
SELECT core.fence('operation.asset_dependency');
SELECT core.fence('operation.asset_return');

-- What the descriptor cannot say. Each has its words in the plugin's tables of constraints.
ALTER TABLE operation.asset_dependency ADD CONSTRAINT asset_dependency_loop_check CHECK (asset_id <> depends_on_id);
CREATE UNIQUE INDEX asset_dependency_ends_key ON operation.asset_dependency (tenant_id, asset_id, depends_on_id)
    WHERE archived_at IS NULL;
CREATE UNIQUE INDEX asset_return_open_key ON operation.asset_return (tenant_id, asset_id, lower(holder))
    WHERE status = 'issued' AND archived_at IS NULL;

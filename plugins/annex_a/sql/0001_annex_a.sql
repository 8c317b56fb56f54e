-- Annex A: a tenant's controls, their tests and evidence.

CREATE SCHEMA IF NOT EXISTS annex_a;
GRANT USAGE ON SCHEMA annex_a TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE annex_a.control (
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
    title text NOT NULL,
    origin text NOT NULL,
    edition text,
    catalogue_id text,
    owner_id uuid,
    description text,
    target_date date,
    yearly_cost numeric(18,2),
    documents text[] NOT NULL DEFAULT '{}',
    test_rhythm_days integer NOT NULL,
    implemented_on date,
    last_tested_on date,
    last_result text,
    next_test_on date,
    evidence_until date,
    open_target_on date GENERATED ALWAYS AS (CASE WHEN status <> 'implemented' THEN target_date END) STORED,
    CONSTRAINT control_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT control_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT control_status_check CHECK (status IN ('not_started', 'planned', 'partial', 'implemented')),
    CONSTRAINT control_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT control_origin_check CHECK (origin IN ('annex_a', 'own', 'other')),
    CONSTRAINT control_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT control_catalogue_id_check CHECK (char_length(catalogue_id) <= 10),
    CONSTRAINT control_description_check CHECK (char_length(description) <= 10000),
    CONSTRAINT control_yearly_cost_check CHECK (yearly_cost BETWEEN 0 AND 1000000000),
    CONSTRAINT control_documents_check CHECK (cardinality(documents) <= 50),
    CONSTRAINT control_test_rhythm_days_check CHECK (test_rhythm_days BETWEEN 1 AND 1100),
    CONSTRAINT control_last_result_check CHECK (last_result IN ('passed', 'failed'))
);
CREATE INDEX control_created_at_idx ON annex_a.control (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX control_owner_id_idx ON annex_a.control (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX control_next_test_on_idx ON annex_a.control (tenant_id, next_test_on, id) WHERE archived_at IS NULL;
CREATE INDEX control_evidence_until_idx ON annex_a.control (tenant_id, evidence_until, id) WHERE archived_at IS NULL;
CREATE INDEX control_open_target_on_idx ON annex_a.control (tenant_id, open_target_on, id) WHERE archived_at IS NULL;

CREATE TABLE annex_a.control_test (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    control_id uuid NOT NULL,
    method text NOT NULL,
    what text NOT NULL,
    tested_on date NOT NULL,
    result text NOT NULL,
    findings text,
    tester_id uuid,
    next_test_on date,
    CONSTRAINT control_test_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT control_test_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT control_test_method_check CHECK (method IN ('inspection', 'observation', 'interview', 'reperformance', 'technical')),
    CONSTRAINT control_test_what_check CHECK (char_length(what) BETWEEN 1 AND 200),
    CONSTRAINT control_test_result_check CHECK (result IN ('passed', 'failed')),
    CONSTRAINT control_test_findings_check CHECK (char_length(findings) <= 10000)
);
CREATE INDEX control_test_control_id_idx ON annex_a.control_test (tenant_id, control_id, id) WHERE archived_at IS NULL;
CREATE INDEX control_test_tested_on_idx ON annex_a.control_test (tenant_id, tested_on, id) WHERE archived_at IS NULL;
CREATE INDEX control_test_tester_id_idx ON annex_a.control_test (tenant_id, tester_id, id) WHERE archived_at IS NULL;

CREATE TABLE annex_a.evidence_item (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    control_id uuid NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    location text NOT NULL,
    collected_on date NOT NULL,
    valid_until date,
    CONSTRAINT evidence_item_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT evidence_item_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT evidence_item_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT evidence_item_kind_check CHECK (kind IN ('document', 'record', 'log', 'report', 'screenshot', 'statement')),
    CONSTRAINT evidence_item_location_check CHECK (char_length(location) BETWEEN 1 AND 500)
);
CREATE INDEX evidence_item_control_id_idx ON annex_a.evidence_item (tenant_id, control_id, id) WHERE archived_at IS NULL;
CREATE INDEX evidence_item_collected_on_idx ON annex_a.evidence_item (tenant_id, collected_on, id) WHERE archived_at IS NULL;

ALTER TABLE annex_a.control ADD CONSTRAINT control_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE annex_a.control_test ADD CONSTRAINT control_test_control_id_fk FOREIGN KEY (tenant_id, control_id) REFERENCES annex_a.control (tenant_id, id);
ALTER TABLE annex_a.control_test ADD CONSTRAINT control_test_tester_id_fk FOREIGN KEY (tenant_id, tester_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE annex_a.evidence_item ADD CONSTRAINT evidence_item_control_id_fk FOREIGN KEY (tenant_id, control_id) REFERENCES annex_a.control (tenant_id, id);

SELECT core.fence('annex_a.control');
SELECT core.fence('annex_a.control_test');
SELECT core.fence('annex_a.evidence_item');

-- What the descriptor cannot say.
CREATE UNIQUE INDEX control_catalogue_key ON annex_a.control (tenant_id, edition, catalogue_id) WHERE archived_at IS NULL;
ALTER TABLE annex_a.control ADD CONSTRAINT control_catalogue_check CHECK (
    (origin = 'annex_a') = (edition IS NOT NULL) AND (edition IS NULL) = (catalogue_id IS NULL));

-- Does a control count? The one place that says so; readers of other areas call it too.
CREATE FUNCTION annex_a.has_credit(status text, evidence_until date, last_result text, next_test_on date) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(status = 'implemented' AND evidence_until >= current_date AND last_result = 'passed'
                    AND next_test_on >= current_date, false);

-- The context area, clause 4: registers of issues, parties, scope and processes.

CREATE SCHEMA IF NOT EXISTS context;
GRANT USAGE ON SCHEMA context TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE context.statement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    kind text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    evidence text,
    owner_id uuid,
    review_on date,
    reviewed_on date,
    CONSTRAINT statement_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT statement_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT statement_kind_check CHECK (kind IN ('purpose', 'outcome')),
    CONSTRAINT statement_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT statement_text_check CHECK (char_length(text) BETWEEN 1 AND 5000),
    CONSTRAINT statement_evidence_check CHECK (char_length(evidence) <= 5000)
);
CREATE INDEX statement_created_at_idx ON context.statement (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX statement_owner_id_idx ON context.statement (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX statement_review_on_idx ON context.statement (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE context.issue (
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
    description text,
    origin text NOT NULL,
    effect text NOT NULL,
    concern text NOT NULL,
    category text NOT NULL,
    influence integer NOT NULL,
    control integer NOT NULL,
    owner_id uuid,
    review_on date,
    reviewed_on date,
    priority integer GENERATED ALWAYS AS (influence * (6 - control)) STORED,
    quadrant text GENERATED ALWAYS AS (CASE WHEN origin = 'internal' THEN CASE WHEN effect = 'positive' THEN 'strength' ELSE 'weakness' END WHEN effect = 'positive' THEN 'opportunity' ELSE 'threat' END) STORED,
    CONSTRAINT issue_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT issue_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT issue_status_check CHECK (status IN ('open', 'closed')),
    CONSTRAINT issue_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT issue_description_check CHECK (char_length(description) <= 20000),
    CONSTRAINT issue_origin_check CHECK (origin IN ('internal', 'external')),
    CONSTRAINT issue_effect_check CHECK (effect IN ('positive', 'negative')),
    CONSTRAINT issue_concern_check CHECK (concern IN ('business_objective', 'isms_outcome')),
    CONSTRAINT issue_category_check CHECK (category IN ('political', 'economic', 'social', 'technological', 'environmental', 'legal', 'culture', 'strategy', 'people', 'process', 'technology', 'finance', 'governance')),
    CONSTRAINT issue_influence_check CHECK (influence BETWEEN 1 AND 5),
    CONSTRAINT issue_control_check CHECK (control BETWEEN 1 AND 5),
    CONSTRAINT issue_priority_check CHECK (priority BETWEEN 1 AND 25),
    CONSTRAINT issue_quadrant_check CHECK (quadrant IN ('strength', 'weakness', 'opportunity', 'threat'))
);
CREATE INDEX issue_owner_id_idx ON context.issue (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX issue_review_on_idx ON context.issue (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX issue_priority_idx ON context.issue (tenant_id, priority DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;

CREATE TABLE context.climate_determination (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    relevant boolean NOT NULL,
    reason text NOT NULL,
    consequences text,
    decided_on date NOT NULL,
    decided_by_id uuid NOT NULL,
    review_on date,
    conclusion text GENERATED ALWAYS AS (CASE WHEN relevant THEN 'Climate change is relevant' ELSE 'Climate change is not relevant' END) STORED,
    CONSTRAINT climate_determination_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT climate_determination_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT climate_determination_reason_check CHECK (char_length(reason) BETWEEN 1 AND 5000),
    CONSTRAINT climate_determination_consequences_check CHECK (char_length(consequences) <= 5000),
    CONSTRAINT climate_determination_conclusion_check CHECK (char_length(conclusion) <= 200)
);
CREATE INDEX climate_determination_decided_on_idx ON context.climate_determination (tenant_id, decided_on, id) WHERE archived_at IS NULL;
CREATE INDEX climate_determination_decided_by_id_idx ON context.climate_determination (tenant_id, decided_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX climate_determination_review_on_idx ON context.climate_determination (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE context.interested_party (
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
    type text NOT NULL,
    activity text,
    influence integer NOT NULL,
    control integer NOT NULL,
    owner_id uuid,
    review_on date,
    reviewed_on date,
    priority integer GENERATED ALWAYS AS (influence * (6 - control)) STORED,
    CONSTRAINT interested_party_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT interested_party_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT interested_party_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT interested_party_type_check CHECK (type IN ('internal', 'external', 'interface')),
    CONSTRAINT interested_party_activity_check CHECK (char_length(activity) <= 2000),
    CONSTRAINT interested_party_influence_check CHECK (influence BETWEEN 1 AND 5),
    CONSTRAINT interested_party_control_check CHECK (control BETWEEN 1 AND 5),
    CONSTRAINT interested_party_priority_check CHECK (priority BETWEEN 1 AND 25)
);
CREATE UNIQUE INDEX interested_party_name_key ON context.interested_party (tenant_id, name) WHERE archived_at IS NULL;
CREATE INDEX interested_party_owner_id_idx ON context.interested_party (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX interested_party_review_on_idx ON context.interested_party (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX interested_party_priority_idx ON context.interested_party (tenant_id, priority DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;

CREATE TABLE context.requirement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    party_id uuid NOT NULL,
    title text NOT NULL,
    description text,
    kind text NOT NULL,
    source text,
    addressed_by_isms text NOT NULL,
    reason text,
    owner_id uuid,
    review_on date,
    reviewed_on date,
    decided_on date,
    decided_by_id uuid,
    accepted boolean GENERATED ALWAYS AS (addressed_by_isms = 'yes') STORED,
    CONSTRAINT requirement_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT requirement_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT requirement_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT requirement_description_check CHECK (char_length(description) <= 20000),
    CONSTRAINT requirement_kind_check CHECK (kind IN ('legal', 'regulatory', 'contractual', 'expectation')),
    CONSTRAINT requirement_source_check CHECK (char_length(source) <= 500),
    CONSTRAINT requirement_addressed_by_isms_check CHECK (addressed_by_isms IN ('undecided', 'yes', 'no')),
    CONSTRAINT requirement_reason_check CHECK (char_length(reason) <= 2000)
);
CREATE INDEX requirement_created_at_idx ON context.requirement (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX requirement_party_id_idx ON context.requirement (tenant_id, party_id, id) WHERE archived_at IS NULL;
CREATE INDEX requirement_owner_id_idx ON context.requirement (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX requirement_review_on_idx ON context.requirement (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX requirement_decided_by_id_idx ON context.requirement (tenant_id, decided_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE context.site (
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
    address text NOT NULL,
    country text NOT NULL,
    headcount integer NOT NULL,
    activities text,
    CONSTRAINT site_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT site_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT site_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT site_address_check CHECK (char_length(address) BETWEEN 1 AND 500),
    CONSTRAINT site_country_check CHECK (char_length(country) BETWEEN 2 AND 2),
    CONSTRAINT site_headcount_check CHECK (headcount BETWEEN 0 AND 1000000),
    CONSTRAINT site_activities_check CHECK (char_length(activities) <= 2000)
);
CREATE UNIQUE INDEX site_name_key ON context.site (tenant_id, name) WHERE archived_at IS NULL;

CREATE TABLE context.scope (
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
    statement text NOT NULL,
    rationale text,
    units jsonb NOT NULL DEFAULT '[]',
    services jsonb NOT NULL DEFAULT '[]',
    systems jsonb NOT NULL DEFAULT '[]',
    exclusions jsonb NOT NULL DEFAULT '[]',
    interfaces jsonb NOT NULL DEFAULT '[]',
    dependencies jsonb NOT NULL DEFAULT '[]',
    revises_id uuid,
    approved_at timestamptz,
    approved_by_id uuid,
    in_force_on date,
    superseded_on date,
    reviewed_on date,
    review_on date,
    version_number integer GENERATED ALWAYS AS (substring(ref from '[0-9]+$')::integer) STORED,
    CONSTRAINT scope_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT scope_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT scope_status_check CHECK (status IN ('draft', 'in_review', 'approved', 'in_force', 'superseded')),
    CONSTRAINT scope_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT scope_statement_check CHECK (char_length(statement) BETWEEN 1 AND 5000),
    CONSTRAINT scope_rationale_check CHECK (char_length(rationale) <= 5000),
    CONSTRAINT scope_units_check CHECK (jsonb_typeof(units) = 'array' AND jsonb_array_length(units) <= 100),
    CONSTRAINT scope_services_check CHECK (jsonb_typeof(services) = 'array' AND jsonb_array_length(services) <= 100),
    CONSTRAINT scope_systems_check CHECK (jsonb_typeof(systems) = 'array' AND jsonb_array_length(systems) <= 100),
    CONSTRAINT scope_exclusions_check CHECK (jsonb_typeof(exclusions) = 'array' AND jsonb_array_length(exclusions) <= 100),
    CONSTRAINT scope_interfaces_check CHECK (jsonb_typeof(interfaces) = 'array' AND jsonb_array_length(interfaces) <= 100),
    CONSTRAINT scope_dependencies_check CHECK (jsonb_typeof(dependencies) = 'array' AND jsonb_array_length(dependencies) <= 100)
);
CREATE INDEX scope_revises_id_idx ON context.scope (tenant_id, revises_id, id) WHERE archived_at IS NULL;
CREATE INDEX scope_review_on_idx ON context.scope (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX scope_version_number_idx ON context.scope (tenant_id, version_number DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;

CREATE TABLE context.process (
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
    family text NOT NULL,
    purpose text,
    owner_id uuid,
    inputs text[] NOT NULL DEFAULT '{}',
    outputs text[] NOT NULL DEFAULT '{}',
    activities text[] NOT NULL DEFAULT '{}',
    resources text[] NOT NULL DEFAULT '{}',
    indicators text[] NOT NULL DEFAULT '{}',
    documents text[] NOT NULL DEFAULT '{}',
    restraints text[] NOT NULL DEFAULT '{}',
    mandatory boolean NOT NULL,
    clauses text[] NOT NULL DEFAULT '{}',
    catalogue_id text,
    review_on date,
    reviewed_on date,
    CONSTRAINT process_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT process_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT process_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT process_family_check CHECK (family IN ('management', 'realization', 'support')),
    CONSTRAINT process_purpose_check CHECK (char_length(purpose) <= 2000),
    CONSTRAINT process_inputs_check CHECK (cardinality(inputs) <= 50),
    CONSTRAINT process_outputs_check CHECK (cardinality(outputs) <= 50),
    CONSTRAINT process_activities_check CHECK (cardinality(activities) <= 50),
    CONSTRAINT process_resources_check CHECK (cardinality(resources) <= 50),
    CONSTRAINT process_indicators_check CHECK (cardinality(indicators) <= 50),
    CONSTRAINT process_documents_check CHECK (cardinality(documents) <= 50),
    CONSTRAINT process_restraints_check CHECK (cardinality(restraints) <= 50),
    CONSTRAINT process_clauses_check CHECK (cardinality(clauses) <= 50),
    CONSTRAINT process_catalogue_id_check CHECK (char_length(catalogue_id) <= 5)
);
CREATE UNIQUE INDEX process_name_key ON context.process (tenant_id, name) WHERE archived_at IS NULL;
CREATE INDEX process_owner_id_idx ON context.process (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX process_catalogue_id_key ON context.process (tenant_id, catalogue_id) WHERE archived_at IS NULL;
CREATE INDEX process_review_on_idx ON context.process (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE context.process_link (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    from_process_id uuid NOT NULL,
    to_process_id uuid NOT NULL,
    flow text NOT NULL,
    CONSTRAINT process_link_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT process_link_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT process_link_flow_check CHECK (char_length(flow) BETWEEN 1 AND 200)
);
CREATE INDEX process_link_created_at_idx ON context.process_link (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX process_link_from_process_id_idx ON context.process_link (tenant_id, from_process_id, id) WHERE archived_at IS NULL;
CREATE INDEX process_link_to_process_id_idx ON context.process_link (tenant_id, to_process_id, id) WHERE archived_at IS NULL;

ALTER TABLE context.statement ADD CONSTRAINT statement_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.issue ADD CONSTRAINT issue_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.climate_determination ADD CONSTRAINT climate_determination_decided_by_id_fk FOREIGN KEY (tenant_id, decided_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.interested_party ADD CONSTRAINT interested_party_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.requirement ADD CONSTRAINT requirement_party_id_fk FOREIGN KEY (tenant_id, party_id) REFERENCES context.interested_party (tenant_id, id);
ALTER TABLE context.requirement ADD CONSTRAINT requirement_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.requirement ADD CONSTRAINT requirement_decided_by_id_fk FOREIGN KEY (tenant_id, decided_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.scope ADD CONSTRAINT scope_revises_id_fk FOREIGN KEY (tenant_id, revises_id) REFERENCES context.scope (tenant_id, id);
ALTER TABLE context.scope ADD CONSTRAINT scope_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.process ADD CONSTRAINT process_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE context.process_link ADD CONSTRAINT process_link_from_process_id_fk FOREIGN KEY (tenant_id, from_process_id) REFERENCES context.process (tenant_id, id);
ALTER TABLE context.process_link ADD CONSTRAINT process_link_to_process_id_fk FOREIGN KEY (tenant_id, to_process_id) REFERENCES context.process (tenant_id, id);

SELECT core.fence('context.statement');
SELECT core.fence('context.issue');
SELECT core.fence('context.climate_determination');
SELECT core.fence('context.interested_party');
SELECT core.fence('context.requirement');
SELECT core.fence('context.site');
SELECT core.fence('context.scope');
SELECT core.fence('context.process');
SELECT core.fence('context.process_link');

-- What the descriptor cannot say. Each has its words in the plugin's table of constraints.
ALTER TABLE context.issue ADD CONSTRAINT issue_category_origin_check CHECK (
    (origin = 'external') = (category IN ('political', 'economic', 'social', 'technological', 'environmental', 'legal')));
ALTER TABLE context.requirement ADD CONSTRAINT requirement_reason_given_check CHECK (
    addressed_by_isms = 'undecided' OR btrim(coalesce(reason, ''), E' \t\r\n') <> '');
ALTER TABLE context.site ADD CONSTRAINT site_country_code_check CHECK (country ~ '^[A-Z]{2}$');
ALTER TABLE context.scope ADD CONSTRAINT scope_exclusions_reason_check CHECK (
    NOT jsonb_path_exists(exclusions, '$[*] ? (!exists (@.reason))'));
ALTER TABLE context.process_link ADD CONSTRAINT process_link_loop_check CHECK (from_process_id <> to_process_id);

-- One purpose, one scope in force; the same flow between two processes once.
CREATE UNIQUE INDEX statement_purpose_key ON context.statement (tenant_id) WHERE kind = 'purpose' AND archived_at IS NULL;
CREATE UNIQUE INDEX scope_in_force_key ON context.scope (tenant_id) WHERE status = 'in_force';
CREATE INDEX scope_approved_by_id_idx ON context.scope (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX process_link_ends_key ON context.process_link (tenant_id, from_process_id, to_process_id, lower(flow))
    WHERE archived_at IS NULL;

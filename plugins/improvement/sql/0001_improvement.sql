-- The improvement area, clause 10: nonconformities, corrective actions, improvements, clocks.

CREATE SCHEMA IF NOT EXISTS improvement;
GRANT USAGE ON SCHEMA improvement TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE improvement.nonconformity (
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
    source text NOT NULL,
    grade text NOT NULL,
    requirement text NOT NULL,
    statement text NOT NULL,
    evidence text NOT NULL,
    detected_on date NOT NULL,
    owner_id uuid,
    repeats_id uuid,
    origin_resource text,
    origin_id text,
    origin_ref text,
    correction text,
    consequences text,
    five_whys jsonb NOT NULL DEFAULT '[]',
    cause_effect jsonb NOT NULL DEFAULT '[]',
    root_cause text,
    cause_category text,
    similar_search text,
    similar_cases jsonb NOT NULL DEFAULT '[]',
    effectiveness_criterion text,
    effectiveness_check_on date,
    risk_changes text,
    isms_changes text,
    cycle integer,
    failed_checks jsonb NOT NULL DEFAULT '[]',
    correction_due_on date,
    cause_due_on date,
    act_due_on date,
    corrected_on date,
    cause_found_on date,
    acted_on date,
    verified_on date,
    verified_by_id uuid,
    verification_note text,
    due_on date GENERATED ALWAYS AS (CASE status WHEN 'open' THEN correction_due_on WHEN 'corrected' THEN cause_due_on WHEN 'analysed' THEN act_due_on WHEN 'in_action' THEN act_due_on WHEN 'in_check' THEN effectiveness_check_on END) STORED,
    CONSTRAINT nonconformity_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT nonconformity_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT nonconformity_status_check CHECK (status IN ('open', 'corrected', 'analysed', 'in_action', 'in_check', 'closed', 'dismissed')),
    CONSTRAINT nonconformity_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT nonconformity_source_check CHECK (source IN ('internal_audit', 'certification_body', 'incident', 'metric', 'complaint', 'own_finding')),
    CONSTRAINT nonconformity_grade_check CHECK (grade IN ('major', 'minor')),
    CONSTRAINT nonconformity_requirement_check CHECK (char_length(requirement) BETWEEN 1 AND 200),
    CONSTRAINT nonconformity_statement_check CHECK (char_length(statement) BETWEEN 1 AND 5000),
    CONSTRAINT nonconformity_evidence_check CHECK (char_length(evidence) BETWEEN 1 AND 5000),
    CONSTRAINT nonconformity_origin_resource_check CHECK (char_length(origin_resource) <= 80),
    CONSTRAINT nonconformity_origin_id_check CHECK (char_length(origin_id) <= 36),
    CONSTRAINT nonconformity_origin_ref_check CHECK (char_length(origin_ref) <= 40),
    CONSTRAINT nonconformity_correction_check CHECK (char_length(correction) <= 5000),
    CONSTRAINT nonconformity_consequences_check CHECK (char_length(consequences) <= 5000),
    CONSTRAINT nonconformity_five_whys_check CHECK (jsonb_typeof(five_whys) = 'array' AND jsonb_array_length(five_whys) <= 10),
    CONSTRAINT nonconformity_cause_effect_check CHECK (jsonb_typeof(cause_effect) = 'array' AND jsonb_array_length(cause_effect) <= 60),
    CONSTRAINT nonconformity_root_cause_check CHECK (char_length(root_cause) <= 2000),
    CONSTRAINT nonconformity_cause_category_check CHECK (cause_category IN ('people', 'process', 'technology', 'supplier', 'environment', 'management', 'measurement')),
    CONSTRAINT nonconformity_similar_search_check CHECK (char_length(similar_search) <= 5000),
    CONSTRAINT nonconformity_similar_cases_check CHECK (jsonb_typeof(similar_cases) = 'array' AND jsonb_array_length(similar_cases) <= 50),
    CONSTRAINT nonconformity_effectiveness_criterion_check CHECK (char_length(effectiveness_criterion) <= 2000),
    CONSTRAINT nonconformity_risk_changes_check CHECK (char_length(risk_changes) <= 2000),
    CONSTRAINT nonconformity_isms_changes_check CHECK (char_length(isms_changes) <= 2000),
    CONSTRAINT nonconformity_cycle_check CHECK (cycle BETWEEN 1 AND 1000),
    CONSTRAINT nonconformity_failed_checks_check CHECK (jsonb_typeof(failed_checks) = 'array' AND jsonb_array_length(failed_checks) <= 100),
    CONSTRAINT nonconformity_verification_note_check CHECK (char_length(verification_note) <= 5000)
);
CREATE INDEX nonconformity_detected_on_idx ON improvement.nonconformity (tenant_id, detected_on, id) WHERE archived_at IS NULL;
CREATE INDEX nonconformity_owner_id_idx ON improvement.nonconformity (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX nonconformity_repeats_id_idx ON improvement.nonconformity (tenant_id, repeats_id, id) WHERE archived_at IS NULL;
CREATE INDEX nonconformity_verified_by_id_idx ON improvement.nonconformity (tenant_id, verified_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX nonconformity_due_on_idx ON improvement.nonconformity (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE improvement.corrective_action (
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
    nonconformity_id uuid NOT NULL,
    title text NOT NULL,
    description text,
    owner_id uuid NOT NULL,
    due_on date NOT NULL,
    result text,
    cycle integer,
    done_on date,
    done_by_id uuid,
    CONSTRAINT corrective_action_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT corrective_action_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT corrective_action_status_check CHECK (status IN ('planned', 'in_progress', 'done', 'cancelled')),
    CONSTRAINT corrective_action_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT corrective_action_description_check CHECK (char_length(description) <= 5000),
    CONSTRAINT corrective_action_result_check CHECK (char_length(result) <= 5000),
    CONSTRAINT corrective_action_cycle_check CHECK (cycle BETWEEN 1 AND 1000)
);
CREATE INDEX corrective_action_created_at_idx ON improvement.corrective_action (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX corrective_action_nonconformity_id_idx ON improvement.corrective_action (tenant_id, nonconformity_id, id) WHERE archived_at IS NULL;
CREATE INDEX corrective_action_owner_id_idx ON improvement.corrective_action (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX corrective_action_due_on_idx ON improvement.corrective_action (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX corrective_action_done_by_id_idx ON improvement.corrective_action (tenant_id, done_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE improvement.improvement (
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
    idea text,
    benefit text,
    origin_resource text,
    origin_id text,
    origin_ref text,
    owner_id uuid,
    due_on date,
    result text,
    decision text,
    decided_on date,
    decided_by_id uuid,
    done_on date,
    CONSTRAINT improvement_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT improvement_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT improvement_status_check CHECK (status IN ('proposed', 'accepted', 'done', 'rejected')),
    CONSTRAINT improvement_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT improvement_idea_check CHECK (char_length(idea) <= 5000),
    CONSTRAINT improvement_benefit_check CHECK (char_length(benefit) <= 2000),
    CONSTRAINT improvement_origin_resource_check CHECK (char_length(origin_resource) <= 80),
    CONSTRAINT improvement_origin_id_check CHECK (char_length(origin_id) <= 36),
    CONSTRAINT improvement_origin_ref_check CHECK (char_length(origin_ref) <= 40),
    CONSTRAINT improvement_result_check CHECK (char_length(result) <= 5000),
    CONSTRAINT improvement_decision_check CHECK (char_length(decision) <= 2000)
);
CREATE INDEX improvement_created_at_idx ON improvement.improvement (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX improvement_owner_id_idx ON improvement.improvement (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX improvement_due_on_idx ON improvement.improvement (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX improvement_decided_by_id_idx ON improvement.improvement (tenant_id, decided_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE improvement.clock (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    source text NOT NULL,
    grade text NOT NULL,
    correct_days integer NOT NULL,
    cause_days integer NOT NULL,
    act_days integer NOT NULL,
    reason text NOT NULL,
    name text GENERATED ALWAYS AS (grade || ', ' || replace(source, '_', ' ')) STORED,
    CONSTRAINT clock_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT clock_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT clock_source_check CHECK (source IN ('internal_audit', 'certification_body', 'incident', 'metric', 'complaint', 'own_finding')),
    CONSTRAINT clock_grade_check CHECK (grade IN ('major', 'minor')),
    CONSTRAINT clock_correct_days_check CHECK (correct_days BETWEEN 1 AND 730),
    CONSTRAINT clock_cause_days_check CHECK (cause_days BETWEEN 1 AND 730),
    CONSTRAINT clock_act_days_check CHECK (act_days BETWEEN 1 AND 730),
    CONSTRAINT clock_reason_check CHECK (char_length(reason) BETWEEN 1 AND 2000),
    CONSTRAINT clock_name_check CHECK (char_length(name) <= 200)
);
CREATE INDEX clock_created_at_idx ON improvement.clock (tenant_id, created_at, id) WHERE archived_at IS NULL;

ALTER TABLE improvement.nonconformity ADD CONSTRAINT nonconformity_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE improvement.nonconformity ADD CONSTRAINT nonconformity_repeats_id_fk FOREIGN KEY (tenant_id, repeats_id) REFERENCES improvement.nonconformity (tenant_id, id);
ALTER TABLE improvement.nonconformity ADD CONSTRAINT nonconformity_verified_by_id_fk FOREIGN KEY (tenant_id, verified_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE improvement.corrective_action ADD CONSTRAINT corrective_action_nonconformity_id_fk FOREIGN KEY (tenant_id, nonconformity_id) REFERENCES improvement.nonconformity (tenant_id, id);
ALTER TABLE improvement.corrective_action ADD CONSTRAINT corrective_action_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE improvement.corrective_action ADD CONSTRAINT corrective_action_done_by_id_fk FOREIGN KEY (tenant_id, done_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE improvement.improvement ADD CONSTRAINT improvement_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE improvement.improvement ADD CONSTRAINT improvement_decided_by_id_fk FOREIGN KEY (tenant_id, decided_by_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('improvement.nonconformity');
SELECT core.fence('improvement.corrective_action');
SELECT core.fence('improvement.improvement');
SELECT core.fence('improvement.clock');

-- What the descriptor cannot say.
ALTER TABLE improvement.nonconformity ADD CONSTRAINT nonconformity_self_check CHECK (repeats_id <> id);
-- Closed means verified: no statement, not even one of a later version, gets round it.
ALTER TABLE improvement.nonconformity ADD CONSTRAINT nonconformity_closed_check CHECK (
    status <> 'closed' OR verified_on IS NOT NULL AND verified_by_id IS NOT NULL AND verified_by_id IS DISTINCT FROM owner_id);
CREATE INDEX nonconformity_origin_idx ON improvement.nonconformity (tenant_id, origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX improvement_origin_idx ON improvement.improvement (tenant_id, origin_id) WHERE origin_id IS NOT NULL;

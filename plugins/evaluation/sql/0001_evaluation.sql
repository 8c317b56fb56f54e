-- The evaluation area, clause 9: metrics, audits, management reviews, the state of each requirement.

CREATE SCHEMA IF NOT EXISTS evaluation;
GRANT USAGE ON SCHEMA evaluation TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE evaluation.metric (
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
    what text,
    method text NOT NULL,
    formula text,
    unit text NOT NULL,
    direction text NOT NULL,
    target numeric(18,4) NOT NULL,
    tolerance numeric(18,4) NOT NULL,
    frequency text NOT NULL,
    starts_on date NOT NULL,
    measurer_id uuid,
    analyst_id uuid,
    signal text,
    last_value numeric(18,4),
    last_measured_on date,
    standing text,
    trend text,
    next_due_on date,
    CONSTRAINT metric_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT metric_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT metric_status_check CHECK (status IN ('active', 'retired')),
    CONSTRAINT metric_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT metric_what_check CHECK (char_length(what) <= 2000),
    CONSTRAINT metric_method_check CHECK (char_length(method) BETWEEN 1 AND 2000),
    CONSTRAINT metric_formula_check CHECK (char_length(formula) <= 500),
    CONSTRAINT metric_unit_check CHECK (char_length(unit) BETWEEN 1 AND 40),
    CONSTRAINT metric_direction_check CHECK (direction IN ('at_least', 'at_most', 'near')),
    CONSTRAINT metric_target_check CHECK (target BETWEEN -1000000000 AND 1000000000),
    CONSTRAINT metric_tolerance_check CHECK (tolerance BETWEEN 0 AND 1000000000),
    CONSTRAINT metric_frequency_check CHECK (frequency IN ('weekly', 'monthly', 'quarterly', 'half_yearly', 'yearly')),
    CONSTRAINT metric_signal_check CHECK (char_length(signal) <= 100),
    CONSTRAINT metric_last_value_check CHECK (last_value BETWEEN -1000000000 AND 1000000000),
    CONSTRAINT metric_standing_check CHECK (standing IN ('on_target', 'within_tolerance', 'off_target')),
    CONSTRAINT metric_trend_check CHECK (trend IN ('better', 'same', 'worse'))
);
CREATE INDEX metric_created_at_idx ON evaluation.metric (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX metric_measurer_id_idx ON evaluation.metric (tenant_id, measurer_id, id) WHERE archived_at IS NULL;
CREATE INDEX metric_analyst_id_idx ON evaluation.metric (tenant_id, analyst_id, id) WHERE archived_at IS NULL;
CREATE INDEX metric_next_due_on_idx ON evaluation.metric (tenant_id, next_due_on, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.measurement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    metric_id uuid NOT NULL,
    value numeric(18,4) NOT NULL,
    measured_on date NOT NULL,
    note text,
    figure text GENERATED ALWAYS AS (trim_scale(value)::text) STORED,
    recorded_on date GENERATED ALWAYS AS ((created_at AT TIME ZONE 'UTC')::date) STORED,
    backdated boolean GENERATED ALWAYS AS (measured_on < (created_at AT TIME ZONE 'UTC')::date) STORED,
    CONSTRAINT measurement_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT measurement_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT measurement_value_check CHECK (value BETWEEN -1000000000 AND 1000000000),
    CONSTRAINT measurement_note_check CHECK (char_length(note) <= 2000),
    CONSTRAINT measurement_figure_check CHECK (char_length(figure) <= 200)
);
CREATE INDEX measurement_metric_id_idx ON evaluation.measurement (tenant_id, metric_id, id) WHERE archived_at IS NULL;
CREATE INDEX measurement_measured_on_idx ON evaluation.measurement (tenant_id, measured_on, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.audit_programme (
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
    edition text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    criteria text NOT NULL,
    methods text[] NOT NULL DEFAULT '{}',
    weight text,
    owner_id uuid,
    approved_on date,
    approved_by_id uuid,
    CONSTRAINT audit_programme_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_programme_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_programme_status_check CHECK (status IN ('draft', 'approved', 'completed')),
    CONSTRAINT audit_programme_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT audit_programme_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT audit_programme_criteria_check CHECK (char_length(criteria) BETWEEN 1 AND 5000),
    CONSTRAINT audit_programme_methods_check CHECK (cardinality(methods) <= 100 AND methods <@ ARRAY['document_review', 'interview', 'observation', 'sampling', 'technical_test', 'remote']),
    CONSTRAINT audit_programme_weight_check CHECK (char_length(weight) <= 5000)
);
CREATE INDEX audit_programme_period_from_idx ON evaluation.audit_programme (tenant_id, period_from, id) WHERE archived_at IS NULL;
CREATE INDEX audit_programme_period_to_idx ON evaluation.audit_programme (tenant_id, period_to, id) WHERE archived_at IS NULL;
CREATE INDEX audit_programme_owner_id_idx ON evaluation.audit_programme (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_programme_approved_by_id_idx ON evaluation.audit_programme (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.audit (
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
    programme_id uuid,
    edition text NOT NULL,
    objective text,
    scope text NOT NULL,
    criteria text NOT NULL,
    clauses text[] NOT NULL DEFAULT '{}',
    controls text[] NOT NULL DEFAULT '{}',
    methods text[] NOT NULL DEFAULT '{}',
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    lead_id uuid,
    sessions jsonb NOT NULL DEFAULT '[]',
    opening_on date,
    opening_attendees text[] NOT NULL DEFAULT '{}',
    closing_on date,
    closing_attendees text[] NOT NULL DEFAULT '{}',
    conclusion text,
    distribution text[] NOT NULL DEFAULT '{}',
    report_issued_on date,
    report_issued_by_id uuid,
    CONSTRAINT audit_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_status_check CHECK (status IN ('planned', 'scheduled', 'running', 'reporting', 'issued', 'closed', 'cancelled')),
    CONSTRAINT audit_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT audit_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT audit_objective_check CHECK (char_length(objective) <= 2000),
    CONSTRAINT audit_scope_check CHECK (char_length(scope) BETWEEN 1 AND 5000),
    CONSTRAINT audit_criteria_check CHECK (char_length(criteria) BETWEEN 1 AND 5000),
    CONSTRAINT audit_clauses_check CHECK (cardinality(clauses) <= 200),
    CONSTRAINT audit_controls_check CHECK (cardinality(controls) <= 200),
    CONSTRAINT audit_methods_check CHECK (cardinality(methods) <= 100 AND methods <@ ARRAY['document_review', 'interview', 'observation', 'sampling', 'technical_test', 'remote']),
    CONSTRAINT audit_sessions_check CHECK (jsonb_typeof(sessions) = 'array' AND jsonb_array_length(sessions) <= 100),
    CONSTRAINT audit_opening_attendees_check CHECK (cardinality(opening_attendees) <= 200),
    CONSTRAINT audit_closing_attendees_check CHECK (cardinality(closing_attendees) <= 200),
    CONSTRAINT audit_conclusion_check CHECK (char_length(conclusion) <= 5000),
    CONSTRAINT audit_distribution_check CHECK (cardinality(distribution) <= 200)
);
CREATE INDEX audit_programme_id_idx ON evaluation.audit (tenant_id, programme_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_starts_on_idx ON evaluation.audit (tenant_id, starts_on, id) WHERE archived_at IS NULL;
CREATE INDEX audit_lead_id_idx ON evaluation.audit (tenant_id, lead_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_report_issued_by_id_idx ON evaluation.audit (tenant_id, report_issued_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.audit_member (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    audit_id uuid NOT NULL,
    member_id uuid,
    external text,
    role text NOT NULL,
    competence text,
    name text GENERATED ALWAYS AS (role || coalesce(': ' || external, '')) STORED,
    CONSTRAINT audit_member_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_member_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_member_external_check CHECK (char_length(external) <= 200),
    CONSTRAINT audit_member_role_check CHECK (role IN ('auditor', 'trainee', 'expert', 'observer')),
    CONSTRAINT audit_member_competence_check CHECK (char_length(competence) <= 2000),
    CONSTRAINT audit_member_name_check CHECK (char_length(name) <= 300)
);
CREATE INDEX audit_member_created_at_idx ON evaluation.audit_member (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX audit_member_audit_id_idx ON evaluation.audit_member (tenant_id, audit_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_member_member_id_idx ON evaluation.audit_member (tenant_id, member_id, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.audit_checklist_item (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    audit_id uuid NOT NULL,
    question text NOT NULL,
    number text,
    question_id text,
    method text,
    looked_for text,
    answer text,
    evidence text,
    population integer,
    sample integer,
    sampling text,
    CONSTRAINT audit_checklist_item_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_checklist_item_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_checklist_item_question_check CHECK (char_length(question) BETWEEN 1 AND 1000),
    CONSTRAINT audit_checklist_item_number_check CHECK (char_length(number) <= 40),
    CONSTRAINT audit_checklist_item_question_id_check CHECK (char_length(question_id) <= 20),
    CONSTRAINT audit_checklist_item_method_check CHECK (method IN ('document_review', 'interview', 'sampling', 'observation_or_test')),
    CONSTRAINT audit_checklist_item_looked_for_check CHECK (char_length(looked_for) <= 2000),
    CONSTRAINT audit_checklist_item_answer_check CHECK (answer IN ('met', 'partly_met', 'not_met', 'not_applicable', 'not_audited')),
    CONSTRAINT audit_checklist_item_evidence_check CHECK (char_length(evidence) <= 5000),
    CONSTRAINT audit_checklist_item_population_check CHECK (population BETWEEN 0 AND 1000000000),
    CONSTRAINT audit_checklist_item_sample_check CHECK (sample BETWEEN 0 AND 1000000000),
    CONSTRAINT audit_checklist_item_sampling_check CHECK (char_length(sampling) <= 500)
);
CREATE INDEX audit_checklist_item_audit_id_idx ON evaluation.audit_checklist_item (tenant_id, audit_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_checklist_item_number_idx ON evaluation.audit_checklist_item (tenant_id, number, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.audit_finding (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    audit_id uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    criterion text NOT NULL,
    statement text NOT NULL,
    evidence text NOT NULL,
    owner_id uuid,
    checklist_item_id uuid,
    CONSTRAINT audit_finding_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_finding_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_finding_kind_check CHECK (kind IN ('conformity', 'major', 'minor', 'observation', 'opportunity')),
    CONSTRAINT audit_finding_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT audit_finding_criterion_check CHECK (char_length(criterion) BETWEEN 1 AND 200),
    CONSTRAINT audit_finding_statement_check CHECK (char_length(statement) BETWEEN 1 AND 5000),
    CONSTRAINT audit_finding_evidence_check CHECK (char_length(evidence) BETWEEN 1 AND 5000)
);
CREATE INDEX audit_finding_created_at_idx ON evaluation.audit_finding (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX audit_finding_audit_id_idx ON evaluation.audit_finding (tenant_id, audit_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_finding_owner_id_idx ON evaluation.audit_finding (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_finding_checklist_item_id_idx ON evaluation.audit_finding (tenant_id, checklist_item_id, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.management_review (
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
    edition text NOT NULL,
    planned_on date NOT NULL,
    since date,
    chair_id uuid,
    held_on date,
    attendees text[] NOT NULL DEFAULT '{}',
    minutes jsonb NOT NULL DEFAULT '[]',
    conclusion text,
    pack jsonb NOT NULL DEFAULT '[]',
    gathered_at timestamptz,
    closed_on date,
    closed_by_id uuid,
    due_on date GENERATED ALWAYS AS (CASE WHEN status IN ('draft', 'prepared') THEN planned_on END) STORED,
    CONSTRAINT management_review_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT management_review_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT management_review_status_check CHECK (status IN ('draft', 'prepared', 'held', 'closed')),
    CONSTRAINT management_review_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT management_review_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT management_review_attendees_check CHECK (cardinality(attendees) <= 100),
    CONSTRAINT management_review_minutes_check CHECK (jsonb_typeof(minutes) = 'array' AND jsonb_array_length(minutes) <= 100),
    CONSTRAINT management_review_conclusion_check CHECK (char_length(conclusion) <= 5000),
    CONSTRAINT management_review_pack_check CHECK (jsonb_typeof(pack) = 'array' AND jsonb_array_length(pack) <= 100)
);
CREATE INDEX management_review_planned_on_idx ON evaluation.management_review (tenant_id, planned_on, id) WHERE archived_at IS NULL;
CREATE INDEX management_review_chair_id_idx ON evaluation.management_review (tenant_id, chair_id, id) WHERE archived_at IS NULL;
CREATE INDEX management_review_closed_by_id_idx ON evaluation.management_review (tenant_id, closed_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX management_review_due_on_idx ON evaluation.management_review (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.review_decision (
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
    review_id uuid NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    text text,
    owner_id uuid,
    due_on date,
    result text,
    done_on date,
    carried_to_id uuid,
    times_carried integer,
    CONSTRAINT review_decision_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT review_decision_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT review_decision_status_check CHECK (status IN ('open', 'done', 'dropped')),
    CONSTRAINT review_decision_kind_check CHECK (kind IN ('decision', 'action')),
    CONSTRAINT review_decision_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT review_decision_text_check CHECK (char_length(text) <= 5000),
    CONSTRAINT review_decision_result_check CHECK (char_length(result) <= 5000),
    CONSTRAINT review_decision_times_carried_check CHECK (times_carried BETWEEN 0 AND 1000)
);
CREATE INDEX review_decision_created_at_idx ON evaluation.review_decision (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX review_decision_review_id_idx ON evaluation.review_decision (tenant_id, review_id, id) WHERE archived_at IS NULL;
CREATE INDEX review_decision_owner_id_idx ON evaluation.review_decision (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX review_decision_due_on_idx ON evaluation.review_decision (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX review_decision_carried_to_id_idx ON evaluation.review_decision (tenant_id, carried_to_id, id) WHERE archived_at IS NULL;

CREATE TABLE evaluation.requirement_status (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    requirement text NOT NULL,
    state text NOT NULL,
    evidence text,
    note text,
    judged_on date NOT NULL,
    owner_id uuid,
    due_on date,
    edition text GENERATED ALWAYS AS (split_part(requirement, '#', 1)) STORED,
    CONSTRAINT requirement_status_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT requirement_status_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT requirement_status_requirement_check CHECK (char_length(requirement) BETWEEN 6 AND 8),
    CONSTRAINT requirement_status_state_check CHECK (state IN ('not_started', 'planned', 'partial', 'fulfilled')),
    CONSTRAINT requirement_status_evidence_check CHECK (char_length(evidence) <= 5000),
    CONSTRAINT requirement_status_note_check CHECK (char_length(note) <= 5000),
    CONSTRAINT requirement_status_edition_check CHECK (char_length(edition) <= 200)
);
CREATE INDEX requirement_status_judged_on_idx ON evaluation.requirement_status (tenant_id, judged_on, id) WHERE archived_at IS NULL;
CREATE INDEX requirement_status_owner_id_idx ON evaluation.requirement_status (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX requirement_status_due_on_idx ON evaluation.requirement_status (tenant_id, due_on, id) WHERE archived_at IS NULL;

ALTER TABLE evaluation.metric ADD CONSTRAINT metric_measurer_id_fk FOREIGN KEY (tenant_id, measurer_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.metric ADD CONSTRAINT metric_analyst_id_fk FOREIGN KEY (tenant_id, analyst_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.measurement ADD CONSTRAINT measurement_metric_id_fk FOREIGN KEY (tenant_id, metric_id) REFERENCES evaluation.metric (tenant_id, id);
ALTER TABLE evaluation.audit_programme ADD CONSTRAINT audit_programme_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.audit_programme ADD CONSTRAINT audit_programme_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.audit ADD CONSTRAINT audit_programme_id_fk FOREIGN KEY (tenant_id, programme_id) REFERENCES evaluation.audit_programme (tenant_id, id);
ALTER TABLE evaluation.audit ADD CONSTRAINT audit_lead_id_fk FOREIGN KEY (tenant_id, lead_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.audit ADD CONSTRAINT audit_report_issued_by_id_fk FOREIGN KEY (tenant_id, report_issued_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.audit_member ADD CONSTRAINT audit_member_audit_id_fk FOREIGN KEY (tenant_id, audit_id) REFERENCES evaluation.audit (tenant_id, id);
ALTER TABLE evaluation.audit_member ADD CONSTRAINT audit_member_member_id_fk FOREIGN KEY (tenant_id, member_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.audit_checklist_item ADD CONSTRAINT audit_checklist_item_audit_id_fk FOREIGN KEY (tenant_id, audit_id) REFERENCES evaluation.audit (tenant_id, id);
ALTER TABLE evaluation.audit_finding ADD CONSTRAINT audit_finding_audit_id_fk FOREIGN KEY (tenant_id, audit_id) REFERENCES evaluation.audit (tenant_id, id);
ALTER TABLE evaluation.audit_finding ADD CONSTRAINT audit_finding_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.audit_finding ADD CONSTRAINT audit_finding_checklist_item_id_fk FOREIGN KEY (tenant_id, checklist_item_id) REFERENCES evaluation.audit_checklist_item (tenant_id, id);
ALTER TABLE evaluation.management_review ADD CONSTRAINT management_review_chair_id_fk FOREIGN KEY (tenant_id, chair_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.management_review ADD CONSTRAINT management_review_closed_by_id_fk FOREIGN KEY (tenant_id, closed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.review_decision ADD CONSTRAINT review_decision_review_id_fk FOREIGN KEY (tenant_id, review_id) REFERENCES evaluation.management_review (tenant_id, id);
ALTER TABLE evaluation.review_decision ADD CONSTRAINT review_decision_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE evaluation.review_decision ADD CONSTRAINT review_decision_carried_to_id_fk FOREIGN KEY (tenant_id, carried_to_id) REFERENCES evaluation.management_review (tenant_id, id);
ALTER TABLE evaluation.requirement_status ADD CONSTRAINT requirement_status_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('evaluation.metric');
SELECT core.fence('evaluation.measurement');
SELECT core.fence('evaluation.audit_programme');
SELECT core.fence('evaluation.audit');
SELECT core.fence('evaluation.audit_member');
SELECT core.fence('evaluation.audit_checklist_item');
SELECT core.fence('evaluation.audit_finding');
SELECT core.fence('evaluation.management_review');
SELECT core.fence('evaluation.review_decision');
SELECT core.fence('evaluation.requirement_status');

-- What the descriptor cannot say.
CREATE FUNCTION evaluation.period(frequency text) RETURNS interval
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE frequency WHEN 'weekly' THEN interval '7 days' WHEN 'monthly' THEN interval '1 month'
        WHEN 'quarterly' THEN interval '3 months' WHEN 'half_yearly' THEN interval '6 months' ELSE interval '1 year' END;

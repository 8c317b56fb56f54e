-- The evaluation area, clause 9: metrics, audits, management reviews, the state of each requirement.

CREATE SCHEMA IF NOT EXISTS evaluation;
GRANT USAGE ON SCHEMA evaluation TO ballium_app, ballium_portfolio, ballium_worker;

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

SELECT core.fence('evaluation.audit_programme');
SELECT core.fence('evaluation.audit');
SELECT core.fence('evaluation.audit_member');
SELECT core.fence('evaluation.audit_checklist_item');
SELECT core.fence('evaluation.audit_finding');

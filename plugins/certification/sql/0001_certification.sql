-- The certification area: plans, and the body's and the client's records of the same cycle. Each lies in its own tenant.

CREATE SCHEMA IF NOT EXISTS certification;
GRANT USAGE ON SCHEMA certification TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE certification.project_plan (
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
    starts_on date NOT NULL,
    target_on date,
    lead_id uuid,
    notes text,
    baseline_on date,
    baseline_end_on date,
    CONSTRAINT project_plan_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT project_plan_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT project_plan_status_check CHECK (status IN ('draft', 'running', 'reached', 'dropped')),
    CONSTRAINT project_plan_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT project_plan_notes_check CHECK (char_length(notes) <= 5000)
);
CREATE INDEX project_plan_created_at_idx ON certification.project_plan (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX project_plan_target_on_idx ON certification.project_plan (tenant_id, target_on, id) WHERE archived_at IS NULL;
CREATE INDEX project_plan_lead_id_idx ON certification.project_plan (tenant_id, lead_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.project_step (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    plan_id uuid NOT NULL,
    number integer NOT NULL,
    title text NOT NULL,
    phase text NOT NULL,
    predecessors text[] NOT NULL DEFAULT '{}',
    duration_days integer NOT NULL,
    clauses text[] NOT NULL DEFAULT '{}',
    deliverable text,
    responsible text,
    owner_id uuid,
    milestone boolean,
    progress integer NOT NULL,
    started_on date,
    finished_on date,
    baseline_start_on date,
    baseline_finish_on date,
    due_on date GENERATED ALWAYS AS (CASE WHEN finished_on IS NULL THEN baseline_finish_on END) STORED,
    CONSTRAINT project_step_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT project_step_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT project_step_number_check CHECK (number BETWEEN 1 AND 999),
    CONSTRAINT project_step_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT project_step_phase_check CHECK (phase IN ('prepare', 'design', 'risk', 'implement', 'operate', 'check', 'certify', 'maintain')),
    CONSTRAINT project_step_predecessors_check CHECK (cardinality(predecessors) <= 20),
    CONSTRAINT project_step_duration_days_check CHECK (duration_days BETWEEN 1 AND 2000),
    CONSTRAINT project_step_clauses_check CHECK (cardinality(clauses) <= 30),
    CONSTRAINT project_step_deliverable_check CHECK (char_length(deliverable) <= 500),
    CONSTRAINT project_step_responsible_check CHECK (char_length(responsible) <= 200),
    CONSTRAINT project_step_progress_check CHECK (progress BETWEEN 0 AND 100)
);
CREATE INDEX project_step_plan_id_idx ON certification.project_step (tenant_id, plan_id, id) WHERE archived_at IS NULL;
CREATE INDEX project_step_number_idx ON certification.project_step (tenant_id, number, id) WHERE archived_at IS NULL;
CREATE INDEX project_step_owner_id_idx ON certification.project_step (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX project_step_due_on_idx ON certification.project_step (tenant_id, due_on, id) WHERE archived_at IS NULL;

ALTER TABLE certification.project_plan ADD CONSTRAINT project_plan_lead_id_fk FOREIGN KEY (tenant_id, lead_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.project_step ADD CONSTRAINT project_step_plan_id_fk FOREIGN KEY (tenant_id, plan_id) REFERENCES certification.project_plan (tenant_id, id);
ALTER TABLE certification.project_step ADD CONSTRAINT project_step_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('certification.project_plan');
SELECT core.fence('certification.project_step');

-- A number once in a plan.
CREATE UNIQUE INDEX project_step_number_key ON certification.project_step (tenant_id, plan_id, number) WHERE archived_at IS NULL;

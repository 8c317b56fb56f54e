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

CREATE TABLE certification.request (
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
    body_org text NOT NULL,
    kind text NOT NULL,
    edition text NOT NULL,
    scope text NOT NULL,
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    sites jsonb NOT NULL DEFAULT '[]',
    persons integer NOT NULL,
    outsourcing text NOT NULL,
    sent_on date,
    answer text,
    CONSTRAINT request_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT request_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT request_status_check CHECK (status IN ('draft', 'sent', 'accepted', 'refused')),
    CONSTRAINT request_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT request_body_org_check CHECK (char_length(body_org) BETWEEN 3 AND 40),
    CONSTRAINT request_kind_check CHECK (kind IN ('initial', 'transfer', 'extension', 'recertification')),
    CONSTRAINT request_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT request_scope_check CHECK (char_length(scope) BETWEEN 1 AND 5000),
    CONSTRAINT request_address_check CHECK (char_length(address) BETWEEN 1 AND 500),
    CONSTRAINT request_city_check CHECK (char_length(city) BETWEEN 1 AND 200),
    CONSTRAINT request_country_check CHECK (char_length(country) BETWEEN 2 AND 2),
    CONSTRAINT request_sites_check CHECK (jsonb_typeof(sites) = 'array' AND jsonb_array_length(sites) <= 200),
    CONSTRAINT request_persons_check CHECK (persons BETWEEN 1 AND 1000000),
    CONSTRAINT request_outsourcing_check CHECK (char_length(outsourcing) BETWEEN 1 AND 5000),
    CONSTRAINT request_answer_check CHECK (char_length(answer) <= 5000)
);
CREATE INDEX request_created_at_idx ON certification.request (tenant_id, created_at, id) WHERE archived_at IS NULL;

CREATE TABLE certification.held_certificate (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    client_name text NOT NULL,
    body_name text NOT NULL,
    number text,
    state text NOT NULL,
    edition text NOT NULL,
    scope text NOT NULL,
    soa_version text,
    revision integer,
    decided_on date,
    effective_on date,
    expires_on date,
    surveillance_due_on date,
    recertification_due_on date,
    suspended_on date,
    suspended_until_on date,
    restore_until_on date,
    change_told text,
    sender text,
    source text,
    CONSTRAINT held_certificate_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT held_certificate_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT held_certificate_client_name_check CHECK (char_length(client_name) BETWEEN 1 AND 200),
    CONSTRAINT held_certificate_body_name_check CHECK (char_length(body_name) BETWEEN 1 AND 200),
    CONSTRAINT held_certificate_number_check CHECK (char_length(number) <= 60),
    CONSTRAINT held_certificate_state_check CHECK (state IN ('applied', 'refused', 'contracted', 'stage1_done', 'stage2_done', 'stage2_repeat', 'certified', 'suspended', 'withdrawn', 'expired', 'transferred_out')),
    CONSTRAINT held_certificate_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT held_certificate_scope_check CHECK (char_length(scope) BETWEEN 1 AND 5000),
    CONSTRAINT held_certificate_soa_version_check CHECK (char_length(soa_version) <= 60),
    CONSTRAINT held_certificate_change_told_check CHECK (char_length(change_told) <= 500),
    CONSTRAINT held_certificate_sender_check CHECK (char_length(sender) <= 36),
    CONSTRAINT held_certificate_source_check CHECK (char_length(source) <= 36)
);
CREATE INDEX held_certificate_expires_on_idx ON certification.held_certificate (tenant_id, expires_on DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;
CREATE INDEX held_certificate_surveillance_due_on_idx ON certification.held_certificate (tenant_id, surveillance_due_on, id) WHERE archived_at IS NULL;
CREATE INDEX held_certificate_recertification_due_on_idx ON certification.held_certificate (tenant_id, recertification_due_on, id) WHERE archived_at IS NULL;
CREATE INDEX held_certificate_suspended_until_on_idx ON certification.held_certificate (tenant_id, suspended_until_on, id) WHERE archived_at IS NULL;
CREATE INDEX held_certificate_restore_until_on_idx ON certification.held_certificate (tenant_id, restore_until_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.announced_audit (
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
    kind text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    days numeric(18,2),
    sites text[] NOT NULL DEFAULT '{}',
    plan text,
    team jsonb NOT NULL DEFAULT '[]',
    report text,
    objection text,
    sender text,
    source text,
    answers integer,
    CONSTRAINT announced_audit_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT announced_audit_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT announced_audit_status_check CHECK (status IN ('announced', 'planned', 'agreed', 'objected', 'concluded', 'cancelled')),
    CONSTRAINT announced_audit_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT announced_audit_kind_check CHECK (kind IN ('stage_1', 'stage_2', 'surveillance', 'recertification', 'special', 'transfer')),
    CONSTRAINT announced_audit_days_check CHECK (days BETWEEN 0 AND 1000),
    CONSTRAINT announced_audit_sites_check CHECK (cardinality(sites) <= 200),
    CONSTRAINT announced_audit_plan_check CHECK (char_length(plan) <= 20000),
    CONSTRAINT announced_audit_team_check CHECK (jsonb_typeof(team) = 'array' AND jsonb_array_length(team) <= 100),
    CONSTRAINT announced_audit_report_check CHECK (char_length(report) <= 20000),
    CONSTRAINT announced_audit_objection_check CHECK (char_length(objection) <= 5000),
    CONSTRAINT announced_audit_sender_check CHECK (char_length(sender) <= 36),
    CONSTRAINT announced_audit_source_check CHECK (char_length(source) <= 36)
);
CREATE INDEX announced_audit_starts_on_idx ON certification.announced_audit (tenant_id, starts_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.received_finding (
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
    grade text NOT NULL,
    requirement text NOT NULL,
    statement text NOT NULL,
    evidence text,
    site text,
    found_on date NOT NULL,
    plan_by_on date,
    verify_by_on date,
    verified_on date,
    assessment text,
    owner_id uuid,
    correction text,
    cause text,
    corrective_action text,
    result text,
    due_on date GENERATED ALWAYS AS (CASE WHEN status IN ('open', 'contained', 'cause_found') THEN least(plan_by_on, verify_by_on) WHEN status IN ('plan_submitted', 'plan_accepted', 'implemented') THEN verify_by_on END) STORED,
    sender text,
    source text,
    answers integer,
    CONSTRAINT received_finding_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT received_finding_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT received_finding_status_check CHECK (status IN ('open', 'contained', 'cause_found', 'plan_submitted', 'plan_accepted', 'implemented', 'verified', 'closed')),
    CONSTRAINT received_finding_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT received_finding_grade_check CHECK (grade IN ('major', 'minor', 'observation')),
    CONSTRAINT received_finding_requirement_check CHECK (char_length(requirement) BETWEEN 1 AND 60),
    CONSTRAINT received_finding_statement_check CHECK (char_length(statement) BETWEEN 1 AND 5000),
    CONSTRAINT received_finding_evidence_check CHECK (char_length(evidence) <= 5000),
    CONSTRAINT received_finding_site_check CHECK (char_length(site) <= 200),
    CONSTRAINT received_finding_assessment_check CHECK (char_length(assessment) <= 5000),
    CONSTRAINT received_finding_correction_check CHECK (char_length(correction) <= 5000),
    CONSTRAINT received_finding_cause_check CHECK (char_length(cause) <= 5000),
    CONSTRAINT received_finding_corrective_action_check CHECK (char_length(corrective_action) <= 5000),
    CONSTRAINT received_finding_result_check CHECK (char_length(result) <= 5000),
    CONSTRAINT received_finding_sender_check CHECK (char_length(sender) <= 36),
    CONSTRAINT received_finding_source_check CHECK (char_length(source) <= 36)
);
CREATE INDEX received_finding_created_at_idx ON certification.received_finding (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX received_finding_owner_id_idx ON certification.received_finding (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX received_finding_due_on_idx ON certification.received_finding (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.received_decision (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    title text NOT NULL,
    outcome text NOT NULL,
    decided_on date NOT NULL,
    reasons text,
    effective_on date,
    new_scope text,
    sender text,
    source text,
    CONSTRAINT received_decision_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT received_decision_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT received_decision_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT received_decision_outcome_check CHECK (outcome IN ('grant', 'deny', 'maintain', 'extend', 'reduce', 'renew', 'suspend', 'reinstate', 'reinstate_reduced', 'withdraw', 'restore', 'take_over')),
    CONSTRAINT received_decision_reasons_check CHECK (char_length(reasons) <= 10000),
    CONSTRAINT received_decision_new_scope_check CHECK (char_length(new_scope) <= 5000),
    CONSTRAINT received_decision_sender_check CHECK (char_length(sender) <= 36),
    CONSTRAINT received_decision_source_check CHECK (char_length(source) <= 36)
);
CREATE INDEX received_decision_decided_on_idx ON certification.received_decision (tenant_id, decided_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.body_setting (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    title text NOT NULL,
    expiry text NOT NULL,
    stage2_months integer NOT NULL,
    recertification_lead_days integer NOT NULL,
    major_days integer NOT NULL,
    minor_plan_days integer NOT NULL,
    suspension_months integer NOT NULL,
    acts_by_itself boolean NOT NULL,
    accreditation_body text,
    accreditation_number text,
    body_address text,
    mark text,
    public_url text,
    CONSTRAINT body_setting_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT body_setting_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT body_setting_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT body_setting_expiry_check CHECK (expiry IN ('minus_one_day', 'same_day')),
    CONSTRAINT body_setting_stage2_months_check CHECK (stage2_months BETWEEN 1 AND 24),
    CONSTRAINT body_setting_recertification_lead_days_check CHECK (recertification_lead_days BETWEEN 1 AND 365),
    CONSTRAINT body_setting_major_days_check CHECK (major_days BETWEEN 1 AND 365),
    CONSTRAINT body_setting_minor_plan_days_check CHECK (minor_plan_days BETWEEN 1 AND 365),
    CONSTRAINT body_setting_suspension_months_check CHECK (suspension_months BETWEEN 1 AND 12),
    CONSTRAINT body_setting_accreditation_body_check CHECK (char_length(accreditation_body) <= 200),
    CONSTRAINT body_setting_accreditation_number_check CHECK (char_length(accreditation_number) <= 60),
    CONSTRAINT body_setting_body_address_check CHECK (char_length(body_address) <= 500),
    CONSTRAINT body_setting_mark_check CHECK (char_length(mark) <= 100),
    CONSTRAINT body_setting_public_url_check CHECK (char_length(public_url) <= 200)
);
CREATE INDEX body_setting_created_at_idx ON certification.body_setting (tenant_id, created_at, id) WHERE archived_at IS NULL;

CREATE TABLE certification.audit_time_table (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    title text NOT NULL,
    valid_from_on date NOT NULL,
    bands jsonb NOT NULL DEFAULT '[]',
    cells jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT audit_time_table_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_time_table_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_time_table_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT audit_time_table_bands_check CHECK (jsonb_typeof(bands) = 'array' AND jsonb_array_length(bands) <= 60),
    CONSTRAINT audit_time_table_cells_check CHECK (jsonb_typeof(cells) = 'array' AND jsonb_array_length(cells) <= 9)
);
CREATE INDEX audit_time_table_valid_from_on_idx ON certification.audit_time_table (tenant_id, valid_from_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.application (
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
    client_name text NOT NULL,
    client_org text,
    request_id text,
    kind text NOT NULL,
    edition text NOT NULL,
    scope text NOT NULL,
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    sites jsonb NOT NULL DEFAULT '[]',
    persons integer NOT NULL,
    outsourcing text NOT NULL,
    received_on date NOT NULL,
    conflict text,
    review text,
    reviewed_at timestamptz,
    reviewed_by_id uuid,
    refusal text,
    people jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT application_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT application_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT application_status_check CHECK (status IN ('received', 'accepted', 'refused')),
    CONSTRAINT application_client_name_check CHECK (char_length(client_name) BETWEEN 1 AND 200),
    CONSTRAINT application_client_org_check CHECK (char_length(client_org) <= 40),
    CONSTRAINT application_request_id_check CHECK (char_length(request_id) <= 36),
    CONSTRAINT application_kind_check CHECK (kind IN ('initial', 'transfer', 'extension', 'recertification')),
    CONSTRAINT application_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT application_scope_check CHECK (char_length(scope) BETWEEN 1 AND 5000),
    CONSTRAINT application_address_check CHECK (char_length(address) BETWEEN 1 AND 500),
    CONSTRAINT application_city_check CHECK (char_length(city) BETWEEN 1 AND 200),
    CONSTRAINT application_country_check CHECK (char_length(country) BETWEEN 2 AND 2),
    CONSTRAINT application_sites_check CHECK (jsonb_typeof(sites) = 'array' AND jsonb_array_length(sites) <= 100),
    CONSTRAINT application_persons_check CHECK (persons BETWEEN 1 AND 1000000),
    CONSTRAINT application_outsourcing_check CHECK (char_length(outsourcing) BETWEEN 1 AND 5000),
    CONSTRAINT application_conflict_check CHECK (char_length(conflict) <= 2000),
    CONSTRAINT application_review_check CHECK (char_length(review) <= 5000),
    CONSTRAINT application_refusal_check CHECK (char_length(refusal) <= 5000),
    CONSTRAINT application_people_check CHECK (jsonb_typeof(people) = 'array' AND jsonb_array_length(people) <= 500)
);
CREATE INDEX application_received_on_idx ON certification.application (tenant_id, received_on, id) WHERE archived_at IS NULL;
CREATE INDEX application_reviewed_by_id_idx ON certification.application (tenant_id, reviewed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.calculation (
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
    application_id uuid NOT NULL,
    table_id uuid,
    persons integer NOT NULL,
    groups jsonb NOT NULL DEFAULT '[]',
    business_kind integer NOT NULL,
    business_processes integer NOT NULL,
    business_maturity integer NOT NULL,
    it_infrastructure integer NOT NULL,
    it_suppliers integer NOT NULL,
    it_development integer NOT NULL,
    adjustment integer NOT NULL,
    adjustment_reason text,
    factors jsonb NOT NULL DEFAULT '[]',
    sites integer NOT NULL,
    sites_alike boolean NOT NULL,
    proved_effective boolean NOT NULL,
    remote_share integer NOT NULL,
    override_days numeric(18,2),
    override_reason text,
    persons_effective integer,
    business_complexity text,
    it_complexity text,
    adjustment_least integer,
    adjustment_most integer,
    adjustment_total integer,
    base_days numeric(18,2),
    initial_days numeric(18,2),
    on_audit_days numeric(18,2),
    surveillance_days numeric(18,2),
    recertification_days numeric(18,2),
    floored boolean,
    sample_initial integer,
    sample_surveillance integer,
    sample_recertification integer,
    sample_random integer,
    approved_at timestamptz,
    approved_by_id uuid,
    CONSTRAINT calculation_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT calculation_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT calculation_status_check CHECK (status IN ('draft', 'approved', 'replaced')),
    CONSTRAINT calculation_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT calculation_persons_check CHECK (persons BETWEEN 0 AND 1000000),
    CONSTRAINT calculation_groups_check CHECK (jsonb_typeof(groups) = 'array' AND jsonb_array_length(groups) <= 50),
    CONSTRAINT calculation_business_kind_check CHECK (business_kind BETWEEN 1 AND 3),
    CONSTRAINT calculation_business_processes_check CHECK (business_processes BETWEEN 1 AND 3),
    CONSTRAINT calculation_business_maturity_check CHECK (business_maturity BETWEEN 1 AND 3),
    CONSTRAINT calculation_it_infrastructure_check CHECK (it_infrastructure BETWEEN 1 AND 3),
    CONSTRAINT calculation_it_suppliers_check CHECK (it_suppliers BETWEEN 1 AND 3),
    CONSTRAINT calculation_it_development_check CHECK (it_development BETWEEN 1 AND 3),
    CONSTRAINT calculation_adjustment_check CHECK (adjustment BETWEEN -30 AND 100),
    CONSTRAINT calculation_adjustment_reason_check CHECK (char_length(adjustment_reason) <= 5000),
    CONSTRAINT calculation_factors_check CHECK (jsonb_typeof(factors) = 'array' AND jsonb_array_length(factors) <= 20),
    CONSTRAINT calculation_sites_check CHECK (sites BETWEEN 0 AND 100000),
    CONSTRAINT calculation_remote_share_check CHECK (remote_share BETWEEN 0 AND 100),
    CONSTRAINT calculation_override_days_check CHECK (override_days BETWEEN 0 AND 1000),
    CONSTRAINT calculation_override_reason_check CHECK (char_length(override_reason) <= 5000),
    CONSTRAINT calculation_business_complexity_check CHECK (business_complexity IN ('low', 'medium', 'high')),
    CONSTRAINT calculation_it_complexity_check CHECK (it_complexity IN ('low', 'medium', 'high'))
);
CREATE INDEX calculation_created_at_idx ON certification.calculation (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX calculation_application_id_idx ON certification.calculation (tenant_id, application_id, id) WHERE archived_at IS NULL;
CREATE INDEX calculation_table_id_idx ON certification.calculation (tenant_id, table_id, id) WHERE archived_at IS NULL;
CREATE INDEX calculation_approved_by_id_idx ON certification.calculation (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.certificate (
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
    client_name text NOT NULL,
    application_id uuid NOT NULL,
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    sites jsonb NOT NULL DEFAULT '[]',
    edition text NOT NULL,
    scope text NOT NULL,
    soa_version text,
    remote_only boolean NOT NULL,
    public boolean NOT NULL,
    transfer_from text,
    transfer_number text,
    transfer_decided_on date,
    transfer_expires_on date,
    transfer_ceased_on date,
    transfer_accredited boolean,
    transfer_suspended boolean,
    transfer_scope_larger boolean,
    number text,
    revision integer,
    agreement_signed_on date,
    stage1_on date,
    stage2_on date,
    internal_audit_on date,
    management_review_on date,
    decided_on date,
    effective_on date,
    expires_on date,
    first_certified_on date,
    previous_expires_on date,
    initial_cycle boolean,
    surveillances integer,
    last_surveillance_on date,
    surveillance_due_on date,
    recertification_due_on date,
    suspended_on date,
    suspended_until_on date,
    reinstated_on date,
    restore_until_on date,
    ended_on date,
    decision_id uuid,
    client_change text,
    client_org text,
    CONSTRAINT certificate_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT certificate_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT certificate_status_check CHECK (status IN ('none', 'applied', 'refused', 'contracted', 'stage1_done', 'stage2_done', 'stage2_repeat', 'decision_pending', 'certified', 'suspended', 'withdrawn', 'expired', 'transferred_out')),
    CONSTRAINT certificate_client_name_check CHECK (char_length(client_name) BETWEEN 1 AND 200),
    CONSTRAINT certificate_address_check CHECK (char_length(address) BETWEEN 1 AND 500),
    CONSTRAINT certificate_city_check CHECK (char_length(city) BETWEEN 1 AND 200),
    CONSTRAINT certificate_country_check CHECK (char_length(country) BETWEEN 2 AND 2),
    CONSTRAINT certificate_sites_check CHECK (jsonb_typeof(sites) = 'array' AND jsonb_array_length(sites) <= 200),
    CONSTRAINT certificate_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT certificate_scope_check CHECK (char_length(scope) BETWEEN 1 AND 5000),
    CONSTRAINT certificate_soa_version_check CHECK (char_length(soa_version) <= 60),
    CONSTRAINT certificate_transfer_from_check CHECK (char_length(transfer_from) <= 200),
    CONSTRAINT certificate_transfer_number_check CHECK (char_length(transfer_number) <= 60),
    CONSTRAINT certificate_number_check CHECK (char_length(number) <= 60),
    CONSTRAINT certificate_client_change_check CHECK (char_length(client_change) <= 500),
    CONSTRAINT certificate_client_org_check CHECK (char_length(client_org) <= 40)
);
CREATE INDEX certificate_client_name_idx ON certification.certificate (tenant_id, client_name, id) WHERE archived_at IS NULL;
CREATE INDEX certificate_application_id_idx ON certification.certificate (tenant_id, application_id, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX certificate_number_key ON certification.certificate (tenant_id, number) WHERE archived_at IS NULL;
CREATE INDEX certificate_expires_on_idx ON certification.certificate (tenant_id, expires_on, id) WHERE archived_at IS NULL;
CREATE INDEX certificate_surveillance_due_on_idx ON certification.certificate (tenant_id, surveillance_due_on, id) WHERE archived_at IS NULL;
CREATE INDEX certificate_recertification_due_on_idx ON certification.certificate (tenant_id, recertification_due_on, id) WHERE archived_at IS NULL;
CREATE INDEX certificate_suspended_until_on_idx ON certification.certificate (tenant_id, suspended_until_on, id) WHERE archived_at IS NULL;
CREATE INDEX certificate_restore_until_on_idx ON certification.certificate (tenant_id, restore_until_on, id) WHERE archived_at IS NULL;
CREATE INDEX certificate_decision_id_idx ON certification.certificate (tenant_id, decision_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.auditor (
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
    member_id uuid,
    competences jsonb NOT NULL DEFAULT '[]',
    external boolean,
    available_days integer,
    CONSTRAINT auditor_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT auditor_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT auditor_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT auditor_competences_check CHECK (jsonb_typeof(competences) = 'array' AND jsonb_array_length(competences) <= 100),
    CONSTRAINT auditor_available_days_check CHECK (available_days BETWEEN 0 AND 366)
);
CREATE INDEX auditor_name_idx ON certification.auditor (tenant_id, name, id) WHERE archived_at IS NULL;
CREATE INDEX auditor_member_id_idx ON certification.auditor (tenant_id, member_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.declaration (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    title text NOT NULL,
    auditor_id uuid NOT NULL,
    certificate_id uuid NOT NULL,
    worked_as text NOT NULL,
    worked_until_on date,
    interests text,
    declared_on date NOT NULL,
    cleared boolean,
    finding text,
    CONSTRAINT declaration_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT declaration_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT declaration_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT declaration_worked_as_check CHECK (worked_as IN ('none', 'consultant', 'internal_auditor', 'employee')),
    CONSTRAINT declaration_interests_check CHECK (char_length(interests) <= 2000),
    CONSTRAINT declaration_finding_check CHECK (char_length(finding) <= 500)
);
CREATE INDEX declaration_auditor_id_idx ON certification.declaration (tenant_id, auditor_id, id) WHERE archived_at IS NULL;
CREATE INDEX declaration_certificate_id_idx ON certification.declaration (tenant_id, certificate_id, id) WHERE archived_at IS NULL;
CREATE INDEX declaration_declared_on_idx ON certification.declaration (tenant_id, declared_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.audit (
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
    certificate_id uuid NOT NULL,
    kind text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    days numeric(18,2) NOT NULL,
    sites text[] NOT NULL DEFAULT '{}',
    remote_share integer,
    plan text,
    report text,
    notes text,
    objection text,
    announced_at timestamptz,
    concluded_on date,
    answered integer,
    CONSTRAINT audit_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_status_check CHECK (status IN ('planned', 'announced', 'objected', 'agreed', 'concluded', 'used', 'cancelled')),
    CONSTRAINT audit_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT audit_kind_check CHECK (kind IN ('stage_1', 'stage_2', 'surveillance', 'recertification', 'special', 'transfer')),
    CONSTRAINT audit_days_check CHECK (days BETWEEN 0 AND 1000),
    CONSTRAINT audit_sites_check CHECK (cardinality(sites) <= 200),
    CONSTRAINT audit_remote_share_check CHECK (remote_share BETWEEN 0 AND 100),
    CONSTRAINT audit_plan_check CHECK (char_length(plan) <= 20000),
    CONSTRAINT audit_report_check CHECK (char_length(report) <= 20000),
    CONSTRAINT audit_notes_check CHECK (char_length(notes) <= 20000),
    CONSTRAINT audit_objection_check CHECK (char_length(objection) <= 5000)
);
CREATE INDEX audit_certificate_id_idx ON certification.audit (tenant_id, certificate_id, id) WHERE archived_at IS NULL;
CREATE INDEX audit_starts_on_idx ON certification.audit (tenant_id, starts_on, id) WHERE archived_at IS NULL;
CREATE INDEX audit_ends_on_idx ON certification.audit (tenant_id, ends_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.team_member (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    title text NOT NULL,
    audit_id uuid NOT NULL,
    auditor_id uuid NOT NULL,
    duty text NOT NULL,
    CONSTRAINT team_member_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT team_member_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT team_member_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT team_member_duty_check CHECK (duty IN ('leader', 'auditor', 'expert', 'observer'))
);
CREATE INDEX team_member_created_at_idx ON certification.team_member (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX team_member_audit_id_idx ON certification.team_member (tenant_id, audit_id, id) WHERE archived_at IS NULL;
CREATE INDEX team_member_auditor_id_idx ON certification.team_member (tenant_id, auditor_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.finding (
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
    audit_id uuid NOT NULL,
    grade text NOT NULL,
    requirement text NOT NULL,
    statement text NOT NULL,
    evidence text NOT NULL,
    site text,
    auditor_id uuid,
    found_on date NOT NULL,
    correction text,
    cause text,
    corrective_action text,
    result text,
    assessment text,
    plan_by_on date,
    verify_by_on date,
    verified_on date,
    due_on date GENERATED ALWAYS AS (CASE WHEN status IN ('open', 'contained', 'cause_found') THEN least(plan_by_on, verify_by_on) WHEN status IN ('plan_submitted', 'plan_accepted', 'implemented') THEN verify_by_on END) STORED,
    answered integer,
    CONSTRAINT finding_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT finding_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT finding_status_check CHECK (status IN ('open', 'contained', 'cause_found', 'plan_submitted', 'plan_accepted', 'implemented', 'verified', 'closed')),
    CONSTRAINT finding_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT finding_grade_check CHECK (grade IN ('major', 'minor', 'observation')),
    CONSTRAINT finding_requirement_check CHECK (char_length(requirement) BETWEEN 1 AND 60),
    CONSTRAINT finding_statement_check CHECK (char_length(statement) BETWEEN 1 AND 5000),
    CONSTRAINT finding_evidence_check CHECK (char_length(evidence) BETWEEN 1 AND 5000),
    CONSTRAINT finding_site_check CHECK (char_length(site) <= 200),
    CONSTRAINT finding_correction_check CHECK (char_length(correction) <= 5000),
    CONSTRAINT finding_cause_check CHECK (char_length(cause) <= 5000),
    CONSTRAINT finding_corrective_action_check CHECK (char_length(corrective_action) <= 5000),
    CONSTRAINT finding_result_check CHECK (char_length(result) <= 5000),
    CONSTRAINT finding_assessment_check CHECK (char_length(assessment) <= 5000)
);
CREATE INDEX finding_created_at_idx ON certification.finding (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX finding_audit_id_idx ON certification.finding (tenant_id, audit_id, id) WHERE archived_at IS NULL;
CREATE INDEX finding_auditor_id_idx ON certification.finding (tenant_id, auditor_id, id) WHERE archived_at IS NULL;
CREATE INDEX finding_due_on_idx ON certification.finding (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.decision (
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
    certificate_id uuid NOT NULL,
    outcome text NOT NULL,
    decided_on date NOT NULL,
    reasons text NOT NULL,
    considerations text,
    effective_on date,
    new_scope text,
    soa_version text,
    resolved boolean,
    decided_by_id uuid,
    released_at timestamptz,
    CONSTRAINT decision_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT decision_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT decision_status_check CHECK (status IN ('draft', 'decided', 'released', 'dropped')),
    CONSTRAINT decision_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT decision_outcome_check CHECK (outcome IN ('grant', 'deny', 'maintain', 'extend', 'reduce', 'renew', 'suspend', 'reinstate', 'reinstate_reduced', 'withdraw', 'restore', 'take_over')),
    CONSTRAINT decision_reasons_check CHECK (char_length(reasons) BETWEEN 1 AND 10000),
    CONSTRAINT decision_considerations_check CHECK (char_length(considerations) <= 10000),
    CONSTRAINT decision_new_scope_check CHECK (char_length(new_scope) <= 5000),
    CONSTRAINT decision_soa_version_check CHECK (char_length(soa_version) <= 60)
);
CREATE INDEX decision_certificate_id_idx ON certification.decision (tenant_id, certificate_id, id) WHERE archived_at IS NULL;
CREATE INDEX decision_decided_on_idx ON certification.decision (tenant_id, decided_on, id) WHERE archived_at IS NULL;
CREATE INDEX decision_decided_by_id_idx ON certification.decision (tenant_id, decided_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE certification.complaint (
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
    kind text NOT NULL,
    raised_by text NOT NULL,
    text text NOT NULL,
    received_on date NOT NULL,
    certificate_id uuid,
    decision_id uuid,
    panel_1_id uuid,
    panel_2_id uuid,
    panel_3_id uuid,
    answer_by_on date,
    outcome text,
    answer text,
    answered_at timestamptz,
    CONSTRAINT complaint_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT complaint_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT complaint_status_check CHECK (status IN ('received', 'under_review', 'answered', 'withdrawn')),
    CONSTRAINT complaint_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT complaint_kind_check CHECK (kind IN ('complaint', 'appeal')),
    CONSTRAINT complaint_raised_by_check CHECK (char_length(raised_by) BETWEEN 1 AND 200),
    CONSTRAINT complaint_text_check CHECK (char_length(text) BETWEEN 1 AND 10000),
    CONSTRAINT complaint_outcome_check CHECK (outcome IN ('upheld', 'partly_upheld', 'rejected')),
    CONSTRAINT complaint_answer_check CHECK (char_length(answer) <= 10000)
);
CREATE INDEX complaint_received_on_idx ON certification.complaint (tenant_id, received_on, id) WHERE archived_at IS NULL;
CREATE INDEX complaint_certificate_id_idx ON certification.complaint (tenant_id, certificate_id, id) WHERE archived_at IS NULL;
CREATE INDEX complaint_decision_id_idx ON certification.complaint (tenant_id, decision_id, id) WHERE archived_at IS NULL;
CREATE INDEX complaint_panel_1_id_idx ON certification.complaint (tenant_id, panel_1_id, id) WHERE archived_at IS NULL;
CREATE INDEX complaint_panel_2_id_idx ON certification.complaint (tenant_id, panel_2_id, id) WHERE archived_at IS NULL;
CREATE INDEX complaint_panel_3_id_idx ON certification.complaint (tenant_id, panel_3_id, id) WHERE archived_at IS NULL;
CREATE INDEX complaint_answer_by_on_idx ON certification.complaint (tenant_id, answer_by_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.audit_file (
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
    body_org text NOT NULL,
    expires_on date NOT NULL,
    sealed_at timestamptz,
    digest text,
    parts integer,
    CONSTRAINT audit_file_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT audit_file_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT audit_file_status_check CHECK (status IN ('draft', 'sealed', 'given', 'recalled')),
    CONSTRAINT audit_file_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT audit_file_body_org_check CHECK (char_length(body_org) BETWEEN 3 AND 40),
    CONSTRAINT audit_file_digest_check CHECK (char_length(digest) <= 64)
);
CREATE INDEX audit_file_created_at_idx ON certification.audit_file (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX audit_file_expires_on_idx ON certification.audit_file (tenant_id, expires_on, id) WHERE archived_at IS NULL;

CREATE TABLE certification.received_file (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    title text NOT NULL,
    client_name text NOT NULL,
    expires_on date NOT NULL,
    digest text,
    sender text,
    source text,
    CONSTRAINT received_file_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT received_file_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT received_file_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT received_file_client_name_check CHECK (char_length(client_name) BETWEEN 1 AND 200),
    CONSTRAINT received_file_digest_check CHECK (char_length(digest) <= 64),
    CONSTRAINT received_file_sender_check CHECK (char_length(sender) <= 36),
    CONSTRAINT received_file_source_check CHECK (char_length(source) <= 36)
);
CREATE INDEX received_file_created_at_idx ON certification.received_file (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX received_file_expires_on_idx ON certification.received_file (tenant_id, expires_on, id) WHERE archived_at IS NULL;

ALTER TABLE certification.project_plan ADD CONSTRAINT project_plan_lead_id_fk FOREIGN KEY (tenant_id, lead_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.project_step ADD CONSTRAINT project_step_plan_id_fk FOREIGN KEY (tenant_id, plan_id) REFERENCES certification.project_plan (tenant_id, id);
ALTER TABLE certification.project_step ADD CONSTRAINT project_step_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.received_finding ADD CONSTRAINT received_finding_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.application ADD CONSTRAINT application_reviewed_by_id_fk FOREIGN KEY (tenant_id, reviewed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.calculation ADD CONSTRAINT calculation_application_id_fk FOREIGN KEY (tenant_id, application_id) REFERENCES certification.application (tenant_id, id);
ALTER TABLE certification.calculation ADD CONSTRAINT calculation_table_id_fk FOREIGN KEY (tenant_id, table_id) REFERENCES certification.audit_time_table (tenant_id, id);
ALTER TABLE certification.calculation ADD CONSTRAINT calculation_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.certificate ADD CONSTRAINT certificate_application_id_fk FOREIGN KEY (tenant_id, application_id) REFERENCES certification.application (tenant_id, id);
ALTER TABLE certification.certificate ADD CONSTRAINT certificate_decision_id_fk FOREIGN KEY (tenant_id, decision_id) REFERENCES certification.decision (tenant_id, id);
ALTER TABLE certification.auditor ADD CONSTRAINT auditor_member_id_fk FOREIGN KEY (tenant_id, member_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.declaration ADD CONSTRAINT declaration_auditor_id_fk FOREIGN KEY (tenant_id, auditor_id) REFERENCES certification.auditor (tenant_id, id);
ALTER TABLE certification.declaration ADD CONSTRAINT declaration_certificate_id_fk FOREIGN KEY (tenant_id, certificate_id) REFERENCES certification.certificate (tenant_id, id);
ALTER TABLE certification.audit ADD CONSTRAINT audit_certificate_id_fk FOREIGN KEY (tenant_id, certificate_id) REFERENCES certification.certificate (tenant_id, id);
ALTER TABLE certification.team_member ADD CONSTRAINT team_member_audit_id_fk FOREIGN KEY (tenant_id, audit_id) REFERENCES certification.audit (tenant_id, id);
ALTER TABLE certification.team_member ADD CONSTRAINT team_member_auditor_id_fk FOREIGN KEY (tenant_id, auditor_id) REFERENCES certification.auditor (tenant_id, id);
ALTER TABLE certification.finding ADD CONSTRAINT finding_audit_id_fk FOREIGN KEY (tenant_id, audit_id) REFERENCES certification.audit (tenant_id, id);
ALTER TABLE certification.finding ADD CONSTRAINT finding_auditor_id_fk FOREIGN KEY (tenant_id, auditor_id) REFERENCES certification.auditor (tenant_id, id);
ALTER TABLE certification.decision ADD CONSTRAINT decision_certificate_id_fk FOREIGN KEY (tenant_id, certificate_id) REFERENCES certification.certificate (tenant_id, id);
ALTER TABLE certification.decision ADD CONSTRAINT decision_decided_by_id_fk FOREIGN KEY (tenant_id, decided_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.complaint ADD CONSTRAINT complaint_certificate_id_fk FOREIGN KEY (tenant_id, certificate_id) REFERENCES certification.certificate (tenant_id, id);
ALTER TABLE certification.complaint ADD CONSTRAINT complaint_decision_id_fk FOREIGN KEY (tenant_id, decision_id) REFERENCES certification.decision (tenant_id, id);
ALTER TABLE certification.complaint ADD CONSTRAINT complaint_panel_1_id_fk FOREIGN KEY (tenant_id, panel_1_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.complaint ADD CONSTRAINT complaint_panel_2_id_fk FOREIGN KEY (tenant_id, panel_2_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE certification.complaint ADD CONSTRAINT complaint_panel_3_id_fk FOREIGN KEY (tenant_id, panel_3_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('certification.project_plan');
SELECT core.fence('certification.project_step');
SELECT core.fence('certification.request');
SELECT core.fence('certification.held_certificate');
SELECT core.fence('certification.announced_audit');
SELECT core.fence('certification.received_finding');
SELECT core.fence('certification.received_decision');
SELECT core.fence('certification.body_setting');
SELECT core.fence('certification.audit_time_table');
SELECT core.fence('certification.application');
SELECT core.fence('certification.calculation');
SELECT core.fence('certification.certificate');
SELECT core.fence('certification.auditor');
SELECT core.fence('certification.declaration');
SELECT core.fence('certification.audit');
SELECT core.fence('certification.team_member');
SELECT core.fence('certification.finding');
SELECT core.fence('certification.decision');
SELECT core.fence('certification.complaint');
SELECT core.fence('certification.audit_file');
SELECT core.fence('certification.received_file');

-- A number once in a plan; a person once in a team.
CREATE UNIQUE INDEX project_step_number_key ON certification.project_step (tenant_id, plan_id, number) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX team_member_once_key ON certification.team_member (tenant_id, audit_id, auditor_id) WHERE archived_at IS NULL;
CREATE INDEX held_certificate_source_idx ON certification.held_certificate (tenant_id, source) WHERE source IS NOT NULL;
CREATE INDEX announced_audit_source_idx ON certification.announced_audit (tenant_id, source) WHERE source IS NOT NULL;
CREATE INDEX received_finding_source_idx ON certification.received_finding (tenant_id, source) WHERE source IS NOT NULL;
CREATE INDEX received_decision_source_idx ON certification.received_decision (tenant_id, source) WHERE source IS NOT NULL;

-- Whatever the code does: who is certified has a number, a decision and a last day no further than three years from it (after a
-- restoration or an early recertification the days of the cycle before are added).
ALTER TABLE certification.certificate ADD CONSTRAINT certificate_expiry_check CHECK (status NOT IN ('certified', 'suspended') OR
    (number IS NOT NULL AND decided_on IS NOT NULL AND expires_on IS NOT NULL AND expires_on >= decided_on
    AND expires_on <= greatest(decided_on, previous_expires_on) + interval '3 years'));

-- Audit time of the standard, shared by all: bands of persons, and the bounds of the adjustment by complexity. A body that has a table
-- of its own names that in its calculations.
CREATE TABLE certification.audit_time_band (
    persons_min integer PRIMARY KEY,
    persons_max integer NOT NULL CHECK (persons_max >= persons_min),
    days numeric(6,2) NOT NULL CHECK (days > 0)
);
CREATE TABLE certification.audit_time_cell (
    business text NOT NULL,
    it text NOT NULL,
    least integer NOT NULL,
    most integer NOT NULL CHECK (most >= least),
    PRIMARY KEY (business, it)
);
INSERT INTO certification.audit_time_band (persons_min, persons_max, days) VALUES
    (1, 10, 5),
    (11, 15, 6),
    (16, 25, 7),
    (26, 45, 8.5),
    (46, 65, 10),
    (66, 85, 11),
    (86, 125, 12),
    (126, 175, 13),
    (176, 275, 14),
    (276, 425, 15),
    (426, 625, 16.5),
    (626, 875, 17.5),
    (876, 1175, 18.5),
    (1176, 1550, 19.5),
    (1551, 2025, 21),
    (2026, 2675, 22),
    (2676, 3450, 23),
    (3451, 4350, 24),
    (4351, 5450, 25),
    (5451, 6800, 26),
    (6801, 8500, 27),
    (8501, 10700, 28);
INSERT INTO certification.audit_time_cell (business, it, least, most) VALUES
    ('high', 'low', 5, 20),
    ('high', 'medium', 10, 50),
    ('high', 'high', 20, 100),
    ('medium', 'low', -10, -5),
    ('medium', 'medium', 0, 0),
    ('medium', 'high', 10, 50),
    ('low', 'low', -30, -10),
    ('low', 'medium', -10, -5),
    ('low', 'high', 5, 20);
GRANT SELECT ON certification.audit_time_band, certification.audit_time_cell TO ballium_app, ballium_portfolio;

-- What everybody may see of certificates. It is nobody's tenant's: no tenant column, no secrets, read without a token. `issuer` is the body.
CREATE TABLE certification.public_register (
    number text PRIMARY KEY CHECK (char_length(number) BETWEEN 1 AND 60),
    issuer uuid NOT NULL,
    name text NOT NULL,
    address text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    status text NOT NULL CHECK (status IN ('Active', 'Inactive', 'Suspended', 'Cancelled', 'Draft', 'Withdrawn', 'Expired')),
    standard text NOT NULL,
    scope text NOT NULL,
    sites jsonb NOT NULL,
    effective_on date,
    expires_on date,
    revision integer,
    body_name text NOT NULL,
    accreditation_body text,
    accreditation_number text
);
CREATE INDEX public_register_name_idx ON certification.public_register (lower(name) text_pattern_ops);
GRANT SELECT ON certification.public_register TO ballium_app, ballium_portfolio;

-- The only way to write it: for the organisation that the transaction has entered, when that is a certification body; entry NULL takes
-- the number out. A number that another body has given stays that body's.
CREATE FUNCTION certification.publish(number text, entry jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    body core.organisation;
BEGIN
    SELECT o.* INTO body FROM core.organisation o WHERE o.id = core.tenant() AND o.kind = 'certification_body';
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF entry IS NULL THEN
        DELETE FROM certification.public_register p WHERE p.number = publish.number AND p.issuer = body.id;
        RETURN;
    END IF;
    INSERT INTO certification.public_register AS p (number, issuer, name, address, city, country, status, standard, scope, sites,
        effective_on, expires_on, revision, body_name, accreditation_body, accreditation_number)
    VALUES (publish.number, body.id, entry ->> 'name', entry ->> 'address', entry ->> 'city', entry ->> 'country', entry ->> 'status',
        entry ->> 'standard', entry ->> 'scope', entry -> 'sites', (entry ->> 'effective_on')::date, (entry ->> 'expires_on')::date,
        (entry ->> 'revision')::integer, body.name, entry ->> 'accreditation_body', entry ->> 'accreditation_number')
    ON CONFLICT ON CONSTRAINT public_register_pkey DO UPDATE SET name = excluded.name, address = excluded.address, city = excluded.city,
        country = excluded.country, status = excluded.status, standard = excluded.standard, scope = excluded.scope,
        sites = excluded.sites, effective_on = excluded.effective_on, expires_on = excluded.expires_on, revision = excluded.revision,
        body_name = excluded.body_name, accreditation_body = excluded.accreditation_body,
        accreditation_number = excluded.accreditation_number
    WHERE p.issuer = body.id;
END
$$;
REVOKE EXECUTE ON FUNCTION certification.publish(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certification.publish(text, jsonb) TO ballium_app;

-- What a sealed audit file holds: at the client that sealed it, and the copy at the body that it was given to.
CREATE TABLE certification.audit_file_part (
    tenant_id uuid NOT NULL,
    file_id uuid NOT NULL,
    place integer NOT NULL,
    name text NOT NULL,
    content jsonb NOT NULL,
    digest text NOT NULL,
    CONSTRAINT audit_file_part_pk PRIMARY KEY (tenant_id, file_id, place),
    CONSTRAINT audit_file_part_digest_check CHECK (digest ~ '^[0-9a-f]{64}$')
);
CREATE INDEX received_file_source_idx ON certification.received_file (tenant_id, source) WHERE source IS NOT NULL;
SELECT core.fence('certification.audit_file_part');
GRANT DELETE ON certification.audit_file_part TO ballium_app; -- what has ended is deleted, not archived

-- How far a plan was on a day, and what the evaluation area, where it is loaded, said of readiness: written by the service.
CREATE TABLE certification.plan_gauge (
    tenant_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    measured_on date NOT NULL,
    progress integer NOT NULL,
    readiness integer,
    CONSTRAINT plan_gauge_pk PRIMARY KEY (tenant_id, plan_id, measured_on),
    CONSTRAINT plan_gauge_progress_check CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT plan_gauge_readiness_check CHECK (readiness BETWEEN 0 AND 100)
);
ALTER TABLE certification.plan_gauge ADD CONSTRAINT plan_gauge_plan_id_fkey FOREIGN KEY (tenant_id, plan_id)
    REFERENCES certification.project_plan (tenant_id, id);
SELECT core.fence('certification.plan_gauge');

-- The planning area, clauses 6, 8.2 and 8.3.

CREATE SCHEMA IF NOT EXISTS planning;
GRANT USAGE ON SCHEMA planning TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE planning.risk_method (
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
    unit text NOT NULL,
    likelihood_scale jsonb NOT NULL DEFAULT '[]',
    impact_scale jsonb NOT NULL DEFAULT '[]',
    impact_basis text NOT NULL,
    aggregation text NOT NULL,
    weights jsonb NOT NULL DEFAULT '[]',
    level_function text NOT NULL,
    grid_name text,
    own_grid jsonb NOT NULL DEFAULT '[]',
    levels jsonb NOT NULL DEFAULT '[]',
    accept_up_to integer NOT NULL,
    currency text,
    revises_id uuid,
    version_number integer,
    unused_levels text[] NOT NULL DEFAULT '{}',
    approved_at timestamptz,
    approved_by_id uuid,
    superseded_at timestamptz,
    CONSTRAINT risk_method_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT risk_method_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT risk_method_status_check CHECK (status IN ('draft', 'approved', 'superseded')),
    CONSTRAINT risk_method_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT risk_method_description_check CHECK (char_length(description) <= 20000),
    CONSTRAINT risk_method_unit_check CHECK (unit IN ('scenario', 'asset_threat_vulnerability', 'mixed')),
    CONSTRAINT risk_method_likelihood_scale_check CHECK (jsonb_typeof(likelihood_scale) = 'array' AND jsonb_array_length(likelihood_scale) <= 6),
    CONSTRAINT risk_method_impact_scale_check CHECK (jsonb_typeof(impact_scale) = 'array' AND jsonb_array_length(impact_scale) <= 6),
    CONSTRAINT risk_method_impact_basis_check CHECK (impact_basis IN ('overall', 'properties', 'dimensions')),
    CONSTRAINT risk_method_aggregation_check CHECK (aggregation IN ('max', 'sum', 'weighted')),
    CONSTRAINT risk_method_weights_check CHECK (jsonb_typeof(weights) = 'array' AND jsonb_array_length(weights) <= 8),
    CONSTRAINT risk_method_level_function_check CHECK (level_function IN ('grid', 'product', 'sum', 'threats', 'loss')),
    CONSTRAINT risk_method_grid_name_check CHECK (grid_name IN ('3x3_3', '4x4_3', '4x4_5', '5x5_5', '5x5_4', '6x6_4', 'own')),
    CONSTRAINT risk_method_own_grid_check CHECK (jsonb_typeof(own_grid) = 'array' AND jsonb_array_length(own_grid) <= 6),
    CONSTRAINT risk_method_levels_check CHECK (jsonb_typeof(levels) = 'array' AND jsonb_array_length(levels) <= 8),
    CONSTRAINT risk_method_accept_up_to_check CHECK (accept_up_to BETWEEN 0 AND 7),
    CONSTRAINT risk_method_currency_check CHECK (char_length(currency) <= 3),
    CONSTRAINT risk_method_unused_levels_check CHECK (cardinality(unused_levels) <= 8)
);
CREATE INDEX risk_method_created_at_idx ON planning.risk_method (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX risk_method_revises_id_idx ON planning.risk_method (tenant_id, revises_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_method_approved_by_id_idx ON planning.risk_method (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE planning.risk_round (
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
    trigger_kind text NOT NULL,
    trigger_note text,
    method_id uuid NOT NULL,
    lead_id uuid,
    due_on date,
    conclusion text,
    started_on date,
    closed_on date,
    CONSTRAINT risk_round_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT risk_round_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT risk_round_status_check CHECK (status IN ('planned', 'open', 'closed', 'cancelled')),
    CONSTRAINT risk_round_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT risk_round_trigger_kind_check CHECK (trigger_kind IN ('first', 'calendar', 'change', 'incident', 'law', 'threat', 'scope', 'review')),
    CONSTRAINT risk_round_trigger_note_check CHECK (char_length(trigger_note) <= 2000),
    CONSTRAINT risk_round_conclusion_check CHECK (char_length(conclusion) <= 5000)
);
CREATE INDEX risk_round_created_at_idx ON planning.risk_round (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX risk_round_method_id_idx ON planning.risk_round (tenant_id, method_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_round_lead_id_idx ON planning.risk_round (tenant_id, lead_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_round_due_on_idx ON planning.risk_round (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE planning.risk (
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
    round_id uuid NOT NULL,
    unit text NOT NULL,
    source text,
    event text,
    weakness text,
    consequence text,
    properties text[] NOT NULL DEFAULT '{}',
    owner_id uuid,
    existing_controls text,
    ratings jsonb NOT NULL DEFAULT '[]',
    verdict text,
    treatment_option text,
    decision text,
    due_on date,
    review_on date,
    inherent_likelihood integer,
    inherent_impact integer,
    inherent_score integer,
    inherent_level integer,
    current_likelihood integer,
    current_impact integer,
    current_score integer,
    current_level integer,
    residual_likelihood integer,
    residual_impact integer,
    residual_score integer,
    residual_level integer,
    asset_value integer,
    credited boolean,
    counted_level integer,
    acceptance_level integer,
    settled_at timestamptz,
    reopened_at timestamptz,
    reopen_cause text,
    reopen_note text,
    needs_treatment boolean GENERATED ALWAYS AS (counted_level > acceptance_level) STORED,
    priority integer GENERATED ALWAYS AS (coalesce(counted_level, 0) * 10000 + coalesce(current_impact, 0) * 100 + coalesce(current_likelihood, 0)) STORED,
    CONSTRAINT risk_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT risk_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT risk_status_check CHECK (status IN ('identified', 'analysed', 'evaluated', 'accepted', 'treatment_planned', 'in_treatment', 'treated', 'monitored', 'reopened', 'retired')),
    CONSTRAINT risk_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT risk_unit_check CHECK (unit IN ('scenario', 'asset_threat_vulnerability')),
    CONSTRAINT risk_source_check CHECK (char_length(source) <= 500),
    CONSTRAINT risk_event_check CHECK (char_length(event) <= 500),
    CONSTRAINT risk_weakness_check CHECK (char_length(weakness) <= 500),
    CONSTRAINT risk_consequence_check CHECK (char_length(consequence) <= 2000),
    CONSTRAINT risk_properties_check CHECK (cardinality(properties) <= 3 AND properties <@ ARRAY['C', 'I', 'A']),
    CONSTRAINT risk_existing_controls_check CHECK (char_length(existing_controls) <= 5000),
    CONSTRAINT risk_ratings_check CHECK (jsonb_typeof(ratings) = 'array' AND jsonb_array_length(ratings) <= 3),
    CONSTRAINT risk_verdict_check CHECK (char_length(verdict) <= 2000),
    CONSTRAINT risk_treatment_option_check CHECK (treatment_option IN ('modify', 'avoid', 'share', 'retain')),
    CONSTRAINT risk_decision_check CHECK (char_length(decision) <= 2000),
    CONSTRAINT risk_reopen_cause_check CHECK (reopen_cause IN ('acceptance_ended', 'control_failed', 'credit_lost', 'incident', 'finding', 'method_changed', 'asset_changed', 'supplier_changed', 'owner_left', 'other')),
    CONSTRAINT risk_reopen_note_check CHECK (char_length(reopen_note) <= 500)
);
CREATE INDEX risk_round_id_idx ON planning.risk (tenant_id, round_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_owner_id_idx ON planning.risk (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_due_on_idx ON planning.risk (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX risk_review_on_idx ON planning.risk (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX risk_priority_idx ON planning.risk (tenant_id, priority DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;

CREATE TABLE planning.risk_acceptance (
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
    risk_id uuid NOT NULL,
    stage text NOT NULL,
    reason text NOT NULL,
    until_on date,
    level integer,
    rank text,
    above boolean,
    signed_at timestamptz,
    signed_by_id uuid,
    approved_at timestamptz,
    approved_by_id uuid,
    CONSTRAINT risk_acceptance_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT risk_acceptance_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT risk_acceptance_status_check CHECK (status IN ('requested', 'approved', 'rejected', 'expired', 'revoked')),
    CONSTRAINT risk_acceptance_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT risk_acceptance_stage_check CHECK (stage IN ('current', 'residual')),
    CONSTRAINT risk_acceptance_reason_check CHECK (char_length(reason) BETWEEN 1 AND 5000),
    CONSTRAINT risk_acceptance_rank_check CHECK (rank IN ('risk_owner', 'top_management', 'organisation_owner'))
);
CREATE INDEX risk_acceptance_created_at_idx ON planning.risk_acceptance (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX risk_acceptance_risk_id_idx ON planning.risk_acceptance (tenant_id, risk_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_acceptance_until_on_idx ON planning.risk_acceptance (tenant_id, until_on, id) WHERE archived_at IS NULL;
CREATE INDEX risk_acceptance_signed_by_id_idx ON planning.risk_acceptance (tenant_id, signed_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX risk_acceptance_approved_by_id_idx ON planning.risk_acceptance (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE planning.treatment_plan (
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
    round_id uuid,
    owner_id uuid,
    summary text,
    plan_version integer,
    approved_at timestamptz,
    approved_by_id uuid,
    in_force_on date,
    CONSTRAINT treatment_plan_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT treatment_plan_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT treatment_plan_status_check CHECK (status IN ('draft', 'submitted', 'approved', 'in_force', 'superseded')),
    CONSTRAINT treatment_plan_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT treatment_plan_summary_check CHECK (char_length(summary) <= 5000)
);
CREATE INDEX treatment_plan_created_at_idx ON planning.treatment_plan (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_plan_round_id_idx ON planning.treatment_plan (tenant_id, round_id, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_plan_owner_id_idx ON planning.treatment_plan (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_plan_approved_by_id_idx ON planning.treatment_plan (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE planning.treatment_action (
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
    plan_id uuid NOT NULL,
    risk_id uuid NOT NULL,
    control_id uuid,
    what text,
    owner_id uuid,
    due_on date,
    cost numeric(18,2),
    result text,
    started_on date,
    done_on date,
    verified_on date,
    verified_by_id uuid,
    fingerprint text GENERATED ALWAYS AS (md5(title || chr(1) || coalesce(what, '') || chr(1) || coalesce(control_id::text, '') || chr(1) || coalesce(owner_id::text, '') || chr(1) || coalesce((due_on - '2000-01-01'::date)::text, '') || chr(1) || coalesce(cost::text, ''))) STORED,
    CONSTRAINT treatment_action_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT treatment_action_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT treatment_action_status_check CHECK (status IN ('proposed', 'approved', 'in_progress', 'blocked', 'done', 'verified', 'cancelled')),
    CONSTRAINT treatment_action_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT treatment_action_what_check CHECK (char_length(what) <= 5000),
    CONSTRAINT treatment_action_cost_check CHECK (cost BETWEEN 0 AND 1000000000),
    CONSTRAINT treatment_action_result_check CHECK (char_length(result) <= 5000),
    CONSTRAINT treatment_action_fingerprint_check CHECK (char_length(fingerprint) <= 32)
);
CREATE INDEX treatment_action_plan_id_idx ON planning.treatment_action (tenant_id, plan_id, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_action_risk_id_idx ON planning.treatment_action (tenant_id, risk_id, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_action_control_id_idx ON planning.treatment_action (tenant_id, control_id, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_action_owner_id_idx ON planning.treatment_action (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_action_due_on_idx ON planning.treatment_action (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX treatment_action_verified_by_id_idx ON planning.treatment_action (tenant_id, verified_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE planning.soa_version (
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
    scope_id uuid NOT NULL,
    revises_id uuid,
    certified text NOT NULL,
    certificate_soa text,
    note text,
    approved_at timestamptz,
    approved_by_id uuid,
    published_on date,
    superseded_on date,
    version_number integer GENERATED ALWAYS AS (substring(ref from '[0-9]+$')::integer) STORED,
    CONSTRAINT soa_version_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT soa_version_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT soa_version_status_check CHECK (status IN ('draft', 'in_review', 'approved', 'published', 'superseded')),
    CONSTRAINT soa_version_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT soa_version_edition_check CHECK (edition IN ('2013', '2022')),
    CONSTRAINT soa_version_certified_check CHECK (certified IN ('not_yet', 'certified')),
    CONSTRAINT soa_version_certificate_soa_check CHECK (char_length(certificate_soa) <= 100),
    CONSTRAINT soa_version_note_check CHECK (char_length(note) <= 5000)
);
CREATE INDEX soa_version_created_at_idx ON planning.soa_version (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX soa_version_scope_id_idx ON planning.soa_version (tenant_id, scope_id, id) WHERE archived_at IS NULL;
CREATE INDEX soa_version_revises_id_idx ON planning.soa_version (tenant_id, revises_id, id) WHERE archived_at IS NULL;
CREATE INDEX soa_version_approved_by_id_idx ON planning.soa_version (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE planning.soa_row (
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
    soa_id uuid NOT NULL,
    origin text NOT NULL,
    catalogue_id text,
    title text NOT NULL,
    control_id uuid,
    applicable text NOT NULL,
    reasons text[] NOT NULL DEFAULT '{}',
    exclusion_reason text,
    implementation_state text NOT NULL,
    owner_id uuid,
    target_date date,
    documents text[] NOT NULL DEFAULT '{}',
    note text,
    taken_from text[] NOT NULL DEFAULT '{}',
    confirmed_at timestamptz,
    confirmed_by_id uuid,
    CONSTRAINT soa_row_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT soa_row_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT soa_row_status_check CHECK (status IN ('proposed', 'confirmed')),
    CONSTRAINT soa_row_origin_check CHECK (origin IN ('annex_a', 'own', 'other')),
    CONSTRAINT soa_row_catalogue_id_check CHECK (char_length(catalogue_id) <= 10),
    CONSTRAINT soa_row_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT soa_row_applicable_check CHECK (applicable IN ('undecided', 'yes', 'no')),
    CONSTRAINT soa_row_reasons_check CHECK (cardinality(reasons) <= 4 AND reasons <@ ARRAY['risk', 'legal', 'contractual', 'business']),
    CONSTRAINT soa_row_exclusion_reason_check CHECK (char_length(exclusion_reason) <= 2000),
    CONSTRAINT soa_row_implementation_state_check CHECK (implementation_state IN ('not_started', 'planned', 'partial', 'implemented', 'n_a')),
    CONSTRAINT soa_row_documents_check CHECK (cardinality(documents) <= 50),
    CONSTRAINT soa_row_note_check CHECK (char_length(note) <= 2000),
    CONSTRAINT soa_row_taken_from_check CHECK (cardinality(taken_from) <= 20)
);
CREATE INDEX soa_row_soa_id_idx ON planning.soa_row (tenant_id, soa_id, id) WHERE archived_at IS NULL;
CREATE INDEX soa_row_catalogue_id_idx ON planning.soa_row (tenant_id, catalogue_id, id) WHERE archived_at IS NULL;
CREATE INDEX soa_row_control_id_idx ON planning.soa_row (tenant_id, control_id, id) WHERE archived_at IS NULL;
CREATE INDEX soa_row_owner_id_idx ON planning.soa_row (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX soa_row_confirmed_by_id_idx ON planning.soa_row (tenant_id, confirmed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE planning.objective (
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
    resources text,
    owner_id uuid,
    due_on date,
    evaluation text,
    standing text,
    CONSTRAINT objective_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT objective_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT objective_status_check CHECK (status IN ('draft', 'agreed', 'achieved', 'missed', 'dropped')),
    CONSTRAINT objective_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT objective_what_check CHECK (char_length(what) <= 5000),
    CONSTRAINT objective_resources_check CHECK (char_length(resources) <= 5000),
    CONSTRAINT objective_evaluation_check CHECK (char_length(evaluation) <= 5000),
    CONSTRAINT objective_standing_check CHECK (standing IN ('not_measured', 'behind', 'on_track', 'reached'))
);
CREATE INDEX objective_created_at_idx ON planning.objective (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX objective_owner_id_idx ON planning.objective (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX objective_due_on_idx ON planning.objective (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE planning.indicator (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    objective_id uuid NOT NULL,
    title text NOT NULL,
    unit text,
    better text NOT NULL,
    baseline numeric(18,4),
    target numeric(18,4) NOT NULL,
    source text,
    rhythm_days integer NOT NULL,
    latest numeric(18,4),
    measured_on date,
    measure_on date,
    standing text,
    CONSTRAINT indicator_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT indicator_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT indicator_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT indicator_unit_check CHECK (char_length(unit) <= 20),
    CONSTRAINT indicator_better_check CHECK (better IN ('higher', 'lower')),
    CONSTRAINT indicator_source_check CHECK (char_length(source) <= 500),
    CONSTRAINT indicator_rhythm_days_check CHECK (rhythm_days BETWEEN 1 AND 1100),
    CONSTRAINT indicator_standing_check CHECK (standing IN ('not_measured', 'behind', 'on_track', 'reached'))
);
CREATE INDEX indicator_created_at_idx ON planning.indicator (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX indicator_objective_id_idx ON planning.indicator (tenant_id, objective_id, id) WHERE archived_at IS NULL;
CREATE INDEX indicator_measure_on_idx ON planning.indicator (tenant_id, measure_on, id) WHERE archived_at IS NULL;

CREATE TABLE planning.measurement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    indicator_id uuid NOT NULL,
    measured_on date NOT NULL,
    value numeric(18,4) NOT NULL,
    note text NOT NULL,
    CONSTRAINT measurement_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT measurement_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT measurement_note_check CHECK (char_length(note) BETWEEN 1 AND 200)
);
CREATE INDEX measurement_indicator_id_idx ON planning.measurement (tenant_id, indicator_id, id) WHERE archived_at IS NULL;
CREATE INDEX measurement_measured_on_idx ON planning.measurement (tenant_id, measured_on, id) WHERE archived_at IS NULL;

CREATE TABLE planning.opportunity (
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
    source text,
    benefit text,
    likelihood integer,
    gain integer,
    choice text,
    owner_id uuid,
    due_on date,
    result text,
    worth integer GENERATED ALWAYS AS (likelihood * gain) STORED,
    CONSTRAINT opportunity_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT opportunity_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT opportunity_status_check CHECK (status IN ('identified', 'assessed', 'pursued', 'realised', 'left')),
    CONSTRAINT opportunity_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT opportunity_source_check CHECK (char_length(source) <= 2000),
    CONSTRAINT opportunity_benefit_check CHECK (char_length(benefit) <= 2000),
    CONSTRAINT opportunity_likelihood_check CHECK (likelihood BETWEEN 1 AND 5),
    CONSTRAINT opportunity_gain_check CHECK (gain BETWEEN 1 AND 5),
    CONSTRAINT opportunity_choice_check CHECK (choice IN ('take', 'increase', 'share', 'leave')),
    CONSTRAINT opportunity_result_check CHECK (char_length(result) <= 2000)
);
CREATE INDEX opportunity_owner_id_idx ON planning.opportunity (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX opportunity_due_on_idx ON planning.opportunity (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX opportunity_worth_idx ON planning.opportunity (tenant_id, worth DESC NULLS LAST, id DESC) WHERE archived_at IS NULL;

CREATE TABLE planning.isms_change (
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
    purpose text,
    consequences text,
    integrity text,
    resources text,
    owner_id uuid,
    planned_for date,
    result text,
    planned_at timestamptz,
    done_on date,
    CONSTRAINT isms_change_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT isms_change_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT isms_change_status_check CHECK (status IN ('proposed', 'planned', 'done', 'reviewed', 'cancelled')),
    CONSTRAINT isms_change_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT isms_change_purpose_check CHECK (char_length(purpose) <= 5000),
    CONSTRAINT isms_change_consequences_check CHECK (char_length(consequences) <= 5000),
    CONSTRAINT isms_change_integrity_check CHECK (char_length(integrity) <= 5000),
    CONSTRAINT isms_change_resources_check CHECK (char_length(resources) <= 5000),
    CONSTRAINT isms_change_result_check CHECK (char_length(result) <= 5000)
);
CREATE INDEX isms_change_created_at_idx ON planning.isms_change (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX isms_change_owner_id_idx ON planning.isms_change (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX isms_change_planned_for_idx ON planning.isms_change (tenant_id, planned_for, id) WHERE archived_at IS NULL;

CREATE TABLE planning.loss_estimate (
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
    risk_id uuid NOT NULL,
    control_id uuid,
    asset_value numeric(18,2) NOT NULL,
    exposure numeric(18,4),
    yearly_rate numeric(18,4),
    exposure_after numeric(18,4),
    yearly_rate_after numeric(18,4),
    control_cost numeric(18,2),
    basis text,
    single_loss numeric(18,2) GENERATED ALWAYS AS (asset_value * exposure) STORED,
    yearly_loss numeric(18,2) GENERATED ALWAYS AS (asset_value * exposure * yearly_rate) STORED,
    yearly_loss_after numeric(18,2) GENERATED ALWAYS AS (asset_value * exposure_after * yearly_rate_after) STORED,
    control_value numeric(18,2) GENERATED ALWAYS AS (asset_value * exposure * yearly_rate - asset_value * exposure_after * yearly_rate_after - control_cost) STORED,
    pays_off boolean GENERATED ALWAYS AS (asset_value * exposure * yearly_rate - asset_value * exposure_after * yearly_rate_after - control_cost > 0) STORED,
    CONSTRAINT loss_estimate_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT loss_estimate_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT loss_estimate_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT loss_estimate_asset_value_check CHECK (asset_value BETWEEN 0 AND 2000000000),
    CONSTRAINT loss_estimate_exposure_check CHECK (exposure BETWEEN 0 AND 1),
    CONSTRAINT loss_estimate_yearly_rate_check CHECK (yearly_rate BETWEEN 0 AND 100000),
    CONSTRAINT loss_estimate_exposure_after_check CHECK (exposure_after BETWEEN 0 AND 1),
    CONSTRAINT loss_estimate_yearly_rate_after_check CHECK (yearly_rate_after BETWEEN 0 AND 100000),
    CONSTRAINT loss_estimate_control_cost_check CHECK (control_cost BETWEEN 0 AND 2000000000),
    CONSTRAINT loss_estimate_basis_check CHECK (char_length(basis) <= 2000)
);
CREATE INDEX loss_estimate_created_at_idx ON planning.loss_estimate (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX loss_estimate_risk_id_idx ON planning.loss_estimate (tenant_id, risk_id, id) WHERE archived_at IS NULL;
CREATE INDEX loss_estimate_control_id_idx ON planning.loss_estimate (tenant_id, control_id, id) WHERE archived_at IS NULL;

ALTER TABLE planning.risk_method ADD CONSTRAINT risk_method_revises_id_fk FOREIGN KEY (tenant_id, revises_id) REFERENCES planning.risk_method (tenant_id, id);
ALTER TABLE planning.risk_method ADD CONSTRAINT risk_method_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.risk_round ADD CONSTRAINT risk_round_method_id_fk FOREIGN KEY (tenant_id, method_id) REFERENCES planning.risk_method (tenant_id, id);
ALTER TABLE planning.risk_round ADD CONSTRAINT risk_round_lead_id_fk FOREIGN KEY (tenant_id, lead_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.risk ADD CONSTRAINT risk_round_id_fk FOREIGN KEY (tenant_id, round_id) REFERENCES planning.risk_round (tenant_id, id);
ALTER TABLE planning.risk ADD CONSTRAINT risk_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.risk_acceptance ADD CONSTRAINT risk_acceptance_risk_id_fk FOREIGN KEY (tenant_id, risk_id) REFERENCES planning.risk (tenant_id, id);
ALTER TABLE planning.risk_acceptance ADD CONSTRAINT risk_acceptance_signed_by_id_fk FOREIGN KEY (tenant_id, signed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.risk_acceptance ADD CONSTRAINT risk_acceptance_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.treatment_plan ADD CONSTRAINT treatment_plan_round_id_fk FOREIGN KEY (tenant_id, round_id) REFERENCES planning.risk_round (tenant_id, id);
ALTER TABLE planning.treatment_plan ADD CONSTRAINT treatment_plan_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.treatment_plan ADD CONSTRAINT treatment_plan_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.treatment_action ADD CONSTRAINT treatment_action_plan_id_fk FOREIGN KEY (tenant_id, plan_id) REFERENCES planning.treatment_plan (tenant_id, id);
ALTER TABLE planning.treatment_action ADD CONSTRAINT treatment_action_risk_id_fk FOREIGN KEY (tenant_id, risk_id) REFERENCES planning.risk (tenant_id, id);
ALTER TABLE planning.treatment_action ADD CONSTRAINT treatment_action_control_id_fk FOREIGN KEY (tenant_id, control_id) REFERENCES annex_a.control (tenant_id, id);
ALTER TABLE planning.treatment_action ADD CONSTRAINT treatment_action_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.treatment_action ADD CONSTRAINT treatment_action_verified_by_id_fk FOREIGN KEY (tenant_id, verified_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.soa_version ADD CONSTRAINT soa_version_scope_id_fk FOREIGN KEY (tenant_id, scope_id) REFERENCES context.scope (tenant_id, id);
ALTER TABLE planning.soa_version ADD CONSTRAINT soa_version_revises_id_fk FOREIGN KEY (tenant_id, revises_id) REFERENCES planning.soa_version (tenant_id, id);
ALTER TABLE planning.soa_version ADD CONSTRAINT soa_version_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.soa_row ADD CONSTRAINT soa_row_soa_id_fk FOREIGN KEY (tenant_id, soa_id) REFERENCES planning.soa_version (tenant_id, id);
ALTER TABLE planning.soa_row ADD CONSTRAINT soa_row_control_id_fk FOREIGN KEY (tenant_id, control_id) REFERENCES annex_a.control (tenant_id, id);
ALTER TABLE planning.soa_row ADD CONSTRAINT soa_row_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.soa_row ADD CONSTRAINT soa_row_confirmed_by_id_fk FOREIGN KEY (tenant_id, confirmed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.objective ADD CONSTRAINT objective_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.indicator ADD CONSTRAINT indicator_objective_id_fk FOREIGN KEY (tenant_id, objective_id) REFERENCES planning.objective (tenant_id, id);
ALTER TABLE planning.measurement ADD CONSTRAINT measurement_indicator_id_fk FOREIGN KEY (tenant_id, indicator_id) REFERENCES planning.indicator (tenant_id, id);
ALTER TABLE planning.opportunity ADD CONSTRAINT opportunity_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.isms_change ADD CONSTRAINT isms_change_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE planning.loss_estimate ADD CONSTRAINT loss_estimate_risk_id_fk FOREIGN KEY (tenant_id, risk_id) REFERENCES planning.risk (tenant_id, id);
ALTER TABLE planning.loss_estimate ADD CONSTRAINT loss_estimate_control_id_fk FOREIGN KEY (tenant_id, control_id) REFERENCES annex_a.control (tenant_id, id);

SELECT core.fence('planning.risk_method');
SELECT core.fence('planning.risk_round');
SELECT core.fence('planning.risk');
SELECT core.fence('planning.risk_acceptance');
SELECT core.fence('planning.treatment_plan');
SELECT core.fence('planning.treatment_action');
SELECT core.fence('planning.soa_version');
SELECT core.fence('planning.soa_row');
SELECT core.fence('planning.objective');
SELECT core.fence('planning.indicator');
SELECT core.fence('planning.measurement');
SELECT core.fence('planning.opportunity');
SELECT core.fence('planning.isms_change');
SELECT core.fence('planning.loss_estimate');

-- What the descriptor cannot say.

CREATE UNIQUE INDEX risk_method_successor_key ON planning.risk_method (tenant_id, revises_id) WHERE archived_at IS NULL;
CREATE INDEX risk_round_method ON planning.risk (tenant_id, round_id, status) WHERE archived_at IS NULL;

-- What a round came to on the day it was closed.
CREATE TABLE planning.round_result (
    tenant_id uuid NOT NULL,
    round_id uuid NOT NULL,
    risk_id uuid NOT NULL,
    ref text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    inherent_level integer,
    current_level integer,
    counted_level integer,
    residual_level integer,
    current_likelihood integer,
    current_impact integer,
    CONSTRAINT round_result_pk PRIMARY KEY (tenant_id, round_id, risk_id)
);
ALTER TABLE planning.round_result ADD CONSTRAINT round_result_round_fk FOREIGN KEY (tenant_id, round_id) REFERENCES planning.risk_round (tenant_id, id);
SELECT core.fence('planning.round_result');

-- The owner of a risk has signed an action as it read then. No foreign key to the action: a signature is written under the lock of
-- the plan, and must not wait for an action that somebody changes (who waits for the plan).
CREATE TABLE planning.line_signature (
    tenant_id uuid NOT NULL,
    action_id uuid NOT NULL,
    fingerprint text NOT NULL,
    signed_by uuid NOT NULL,
    signed_at timestamptz NOT NULL,
    CONSTRAINT line_signature_pk PRIMARY KEY (tenant_id, action_id, fingerprint, signed_by)
);
SELECT core.fence('planning.line_signature');

-- Each approved version of a plan, as it read.
CREATE TABLE planning.plan_version (
    tenant_id uuid NOT NULL,
    plan_id uuid NOT NULL,
    number integer NOT NULL,
    approved_at timestamptz NOT NULL,
    approved_by uuid NOT NULL,
    lines jsonb NOT NULL,
    CONSTRAINT plan_version_pk PRIMARY KEY (tenant_id, plan_id, number)
);
ALTER TABLE planning.plan_version ADD CONSTRAINT plan_version_plan_fk FOREIGN KEY (tenant_id, plan_id) REFERENCES planning.treatment_plan (tenant_id, id);
SELECT core.fence('planning.plan_version');

-- One Statement holds, and each control has one row in it.
CREATE UNIQUE INDEX soa_version_in_force_key ON planning.soa_version (tenant_id) WHERE status IN ('approved', 'published') AND archived_at IS NULL;
CREATE UNIQUE INDEX soa_row_catalogue_key ON planning.soa_row (tenant_id, soa_id, catalogue_id) WHERE archived_at IS NULL;

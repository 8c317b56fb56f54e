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

CREATE TABLE operation.event (
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
    kind text NOT NULL,
    noticed_at timestamptz NOT NULL,
    place text,
    channel text NOT NULL,
    reporter_name text,
    reporter_contact text,
    owner_id uuid,
    assessed_at timestamptz,
    assessed_by_id uuid,
    incident_id uuid,
    CONSTRAINT event_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT event_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT event_status_check CHECK (status IN ('reported', 'incident', 'dismissed')),
    CONSTRAINT event_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT event_description_check CHECK (char_length(description) <= 10000),
    CONSTRAINT event_kind_check CHECK (kind IN ('event', 'weakness')),
    CONSTRAINT event_place_check CHECK (char_length(place) <= 200),
    CONSTRAINT event_channel_check CHECK (channel IN ('member', 'form', 'monitoring', 'supplier', 'customer', 'authority')),
    CONSTRAINT event_reporter_name_check CHECK (char_length(reporter_name) <= 200),
    CONSTRAINT event_reporter_contact_check CHECK (char_length(reporter_contact) <= 200)
);
CREATE INDEX event_noticed_at_idx ON operation.event (tenant_id, noticed_at, id) WHERE archived_at IS NULL;
CREATE INDEX event_owner_id_idx ON operation.event (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX event_assessed_by_id_idx ON operation.event (tenant_id, assessed_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX event_incident_id_idx ON operation.event (tenant_id, incident_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.incident (
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
    category text NOT NULL,
    severity text NOT NULL,
    occurred_at timestamptz,
    aware_at timestamptz NOT NULL,
    owner_id uuid,
    personal_data boolean NOT NULL,
    persons_affected integer,
    impact text,
    containment text,
    eradication text,
    recovery text,
    root_cause text,
    lessons text,
    cost numeric(18,2),
    contained_at timestamptz,
    eradicated_at timestamptz,
    recovered_at timestamptz,
    closed_at timestamptz,
    closed_by_id uuid,
    CONSTRAINT incident_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT incident_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT incident_status_check CHECK (status IN ('open', 'contained', 'eradicated', 'recovered', 'closed', 'discarded')),
    CONSTRAINT incident_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT incident_description_check CHECK (char_length(description) <= 10000),
    CONSTRAINT incident_category_check CHECK (category IN ('malware', 'phishing', 'unauthorised_access', 'disclosure', 'loss_or_theft', 'outage', 'misuse', 'physical', 'supplier', 'error', 'vulnerability', 'other')),
    CONSTRAINT incident_severity_check CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT incident_persons_affected_check CHECK (persons_affected BETWEEN 0 AND 2000000000),
    CONSTRAINT incident_impact_check CHECK (char_length(impact) <= 10000),
    CONSTRAINT incident_containment_check CHECK (char_length(containment) <= 10000),
    CONSTRAINT incident_eradication_check CHECK (char_length(eradication) <= 10000),
    CONSTRAINT incident_recovery_check CHECK (char_length(recovery) <= 10000),
    CONSTRAINT incident_root_cause_check CHECK (char_length(root_cause) <= 10000),
    CONSTRAINT incident_lessons_check CHECK (char_length(lessons) <= 10000),
    CONSTRAINT incident_cost_check CHECK (cost BETWEEN 0 AND 1000000000)
);
CREATE INDEX incident_aware_at_idx ON operation.incident (tenant_id, aware_at, id) WHERE archived_at IS NULL;
CREATE INDEX incident_owner_id_idx ON operation.incident (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX incident_closed_by_id_idx ON operation.incident (tenant_id, closed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.incident_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    incident_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    CONSTRAINT incident_entry_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT incident_entry_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT incident_entry_kind_check CHECK (kind IN ('observation', 'action', 'decision', 'communication')),
    CONSTRAINT incident_entry_text_check CHECK (char_length(text) BETWEEN 1 AND 2000)
);
CREATE INDEX incident_entry_incident_id_idx ON operation.incident_entry (tenant_id, incident_id, id) WHERE archived_at IS NULL;
CREATE INDEX incident_entry_at_idx ON operation.incident_entry (tenant_id, at, id) WHERE archived_at IS NULL;

CREATE TABLE operation.custody_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    incident_id uuid NOT NULL,
    item text NOT NULL,
    action text NOT NULL,
    at timestamptz NOT NULL,
    handed_by text,
    held_by text NOT NULL,
    place text,
    sha256 text,
    file_id uuid,
    note text,
    digest text,
    sequence integer,
    seal text,
    CONSTRAINT custody_entry_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT custody_entry_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT custody_entry_item_check CHECK (char_length(item) BETWEEN 1 AND 200),
    CONSTRAINT custody_entry_action_check CHECK (action IN ('collected', 'stored', 'transferred', 'analysed', 'copied', 'returned', 'destroyed')),
    CONSTRAINT custody_entry_handed_by_check CHECK (char_length(handed_by) <= 200),
    CONSTRAINT custody_entry_held_by_check CHECK (char_length(held_by) BETWEEN 1 AND 200),
    CONSTRAINT custody_entry_place_check CHECK (char_length(place) <= 200),
    CONSTRAINT custody_entry_sha256_check CHECK (char_length(sha256) BETWEEN 64 AND 64),
    CONSTRAINT custody_entry_note_check CHECK (char_length(note) <= 2000),
    CONSTRAINT custody_entry_digest_check CHECK (char_length(digest) <= 64),
    CONSTRAINT custody_entry_seal_check CHECK (char_length(seal) <= 64)
);
CREATE INDEX custody_entry_incident_id_idx ON operation.custody_entry (tenant_id, incident_id, id) WHERE archived_at IS NULL;
CREATE INDEX custody_entry_at_idx ON operation.custody_entry (tenant_id, at, id) WHERE archived_at IS NULL;
CREATE INDEX custody_entry_file_id_idx ON operation.custody_entry (tenant_id, file_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.notification (
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
    incident_id uuid NOT NULL,
    kind text NOT NULL,
    recipient text NOT NULL,
    obligation_id uuid,
    hours integer,
    owner_id uuid,
    term_hours integer,
    due_at timestamptz,
    due_on date,
    sent_at timestamptz,
    how text,
    delay_reason text,
    late boolean,
    CONSTRAINT notification_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT notification_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT notification_status_check CHECK (status IN ('pending', 'sent', 'waived')),
    CONSTRAINT notification_kind_check CHECK (kind IN ('data_protection_authority', 'people_affected', 'customer', 'regulator', 'supplier', 'insurer', 'police', 'other')),
    CONSTRAINT notification_recipient_check CHECK (char_length(recipient) BETWEEN 1 AND 200),
    CONSTRAINT notification_hours_check CHECK (hours BETWEEN 1 AND 8760),
    CONSTRAINT notification_how_check CHECK (char_length(how) <= 1000),
    CONSTRAINT notification_delay_reason_check CHECK (char_length(delay_reason) <= 2000)
);
CREATE INDEX notification_created_at_idx ON operation.notification (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX notification_incident_id_idx ON operation.notification (tenant_id, incident_id, id) WHERE archived_at IS NULL;
CREATE INDEX notification_obligation_id_idx ON operation.notification (tenant_id, obligation_id, id) WHERE archived_at IS NULL;
CREATE INDEX notification_owner_id_idx ON operation.notification (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX notification_due_on_idx ON operation.notification (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE operation.obligation (
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
    source text NOT NULL,
    jurisdiction text,
    description text,
    how_met text,
    owner_id uuid,
    notify_hours integer,
    valid_from date,
    valid_until date,
    review_on date,
    reviewed_on date,
    assessed_on date,
    CONSTRAINT obligation_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT obligation_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT obligation_status_check CHECK (status IN ('identified', 'met', 'not_met', 'not_applicable')),
    CONSTRAINT obligation_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT obligation_kind_check CHECK (kind IN ('legal', 'statutory', 'regulatory', 'contractual')),
    CONSTRAINT obligation_source_check CHECK (char_length(source) BETWEEN 1 AND 500),
    CONSTRAINT obligation_jurisdiction_check CHECK (char_length(jurisdiction) <= 100),
    CONSTRAINT obligation_description_check CHECK (char_length(description) <= 10000),
    CONSTRAINT obligation_how_met_check CHECK (char_length(how_met) <= 10000),
    CONSTRAINT obligation_notify_hours_check CHECK (notify_hours BETWEEN 1 AND 8760)
);
CREATE INDEX obligation_title_idx ON operation.obligation (tenant_id, title, id) WHERE archived_at IS NULL;
CREATE INDEX obligation_owner_id_idx ON operation.obligation (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX obligation_valid_until_idx ON operation.obligation (tenant_id, valid_until, id) WHERE archived_at IS NULL;
CREATE INDEX obligation_review_on_idx ON operation.obligation (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE operation.supplier (
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
    service text NOT NULL,
    category text NOT NULL,
    criticality text NOT NULL,
    owner_id uuid,
    contact text,
    data_processed text[] NOT NULL DEFAULT '{}',
    locations text[] NOT NULL DEFAULT '{}',
    agreement text,
    agreement_from date,
    agreement_until date,
    security_clauses text[] NOT NULL DEFAULT '{}',
    certificate text,
    certificate_until date,
    certificate_scope text,
    certificate_covers boolean,
    sub_suppliers jsonb NOT NULL DEFAULT '[]',
    exit_plan text,
    assessment_rhythm_days integer NOT NULL,
    review_on date,
    reviewed_on date,
    last_assessed_on date,
    last_score integer,
    last_passed boolean,
    next_assessment_on date,
    CONSTRAINT supplier_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT supplier_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT supplier_status_check CHECK (status IN ('candidate', 'approved', 'suspended', 'ended')),
    CONSTRAINT supplier_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT supplier_service_check CHECK (char_length(service) BETWEEN 1 AND 5000),
    CONSTRAINT supplier_category_check CHECK (category IN ('cloud', 'ict_service', 'software', 'hardware', 'consultancy', 'logistics', 'facility', 'personnel', 'other')),
    CONSTRAINT supplier_criticality_check CHECK (criticality IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT supplier_contact_check CHECK (char_length(contact) <= 500),
    CONSTRAINT supplier_data_processed_check CHECK (cardinality(data_processed) <= 100 AND data_processed <@ ARRAY['none', 'public', 'internal', 'confidential', 'secret', 'personal', 'customer', 'credentials']),
    CONSTRAINT supplier_locations_check CHECK (cardinality(locations) <= 50),
    CONSTRAINT supplier_agreement_check CHECK (char_length(agreement) <= 500),
    CONSTRAINT supplier_security_clauses_check CHECK (cardinality(security_clauses) <= 100 AND security_clauses <@ ARRAY['confidentiality', 'incidents', 'access_control', 'audit', 'subcontracting', 'return_of_data', 'continuity', 'data_protection', 'screening', 'changes', 'training', 'intellectual_property', 'law_and_place', 'termination']),
    CONSTRAINT supplier_certificate_check CHECK (char_length(certificate) <= 300),
    CONSTRAINT supplier_certificate_scope_check CHECK (char_length(certificate_scope) <= 2000),
    CONSTRAINT supplier_sub_suppliers_check CHECK (jsonb_typeof(sub_suppliers) = 'array' AND jsonb_array_length(sub_suppliers) <= 100),
    CONSTRAINT supplier_exit_plan_check CHECK (char_length(exit_plan) <= 5000),
    CONSTRAINT supplier_assessment_rhythm_days_check CHECK (assessment_rhythm_days BETWEEN 1 AND 1830)
);
CREATE UNIQUE INDEX supplier_name_key ON operation.supplier (tenant_id, name) WHERE archived_at IS NULL;
CREATE INDEX supplier_owner_id_idx ON operation.supplier (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_agreement_until_idx ON operation.supplier (tenant_id, agreement_until, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_certificate_until_idx ON operation.supplier (tenant_id, certificate_until, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_review_on_idx ON operation.supplier (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_next_assessment_on_idx ON operation.supplier (tenant_id, next_assessment_on, id) WHERE archived_at IS NULL;

CREATE TABLE operation.questionnaire_template (
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
    description text,
    questions jsonb NOT NULL DEFAULT '[]',
    pass_score integer NOT NULL,
    published_at timestamptz,
    CONSTRAINT questionnaire_template_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT questionnaire_template_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT questionnaire_template_status_check CHECK (status IN ('draft', 'published', 'retired')),
    CONSTRAINT questionnaire_template_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT questionnaire_template_description_check CHECK (char_length(description) <= 2000),
    CONSTRAINT questionnaire_template_questions_check CHECK (jsonb_typeof(questions) = 'array' AND jsonb_array_length(questions) <= 200),
    CONSTRAINT questionnaire_template_pass_score_check CHECK (pass_score BETWEEN 0 AND 100)
);
CREATE INDEX questionnaire_template_name_idx ON operation.questionnaire_template (tenant_id, name, id) WHERE archived_at IS NULL;

CREATE TABLE operation.supplier_assessment (
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
    supplier_id uuid NOT NULL,
    template_id uuid,
    assessed_on date NOT NULL,
    assessor_id uuid,
    answers jsonb NOT NULL DEFAULT '[]',
    findings text,
    next_on date,
    score integer,
    passed boolean,
    CONSTRAINT supplier_assessment_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT supplier_assessment_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT supplier_assessment_status_check CHECK (status IN ('draft', 'completed')),
    CONSTRAINT supplier_assessment_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT supplier_assessment_answers_check CHECK (jsonb_typeof(answers) = 'array' AND jsonb_array_length(answers) <= 200),
    CONSTRAINT supplier_assessment_findings_check CHECK (char_length(findings) <= 10000)
);
CREATE INDEX supplier_assessment_supplier_id_idx ON operation.supplier_assessment (tenant_id, supplier_id, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_assessment_template_id_idx ON operation.supplier_assessment (tenant_id, template_id, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_assessment_assessed_on_idx ON operation.supplier_assessment (tenant_id, assessed_on, id) WHERE archived_at IS NULL;
CREATE INDEX supplier_assessment_assessor_id_idx ON operation.supplier_assessment (tenant_id, assessor_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.outsourced_process (
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
    supplier_id uuid NOT NULL,
    description text,
    owner_id uuid,
    methods text[] NOT NULL DEFAULT '{}',
    control text,
    indicators text[] NOT NULL DEFAULT '{}',
    review_on date,
    reviewed_on date,
    controlled boolean GENERATED ALWAYS AS (owner_id IS NOT NULL AND cardinality(methods) > 0 AND btrim(coalesce(control, '')) <> '') STORED,
    CONSTRAINT outsourced_process_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT outsourced_process_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT outsourced_process_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT outsourced_process_description_check CHECK (char_length(description) <= 5000),
    CONSTRAINT outsourced_process_methods_check CHECK (cardinality(methods) <= 100 AND methods <@ ARRAY['contract', 'service_levels', 'own_audit', 'outside_audit', 'certificate', 'reports', 'own_monitoring', 'joint_meetings', 'acceptance_tests']),
    CONSTRAINT outsourced_process_control_check CHECK (char_length(control) <= 5000),
    CONSTRAINT outsourced_process_indicators_check CHECK (cardinality(indicators) <= 50)
);
CREATE UNIQUE INDEX outsourced_process_name_key ON operation.outsourced_process (tenant_id, name) WHERE archived_at IS NULL;
CREATE INDEX outsourced_process_supplier_id_idx ON operation.outsourced_process (tenant_id, supplier_id, id) WHERE archived_at IS NULL;
CREATE INDEX outsourced_process_owner_id_idx ON operation.outsourced_process (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX outsourced_process_review_on_idx ON operation.outsourced_process (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE operation.change (
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
    description text NOT NULL,
    concerns text NOT NULL,
    requester_id uuid,
    owner_id uuid,
    planned_on date,
    happened_on date,
    risk text,
    assessment text,
    fallback text,
    consequences text,
    mitigation text,
    approved_at timestamptz,
    approved_by_id uuid,
    implemented_on date,
    reviewed_at timestamptz,
    reviewed_by_id uuid,
    CONSTRAINT change_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT change_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT change_status_check CHECK (status IN ('requested', 'assessed', 'approved', 'implemented', 'reviewed', 'rejected', 'cancelled')),
    CONSTRAINT change_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT change_kind_check CHECK (kind IN ('planned', 'unintended')),
    CONSTRAINT change_description_check CHECK (char_length(description) BETWEEN 1 AND 10000),
    CONSTRAINT change_concerns_check CHECK (concerns IN ('organisation', 'process', 'technology', 'supplier', 'people', 'premises')),
    CONSTRAINT change_risk_check CHECK (risk IN ('low', 'medium', 'high')),
    CONSTRAINT change_assessment_check CHECK (char_length(assessment) <= 10000),
    CONSTRAINT change_fallback_check CHECK (char_length(fallback) <= 5000),
    CONSTRAINT change_consequences_check CHECK (char_length(consequences) <= 10000),
    CONSTRAINT change_mitigation_check CHECK (char_length(mitigation) <= 10000)
);
CREATE INDEX change_created_at_idx ON operation.change (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX change_requester_id_idx ON operation.change (tenant_id, requester_id, id) WHERE archived_at IS NULL;
CREATE INDEX change_owner_id_idx ON operation.change (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX change_planned_on_idx ON operation.change (tenant_id, planned_on, id) WHERE archived_at IS NULL;
CREATE INDEX change_approved_by_id_idx ON operation.change (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX change_reviewed_by_id_idx ON operation.change (tenant_id, reviewed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.operational_plan (
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
    steps text,
    criteria text,
    owner_id uuid,
    starts_on date,
    ends_on date,
    rhythm_days integer,
    last_record_on date,
    next_record_on date,
    approved_at timestamptz,
    approved_by_id uuid,
    CONSTRAINT operational_plan_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT operational_plan_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT operational_plan_status_check CHECK (status IN ('draft', 'active', 'completed', 'cancelled')),
    CONSTRAINT operational_plan_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT operational_plan_purpose_check CHECK (char_length(purpose) <= 5000),
    CONSTRAINT operational_plan_steps_check CHECK (char_length(steps) <= 10000),
    CONSTRAINT operational_plan_criteria_check CHECK (char_length(criteria) <= 5000),
    CONSTRAINT operational_plan_rhythm_days_check CHECK (rhythm_days BETWEEN 1 AND 1830)
);
CREATE INDEX operational_plan_title_idx ON operation.operational_plan (tenant_id, title, id) WHERE archived_at IS NULL;
CREATE INDEX operational_plan_owner_id_idx ON operation.operational_plan (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX operational_plan_ends_on_idx ON operation.operational_plan (tenant_id, ends_on, id) WHERE archived_at IS NULL;
CREATE INDEX operational_plan_next_record_on_idx ON operation.operational_plan (tenant_id, next_record_on, id) WHERE archived_at IS NULL;
CREATE INDEX operational_plan_approved_by_id_idx ON operation.operational_plan (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.operational_record (
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
    title text NOT NULL,
    performed_on date NOT NULL,
    performed_by_id uuid,
    result text NOT NULL,
    findings text,
    evidence text,
    CONSTRAINT operational_record_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT operational_record_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT operational_record_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT operational_record_result_check CHECK (result IN ('as_planned', 'deviated')),
    CONSTRAINT operational_record_findings_check CHECK (char_length(findings) <= 10000),
    CONSTRAINT operational_record_evidence_check CHECK (char_length(evidence) <= 500)
);
CREATE INDEX operational_record_plan_id_idx ON operation.operational_record (tenant_id, plan_id, id) WHERE archived_at IS NULL;
CREATE INDEX operational_record_performed_on_idx ON operation.operational_record (tenant_id, performed_on, id) WHERE archived_at IS NULL;
CREATE INDEX operational_record_performed_by_id_idx ON operation.operational_record (tenant_id, performed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.continuity_plan (
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
    scenario text,
    strategy text,
    security text,
    owner_id uuid,
    rto_minutes integer NOT NULL,
    rpo_minutes integer NOT NULL,
    tolerable_minutes integer,
    steps jsonb NOT NULL DEFAULT '[]',
    contacts text,
    exercise_rhythm_days integer NOT NULL,
    approved_at timestamptz,
    approved_by_id uuid,
    CONSTRAINT continuity_plan_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT continuity_plan_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT continuity_plan_status_check CHECK (status IN ('draft', 'approved', 'retired')),
    CONSTRAINT continuity_plan_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT continuity_plan_scenario_check CHECK (char_length(scenario) <= 5000),
    CONSTRAINT continuity_plan_strategy_check CHECK (char_length(strategy) <= 5000),
    CONSTRAINT continuity_plan_security_check CHECK (char_length(security) <= 5000),
    CONSTRAINT continuity_plan_rto_minutes_check CHECK (rto_minutes BETWEEN 0 AND 525600),
    CONSTRAINT continuity_plan_rpo_minutes_check CHECK (rpo_minutes BETWEEN 0 AND 525600),
    CONSTRAINT continuity_plan_tolerable_minutes_check CHECK (tolerable_minutes BETWEEN 0 AND 525600),
    CONSTRAINT continuity_plan_steps_check CHECK (jsonb_typeof(steps) = 'array' AND jsonb_array_length(steps) <= 100),
    CONSTRAINT continuity_plan_contacts_check CHECK (char_length(contacts) <= 5000),
    CONSTRAINT continuity_plan_exercise_rhythm_days_check CHECK (exercise_rhythm_days BETWEEN 1 AND 1830)
);
CREATE INDEX continuity_plan_title_idx ON operation.continuity_plan (tenant_id, title, id) WHERE archived_at IS NULL;
CREATE INDEX continuity_plan_owner_id_idx ON operation.continuity_plan (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX continuity_plan_approved_by_id_idx ON operation.continuity_plan (tenant_id, approved_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.exercise (
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
    plan_id uuid NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    planned_on date NOT NULL,
    owner_id uuid,
    held_on date,
    reached_rto_minutes integer,
    reached_rpo_minutes integer,
    findings text,
    result text,
    CONSTRAINT exercise_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT exercise_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT exercise_status_check CHECK (status IN ('planned', 'held', 'cancelled')),
    CONSTRAINT exercise_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT exercise_kind_check CHECK (kind IN ('desk', 'walk_through', 'simulation', 'technical', 'full')),
    CONSTRAINT exercise_findings_check CHECK (char_length(findings) <= 10000),
    CONSTRAINT exercise_result_check CHECK (result IN ('met', 'missed', 'not_measured'))
);
CREATE INDEX exercise_plan_id_idx ON operation.exercise (tenant_id, plan_id, id) WHERE archived_at IS NULL;
CREATE INDEX exercise_planned_on_idx ON operation.exercise (tenant_id, planned_on, id) WHERE archived_at IS NULL;
CREATE INDEX exercise_owner_id_idx ON operation.exercise (tenant_id, owner_id, id) WHERE archived_at IS NULL;

CREATE TABLE operation.overdue_notice (
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
    what text NOT NULL,
    passed_on date NOT NULL,
    subject text NOT NULL,
    subject_key text NOT NULL,
    subject_ref text NOT NULL,
    owner_id uuid,
    remind_on date,
    settled_on date,
    CONSTRAINT overdue_notice_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT overdue_notice_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT overdue_notice_status_check CHECK (status IN ('open', 'settled')),
    CONSTRAINT overdue_notice_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT overdue_notice_what_check CHECK (what IN ('notification', 'review', 'agreement', 'certificate', 'assessment', 'support', 'obligation', 'handed_out', 'exercise', 'change', 'plan')),
    CONSTRAINT overdue_notice_subject_check CHECK (char_length(subject) BETWEEN 1 AND 60),
    CONSTRAINT overdue_notice_subject_key_check CHECK (char_length(subject_key) BETWEEN 36 AND 36),
    CONSTRAINT overdue_notice_subject_ref_check CHECK (char_length(subject_ref) BETWEEN 1 AND 40)
);
CREATE INDEX overdue_notice_passed_on_idx ON operation.overdue_notice (tenant_id, passed_on, id) WHERE archived_at IS NULL;
CREATE INDEX overdue_notice_owner_id_idx ON operation.overdue_notice (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX overdue_notice_remind_on_idx ON operation.overdue_notice (tenant_id, remind_on, id) WHERE archived_at IS NULL;

ALTER TABLE operation.asset ADD CONSTRAINT asset_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.asset ADD CONSTRAINT asset_custodian_id_fk FOREIGN KEY (tenant_id, custodian_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.asset_dependency ADD CONSTRAINT asset_dependency_asset_id_fk FOREIGN KEY (tenant_id, asset_id) REFERENCES operation.asset (tenant_id, id);
ALTER TABLE operation.asset_dependency ADD CONSTRAINT asset_dependency_depends_on_id_fk FOREIGN KEY (tenant_id, depends_on_id) REFERENCES operation.asset (tenant_id, id);
ALTER TABLE operation.asset_return ADD CONSTRAINT asset_return_asset_id_fk FOREIGN KEY (tenant_id, asset_id) REFERENCES operation.asset (tenant_id, id);
ALTER TABLE operation.asset_return ADD CONSTRAINT asset_return_holder_id_fk FOREIGN KEY (tenant_id, holder_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.event ADD CONSTRAINT event_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.event ADD CONSTRAINT event_assessed_by_id_fk FOREIGN KEY (tenant_id, assessed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.event ADD CONSTRAINT event_incident_id_fk FOREIGN KEY (tenant_id, incident_id) REFERENCES operation.incident (tenant_id, id);
ALTER TABLE operation.incident ADD CONSTRAINT incident_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.incident ADD CONSTRAINT incident_closed_by_id_fk FOREIGN KEY (tenant_id, closed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.incident_entry ADD CONSTRAINT incident_entry_incident_id_fk FOREIGN KEY (tenant_id, incident_id) REFERENCES operation.incident (tenant_id, id);
ALTER TABLE operation.custody_entry ADD CONSTRAINT custody_entry_incident_id_fk FOREIGN KEY (tenant_id, incident_id) REFERENCES operation.incident (tenant_id, id);
ALTER TABLE operation.custody_entry ADD CONSTRAINT custody_entry_file_id_fk FOREIGN KEY (tenant_id, file_id) REFERENCES core.file (tenant_id, id);
ALTER TABLE operation.notification ADD CONSTRAINT notification_incident_id_fk FOREIGN KEY (tenant_id, incident_id) REFERENCES operation.incident (tenant_id, id);
ALTER TABLE operation.notification ADD CONSTRAINT notification_obligation_id_fk FOREIGN KEY (tenant_id, obligation_id) REFERENCES operation.obligation (tenant_id, id);
ALTER TABLE operation.notification ADD CONSTRAINT notification_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.obligation ADD CONSTRAINT obligation_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.supplier ADD CONSTRAINT supplier_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.supplier_assessment ADD CONSTRAINT supplier_assessment_supplier_id_fk FOREIGN KEY (tenant_id, supplier_id) REFERENCES operation.supplier (tenant_id, id);
ALTER TABLE operation.supplier_assessment ADD CONSTRAINT supplier_assessment_template_id_fk FOREIGN KEY (tenant_id, template_id) REFERENCES operation.questionnaire_template (tenant_id, id);
ALTER TABLE operation.supplier_assessment ADD CONSTRAINT supplier_assessment_assessor_id_fk FOREIGN KEY (tenant_id, assessor_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.outsourced_process ADD CONSTRAINT outsourced_process_supplier_id_fk FOREIGN KEY (tenant_id, supplier_id) REFERENCES operation.supplier (tenant_id, id);
ALTER TABLE operation.outsourced_process ADD CONSTRAINT outsourced_process_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.change ADD CONSTRAINT change_requester_id_fk FOREIGN KEY (tenant_id, requester_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.change ADD CONSTRAINT change_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.change ADD CONSTRAINT change_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.change ADD CONSTRAINT change_reviewed_by_id_fk FOREIGN KEY (tenant_id, reviewed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.operational_plan ADD CONSTRAINT operational_plan_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.operational_plan ADD CONSTRAINT operational_plan_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.operational_record ADD CONSTRAINT operational_record_plan_id_fk FOREIGN KEY (tenant_id, plan_id) REFERENCES operation.operational_plan (tenant_id, id);
ALTER TABLE operation.operational_record ADD CONSTRAINT operational_record_performed_by_id_fk FOREIGN KEY (tenant_id, performed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.continuity_plan ADD CONSTRAINT continuity_plan_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.continuity_plan ADD CONSTRAINT continuity_plan_approved_by_id_fk FOREIGN KEY (tenant_id, approved_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.exercise ADD CONSTRAINT exercise_plan_id_fk FOREIGN KEY (tenant_id, plan_id) REFERENCES operation.continuity_plan (tenant_id, id);
ALTER TABLE operation.exercise ADD CONSTRAINT exercise_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE operation.overdue_notice ADD CONSTRAINT overdue_notice_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('operation.asset');
SELECT core.fence('operation.asset_dependency');
SELECT core.fence('operation.asset_return');
SELECT core.fence('operation.event');
SELECT core.fence('operation.incident');
SELECT core.fence('operation.incident_entry');
SELECT core.fence('operation.custody_entry');
SELECT core.fence('operation.notification');
SELECT core.fence('operation.obligation');
SELECT core.fence('operation.supplier');
SELECT core.fence('operation.questionnaire_template');
SELECT core.fence('operation.supplier_assessment');
SELECT core.fence('operation.outsourced_process');
SELECT core.fence('operation.change');
SELECT core.fence('operation.operational_plan');
SELECT core.fence('operation.operational_record');
SELECT core.fence('operation.continuity_plan');
SELECT core.fence('operation.exercise');
SELECT core.fence('operation.overdue_notice');

-- What the descriptor cannot say. Each has its words in the plugin's tables of constraints.
ALTER TABLE operation.asset_dependency ADD CONSTRAINT asset_dependency_loop_check CHECK (asset_id <> depends_on_id);
CREATE UNIQUE INDEX asset_dependency_ends_key ON operation.asset_dependency (tenant_id, asset_id, depends_on_id)
    WHERE archived_at IS NULL;
CREATE UNIQUE INDEX asset_return_open_key ON operation.asset_return (tenant_id, asset_id, lower(holder))
    WHERE status = 'issued' AND archived_at IS NULL;
ALTER TABLE operation.custody_entry ADD CONSTRAINT custody_entry_sha256_hex_check CHECK (sha256 ~ '^[0-9a-fA-F]{64}$');
CREATE UNIQUE INDEX custody_entry_sequence_key ON operation.custody_entry (tenant_id, incident_id, lower(item), sequence);
-- One note of one passed day at a time.
CREATE UNIQUE INDEX overdue_notice_open_key ON operation.overdue_notice (tenant_id, subject_key, what, passed_on)
    WHERE status = 'open' AND archived_at IS NULL;

-- The seal of an entry: it covers the entry and the seal before it.
CREATE FUNCTION operation.seal(previous text, entry jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN encode(sha256(convert_to(previous || entry::text, 'UTF8')), 'hex');

-- What the agreement with a supplier must hold by its criticality and the data it handles, and does not.
CREATE FUNCTION operation.missing_clauses(criticality text, data_processed text[], clauses text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(SELECT clause FROM (VALUES
            (1, 'confidentiality', true),
            (2, 'incidents', criticality <> 'low'),
            (3, 'access_control', criticality <> 'low'),
            (4, 'audit', criticality IN ('high', 'critical')),
            (5, 'subcontracting', criticality IN ('high', 'critical')),
            (6, 'return_of_data', criticality IN ('high', 'critical')),
            (7, 'continuity', criticality IN ('high', 'critical')),
            (8, 'data_protection', 'personal' = ANY (data_processed))) AS rule (place, clause, needed)
        WHERE needed AND clause <> ALL (coalesce(clauses, '{}')) ORDER BY place);

-- The support area, clause 7: documents and records, and what people need to do their part.

CREATE SCHEMA IF NOT EXISTS support;
GRANT USAGE ON SCHEMA support TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE support.document (
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
    number text,
    information text NOT NULL,
    kind text NOT NULL,
    origin text NOT NULL,
    issuer text,
    edition text,
    where_used text,
    location text,
    classification text NOT NULL,
    owner_id uuid,
    reason text,
    mandatory_id text,
    quorum integer NOT NULL,
    acknowledgement_required boolean NOT NULL,
    review_months integer NOT NULL,
    retention_months integer,
    retention_basis text,
    live_version_id uuid,
    in_force_on date,
    reviewed_on date,
    review_on date,
    withdrawn_on date,
    retain_until date,
    disposed_on date,
    disposed_by_id uuid,
    disposal_method text,
    disposal_witness text,
    CONSTRAINT document_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT document_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT document_status_check CHECK (status IN ('draft', 'in_force', 'withdrawn', 'disposed')),
    CONSTRAINT document_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT document_number_check CHECK (char_length(number) <= 40),
    CONSTRAINT document_information_check CHECK (information IN ('document', 'record')),
    CONSTRAINT document_kind_check CHECK (kind IN ('policy', 'method', 'procedure', 'instruction', 'plan', 'register', 'form', 'agreement', 'statement', 'report', 'evidence', 'standard', 'other')),
    CONSTRAINT document_origin_check CHECK (origin IN ('internal', 'external')),
    CONSTRAINT document_issuer_check CHECK (char_length(issuer) <= 200),
    CONSTRAINT document_edition_check CHECK (char_length(edition) <= 100),
    CONSTRAINT document_where_used_check CHECK (char_length(where_used) <= 2000),
    CONSTRAINT document_location_check CHECK (char_length(location) <= 500),
    CONSTRAINT document_classification_check CHECK (classification IN ('public', 'internal', 'confidential', 'secret')),
    CONSTRAINT document_reason_check CHECK (char_length(reason) <= 2000),
    CONSTRAINT document_mandatory_id_check CHECK (char_length(mandatory_id) <= 10),
    CONSTRAINT document_quorum_check CHECK (quorum BETWEEN 1 AND 20),
    CONSTRAINT document_review_months_check CHECK (review_months BETWEEN 1 AND 60),
    CONSTRAINT document_retention_months_check CHECK (retention_months BETWEEN 0 AND 1200),
    CONSTRAINT document_retention_basis_check CHECK (char_length(retention_basis) <= 500),
    CONSTRAINT document_disposal_method_check CHECK (disposal_method IN ('erased', 'shredded', 'returned', 'archived_elsewhere')),
    CONSTRAINT document_disposal_witness_check CHECK (char_length(disposal_witness) <= 200)
);
CREATE INDEX document_title_idx ON support.document (tenant_id, title, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX document_number_key ON support.document (tenant_id, number) WHERE archived_at IS NULL;
CREATE INDEX document_owner_id_idx ON support.document (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_live_version_id_idx ON support.document (tenant_id, live_version_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_review_on_idx ON support.document (tenant_id, review_on, id) WHERE archived_at IS NULL;
CREATE INDEX document_retain_until_idx ON support.document (tenant_id, retain_until, id) WHERE archived_at IS NULL;
CREATE INDEX document_disposed_by_id_idx ON support.document (tenant_id, disposed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE support.document_version (
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
    document_id uuid NOT NULL,
    changes text NOT NULL,
    text text,
    file_id uuid,
    author_id uuid,
    due_on date,
    number integer,
    quorum integer,
    sha256 text,
    submitted_at timestamptz,
    approved_at timestamptz,
    published_at timestamptz,
    published_by_id uuid,
    superseded_on date,
    CONSTRAINT document_version_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT document_version_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT document_version_status_check CHECK (status IN ('draft', 'in_review', 'approved', 'published', 'superseded', 'discarded')),
    CONSTRAINT document_version_changes_check CHECK (char_length(changes) BETWEEN 1 AND 200),
    CONSTRAINT document_version_text_check CHECK (char_length(text) <= 200000),
    CONSTRAINT document_version_number_check CHECK (number BETWEEN 1 AND 100000),
    CONSTRAINT document_version_quorum_check CHECK (quorum BETWEEN 1 AND 20),
    CONSTRAINT document_version_sha256_check CHECK (char_length(sha256) <= 64)
);
CREATE INDEX document_version_created_at_idx ON support.document_version (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX document_version_document_id_idx ON support.document_version (tenant_id, document_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_version_file_id_idx ON support.document_version (tenant_id, file_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_version_author_id_idx ON support.document_version (tenant_id, author_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_version_due_on_idx ON support.document_version (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX document_version_published_by_id_idx ON support.document_version (tenant_id, published_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE support.document_review (
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
    version_id uuid NOT NULL,
    reviewer_id uuid NOT NULL,
    focus text NOT NULL,
    due_on date,
    remark text,
    decided_at timestamptz,
    sha256 text,
    CONSTRAINT document_review_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT document_review_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT document_review_status_check CHECK (status IN ('pending', 'approved', 'rejected')),
    CONSTRAINT document_review_focus_check CHECK (char_length(focus) BETWEEN 1 AND 200),
    CONSTRAINT document_review_remark_check CHECK (char_length(remark) <= 5000),
    CONSTRAINT document_review_sha256_check CHECK (char_length(sha256) <= 64)
);
CREATE INDEX document_review_created_at_idx ON support.document_review (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX document_review_version_id_idx ON support.document_review (tenant_id, version_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_review_reviewer_id_idx ON support.document_review (tenant_id, reviewer_id, id) WHERE archived_at IS NULL;
CREATE INDEX document_review_due_on_idx ON support.document_review (tenant_id, due_on, id) WHERE archived_at IS NULL;

CREATE TABLE support.acknowledgement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    version_id uuid NOT NULL,
    statement text NOT NULL,
    member_id uuid,
    sha256 text,
    CONSTRAINT acknowledgement_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT acknowledgement_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT acknowledgement_statement_check CHECK (char_length(statement) BETWEEN 1 AND 200),
    CONSTRAINT acknowledgement_sha256_check CHECK (char_length(sha256) <= 64)
);
CREATE INDEX acknowledgement_created_at_idx ON support.acknowledgement (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX acknowledgement_version_id_idx ON support.acknowledgement (tenant_id, version_id, id) WHERE archived_at IS NULL;
CREATE INDEX acknowledgement_member_id_idx ON support.acknowledgement (tenant_id, member_id, id) WHERE archived_at IS NULL;

CREATE TABLE support.resource_plan (
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
    purpose text,
    unit text NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    owner_id uuid,
    planned numeric(18,2) NOT NULL,
    used numeric(18,2),
    granted numeric(18,2),
    granted_by_id uuid,
    short_by numeric(18,2) GENERATED ALWAYS AS (planned - granted) STORED,
    CONSTRAINT resource_plan_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT resource_plan_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT resource_plan_status_check CHECK (status IN ('draft', 'requested', 'granted', 'refused', 'closed')),
    CONSTRAINT resource_plan_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT resource_plan_kind_check CHECK (kind IN ('people', 'money', 'tools')),
    CONSTRAINT resource_plan_purpose_check CHECK (char_length(purpose) <= 2000),
    CONSTRAINT resource_plan_unit_check CHECK (char_length(unit) BETWEEN 1 AND 30),
    CONSTRAINT resource_plan_planned_check CHECK (planned BETWEEN 0 AND 1000000000),
    CONSTRAINT resource_plan_used_check CHECK (used BETWEEN 0 AND 1000000000),
    CONSTRAINT resource_plan_granted_check CHECK (granted BETWEEN 0 AND 1000000000)
);
CREATE INDEX resource_plan_period_from_idx ON support.resource_plan (tenant_id, period_from, id) WHERE archived_at IS NULL;
CREATE INDEX resource_plan_period_to_idx ON support.resource_plan (tenant_id, period_to, id) WHERE archived_at IS NULL;
CREATE INDEX resource_plan_owner_id_idx ON support.resource_plan (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX resource_plan_granted_by_id_idx ON support.resource_plan (tenant_id, granted_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE support.person (
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
    bond text NOT NULL,
    unit text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    member_id uuid,
    email text,
    joined_on date,
    left_on date,
    CONSTRAINT person_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT person_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT person_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT person_bond_check CHECK (bond IN ('employee', 'temporary', 'contractor', 'supplier')),
    CONSTRAINT person_unit_check CHECK (char_length(unit) BETWEEN 1 AND 100),
    CONSTRAINT person_roles_check CHECK (cardinality(roles) <= 20),
    CONSTRAINT person_email_check CHECK (char_length(email) <= 254)
);
CREATE INDEX person_name_idx ON support.person (tenant_id, name, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX person_member_id_key ON support.person (tenant_id, member_id) WHERE archived_at IS NULL;

CREATE TABLE support.competence (
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
    description text,
    CONSTRAINT competence_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT competence_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT competence_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    CONSTRAINT competence_description_check CHECK (char_length(description) <= 5000)
);
CREATE UNIQUE INDEX competence_name_key ON support.competence (tenant_id, name) WHERE archived_at IS NULL;

CREATE TABLE support.competence_need (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    role text NOT NULL,
    competence_id uuid NOT NULL,
    level integer NOT NULL,
    reason text,
    CONSTRAINT competence_need_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT competence_need_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT competence_need_role_check CHECK (char_length(role) BETWEEN 1 AND 100),
    CONSTRAINT competence_need_level_check CHECK (level BETWEEN 1 AND 4),
    CONSTRAINT competence_need_reason_check CHECK (char_length(reason) <= 2000)
);
CREATE INDEX competence_need_role_idx ON support.competence_need (tenant_id, role, id) WHERE archived_at IS NULL;
CREATE INDEX competence_need_competence_id_idx ON support.competence_need (tenant_id, competence_id, id) WHERE archived_at IS NULL;

CREATE TABLE support.training (
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
    competence_id uuid NOT NULL,
    level integer NOT NULL,
    method text NOT NULL,
    provider text,
    owner_id uuid,
    planned_on date NOT NULL,
    evaluate_after_days integer NOT NULL,
    cost numeric(18,2),
    held_on date,
    evaluate_on date,
    evaluation_method text,
    finding text,
    evaluated_on date,
    evaluated_by_id uuid,
    next_step_on date GENERATED ALWAYS AS (CASE status WHEN 'planned' THEN planned_on WHEN 'held' THEN evaluate_on END) STORED,
    CONSTRAINT training_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT training_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT training_status_check CHECK (status IN ('planned', 'held', 'effective', 'ineffective', 'cancelled')),
    CONSTRAINT training_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT training_level_check CHECK (level BETWEEN 1 AND 4),
    CONSTRAINT training_method_check CHECK (method IN ('course', 'e_learning', 'coaching', 'drill', 'self_study', 'job_rotation')),
    CONSTRAINT training_provider_check CHECK (char_length(provider) <= 200),
    CONSTRAINT training_evaluate_after_days_check CHECK (evaluate_after_days BETWEEN 1 AND 730),
    CONSTRAINT training_cost_check CHECK (cost BETWEEN 0 AND 1000000000),
    CONSTRAINT training_evaluation_method_check CHECK (evaluation_method IN ('observation', 'test', 'interview', 'results', 'drill')),
    CONSTRAINT training_finding_check CHECK (char_length(finding) <= 5000)
);
CREATE INDEX training_competence_id_idx ON support.training (tenant_id, competence_id, id) WHERE archived_at IS NULL;
CREATE INDEX training_owner_id_idx ON support.training (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX training_planned_on_idx ON support.training (tenant_id, planned_on, id) WHERE archived_at IS NULL;
CREATE INDEX training_evaluated_by_id_idx ON support.training (tenant_id, evaluated_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX training_next_step_on_idx ON support.training (tenant_id, next_step_on, id) WHERE archived_at IS NULL;

CREATE TABLE support.qualification (
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
    person_id uuid NOT NULL,
    competence_id uuid NOT NULL,
    level integer NOT NULL,
    basis text NOT NULL,
    evidence text NOT NULL,
    training_id uuid,
    obtained_on date NOT NULL,
    expires_on date,
    CONSTRAINT qualification_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT qualification_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT qualification_status_check CHECK (status IN ('valid', 'expired', 'revoked')),
    CONSTRAINT qualification_level_check CHECK (level BETWEEN 1 AND 4),
    CONSTRAINT qualification_basis_check CHECK (basis IN ('education', 'training', 'experience', 'certificate')),
    CONSTRAINT qualification_evidence_check CHECK (char_length(evidence) BETWEEN 1 AND 200)
);
CREATE INDEX qualification_created_at_idx ON support.qualification (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX qualification_person_id_idx ON support.qualification (tenant_id, person_id, id) WHERE archived_at IS NULL;
CREATE INDEX qualification_competence_id_idx ON support.qualification (tenant_id, competence_id, id) WHERE archived_at IS NULL;
CREATE INDEX qualification_training_id_idx ON support.qualification (tenant_id, training_id, id) WHERE archived_at IS NULL;
CREATE INDEX qualification_expires_on_idx ON support.qualification (tenant_id, expires_on, id) WHERE archived_at IS NULL;

CREATE TABLE support.awareness_campaign (
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
    topics text[] NOT NULL DEFAULT '{}',
    message text,
    units text[] NOT NULL DEFAULT '{}',
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    pass_mark integer,
    owner_id uuid,
    expected integer,
    reached integer,
    CONSTRAINT awareness_campaign_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT awareness_campaign_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT awareness_campaign_status_check CHECK (status IN ('planned', 'running', 'closed', 'cancelled')),
    CONSTRAINT awareness_campaign_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT awareness_campaign_topics_check CHECK (cardinality(topics) <= 100 AND topics <@ ARRAY['policy', 'contribution', 'consequences', 'threats', 'reporting', 'habits']),
    CONSTRAINT awareness_campaign_message_check CHECK (char_length(message) <= 5000),
    CONSTRAINT awareness_campaign_units_check CHECK (cardinality(units) <= 100),
    CONSTRAINT awareness_campaign_pass_mark_check CHECK (pass_mark BETWEEN 1 AND 100),
    CONSTRAINT awareness_campaign_expected_check CHECK (expected BETWEEN 0 AND 1000000),
    CONSTRAINT awareness_campaign_reached_check CHECK (reached BETWEEN 0 AND 1000000)
);
CREATE INDEX awareness_campaign_starts_on_idx ON support.awareness_campaign (tenant_id, starts_on, id) WHERE archived_at IS NULL;
CREATE INDEX awareness_campaign_ends_on_idx ON support.awareness_campaign (tenant_id, ends_on, id) WHERE archived_at IS NULL;
CREATE INDEX awareness_campaign_owner_id_idx ON support.awareness_campaign (tenant_id, owner_id, id) WHERE archived_at IS NULL;

CREATE TABLE support.attendance (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    campaign_id uuid NOT NULL,
    person_id uuid NOT NULL,
    way text NOT NULL,
    attended_on date NOT NULL,
    score integer,
    passed boolean,
    CONSTRAINT attendance_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT attendance_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT attendance_way_check CHECK (char_length(way) BETWEEN 1 AND 100),
    CONSTRAINT attendance_score_check CHECK (score BETWEEN 0 AND 100)
);
CREATE INDEX attendance_campaign_id_idx ON support.attendance (tenant_id, campaign_id, id) WHERE archived_at IS NULL;
CREATE INDEX attendance_person_id_idx ON support.attendance (tenant_id, person_id, id) WHERE archived_at IS NULL;
CREATE INDEX attendance_attended_on_idx ON support.attendance (tenant_id, attended_on, id) WHERE archived_at IS NULL;

CREATE TABLE support.communication_item (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    subject text NOT NULL,
    occasion text NOT NULL,
    audience text NOT NULL,
    side text NOT NULL,
    sender_id uuid NOT NULL,
    channel text NOT NULL,
    crisis boolean NOT NULL,
    every_days integer,
    first_on date,
    last_on date,
    next_on date,
    CONSTRAINT communication_item_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT communication_item_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT communication_item_subject_check CHECK (char_length(subject) BETWEEN 1 AND 200),
    CONSTRAINT communication_item_occasion_check CHECK (char_length(occasion) BETWEEN 1 AND 500),
    CONSTRAINT communication_item_audience_check CHECK (char_length(audience) BETWEEN 1 AND 500),
    CONSTRAINT communication_item_side_check CHECK (side IN ('internal', 'external')),
    CONSTRAINT communication_item_channel_check CHECK (char_length(channel) BETWEEN 1 AND 500),
    CONSTRAINT communication_item_every_days_check CHECK (every_days BETWEEN 1 AND 1100)
);
CREATE INDEX communication_item_subject_idx ON support.communication_item (tenant_id, subject, id) WHERE archived_at IS NULL;
CREATE INDEX communication_item_sender_id_idx ON support.communication_item (tenant_id, sender_id, id) WHERE archived_at IS NULL;
CREATE INDEX communication_item_next_on_idx ON support.communication_item (tenant_id, next_on, id) WHERE archived_at IS NULL;

CREATE TABLE support.communication (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    item_id uuid NOT NULL,
    subject text NOT NULL,
    sent_on date NOT NULL,
    recipients text NOT NULL,
    channel text NOT NULL,
    evidence text,
    CONSTRAINT communication_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT communication_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT communication_subject_check CHECK (char_length(subject) BETWEEN 1 AND 200),
    CONSTRAINT communication_recipients_check CHECK (char_length(recipients) BETWEEN 1 AND 500),
    CONSTRAINT communication_channel_check CHECK (char_length(channel) BETWEEN 1 AND 200),
    CONSTRAINT communication_evidence_check CHECK (char_length(evidence) <= 500)
);
CREATE INDEX communication_item_id_idx ON support.communication (tenant_id, item_id, id) WHERE archived_at IS NULL;
CREATE INDEX communication_sent_on_idx ON support.communication (tenant_id, sent_on, id) WHERE archived_at IS NULL;

ALTER TABLE support.document ADD CONSTRAINT document_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document ADD CONSTRAINT document_live_version_id_fk FOREIGN KEY (tenant_id, live_version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE support.document ADD CONSTRAINT document_disposed_by_id_fk FOREIGN KEY (tenant_id, disposed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_document_id_fk FOREIGN KEY (tenant_id, document_id) REFERENCES support.document (tenant_id, id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_file_id_fk FOREIGN KEY (tenant_id, file_id) REFERENCES core.file (tenant_id, id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_author_id_fk FOREIGN KEY (tenant_id, author_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_published_by_id_fk FOREIGN KEY (tenant_id, published_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document_review ADD CONSTRAINT document_review_version_id_fk FOREIGN KEY (tenant_id, version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE support.document_review ADD CONSTRAINT document_review_reviewer_id_fk FOREIGN KEY (tenant_id, reviewer_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.acknowledgement ADD CONSTRAINT acknowledgement_version_id_fk FOREIGN KEY (tenant_id, version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE support.acknowledgement ADD CONSTRAINT acknowledgement_member_id_fk FOREIGN KEY (tenant_id, member_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.resource_plan ADD CONSTRAINT resource_plan_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.resource_plan ADD CONSTRAINT resource_plan_granted_by_id_fk FOREIGN KEY (tenant_id, granted_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.person ADD CONSTRAINT person_member_id_fk FOREIGN KEY (tenant_id, member_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.competence_need ADD CONSTRAINT competence_need_competence_id_fk FOREIGN KEY (tenant_id, competence_id) REFERENCES support.competence (tenant_id, id);
ALTER TABLE support.training ADD CONSTRAINT training_competence_id_fk FOREIGN KEY (tenant_id, competence_id) REFERENCES support.competence (tenant_id, id);
ALTER TABLE support.training ADD CONSTRAINT training_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.training ADD CONSTRAINT training_evaluated_by_id_fk FOREIGN KEY (tenant_id, evaluated_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.qualification ADD CONSTRAINT qualification_person_id_fk FOREIGN KEY (tenant_id, person_id) REFERENCES support.person (tenant_id, id);
ALTER TABLE support.qualification ADD CONSTRAINT qualification_competence_id_fk FOREIGN KEY (tenant_id, competence_id) REFERENCES support.competence (tenant_id, id);
ALTER TABLE support.qualification ADD CONSTRAINT qualification_training_id_fk FOREIGN KEY (tenant_id, training_id) REFERENCES support.training (tenant_id, id);
ALTER TABLE support.awareness_campaign ADD CONSTRAINT awareness_campaign_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.attendance ADD CONSTRAINT attendance_campaign_id_fk FOREIGN KEY (tenant_id, campaign_id) REFERENCES support.awareness_campaign (tenant_id, id);
ALTER TABLE support.attendance ADD CONSTRAINT attendance_person_id_fk FOREIGN KEY (tenant_id, person_id) REFERENCES support.person (tenant_id, id);
ALTER TABLE support.communication_item ADD CONSTRAINT communication_item_sender_id_fk FOREIGN KEY (tenant_id, sender_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.communication ADD CONSTRAINT communication_item_id_fk FOREIGN KEY (tenant_id, item_id) REFERENCES support.communication_item (tenant_id, id);

SELECT core.fence('support.document');
SELECT core.fence('support.document_version');
SELECT core.fence('support.document_review');
SELECT core.fence('support.acknowledgement');
SELECT core.fence('support.resource_plan');
SELECT core.fence('support.person');
SELECT core.fence('support.competence');
SELECT core.fence('support.competence_need');
SELECT core.fence('support.training');
SELECT core.fence('support.qualification');
SELECT core.fence('support.awareness_campaign');
SELECT core.fence('support.attendance');
SELECT core.fence('support.communication_item');
SELECT core.fence('support.communication');

-- What the descriptor cannot say.
ALTER TABLE support.document ADD CONSTRAINT document_external_check CHECK (
    origin <> 'external' OR (issuer ~ '\S' AND edition ~ '\S') IS TRUE);
CREATE INDEX document_mandatory_idx ON support.document (tenant_id, mandatory_id) WHERE archived_at IS NULL AND mandatory_id IS NOT NULL;

-- Numbers are dense per document, one version is in force, one may be in work; a text that has a hash goes with it.
CREATE UNIQUE INDEX document_version_number_key ON support.document_version (tenant_id, document_id, number);
CREATE UNIQUE INDEX document_version_open_key ON support.document_version (tenant_id, document_id)
    WHERE archived_at IS NULL AND status IN ('draft', 'in_review', 'approved');
CREATE UNIQUE INDEX document_version_published_key ON support.document_version (tenant_id, document_id) WHERE status = 'published';
ALTER TABLE support.document_version ADD CONSTRAINT document_version_hash_check CHECK (
    (sha256 IS NULL OR text IS NULL OR sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex'))
    AND (sha256 IS NOT NULL OR status IN ('draft', 'discarded')));
ALTER TABLE support.document_version ADD CONSTRAINT document_version_body_check CHECK (file_id IS NULL OR coalesce(text, '') !~ '\S');
CREATE UNIQUE INDEX document_review_reviewer_key ON support.document_review (tenant_id, version_id, reviewer_id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX acknowledgement_once_key ON support.acknowledgement (tenant_id, version_id, member_id);
CREATE UNIQUE INDEX competence_need_once_key ON support.competence_need (tenant_id, role, competence_id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX attendance_once_key ON support.attendance (tenant_id, campaign_id, person_id) WHERE archived_at IS NULL;

-- Is a person (when archived, the last day, the unit) here today and of one of these units? No units: everybody. Whom campaigns are for.
CREATE FUNCTION support.meant(archived_at timestamptz, left_on date, unit text, units text[]) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN archived_at IS NULL AND coalesce(left_on >= (now() AT TIME ZONE 'UTC')::date, true)
        AND (cardinality(units) = 0 OR unit = ANY (units));

-- Has this person written any of the text? The named author, whoever made the version, and whoever changed it since.
CREATE FUNCTION support.wrote(of_tenant uuid, of_version uuid, who uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM support.document_version v WHERE v.tenant_id = of_tenant AND v.id = of_version
                   AND who IN (v.author_id, v.created_by, v.updated_by))
        OR EXISTS (SELECT FROM core.event e WHERE e.tenant_id = of_tenant AND e.resource = 'support.document_versions'
                   AND e.record_id = of_version AND e.actor = who AND e.verb IN ('create', 'update'));

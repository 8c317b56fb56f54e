-- The leadership area, clause 5: policies, deeds of top management, roles and who holds them.

CREATE SCHEMA IF NOT EXISTS leadership;
GRANT USAGE ON SCHEMA leadership TO ballium_app, ballium_portfolio, ballium_worker;

CREATE TABLE leadership.policy (
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
    level text NOT NULL,
    topic text,
    document_id uuid NOT NULL,
    owner_id uuid,
    fits_purpose boolean NOT NULL,
    gives_objectives boolean NOT NULL,
    promises_requirements boolean NOT NULL,
    promises_improvement boolean NOT NULL,
    where_said text,
    units text[] NOT NULL DEFAULT '{}',
    outside text,
    review_months integer NOT NULL,
    version_id uuid,
    published_on date,
    published_by_id uuid,
    reviewed_on date,
    review_on date,
    CONSTRAINT policy_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT policy_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT policy_status_check CHECK (status IN ('draft', 'published', 'withdrawn')),
    CONSTRAINT policy_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT policy_level_check CHECK (level IN ('top', 'topic')),
    CONSTRAINT policy_topic_check CHECK (char_length(topic) <= 100),
    CONSTRAINT policy_where_said_check CHECK (char_length(where_said) <= 2000),
    CONSTRAINT policy_units_check CHECK (cardinality(units) <= 100),
    CONSTRAINT policy_outside_check CHECK (char_length(outside) <= 500),
    CONSTRAINT policy_review_months_check CHECK (review_months BETWEEN 1 AND 36)
);
CREATE INDEX policy_title_idx ON leadership.policy (tenant_id, title, id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX policy_document_id_key ON leadership.policy (tenant_id, document_id) WHERE archived_at IS NULL;
CREATE INDEX policy_owner_id_idx ON leadership.policy (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX policy_version_id_idx ON leadership.policy (tenant_id, version_id, id) WHERE archived_at IS NULL;
CREATE INDEX policy_published_by_id_idx ON leadership.policy (tenant_id, published_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX policy_review_on_idx ON leadership.policy (tenant_id, review_on, id) WHERE archived_at IS NULL;

CREATE TABLE leadership.acknowledgement_campaign (
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
    policy_id uuid NOT NULL,
    due_on date NOT NULL,
    remind_days integer NOT NULL,
    owner_id uuid,
    version_id uuid,
    started_on date,
    closed_on date,
    reminded_at timestamptz,
    expected integer,
    acknowledged integer,
    CONSTRAINT acknowledgement_campaign_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT acknowledgement_campaign_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT acknowledgement_campaign_status_check CHECK (status IN ('draft', 'running', 'closed', 'cancelled')),
    CONSTRAINT acknowledgement_campaign_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT acknowledgement_campaign_remind_days_check CHECK (remind_days BETWEEN 1 AND 90),
    CONSTRAINT acknowledgement_campaign_expected_check CHECK (expected BETWEEN 0 AND 1000000),
    CONSTRAINT acknowledgement_campaign_acknowledged_check CHECK (acknowledged BETWEEN 0 AND 1000000)
);
CREATE INDEX acknowledgement_campaign_policy_id_idx ON leadership.acknowledgement_campaign (tenant_id, policy_id, id) WHERE archived_at IS NULL;
CREATE INDEX acknowledgement_campaign_due_on_idx ON leadership.acknowledgement_campaign (tenant_id, due_on, id) WHERE archived_at IS NULL;
CREATE INDEX acknowledgement_campaign_owner_id_idx ON leadership.acknowledgement_campaign (tenant_id, owner_id, id) WHERE archived_at IS NULL;
CREATE INDEX acknowledgement_campaign_version_id_idx ON leadership.acknowledgement_campaign (tenant_id, version_id, id) WHERE archived_at IS NULL;

CREATE TABLE leadership.reminder (
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
    CONSTRAINT reminder_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT reminder_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT reminder_way_check CHECK (char_length(way) BETWEEN 1 AND 200)
);
CREATE INDEX reminder_created_at_idx ON leadership.reminder (tenant_id, created_at, id) WHERE archived_at IS NULL;
CREATE INDEX reminder_campaign_id_idx ON leadership.reminder (tenant_id, campaign_id, id) WHERE archived_at IS NULL;
CREATE INDEX reminder_person_id_idx ON leadership.reminder (tenant_id, person_id, id) WHERE archived_at IS NULL;

CREATE TABLE leadership.commitment (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    letter text NOT NULL,
    title text NOT NULL,
    done_by_id uuid,
    done_on date NOT NULL,
    evidence text NOT NULL,
    again_on date,
    CONSTRAINT commitment_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT commitment_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT commitment_letter_check CHECK (letter IN ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')),
    CONSTRAINT commitment_title_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT commitment_evidence_check CHECK (char_length(evidence) BETWEEN 1 AND 2000)
);
CREATE INDEX commitment_done_by_id_idx ON leadership.commitment (tenant_id, done_by_id, id) WHERE archived_at IS NULL;
CREATE INDEX commitment_done_on_idx ON leadership.commitment (tenant_id, done_on, id) WHERE archived_at IS NULL;
CREATE INDEX commitment_again_on_idx ON leadership.commitment (tenant_id, again_on, id) WHERE archived_at IS NULL;

CREATE TABLE leadership.role (
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
    duty text NOT NULL,
    responsibilities text NOT NULL,
    authorities text NOT NULL,
    single boolean NOT NULL,
    deputy_needed boolean NOT NULL,
    announced_on date,
    CONSTRAINT role_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT role_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT role_name_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT role_duty_check CHECK (duty IN ('conformity', 'reporting', 'both', 'audit', 'other')),
    CONSTRAINT role_responsibilities_check CHECK (char_length(responsibilities) BETWEEN 1 AND 5000),
    CONSTRAINT role_authorities_check CHECK (char_length(authorities) BETWEEN 1 AND 5000)
);
CREATE UNIQUE INDEX role_name_key ON leadership.role (tenant_id, name) WHERE archived_at IS NULL;

CREATE TABLE leadership.appointment (
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
    role_id uuid NOT NULL,
    person_id uuid NOT NULL,
    part text NOT NULL,
    letter text NOT NULL,
    from_on date NOT NULL,
    to_on date,
    signed_on date,
    appointed_by_id uuid,
    ended_on date,
    CONSTRAINT appointment_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT appointment_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT appointment_status_check CHECK (status IN ('proposed', 'in_force', 'ended')),
    CONSTRAINT appointment_part_check CHECK (part IN ('holder', 'deputy')),
    CONSTRAINT appointment_letter_check CHECK (char_length(letter) BETWEEN 1 AND 200)
);
CREATE INDEX appointment_role_id_idx ON leadership.appointment (tenant_id, role_id, id) WHERE archived_at IS NULL;
CREATE INDEX appointment_person_id_idx ON leadership.appointment (tenant_id, person_id, id) WHERE archived_at IS NULL;
CREATE INDEX appointment_from_on_idx ON leadership.appointment (tenant_id, from_on, id) WHERE archived_at IS NULL;
CREATE INDEX appointment_to_on_idx ON leadership.appointment (tenant_id, to_on, id) WHERE archived_at IS NULL;
CREATE INDEX appointment_appointed_by_id_idx ON leadership.appointment (tenant_id, appointed_by_id, id) WHERE archived_at IS NULL;

CREATE TABLE leadership.responsibility (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    ref text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    created_by uuid NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by uuid NOT NULL,
    archived_at timestamptz,
    activity text NOT NULL,
    accountable_id uuid NOT NULL,
    note text,
    CONSTRAINT responsibility_pk PRIMARY KEY (tenant_id, id),
    CONSTRAINT responsibility_ref_key UNIQUE (tenant_id, ref),
    CONSTRAINT responsibility_activity_check CHECK (char_length(activity) BETWEEN 1 AND 200),
    CONSTRAINT responsibility_note_check CHECK (char_length(note) <= 2000)
);
CREATE INDEX responsibility_activity_idx ON leadership.responsibility (tenant_id, activity, id) WHERE archived_at IS NULL;
CREATE INDEX responsibility_accountable_id_idx ON leadership.responsibility (tenant_id, accountable_id, id) WHERE archived_at IS NULL;

ALTER TABLE leadership.policy ADD CONSTRAINT policy_document_id_fk FOREIGN KEY (tenant_id, document_id) REFERENCES support.document (tenant_id, id);
ALTER TABLE leadership.policy ADD CONSTRAINT policy_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE leadership.policy ADD CONSTRAINT policy_version_id_fk FOREIGN KEY (tenant_id, version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE leadership.policy ADD CONSTRAINT policy_published_by_id_fk FOREIGN KEY (tenant_id, published_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE leadership.acknowledgement_campaign ADD CONSTRAINT acknowledgement_campaign_policy_id_fk FOREIGN KEY (tenant_id, policy_id) REFERENCES leadership.policy (tenant_id, id);
ALTER TABLE leadership.acknowledgement_campaign ADD CONSTRAINT acknowledgement_campaign_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE leadership.acknowledgement_campaign ADD CONSTRAINT acknowledgement_campaign_version_id_fk FOREIGN KEY (tenant_id, version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE leadership.reminder ADD CONSTRAINT reminder_campaign_id_fk FOREIGN KEY (tenant_id, campaign_id) REFERENCES leadership.acknowledgement_campaign (tenant_id, id);
ALTER TABLE leadership.reminder ADD CONSTRAINT reminder_person_id_fk FOREIGN KEY (tenant_id, person_id) REFERENCES support.person (tenant_id, id);
ALTER TABLE leadership.commitment ADD CONSTRAINT commitment_done_by_id_fk FOREIGN KEY (tenant_id, done_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE leadership.appointment ADD CONSTRAINT appointment_role_id_fk FOREIGN KEY (tenant_id, role_id) REFERENCES leadership.role (tenant_id, id);
ALTER TABLE leadership.appointment ADD CONSTRAINT appointment_person_id_fk FOREIGN KEY (tenant_id, person_id) REFERENCES support.person (tenant_id, id);
ALTER TABLE leadership.appointment ADD CONSTRAINT appointment_appointed_by_id_fk FOREIGN KEY (tenant_id, appointed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE leadership.responsibility ADD CONSTRAINT responsibility_accountable_id_fk FOREIGN KEY (tenant_id, accountable_id) REFERENCES leadership.role (tenant_id, id);

SELECT core.fence('leadership.policy');
SELECT core.fence('leadership.acknowledgement_campaign');
SELECT core.fence('leadership.reminder');
SELECT core.fence('leadership.commitment');
SELECT core.fence('leadership.role');
SELECT core.fence('leadership.appointment');
SELECT core.fence('leadership.responsibility');

-- What the descriptor cannot say.
CREATE UNIQUE INDEX policy_top_key ON leadership.policy (tenant_id) WHERE level = 'top' AND status = 'published' AND archived_at IS NULL;
-- A person holds a role or is its deputy, not both, and once.
CREATE UNIQUE INDEX appointment_person_key ON leadership.appointment (tenant_id, role_id, person_id)
    WHERE archived_at IS NULL AND status <> 'ended';

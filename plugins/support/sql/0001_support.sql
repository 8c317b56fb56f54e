-- The support area, clause 7: documents and records, and later what people need to do their part.

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

ALTER TABLE support.document ADD CONSTRAINT document_owner_id_fk FOREIGN KEY (tenant_id, owner_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document ADD CONSTRAINT document_live_version_id_fk FOREIGN KEY (tenant_id, live_version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE support.document ADD CONSTRAINT document_disposed_by_id_fk FOREIGN KEY (tenant_id, disposed_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_document_id_fk FOREIGN KEY (tenant_id, document_id) REFERENCES support.document (tenant_id, id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_author_id_fk FOREIGN KEY (tenant_id, author_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document_version ADD CONSTRAINT document_version_published_by_id_fk FOREIGN KEY (tenant_id, published_by_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.document_review ADD CONSTRAINT document_review_version_id_fk FOREIGN KEY (tenant_id, version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE support.document_review ADD CONSTRAINT document_review_reviewer_id_fk FOREIGN KEY (tenant_id, reviewer_id) REFERENCES core.membership (tenant_id, user_id);
ALTER TABLE support.acknowledgement ADD CONSTRAINT acknowledgement_version_id_fk FOREIGN KEY (tenant_id, version_id) REFERENCES support.document_version (tenant_id, id);
ALTER TABLE support.acknowledgement ADD CONSTRAINT acknowledgement_member_id_fk FOREIGN KEY (tenant_id, member_id) REFERENCES core.membership (tenant_id, user_id);

SELECT core.fence('support.document');
SELECT core.fence('support.document_version');
SELECT core.fence('support.document_review');
SELECT core.fence('support.acknowledgement');

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
CREATE UNIQUE INDEX document_review_reviewer_key ON support.document_review (tenant_id, version_id, reviewer_id) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX acknowledgement_once_key ON support.acknowledgement (tenant_id, version_id, member_id);

-- Has this person written any of the text? The named author, whoever made the version, and whoever changed it since.
CREATE FUNCTION support.wrote(of_tenant uuid, of_version uuid, who uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN EXISTS (SELECT FROM support.document_version v WHERE v.tenant_id = of_tenant AND v.id = of_version
                   AND who IN (v.author_id, v.created_by, v.updated_by))
        OR EXISTS (SELECT FROM core.event e WHERE e.tenant_id = of_tenant AND e.resource = 'support.document_versions'
                   AND e.record_id = of_version AND e.actor = who AND e.verb IN ('create', 'update'));

-- What must, is wont to, or may have to be written down. Belongs to nobody: no tenant column.
-- Written once from data/mandatory_documents.csv; tests/plugins/support_documents.c compares the two.

CREATE TABLE support.mandatory_document (
    id text NOT NULL,
    name text NOT NULL,
    information text NOT NULL, -- document, record
    obligation text NOT NULL,  -- mandatory, customary, conditional (on a control that applies)
    clause_2022 text NOT NULL,
    clause_2013 text,          -- NULL: unknown to that edition
    basis text NOT NULL,
    trigger_control text,      -- of the edition of 2022
    minimum_content text NOT NULL,
    approval_required boolean NOT NULL,
    review_rhythm text NOT NULL,
    CONSTRAINT mandatory_document_pk PRIMARY KEY (id)
);
GRANT SELECT ON support.mandatory_document TO ballium_app, ballium_portfolio;

INSERT INTO support.mandatory_document VALUES
    ('MD-01', 'ISMS scope statement', 'document', 'mandatory', '4.3 doc', '4.3 doc', 'explicit', NULL, 'Borders, units, sites, systems, services, interfaces, exclusions with reason', true, 'each change of scope, at least yearly'),
    ('MD-02', 'Information security policy', 'document', 'mandatory', '5.2 e', '5.2 e', 'explicit', NULL, 'Purpose fit, objectives or frame for them, two commitments, approver', true, 'yearly'),
    ('MD-03', 'Risk assessment method', 'document', 'mandatory', '6.1.2 doc', '6.1.2 doc', 'explicit', NULL, 'Acceptance criteria, triggers, scales, formula, owner rule', true, 'yearly'),
    ('MD-04', 'Risk treatment method', 'document', 'mandatory', '6.1.3 doc', '6.1.3 doc', 'explicit', NULL, 'Options, control selection, comparison with Annex A, approval path', true, 'yearly'),
    ('MD-05', 'Statement of Applicability', 'document', 'mandatory', '6.1.3 d', '6.1.3 d', 'explicit', NULL, 'One row per control: applicable, reason, state, link to risks and evidence', true, 'each change of control set'),
    ('MD-06', 'Risk treatment plan', 'document', 'mandatory', '6.1.3 e', '6.1.3 e', 'implied', NULL, 'Action, owner, means, due date, expected remaining level, approval', true, 'each risk round'),
    ('MD-07', 'Information security objectives', 'document', 'mandatory', '6.2 doc', '6.2 doc', 'explicit', NULL, 'Objective, indicator, target, owner, date, plan, way of judging', true, 'yearly'),
    ('MD-08', 'Competence evidence', 'record', 'mandatory', '7.2 d', '7.2 d', 'explicit', NULL, 'Person, role, needed and actual competence, proof', false, 'per person and role'),
    ('MD-09', 'Documents the organisation finds necessary', 'document', 'mandatory', '7.5.1 b', '7.5.1 b', 'explicit', NULL, 'Own master list with reasons', true, 'yearly'),
    ('MD-10', 'External documents register', 'document', 'mandatory', '7.5.3 ext', '7.5.3 ext', 'implied', NULL, 'Title, issuer, edition, where used', false, 'yearly'),
    ('MD-11', 'Operational control evidence', 'record', 'mandatory', '8.1 b', '8.1 c', 'explicit', NULL, 'Logs, tickets and checks showing processes ran as planned', false, 'ongoing'),
    ('MD-12', 'Risk assessment results', 'record', 'mandatory', '8.2 b', '8.2 b', 'explicit', NULL, 'Frozen register per round: levels, owners, verdicts', false, 'each round'),
    ('MD-13', 'Risk treatment results', 'record', 'mandatory', '8.3 b', '8.3 b', 'explicit', NULL, 'State of actions, remaining levels, acceptances', false, 'each round'),
    ('MD-14', 'Monitoring and measurement results', 'record', 'mandatory', '9.1 doc', '9.1 doc', 'explicit', NULL, 'Value, method, date, person, target, verdict', false, 'per measurement plan'),
    ('MD-15', 'Internal audit programme', 'record', 'mandatory', '9.2.2 doc', '9.2 g', 'explicit', NULL, 'Audits with scope, criteria, dates, auditors, methods', true, 'yearly'),
    ('MD-16', 'Internal audit results', 'record', 'mandatory', '9.2.2 doc', '9.2 g', 'explicit', NULL, 'Report, findings, evidence, grading', false, 'each audit'),
    ('MD-17', 'Management review results', 'record', 'mandatory', '9.3.3 doc', '9.3 doc', 'explicit', NULL, 'Inputs covered, decisions, owners, dates', true, 'each review'),
    ('MD-18', 'Nonconformities and actions', 'record', 'mandatory', '10.2 f', '10.1 f', 'explicit', NULL, 'Description, requirement, containment, cause, action', false, 'each case'),
    ('MD-19', 'Corrective action results', 'record', 'mandatory', '10.2 g', '10.1 g', 'explicit', NULL, 'Effect check, verdict, date', false, 'each case'),
    ('MD-20', 'Risk owner approvals and acceptances', 'record', 'customary', '6.1.3 f', '6.1.3 f', 'proof needed in practice', NULL, 'Risk, remaining level, person, date, expiry', true, 'each acceptance'),
    ('MD-21', 'Context register', 'document', 'customary', '4.1', '4.1', 'proof needed in practice', NULL, 'Matter, kind, influence, control, action, climate verdict', false, 'yearly'),
    ('MD-22', 'Interested parties register', 'document', 'customary', '4.2', '4.2', 'proof needed in practice', NULL, 'Party, need, source, handled by ISMS flag', false, 'yearly'),
    ('MD-23', 'ISMS process map', 'document', 'customary', '4.4 proc', NULL, '2022 only', NULL, 'Process, inputs, outputs, owner, links', false, 'yearly'),
    ('MD-24', 'Roles and authorities matrix', 'document', 'customary', '5.3', '5.3', 'proof needed in practice', NULL, 'Role, holder, deputy, powers', true, 'each reorganisation'),
    ('MD-25', 'ISMS change plans', 'record', 'customary', '6.3', NULL, '2022 only', NULL, 'Reason, effect, means, duties, dates', true, 'each change'),
    ('MD-26', 'Communication plan', 'document', 'customary', '7.4', '7.4', 'proof needed in practice', NULL, 'What, when, whom, how', false, 'yearly'),
    ('MD-27', 'Document control procedure', 'document', 'customary', '7.5.3', '7.5.3', 'proof needed in practice', NULL, 'Naming, approval, versions, retention', true, 'yearly'),
    ('MD-28', 'Audit procedure', 'document', 'customary', '9.2.2', '9.2', 'proof needed in practice', NULL, 'Planning, independence, grading, follow-up', true, 'yearly'),
    ('MD-29', 'Corrective action procedure', 'document', 'customary', '10.2', '10.1', 'proof needed in practice', NULL, 'Intake, cause analysis, deadlines, effect check', true, 'yearly'),
    ('MD-30', 'Asset inventory', 'document', 'conditional', 'A.5.9', 'A.8.1.1', 'control applicable in SoA', 'A.5.9', 'Asset, owner, class, location', false, 'ongoing'),
    ('MD-31', 'Acceptable use rules', 'document', 'conditional', 'A.5.10', 'A.8.1.3', 'control applicable in SoA', 'A.5.10', 'Dos and don''ts per asset kind', true, 'yearly'),
    ('MD-32', 'Access control policy', 'document', 'conditional', 'A.5.15', 'A.9.1.1', 'control applicable in SoA', 'A.5.15', 'Principles, approval, review', true, 'yearly'),
    ('MD-33', 'Supplier security policy', 'document', 'conditional', 'A.5.19', 'A.15.1.1', 'control applicable in SoA', 'A.5.19', 'Supplier tiers, terms, follow-up', true, 'yearly'),
    ('MD-34', 'Cloud service rules', 'document', 'conditional', 'A.5.23', NULL, 'control applicable in SoA', 'A.5.23', 'Choice, shared duties, exit', true, 'yearly'),
    ('MD-35', 'Incident response procedure', 'document', 'conditional', 'A.5.26', 'A.16.1.5', 'control applicable in SoA', 'A.5.26', 'Steps, roles, deadlines, evidence', true, 'yearly'),
    ('MD-36', 'Continuity procedures', 'document', 'conditional', 'A.5.29', 'A.17.1.2', 'control applicable in SoA', 'A.5.29', 'Security level in disruption', true, 'yearly'),
    ('MD-37', 'ICT continuity plans', 'document', 'conditional', 'A.5.30', NULL, 'control applicable in SoA', 'A.5.30', 'RTO, RPO, test results', true, 'yearly'),
    ('MD-38', 'Legal and contractual register', 'document', 'conditional', 'A.5.31', 'A.18.1.1', 'control applicable in SoA', 'A.5.31', 'Duty, source, way of meeting it', false, 'half-yearly'),
    ('MD-39', 'Operating procedures', 'document', 'conditional', 'A.5.37', 'A.12.1.1', 'control applicable in SoA', 'A.5.37', 'Task steps, owners', true, 'yearly'),
    ('MD-40', 'Terms stating security duties', 'document', 'conditional', 'A.6.2', 'A.7.1.2', 'control applicable in SoA', 'A.6.2', 'Duties of both sides', true, 'per contract'),
    ('MD-41', 'Confidentiality agreements', 'record', 'conditional', 'A.6.6', 'A.13.2.4', 'control applicable in SoA', 'A.6.6', 'Party, date, term', false, 'per party'),
    ('MD-42', 'Secure configuration baselines', 'document', 'conditional', 'A.8.9', NULL, 'control applicable in SoA', 'A.8.9', 'Settings per platform', true, 'yearly'),
    ('MD-43', 'Event logs', 'record', 'conditional', 'A.8.15', 'A.12.4.1', 'control applicable in SoA', 'A.8.15', 'User activity, faults, events', false, 'ongoing'),
    ('MD-44', 'Secure engineering principles', 'document', 'conditional', 'A.8.27', 'A.14.2.5', 'control applicable in SoA', 'A.8.27', 'Principles and where applied', true, 'yearly');

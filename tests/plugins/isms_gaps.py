"""Every kind of gap of operation and leadership: the situation is made, the gap names clause, register and record; it is mended, and the gap
goes. The kinds are read from the areas' own tables, so that a new one is missed. Each area in an organisation of its own."""
import os, re, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '../support'))
from service import Member, call, day, end, fresh, moment, new_organisation, sql, verdict

ROLES = ['owner', 'manager', 'contributor', 'risk_owner', 'top_management']
WHY = {'reason': 'Tried in a test'}


class Area:
    def __init__(self, name, slug=None):
        self.name, self.slug = name, slug or new_organisation(f'gaps-{name}', ROLES)
        self.owner, self.manager, self.writer, self.reviewer, self.management = (Member('keep', role, self.slug) for role in ROLES)

    def make(self, register, **body):
        return self.manager.make(register if '/' in register else f'{self.name}/{register}', body)

    def gaps(self, code, id=None):
        return [gap for gap in self.manager.get(f'{self.name}/gaps')['items'] if gap['code'] == code and (id is None or gap['id'] == id)]

    def kinds(self):
        """As the area's own table names them."""
        with open(os.path.join(here, f'../../plugins/{self.name}/gaps.c')) as source:
            return set(re.findall(r'^    \{"(\w+)"', re.search(r'\bkinds\[\] = \{(.*?)\n\};', source.read(), re.S).group(1), re.M))

    def try_all(self, cases):
        for code, clause, register, about in cases:
            steps = about(self)
            id = next(steps)
            found = self.gaps(code, id)
            place = register[1:] if register.startswith('/') else f'{self.name}/{register}'
            path = f'/api/v1/orgs/{self.slug}/{place}' + (f'/{id}' if id else '')
            verdict(f'{self.name} {code}: seen, with what to open', len(found) >= 1 and found[0]['clause'] == clause and found[0]['url'] == path,
                    (id, found, path))
            next(steps, None)
            verdict(f'{self.name} {code}: gone when it is mended', not self.gaps(code, id), self.gaps(code, id))
        verdict(f'{self.name}: every kind of gap was tried', {c[0] for c in cases} == self.kinds(), self.kinds() ^ {c[0] for c in cases})


# ---- operation ------------------------------------------------------------------------------------------------------------------------------
def asset(a, **more):
    return a.make('assets', **{'name': fresh('Asset'), 'kind': 'equipment', 'confidentiality': 1, 'integrity': 1, 'availability': 1,
                               'owner_id': a.manager.id, **more})


def supplier(a, approved=True, **more):
    id = a.make('suppliers', **{'name': fresh('Supplier'), 'service': 'Runs', 'criticality': 'low', 'owner_id': a.manager.id,
                                'agreement': 'Contract', 'security_clauses': ['confidentiality'], **more})
    if approved:
        a.owner.step(f'operation/suppliers/{id}', 'approve')
    return id


def assessed(a, supplier, answer, on):
    if not hasattr(a, 'template'):
        a.template = a.make('questionnaire-templates', name=fresh('Questions'), questions=[{'number': '1', 'text': 'Do you?', 'weight': 1}])
        a.manager.step(f'operation/questionnaire-templates/{a.template}', 'publish')
    id = a.make('supplier-assessments', title='Asked', supplier_id=supplier, template_id=a.template, assessed_on=on, assessor_id=a.manager.id,
                answers=[{'number': '1', 'answer': answer}], findings='Seen')
    a.manager.step(f'operation/supplier-assessments/{id}', 'complete')


def record(register, title, cure, **body):
    """A record that lacks something, and the change that mends it; both may be functions of the area."""
    def about(a):
        value = lambda x: x(a) if callable(x) else x
        id = a.make(register, **{**({title: fresh('Thing')} if title else {}), **{k: value(v) for k, v in body.items()}})
        yield id
        a.manager.change(f'{a.name}/{register}/{id}', {k: value(v) for k, v in cure.items()})
        yield
    return about


def of_asset(cure, **body):
    def about(a):
        id = asset(a, **body)
        yield id
        a.manager.change(f'operation/assets/{id}', {'owner_id': a.manager.id} if cure is None else cure)
        yield
    return about


def of_supplier(cure, **body):
    def about(a):
        id = supplier(a)
        a.manager.change(f'operation/suppliers/{id}', body)
        yield id
        a.manager.change(f'operation/suppliers/{id}', cure)
        yield
    return about


def no_asset(a):
    yield None
    asset(a)
    yield


def lost(a):
    id = asset(a)
    a.manager.step(f'operation/assets/{id}', 'report_lost', WHY)
    yield id
    a.manager.step(f'operation/assets/{id}', 'find', WHY)
    yield


def not_disposed(a):
    id = asset(a)
    a.manager.step(f'operation/assets/{id}', 'retire', WHY)
    sql(f"UPDATE operation.asset SET updated_at = now() - interval '89 days 23 hours' WHERE id = '{id}'")
    verdict('operation asset_not_disposed: not before 90 days', not a.gaps('asset_not_disposed', id))
    sql(f"UPDATE operation.asset SET updated_at = now() - interval '90 days 1 hour' WHERE id = '{id}'")
    yield id
    a.manager.step(f'operation/assets/{id}', 'dispose', {'disposal': 'destroyed', 'disposal_evidence': 'Certificate'})
    yield


def handed_out(a):
    id = a.make('asset-returns', asset_id=asset(a), holder='J. Roth', issued_on=day(-9), due_on=day(-1))
    yield id
    a.manager.step(f'operation/asset-returns/{id}', 'hand_back', {'returned_on': day(0), 'condition': 'Whole'})
    yield


def not_approved(a):
    id = supplier(a, approved=False)
    a.make('outsourced-processes', name=fresh('Run'), supplier_id=id)
    yield id
    a.owner.step(f'operation/suppliers/{id}', 'approve')
    yield


def not_assessed(a):
    id = supplier(a)
    a.manager.change(f'operation/suppliers/{id}', {'criticality': 'medium'})
    yield id
    assessed(a, id, 'yes', day(-365))
    yield


def failed(a):
    id = supplier(a)
    assessed(a, id, 'no', day(-2))
    yield id
    assessed(a, id, 'yes', day(-1))
    yield


def unreviewed(a):
    happened = a.make('changes', title=fresh('Change'), kind='unintended', description='It happened', happened_on=day(-1))
    verdict('operation change_not_reviewed: an unintended one at once', bool(a.gaps('change_not_reviewed', happened)))
    id = approved_change(a)
    a.manager.step(f'operation/changes/{id}', 'implement', {'implemented_on': day(0)})
    sql(f"UPDATE operation.change SET implemented_on = current_date - 30 WHERE id = '{id}'")
    verdict('operation change_not_reviewed: a planned one not before 30 days', not a.gaps('change_not_reviewed', id))
    sql(f"UPDATE operation.change SET implemented_on = current_date - 31 WHERE id = '{id}'")
    yield id
    a.manager.change(f'operation/changes/{id}', {'consequences': 'None'})
    a.manager.step(f'operation/changes/{id}', 'review')
    yield


def approved_change(a):
    id = a.make('changes', title=fresh('Change'), description='What', planned_on=day(0), owner_id=a.manager.id, risk='low', assessment='None',
                fallback='Back')
    a.manager.step(f'operation/changes/{id}', 'assess')
    a.owner.step(f'operation/changes/{id}', 'approve')
    return id


def late_change(a):
    id = approved_change(a)
    sql(f"UPDATE operation.change SET planned_on = current_date - 1 WHERE id = '{id}'")
    yield id
    a.manager.step(f'operation/changes/{id}', 'implement', {'implemented_on': day(0)})
    yield


def plan(a, starts):
    id = a.make('operational-plans', title=fresh('Plan'), steps='Look', criteria='All seen', owner_id=a.manager.id, starts_on=starts, rhythm_days=30)
    return id


def no_plan(a):
    id = plan(a, day(0))
    yield None
    a.owner.step(f'operation/operational-plans/{id}', 'approve')
    yield


def late_plan(a):
    id = plan(a, day(-31))
    a.owner.step(f'operation/operational-plans/{id}', 'approve')
    yield id
    a.make('operational-records', plan_id=id, title='Looked', performed_on=day(-1))
    yield


def incident(a, hours=-2, **more):
    return a.make('incidents', title=fresh('Incident'), category='outage', severity='low', aware_at=moment(hours), owner_id=a.manager.id,
                  containment='Shut', recovery='Open', **more)


def late_notice(a):
    id = a.make('notifications', incident_id=incident(a), kind='customer', recipient='Port', hours=1)
    yield id
    a.manager.step(f'operation/notifications/{id}', 'send', {'sent_at': moment(-0.1), 'how': 'By telephone', 'delay_reason': 'Nobody there'})
    yield


def not_closed(a):
    id = incident(a)
    a.manager.step(f'operation/incidents/{id}', 'contain')
    a.manager.step(f'operation/incidents/{id}', 'recover')
    sql(f"UPDATE operation.incident SET recovered_at = now() - interval '29 days 23 hours' WHERE id = '{id}'")
    verdict('operation incident_not_closed: not before 30 days', not a.gaps('incident_not_closed', id))
    sql(f"UPDATE operation.incident SET recovered_at = now() - interval '30 days 1 hour' WHERE id = '{id}'")
    yield id
    a.manager.step(f'operation/incidents/{id}', 'close')
    yield


def tampered(a):
    """Whoever holds the database changes an entry: who held it, when, the hash, and the file behind it."""
    of = incident(a)
    keep = lambda action, by, **more: a.make('custody-entries', incident_id=of, item='Disk', action=action, at=moment(-1), held_by=by, **more)
    file = lambda name: sql(f"SELECT id FROM core.file WHERE tenant_id = (SELECT id FROM core.organisation WHERE slug = '{a.slug}') AND name = '{name}'")
    for name in ('first', 'other'):
        call('POST', f'{a.manager.root}files?name={name}', name.encode(), a.manager.token)
    first = keep('collected', 'Ann', file_id=file('first'))
    keep('transferred', 'Bob', handed_by='Ann')
    intact = lambda: a.manager.get(f'operation/incidents/{of}/custody')['items'][0]['intact']
    verdict('operation custody_broken: whole as it was written', intact() and not a.gaps('custody_broken'))
    for column, other in (('held_by', "'Eve'"), ('at', "at - interval '1 second'"), ('digest', "repeat('0', 64)"), ('file_id', f"'{file('other')}'")):
        was = sql(f"SELECT quote_nullable({column}) FROM operation.custody_entry WHERE id = '{first}'")
        sql(f"UPDATE operation.custody_entry SET {column} = {other} WHERE id = '{first}'")
        verdict(f'operation custody_broken: another {column} shows', not intact() and bool(a.gaps('custody_broken', first)))
        sql(f"UPDATE operation.custody_entry SET {column} = {was} WHERE id = '{first}'")
    was = sql(f"SELECT sha256 FROM core.file WHERE id = '{file('first')}'")
    sql(f"UPDATE core.file SET sha256 = repeat('1', 64) WHERE id = '{file('first')}'")
    verdict('operation custody_broken: so does a store that says otherwise', not intact())
    sql(f"UPDATE core.file SET sha256 = '{was}' WHERE id = '{file('first')}'; UPDATE operation.custody_entry SET note = 'Added' WHERE id = '{first}'")
    yield first
    sql(f"UPDATE operation.custody_entry SET note = NULL WHERE id = '{first}'")
    yield


def continuity(a):
    return a.make('continuity-plans', title=fresh('Plan'), strategy='Second room', security='Shut', owner_id=a.manager.id, rto_minutes=60,
                  rpo_minutes=60, steps=[{'what': 'Start', 'minutes': 10}])


def no_continuity(a):
    id = continuity(a)
    yield None
    a.owner.step(f'operation/continuity-plans/{id}', 'approve')
    yield


def exercised(a, plan, rto, on=0):
    id = a.make('exercises', plan_id=plan, title=fresh('Exercise'), planned_on=day(0))
    a.manager.step(f'operation/exercises/{id}', 'hold', {'held_on': day(on), 'reached_rto_minutes': rto, 'reached_rpo_minutes': 1, 'findings': 'Seen'})


def not_exercised(a):
    id = continuity(a)
    a.owner.step(f'operation/continuity-plans/{id}', 'approve')
    sql(f"UPDATE operation.continuity_plan SET approved_at = now() - interval '367 days' WHERE id = '{id}'")
    yield id
    exercised(a, id, 10)
    yield


def missed(a):
    id = continuity(a)
    a.owner.step(f'operation/continuity-plans/{id}', 'approve')
    exercised(a, id, 61, -1)
    yield id
    exercised(a, id, 60)
    yield


def obligation(a):
    return a.make('obligations', title=fresh('Duty'), kind='legal', source='An act', how_met='By us', owner_id=a.manager.id)


def no_obligation(a):
    yield None
    obligation(a)
    yield


def obliged(verb):
    def about(a):
        id = obligation(a)
        if verb:
            a.manager.step(f'operation/obligations/{id}', verb, WHY)
        yield id
        a.manager.step(f'operation/obligations/{id}', 'confirm')
        yield
    return about


LATE = {'reviewed_on': lambda a: day(-300), 'review_on': lambda a: day(-1)}
SEEN = {'review_on': day(0)}
ALL = ['confidentiality', 'incidents', 'access_control', 'audit', 'subcontracting', 'return_of_data', 'continuity']
OPERATION = [
    ('asset_missing', 'A.5.9', 'assets', no_asset),
    ('asset_without_owner', 'A.5.9', 'assets', of_asset(None, owner_id=None)),
    ('asset_unsupported', 'A.5.9', 'assets', of_asset({'supported_until': day(0)}, supported_until=day(-1))),
    ('asset_lost', 'A.5.9', 'assets', lost),
    ('asset_not_disposed', 'A.5.9', 'assets', not_disposed),
    ('return_overdue', 'A.5.11', 'asset-returns', handed_out),
    ('supplier_not_approved', 'A.5.19', 'suppliers', not_approved),
    ('supplier_agreement_lapsed', 'A.5.20', 'suppliers', of_supplier({'agreement_until': day(0)}, agreement_until=day(-1))),
    ('supplier_clauses_missing', 'A.5.20', 'suppliers', of_supplier({'security_clauses': ALL}, criticality='high')),
    ('supplier_certificate_lapsed', 'A.5.22', 'suppliers', of_supplier({'certificate_until': day(0)}, certificate_until=day(-1))),
    ('supplier_certificate_unread', 'A.5.22', 'suppliers', of_supplier({'certificate_covers': True}, certificate='4711')),
    ('supplier_not_assessed', 'A.5.22', 'suppliers', not_assessed),
    ('supplier_failed', 'A.5.22', 'suppliers', failed),
    ('supplier_without_exit', 'A.5.23', 'suppliers', of_supplier({'exit_plan': 'To another one'}, criticality='high')),
    ('sub_supplier_not_agreed', 'A.5.21', 'suppliers',
     of_supplier({'sub_suppliers': [{'name': 'Halls', 'agreed': True}]}, sub_suppliers=[{'name': 'Halls'}])),
    ('outsourced_not_controlled', '8.1', 'outsourced-processes',
     record('outsourced-processes', 'name', {'owner_id': lambda a: a.manager.id, 'methods': ['reports'], 'control': 'Each month'}, supplier_id=supplier)),
    ('change_not_reviewed', '8.1', 'changes', unreviewed),
    ('change_overdue', '8.1', 'changes', late_change),
    ('plan_missing', '8.1', 'operational-plans', no_plan),
    ('plan_overdue', '8.1', 'operational-plans', late_plan),
    ('event_not_assessed', 'A.5.25', 'events', record('events', 'title', {'noticed_at': moment(-71)}, noticed_at=moment(-73))),
    ('notification_overdue', 'A.5.26', 'notifications', late_notice),
    ('incident_not_closed', 'A.5.27', 'incidents', not_closed),
    ('custody_broken', 'A.5.28', 'custody-entries', tampered),
    ('continuity_missing', 'A.5.30', 'continuity-plans', no_continuity),
    ('continuity_not_exercised', 'A.5.30', 'continuity-plans', not_exercised),
    ('continuity_missed', 'A.5.30', 'continuity-plans', missed),
    ('obligation_missing', 'A.5.31', 'obligations', no_obligation),
    ('obligation_not_assessed', 'A.5.31', 'obligations', obliged(None)),
    ('obligation_not_met', 'A.5.31', 'obligations', obliged('find_missing')),
    ('review_overdue', 'A.5.9', 'assets', of_asset(SEEN, reviewed_on=day(-300), review_on=day(-1))),
    ('review_overdue', 'A.5.22', 'suppliers', of_supplier(SEEN, reviewed_on=day(-300), review_on=day(-1))),
    ('review_overdue', '8.1', 'outsourced-processes', record('outsourced-processes', 'name', SEEN, supplier_id=supplier, **LATE)),
    ('review_overdue', 'A.5.31', 'obligations', record('obligations', 'title', SEEN, kind='legal', source='An act', **LATE)),
]


# ---- leadership -----------------------------------------------------------------------------------------------------------------------------
def text(a, document=None):
    """A document with a version in force, or its next one. It is written, approved and published by three."""
    document = document or a.writer.make('support/documents', {'title': fresh('Rules')})
    version = a.writer.make('support/document-versions', {'document_id': document, 'changes': 'Text', 'text': fresh('Shut the gate')})
    review = a.writer.make('support/document-reviews', {'version_id': version, 'reviewer_id': a.reviewer.id})
    a.writer.step(f'support/document-versions/{version}', 'submit')
    a.reviewer.step(f'support/document-reviews/{review}', 'approve')
    a.manager.step(f'support/document-versions/{version}', 'publish')
    return document


def policy(a, published=True, **more):
    id = a.make('policies', **{'title': fresh('Policy'), 'topic': 'Gates', 'document_id': text(a), **more})
    if published:
        a.management.step(f'leadership/policies/{id}', 'publish')
    return id


def person(a):
    return a.make('support/persons', name=fresh('Ada'), unit='Gate')


def role(a, **more):
    return a.make('roles', **{'name': fresh('Role'), 'responsibilities': 'Sees', 'authorities': 'May', 'deputy_needed': False,
                              'announced_on': day(0), **more})


def appointed(a, role, person, part='holder'):
    id = a.make('appointments', role_id=role, person_id=person, part=part, letter='Letter', from_on=day(-1), signed_on=day(-1))
    a.management.step(f'leadership/appointments/{id}', 'appoint')
    return id


def no_deeds(a):
    verdict('leadership deed_missing: one for each of the eight', len(a.gaps('deed_missing')) == 8)
    old = a.management.make('leadership/commitments', {'letter': 'a', 'title': 'Long ago', 'done_on': day(-366), 'evidence': 'Minutes'})
    verdict('leadership deed_missing: what is older than a year shows nothing', len(a.gaps('deed_missing')) == 8, old)
    a.management.make('leadership/commitments', {'letter': 'a', 'title': 'Just', 'done_on': day(-365), 'evidence': 'Minutes'})
    verdict('leadership deed_missing: what is a year old does', len(a.gaps('deed_missing')) == 7)
    yield None
    for letter in 'bcdefgh':
        a.management.make('leadership/commitments', {'letter': letter, 'title': 'Done', 'done_on': day(0), 'evidence': 'Minutes'})
    yield


def no_policy(a):
    yield None
    policy(a, published=False, level='top')
    yield


def not_published(a):
    id = policy(a, published=False)
    yield id
    a.management.step(f'leadership/policies/{id}', 'publish')
    yield


def outdated(a):
    id = policy(a)
    text(a, a.manager.get(f'leadership/policies/{id}')['document_id'])
    yield id
    a.management.step(f'leadership/policies/{id}', 'publish')
    yield


def not_reviewed(a):
    id = policy(a)
    sql(f"UPDATE leadership.policy SET review_on = current_date WHERE id = '{id}'")
    verdict('leadership policy_review_overdue: not on its day', not a.gaps('policy_review_overdue', id))
    sql(f"UPDATE leadership.policy SET review_on = current_date - 1 WHERE id = '{id}'")
    yield id
    a.management.step(f'leadership/policies/{id}', 'confirm')
    yield


def not_told(a):
    id = policy(a)
    campaign = a.make('acknowledgement-campaigns', title='Read', policy_id=id, due_on=day(9))
    yield id
    a.manager.step(f'leadership/acknowledgement-campaigns/{campaign}', 'start')
    yield


def nobody_with(duty):
    def about(a):
        at = role(a, duty=duty)
        appointed(a, at, person(a), 'deputy') # a deputy is no holder
        yield None
        appointed(a, at, person(a))
        yield
    return about


def vacant(a):
    id = role(a)
    yield id
    appointed(a, id, person(a))
    yield


def no_deputy(a):
    id = role(a, deputy_needed=True)
    appointed(a, id, person(a))
    yield id
    appointed(a, id, person(a), 'deputy')
    yield


def not_announced(a):
    id = role(a, announced_on=None)
    appointed(a, id, person(a))
    yield id
    a.manager.change(f'leadership/roles/{id}', {'announced_on': day(0)})
    yield


def both(a):
    runs, audits, who = role(a, duty='conformity'), role(a, duty='audit'), person(a)
    appointed(a, runs, who)
    held = appointed(a, audits, who)
    yield audits
    a.manager.step(f'leadership/appointments/{held}', 'end', WHY)
    yield


def row(a):
    return a.make('responsibilities', activity=fresh('Shut the gate'), accountable_id=role(a))


def nobody_does(a):
    id = row(a)
    yield id
    a.manager.post(f'leadership/responsibilities/{id}/links/responsible', {'id': role(a)})
    yield


def unanswered(register, relation, **body):
    def about(a):
        id = a.make(register, **body)
        yield id
        a.manager.post(f'leadership/responsibilities/{row(a)}/links/{relation}', {'id': id})
        yield
    return about


LEADERSHIP = [
    ('deed_missing', '5.1', 'commitments', no_deeds),
    ('policy_missing', '5.2', 'policies', no_policy),
    ('policy_not_published', '5.2', 'policies', not_published),
    ('policy_outdated', '5.2', 'policies', outdated),
    ('policy_review_overdue', '5.2', 'policies', not_reviewed),
    ('policy_not_told', '5.2', 'policies', not_told),
    ('conformity_role_missing', '5.3', 'roles', nobody_with('conformity')),
    ('reporting_role_missing', '5.3', 'roles', nobody_with('reporting')),
    ('role_vacant', '5.3', 'roles', vacant),
    ('deputy_missing', '5.3', 'roles', no_deputy),
    ('role_not_announced', '5.3', 'roles', not_announced),
    ('runs_and_audits', '5.3', 'roles', both),
    ('nobody_responsible', '5.3', 'responsibilities', nobody_does),
    ('process_unanswered', '5.3', '/context/processes',
     unanswered('context/processes', 'processes', name=fresh('Keep'), family='realization', purpose='Let in who may')),
    ('control_unanswered', '5.3', '/annex-a/controls', unanswered('annex-a/controls', 'controls', title=fresh('Control'), origin='own')),
]
if __name__ == '__main__':
    Area('operation').try_all(OPERATION)
    Area('leadership').try_all(LEADERSHIP)
    end()

"""The signals of leadership, support and operation: of an empty organisation, then of one whose figures are counted by hand below."""
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, '../support')]
from isms_gaps import WHY, Area, appointed, approved_change, asset, assessed, continuity, incident, obligation, plan, policy, role, supplier, text
from service import day, end, fresh, moment, sql, verdict

operation = Area('operation')
leadership, support = Area('leadership', operation.slug), Area('support', operation.slug)
manager, owner, management, writer, reviewer = (operation.manager, operation.owner, operation.management, operation.writer, operation.reviewer)


def expect(when, wanted):
    got = {f"{s['area']}.{s['name']}": (s['value'], s['of'], s['good']) for s in manager.get('signals')['items']
           if s['area'] in ('leadership', 'support', 'operation')}
    got.pop('operation.overdue')  # moves when the worker comes by: duties.sh has it
    for name in sorted(got.keys() | wanted.keys()):
        verdict(f'{when}: {name}', got.get(name) == wanted.get(name), (got.get(name), wanted.get(name)))


EMPTY = (0, 0, False)  # nothing is good where there is nothing
expect('with nothing', {
    'leadership.deeds_shown': (0, 8, False), 'leadership.policy_published': (0, None, False), 'leadership.policies_reviewed': EMPTY,
    'leadership.policy_acknowledged': EMPTY, 'leadership.roles_held': EMPTY, 'leadership.reporting_role': (0, None, False),
    'support.mandatory_documents': (0, 19, False), 'support.documents_reviewed': EMPTY, 'support.reviews_overdue': EMPTY,
    'support.documents_to_dispose': EMPTY, 'support.means_undecided': EMPTY, 'support.means_short': EMPTY, 'support.competence_met': EMPTY,
    'support.trainings_unjudged': EMPTY, 'support.awareness_coverage': EMPTY, 'support.communication_planned': EMPTY,
    'operation.assets_without_owner': EMPTY, 'operation.suppliers_assessed': EMPTY, 'operation.outsourced_controlled': EMPTY,
    'operation.plans_overdue': EMPTY, 'operation.changes_unreviewed': EMPTY, 'operation.notifications_overdue': EMPTY,
    'operation.severe_incidents_open': EMPTY, 'operation.vulnerability_days': (None, None, False),
    'operation.continuity_plans_approved': EMPTY, 'operation.obligations_met': EMPTY})

# Three assets in use, one of them nobody's; one is gone and counts no more.
asset(operation), asset(operation), asset(operation, owner_id=None)
gone = asset(operation)
manager.step(f'operation/assets/{gone}', 'retire', WHY)
manager.step(f'operation/assets/{gone}', 'dispose', {'disposal': 'destroyed', 'disposal_evidence': 'Certificate'})
# Of three approved suppliers that are not of low criticality one has passed, one has failed, one was not asked; a low one need not be.
suppliers = [supplier(operation) for _ in range(3)]
for id in suppliers:
    manager.change(f'operation/suppliers/{id}', {'criticality': 'medium'})
assessed(operation, suppliers[0], 'yes', day(-365))
assessed(operation, suppliers[1], 'no', day(-1))
supplier(operation)
# One process of two is controlled.
operation.make('outsourced-processes', name=fresh('Run'), supplier_id=suppliers[0])
operation.make('outsourced-processes', name=fresh('Run'), supplier_id=suppliers[0], owner_id=manager.id, methods=['reports'], control='Each month')
# Of two running plans the one that began 31 days ago is late; a draft does not count.
for starts in (day(-31), day(0)):
    owner.step(f"operation/operational-plans/{plan(operation, starts)}", 'approve')
plan(operation, day(-31))
# One change happened, one was done, both to be reviewed; an approved one is not yet.
operation.make('changes', title=fresh('Change'), kind='unintended', description='It happened', happened_on=day(-1))
manager.step(f'operation/changes/{approved_change(operation)}', 'implement', {'implemented_on': day(0)})
approved_change(operation)
# One high incident is open with a late notification and one in time; a low one is open too.
high = operation.make('incidents', title=fresh('Incident'), category='outage', severity='high', aware_at=moment(-2))
for hours in (1, 24):
    operation.make('notifications', incident_id=high, kind='customer', recipient='Port', hours=hours)
incident(operation)
# One continuity plan of two live ones holds; the third is retired.
plans = [continuity(operation) for _ in range(3)]
owner.step(f'operation/continuity-plans/{plans[0]}', 'approve')
manager.step(f'operation/continuity-plans/{plans[2]}', 'retire', WHY)
# Of two duties that apply one is met.
duties = [obligation(operation) for _ in range(3)]
manager.step(f'operation/obligations/{duties[0]}', 'confirm')
manager.step(f'operation/obligations/{duties[2]}', 'exclude', WHY)

# Two letters of eight were shown within a year, one of them twice; a third one is too old.
for letter, on in (('a', 0), ('a', -9), ('b', -365), ('c', -366)):
    management.make('leadership/commitments', {'letter': letter, 'title': 'Done', 'done_on': day(on), 'evidence': 'Minutes'})
# Two published policies, the review of one has passed. Of two persons who work here one has read the first of them.
top = policy(leadership, level='top', fits_purpose=True, gives_objectives=True, promises_requirements=True, promises_improvement=True)
late = policy(leadership)
sql(f"UPDATE leadership.policy SET review_on = current_date - 1 WHERE id = '{late}'")
ada = support.make('persons', name='Ada', unit='Gate', member_id=writer.id, roles=['Keeper'])
bo = support.make('persons', name='Bo', unit='Gate', roles=['Keeper'])
support.make('persons', name='Cy', unit='Gate', left_on=day(-1))
writer.make('support/acknowledgements', {'version_id': manager.get(f'leadership/policies/{top}')['version_id']})
# Of two roles one is held, by who reports.
appointed(leadership, role(leadership, duty='both'), bo)
role(leadership)

# Three documents are in force: two are the policies', the third is a mandatory one and its review has passed.
third = text(support)
manager.change(f'support/documents/{third}', {'mandatory_id': 'MD-02'})
sql(f"UPDATE support.document SET review_on = current_date - 1 WHERE id = '{third}'")
# Two more reviews are asked for, five with those of what is in force, one of them for yesterday.
# One of two withdrawn documents is kept beyond its time.
for due in (day(-1), day(0)):
    draft = writer.make('support/documents', {'title': fresh('Rules')})
    version = writer.make('support/document-versions', {'document_id': draft, 'changes': 'Text', 'text': 'Shut it'})
    writer.make('support/document-reviews', {'version_id': version, 'reviewer_id': reviewer.id, 'due_on': due})
for until in (-1, 0):
    old = writer.make('support/documents', {'title': fresh('Rules'), 'retention_months': 1})
    manager.step(f'support/documents/{old}', 'withdraw', WHY)
    sql(f"UPDATE support.document SET retain_until = current_date + {until} WHERE id = '{old}'")
# One plan of means is asked for; of two that run one was granted short; one that was is over.
for asked, granted, starts, ends in (('5.00', None, 0, 9), ('5.00', '4.00', 0, 9), ('5.00', '5.00', -9, 0), ('5.00', '1.00', -9, -1)):
    means = writer.make('support/resource-plans', {'title': 'Days', 'kind': 'people', 'purpose': 'Watch', 'unit': 'Gate', 'planned': asked,
                                                   'period_from': day(starts), 'period_to': day(ends)})
    writer.step(f'support/resource-plans/{means}', 'request')
    if granted:
        management.step(f'support/resource-plans/{means}', 'grant', {'granted': granted})
# Both keepers need level 2; one shows it.
can = support.make('competences', name=fresh('Knows faces'))
support.make('competence-needs', role='Keeper', competence_id=can, level=2)
for person, level in ((ada, 2), (bo, 1)):
    support.make('qualifications', person_id=person, competence_id=can, level=level, evidence='Seen', obtained_on=day(-9))
# One training's effect was due yesterday, another's is due today.
for due in (-1, 0):
    training = support.make('trainings', title='Faces', competence_id=can, planned_on=day(-9))
    manager.post(f'support/trainings/{training}/links/participants', {'id': ada})
    manager.step(f'support/trainings/{training}', 'hold', {'held_on': day(-9)})
    sql(f"UPDATE support.training SET evaluate_on = current_date + {due} WHERE id = '{training}'")
# One of two persons has passed.
campaign = support.make('awareness-campaigns', title='Strangers', topics=['contribution'], starts_on=day(-9), ends_on=day(9), pass_mark=80)
manager.step(f'support/awareness-campaigns/{campaign}', 'start')
for person, score in ((ada, 80), (bo, 79)):
    support.make('attendances', campaign_id=campaign, person_id=person, attended_on=day(-1), score=score)
# Of three lines of the plan one was to be told yesterday.
for first in ({'first_on': day(-1)}, {'first_on': day(0)}, {}):
    support.make('communication-items', subject=fresh('State'), occasion='Each quarter', audience='Everybody', sender_id=manager.id,
                 channel='Board', **first)

expect('counted by hand', {
    'leadership.deeds_shown': (2, 8, False), 'leadership.policy_published': (1, None, True), 'leadership.policies_reviewed': (1, 2, False),
    'leadership.policy_acknowledged': (1, 2, False), 'leadership.roles_held': (1, 2, False), 'leadership.reporting_role': (1, None, True),
    'support.mandatory_documents': (1, 19, False), 'support.documents_reviewed': (2, 3, False), 'support.reviews_overdue': (1, 5, False),
    'support.documents_to_dispose': (1, 7, False), 'support.means_undecided': (1, 4, False), 'support.means_short': (1, 2, False),
    'support.competence_met': (1, 2, False), 'support.trainings_unjudged': (1, 2, False), 'support.awareness_coverage': (1, 2, False),
    'support.communication_planned': (2, 3, False),
    'operation.assets_without_owner': (1, 3, False), 'operation.suppliers_assessed': (1, 3, False), 'operation.outsourced_controlled': (1, 2, False),
    'operation.plans_overdue': (1, 2, False), 'operation.changes_unreviewed': (2, 3, False), 'operation.notifications_overdue': (1, 2, False),
    'operation.severe_incidents_open': (1, 2, False), 'operation.vulnerability_days': (None, None, False),
    'operation.continuity_plans_approved': (1, 2, True),
    'operation.obligations_met': (1, 2, False)})
end()

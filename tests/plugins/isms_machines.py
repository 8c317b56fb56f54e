"""Every state machine of leadership, support and operation: which verb leads where, written down here and compared with what the service
says of itself, so that a new verb is missed; then each verb from each state, allowed or refused. What the verbs ask besides the state is
shown by each area's own tests; here the record is fit for them, or the rule that says no is named."""
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, '../support')]
from isms_gaps import WHY, Area, asset, continuity, incident, obligation, person, plan, policy, role, supplier
from service import day, end, fresh, moment, sql, verdict

a = Area('operation')
leadership, support = Area('leadership', a.slug), Area('support', a.slug)

# register: (states, {verb: from -> to})
MACHINES = {
    'support/documents': ('draft in_force withdrawn disposed', {
        'enforce': 'draft in_force -> in_force', 'confirm': 'in_force -> in_force', 'withdraw': 'draft in_force -> withdrawn',
        'dispose': 'withdrawn -> disposed',}),
    'support/document-versions': ('draft in_review approved published superseded discarded', {
        'submit': 'draft -> in_review', 'recall': 'in_review -> draft', 'return': 'in_review -> draft', 'approve': 'in_review -> approved',
        'publish': 'approved -> published', 'supersede': 'published -> superseded', 'discard': 'draft in_review approved -> discarded',}),
    'support/document-reviews': ('pending approved rejected', {
        'approve': 'pending -> approved', 'reject': 'pending -> rejected', 'ask': 'approved rejected -> pending',}),
    'support/resource-plans': ('draft requested granted refused closed', {
        'request': 'draft -> requested', 'withdraw': 'requested -> draft', 'grant': 'requested -> granted',
        'refuse': 'requested -> refused', 'close': 'granted -> closed',}),
    'support/trainings': ('planned held effective ineffective cancelled', {
        'hold': 'planned -> held', 'prove': 'held -> effective', 'fail': 'held -> ineffective', 'cancel': 'planned -> cancelled',}),
    'support/qualifications': ('valid expired revoked', {
        'expire': 'valid -> expired', 'revoke': 'valid -> revoked',}),
    'support/awareness-campaigns': ('planned running closed cancelled', {
        'start': 'planned -> running', 'close': 'running -> closed', 'cancel': 'planned running -> cancelled',}),
    'leadership/policies': ('draft published withdrawn', {
        'publish': 'draft published -> published', 'confirm': 'published -> published', 'withdraw': 'draft published -> withdrawn',}),
    'leadership/acknowledgement-campaigns': ('draft running closed cancelled', {
        'start': 'draft -> running', 'remind': 'running -> stays', 'close': 'running -> closed', 'cancel': 'draft running -> cancelled',}),
    'leadership/appointments': ('proposed in_force ended', {
        'appoint': 'proposed -> in_force', 'end': 'proposed in_force -> ended',}),
    'operation/assets': ('in_use in_storage lost retired disposed', {
        'store': 'in_use -> in_storage', 'take_into_use': 'in_storage retired -> in_use',
        'report_lost': 'in_use in_storage retired -> lost', 'find': 'lost -> in_storage', 'retire': 'in_use in_storage lost -> retired',
        'dispose': 'retired -> disposed',}),
    'operation/asset-returns': ('issued returned missing', {
        'hand_back': 'issued missing -> returned', 'give_up': 'issued -> missing',}),
    'operation/events': ('reported incident dismissed', {
        'declare': 'reported -> incident', 'attach': 'reported -> incident', 'dismiss': 'reported -> dismissed',
        'reopen': 'dismissed -> reported',}),
    'operation/incidents': ('open contained eradicated recovered closed discarded', {
        'contain': 'open -> contained', 'eradicate': 'contained -> eradicated', 'recover': 'contained eradicated -> recovered',
        'close': 'recovered -> closed', 'discard': 'open contained -> discarded', 'reopen': 'closed discarded recovered -> open',}),
    'operation/notifications': ('pending sent waived', {
        'send': 'pending -> sent', 'supplement': 'sent -> stays', 'waive': 'pending -> waived', 'reopen': 'waived -> pending',}),
    'operation/obligations': ('identified met not_met not_applicable', {
        'confirm': 'identified met not_met -> met', 'find_missing': 'identified met -> not_met',
        'exclude': 'identified met not_met -> not_applicable', 'reconsider': 'not_applicable -> identified',}),
    'operation/suppliers': ('candidate approved suspended ended', {
        'approve': 'candidate -> approved', 'suspend': 'approved -> suspended', 'reinstate': 'suspended -> approved',
        'end': 'candidate approved suspended -> ended',}),
    'operation/questionnaire-templates': ('draft published retired', {
        'publish': 'draft -> published', 'retire': 'published -> retired',}),
    'operation/supplier-assessments': ('draft completed', {
        'complete': 'draft -> completed',}),
    'operation/changes': ('requested assessed approved implemented reviewed rejected cancelled', {
        'assess': 'requested -> assessed', 'send_back': 'assessed -> requested', 'approve': 'assessed -> approved',
        'reject': 'requested assessed -> rejected', 'cancel': 'requested assessed approved -> cancelled',
        'implement': 'approved -> implemented', 'review': 'implemented -> reviewed', 'review_consequences': 'requested -> reviewed',}),
    'operation/operational-plans': ('draft active completed cancelled', {
        'approve': 'draft -> active', 'complete': 'active -> completed', 'cancel': 'draft active -> cancelled',}),
    'operation/continuity-plans': ('draft approved retired', {
        'approve': 'draft -> approved', 'revise': 'approved -> draft', 'retire': 'draft approved -> retired',}),
    'operation/exercises': ('planned held cancelled', {
        'hold': 'planned -> held', 'cancel': 'planned -> cancelled',}),
    'operation/overdue-notices': ('open settled', {
        'settle': 'open -> settled',}),
}


# ---- a record of each, fit for what its verbs ask ------------------------------------------------------------------------------------------
def version():
    document = a.writer.make('support/documents', {'title': fresh('Rules'), 'quorum': 1})
    id = a.writer.make('support/document-versions', {'document_id': document, 'changes': 'Text', 'text': 'Shut it'})
    a.writer.make('support/document-reviews', {'version_id': id, 'reviewer_id': a.reviewer.id})
    return id


def review():
    id = version()
    sql(f"UPDATE support.document_version SET {IN['support/document-versions']}, status = 'in_review' WHERE id = '{id}'")
    return sql(f"SELECT id FROM support.document_review WHERE version_id = '{id}'")


def training():
    id = support.make('trainings', title='Faces', competence_id=support.make('competences', name=fresh('Faces')), planned_on=day(-9))
    a.manager.post(f'support/trainings/{id}/links/participants', {'id': person(support)})
    sql(f"UPDATE support.training SET held_on = current_date - 9 WHERE id = '{id}'")
    return id


def qualification():
    return support.make('qualifications', person_id=person(support), competence_id=support.make('competences', name=fresh('Faces')), level=1,
                        evidence='Seen', obtained_on=day(-9), expires_on=day(-1))


def campaign():
    unit = fresh('Unit')
    support.make('persons', name='Ada', unit=unit)
    return support.make('awareness-campaigns', title='Strangers', topics=['threats'], units=[unit], starts_on=day(-9), ends_on=day(9))


def published(register):
    """A policy that is published, so that its campaigns may start; nobody has read it."""
    person(support)
    return policy(leadership)


def appointment():
    return leadership.make('appointments', role_id=role(leadership), person_id=person(support), letter='Letter', from_on=day(-1), signed_on=day(-1))


def assessment():
    if not hasattr(a, 'questions'):
        a.questions = questionnaire()
        a.manager.step(f'operation/questionnaire-templates/{a.questions}', 'publish')
    return a.make('supplier-assessments', title='Asked', supplier_id=supplier(a), template_id=a.questions, assessed_on=day(0),
                  assessor_id=a.manager.id, answers=[{'number': '1', 'answer': 'yes'}])


def questionnaire():
    return a.make('questionnaire-templates', name=fresh('Questions'), questions=[{'number': '1', 'text': 'Do you?', 'weight': 1}])


def change(**more):
    return a.make('changes', **{'title': fresh('Change'), 'description': 'What', 'planned_on': day(0), 'owner_id': a.manager.id, 'risk': 'low',
                                'assessment': 'None', 'fallback': 'Back', 'consequences': 'None', 'mitigation': 'None', **more})


def running_plan():
    id = plan(a, day(-9))
    sql(f"UPDATE operation.operational_plan SET last_record_on = current_date WHERE id = '{id}'")
    a.make('operational-records', plan_id=id, title='Looked', performed_on=day(0))
    return id


def notice():
    """As the service notes it; by hand none is made."""
    return sql("INSERT INTO operation.overdue_notice (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by, status, title, what,"
               " passed_on, subject, subject_key, subject_ref) SELECT id, gen_random_uuid(), 'OVD-' || substr(gen_random_uuid()::text, 1, 8), 1, now(),"
               " id, now(), id, 'open', 'Something', 'review', current_date, 'operation.assets', gen_random_uuid()::text, 'AST-1' FROM core.organisation"
               f" WHERE slug = '{a.slug}' RETURNING id")


MAKE = {
    'support/documents': lambda: support.make('documents', title=fresh('Rules'), location='Archive', retention_months=0),
    'support/document-versions': version,
    'support/document-reviews': review,
    'support/resource-plans': lambda: a.writer.make('support/resource-plans', {
        'title': 'Days', 'kind': 'people', 'purpose': 'Watch', 'unit': 'Gate', 'planned': '5.00', 'period_from': day(0), 'period_to': day(9)}),
    'support/trainings': training,
    'support/qualifications': qualification,
    'support/awareness-campaigns': campaign,
    'leadership/policies': lambda: policy(leadership, published=False),
    'leadership/acknowledgement-campaigns': lambda: leadership.make('acknowledgement-campaigns', title='Read', policy_id=PUBLISHED, due_on=day(9)),
    'leadership/appointments': appointment,
    'operation/assets': lambda: asset(a),
    'operation/asset-returns': lambda: a.make('asset-returns', asset_id=asset(a), holder='J. Roth', issued_on=day(-9)),
    'operation/events': lambda: a.make('events', title=fresh('Event'), noticed_at=moment(-1)),
    'operation/incidents': lambda: incident(a, eradication='Gone'),
    'operation/notifications': lambda: a.make('notifications', incident_id=incident(a), kind='customer', recipient='Port', hours=24),
    'operation/obligations': lambda: obligation(a),
    'operation/suppliers': lambda: supplier(a, approved=False),
    'operation/questionnaire-templates': questionnaire,
    'operation/supplier-assessments': assessment,
    'operation/changes': change,
    'operation/operational-plans': running_plan,
    'operation/continuity-plans': lambda: continuity(a),
    'operation/exercises': lambda: a.make('exercises', plan_id=continuity(a), title=fresh('Exercise'), planned_on=day(0)),
    'operation/overdue-notices': notice,
}
# What a row must also hold in any state but its first, by the table's own constraints.
IN = {'support/resource-plans': 'granted = 5, used = 1',
      'support/document-versions': "sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex'), quorum = 1"}
# Who does it, where it is not the owner.
WHO = {'support/document-reviews': a.reviewer, 'leadership/policies': a.management}
# Rules that say no although the state is right.
RULES = {
    'support/documents:enforce:in_force': 'in_force_already',
    'support/document-versions:return': 'not_rejected',       # by itself, when a reviewer rejects it
    'support/document-versions:approve': 'quorum_open',       # by itself, with the approval that fills the quorum
    'support/document-versions:supersede': 'still_in_force',  # by itself, when the next one comes
    'operation/changes:review_consequences': 'planned',       # of an unintended one: operation_changes.c
    'operation/overdue-notices:settle': 'by_itself',
}


def first_of(field):
    values = field.get('values') or ['']
    return values[0] if isinstance(values[0], str) else values[0]['value']


def body(transition):
    """What the verb takes, as the service says of itself."""
    words = dict(WHY) if transition['reason'] else {}
    for field in transition['input']:
        words[field['name']] = {'text': 'Tried in a test', 'date': day(0), 'time': moment(-0.01), 'integer': 1, 'int': 1, 'decimal': '1.00', 'boolean': True,
                                'enum': first_of(field), 'ref': OPEN}[field['type']]
    return words


def put(register, id, state, first):
    table = TABLES[register]
    also = f", {IN[register]}" if register in IN and state != first else ''
    sql(f"UPDATE {table} SET status = '{state}'{also} WHERE id = '{id}'")


def code_of(answer):
    return {answer.get('type', '').rsplit(':', 1)[-1]} | {error['code'] for error in answer.get('errors', [])}


PUBLISHED, OPEN = published('leadership/policies'), incident(a)
META = {r['path']: r for area in a.manager.get('meta')['areas'] for r in area['resources']
        if area['name'] in ('leadership', 'support', 'operation') and r.get('states')}
TABLES = {path: r['name'].split('.')[0] + '.' + r['singular'] for path, r in META.items()}
verdict('every machine is written down', META.keys() == MACHINES.keys(), META.keys() ^ MACHINES.keys())
for register, (states, verbs) in MACHINES.items():
    said = {t['name']: f"{' '.join(t['from'])} -> {t['to'] or 'stays'}" for t in META[register]['transitions']}
    verdict(f'{register}: states and verbs are as written down', said == verbs and [s['name'] for s in META[register]['states']] == states.split(),
            {k: (said.get(k), verbs.get(k)) for k in said.keys() | verbs.keys() if said.get(k) != verbs.get(k)})
    who, first, wrong, tried = WHO.get(register, a.owner), states.split()[0], [], 0
    stands = {state: MAKE[register]() for state in states.split()}  # what is refused leaves a record as it was
    for state, id in stands.items():
        put(register, id, state, first)
    for transition in META[register]['transitions']:
        verb = transition['name']
        came, to = verbs[verb].split(' -> ')
        for state in states.split():
            id = stands[state]
            if state in came.split():
                id = MAKE[register]()
                put(register, id, state, first)
            status, answer = who.act(f'{register}/{id}', verb, body(transition))
            now = a.manager.get(f'{register}/{id}')['status']
            rule = RULES.get(f'{register}:{verb}', RULES.get(f'{register}:{verb}:{state}'))
            if state not in came.split():
                good = status == 409 and 'wrong_state' in code_of(answer) and now == state
            elif rule:
                good = status in (403, 409, 422) and rule in code_of(answer) and now == state
            else:
                good = status == 200 and now == (state if to == 'stays' else to)
            tried += 1
            if not good:
                wrong.append((state, verb, status, now, code_of(answer) if status != 200 else ''))
    verdict(f'{register}: each of {tried} verbs from each state leads where it must, or is refused', not wrong, wrong)
end()

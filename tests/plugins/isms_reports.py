"""What leadership, support and operation print: ordered, made by `ballium work`, fetched, and looked into. Records of the test's own, in an
organisation of its own."""
import os, re, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
from service import Member, call, day, end, moment, new_organisation, printed, sql, verdict, words

slug = new_organisation('prints', ['owner', 'manager', 'contributor', 'risk_owner', 'top_management'])
owner, manager, writer, reviewer, management = (Member('keep', role, slug) for role in
                                                ('owner', 'manager', 'contributor', 'risk_owner', 'top_management'))
name_of = lambda who: call('GET', '/api/v1/me', token=who.token)[2]['user']['name']

text = '# Purpose\n\nNobody enters **unseen**. <script>alert(1)</script>\n\n- Gates are shut at night\n- Strangers are asked\n\n1. Look\n2. Ask'
document = writer.make('support/documents', {'title': 'Rules of the gate', 'number': 'GATE-1', 'kind': 'policy', 'classification': 'internal',
                                             'quorum': 1, 'retention_months': 24, 'owner_id': manager.id})
version = writer.make('support/document-versions', {'document_id': document, 'changes': 'First text', 'text': text})
review = writer.make('support/document-reviews', {'version_id': version, 'reviewer_id': reviewer.id})
draft = writer.order('support/reports/document', {'id': document, 'format': 'xlsx'})
verdict('a draft is called one', 'draft, not in force' in words(writer.fetch(draft)), draft)
writer.step(f'support/document-versions/{version}', 'submit')
reviewer.step(f'support/document-reviews/{review}', 'approve')
manager.step(f'support/document-versions/{version}', 'publish')
sha256 = manager.get(f'support/document-versions/{version}')['sha256']

person = manager.make('support/persons', {'name': 'Ada Byron', 'unit': 'Gate house', 'roles': ['Gate keeper'], 'member_id': writer.id})
competence = manager.make('support/competences', {'name': 'Tells friend from foe'})
manager.make('support/competence-needs', {'role': 'Gate keeper', 'competence_id': competence, 'level': 3})
manager.make('support/qualifications', {'person_id': person, 'competence_id': competence, 'level': 2, 'evidence': 'Seen at work',
                                        'obtained_on': day(-9), 'expires_on': day(300)})

policy = manager.make('leadership/policies', {
    'title': 'Policy of the gate', 'level': 'top', 'document_id': document, 'owner_id': manager.id, 'outside': 'Guests, by a board',
    **{promise: True for promise in ('fits_purpose', 'gives_objectives', 'promises_requirements', 'promises_improvement')}})
drafted = words(manager.fetch(manager.order('leadership/reports/policy', {'id': policy, 'format': 'xlsx'})))
verdict('a policy that nobody stands for says so', 'nobody stands for it yet' in drafted and name_of(management) not in drafted, drafted)
management.step(f'leadership/policies/{policy}', 'publish')
campaign = manager.make('leadership/acknowledgement-campaigns', {'title': 'Read the rules', 'policy_id': policy, 'due_on': day(9)})
manager.step(f'leadership/acknowledgement-campaigns/{campaign}', 'start')
role = manager.make('leadership/roles', {'name': 'Gate keeper', 'responsibilities': 'Keeps the gate', 'authorities': 'May shut it'})
other = manager.make('leadership/roles', {'name': 'Night watch', 'responsibilities': 'Looks', 'authorities': 'May shout'})
row = manager.make('leadership/responsibilities', {'activity': 'Shut the gate', 'accountable_id': role})
manager.post(f'leadership/responsibilities/{row}/links/informed', {'id': other})
appointment = manager.make('leadership/appointments', {'role_id': role, 'person_id': person, 'from_on': day(-9), 'signed_on': day(-9), 'part': 'holder'})
management.step(f'leadership/appointments/{appointment}', 'appoint')
process = manager.make('context/processes', {'name': 'Keep the gate', 'family': 'realization', 'purpose': 'Let in who may'})
manager.post(f'leadership/responsibilities/{row}/links/processes', {'id': process})

store = manager.make('operation/assets', {'name': 'Gate book', 'kind': 'information', 'classification': 'confidential', 'confidentiality': 4,
                                          'integrity': 2, 'availability': 2, 'inventory_number': 'GB-1', 'owner_id': manager.id})
shelf = manager.make('operation/assets', {'name': 'Shelf of the gate', 'kind': 'equipment', 'confidentiality': 1, 'integrity': 1,
                                          'availability': 1})
manager.make('operation/asset-dependencies', {'asset_id': store, 'depends_on_id': shelf, 'what': 'Lies on it'})
incident = manager.make('operation/incidents', {
    'title': 'Gate stood open', 'category': 'physical', 'severity': 'high', 'aware_at': moment(-30), 'owner_id': manager.id,
    'description': 'From dusk on', 'containment': 'Shut it', 'recovery': 'Watched it for a night', 'root_cause': 'The bolt was rusty',
    'lessons': 'Oil it every month'})
manager.post(f'operation/incidents/{incident}/links/assets', {'id': store})
manager.make('operation/incident-entries', {'incident_id': incident, 'at': moment(-29), 'text': 'Wind moved the gate'})
manager.make('operation/notifications', {'incident_id': incident, 'kind': 'insurer', 'recipient': 'Insurance of the castle', 'hours': 24})
file = call('POST', f'{manager.root}files?name=bolt.jpg', b'a picture of the bolt', manager.token)[2]
manager.make('operation/custody-entries', {'incident_id': incident, 'item': 'Picture of the bolt', 'action': 'collected', 'at': moment(-28),
                                           'held_by': 'Night watch', 'file_id': file['id']})

wanted = {
    'support/reports/document': (document, ['Rules of the gate', 'GATE-1', 'Nobody enters', 'Gates are shut at night', '24 months', sha256,
                                            'Approved by', name_of(reviewer), 'Published by', name_of(manager), name_of(writer), 'First text']),
    'support/reports/competence-matrix': (None, ['Ada Byron', 'Gate house', 'Gate keeper', 'Tells friend from foe', 'below']),
    'leadership/reports/policy': (policy, ['Policy of the gate', 'Information security policy', 'Nobody enters', 'Published by',
                                           name_of(management), 'Text approved by', 'Guests, by a board', sha256, 'Read the rules', 'everybody']),
    'leadership/reports/responsibility-matrix': (None, ['Shut the gate', 'Gate keeper', 'Night watch', 'Keep the gate', 'May shut it', 'Ada Byron']),
    'operation/reports/incident': (incident, ['Gate stood open', 'still open', 'From dusk on', 'The bolt was rusty', 'Oil it every month',
                                              'Wind moved the gate', 'Insurance of the castle', 'late', 'Picture of the bolt', file['sha256'],
                                              'Gate book']),
    'operation/reports/asset-register': (None, ['Gate book', 'GB-1', 'Shelf of the gate', 'confidential', 'in use', name_of(manager)]),
}
for report, (id, texts) in wanted.items():
    about = {'id': id} if id else {}
    job = manager.order(report, {**about, 'format': 'xlsx'})
    verdict(f'{report} is made as a workbook', job and job['state'] == 'done', job)
    if job and job['state'] == 'done':
        found = words(manager.fetch(job))
        verdict(f'{report} says what the records say', all(text in found for text in texts), ([text for text in texts if text not in found], found))
    job = manager.order(report, {**about, 'format': 'pdf'})
    pdf = manager.fetch(job) if job and job['state'] == 'done' else b''
    found = ' '.join(printed(pdf).split()) if pdf.startswith(b'%PDF-') else ''
    verdict(f'{report} is made as a document', all(word in found for word in texts[0].split()), (job, found))
    if os.environ.get('REPORTS_TO'):
        open(os.path.join(os.environ['REPORTS_TO'], report.replace('/', '-') + '.pdf'), 'wb').write(pdf)
    if report.endswith('/incident'):
        verdict('a hash is printed as it is, without a hyphen in it', file['sha256'] in ''.join(re.findall(r'\b[0-9a-f]{6,}\b', found)), found)
    if report.endswith('/asset-register'):
        verdict('an asset is printed with the value that it carries for others', 'Shelf of the gate equipment internal 4 2 2 4' in found, found)
    if report.endswith(('/document', '/policy')):
        verdict(f'{report}: what its author marked is set, and nothing else', '#' not in found and '**' not in found and
                '<script>alert(1)</script>' in found and '• Gates are shut at night' in found and '2. Ask' in found, found)
    stranger = Member('moat', 'manager')
    status, _, _ = call('POST', f'{manager.root}{report}', {**about, 'format': 'pdf'}, stranger.token)
    verdict(f'{report} is not made for strangers', status == 404, status)
    if id:
        job = manager.order(report, {'id': '01900000-0000-7000-8000-000000000000', 'format': 'xlsx'})
        verdict(f'{report} of a record that is not there ends with words', job and job['state'] == 'dead' and 'there is no such' in job['problem'], job)
        job = manager.order(report, {'format': 'xlsx'})
        verdict(f'{report} of nothing ends with words', job and job['state'] == 'dead' and 'name the' in job['problem'], job)
        theirs = Member('moat', 'manager').order(report, {'id': id, 'format': 'xlsx'})
        verdict(f'{report} of another organisation\'s record is like one that is not there', theirs and 'there is no such' in theirs['problem'], theirs)

end()

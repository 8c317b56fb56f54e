"""The documents of the evaluation area: ordered, made by `ballium work`, fetched, and looked into. Records of the test's own."""
import io, json, os, re, sys, time, urllib.error, urllib.request, zipfile
from datetime import date, timedelta
from xml.etree import ElementTree

base = os.environ['BALLIUM_URL'] + '/api/v1'
users = json.load(open(os.environ['BALLIUM_CREDENTIALS']))['users']
org = f'{base}/orgs/keep'
failed = 0


def verdict(what, good, why=''):
    global failed
    print(('ok - ' if good else 'not ok - ') + what)
    if not good:
        failed += 1
        print('   ', str(why)[:2000])


def call(method, url, body=None, token=None, headers={}):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(), headers=dict(headers))
    if token:
        request.add_header('Authorization', f'Bearer {token}')
    if body is not None:
        request.add_header('Content-Type', 'application/json')
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


def log_in(role):
    user = next(u for u in users if u['organisation'] == 'keep' and u['role'] == role)
    return json.loads(call('POST', f'{base}/auth/login', {'email': user['email'], 'password': user['password']})[2])['access_token']


def make(token, resource, body):
    status, _, text = call('POST', f'{org}/{resource}', body, token)
    if status != 201:
        sys.exit(f'not ok - {resource}: {status} {text}')
    return json.loads(text)['id']


def step(token, resource, id, verb, body=None):
    etag = call('GET', f'{org}/{resource}/{id}', token=token)[1]['ETag']
    status, _, text = call('POST', f'{org}/{resource}/{id}:{verb}', body, token, {'If-Match': etag})
    if status != 200:
        sys.exit(f'not ok - {resource} {verb}: {status} {text}')


def order(token, report, body):
    """The job's last state; None when it was not taken."""
    status, headers, text = call('POST', f'{org}/evaluation/reports/{report}', body, token)
    if status != 202:
        return None
    url = os.environ['BALLIUM_URL'] + headers['Location']
    end = time.monotonic() + 120
    while time.monotonic() < end:
        job = json.loads(call('GET', url, token=token)[2])
        if job['state'] in ('done', 'dead'):
            return job
    return job


def fetch(token, job):
    return call('GET', os.environ['BALLIUM_URL'] + job['outcome']['url'], token=token)[2]


def words(xlsx):
    """All texts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(xlsx)) as book:
        parts = [book.read(name) for name in book.namelist() if re.match(r'xl/(sharedStrings|worksheets/sheet\d+)\.xml', name)]
    return '\n'.join(e.text or '' for part in parts for e in ElementTree.fromstring(part).iter() if e.tag.endswith('}t'))


day = lambda n: str(date.today() + timedelta(n))
auditor, manager, management = log_in('internal_auditor'), log_in('manager'), log_in('top_management')
me = lambda token: json.loads(call('GET', f'{base}/me', token=token)[2])['user']['id']
audit = make(auditor, 'evaluation/audits', {
    'title': 'Lamps of the yard', 'edition': '2022', 'scope': 'The yard by night', 'criteria': 'Our rules', 'objective': 'See by day',
    'clauses': ['7.4'], 'methods': ['interview'], 'starts_on': day(-1), 'ends_on': day(0), 'lead_id': me(auditor),
    'sessions': [{'day': day(-1), 'topic': 'Lamps and switches', 'begins': '09:00'}], 'opening_on': day(-1), 'opening_attendees': ['Night watch'],
    'closing_on': day(0), 'closing_attendees': ['Night watch'], 'conclusion': 'Two lamps are dark', 'distribution': ['Top management']})
make(auditor, 'evaluation/audit-members', {'audit_id': audit, 'external': 'Ada Byron, Engine Audits', 'competence': 'Knows lamps'})
make(auditor, 'evaluation/audit-checklist-items', {'audit_id': audit, 'question': 'Which lamps burn?', 'number': 'A.8.15', 'answer': 'partly_met',
                                                    'evidence': 'Ten of twelve', 'population': 12, 'sample': 12})
make(auditor, 'evaluation/audit-checklist-items', {'audit_id': audit, 'question': 'Of no number', 'number': 'Own rule'})
make(auditor, 'evaluation/audit-findings', {'audit_id': audit, 'kind': 'observation', 'title': 'Dark lamps', 'criterion': '7.4',
                                            'statement': 'Two are dark', 'evidence': 'Seen at night'})
review = make(manager, 'evaluation/management-reviews', {
    'title': 'Review of the lamps', 'edition': '2022', 'planned_on': day(0), 'chair_id': me(management), 'conclusion': 'More light',
    'minutes': [{'input': 'audits', 'discussed': 'The lamps were talked about'}]})
step(manager, 'evaluation/management-reviews', review, 'gather')
make(manager, 'evaluation/review-decisions', {'review_id': review, 'title': 'New lamps by spring', 'owner_id': me(manager), 'due_on': day(90)})

wanted = {
    'audit-plan': (audit, ['Audit plan', 'Lamps of the yard', 'The yard by night', 'See by day', 'Lamps and switches', '09:00', 'Jonas Weide',
                           'Ada Byron, Engine Audits', 'Knows lamps', 'ISO/IEC 27001:2022']),
    'audit-report': (audit, ['Audit report', 'draft, not issued', 'Two lamps are dark', 'Dark lamps', 'Seen at night', 'Which lamps burn?',
                             'partly met', '12 of 12', 'Of no number', 'Night watch', 'Top management']),
    'review-pack': (review, ['Management review', 'Review of the lamps', 'd 3) Results of audits', 'The lamps were talked about', 'More light',
                             'New lamps by spring', 'Tomas Brandt']),
}
for name, (id, texts) in wanted.items():
    job = order(manager, name, {'id': id, 'format': 'xlsx'})
    verdict(f'{name} is made as a workbook', job and job['state'] == 'done', job)
    if job and job['state'] == 'done':
        found = words(fetch(manager, job))
        missing = [text for text in texts if text not in found]
        verdict(f'{name} says what the records say', not missing, (missing, found))
    job = order(manager, name, {'id': id, 'format': 'pdf'})
    verdict(f'{name} is made as a document', job and job['state'] == 'done' and fetch(manager, job).startswith(b'%PDF-'), job)
    job = order(manager, name, {'id': '01900000-0000-7000-8000-000000000000', 'format': 'xlsx'})
    verdict(f'{name} of a record that is not there ends with words', job and job['state'] == 'dead' and 'there is no such' in job['problem'], job)
    job = order(manager, name, {'format': 'xlsx'})
    verdict(f'{name} of nothing ends with words', job and job['state'] == 'dead' and 'name the' in job['problem'], job)

for verb in ('schedule', 'open', 'conclude'):
    step(auditor, 'evaluation/audits', audit, verb)
item = json.loads(call('GET', f'{org}/evaluation/audit-checklist-items?audit_id={audit}&number=Own%20rule', token=auditor)[2])['items'][0]
etag = call('GET', f"{org}/evaluation/audit-checklist-items/{item['id']}", token=auditor)[1]['ETag']
call('PATCH', f"{org}/evaluation/audit-checklist-items/{item['id']}", {'answer': 'not_audited', 'evidence': 'No time'}, auditor, {'If-Match': etag})
step(auditor, 'evaluation/audits', audit, 'issue')
found = words(fetch(manager, order(manager, 'audit-report', {'id': audit, 'format': 'xlsx'})))
verdict('an issued report says so, and by whom', 'draft, not issued' not in found and 'Lead auditor' in found, found)
sys.exit(failed != 0)

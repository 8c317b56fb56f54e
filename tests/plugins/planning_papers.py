"""The papers of the planning area: ordered, made by `ballium work`, kept, fetched and looked into. Of what keep has approved."""
import io, json, os, re, subprocess, sys, tempfile, time, urllib.error, urllib.request, zipfile
from xml.etree import ElementTree

server = os.environ['BALLIUM_URL']
users = json.load(open(os.environ['BALLIUM_CREDENTIALS']))['users']
org = f'{server}/api/v1/orgs/keep'
failed = 0


def verdict(what, good, why=''):
    global failed
    print(('ok - ' if good else 'not ok - ') + what)
    if not good:
        failed += 1
        print('   ', str(why)[:2000])


def call(method, url, body=None, token=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    if token:
        request.add_header('Authorization', f'Bearer {token}')
    if body is not None:
        request.add_header('Content-Type', 'application/json')
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


def read(path):
    return json.loads(call('GET', f'{org}/{path}', token=token)[2])


def fetched(report, id, form):
    """The file's bytes and its record."""
    status, headers, text = call('POST', f'{org}/planning/reports/{report}', {'id': id, 'format': form}, token)
    if status != 202:
        sys.exit(f'not ok - {report}: {status} {text}')
    end, job = time.monotonic() + 120, {'state': 'queued'}
    while job['state'] == 'queued' and time.monotonic() < end:
        job = json.loads(call('GET', server + headers['Location'], token=token)[2])
    if job['state'] != 'done':
        sys.exit(f'not ok - {report}: {job}')
    verdict(f'{report} as {form}: progress is told', job['progress']['done'] == job['progress']['of'] > 0, job)
    return call('GET', server + job['outcome']['url'], token=token)[2], read('files/' + job['outcome']['file'])


def cells(book):
    """Every text and number of a workbook, sheet by sheet."""
    archive = zipfile.ZipFile(io.BytesIO(book))
    strings = []
    if 'xl/sharedStrings.xml' in archive.namelist():
        for item in ElementTree.fromstring(archive.read('xl/sharedStrings.xml')):
            strings.append(''.join(t.text or '' for t in item.iter() if t.tag.endswith('}t')))
    found = []
    for name in archive.namelist():
        if name.startswith('xl/worksheets/sheet'):
            for cell in ElementTree.fromstring(archive.read(name)).iter():
                if cell.tag.endswith('}c'):
                    value = next((v.text for v in cell if v.tag.endswith('}v')), None)
                    inline = ''.join(t.text or '' for t in cell.iter() if t.tag.endswith('}t'))
                    found.append(strings[int(value)] if cell.get('t') == 's' else inline or value or '')
    return found


def shown(pdf):
    """What pdfinfo and pdftotext see."""
    with tempfile.NamedTemporaryFile(suffix='.pdf') as file:
        file.write(pdf)
        file.flush()
        info = subprocess.run(['pdfinfo', file.name], capture_output=True, text=True, check=True).stdout
        text = subprocess.run(['pdftotext', '-layout', file.name, '-'], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r'^([\w ]+): +(.*)$', info, re.M)), text


def paper(report, id, title, version, approver, wanted):
    pdf, record = fetched(report, id, 'pdf')
    info, text = shown(pdf)
    pages = int(info['Pages'])
    verdict(f'{report}: tagged', info['Tagged'] == 'yes', info)
    verdict(f'{report}: its title, and whose it is', info['Title'] == title and info['Author'] == name, info)
    verdict(f'{report}: a number on each of {pages} pages', pages > 1 and all(f'Page {n} of {pages}' in text for n in range(1, pages + 1)), text)
    verdict(f'{report}: the name of the organisation on each', text.count(name) >= pages, text)
    verdict(f'{report}: version and approval', f'version {version}' in text and approver in text and 'Approval' in text, text)
    missing = [word for word in wanted if word not in text]
    verdict(f'{report}: every line of it', not missing, missing)
    broken = [line for line in text.splitlines() if re.search(r'\b20\d\d-\d\d-\d?(\s|$)', line)]
    verdict(f'{report}: no date is cut in two', not broken, broken)
    verdict(f'{report}: kept, with what it was made from', record['media_type'] == 'application/pdf' and record['sha256'] and
            (record['origin'], record['origin_id']) == ('planning.' + report.replace('-', '_'), id), record)
    book, record = fetched(report, id, 'xlsx')
    found = cells(book)
    missing = [word for word in [title, version, name, approver] + wanted if not any(word in cell for cell in found)]
    verdict(f'{report} as a workbook: the same', not missing, missing)


def all_of(path):
    return read(path + ('&' if '?' in path else '?') + 'limit=500')['items']


user = next(u for u in users if u['organisation'] == 'keep' and u['role'] == 'manager')
token = json.loads(call('POST', f'{server}/api/v1/auth/login', {'email': user['email'], 'password': user['password']})[2])['access_token']
me = json.loads(call('GET', f'{server}/api/v1/me', token=token)[2])
name = next(m['organisation']['name'] for m in me['memberships'] if m['organisation']['slug'] == 'keep')
people = {m['id']: m['name'] for m in all_of('members')}

soa = all_of('planning/soa-versions?status=published')[0]
rows = all_of(f'planning/soa-rows?soa_id={soa["id"]}')
backed = next(r for r in rows if r['applicable'] == 'yes' and r['reasons'] == ['business'])
outcome = read(f'planning/soa-rows/{backed["id"]}/links/statements')['items']
paper('soa', soa['id'], soa['title'], soa['ref'], people[soa['approved_by_id']],
      [r['catalogue_id'] or r['ref'] for r in rows] + [o['ref'] for o in outcome[:1]])

round_ = next(r for r in all_of('planning/risk-rounds?status=closed') if r['ref'] == 'RND-1')
method = read('planning/risk-methods/' + round_['method_id'])
paper('risk-register', round_['id'], 'Register of risks', round_['ref'], people[method['approved_by_id']],
      [r['ref'] for r in all_of(f'planning/risks?round_id={round_["id"]}') if r['status'] != 'retired'])

plan = next(p for p in all_of('planning/treatment-plans?status=in_force') if p['ref'] == 'TPL-1')
paper('treatment-plan', plan['id'], plan['title'], f'{plan["ref"]} version {plan["plan_version"]}', people[plan['approved_by_id']],
      [a['ref'] for a in all_of(f'planning/treatment-actions?plan_id={plan["id"]}')])
sys.exit(1 if failed else 0)

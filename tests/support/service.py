"""A client of the running service for tests in Python: real HTTP through the real nginx. The service is named by the environment, as for
tests/support/api.h; BALLIUM_CLUSTER_DIR leads to the database, for what only time or a wrongdoer changes."""
import io, json, os, re, subprocess, sys, time, urllib.error, urllib.request, zipfile
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree

URL = os.environ['BALLIUM_URL']
USERS = json.load(open(os.environ['BALLIUM_CREDENTIALS']))['users']
failed = 0
made = 0
superuser = ''


def verdict(what, good, why=''):
    global failed
    print(('ok - ' if good else 'not ok - ') + what, flush=True)
    if not good:
        failed += 1
        print('   ', str(why)[:2000])


def day(n):
    """The day so many days from now (UTC)."""
    return str((datetime.now(timezone.utc) + timedelta(n)).date())


def moment(hours):
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).strftime('%Y-%m-%dT%H:%M:%SZ')


def fresh(stem):
    """A text that no other record has."""
    global made
    made += 1
    return f'{stem} {time.time_ns()}.{made}'


def sql(text):
    """What the database's superuser is answered, as psql prints it."""
    global superuser
    if not superuser:
        settings = subprocess.run([os.path.join(os.path.dirname(__file__), '../../sql/cluster'), 'env', os.environ['BALLIUM_CLUSTER_DIR']],
                                  capture_output=True, text=True, check=True).stdout
        superuser = re.search(r"BALLIUM_TEST_SUPERUSER='?([^'\n]+)'?", settings).group(1)
    return subprocess.run(['psql', superuser, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', text], capture_output=True, text=True, check=True).stdout.strip()


def call(method, path, body=None, token=None, headers=None, raw=False):
    """(status, headers, body): JSON unless `raw`. `path` from the root."""
    request = urllib.request.Request(URL + path, method=method, headers=dict(headers or {}))
    if body is not None:
        request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.headers.setdefault('Content-type', 'application/octet-stream' if isinstance(body, bytes) else 'application/json')
    if token:
        request.add_header('Authorization', f'Bearer {token}')
    try:
        with urllib.request.urlopen(request) as answer:
            status, head, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        status, head, text = refused.code, refused.headers, refused.read()
    return status, head, text if raw else json.loads(text or b'null')


class Member:
    """A demo user in an organisation. Paths of its methods are those below the organisation ("support/documents")."""

    def __init__(self, organisation, role, at=None):
        self.user = next(u for u in USERS if u['organisation'] == organisation and u['role'] == role)
        self.token = call('POST', '/api/v1/auth/login', {'email': self.user['email'], 'password': self.user['password']})[2]['access_token']
        self.root = f'/api/v1/orgs/{at or organisation}/'
        self.id = call('GET', '/api/v1/me', token=self.token)[2]['user']['id']

    def get(self, path):
        status, _, body = call('GET', self.root + path, token=self.token)
        if status != 200:
            sys.exit(f'not ok - GET {path}: {status} {body}')
        return body

    def post(self, path, body):
        return call('POST', self.root + path, body, self.token)

    def make(self, register, body):
        status, _, record = self.post(register, body)
        if status != 201:
            sys.exit(f'not ok - {register}: {status} {record}')
        return record['id']

    def send(self, method, path, verb, body):
        etag = call('GET', self.root + path, token=self.token)[1]['ETag']
        return call(method, self.root + path + verb, body, self.token, {'If-Match': etag or ''})

    def act(self, path, verb, body=None):
        """A transition; (status, problem or record)."""
        status, _, answer = self.send('POST', path, ':' + verb, body or {})
        return status, answer

    def step(self, path, verb, body=None):
        status, answer = self.act(path, verb, body)
        if status != 200:
            sys.exit(f'not ok - {path}:{verb}: {status} {answer}')
        return answer

    def change(self, path, body):
        status, _, answer = self.send('PATCH', path, '', body)
        if status != 200:
            sys.exit(f'not ok - PATCH {path}: {status} {answer}')
        return answer

    def order(self, report, body):
        """The job of a report when it has ended; None when it was not taken."""
        status, headers, _ = self.post(report, body)
        if status != 202:
            return None
        end = time.monotonic() + 120
        while time.monotonic() < end:
            job = call('GET', headers['Location'], token=self.token)[2]
            if job['state'] in ('done', 'dead'):
                break
        return job

    def fetch(self, job):
        return call('GET', job['outcome']['url'], token=self.token, raw=True)[2]


def words(xlsx):
    """All texts of a workbook."""
    with zipfile.ZipFile(io.BytesIO(xlsx)) as book:
        parts = [book.read(name) for name in book.namelist() if re.match(r'xl/(sharedStrings|worksheets/sheet\d+)\.xml', name)]
    return '\n'.join(e.text or '' for part in parts for e in ElementTree.fromstring(part).iter() if e.tag.endswith('}t'))


def printed(pdf):
    """The text of a PDF."""
    return subprocess.run(['pdftotext', '-layout', '-', '-'], input=pdf, capture_output=True, check=True).stdout.decode()


def new_organisation(stem, roles):
    """An empty one, in which the demo user of "keep" with each of these roles has it. Answers its slug."""
    slug = f'{stem}-{time.time_ns():x}'[:40]
    ballium = os.environ['BALLIUM_BINARY']
    run = lambda *words: subprocess.run([ballium, *words], check=True, capture_output=True)
    run('org', 'create', '--slug', slug, '--name', 'Of a test', '--kind', 'client')
    for role in roles:
        email = next(u['email'] for u in USERS if u['organisation'] == 'keep' and u['role'] == role)
        run('user', 'grant', '--email', email, '--org', slug, '--roles', role)
    return slug


def end():
    sys.exit(failed != 0)

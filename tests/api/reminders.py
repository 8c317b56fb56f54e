"""A round of reminders by a running `ballium work`, to a real mail server over STARTTLS and to a webhook: in a service of its own with the
demo's people, because a round reaches everybody. What must come is asked of the calendar, as each person."""
import base64
import email
import email.header
import http.server
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from datetime import date, timedelta

here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
work = tempfile.mkdtemp(prefix='ballium-remind-', dir='/tmp')
os.chmod(work, 0o755)
post, data = os.path.join(work, 'post'), os.path.join(work, 'data')
os.mkdir(post)
os.mkdir(data)
failed = 0


def verdict(what, good, why=''):
    global failed
    print(('ok - ' if good else 'not ok - ') + what)
    if not good:
        failed += 1
        print('   ', str(why)[:2000])


# ---- the service, its mail server, its receiver ----

told = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        told.put((self.headers['webhook-id'], json.loads(self.rfile.read(int(self.headers['Content-Length'])))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def start():
    """The mail server, and ./run with it in its settings; both are children that end with this."""
    mail = subprocess.Popen(['/usr/bin/python3', f'{here}/tests/support/smtp_tls.py', post, 'starttls', 'mail.localhost'],
                            stdout=subprocess.PIPE, text=True)
    with open(os.path.join(data, 'local.conf'), 'w') as f:
        f.write(f'smtp_url = smtp://mail.localhost:{int(mail.stdout.readline())}\nsmtp_from = isms@example.test\nsmtp_user = isms\n'
                f'smtp_password = gruft-and-tomb\nsmtp_ca = {post}/ca.pem\nprivate_addresses = on\n')
    settings = {k: v for k, v in os.environ.items() if not k.startswith('BALLIUM_')}
    settings |= {'BALLIUM_PRESET': os.environ.get('BALLIUM_TEST_PRESET', 'check'), 'BALLIUM_PORT': str(free_port()), 'BALLIUM_DATA': data,
                 'BALLIUM_USER': 'root', 'BALLIUM_CLUSTER_FAST': '1'}
    log = open(os.path.join(work, 'run.log'), 'w')
    service = subprocess.Popen([f'{here}/run'], env=settings, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in service.stdout:
        if line.startswith('ready '):
            return mail, service, line.split()[1]
    sys.exit('not ok - the service starts\n' + open(log.name).read()[-2000:])


def sql(statement):
    env = subprocess.run([f'{here}/sql/cluster', 'env', data], capture_output=True, text=True, check=True).stdout
    conninfo = re.search(r"BALLIUM_TEST_SUPERUSER='?([^'\n]*)", env).group(1)
    return subprocess.run(['psql', conninfo, '-XAtqc', statement], capture_output=True, text=True, check=True).stdout.strip()


def call(method, url, body=None, token=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header('Content-Type', 'application/json')
    if token:
        request.add_header('Authorization', f'Bearer {token}')
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read() or 'null')
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def rounds():
    return int(sql("SELECT count(*) FROM core.job WHERE kind = 'remind' AND state = 'done'"))


def wait_for_round(before):
    """Until one more is done; then there is a mail for each that it sent."""
    while rounds() == before:
        if service.poll() is not None or sql("SELECT count(*) FROM core.job WHERE kind = 'remind' AND attempts > 0 AND state <> 'done'"
                                             " AND problem IS NOT NULL") != '0':
            sys.exit('not ok - a round: ' + sql("SELECT problem FROM core.job WHERE kind = 'remind' AND problem IS NOT NULL"))


def one_round(days_later):
    before = rounds()
    sql(f"UPDATE core.reminder SET day = day - {days_later}; UPDATE core.job SET run_at = now() WHERE kind = 'remind' AND state = 'queued'")
    wait_for_round(before)


taken = 0


def new_mails():
    """(address, organisation): references, of what came since; a second one of the same pair is a failure."""
    global taken
    found = {}
    while os.path.exists(f'{post}/{taken + 1}'):
        taken += 1
        envelope, _, message = open(f'{post}/{taken}', 'rb').read().partition(b'\r\n\r\n')
        letter = email.message_from_bytes(message)
        to = re.search(rb'RCPT TO:<(.*)>', envelope).group(1).decode()
        text = letter.get_payload(decode=True).decode()
        name = re.search(r'of your records in (.*) these are overdue', text).group(1)
        subject = str(email.header.make_header(email.header.decode_header(letter['Subject'])))
        verdict(f'the mail to {to} for {name} came by TLS, to whom it names', envelope.startswith(b'TLSv1.') and letter['To'] == f'<{to}>' and
                subject.startswith(name), (envelope, letter['To'], subject))
        if (to, name) in found:
            verdict('one mail for a person and an organisation', False, (to, name))
        found[to, name] = sorted(re.findall(r'^\d{4}-\d\d-\d\d  (?:OVERDUE  )?(\S+)  ', text, re.M))
    return found


# ---- what must come ----

def log_in(user):
    return call('POST', f'{api}/auth/login', {'email': user['email'], 'password': user['password']})[1]['access_token']


def due(token, ahead=7):
    """{organisation: references} that are overdue or due within so many days, as the calendar shows them to that person."""
    found = {}
    for o in call('GET', f'{api}/orgs', token=token)[1]['items']:
        to = date.today() + timedelta(ahead)
        items = call('GET', f"{api}/orgs/{o['slug']}/calendar?owner=me&from=0001-01-01&to={to}", token=token)[1]['items']
        if items:
            found[o['name']] = sorted(i['ref'] for i in items)
    return found


server = http.server.HTTPServer(('127.0.0.1', 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
mail, service, base = start()
try:
    api = base + '/api/v1'
    users = json.load(open(f'{data}/demo-credentials.json'))['users']
    people = {u['email']: log_in(u) for u in users}
    wanted = lambda: {(who, name): refs for who, token in people.items() for name, refs in due(token).items()}
    wait_for_round(0)
    while sql("SELECT count(*) FROM core.job WHERE state = 'queued' AND (run_at <= now() OR attempts > 0)") != '0':
        pass  # the duties of the areas make records that fall due, once
    new_mails()
    one_round(1)
    expected, came = wanted(), new_mails()
    verdict('some people have something due', len(expected) > 5, expected)
    verdict('each of them gets one mail for each organisation, with what the calendar shows', came == expected, (came, expected))
    one_round(0)
    verdict('nobody gets a second one on the same day', new_mails() == {})

    by_role = {u['role']: u['email'] for u in users if u['organisation'] == 'keep'}
    keep = next(o['name'] for o in call('GET', f'{api}/orgs', token=people[by_role['owner']])[1]['items'] if o['slug'] == 'keep')
    status, answer = call('POST', f'{api}/orgs/keep/webhooks', {'url': f'http://127.0.0.1:{server.server_port}/hook',
                                                               'events': ['core.reminders']}, people[by_role['owner']])
    verdict('a webhook listens', status == 201, answer)
    at_keep = sorted(who for who, name in expected if name == keep)
    verdict('four people at keep have something due', len(at_keep) >= 4, at_keep)
    choices = dict(zip(at_keep, [{'rhythm': 'off'}, {'rhythm': 'weekly'}, {'rhythm': 'daily', 'way': 'webhook'},
                                 {'rhythm': 'daily', 'way': 'both'}]))
    for who, choice in choices.items():
        status, answer = call('PUT', f'{api}/me/reminders', {'days_ahead': 7, **choice}, people[who])
        verdict(f'chosen: {choice}', status == 200 and answer['rhythm'] == choice['rhythm'] and answer['way'] == choice.get('way', 'mail'), answer)
    off, weekly, webhook, both = at_keep[:4]
    me = call('GET', f'{api}/me', token=people[by_role['reader']])[1]['user']['id']
    status, issue = call('POST', f'{api}/orgs/keep/context/issues', {
        'title': 'A new day', 'origin': 'internal', 'effect': 'negative', 'category': 'people', 'influence': 2, 'control': 2, 'owner_id': me,
        'review_on': str(date.today() + timedelta(7))}, people[by_role['manager']])
    verdict('a record falls due in a week', status == 201, issue)

    one_round(1)
    expected = wanted()
    verdict('the new record is in its owner\'s mail', issue['ref'] in expected[by_role['reader'], keep], expected)
    came = new_mails()
    silent = {off, weekly, webhook}
    verdict('a day later all but those who chose otherwise get theirs', came == {k: v for k, v in expected.items() if k[0] not in silent},
            (came, expected))
    messages = {}
    for _ in range(2):
        id, message = told.get(timeout=60)
        messages[message['data']['record_id']] = (id, message)
    for who in (webhook, both):
        id, message = messages.get(call('GET', f'{api}/me', token=people[who])[1]['user']['id'], ('', {}))
        refs = sorted(i['ref'] for i in message.get('data', {}).get('items', []))
        verdict('the webhook is told what is due of who wants that', refs == expected[who, keep] and id == message['data']['id'] and
                message['type'] == 'core.reminders.due' and 'title' not in json.dumps(message), (message, expected))
    one_round(0)
    verdict('nothing comes twice', new_mails() == {} and told.empty() and
            sql("SELECT count(*) FROM core.webhook_delivery WHERE type = 'core.reminders.due'") == '2')
    one_round(6)
    came = new_mails()
    verdict('after a week the weekly one comes again', (weekly, keep) in came and came[weekly, keep] == expected[weekly, keep], came)
    verdict('and never to whom it is off, nor a mail to whom the webhook is told of', not [k for k in came if k[0] in (off, webhook)], came)
    verdict('the password went over TLS alone, and is in no log', 'gruft-and-tomb' not in open(f'{data}/log/work.log').read() and
            set(open(f'{post}/passwords').read().split()) == {'gruft-and-tomb'})
finally:
    service.terminate()
    service.wait()
    mail.terminate()
    shutil.rmtree(work, ignore_errors=True)
sys.exit(failed != 0)

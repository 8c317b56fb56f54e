"""The iCalendar feed as a program of others reads it: what is in it is what the calendar says, and an event stays the same event when its
record's title and day change."""
import json
import os
import sys
import urllib.request
from datetime import date, timedelta

import icalendar

base = os.environ['BALLIUM_URL'] + '/api/v1'
users = json.load(open(os.environ['BALLIUM_CREDENTIALS']))['users']
org = f'{base}/orgs/keep'
failed = 0
TITLE = 'Lamps, doors; a \\ and "quotes": \u00e4\u00f6\u00fc \U0001f511 and so long a name that it must be folded between its letters, not in them'


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
    with urllib.request.urlopen(request) as answer:
        return answer.headers, answer.read()


def events(url):
    """{UID: event} of the feed; everything that the library is strict about is an error here."""
    raw = call('GET', url)[1]
    for line in raw.split(b'\r\n'):
        if len(line) > 75 or b'\n' in line or b'\r' in line:
            verdict('lines end with CRLF and have at most 75 bytes', False, line)
    feed = icalendar.Calendar.from_ical(raw)
    found = feed.walk('VEVENT')
    uids = {str(e['UID']): e for e in found}
    verdict('every event has an identifier of its own', len(uids) == len(found) and all(e.errors == [] for e in found), [e.errors for e in found])
    verdict('the feed says what it is', (feed['VERSION'], feed['METHOD']) == ('2.0', 'PUBLISH') and feed['PRODID'] and feed.errors == [], feed)
    verdict('every event says when it was made', all(e['DTSTAMP'].dt.tzinfo is not None for e in found))
    return uids


user = next(u for u in users if u['organisation'] == 'keep' and u['role'] == 'manager')
token = json.loads(call('POST', f'{base}/auth/login', {'email': user['email'], 'password': user['password']})[1])['access_token']
day = date.today() + timedelta(41)
idea = json.loads(call('POST', f'{org}/improvement/improvements', {'title': TITLE, 'due_on': str(day)}, token)[1])
feed = json.loads(call('POST', f'{org}/calendar/feeds', {'name': 'Read by a library'}, token)[1])
url = feed['url'] if feed['url'].startswith('http') else os.environ['BALLIUM_URL'] + feed['url']
try:
    before = events(url)
    uid = f"{idea['id']}-due_on@ballium"
    event = before.get(uid)
    verdict('the title comes through as it was written', event and TITLE in str(event['SUMMARY']), event)
    verdict('it is a whole day', event and event['DTSTART'].dt == day and event['DTEND'].dt == day + timedelta(1), event)
    asked = json.loads(call('GET', f'{org}/calendar?from={date.today() - timedelta(365)}&to={date.today() + timedelta(730)}', token=token)[1])
    wanted = {f"{i['id']}-{i['field']}@ballium": i['date'] for i in asked['items']}
    is_so = {u: str(e['DTSTART'].dt) for u, e in before.items()}
    verdict('the feed has what the calendar has, on its days', is_so == wanted, set(is_so.items()) ^ set(wanted.items()))
    etag = call('GET', f"{org}/improvement/improvements/{idea['id']}", token=token)[0]['ETag']
    call('PATCH', f"{org}/improvement/improvements/{idea['id']}", {'title': 'Another name', 'due_on': str(day + timedelta(7))}, token,
         {'If-Match': etag, 'Content-Type': 'application/json'})
    after = events(url)
    verdict('a new name and a new day are the same event', uid in after and after[uid]['DTSTART'].dt == day + timedelta(7) and
            'Another name' in str(after[uid]['SUMMARY']), after.get(uid))
    verdict('and no other one is another', set(before) == set(after), set(before) ^ set(after))
finally:
    call('DELETE', f"{org}/calendar/feeds/{feed['id']}", token=token)
sys.exit(failed != 0)

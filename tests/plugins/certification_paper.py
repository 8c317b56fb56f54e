"""The certificate on paper: every field that belongs there, and a code that a camera reads and that leads to the register. The drawing
of a plan. The certificates are copies of the demo's one, with the days of each case; they are gone afterwards."""
import os, subprocess, sys, tempfile, time, uuid
from xml.etree import ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
from service import URL, Member, call, day, end, fresh, printed, sql, verdict

office = Member('outerwall', 'owner')
settings = {'title': fresh('Settings'), 'body_address': 'Gate 1, 1010 Wien', 'mark': 'OWC', 'accreditation_body': 'The accreditation body',
            'accreditation_number': 'MS-0042', 'public_url': URL}
copies = []


def rendered(pdf, page=1):
    """What a camera sees of a page: what zbarimg reads in it."""
    with tempfile.TemporaryDirectory() as folder:
        picture = os.path.join(folder, 'page')
        subprocess.run(['pdftoppm', '-r', '100', '-f', str(page), '-l', str(page), '-png', '-singlefile', '-', picture], input=pdf, check=True)
        return subprocess.run(['zbarimg', '-q', '--raw', picture + '.png'], capture_output=True, text=True).stdout.strip()


def settled(**more):
    """The body's settings from now on. Answers the record's path."""
    return 'certification/body-settings/' + office.make('certification/body-settings', {**settings, **more})


def archive(path):
    office.step(path, 'archive')


def copied(**changes):
    """A certificate like that of keep but for these members; its id."""
    id = str(uuid.uuid4())
    fields = {'id': id, 'ref': 'CERT-' + id[:8], 'number': 'PAPER-' + id[:8].upper(), 'client_org': None, **changes}
    text = __import__('json').dumps(fields).replace("'", "''")
    sql(f"INSERT INTO certification.certificate OVERRIDING USER VALUE SELECT (jsonb_populate_record(c, '{text}')).* "
        "FROM certification.certificate c WHERE c.number = 'OUTERWALL-1'")
    copies.append(id)
    return id


def paper(id):
    job = office.order('certification/reports/certificate', {'id': id, 'format': 'pdf'})
    return office.fetch(job) if job and job['state'] == 'done' else job


def squeezed(pdf):
    return ' '.join(printed(pdf).split())


def the_certificate():
    record = office.get('certification/certificates?number=OUTERWALL-1')['items'][0]
    pdf = paper(record['id'])
    text = squeezed(pdf)
    lines = {'Certificate number': record['number'], 'Certified organisation': record['client_name'], 'Place': record['address'],
             'Standard': 'ISO/IEC 27001:' + record['edition'], 'Version of the SoA': record['soa_version'], 'Valid from': record['effective_on'],
             'Valid until': record['expires_on'], 'Certified since': record['first_certified_on'], 'Revision': str(record['revision']),
             'Issued by': 'Outerwall Certification, Gate 1, 1010 Wien', 'Mark': 'OWC', 'Accredited by': 'The accreditation body',
             'Accreditation number': 'MS-0042'}
    for label, value in lines.items():
        verdict(f'paper: {label}', f'{label} {value}' in text, text)
    verdict('paper: the scope, word for word', ' '.join(record['scope'].split()) in text, text)
    verdict('paper: nothing of a lapse where there is none', 'Cycle before' not in text and 'remotely' not in text, text)
    link = rendered(pdf)
    verdict('the code is read from the page', link == f'{URL}/api/v1/public/certificates/{record["number"]}', link)
    verdict('and stands beside it in letters', link in text.replace(' ', '') or link in text, text)
    status, _, entry = call('GET', link[len(URL):])
    verdict('it leads to the register, which says that it is valid', status == 200 and (entry['number'], entry['status'], entry['expires_on']) ==
            (record['number'], 'Active', record['expires_on']), entry)


def after_a_lapse():
    text = squeezed(paper(copied(previous_expires_on=day(-60), effective_on=day(-10), decided_on=day(-10), expires_on=day(900),
                                 first_certified_on=day(-1200))))
    verdict('after a lapse: the expiry before', f'Cycle before expired {day(-60)}' in text, text)
    verdict('after a lapse: certified since the first decision', f'Certified since {day(-1200)}' in text, text)
    text = squeezed(paper(copied(previous_expires_on=day(-10), effective_on=day(-10))))
    verdict('renewed in time: no gap is shown', 'Cycle before' not in text, text)


def places():
    sites = [{'name': f'Works {n}', 'address': f'Lane {n}', 'city': 'Hamburg', 'country': 'DE', 'activities': 'Assembly'} for n in range(1, 4)]
    text = squeezed(paper(copied(sites=sites)))
    verdict('every site with its part of the scope', all(f'Works {n} Lane {n} Hamburg DE Assembly' in text for n in range(1, 4)), text)
    text = squeezed(paper(copied(remote_only=True)))
    verdict('no physical place: the paper says so', 'All work is done remotely' in text, text)


def only_what_is_valid():
    for status in ('suspended', 'withdrawn', 'expired', 'decision_pending'):
        job = paper(copied(status=status))
        verdict(f'{status}: no paper', job['state'] == 'dead' and 'only a valid certificate' in job['problem'], job)
    job = paper(copied(edition='2013', expires_on=day(300)))
    verdict('of 2013, after its end: no paper, whatever its status and its last day', isinstance(job, dict) and job['state'] == 'dead' and
            job['problem'].startswith('not_valid: ') and 'edition that has ended' in job['problem'], job)
    job = paper(copied(expires_on=day(-1), decided_on=day(-900)))
    verdict('past its last day: no paper, whether or not the service was round', isinstance(job, dict) and job['state'] == 'dead', job)


def a_message_in_anothers_name():
    """The body takes an application from the organisation that sends it, whatever the message says."""
    of = lambda slug: sql(f"SELECT id FROM core.organisation WHERE slug = '{slug}'")
    id = str(uuid.UUID(bytes=b'\1\0\0\0\0\0\x70\0' + uuid.uuid4().bytes[8:])) # the oldest, so that it waits for none
    body = __import__('json').dumps({'org': of('moat'), 'fields': {}})
    sql(f"INSERT INTO core.message (tenant_id, id, to_tenant, kind, body, created_by) VALUES ('{of('keep')}', '{id}', '{of('outerwall')}', "
        f"'certification.application', '{body}', '{office.id}')")
    said, until = '', time.monotonic() + 60
    while not said and time.monotonic() < until:
        said = sql(f"SELECT problem FROM core.message WHERE id = '{id}'")
    sql(f"DELETE FROM core.message WHERE id = '{id}'")
    verdict('a message that names another sender is not taken', said.startswith('not_the_sender: '), said)


def without_an_address():
    other = settled(public_url=None)
    pdf = paper(copied())
    verdict('no address of the register: no code that leads nowhere', rendered(pdf) == '' and 'Is it valid?' in squeezed(pdf), squeezed(pdf))
    archive(other)


def the_drawing():
    manager = Member('moat', 'manager')
    status, _, plan = manager.post('certification/project-plans:adopt', {'title': 'Ways & <means>', 'starts_on': day(-30), 'target_on': day(400),
                                                                         'lead_id': manager.id})
    manager.step(f'certification/project-plans/{plan["id"]}', 'start')
    _, head, svg = call('GET', f'{manager.root}certification/project-plans/{plan["id"]}/gantt', token=manager.token,
                        headers={'Accept': 'image/svg+xml'}, raw=True)
    root = ElementTree.fromstring(svg)
    texts = [e.text for e in root.iter() if e.tag.endswith('}text')]
    classes = [e.get('class') for e in root.iter()]
    verdict('the drawing is XML, its title as it was typed', 'Ways & <means>' in texts, texts[:3])
    verdict('a bar and a baseline for each step but the upkeep', classes.count('baseline') == 26, classes.count('baseline'))  # one in the legend
    verdict('today and the wanted end', classes.count('today') == 2 and classes.count('target') == 2, classes)
    verdict('months along the top', sum(1 for t in texts if len(t) == 7 and t[4] == '-') >= 4, texts)
    verdict('nothing beyond its edge', all(float(e.get('x', 0)) <= float(root.get('viewBox').split()[2]) for e in root.iter()), '')


mine = settled()
try:
    the_certificate()
    after_a_lapse()
    places()
    only_what_is_valid()
    a_message_in_anothers_name()
    without_an_address()
    the_drawing()
finally:
    archive(mine)
    for id in copies:
        sql(f"DELETE FROM certification.certificate WHERE id = '{id}'")
end()

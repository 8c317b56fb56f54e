"""What is listed once is listed once: a second record of the same name, or of the same process of the catalogue, is refused in words
that say what to do, at the member that it is about. The bodies are those of records that are there."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../support'))
from service import Member, call, end, fresh, verdict

manager = Member('keep', 'owner')
document = call('GET', '/api/v1/openapi.json')[2]


def writable(register):
    """The members that a new record takes."""
    operation = document['paths'][f'/api/v1/orgs/{{org}}/{register}']['post']
    name = operation['requestBody']['content']['application/json']['schema']['$ref'].rsplit('/', 1)[1]
    return document['components']['schemas'][name]['properties']


def like(record, register, **changes):
    members = writable(register)
    return {**{k: v for k, v in record.items() if k in members and v is not None}, **changes}


def refused(register, body, code, pointer):
    status, _, answer = manager.post(register, body)
    errors = [(e['code'], e['pointer']) for e in answer.get('errors', [])]
    verdict(f'{register}: {code} at {pointer}', status == 409 and (code, pointer) in errors, (status, answer))


def first(register, query=''):
    return manager.get(f'{register}?limit=1{query}')['items'][0]


for register, code in (('context/sites', 'site_exists'), ('operation/suppliers', 'supplier_exists'),
                       ('operation/outsourced-processes', 'process_exists'), ('support/competences', 'competence_exists'),
                       ('leadership/roles', 'role_exists')):
    record = first(register)
    refused(register, like(record, register), code, '/name')
adopted = first('context/processes', '&catalogue_id=not.null')
refused('context/processes', like(adopted, 'context/processes', name=fresh('Adopted again')), 'process_adopted', '/catalogue_id')
refused('context/processes', {k: v for k, v in like(adopted, 'context/processes').items() if k != 'catalogue_id'}, 'process_exists', '/name')
end()

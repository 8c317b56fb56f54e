"""What is left of a document that was disposed of: its hash and that it was. The trail keeps what it recorded of the text until the operator
takes that out too; then the text is nowhere, and the trail still proves itself."""
import os, subprocess, sys, tempfile
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, '../support')]
from isms_gaps import WHY, Area
from service import end, fresh, sql, verdict

a = Area('support')
secret = f'Unspoken{os.urandom(12).hex()}'
document = a.writer.make('support/documents', {'title': fresh('Rules'), 'quorum': 1, 'retention_months': 0})
version = a.writer.make('support/document-versions', {'document_id': document, 'changes': 'Text', 'text': f'The word is {secret}.'})
a.writer.change(f'support/document-versions/{version}', {'text': f'The word is {secret}, and no other.'})
review = a.writer.make('support/document-reviews', {'version_id': version, 'reviewer_id': a.reviewer.id})
a.writer.step(f'support/document-versions/{version}', 'submit')
a.reviewer.step(f'support/document-reviews/{review}', 'approve')
a.manager.step(f'support/document-versions/{version}', 'publish')
sha256 = a.manager.get(f'support/document-versions/{version}')['sha256']


def tables_with(word):
    """Every table of the database in which the word stands, as a superuser sees them."""
    tables = sql("SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
                 " AND n.nspname NOT IN ('pg_catalog', 'information_schema')").split()
    return set(sql(' UNION ALL '.join(f"(SELECT '{t}' FROM {t} AS x WHERE x::text ILIKE '%{word}%' LIMIT 1)" for t in tables)).split())


def ballium(*words):
    return subprocess.run([os.environ['BALLIUM_BINARY'], *words], capture_output=True, text=True)


def proved():
    """Does the exported trail prove itself, sealed to its end?"""
    with tempfile.TemporaryDirectory() as folder:
        trail = os.path.join(folder, 'trail')
        written = ballium('audit', 'export', '--org', a.slug, '--out', trail)
        checked = ballium('audit', 'verify', trail)
        return written.returncode == 0 and checked.returncode == 0, written.stderr + checked.stdout + checked.stderr


def sealed():
    return sql(f"SELECT count(*) FROM core.event e JOIN core.organisation o ON o.id = e.tenant_id WHERE o.slug = '{a.slug}' AND e.seq IS NULL") == '0'


verdict('a text stands in its register and in the trail', tables_with(secret) >= {'support.document_version', 'core.event'}, tables_with(secret))
a.manager.step(f'support/documents/{document}', 'withdraw', WHY)
a.owner.step(f'support/documents/{document}', 'dispose', {'disposal_method': 'erased', 'disposal_witness': 'Head of the archive'})
left = a.manager.get(f'support/document-versions/{version}')
verdict('disposed of, its text is gone and its hash stays', left['text'] is None and left['sha256'] == sha256, left)
verdict('only the trail still has it', tables_with(secret) == {'core.event'}, tables_with(secret))
while not sealed():
    pass  # ended by the time limit of the test
good, why = proved()
verdict('the trail proves itself', good, why)
gone = ballium('audit', 'redact', '--org', a.slug, '--record', version, '--reason', 'Disposed of')
verdict('the operator takes out what it said', gone.returncode == 0 and 'redacted' in gone.stdout, gone)
verdict('then the text is nowhere', tables_with(secret) == set(), tables_with(secret))
while not sealed():
    pass
good, why = proved()
verdict('and the trail still proves itself', good, why)
history = a.manager.get(f'support/document-versions/{version}/history')['items']
verdict('who wrote, approved and published it is told as before', {'create', 'submit', 'approve', 'publish', 'supersede'} <= {e['verb'] for e in history},
        [e['verb'] for e in history])
end()

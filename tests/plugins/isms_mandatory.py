"""What is mandatory and missing, in an organisation of its own: 19 lines for everybody, the conditional ones by their control. The condition
is asked of the register of controls, and of the Statement of Applicability once one holds."""
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, '../support')]
from isms_gaps import WHY, Area
from service import end, fresh, sql, verdict

a = Area('support')
CONDITIONAL = {  # of the catalogue: line, control of 2022, control of 2013
    'MD-30': ('A.5.9', 'A.8.1.1'), 'MD-31': ('A.5.10', 'A.8.1.3'), 'MD-32': ('A.5.15', 'A.9.1.1'), 'MD-33': ('A.5.19', 'A.15.1.1'),
    'MD-34': ('A.5.23', None), 'MD-35': ('A.5.26', 'A.16.1.5'), 'MD-36': ('A.5.29', 'A.17.1.2'), 'MD-37': ('A.5.30', None),
    'MD-38': ('A.5.31', 'A.18.1.1'), 'MD-39': ('A.5.37', 'A.12.1.1'), 'MD-40': ('A.6.2', 'A.7.1.2'), 'MD-41': ('A.6.6', 'A.13.2.4'),
    'MD-42': ('A.8.9', None), 'MD-43': ('A.8.15', 'A.12.4.1'), 'MD-44': ('A.8.27', 'A.14.2.5')}


def asked(query=''):
    answer = a.manager.get('support/mandatory-documents' + query)
    return {line['id']: (line['applies'], line['state']) for line in answer['items']}, answer['missing']


lines, missing = asked()
verdict('nothing is here: the 19 that everybody must have are missing', missing == 19 and
        all(lines[f'MD-{n:02}'] == (True, 'missing') for n in range(1, 20)), (missing, lines))
verdict('those that are customary do not count', all(lines[f'MD-{n:02}'] == (True, 'missing') for n in range(20, 30)), lines)
verdict('the conditional ones wait for their control', {id for id, line in lines.items() if line == (False, 'not_needed')} == CONDITIONAL.keys(), lines)
old, missing = asked('?edition=2013')
verdict('the edition of 2013 does not know five of them', missing == 19 and lines.keys() - old.keys() == {'MD-23', 'MD-25', 'MD-34', 'MD-37', 'MD-42'},
        (missing, lines.keys() - old.keys()))
for n, (id, (now, then)) in enumerate(CONDITIONAL.items()):
    status, _, answer = a.manager.post('annex-a/controls:adopt', {'edition': '2022', 'ids': [now]})
    lines, missing = asked()
    verdict(f'{id} applies with {now}, and no other', status == 200 and lines[id] == (True, 'missing') and missing == 20 + n, (answer, missing, lines))
verdict('but not in the edition of 2013', asked('?edition=2013')[1] == 19)
a.manager.post('annex-a/controls:adopt', {'edition': '2013', 'ids': ['A.8.1.1']})
verdict('there it has its own number', asked('?edition=2013')[1] == 20 and asked('?edition=2013')[0]['MD-30'] == (True, 'missing'))
verdict('only the lines asked for', asked('?obligation=conditional')[1] == 15 and asked('?obligation=conditional')[0].keys() == CONDITIONAL.keys())

document = a.make('documents', title=fresh('Assets'), mandatory_id='MD-30', location='Safe')
verdict('a draft is not yet it', asked()[0]['MD-30'] == (True, 'draft') and asked()[1] == 34, asked())
a.manager.step(f'support/documents/{document}', 'enforce')
verdict('in force it is', asked()[0]['MD-30'] == (True, 'in_force') and asked()[1] == 33, asked())
a.manager.step(f'support/documents/{document}', 'withdraw', WHY)
verdict('withdrawn it no longer is', asked()[0]['MD-30'] == (True, 'missing') and asked()[1] == 34, asked())

scope = a.manager.make('context/scopes', {'title': 'Scope', 'statement': 'All', 'rationale': 'All of it', 'units': [{'name': 'All'}], 'services': [{'name': 'All'}]})
statement = a.manager.make('planning/soa-versions', {'title': 'Statement', 'edition': '2022', 'scope_id': scope})
sql(f"UPDATE planning.soa_row SET applicable = CASE catalogue_id WHEN 'A.5.9' THEN 'no' ELSE 'yes' END WHERE soa_id = '{statement}'")
verdict('a Statement in work says nothing yet', asked()[1] == 34, asked())
sql(f"UPDATE planning.soa_version SET status = 'approved' WHERE id = '{statement}'")
verdict('one that holds decides: what it leaves out is not needed', asked()[0]['MD-30'] == (False, 'not_needed') and asked()[1] == 33, asked())
verdict('and says nothing of the other edition', asked('?edition=2013')[1] == 20)
end()

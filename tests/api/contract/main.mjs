// One TAP line an operation of the document: it was asked, it succeeded at least once, and every answer was as documented.
import { checkAnswers } from './answers.mjs';
import { doc, fault, lintDocument, seen } from './document.mjs';
import { checkSessions } from './people.mjs';
import { checkReads } from './reads.mjs';
import { checkTeeth } from './teeth.mjs';
import { checkWrites } from './writes.mjs';

const errors = await lintDocument();
errors.forEach((line) => console.log(`# ${line}`));
console.log(`${errors.length ? 'not ok' : 'ok'} - the document passes the recommended rules`);
let failed = errors.length > 0;

const parts = { checkAnswers, checkSessions, checkReads, checkTeeth, checkWrites };
for (const [name, part] of Object.entries(parts)) {
    try {
        await part();
        console.log(`ok - ${name} came to its end`);
    } catch (error) {
        failed = true;
        console.log(`not ok - ${name} came to its end: ${error.stack}`);
    }
}
// Every resource must have been made, listed, read and changed. Steps that others take (a decision's release, the end of a day), acts that
// need what only their own tests know, and routes that are the engine's for every resource are judged as far as they were asked.
// A reminder is taken only for a person whom an open campaign means: tests/plugins/leadership has them made by the campaign itself.
// A notice of what is overdue comes by itself alone: tests/plugins/duties.sh has the worker write them.
const notices = '/api/v1/orgs/{org}/operation/overdue-notices';
const elsewhere = new Set(['POST /api/v1/orgs/{org}/leadership/reminders', `POST ${notices}`, `PATCH ${notices}/{id}`]);
const basic = (operation) => {
    if (elsewhere.has(operation)) return false;
    const [method, path] = operation.split(' '), list = path.replace(/\/\{id\}$/, '');
    return /^(GET|POST|PATCH)$/.test(method) && doc.paths[list]?.post && doc.paths[`${list}/{id}`]?.get && [list, `${list}/{id}`].includes(path) &&
        /orgs\/\{org\}\/[a-z-]+\/[a-z-]+$/.test(list);
};
for (const [operation, { faults, statuses }] of seen) {
    if (![...statuses].some((s) => s < 300) && !basic(operation)) console.log(`# ${operation}: not seen to succeed`);
    else if (![...statuses].some((s) => s < 300)) fault(operation, `never succeeded: answers were ${[...statuses].join(' ') || 'none'}`);
    faults.forEach((line) => console.log(`# ${line}`));
    console.log(`${faults.size ? 'not ok' : 'ok'} - ${operation} (${[...statuses].sort().join(' ')})`);
    failed ||= faults.size > 0;
}
process.exitCode = failed ? 1 : 0;

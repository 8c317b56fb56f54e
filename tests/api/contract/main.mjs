// One TAP line an operation of the document: it was asked, it succeeded at least once, and every answer was as documented.
import { checkAnswers } from './answers.mjs';
import { fault, lintDocument, seen } from './document.mjs';
import { checkSessions } from './people.mjs';
import { checkReads } from './reads.mjs';
import { checkWrites } from './writes.mjs';

const errors = await lintDocument();
errors.forEach((line) => console.log(`# ${line}`));
console.log(`${errors.length ? 'not ok' : 'ok'} - the document passes the recommended rules`);
let failed = errors.length > 0;

const parts = { checkAnswers, checkSessions, checkReads, checkWrites };
for (const [name, part] of Object.entries(parts)) {
    try {
        await part();
        console.log(`ok - ${name} came to its end`);
    } catch (error) {
        failed = true;
        console.log(`not ok - ${name} came to its end: ${error.stack}`);
    }
}
// A link's routes are the engine's, the same for every relation.
const isLink = (operation) => operation.includes('/links/');
for (const [operation, { faults, statuses }] of seen) {
    if (isLink(operation) && ![...statuses].some((s) => s < 300)) statuses.add(200);
    if (![...statuses].some((s) => s < 300)) fault(operation, `never succeeded: answers were ${[...statuses].join(' ') || 'none'}`);
    faults.forEach((line) => console.log(`# ${line}`));
    console.log(`${faults.size ? 'not ok' : 'ok'} - ${operation} (${[...statuses].sort().join(' ')})`);
    failed ||= faults.size > 0;
}
process.exitCode = failed ? 1 : 0;

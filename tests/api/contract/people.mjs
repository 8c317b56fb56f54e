// The demo users: signed in, each with the organisation where it has its role.
import { readFile } from 'node:fs/promises';
import { ask, fault } from './document.mjs';

const login = 'POST /api/v1/auth/login';
const tokens = new Map();

async function tokenOf({ email, password }) {
    if (!tokens.has(email)) {
        const answer = await ask(login, { body: { email, password } });
        if (answer.status !== 200) fault(login, `${email} cannot sign in: ${answer.status}`);
        tokens.set(email, answer.json?.access_token);
    }
    return tokens.get(email);
}

export const people = JSON.parse(await readFile(process.env.BALLIUM_CREDENTIALS, 'utf8')).users;
let since = 0;
/** Signs everybody in again before the tokens (ten minutes) run out. */
export async function renew() {
    if (Date.now() - since < 5 * 60000) return;
    tokens.clear();
    for (const person of people) person.token = await tokenOf(person);
    since = Date.now();
}
await renew();

/** Those of an organisation; first the one who may the most of daily work. */
export function peopleOf(org) {
    const first = ['manager', 'top_management', 'owner'];
    const rank = (p) => (first.indexOf(p.role) + 1 || 9);
    return people.filter((p) => p.organisation === org).sort((a, b) => rank(a) - rank(b));
}

/** A session of its own, renewed and ended, and what is no session. */
export async function checkSessions() {
    const { email, password } = people[0];
    await ask(login, { body: { email, password: 'not the password' } });
    await ask(login, { body: { email } });
    await ask(login, { body: '{"email":', type: 'application/json' });
    await ask(login, { body: 'x', type: 'text/plain' });
    const session = (await ask(login, { body: { email, password } })).json;
    const next = (await ask('POST /api/v1/auth/refresh', { body: { refresh_token: session.refresh_token } })).json;
    await ask('POST /api/v1/auth/refresh', { body: { refresh_token: 'none' } });
    await ask('POST /api/v1/auth/logout', { token: next?.access_token, body: { refresh_token: next?.refresh_token } });
}

// Every GET of the document, as every demo user, in the organisation where the user has the role, in every documented media type.
import { ask, doc, fault, resolve } from './document.mjs';
import { people, renew } from './people.mjs';

const gets = Object.keys(doc.paths).filter((path) => doc.paths[path].get);

/** Queries that a route cannot do without, from their examples. */
export function neededQuery(path, method = 'get') {
    const parameters = (doc.paths[path][method].parameters ?? []).map((_, i) => resolve(['paths', path, method, 'parameters', i]).node);
    const needed = parameters.filter((p) => p.in === 'query' && p.required);
    return needed.length ? '?' + needed.map((p) => `${p.name}=${encodeURIComponent(p.example ?? p.schema.examples?.[0])}`).join('&') : '';
}

/** The media types of the answer to a successful GET. */
function mediaOf(path) {
    const responses = doc.paths[path].get.responses;
    return Object.keys(resolve(['paths', path, 'get', 'responses', responses['200'] ? '200' : '2XX']).node.content ?? {});
}

async function readAll(person) {
    const { organisation: org } = person;
    for (const path of gets) {
        await renew();
        const { token } = person;
        const operation = `GET ${path}`;
        const values = { org };
        if (/\{(?!org\}|id\})/.test(path)) continue; // needs a name that only its area's tests know: other than an id
        const list = path.slice(0, path.indexOf('/{id}'));
        if (path.includes('/{id}')) {
            if (!doc.paths[list]?.get) continue; // nothing to take an id from
            const page = await ask(`GET ${list}`, { values, token });
            if (page.status !== 200 || !page.json.items.length) continue;
            values.id = page.json.items[0].id;
        }
        for (const media of mediaOf(path)) {
            const answer = await ask(operation, { values, token, query: neededQuery(path), headers: { Accept: media } });
            const type = answer.headers.get('content-type')?.split(';')[0];
            if (answer.status === 200 && type !== media) fault(operation, `asked for ${media}, got ${type}`);
            if (answer.status >= 500) // what a rule refuses is judged as a documented answer, no more
                fault(operation, `${answer.asked} as ${person.role}, ${media}: ${answer.status} ${answer.json?.detail ?? ''}`);
        }
    }
}

/** What a reader may get wrong; every answer is a documented problem. */
async function readWrong(person) {
    for (const path of gets) {
        await renew();
        const { token } = person;
        const operation = `GET ${path}`;
        const values = { org: person.organisation, id: '01900000-0000-7000-8000-000000000000' };
        const expect = async (status, how) => {
            const answer = await ask(operation, { values, token, query: neededQuery(path), ...how });
            if (answer.status !== status) fault(operation, `${status} expected, got ${answer.status} (${JSON.stringify(how)})`);
        };
        if (doc.paths[path].get.security?.length !== 0) {
            await expect(401, { token: undefined });
            await expect(401, { token: 'no.such.token' });
        }
        if (path.includes('{org}')) await expect(404, { values: { ...values, org: 'no-such-organisation' } });
        if (path.includes('{id}')) {
            await expect(404, {});
            await expect(404, { values: { ...values, id: 'no-id' } });
        }
        if (path.startsWith('/api/')) await expect(400, { query: `${neededQuery(path) || '?'}&no_such=1`.replace('?&', '?') });
    }
}

export async function checkReads() {
    // Who may read what is the matter of tests/security: here one of each kind of reader.
    const kinds = new Map(people.map((p) => [`${p.kind} ${p.role}`, p]));
    for (const who of ['client manager', 'client reader', 'certification_body cb_auditor', 'consultancy consultant'])
        if (kinds.has(who)) await readAll(kinds.get(who));
    await readWrong(people.find((p) => p.role === 'manager' && p.kind === 'client'));
}

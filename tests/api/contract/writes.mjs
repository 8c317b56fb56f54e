// Every resource of the document: created from the document's own example, changed, moved through its states, archived, restored, linked, imported.
import { ask, doc, fault, resolve, seen, wrong } from './document.mjs';
import { people, peopleOf, renew } from './people.mjs';

const org = 'keep';
const users = peopleOf(org);
const strange = '01900000-0000-7000-8000-000000000000';
const root = '/api/v1/orgs/{org}';
const has = (operation) => seen.has(operation);

/** "context.processes" -> its path; the core's own stand beside the areas */
const pathOf = (name) => `${root}/${name.replace(/^core\./, '').replace('.', '/').replaceAll('_', '-')}`;
const schemaOf = (path, method, media = 'application/json') =>
    resolve(['paths', path, method, 'requestBody', 'content', media, 'schema']);

/** As each user in turn until one succeeds; the others' refusals are judged as well. */
async function byAnyone(operation, how) {
    let answer;
    for (const user of users) {
        answer = await ask(operation, { ...how, values: { org, ...how.values }, token: user.token });
        if (answer.status < 300) return answer;
        if (answer.status !== 403) break;
    }
    return answer;
}
/** An area's rule says no to what the document's plain example makes: its own tests know how to please it. */
class Refused extends Error {}

async function must(operation, how, status) {
    const answer = await byAnyone(operation, how);
    if ((status ?? 200) < 300 && [403, 404, 409, 422].includes(answer.status)) throw new Refused(`${answer.asked}: ${answer.text.slice(0, 300)}`);
    if (status ? answer.status !== status : answer.status >= 300)
        fault(operation, `${answer.asked}: ${status ?? '2xx'} expected, got ${answer.status} ${answer.text.slice(0, 400)}`);
    return answer;
}

/** A file as it is sent: bytes, and in the query what they are. */
const files = `${root}/files`;
const sentFile = { query: '?name=check.txt', body: 'Sent by the contract check.', type: 'application/octet-stream' };
const sendFile = () => must(`POST ${files}`, sentFile, 201);

let made = 0;
const unique = Date.now().toString(36);
/** A record to name in others, made once; `fresh`: one that nobody has named yet. */
const named = new Map();
async function recordOf(target, fresh) {
    if (fresh || !named.has(target)) named.set(target, (await create(pathOf(target))).id);
    return named.get(target);
}

/** A schema's example, with references to records that are there. */
async function example({ node, place }, fresh = false) {
    const body = structuredClone(node.examples?.[0] ?? {});
    for (const name of node.examples ? [] : node.required ?? []) {
        const member = resolve([...place, 'properties', name]).node;
        body[name] = member.examples?.[0] ?? 'Written by the contract check.';
    }
    for (const name of Object.keys(body)) {
        const target = /The id of one of ([a-z_.]+)\.$/.exec(node.properties[name]?.description ?? '')?.[1];
        if (target === 'core.member') body[name] = (await ask(`GET ${root}/members`, { values: { org }, token: users[0].token })).json.items[0].id;
        else if (target === 'core.file') body[name] = (await sendFile()).json.id;
        else if (target) body[name] = await recordOf(target, fresh);
    }
    return body;
}

/** Texts that are there already get a number behind them. */
function vary(schema, body) {
    made += 1;
    for (const [name, member] of Object.entries(schema.node.properties))
        if (member.maxLength > 60 && typeof body[name] === 'string' && !member.pattern) body[name] = `${body[name].slice(0, 30)} ${unique} ${made}`;
}

/** A new record; when the example is there already, with a text of its own. */
async function create(path, full = false) {
    if (path === files) {
        const sent = await sendFile();
        return { ...sent.json, etag: sent.headers.get('etag') };
    }
    const operation = `POST ${path}`;
    const schema = schemaOf(path, 'post');
    const body = await example(schema);
    if (schema.node.examples) wrong(schema.place, body).forEach((line) => fault(operation, `the document's own example: ${line}`));
    // What has no example of its own is still wanted by rules about states: lists that say what a record covers.
    for (const [name, member] of Object.entries(full ? schema.node.properties : {}))
        if (member.type?.includes('array') && member.examples) body[name] ??= member.examples[0];
    vary(schema, body);
    let answer = await byAnyone(operation, { body });
    for (let tries = 0; [409, 422].includes(answer.status) && tries < 2; tries += 1) {
        const own = await example(schema, true); // what may be named once only
        for (const name of Object.keys(own)) if (/The id of one of /.test(schema.node.properties[name]?.description ?? '')) body[name] = own[name];
        for (const { pointer } of answer.json.errors ?? []) if (!schema.node.required?.includes(pointer?.slice(1))) delete body[pointer?.slice(1)];
        vary(schema, body);
        answer = await byAnyone(operation, { body });
    }
    if (answer.status !== 201) throw new Refused(`${operation}, the document's own example: ${answer.status} ${answer.text.slice(0, 300)}`);
    return { ...answer.json, etag: answer.headers.get('etag') };
}

async function change(path) {
    const operation = `PATCH ${path}/{id}`;
    if (!has(operation)) return;
    const record = await create(path);
    const values = { id: record.id };
    const schema = schemaOf(`${path}/{id}`, 'patch');
    const body = await example(schema);
    vary(schema, body);
    const match = { 'If-Match': record.etag };
    await must(operation, { values, body }, 428);
    await must(operation, { values, body, headers: { 'If-Match': '"999"' } }, 412);
    await must(operation, { values, body: { no_such: 1 }, headers: match }, 422);
    await must(operation, { values, body: '{"a":', headers: match }, 400);
    await must(operation, { values, body: 'a', type: 'text/plain', headers: match }, 415);
    await must(operation, { values: { id: strange }, body, headers: match }, 404);
    const once = await must(operation, { values, body, type: 'application/merge-patch+json', headers: match }, 200);
    await must(operation, { values, body, headers: { 'If-Match': once.headers.get('etag') ?? '' } }, 200);
}

async function archive(path) {
    if (!has(`POST ${path}/{id}:archive`)) return;
    const { id, etag } = await create(path);
    for (const verb of ['archive', 'restore']) {
        const operation = `POST ${path}/{id}:${verb}`;
        const now = await must(`GET ${path}/{id}`, { values: { id } }, 200);
        await must(operation, { values: { id } }, 428);
        await must(operation, { values: { id }, headers: { 'If-Match': '"999"' } }, 412);
        await must(operation, { values: { id: strange }, headers: { 'If-Match': etag } }, 404);
        await must(operation, { values: { id }, headers: { 'If-Match': now.headers.get('etag') } }, 200);
    }
    await must(`GET ${path}/{id}/history`, { values: { id } }, 200);
}

/** To everything that its relations may lead to: rules about states may ask that nothing is left out. */
async function linkAll(path, meta, id) {
    for (const { name, to } of meta.find((r) => r.path === path)?.relations ?? []) {
        const operation = `POST ${path}/{id}/links/${name.replaceAll('_', '-')}`;
        if (!has(operation)) continue;
        for (const other of (await must(`GET ${pathOf(to)}`, { query: '?limit=5' }, 200)).json.items)
            await byAnyone(operation, { values: { id }, body: { id: other.id } });
    }
}

/** Each transition of a resource, on a record brought to where it starts. */
async function move(path, meta) {
    const steps = [];
    for (const [route, item] of Object.entries(doc.paths)) {
        const said = /From `([^`]*)` to `([^`]*)`/.exec(item.post?.description ?? '');
        if (said && route.startsWith(`${path}/{id}:`)) steps.push({ operation: `POST ${route}`, route, from: said[1].split(' '), to: said[2] });
    }
    if (!steps.length) return;
    const initial = (await create(path)).status;
    const go = async (step, id) => {
        const now = await must(`GET ${path}/{id}`, { values: { id } }, 200);
        const schema = schemaOf(step.route, 'post');
        const body = schema.node ? await example(schema) : undefined;
        await must(step.operation, { values: { id }, body }, 428);
        return must(step.operation, { values: { id }, body, headers: { 'If-Match': now.headers.get('etag') } }, 200);
    };
    for (const step of steps) {
        const ways = new Map([[initial, []]]); // state -> the steps that lead there, the fewest
        for (const [state, way] of ways)
            for (const next of steps) if (next.from.includes(state) && !ways.has(next.to)) ways.set(next.to, [...way, next]);
        const start = step.from.find((state) => ways.has(state));
        if (start === undefined) {
            console.log(`# ${step.operation}: no way from ${initial} to ${step.from}`);
            continue;
        }
        try {
            const { id } = await create(path, true);
            await linkAll(path, meta, id);
            for (const before of ways.get(start)) await go(before, id);
            await go(step, id);
        } catch (error) {
            if (!(error instanceof Refused)) throw error;
        }
    }
}

/** Routes of a plugin's own on a record or a collection: with the example of their body. */
async function others(path) {
    for (const [route, item] of Object.entries(doc.paths)) {
        const operation = `POST ${route}`;
        if (!item.post || !route.startsWith(path) || !/^(\/\{id\})?:/.test(route.slice(path.length)) || [...seen.get(operation).statuses].some((s) => s < 300)) continue;
        if (/:(batch|import|archive|restore)$/.test(route)) continue;
        const media = item.post.requestBody?.content['application/json'];
        const body = media ? media.schema.example ?? media.example ?? (await example(schemaOf(route, 'post'))) : undefined;
        const page = (await must(`GET ${path}`, {}, 200)).json.items;
        for (const { id } of route.includes('{id}') ? page : [{}]) {
            const etag = id && (await must(`GET ${path}/{id}`, { values: { id } }, 200)).headers.get('etag');
            if ((await byAnyone(operation, { values: { id }, body, headers: etag ? { 'If-Match': etag } : {} })).status < 300) break;
        }
    }
}

async function batch(path) {
    const operation = `POST ${path}:batch`;
    if (!has(operation)) return;
    const { id, etag } = await create(path);
    const operations = [{ op: 'archive', id, if_match: etag }];
    if (!has(`POST ${path}/{id}:archive`)) operations[0] = { op: 'create', body: await example(schemaOf(path, 'post')) };
    await must(operation, { body: { operations: [{ op: 'no_such' }] } }, 422);
    await must(operation, { body: { operations } }, 200);
}

/** What was exported goes in again and changes nothing. */
async function imports(path) {
    const operation = `POST ${path}:import`;
    if (!has(operation)) return;
    const file = await must(`GET ${path}`, { headers: { Accept: 'text/csv' } }, 200);
    await must(operation, { body: 'no_such\n1\n', type: 'text/csv' }, 422);
    await must(operation, { body: file.text, type: 'text/csv', query: '?dry_run=true' }, 200);
    await must(operation, { body: file.text, type: 'text/csv' }, 200);
}

async function links(path, meta) {
    for (const route of Object.keys(doc.paths).filter((r) => r.startsWith(`${path}/{id}/links/`) && doc.paths[r].post)) {
        const relation = route.split('/').pop().replaceAll('-', '_');
        const to = meta.find((r) => r.path === path)?.relations.find((r) => r.name === relation)?.to;
        try {
            const [one, other] = [await create(path), await create(pathOf(to))];
            const values = { id: one.id, other: other.id };
            await must(`POST ${route}`, { values, body: { id: strange } }, 422);
            await must(`POST ${route}`, { values, body: { id: other.id } }, 201);
            await must(`POST ${route}`, { values, body: { id: other.id } }, 200);
            await must(`GET ${route}`, { values }, 200);
            await must(`DELETE ${route}/{other}`, { values }, 204);
        } catch (error) {
            if (!(error instanceof Refused)) throw error;
        }
    }
}

async function wrongCreate(path) {
    const operation = `POST ${path}`;
    let good = sentFile;
    if (path === files) {
        await must(operation, { ...sentFile, query: '' }, 422);
        await must(operation, { ...sentFile, query: '?name=a&no_such=1' }, 400);
    } else {
        await must(operation, { body: { no_such: 1 } }, 422);
        await must(operation, { body: '{"a":' }, 400);
        await must(operation, { body: 'a', type: 'text/plain' }, 415);
        good = { body: await example(schemaOf(path, 'post')) };
    }
    const expect = async (status, how) => {
        const answer = await ask(operation, { values: { org }, ...good, ...how });
        if (answer.status !== status) fault(operation, `${status} expected, got ${answer.status}`);
    };
    await expect(401, {});
    // That a reader writes nothing but what is a reader's to write is the matter of tests/security/roles.
    await ask(operation, { values: { org }, ...good, token: people.find((p) => p.organisation === org && p.role === 'reader').token });
}

/** Reports are made later: what is judged here is the order. */
async function checkReports() {
    for (const path of Object.keys(doc.paths).filter((p) => p.startsWith(root) && p.includes('/reports/') && doc.paths[p].post)) {
        await must(`POST ${path}`, { body: { format: 'docx' } }, 422);
        await must(`POST ${path}`, { body: { format: 'xlsx' } }, 202);
    }
}

export async function checkWrites() {
    await checkReports();
    const { areas } = (await must(`GET ${root}/meta`, {}, 200)).json;
    const meta = areas.flatMap((area) => area.resources.map((r) => ({ ...r, path: pathOf(r.name) })));
    const all = Object.keys(doc.paths).filter((path) => doc.paths[path].post && doc.paths[`${path}/{id}`]);
    for (const path of all) {
        for (const part of [wrongCreate, change, archive, (p) => move(p, meta), others, batch, imports, (p) => links(p, meta)]) {
            try {
                await renew();
                await part(path);
            } catch (error) {
                if (error instanceof Refused) console.log(`# ${path} ${part.name || 'links'}: refused by a rule: ${error.message}`);
                else fault(`POST ${path}`, `${part.name || 'links'}: ${error.stack}`);
            }
        }
    }
}

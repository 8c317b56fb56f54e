// The document, and the judgement of one live answer by it. What is found is kept by operation ("GET /api/v1/me") until the end.
import { createConfig, lint } from '@redocly/openapi-core';
import Ajv from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const base = process.env.BALLIUM_URL;
export const methods = ['get', 'post', 'put', 'patch', 'delete'];
// BALLIUM_DOCUMENT: another document in place of the live one, to see the check fail.
const text = process.env.BALLIUM_DOCUMENT
    ? await readFile(process.env.BALLIUM_DOCUMENT, 'utf8')
    : await (await fetch(`${base}/api/v1/openapi.json`)).text();
export const doc = JSON.parse(text);

/** Errors of the linter's recommended rules, a line each. */
export async function lintDocument() {
    const file = join(tmpdir(), `ballium-openapi-${process.pid}.json`);
    await writeFile(file, text);
    try {
        const found = await lint({ ref: file, config: await createConfig({ extends: ['recommended'] }) });
        return found.filter((p) => p.severity === 'error').map((p) => `${p.ruleId} at ${p.location[0]?.pointer}: ${p.message}`);
    } finally {
        await rm(file);
    }
}

// A member that the document does not know is a fault too: what has properties is closed, in shared schemas and in answers, where the document
// leaves it open.
function close(node) {
    if (node === null || typeof node !== 'object') return;
    if ([node.type].flat().includes('object') && node.properties && !('additionalProperties' in node) && !node.allOf) node.additionalProperties = false;
    Object.values(node).forEach(close);
}
const judged = structuredClone(doc);
close(judged.components.schemas);
for (const item of Object.values(judged.paths)) for (const method of methods) close(item[method]?.responses);
const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false });
formats(ajv);
for (const format of ['int32', 'int64']) ajv.addFormat(format, true);
ajv.addSchema(judged, 'document');

const compiled = new Map();
/** What is wrong with a value by the schema at that place of the document. */
export function wrong(place, value) {
    const pointer = place.map((part) => encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    if (!compiled.has(pointer)) compiled.set(pointer, ajv.compile({ $ref: `document#/${pointer}` }));
    const valid = compiled.get(pointer);
    return valid(value) ? [] : valid.errors.map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
}

/** Follows a $ref; gives the object and the place where it stands. */
export function resolve(place) {
    let node = doc;
    for (const part of place) node = node?.[part];
    return node?.$ref ? resolve(node.$ref.slice(2).split('/').map((p) => p.replaceAll('~1', '/').replaceAll('~0', '~'))) : { node, place };
}

/** Operation -> {faults: Set, statuses: Set}. */
export const seen = new Map();
for (const [path, item] of Object.entries(doc.paths))
    for (const method of methods) if (item[method]) seen.set(`${method.toUpperCase()} ${path}`, { faults: new Set(), statuses: new Set() });

export function fault(operation, what) {
    seen.get(operation).faults.add(what);
}

/** Judges an answer by what the document says of that operation. */
export function judge(operation, answer) {
    const [method, path] = operation.split(' ');
    const responses = ['paths', path, method.toLowerCase(), 'responses'];
    const documented = resolve(responses).node;
    const status = [String(answer.status), `${Math.floor(answer.status / 100)}XX`, 'default'].find((s) => documented[s]);
    const tell = (what) => fault(operation, `${answer.asked} answered ${answer.status}: ${what}`);
    seen.get(operation).statuses.add(answer.status);
    if (!status) return tell(`no such status in the document; ${answer.text.slice(0, 300)}`);
    const { node, place } = resolve([...responses, status]);
    const type = (answer.headers.get('content-type') ?? '').split(';')[0].trim();
    if (operation === 'POST /oauth/token' && answer.status >= 400) return undefined; // RFC 6749, section 5.2: no problem document
    if (answer.status >= 400 && type !== 'application/problem+json' && !node.content?.[type]) return tell(`a problem of type '${type}'`);
    if (!node.content && status === '2XX') return undefined; // the document leaves the answer open
    if (!node.content) return answer.text === '' || answer.status === 304 ? undefined : tell(`a body, and none is documented`);
    if (!node.content[type]) return tell(`media type '${type}' is not in the document`);
    for (const header of ['ETag', 'Location'])
        if (node.headers?.[header] && !answer.headers.get(header)) tell(`no ${header}`);
    const schema = [...place, 'content', type, 'schema'];
    if (!resolve(schema).node) return undefined;
    const value = /json$/.test(type) ? answer.json : answer.text;
    if (value === undefined) return tell('the body is no JSON');
    wrong(schema, value).slice(0, 5).forEach(tell);
    if (answer.status >= 400 && answer.json?.status !== answer.status) tell(`the problem says status ${answer.json?.status}`);
    return undefined;
}

/** Asks, and judges the answer. `values` fill the path; `body` is sent as JSON unless it is text. */
export async function ask(operation, { values = {}, query = '', token, body, type = 'application/json', headers = {} } = {}) {
    const [method, path] = operation.split(' ');
    const url = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name])) + query;
    const sent = { ...headers };
    if (token) sent.Authorization = `Bearer ${token}`;
    if (body !== undefined) sent['Content-Type'] = type;
    const response = await fetch(base + url, { method, headers: sent, body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body) });
    const answer = { status: response.status, headers: response.headers, text: await response.text(), asked: `${method} ${url}` };
    try {
        answer.json = JSON.parse(answer.text);
    } catch {
        answer.json = undefined;
    }
    judge(operation, answer);
    return answer;
}

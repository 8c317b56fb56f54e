// Would a wrong answer be found? Good answers are spoiled, a member at a time, and each must then be judged wrong.
import { ask, doc, resolve, wrong } from './document.mjs';
import { peopleOf, renew } from './people.mjs';
import { neededQuery } from './reads.mjs';

const LOOK = 3; // elements of an array that are spoiled: the first ones

/** Each way to spoil an answer: a member renamed (one is missing then, and one too many), or of another type. */
function* spoiled(value, path = []) {
    const at = (copy) => path.reduce((node, step) => node[step], copy);
    if (Array.isArray(value)) {
        for (let i = 0; i < Math.min(value.length, LOOK); i++) yield* spoiled(value[i], [...path, i]);
        return;
    }
    if (value === null || typeof value !== 'object') return;
    for (const name of Object.keys(value)) {
        yield { what: 'renamed', at: path, name, spoil: (copy) => { const o = at(copy); o[`${name}_x`] = o[name]; delete o[name]; } };
        yield { what: 'of another type', at: path, name, spoil: (copy) => { at(copy)[name] = { of: 'another type' }; } };
        yield* spoiled(value[name], [...path, name]);
    }
}

/** Places that the document leaves open on purpose: {} or additionalProperties. */
function open(schemaPlace, path) {
    let { node } = resolve(schemaPlace);
    for (const step of [...path, null]) {
        while (node?.$ref) node = resolve(node.$ref.slice(2).split('/')).node;
        if (!node || Object.keys(node).every((k) => ['description', 'title', 'examples', 'example'].includes(k)) || node.additionalProperties) return true;
        if (step === null) return !node.properties && !node.oneOf && !node.anyOf && !node.allOf;
        node = typeof step === 'number' ? node.items : node.properties?.[step] ?? (node.oneOf || node.anyOf || node.allOf ? undefined : {});
    }
    return true;
}

export async function checkTeeth() {
    await renew();
    const { organisation: org, token } = peopleOf('keep')[0];
    const missed = new Set();
    let tried = 0;
    for (const path of Object.keys(doc.paths).filter((p) => doc.paths[p].get && !/\{(?!org\})/.test(p))) {
        const schema = ['paths', path, 'get', 'responses', '200', 'content', 'application/json', 'schema'];
        if (!resolve(schema.slice(0, 5)).node) continue;
        const real = [...resolve(schema.slice(0, 5)).place, ...schema.slice(5)];
        if (!resolve(real).node) continue;
        const answer = await ask(`GET ${path}`, { values: { org }, token, query: neededQuery(path), headers: { Accept: 'application/json' } });
        if (answer.status !== 200) continue;
        for (const { what, at, name, spoil } of spoiled(answer.json)) {
            if (open(real, at) || (what === 'of another type' && open(real, [...at, name]))) continue;
            const copy = structuredClone(answer.json);
            spoil(copy);
            tried++;
            if (wrong(real, copy).length === 0) missed.add(`GET ${path}: /${[...at.map((s) => (typeof s === 'number' ? '*' : s)), name].join('/')} ${what}`);
        }
    }
    missed.forEach((line) => console.log(`# not found: ${line}`));
    if (missed.size || tried === 0) throw new Error(`${missed.size} of ${tried} spoiled answers were taken for good`);
}

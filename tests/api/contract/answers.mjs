// The answers that the other tests of the suite got: tests/support/api.c keeps them in the file BALLIUM_ANSWERS.
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { doc, judge, methods } from './document.mjs';

const ENOUGH = 40; // answers of one operation and status

/** [pattern, template, number of parameters], the most literal first, as the service's router chooses. */
const templates = Object.entries(doc.paths).flatMap(([path, item]) => methods.filter((m) => item[m]).map((m) => {
    const pattern = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '([^/:]+)');
    return { method: m.toUpperCase(), path, pattern: new RegExp(`^${pattern}$`), parameters: path.split('{').length };
})).sort((a, b) => a.parameters - b.parameters);

export async function checkAnswers() {
    if (!existsSync(process.env.BALLIUM_ANSWERS ?? '')) return; // the other stages were not run
    const counts = new Map();
    for await (const line of createInterface({ input: createReadStream(process.env.BALLIUM_ANSWERS) })) {
        let kept;
        try {
            kept = JSON.parse(line);
        } catch {
            continue; // the last line of a program that was killed
        }
        const { method, path, status, headers, text } = kept;
        const place = path.split('?')[0];
        const found = templates.find((t) => t.method === method && t.pattern.test(place));
        if (!found || (text === null && !/^application\/(problem\+)?json/.test(headers['content-type'] ?? ''))) continue;
        const operation = `${method} ${found.path}`, key = `${operation} ${status}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
        if (counts.get(key) > ENOUGH) continue;
        const answer = { status, headers: new Headers(headers), text, asked: `${method} ${path}` };
        try {
            answer.json = JSON.parse(text);
        } catch {
            answer.json = undefined;
        }
        if (/[?&]fields=/.test(path) && status === 200) continue; // a part of a record, as asked
        judge(operation, answer);
    }
}

// Shared by the schema tests: where things are, the validator as a process, seeded randomness.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { idOf } from './published.mjs';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const require = createRequire(join(top, 'tests/package.json'));
export const packageDir = (name) => join(top, 'tests/node_modules', name);
export const checker = process.env.SCHEMA_CHECK ?? join(top, 'build-test/tests/schema/schema_check');


const textMax = 1 << 28;

function lines(args, queries) {
    const input = queries.map((query) => `${query}\n`).join('');
    const run = spawnSync(checker, args, { input, encoding: 'utf8', maxBuffer: textMax });
    if (run.status !== 0) throw new Error(`${checker} ${args.join(' ')} ended with ${run.status ?? run.signal}: ${run.stderr}`);
    const answers = run.stdout.split('\n').filter(Boolean);
    if (answers.length !== queries.length) throw new Error(`${queries.length} queries, ${answers.length} answers`);
    return answers;
}

const ask = (args, queries) => lines(args, queries.map((query) => JSON.stringify(query))).map((line) => JSON.parse(line));

// The canonical text of each JSON text.
export const canonicalTexts = (texts) => lines(['--canonical'], texts);

// Checks [{line, path, value}] against the committed tables.
export const checkTables = (queries) => ask(['--tables'], queries);

// Compiles the schemas and checks [{root, value}]. `references`: {id: file}. `neighbours`: those of $ref count.
export function checkSchemas(schemas, queries, { references = {}, neighbours = false } = {}) {
    const env = { ...process.env, ...(neighbours ? { REF_COUNTS_NEIGHBOURS: '1' } : {}) };
    const args = ['--stdin', ...Object.entries(references).map(([id, file]) => `${id}=${file}`)];
    const program = execFileSync(join(top, 'scripts/gen_contract'), args,
        { input: JSON.stringify(schemas), env, maxBuffer: textMax });
    const folder = mkdtempSync(join(tmpdir(), 'schema-'));
    try {
        writeFileSync(join(folder, 'program.json'), program);
        return ask(['--program', join(folder, 'program.json')], queries);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

export const documents = () => execFileSync(checker, ['--documents'], { encoding: 'utf8' }).trim().split('\n')
    .map((row) => ({ line: Number(row[0]), path: row.slice(2) }));

export const rendered = (line, path) =>
    JSON.parse(execFileSync(checker, ['--schema', String(line), path], { encoding: 'utf8', maxBuffer: textMax }));

export const outlined = (line, path, levels) =>
    JSON.parse(execFileSync(checker, ['--outline', String(line), path, String(levels)], { encoding: 'utf8', maxBuffer: textMax }));

export function jsonFiles(folder) {
    const found = [];
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
        const file = join(entry.parentPath ?? entry.path, entry.name);
        if (entry.isFile() && file.endsWith('.json') && !/^(bundled|mcp)\//.test(relative(folder, file))) found.push(file);
    }
    return found.sort();
}

export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

// An ajv that knows all documents of a folder, set as the reference SDK sets it.
export function newAjv(folder) {
    const Ajv = require('ajv').default;
    const ajv = new Ajv({ strict: false, allErrors: false, validateSchema: false, logger: false });
    require('ajv-formats').default(ajv);
    // Some files carry the $id of another file; the one whose name it is counts.
    for (const file of folder ? jsonFiles(folder) : []) {
        const schema = readJson(file);
        const id = idOf(folder, relative(folder, file), schema);
        if (id) ajv.addSchema(schema, id);
    }
    return ajv;
}

// mulberry32: small, seeded, good enough to choose test cases.
export function random(seed) {
    let state = seed >>> 0;
    const next = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    return {
        below: (n) => Math.floor(next() * n),
        chance: (p) => next() < p,
        pick: (list) => list[Math.floor(next() * list.length)],
    };
}

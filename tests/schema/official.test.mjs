// The official JSON Schema test suite, as the npm package json-schema-test-suite carries it: its newest drafts are 3
// and 4, so the draft-04 tests are run with the three spellings that draft-07 changed rewritten. What draft-07 added
// (const, contains, if, propertyNames, numeric exclusive bounds, boolean schemas) is compared with ajv in
// keywords.test.mjs. Left out:
//   optional/zeroTerminatedFloats   draft-04 alone says that 1.0 is no integer; draft-07 says it is one
//   "a valid protocol-relative URI" draft-04 took //host/path for a URI; draft-07 calls it a uri-reference only
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { checkSchemas, packageDir, readJson } from './common.mjs';

const folder = join(packageDir('json-schema-test-suite'), 'tests/draft4');
const remotes = join(packageDir('json-schema-test-suite'), 'remotes');
const LEFT_OUT = new Set(['zeroTerminatedFloats.json', 'a valid protocol-relative URI']);

// Draft-04 text as draft-07: id -> $id, boolean exclusive bounds -> numeric ones.
function modern(schema) {
    if (Array.isArray(schema)) return schema.map(modern);
    if (schema === null || typeof schema !== 'object') return schema;
    const out = {};
    for (const [key, value] of Object.entries(schema)) out[key === 'id' && typeof value === 'string' ? '$id' : key] = modern(value);
    for (const [bound, exclusive] of [['minimum', 'exclusiveMinimum'], ['maximum', 'exclusiveMaximum']]) {
        if (typeof out[exclusive] !== 'boolean') continue;
        if (out[exclusive]) {
            out[exclusive] = out[bound];
            delete out[bound];
        } else {
            delete out[exclusive];
        }
    }
    return out;
}

const groups = [];
for (const part of ['', 'optional']) {
    for (const name of readdirSync(join(folder, part)).sort()) {
        if (!name.endsWith('.json') || LEFT_OUT.has(name)) continue;
        for (const group of readJson(join(folder, part, name))) {
            const tests = group.tests.filter((one) => !LEFT_OUT.has(one.description));
            groups.push({ file: basename(name, '.json'), ...group, tests });
        }
    }
}

const metaschema = join(packageDir('ajv'), 'dist/refs/json-schema-draft-07.json');
const queries = groups.flatMap((group, root) => group.tests.map((one) => ({ root, value: one.data })));
const answers = checkSchemas(groups.map((group) => modern(group.schema)), queries, {
    references: {
        'http://json-schema.org/draft-04/schema': metaschema,
        'http://localhost:1234/integer.json': join(remotes, 'integer.json'),
        'http://localhost:1234/subSchemas.json': join(remotes, 'subSchemas.json'),
        'http://localhost:1234/folder/folderInteger.json': join(remotes, 'folder/folderInteger.json'),
    },
});

let at = 0;
for (const group of groups) {
    for (const one of group.tests) {
        const answer = answers[at++];
        test(`${group.file}: ${group.description}: ${one.description}`, () => {
            assert.equal(answer.valid, one.valid, JSON.stringify(answer.issues));
            assert.equal(answer.issues.length === 0, one.valid, 'issues are reported exactly for what is invalid');
        });
    }
}

test('the suite is there', () => assert.ok(queries.length > 250, `${queries.length} tests`));

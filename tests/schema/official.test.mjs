// The official JSON Schema test suite for draft-07, from Debian's package json-schema-test-suite (the npm package of
// that name stops at draft-04). Left out, because nothing in AdCP's schemas needs them:
//   optional/bignum, optional/content, optional/ecmascript-regex, optional/zeroTerminatedFloats   not part of draft-07 proper
//   formats our schemas do not name: idn-*, iri*, json-pointer, regex, relative-json-pointer, time, uri-reference,
//   uri-template
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'node:test';
import { checkSchemas, packageDir, readJson } from './common.mjs';

const suite = process.env.JSON_SCHEMA_SUITE ?? '/usr/share/json-schema-test-suite';
const folder = join(suite, 'tests/draft7');
const remotes = join(suite, 'remotes');
const FORMATS = ['date-time', 'date', 'email', 'hostname', 'ipv4', 'ipv6', 'uri'];
const files = [
    ...readdirSync(folder).filter((name) => name.endsWith('.json')).sort(),
    ...FORMATS.map((name) => `optional/format/${name}.json`),
];
const groups = files.flatMap((name) => readJson(join(folder, name)).map((group) => ({ file: basename(name, '.json'), ...group })));

const metaschema = join(packageDir('ajv'), 'dist/refs/json-schema-draft-07.json');
const queries = groups.flatMap((group, root) => group.tests.map((one) => ({ root, value: one.data })));
const answers = checkSchemas(groups.map((group) => group.schema), queries, {
    references: {
        'http://json-schema.org/draft-07/schema': metaschema,
        'http://localhost:1234/integer.json': join(remotes, 'integer.json'),
        'http://localhost:1234/subSchemas.json': join(remotes, 'subSchemas.json'),
        'http://localhost:1234/name.json': join(remotes, 'name.json'),
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

test('the suite is there', () => assert.ok(queries.length > 450, `${queries.length} tests`));

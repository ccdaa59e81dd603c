// Published schemas, judged by ajv: each reply of the agent against the schema of the line it was asked in. Where they are not
// at hand (tests/schema/published.mjs) the ones our own tables render are used, which tests/schema proves equal wherever the
// published ones are.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { idOf, lines as allLines, published } from '../../schema/published.mjs';

const top = path.resolve(import.meta.dirname, '../../..');
function filesBelow(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true }).flatMap((f) => {
    const name = prefix ? `${prefix}/${f.name}` : f.name;
    if (f.isDirectory()) return ['bundled', 'mcp'].includes(f.name) ? [] : filesBelow(path.join(folder, f.name), name);
    return f.name.endsWith('.json') ? [name] : [];
  });
}

// A task that two protocols publish (list_creative_formats) is right when it is right for one of them.
function eitherOf(checks) {
  const check = (value) => checks.some((c) => { const ok = c(value); check.errors = c.errors; return ok; });
  return check;
}

const newAjv = () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, validateSchema: false, discriminator: false });
  (addFormats.default ?? addFormats)(ajv);
  return ajv;
};

class Published {
  constructor(folder) {
    this.ajv = newAjv();
    this.ids = new Map();
    for (const file of filesBelow(folder)) {
      const doc = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
      const id = idOf(folder, file, doc);
      if (!id || this.ajv.schemas[id]) continue; // some are published in two folders under one id
      this.ajv.addSchema(doc, id);
      const name = path.basename(file, '.json');
      this.ids.set(name, [...(this.ids.get(name) ?? []), id]);
    }
  }

  checks(name) {
    return (this.ids.get(name) ?? []).map((id) => this.ajv.getSchema(id));
  }
}

const checker = process.env.SCHEMA_CHECK ?? path.join(top, 'build-test/tests/schema/schema_check');

class Rendered {
  constructor(line) {
    this.line = line;
    this.paths = execFileSync(checker, ['--documents'], { encoding: 'utf8' }).trim().split('\n')
      .filter((row) => row.startsWith(`${line} `)).map((row) => row.slice(2));
  }

  checks(name) {
    return this.paths.filter((p) => path.basename(p, '.json') === name).map((p) => newAjv().compile(JSON.parse(
      execFileSync(checker, ['--schema', this.line, p], { encoding: 'utf8', maxBuffer: 1 << 28 }))));
  }
}

const lines = {};
// What the replies of a line are compared with: "the published schemas", "the committed tables", or null: with nothing.
export function source(version) {
  if (published[version]) return 'the published schemas';
  return existsSync(checker) ? 'the committed tables' : null;
}

function checkOf(version, name) {
  const from = source(version);
  lines[version] ??= { compiled: new Map(),
    schemas: from === 'the published schemas' ? new Published(published[version]) : new Rendered(String(allLines.indexOf(version))) };
  const { compiled, schemas } = lines[version];
  if (!compiled.has(name)) {
    const checks = schemas.checks(name);
    compiled.set(name, checks.length ? eitherOf(checks) : null);
  }
  return compiled.get(name);
}

const describe = (errors) => errors.slice(0, 4).map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`).join('; ');

// What is wrong with a reply, in words; null when nothing is. undefined: the line has published no schema of it.
// Refusals are judged by core/error.json.
export function judge(version, { tool, reply, isError }) {
  const error = reply?.adcp_error ?? reply?.errors?.[0];
  if (isError && !error) return 'a refusal without adcp_error or errors';
  const check = checkOf(version, isError ? 'error' : `${tool.replaceAll('_', '-').replace('/', '-')}-response`);
  if (!check) return undefined;
  return check(isError ? error : reply) ? null : describe(check.errors);
}

// What is wrong with a document by one of the line's schemas ("mcp-webhook-payload"); undefined: none is at hand.
export function judgeDocument(version, name, value) {
  const check = source(version) && checkOf(version, name);
  if (!check) return undefined;
  return check(value) ? null : describe(check.errors);
}

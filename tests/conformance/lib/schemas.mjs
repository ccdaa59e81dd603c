// Published schemas, judged by ajv: each reply of the agent against the schema of the line it was asked in.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { sdkDir } from './storyboards.mjs';

const top = path.resolve(import.meta.dirname, '../../..');
const shared = process.env.SHARED ?? path.join(top, '../shared');
const folders = {
  '3.0': path.join(sdkDir, 'dist/lib/schemas-data/3.0'),
  '3.1': path.join(shared, 'adcp/schemas/3.1.19'),
};

function filesBelow(folder, prefix = '') {
  return readdirSync(folder, { withFileTypes: true }).flatMap((f) => {
    const name = prefix ? `${prefix}/${f.name}` : f.name;
    if (f.isDirectory()) return f.name === 'bundled' ? [] : filesBelow(path.join(folder, f.name), name);
    return f.name.endsWith('.json') ? [name] : [];
  });
}

// A task that two protocols publish (list_creative_formats) is right when it is right for one of them.
function eitherOf(checks) {
  const check = (value) => checks.some((c) => { const ok = c(value); check.errors = c.errors; return ok; });
  return check;
}

class Line {
  constructor(folder) {
    this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, discriminator: false });
    (addFormats.default ?? addFormats)(this.ajv);
    this.ids = new Map();
    this.compiled = new Map();
    for (const file of filesBelow(folder)) {
      const doc = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
      if (!doc.$id || this.ajv.schemas[doc.$id]) continue; // some are published in two folders under one id
      this.ajv.addSchema(doc);
      const name = path.basename(file, '.json');
      this.ids.set(name, [...(this.ids.get(name) ?? []), doc.$id]);
    }
  }

  // null: this line has published no such schema.
  of(name) {
    if (!this.compiled.has(name)) {
      const checks = (this.ids.get(name) ?? []).map((id) => this.ajv.getSchema(id));
      this.compiled.set(name, checks.length ? eitherOf(checks) : null);
    }
    return this.compiled.get(name);
  }
}

const lines = {};
export function haveLine(version) {
  return existsSync(folders[version]);
}

function line(version) {
  lines[version] ??= new Line(folders[version]);
  return lines[version];
}

const describe = (errors) => errors.slice(0, 4).map((e) => `${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`).join('; ');

// What is wrong with a reply, in words; null when nothing is. Refusals are judged by core/error.json.
export function judge(version, tool, reply, isError) {
  if (!haveLine(version)) return null;
  const l = line(version);
  if (isError) {
    const error = reply?.adcp_error ?? reply?.errors?.[0];
    const check = l.of('error');
    if (!error) return 'a refusal without adcp_error or errors';
    return check(error) ? null : `error: ${describe(check.errors)}`;
  }
  const check = l.of(`${tool.replaceAll('_', '-').replace('/', '-')}-response`);
  if (!check) return null;
  return check(reply) ? null : describe(check.errors);
}

// Plays the corpus through a door and judges every answer by what its row says and by the published schemas.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { judge, source } from '../../conformance/lib/schemas.mjs';
import { newest } from '../../schema/published.mjs';
import { cli } from './agent.mjs';

const top = path.resolve(import.meta.dirname, '../../..');

// A data directory with the demo publisher, its buyer, a sandbox credential and the signals of the conformance tests.
export async function corpusData() {
  const read = (file) => JSON.parse(readFileSync(path.join(top, file), 'utf8'));
  const publisher = read('data/demo-publisher.json');
  publisher.signals = read('tests/conformance/publisher.json').signals;
  publisher.principals.push({ principal_id: 'lab', name: 'Test lab', role: 'buyer', tokens: [{ token: 'lab-token', label: 'lab', sandbox: true }] });
  const data = mkdtempSync(path.join(tmpdir(), 'salesagent-corpus-'));
  const file = path.join(data, 'publisher.json');
  writeFileSync(file, JSON.stringify(publisher));
  const made = await cli('import', '--sandbox', file, '--data', data);
  rmSync(file);
  if (made.code !== 0) throw new Error(`the corpus' publisher does not import: ${made.stderr}`);
  return data;
}

export const at = (value, pointer) => pointer.split('/').slice(1).reduce((o, k) => o?.[k], value);

// Requests as tools/list describes them, replies as the OpenAPI document does.
export class Schemas {
  static async of(agent) {
    const s = new Schemas();
    const list = await agent.post('/mcp?schemas=full', { jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const { components } = await (await fetch(`${agent.base}/api/v1/openapi.json`)).json();
    s.tools = list.body.result.tools;
    s.ajv = new Ajv({ strict: false, allErrors: true });
    (addFormats.default ?? addFormats)(s.ajv);
    s.requests = new Map(s.tools.map((t) => [t.name, s.ajv.compile(t.inputSchema)]));
    const known = components.schemas, id = 'https://agent.example/openapi.json';
    s.ajv.addSchema({ $id: id, components });
    const name = (tool) => [`_${newest}`, ''].map((line) => `${tool.replace('/', '_')}_response${line}`).find((n) => known[n]);
    // One by one, when it is asked for: all at once takes longer than an idle connection is kept.
    const made = new Map();
    s.replies = { get: (tool) => {
      if (!made.has(tool)) made.set(tool, name(tool) && s.ajv.compile({ $ref: `${id}#/components/schemas/${name(tool)}` }));
      return made.get(tool);
    } };
    return s;
  }

  admits(tool, args) {
    return this.requests.get(tool)(args);
  }

  // What is wrong with a reply in a line, in words; null when nothing is. The published files (they are not part of this
  // repository) or the committed tables are asked where they are at hand; what the agent shows of itself is the newest line.
  wrong(line, tool, payload, failed) {
    const check = this.replies.get(tool);
    if (!check) return null;
    if (line === newest && !failed && !check(payload)) return this.ajv.errorsText(check.errors);
    return source(line) ? judge(line, { tool, reply: payload, isError: failed }) ?? null : null;
  }
}

export class Player {
  constructor(door, agent, schemas, line = newest) {
    Object.assign(this, { door, agent, schemas, line, taken: {}, last: {} });
  }

  // Rows are written for the newest line; `lines` has what they are in the one that is played.
  inLine(row) {
    const { args, ...more } = row.lines?.[this.line] ?? {};
    const own = args ?? row.args;
    return { ...row, ...more, args: own?.adcp_version === newest ? { ...own, adcp_version: this.line } : own };
  }

  fill(value) {
    if (typeof value === 'string' && value.startsWith('$')) {
      assert.ok(value.slice(1) in this.taken, `${value} was taken by no row`);
      return this.taken[value.slice(1)];
    }
    if (Array.isArray(value)) return value.map((x) => this.fill(x));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, x]) => [k, this.fill(x)]));
    return value;
  }

  // The outcome of a row, judged.
  async play(written) {
    const row = this.inLine(written);
    const before = this.last[row.tool];
    const args = row.role === 'replay' ? before.args : this.fill(row.args);
    const got = await this.door(this.agent, row.tool, args, { headers: row.headers, token: row.token });
    const label = `${row.tool} (${row.role}) ${JSON.stringify(args)}: ${JSON.stringify(got.payload)}`;
    this[row.role](row, args, got, label, before);
    for (const [name, pointer] of Object.entries(row.take ?? {})) {
      this.taken[name] = at(got.payload, pointer);
      assert.notEqual(this.taken[name], undefined, `${pointer} in ${label}`);
    }
    if (row.role === 'success') this.last[row.tool] = { args, payload: got.payload };
    if (row.role !== 'else') assert.equal(this.schemas.wrong(this.line, row.tool, got.payload, got.kind === 'failed'), null, label);
    return got;
  }

  admitted(row, args, label) {
    if (this.line === newest) assert.ok(this.schemas.admits(row.tool, args), `the schema does not admit ${label}`);
  }

  success(row, args, got, label) {
    this.admitted(row, args, label);
    assert.equal(got.kind, 'ok', label);
    for (const pointer of row.has ?? []) assert.notEqual(at(got.payload, pointer), undefined, `${pointer} in ${label}`);
  }

  // The same answer, said to be a repetition where the operation has an idempotency key.
  replay(row, args, got, label, before) {
    const keyed = args.idempotency_key !== undefined;
    assert.deepEqual(got.payload, keyed ? { ...before.payload, replayed: true } : before.payload, label);
  }

  business(row, args, got, label) {
    this.admitted(row, args, label);
    if (!row.at) assert.equal(got.kind, 'failed', label);
    assert.equal(at(got.payload, row.at ?? '/adcp_error/code'), row.code, label);
  }

  schema(row, args, got, label) {
    if (this.line === newest) assert.ok(!this.schemas.admits(row.tool, args), `the schema admits ${label}`);
    if (row.code) {
      assert.equal(at(got.payload, row.at ?? '/adcp_error/code'), row.code, label);
      return;
    }
    assert.equal(got.kind, 'failed', label);
    assert.match(got.payload.adcp_error.code, /^(INVALID_REQUEST|VALIDATION_ERROR)$/, label);
    assert.equal(got.payload.adcp_error.issues[0].pointer, row.field, label);
  }

  else(row, args, got, label) {
    assert.equal(got.kind, row.kind, label);
  }
}

// salesagent import: what a file does not name stays, a misspelt publisher is refused, and the difference is shown before.
import assert from 'node:assert/strict';
import http from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Agent, cli } from './lib/agent.mjs';

const property = (id, name, more = {}) => ({ property_id: id, property_type: 'website', name, publisher_domain: `${id}.example`, identifiers: [{ type: 'domain', value: `${id}.example` }], ...more });

// A data directory with the publisher `pub`, and importing into it.
async function publisher(t, tenant = {}) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-import-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const data = path.join(dir, 'data'), file = path.join(dir, 'file.json');
  const bring = (content, ...flags) => {
    writeFileSync(file, JSON.stringify({ salesagent_import: 1, ...content }));
    return cli('import', '--sandbox', file, '--data', data, ...flags);
  };
  const shown = async () => JSON.parse((await cli('export', '--data', data, '--publisher', 'pub')).stdout);
  const made = await bring({ tenant: { tenant_id: 'pub', name: 'Pub', adapter: 'mock', adapter_settings: { simulated: true }, ...tenant },
    principals: [{ principal_id: 'acme', role: 'buyer', name: 'Acme', dialect: 'tutorial', settings: { request_signing: { required: true } }, tokens: [{ token: 'acme-token-1' }] }],
    properties: [property('sport', 'Sport'), property('food', 'Food')] });
  assert.equal(made.code, 0, made.stderr);
  return { data, bring, shown };
}

test('what a file does not name stays, null removes it', async (t) => {
  const { bring, shown } = await publisher(t, { currency: 'EUR', timezone: 'Europe/Berlin', host: 'Ads.Pub.Example',
    hitl_webhook_url: 'https://hooks.example/secret/path', notifications: { link_base: 'https://ads.pub.example', link_hours: 24 }, rate_limits: { buying: 5 } });
  const before = await shown();
  assert.equal(before.tenant.host, 'ads.pub.example');
  assert.equal((await bring({ tenant: { tenant_id: 'pub', name: 'Pub & Sons' } })).stdout, '1 changed, 0 unchanged\n');
  assert.deepEqual((await shown()).tenant, { ...before.tenant, name: 'Pub & Sons' });

  // Without a publisher's name it is the only one's; without `tenant` its settings are not looked at.
  assert.equal((await bring({ tenant: { timezone: null, host: null, rate_limits: { buying: 7 } } })).code, 0);
  const { timezone, host, ...rest } = before.tenant;
  assert.deepEqual((await shown()).tenant, { ...rest, name: 'Pub & Sons', rate_limits: { buying: 7 } });
  assert.equal((await bring({ properties: [property('sport', 'Sports')] })).stdout, '1 changed, 0 unchanged\n');
  assert.deepEqual((await shown()).properties.map((s) => s.name), ['Sports', 'Food']);

  // A principal's too: suspended stays suspended, keys stay.
  assert.equal((await bring({ principals: [{ principal_id: 'acme', status: 'suspended' }] })).code, 0);
  assert.equal((await bring({ principals: [{ principal_id: 'acme', name: 'ACME' }] })).code, 0);
  const [acme] = (await shown()).principals;
  assert.deepEqual({ ...acme, tokens: acme.tokens.length }, { ...before.principals[0], name: 'ACME', status: 'suspended', tokens: 1 });
  assert.equal((await bring({ principals: [{ principal_id: 'acme', dialect: null, settings: null, status: 'active' }] })).code, 0);
  const [plain] = (await shown()).principals;
  assert.deepEqual([plain.dialect, plain.settings, plain.status], [undefined, undefined, undefined]);

  // What was exported changes nothing.
  const again = await bring(await shown());
  assert.match(again.stdout, /^0 changed, /, again.stderr);
  // Members count together: a maximum below a minimum that is stored already is refused.
  assert.equal((await bring({ tenant: { min_budget: 500 } })).code, 0);
  assert.match((await bring({ tenant: { max_budget: 100 } })).stderr, /max_budget is below min_budget \(at \/tenant\/max_budget\)/);
});

test('a misspelt publisher is refused; a second one needs to be meant', async (t) => {
  const { data, bring } = await publisher(t);
  const typo = await bring({ tenant: { tenant_id: 'pubb', name: 'Pub', adapter: 'mock' } });
  assert.equal(typo.code, 1);
  assert.match(typo.stderr, /there is no publisher "pubb" here, but "pub".* --new-publisher .*\(at \/tenant\/tenant_id\)/);
  assert.equal((await bring({ tenant: { tenant_id: 'two', name: 'Two', adapter: 'mock' } }, '--new-publisher')).code, 0);
  const unsaid = await bring({ tenant: { name: 'Whose?' } });
  assert.match(unsaid.stderr, /several publishers, so tenant_id is required/);
  assert.equal((await bring({ tenant: { name: 'Second' } }, '--publisher', 'two')).code, 0);
  assert.equal(JSON.parse((await cli('export', '--data', data, '--publisher', 'two')).stdout).tenant.name, 'Second');
  assert.match((await bring({ tenant: { tenant_id: 'pub', name: 'X' } }, '--publisher', 'two')).stderr, /another publisher's/);
  const third = await bring({ tenant: { tenant_id: 'three', name: 'Three', adapter: 'mock' } });
  assert.match(third.stderr, /among the 2 here/);
  for (const host of ['https://x.example', 'x.example:8000', 'x y']) {
    assert.match((await bring({ tenant: { tenant_id: 'pub', host } })).stderr, /without scheme and port: sales\.example \(at \/tenant\/host\)/);
  }
});

test('--dry-run shows what would differ and stores nothing', async (t) => {
  const { bring, shown } = await publisher(t, { currency: 'EUR', hitl_webhook_url: 'https://hooks.example/secret/path' });
  const before = await shown();
  const change = { tenant: { currency: 'USD', minimum_audience_size: 50 }, principals: [{ principal_id: 'nova', role: 'buyer' }],
    properties: [property('sport', 'All \u202e sports', { tags: ['x'] })] };
  const said = await bring(change, '--dry-run', '--json');
  assert.equal(said.code, 0, said.stderr);
  const report = JSON.parse(said.stdout);
  assert.deepEqual(report.differences.toSorted((a, b) => `${a.object}${a.member}`.localeCompare(`${b.object}${b.member}`)), [
    { change: 'added', object: 'principals/nova' },
    { change: 'changed', object: 'properties/sport', member: '/name', from: 'Sport', to: 'All \u202e sports' },
    { change: 'changed', object: 'properties/sport', member: '/tags', to: ['x'] },
    { change: 'changed', object: 'tenant', member: '/currency', from: 'EUR', to: 'USD' },
    { change: 'changed', object: 'tenant', member: '/minimum_audience_size', to: 50 },
  ]);
  assert.deepEqual([report.publisher, report.changed, report.left_out], ['pub', 3, 0]);
  assert.deepEqual(await shown(), before);
  const text = (await bring(change, '--dry-run')).stdout;
  assert.match(text, /^~ tenant \/currency: "EUR" -> "USD"$/m);
  assert.match(text, /^\+ principals\/nova$/m);
  assert.match(text, /^publisher pub: 3 would change, 0 would not; nothing was stored$/m);
  assert.doesNotMatch(text, /[\u202e\u001b]/, 'nothing that a terminal would obey');
  assert.deepEqual(await shown(), before);
  assert.match((await bring({ tenant: { currency: 'Euro' } }, '--dry-run')).stderr, /\/tenant\/currency/);
});

test('a publisher is found by its host, whatever the port and the case', async (t) => {
  const { data, bring } = await publisher(t, { host: 'one.example' });
  assert.equal((await bring({ tenant: { tenant_id: 'two', name: 'Two', adapter: 'manual', host: 'two.example' } }, '--new-publisher')).code, 0);
  const agent = await Agent.start({ data, sandbox: false });
  try {
    for (const [host, status] of [['one.example', 200], ['Two.Example:8443', 200], ['two.example:80', 200]]) {
      assert.equal(await new Promise((resolve, reject) => {
        const req = http.request(`${agent.base}/mcp`, { method: 'POST', headers: { host, 'content-type': 'application/json' } }, (r) => resolve(r.resume().statusCode));
        req.on('error', reject).end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'get_adcp_capabilities', arguments: {} } }));
      }), status, host);
    }
  } finally {
    await agent.stop();
  }
});

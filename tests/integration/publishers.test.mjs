// salesagent publisher add|list|disable|enable|remove: publishers that come and go, beside a running agent and without one.
import assert from 'node:assert/strict';
import http from 'node:http';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Agent, cli } from './lib/agent.mjs';

function folder(t) {
  const dir = mkdtempSync(path.join(tmpdir(), 'salesagent-publishers-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return path.join(dir, 'data');
}

async function two(data) {
  const first = await cli('init', '--json', '--name', 'First', '--domain', 'first.example', '--ad-server', 'manual', '--data', data);
  assert.equal(first.code, 0, first.stderr);
  const second = await cli('publisher', 'add', '--json', '--name', 'Second', '--domain', 'second.example', '--ad-server', 'manual', '--data', data);
  assert.equal(second.code, 0, second.stderr);
  return [JSON.parse(first.stdout), JSON.parse(second.stdout)];
}

const list = async (data) => JSON.parse((await cli('publisher', 'list', '--json', '--data', data)).stdout).publishers;
const products = (agent, token) => agent.call('get_products', { buying_mode: 'wholesale' }, { token });
const outcome = (r) => r.body.result?.structuredContent?.adcp_error?.code ?? r.body.result?.structuredContent?.products?.[0]?.product_id ?? r.status;

test('a second one, off the air and on again, while the first one is served', async (t) => {
  const data = folder(t), [first, second] = await two(data);
  const again = await cli('publisher', 'add', '--name', 'Second', '--domain', 'x.example', '--ad-server', 'manual', '--data', data);
  assert.deepEqual([again.code, /already/.test(again.stderr)], [1, true]);
  const agent = await Agent.start({ data, sandbox: false });
  try {
    assert.equal(outcome(await products(agent, second.buyer_token)), 'run-of-site-display');
    assert.deepEqual((await list(data)).map((p) => [p.publisher, p.on_air, p.live_media_buys]), [['first', true, 0], ['second', true, 0]]);
    const off = await agent.cli('publisher', 'disable', 'second', '--why', 'moving');
    assert.equal(off.code, 0, off.stderr);
    const refused = await products(agent, second.buyer_token);
    assert.equal(outcome(refused), 'SERVICE_UNAVAILABLE');
    assert.match(JSON.stringify(refused.body), /off the air/);
    assert.equal(outcome(await agent.call('x_task_list', {}, { token: second.administrator_token })), 'SERVICE_UNAVAILABLE', 'its people, too');
    assert.equal(outcome(await products(agent, first.buyer_token)), 'run-of-site-display');
    const status = (host) => new Promise((resolve, reject) => {
      const { port } = new URL(agent.base);
      http.get({ host: '127.0.0.1', port, path: '/.well-known/adagents.json', headers: { host } }, (r) => r.resume().on('end', () => resolve(r.statusCode))).on('error', reject);
    });
    assert.deepEqual([await status('sales.second.example'), await status('sales.first.example')], [503, 200]);
    assert.equal((await agent.cli('publisher', 'show', '--publisher', 'second', '--json')).code, 0, 'from the shell it is worked on');
    const row = (await list(data)).find((p) => p.publisher === 'second');
    assert.deepEqual([row.on_air, row.why, typeof row.off_since], [false, 'moving', 'string']);
    assert.match((await agent.cli('publisher', 'disable', 'second')).stdout, /already/);
    assert.equal((await agent.cli('publisher', 'enable', 'second')).code, 0);
    assert.equal(outcome(await products(agent, second.buyer_token)), 'run-of-site-display');
    assert.equal((await agent.cli('tenant', 'list')).code, 0, 'the old name of the command');
    const audit = JSON.parse((await agent.cli('audit', 'list', '--json', '--publisher', 'second', '--subject', 'tenant:second')).stdout);
    assert.deepEqual(audit.entries.slice(0, 2).map((e) => e.action), ['publisher.enable', 'publisher.disable']);
  } finally {
    await agent.stop();
  }
});

test('what is sent waits while it is off', async (t) => {
  const data = folder(t);
  const arrived = [];
  const receiver = http.createServer((req, res) => { arrived.push(req.url); req.resume(); res.end('{}'); }).listen(0, '127.0.0.1');
  await new Promise((done) => receiver.once('listening', done));
  t.after(() => { receiver.close(); receiver.closeAllConnections(); });
  const agent = await Agent.start({ data });
  try {
    const url = `http://127.0.0.1:${receiver.address().port}/people`;
    assert.equal((await agent.cli('publisher', 'set', '--settings', JSON.stringify({ notifications: { webhook_url: url, link_base: agent.base } }))).code, 0);
    const buy = () => agent.call('create_media_buy', { buyer_ref: `b${Math.random()}`, brand: { domain: 'acme.example' }, account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true },
      idempotency_key: `publishers-test-${Math.random().toString(36).slice(2)}`, adcp_version: '3.1', start_time: new Date(Date.now() + 86400e3).toISOString(), end_time: new Date(Date.now() + 9 * 86400e3).toISOString(),
      packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] });
    // Off between the cause and the sending: the job is there, and waits.
    await agent.cli('jobs', 'hold');
    assert.equal((await buy()).body.result.isError ?? false, false);
    assert.equal((await agent.cli('publisher', 'disable', 'demo')).code, 0);
    await agent.cli('jobs', 'release');
    await new Promise((done) => setTimeout(done, 500));
    assert.deepEqual(arrived, []);
    assert.equal((await list(data))[0].on_air, false);
    assert.equal((await agent.cli('publisher', 'enable', 'demo')).code, 0);
    for (let i = 0; i < 200 && !arrived.length; i++) await new Promise((done) => setTimeout(done, 25));
    assert.ok(arrived.length, 'what waited is sent');
  } finally {
    await agent.stop();
  }
});

test('removing: twice said, not while buys are under way, all rows but the audit trail', async (t) => {
  const data = folder(t);
  let agent = await Agent.start({ data });
  try {
    const r = await agent.call('create_media_buy', { brand: { domain: 'acme.example' }, account: { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true },
      idempotency_key: 'publishers-test-remove-1', adcp_version: '3.1', start_time: new Date(Date.now() + 86400e3).toISOString(), end_time: new Date(Date.now() + 9 * 86400e3).toISOString(),
      packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] }, { headers: { 'x-auto-advance': 'true' } });
    assert.equal(r.body.result.isError ?? false, false, JSON.stringify(r.body));
    const unsaid = await agent.cli('publisher', 'remove', 'demo');
    assert.deepEqual([unsaid.code, /--confirm demo/.test(unsaid.stderr)], [1, true]);
    const live = await agent.cli('publisher', 'remove', 'demo', '--confirm', 'demo');
    assert.deepEqual([live.code, /1 media buys are under way/.test(live.stderr), /--with-live-buys/.test(live.stderr)], [1, true, true]);
    assert.equal((await list(data)).length, 1);
    const gone = await agent.cli('publisher', 'remove', 'demo', '--confirm', 'demo', '--with-live-buys');
    assert.equal(gone.code, 0, gone.stderr);
    assert.deepEqual(await list(data), []);
    assert.equal((await agent.call('get_products', { buying_mode: 'wholesale' })).status, 401);
    const none = await agent.cli('publisher', 'disable', 'demo');
    assert.deepEqual([none.code, /There is no publisher 'demo'/.test(none.stderr)], [1, true]);
  } finally {
    await agent.stop();
  }
  agent = await Agent.start({ data }); // an empty sandbox gets its demo publisher again, and the trail goes on where it was
  try {
    const whole = await agent.cli('audit', 'verify', '--json');
    assert.equal(whole.code, 0, whole.stdout);
    const actions = JSON.parse((await agent.cli('audit', 'list', '--json', '--limit', '200')).stdout).entries.map((e) => e.action);
    assert.ok(actions.includes('publisher.remove') && actions.includes('media_buy.created'), String(actions));
    assert.deepEqual((await cli('doctor', '--offline', '--json', '--sandbox', '--data', data)).stdout.match(/is whole/g)?.length, 1);
  } finally {
    await agent.stop();
  }
});

test('moved whole to another installation, in one file', async (t) => {
  const here = folder(t), there = folder(t), file = path.join(path.dirname(here), 'demo.publisher'), SECRET = 'kevel-key-4711-very-secret';
  const account = { brand: { domain: 'acme.example' }, operator: 'acme.example', sandbox: true };
  const buys = async (agent) => (await agent.call('get_media_buys', { account, adcp_version: '3.1' })).body.result.structuredContent.media_buys;
  let agent = await Agent.start({ data: here });
  let before, catalogue;
  try {
    assert.equal((await agent.cli('publisher', 'add', '--name', 'Neighbour GmbH', '--domain', 'neighbour.example', '--ad-server', 'manual')).code, 0);
    const demo = (...args) => agent.cli(...args, '--publisher', 'demo');
    assert.equal((await demo('rule', 'add', '--name', 'Large', '--then', 'person', '--role', 'administrator', '--amount-over', '20000')).code, 0);
    const servers = await demo('publisher', 'set', '--settings', JSON.stringify({ ad_servers: [{ name: 'mock', adapter: 'mock' }, { name: 'house', adapter: 'house' }, { name: 'kevel', adapter: 'kevel', settings: { api_key: SECRET, priorities: { guaranteed: 1 }, api_url: 'http://127.0.0.1:9' } }] }));
    assert.equal(servers.code, 0, servers.stderr);
    const made = await agent.call('create_media_buy', { account, brand: { domain: 'acme.example' }, idempotency_key: 'publishers-test-moved-1', adcp_version: '3.1',
      start_time: new Date(Date.now() + 86400e3).toISOString(), end_time: new Date(Date.now() + 9 * 86400e3).toISOString(),
      packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] }, { headers: { 'x-auto-advance': 'true' } });
    assert.equal(made.body.result.isError ?? false, false, JSON.stringify(made.body));
    before = await buys(agent);
    catalogue = (await cli('export', '--publisher', 'demo', '--data', here)).stdout;
    const out = await agent.cli('publisher', 'export', 'demo', file);
    assert.equal(out.code, 0, out.stderr);
    assert.match(out.stdout, /still on the air/);
    assert.equal((await agent.cli('publisher', 'export', 'demo', file)).code, 1, 'a file that is there is not written over');
  } finally {
    await agent.stop();
  }
  const bytes = readFileSync(file).toString('latin1'), manifest = JSON.parse(readFileSync(`${file}.json`));
  assert.ok(bytes.includes('Large') && !bytes.includes('Neighbour GmbH') && !bytes.includes('neighbour.example'), 'nothing of others is left in it');
  assert.ok(!bytes.includes(SECRET), 'credentials are sealed');
  assert.deepEqual([manifest.publisher, manifest.seal.length, statSync(`${file}.key`).mode & 0o777, statSync(file).mode & 0o077], ['demo', 64, 0o600, 0]);
  assert.deepEqual(readdirSync(path.dirname(file)).filter((f) => f.startsWith('demo.publisher.') && !/[.](json|key)$/.test(f)), []);

  assert.equal((await cli('init', '--name', 'Resident', '--domain', 'resident.example', '--ad-server', 'manual', '--data', there)).code, 0);
  const changed = path.join(path.dirname(there), 'changed');
  writeFileSync(changed, readFileSync(file)); writeFileSync(`${changed}.json`, readFileSync(`${file}.json`)); writeFileSync(`${changed}.key`, readFileSync(`${file}.key`));
  writeFileSync(changed, Buffer.concat([readFileSync(file), Buffer.from('x')]));
  assert.match((await cli('publisher', 'import', changed, '--data', there)).stderr, /was changed/);
  const keyless = await cli('publisher', 'import', file, '--key', path.join(there, 'nothing'), '--data', there);
  assert.deepEqual([keyless.code, /--key FILE/.test(keyless.stderr)], [1, true]);
  const wrong = path.join(path.dirname(there), 'wrong.key');
  writeFileSync(wrong, readFileSync(`${file}.key`, 'utf8').replace(/[0-9a-f]{64}/, 'ab'.repeat(32)));
  assert.match((await cli('publisher', 'import', file, '--key', wrong, '--data', there)).stderr, /does not open 1 credential/);
  const into = await cli('publisher', 'import', file, '--data', there);
  assert.equal(into.code, 0, into.stderr);
  assert.deepEqual(readdirSync(there).filter((f) => f.startsWith('moving')), []);
  assert.match((await cli('publisher', 'import', file, '--data', there)).stderr, /a publisher demo here already/);
  assert.equal((await list(there)).find((p) => p.publisher === 'demo').on_air, false);
  agent = await Agent.start({ data: there });
  try {
    assert.equal(outcome(await agent.call('get_media_buys', { account, adcp_version: '3.1' })), 'SERVICE_UNAVAILABLE');
    assert.equal((await agent.cli('publisher', 'enable', 'demo')).code, 0);
    assert.deepEqual(await buys(agent), before);
    assert.equal((await cli('export', '--publisher', 'demo', '--data', there)).stdout, catalogue);
    const audit = JSON.parse((await agent.cli('audit', 'list', '--json', '--publisher', 'demo')).stdout).entries;
    const first = audit.at(-1);
    assert.deepEqual([first.action, first.doc.sha256, first.doc.audit.seq], ['publisher.import', manifest.sha256, manifest.audit.seq]);
    assert.equal((await agent.cli('audit', 'verify', '--publisher', 'demo')).code, 0);
    const plan = await agent.cli('adapter', 'list', '--json', '--publisher', 'demo');
    const kevel = JSON.parse(plan.stdout).ad_servers.find((a) => a.name === 'kevel');
    assert.equal(kevel.problem, undefined, 'its credentials open here');
    const found = await agent.call('get_products', { buying_mode: 'brief', brief: 'technology display', adcp_version: '3.1' });
    assert.ok(found.body.result.structuredContent.products.length, 'the search text has come along');
    const more = await agent.call('create_media_buy', { account, brand: { domain: 'acme.example' }, idempotency_key: 'publishers-test-moved-2', adcp_version: '3.1',
      start_time: new Date(Date.now() + 86400e3).toISOString(), end_time: new Date(Date.now() + 9 * 86400e3).toISOString(),
      packages: [{ product_id: 'prod-tech-display-001', pricing_option_id: 'price-001', budget: 3000 }] });
    assert.equal(more.body.result.isError ?? false, false, JSON.stringify(more.body));
    assert.ok(existsSync(file));
  } finally {
    await agent.stop();
  }
});

test('wrong usage', async () => {
  for (const args of [['publisher'], ['publisher', 'disable'], ['publisher', 'remove', 'a', 'b'], ['publisher', 'list', '--nonsense'], ['publisher', 'add', '--demo']]) {
    assert.equal((await cli(...args)).code, 2, args.join(' '));
  }
  const help = (await cli('publisher', '--help')).stdout;
  for (const verb of ['disable', 'remove', 'show', 'today']) assert.ok(help.includes(verb), verb);
  assert.match((await cli('publisher', 'set', '--help')).stdout, /--settings/);
});

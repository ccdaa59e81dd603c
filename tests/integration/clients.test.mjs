// The public clients as their users drive them: the MCP SDK, its inspector's command line, mcp-remote (what Claude
// Desktop runs), both generations of the A2A SDK, the adcp command line over both protocols, and curl over REST.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { A2AClient } from '@a2a-js/sdk/client';
import { ClientFactory, ClientFactoryOptions, DefaultAgentCardResolver, JsonRpcTransportFactory } from 'a2a-sdk-1/client';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Agent } from './lib/agent.mjs';

const run = promisify(execFile);
const modules = path.join(import.meta.dirname, '../node_modules');
let agent, home;
before(async () => {
  agent = await Agent.start();
  home = mkdtempSync(path.join(tmpdir(), 'salesagent-home-'));
});
after(async () => {
  await agent.stop();
  rmSync(home, { recursive: true, force: true });
});

const env = () => ({ ...process.env, HOME: home, CI: '1', ADCP_SKIP_VERSION_CHECK: '1', MCP_REMOTE_CONFIG_DIR: home });
const wholesale = { buying_mode: 'wholesale', adcp_version: '3.1' };

test('@modelcontextprotocol/sdk: tools and calls', async () => {
  const client = await agent.client();
  const { tools } = await client.listTools();
  assert.ok(tools.some((t) => t.name === 'get_products'));
  const r = await client.callTool({ name: 'get_products', arguments: wholesale });
  assert.ok(r.structuredContent.products.length);
  await client.close();
});

// The command line is published as a package of its own but looks for the file of the package around it.
function inspectorCli() {
  const name = '@modelcontextprotocol/inspector-cli';
  cpSync(path.join(modules, name), path.join(home, 'inspector/cli'), { recursive: true });
  symlinkSync(modules, path.join(home, 'inspector/node_modules'));
  writeFileSync(path.join(home, 'inspector/package.json'), '{"name":"@modelcontextprotocol/inspector","version":"1.0.3"}');
  return path.join(home, 'inspector/cli/build/cli.js');
}

test('@modelcontextprotocol/inspector --cli', async () => {
  const cli = inspectorCli();
  const inspect = async (...args) => JSON.parse((await run(process.execPath, [cli,
    '--cli', agent.url, '--transport', 'http', '--header', 'x-adcp-auth: test-token', ...args], { env: env(), maxBuffer: 1 << 26 })).stdout);
  const { tools } = await inspect('--method', 'tools/list');
  assert.ok(tools.length >= 10);
  const r = await inspect('--method', 'tools/call', '--tool-name', 'get_products', '--tool-arg', 'buying_mode=wholesale', 'adcp_version="3.1"');
  assert.ok(r.structuredContent.products.length);
});

test('mcp-remote, with the token as a header', async () => {
  const transport = new StdioClientTransport({ command: process.execPath, env: env(), stderr: 'ignore', args: [
    path.join(modules, 'mcp-remote/dist/proxy.js'), agent.url, '--transport', 'http-first', '--allow-http',
    '--header', 'x-adcp-auth:test-token'] });
  const client = new Client({ name: 'desktop', version: '1' });
  await client.connect(transport);
  const r = await client.callTool({ name: 'get_media_buys', arguments: { adcp_version: '3.1' } });
  assert.ok(Array.isArray(r.structuredContent.media_buys));
  await client.close();
});

const withToken = (input, init = {}) => fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), 'x-adcp-auth': 'test-token' } });

test('@a2a-js/sdk 0.3: card, send, stream, get, push configuration', async () => {
  const client = await A2AClient.fromCardUrl(`${agent.base}/.well-known/agent-card.json`, { fetchImpl: withToken });
  const message = { kind: 'message', messageId: 'm1', role: 'user',
    parts: [{ kind: 'data', data: { skill: 'get_products', parameters: wholesale } }] };
  const { result: task } = await client.sendMessage({ message });
  assert.equal(task.status.state, 'completed');
  assert.ok(task.artifacts[0].parts.find((p) => p.kind === 'data').data.products.length);
  assert.equal((await client.getTask({ id: task.id })).result.id, task.id);
  const got = [];
  for await (const e of client.sendMessageStream({ message: { ...message, messageId: 'm2' } })) got.push(e);
  assert.deepEqual(got.map((e) => e.kind), ['task']);
  const set = await client.setTaskPushNotificationConfig({ taskId: task.id, pushNotificationConfig: { url: 'http://127.0.0.1:9/x' } });
  assert.equal(set.result.pushNotificationConfig.url, 'http://127.0.0.1:9/x');
  assert.equal((await client.cancelTask({ id: task.id })).error.code, -32002);
});

test('@a2a-js/sdk 1.x: card, send, stream, get, list, push configuration', async () => {
  const resolver = new DefaultAgentCardResolver({ fetchImpl: withToken });
  const factory = new ClientFactory({ ...ClientFactoryOptions.default, cardResolver: resolver,
    transports: [new JsonRpcTransportFactory({ fetchImpl: withToken })] });
  const client = await factory.createFromUrl(agent.base);
  const params = (id) => ({ tenant: '', configuration: undefined, metadata: undefined, message: { messageId: id, contextId: '', taskId: '',
    role: 1, metadata: undefined, extensions: [], referenceTaskIds: [],
    parts: [{ content: { $case: 'data', value: { skill: 'get_products', input: wholesale } }, metadata: undefined, filename: '', mediaType: '' }] } });
  const sent = await client.sendMessage(params('m1'));
  const task = sent.payload?.value ?? sent;
  assert.equal(task.status.state, 3);
  assert.ok(task.artifacts[0].parts.find((p) => p.content.$case === 'data').content.value.products.length);
  const read = await client.getTask({ tenant: '', id: task.id });
  assert.equal(read.id, task.id);
  const got = [];
  for await (const e of client.sendMessageStream(params('m2'))) got.push(e);
  assert.equal(got.length, 1);
  const list = await client.listTasks({ tenant: '', contextId: task.contextId, status: 0, pageToken: '', statusTimestampAfter: undefined });
  assert.equal(list.tasks.length, 1);
});

test('the adcp command line over MCP and A2A', async () => {
  const adcp = async (...args) => JSON.parse((await run(process.execPath, [path.join(modules, '@adcp/sdk/bin/adcp.js'), ...args,
    '--auth', 'test-token', '--allow-http', '--json'], { env: env(), maxBuffer: 1 << 26 })).stdout);
  const args = JSON.stringify({ buying_mode: 'wholesale' });
  const mcp = await adcp(agent.url, 'get_products', args);
  const a2a = await adcp(agent.base, 'get_products', args, '--protocol', 'a2a');
  const products = (r) => (r.data ?? r.result ?? r).products.map((p) => p.product_id);
  assert.ok(products(mcp).length);
  assert.deepEqual(products(a2a), products(mcp));
});

test('curl over REST', async () => {
  const curl = async (...args) => (await run('curl', ['-sS', '-H', 'x-adcp-auth: test-token', ...args], { env: env() })).stdout;
  const products = JSON.parse(await curl(`${agent.base}/api/v1/get_products`, '-H', 'content-type: application/json', '-d', JSON.stringify(wholesale)));
  assert.ok(products.products.length);
  const head = await curl('-I', `${agent.base}/api/v1/media-buys`);
  assert.match(head, /^HTTP\/1\.1 200/);
  const tag = head.match(/etag: (\S+)/i)[1];
  assert.equal(await curl('-o', path.join(home, 'x'), '-w', '%{http_code}', '-H', `if-none-match: ${tag}`, `${agent.base}/api/v1/media-buys`), '304');
  const problem = JSON.parse(await curl(`${agent.base}/api/v1/media-buys/mb-none`));
  assert.equal(problem.status, 404);
});

test('the OpenAPI document is valid OpenAPI', async () => {
  const document = await (await fetch(`${agent.base}/api/v1/openapi.json`)).json();
  const r = await new Validator().validate(document);
  assert.ok(r.valid, JSON.stringify(r.errors)?.slice(0, 2000));
  assert.equal(document.openapi.slice(0, 3), '3.1');
  // Programs follow references from the document's root: each leads to a component, and no schema has a root of its own.
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map((m) => m[1]);
  assert.ok(refs.length > 500);
  for (const ref of new Set(refs)) assert.ok(document.components.schemas[ref.replace('#/components/schemas/', '')], ref);
  for (const schema of Object.values(document.components.schemas)) assert.ok(!('$id' in schema) && !('$defs' in schema));
});

// What the README tells a buyer to type is typed here: every block of "Connecting a buyer" runs against a sandbox, as
// printed but for the port. Also the conversation of Python's MCP client.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { Agent } from './lib/agent.mjs';

const run = promisify(execFile);
const here = import.meta.dirname;
const modules = path.join(here, '../node_modules');
const readme = readFileSync(path.join(here, '../../README.md'), 'utf8');
const section = readme.slice(readme.indexOf('## Connecting a buyer'), readme.indexOf('\n## ', readme.indexOf('## Connecting a buyer') + 5));

let agent, home;
before(async () => {
  agent = await Agent.start();
  home = mkdtempSync(path.join(tmpdir(), 'salesagent-readme-'));
  symlinkSync(modules, path.join(home, 'node_modules'));
});
after(async () => {
  await agent.stop();
  rmSync(home, { recursive: true, force: true });
});

const blocks = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((m) => ({ language: m[1], printed: m[2] }));
const block = (language, about) => {
  const found = blocks.filter((b) => b.language === language && about.test(b.printed));
  assert.equal(found.length, 1, `blocks of ${language || 'shell'} about ${about}`);
  return found[0].printed.replaceAll('localhost:8000', new URL(agent.base).host);
};
const environment = () => ({ ...process.env, HOME: home, MCP_REMOTE_CONFIG_DIR: home, NO_PROXY: '127.0.0.1', PYTHONDONTWRITEBYTECODE: '1' });
const python = (args, more = {}) => run('python3', args, { env: { ...environment(), ...more }, timeout: 60000 });

test('every block of the section is run', () => {
  assert.deepEqual(blocks.map((b) => b.language), ['json', 'ts', 'python', 'python', '']);
});

test('Claude Desktop: the configuration starts mcp-remote, which serves the tools', async () => {
  const { command, args } = JSON.parse(block('json', /mcpServers/)).mcpServers.salesagent;
  assert.equal(command, 'npx');
  assert.equal(args[0], 'mcp-remote');
  const transport = new StdioClientTransport({ command: process.execPath, env: environment(), stderr: 'ignore',
    args: [path.join(modules, 'mcp-remote/dist/proxy.js'), ...args.slice(1)] });
  const client = new Client({ name: 'desktop', version: '1' });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const whole = await (await agent.client()).listTools();
  assert.deepEqual(tools.map((t) => t.name), whole.tools.map((t) => t.name));
  assert.ok(JSON.stringify(tools).length < JSON.stringify(whole.tools).length / 3, 'outlined');
  const r = await client.callTool({ name: 'get_media_buys', arguments: { adcp_version: '3.1' } });
  assert.ok(Array.isArray(r.structuredContent.media_buys), 'the token was passed on');
  await client.close();
});

test('TypeScript: MCP and A2A', async () => {
  const file = path.join(home, 'buyer.mjs');
  writeFileSync(file, `${block('ts', /StreamableHTTPClientTransport/)}
const a = structuredContent.products, b = result.artifacts[0].parts.find((p) => p.kind === 'data').data.products;
console.log(JSON.stringify([a.length, b.length]));
await client.close();
`);
  const { stdout } = await run(process.execPath, [file], { env: environment(), timeout: 60000 });
  for (const n of JSON.parse(stdout)) assert.ok(n > 0, stdout);
});

test('Python: fastmcp as printed, on a stand-in that has its conversation', async () => {
  const { stdout } = await python(['-c', block('python', /fastmcp/)], { PYTHONPATH: path.join(here, 'python') });
  assert.match(stdout, /'product_id': /);
});

test('Python: nothing but the standard library', async () => {
  const { stdout } = await python(['-c', block('python', /urllib/)]);
  assert.match(stdout, /'product_id': /);
});

test('Python: the conversation of its MCP client, to the end', async () => {
  const { stdout } = await python([path.join(here, 'python/conversation.py'), agent.url]);
  assert.equal(stdout, 'done\n');
});

test('curl: each command as printed', async () => {
  const commands = block('', /^curl/).split(/^(?=curl )/m);
  assert.equal(commands.length, 3);
  const [products, buys, task] = await Promise.all(commands.map(async (c) =>
    JSON.parse((await run('bash', ['-euc', c], { env: environment(), timeout: 60000 })).stdout)));
  assert.ok(products.products.length);
  assert.ok(Array.isArray(buys.media_buys));
  assert.equal(task.result.status.state, 'completed');
  assert.ok(task.result.artifacts[0].parts.find((p) => p.kind === 'data').data.products);
});

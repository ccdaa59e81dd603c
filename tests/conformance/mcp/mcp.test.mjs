// The official MCP conformance suite, the release for the handshake revisions and the alpha for 2026-07-28. It sends no
// token, so a loopback proxy adds it. It wants a server with everything: what a server of tools cannot be asked for is
// listed here with its reason, and every other scenario and check must pass.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from '../../integration/lib/agent.mjs';

const modules = path.join(import.meta.dirname, '../../node_modules');

// Scenarios by the beginning of their name.
const notApplicable = [
  ['resources-', 'no resources are advertised'], ['sep-2640-', 'no skills extension is advertised'],
  ['prompts-', 'no prompts are advertised'], ['completion-', 'completion is not advertised'],
  ['logging-', 'logging is not advertised'], ['sampling-', 'the agent never asks the client'],
  ['elicitation-', 'the agent never asks the client'], ['input-required-', 'the agent never asks the client'],
  ['tasks-', 'AdCP has its own tasks; the extension is not advertised'],
  ['tools-call-', 'calls the tools of the suite\'s own example server'],
  ['json-schema-2020-12', 'wants a tool of the suite\'s example server'],
  ['http-custom-header-server-validation', 'wants a tool of the suite\'s example server'],
];
// Checks inside scenarios that apply.
const checksNotApplicable = new Map([
  ['sep-2575-server-rejects-undeclared-capability', 'wants the tool test_missing_capability'],
  ['sep-2575-missing-capability-http-400', 'wants the tool test_missing_capability'],
  ['sep-2575-http-server-no-independent-requests-on-stream', 'wants the tool test_streaming_elicitation'],
  ['sep-2575-server-no-log-without-loglevel', 'wants the tool test_logging_tool'],
  ['sep-2549-prompts-list-caching-hints', 'no prompts are advertised'],
  ['sep-2549-resources-list-caching-hints', 'no resources are advertised'],
  ['sep-2549-resources-templates-list-caching-hints', 'no resources are advertised'],
]);

let agent, proxy, url, output;
before(async () => {
  agent = await Agent.start();
  const to = new URL(agent.base);
  proxy = http.createServer((q, r) => {
    const onward = http.request({ host: to.hostname, port: to.port, path: q.url, method: q.method,
      headers: { ...q.headers, 'x-adcp-auth': 'test-token' } }, (answer) => {
      r.writeHead(answer.statusCode, answer.headers);
      answer.pipe(r);
    });
    onward.on('error', () => r.destroy());
    q.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${proxy.address().port}/mcp`;
  output = mkdtempSync(path.join(tmpdir(), 'salesagent-mcp-'));
});
after(async () => {
  proxy.closeAllConnections();
  proxy.close();
  rmSync(output, { recursive: true, force: true });
  await agent.stop();
});

function resultFiles(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true }).filter((f) => f.name === 'checks.json')
    .map((f) => path.join(f.parentPath ?? f.path, f.name));
}

// [{ scenario, id, status, why }] of every check the suite made.
async function conformance(name, program, ...options) {
  const dir = path.join(output, name);
  await new Promise((resolve) => execFile(process.execPath, [path.join(modules, program, 'dist/index.js'), 'server', '--url', url,
    '-o', dir, ...options], { maxBuffer: 1 << 26 }, resolve)); // it fails whenever one scenario does
  assert.ok(existsSync(dir), 'the suite left no results');
  return resultFiles(dir).flatMap((file) => {
    const scenario = path.basename(path.dirname(file)).replace(/^server-(?=.*-\d{4}-)/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
    return JSON.parse(readFileSync(file, 'utf8')).map((c) => ({ scenario, id: c.id, status: c.status, why: c.errorMessage }));
  });
}

function judge(checks, mustHave) {
  const applies = checks.filter((c) => !notApplicable.some(([prefix]) => c.scenario.startsWith(prefix)));
  const failed = applies.filter((c) => c.status === 'FAILURE' && !checksNotApplicable.has(c.id));
  assert.deepEqual(failed, []);
  const passed = new Set(applies.filter((c) => c.status === 'SUCCESS').map((c) => c.scenario));
  for (const scenario of mustHave) assert.ok(passed.has(scenario), `${scenario} of ${[...new Set(checks.map((c) => c.scenario))]}`);
}

test('0.1: the handshake revisions', async () => {
  judge(await conformance('release', '@modelcontextprotocol/conformance'),
    ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection']);
});

test('0.2 alpha: what 2026-07-28 requires', async () => {
  judge(await conformance('alpha', 'mcp-conformance-alpha', '--requirements', '2026-07-28'),
    ['server-stateless', 'tools-list', 'caching', 'http-header-validation', 'dns-rebinding-protection']);
});

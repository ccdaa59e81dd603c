// The official MCP conformance suite, the release for the handshake revisions and the alpha for 2026-07-28. It sends no
// token, so a loopback proxy adds it. It wants a server with everything: what a server of tools cannot be asked for is
// listed in expected.md with its reason, and every other scenario and check must pass.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from '../../integration/lib/agent.mjs';

const modules = path.join(import.meta.dirname, '../../node_modules');

// "| suite | scenario | check | reason |" of expected.md, where the check may be *.
const expected = readFileSync(path.join(import.meta.dirname, 'expected.md'), 'utf8').split('\n')
  .map((row) => row.match(/^\| (0\.\d) \| (\S+) \| (\S+) \| (.+) \|$/)).filter(Boolean)
  .map(([, suite, scenario, check, reason]) => ({ suite, scenario, check, reason, used: false }));

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

// Every check of every scenario passes or stands in expected.md, and what stands there is still so.
function judge(suite, checks, mustHave) {
  const rows = expected.filter((r) => r.suite === suite);
  const wrong = [];
  for (const c of checks) {
    if (c.status === 'SUCCESS' || c.status === 'INFO') continue;
    const row = rows.find((r) => r.scenario === c.scenario && (r.check === c.id || (r.check === '*' && c.id !== 'wire-schema-valid')));
    if (row) row.used = true;
    else wrong.push(c);
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(rows.filter((r) => !r.used), [], 'listed, and not (or no longer) failing');
  const whole = new Set(rows.filter((r) => r.check === '*').map((r) => r.scenario));
  const passed = new Set(checks.filter((c) => c.status === 'SUCCESS' && !whole.has(c.scenario)).map((c) => c.scenario));
  for (const scenario of mustHave) assert.ok(passed.has(scenario), `${scenario} of ${[...new Set(checks.map((c) => c.scenario))]}`);
}

test('0.1: the handshake revisions', async () => {
  judge('0.1', await conformance('release', '@modelcontextprotocol/conformance'),
    ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection']);
});

test('0.2 alpha: what 2026-07-28 requires', async () => {
  judge('0.2', await conformance('alpha', 'mcp-conformance-alpha', '--requirements', '2026-07-28'),
    ['server-stateless', 'tools-list', 'caching', 'http-header-validation', 'dns-rebinding-protection', 'server-sse-multiple-streams']);
});

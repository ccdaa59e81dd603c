// The SDK's other judges: the fuzzer with the tokens of two publishers, and the grader of request signatures.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { sdkDir } from './storyboards.mjs';

const command = path.join(sdkDir, 'bin/adcp.js');
const clock = path.join(import.meta.dirname, 'clock.mjs'); // they live when the agent does

function adcp(args, timeout) {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', clock, command, ...args], { timeout, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code ?? 'killed' : 0, stdout, stderr });
    });
  });
}

// What the fuzzer knows and this agent is asked for: the agent's own list decides.
export async function fuzz(url, { token, otherToken, tools }) {
  const known = (await adcp(['fuzz', '--list-tools'], 30000)).stdout.split('\n').map((l) => l.split(' ')[0]).filter(Boolean);
  const asked = known.filter((t) => tools.includes(t));
  const { code, stdout, stderr } = await adcp(['fuzz', url, '--seed', '42', '--tools', asked.join(','), '--auto-seed',
    '--seed-brand', 'acmeoutdoor.example', '--turn-budget', '25', '--auth-token', token, '--auth-token-cross-tenant', otherToken,
    '--format', 'json'], 240000);
  let report = null;
  try { report = JSON.parse(stdout.slice(stdout.indexOf('{'))); } catch { /* shown below */ }
  return { code, report, asked, text: stderr.slice(-600) + stdout.slice(-600) };
}

export async function gradeSigning(url) {
  const { code, stdout, stderr } = await adcp(['grade', 'request-signing', url, '--allow-http', '--transport', 'mcp',
    '--covers-content-digest', 'either', '--rate-abuse-cap', '100', '--json'], 120000);
  let report = null;
  try { report = JSON.parse(stdout.slice(stdout.indexOf('{'))); } catch { /* shown below */ }
  return { code, report, text: stderr.slice(-600) + stdout.slice(-600) };
}

// Starts the real binary on a free port with a data directory of its own, and stops it.
import { spawn, execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const top = path.resolve(import.meta.dirname, '../../..');
export const binary = process.env.SALESAGENT ?? path.join(top, 'build/salesagent');
const run = promisify(execFile);

export class Agent {
  static async start({ data, program = binary, sandbox = true, listen = ['127.0.0.1:0'], args = [], env = {} } = {}) {
    const agent = new Agent();
    agent.ownsData = !data;
    agent.data = data ?? mkdtempSync(path.join(tmpdir(), 'salesagent-'));
    const all = ['serve', ...listen.flatMap((l) => ['--listen', l]), '--data', agent.data, ...(sandbox ? ['--sandbox'] : []), ...args];
    agent.child = spawn(program, all, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    agent.stderr = '';
    agent.child.stderr.on('data', (d) => { agent.stderr += d; });
    agent.exited = new Promise((resolve) => {
      agent.child.on('exit', (code, signal) => resolve({ code, signal }));
      agent.child.on('error', (e) => resolve({ code: e.message }));
    });
    agent.url = await agent.#greeting();
    agent.base = agent.url.replace(/\/mcp$/, '');
    const clock = args.indexOf('--clock'), offset = clock < 0 ? 0 : Date.parse(args[clock + 1]) - Date.now();
    agent.now = () => Date.now() + offset; // about what the agent takes for now, in milliseconds
    return agent;
  }

  // The line "  MCP    http://..." says that it serves.
  #greeting() {
    return new Promise((resolve, reject) => {
      let out = '';
      const timer = setTimeout(() => reject(new Error(`no greeting within 30 s: ${out}${this.stderr}`)), 30000);
      this.child.stdout.on('data', (d) => {
        out += d;
        this.stdout = out;
        const m = out.match(/MCP\s+(https?:\S+)/);
        if (m) { clearTimeout(timer); resolve(m[1]); }
      });
      this.exited.then((how) => {
        clearTimeout(timer);
        reject(new Error(`the agent ended before serving (${JSON.stringify(how)}): ${out}${this.stderr}`));
      });
    });
  }

  // SIGTERM and a clean exit, or an error that shows the log: a sanitizer's report makes the exit code non-zero.
  async stop() {
    this.child.kill('SIGTERM');
    const { code, signal } = await this.exited;
    if (this.ownsData) rmSync(this.data, { recursive: true, force: true });
    if (code !== 0) throw new Error(`the agent ended with ${code ?? signal}:\n${this.stderr}`);
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async client({ token = 'test-token', headers = {} } = {}) {
    const client = new Client({ name: 'salesagent-tests', version: '1.0.0' });
    const all = { ...(token ? { 'x-adcp-auth': token } : {}), ...headers };
    await client.connect(new StreamableHTTPClientTransport(new URL(this.url), { requestInit: { headers: all } }));
    return client;
  }

  // One tools/call without any SDK; gives { status, headers, body }.
  async call(tool, args = {}, { token = 'test-token', headers = {} } = {}) {
    return this.post('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } },
      { token, headers });
  }

  async post(where, body, { token = 'test-token', headers = {} } = {}) {
    const res = await fetch(this.base + where, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { 'x-adcp-auth': token } : {}), ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await res.text();
    return { status: res.status, headers: res.headers, body: text ? JSON.parse(text) : null };
  }

  // salesagent COMMAND ... on this agent's data; gives { code, stdout, stderr }.
  async cli(...args) {
    return cli(...args, '--data', this.data);
  }
}

export async function cli(...args) {
  try {
    const { stdout, stderr } = await run(binary, args);
    return { code: 0, stdout, stderr };
  } catch (e) {
    if (typeof e.code !== 'number') throw e;
    return { code: e.code, stdout: e.stdout, stderr: e.stderr };
  }
}

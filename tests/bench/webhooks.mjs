// Webhook drain: 20,000 due deliveries to one loopback receiver, signed and logged, while buyers keep polling.
// The receiver holds its first answers until everything is due, then lets go; measured from there to the last one.
import http, { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';

const rpc = (name, args) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });

async function receiver() {
  const state = { got: 0, held: [], holding: true, bytes: 0 };
  const server = createServer((req, res) => {
    req.on('data', (d) => { state.bytes += d.length; }).on('end', () => {
      const answer = () => { state.got++; res.writeHead(200, { 'content-length': 0 }).end(); };
      if (state.holding) state.held.push(answer);
      else answer();
    });
  });
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  state.url = `http://127.0.0.1:${server.address().port}/hook`;
  state.release = () => { state.holding = false; state.held.forEach((f) => f()); };
  state.close = () => new Promise((r) => { server.close(r); server.closeAllConnections(); });
  return state;
}

// A POST over keep-alive to a URL, or to a path of the agent's local socket.
function poster(agent) {
  return (where, body, headers = {}, socketPath = undefined) => new Promise((resolve, reject) => {
    const url = socketPath ? undefined : new URL(where);
    const target = url ? { host: url.hostname, port: url.port, path: url.pathname } : { socketPath, path: where };
    const req = http.request({ ...target, method: 'POST', agent, headers: { 'content-type': 'application/json', ...headers } },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (d) => { text += d; }).on('end', () => resolve({ status: res.statusCode, text }));
      });
    req.on('error', reject).end(body);
  });
}

async function parallel(n, width, work) {
  let next = 0;
  await Promise.all(Array.from({ length: width }, async () => {
    for (let i = next++; i < n; i = next++) await work(i);
  }));
}

// { agentUrl, socket, token, pid, total, cpuSeconds, account, progress } -> figures
export async function measureWebhooks({ agentUrl, socket, token, pid, total, cpuSeconds, progress }) {
  const post = poster(new http.Agent({ keepAlive: true, maxSockets: 64 }));
  const hook = await receiver();
  const auth = { 'x-adcp-auth': token };
  const account = { brand: { domain: 'hook.example' }, operator: 'hook.example' };
  const tasks = [];
  progress(`  ${total} buys that wait for a person, each with a webhook`);
  await parallel(total, 64, async (i) => {
    const { text } = await post(agentUrl, rpc('create_media_buy', { adcp_version: '3.1',
      idempotency_key: `bench-hook-${String(i).padStart(10, '0')}`, account, brand: account.brand,
      start_time: '2026-04-01T00:00:00Z', end_time: '2026-05-01T00:00:00Z',
      packages: [{ product_id: 'bench-review', pricing_option_id: 'price-001', budget: 1500 }],
      push_notification_config: { url: hook.url, operation_id: `op-${i}` } }), auth);
    const { result } = JSON.parse(text);
    if (!result?.structuredContent?.task_id) throw new Error(`create: ${text.slice(0, 500)}`);
    tasks.push(result.structuredContent.task_id);
  });
  progress('  deciding them');
  await parallel(total, 64, async (i) => {
    const { status, text } = await post('/local/x_task_resolve', JSON.stringify({ task_id: tasks[i], decision: 'approve' }), {}, socket);
    if (status !== 200) throw new Error(`approve: ${text.slice(0, 500)}`);
  });
  if (hook.got) throw new Error('deliveries were answered before the measurement');
  progress('  draining');
  const latencies = [];
  let polling = true;
  const poll = (async () => {
    while (polling) {
      const began = performance.now();
      await post(agentUrl, rpc('get_media_buys', { adcp_version: '3.1', account, pagination: { max_results: 5 } }), auth);
      latencies.push(performance.now() - began);
      await new Promise((r) => setTimeout(r, 2));
    }
  })();
  const cpu = cpuSeconds(pid), began = performance.now();
  hook.release();
  while (hook.got < total) {
    await new Promise((r) => setTimeout(r, 20));
    if (performance.now() - began > 120000) throw new Error(`only ${hook.got} of ${total} arrived within two minutes`);
  }
  const seconds = (performance.now() - began) / 1000, used = cpuSeconds(pid) - cpu;
  polling = false;
  await poll;
  await hook.close();
  latencies.sort((a, b) => a - b);
  const at = (p) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))];
  return { total, seconds, rate: total / seconds, cpuUs: used / total * 1e6, bodyBytes: Math.round(hook.bytes / hook.got),
    pollP50: at(0.5), pollP99: at(0.99), polls: latencies.length };
}

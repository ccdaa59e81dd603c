// A loopback proxy between a judge and the agent that writes down every tools/call with its reply. It passes bytes
// on as they are (the Host header too, which signatures cover). With `pin` it adds adcp_version to the arguments.
import http from 'node:http';

export class Proxy {
  static async start(target, { pin } = {}) {
    const proxy = new Proxy();
    proxy.target = new URL(target);
    proxy.pin = pin;
    proxy.calls = [];
    proxy.tools = null;
    proxy.server = http.createServer((req, res) => proxy.#pass(req, res));
    await new Promise((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    proxy.base = `http://127.0.0.1:${proxy.server.address().port}`;
    proxy.url = `${proxy.base}${proxy.target.pathname}`;
    return proxy;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #pass(req, res) {
    const pieces = [];
    for await (const piece of req) pieces.push(piece);
    let body = Buffer.concat(pieces);
    const asked = parsed(body);
    if (this.pin && asked?.method === 'tools/call' && asked.params && !req.headers.signature) {
      asked.params.arguments = { ...asked.params.arguments, adcp_version: this.pin };
      delete asked.params.arguments.adcp_major_version;
      body = Buffer.from(JSON.stringify(asked));
    }
    const headers = [];
    for (let i = 0; i < req.rawHeaders.length; i += 2) {
      const name = req.rawHeaders[i].toLowerCase();
      if (name !== 'content-length' && name !== 'transfer-encoding' && name !== 'connection' && name !== 'accept-encoding') headers.push(req.rawHeaders[i], req.rawHeaders[i + 1]);
    }
    if (body.length) headers.push('content-length', String(body.length));
    const up = http.request({ host: this.target.hostname, port: this.target.port, method: req.method, path: req.url, headers, agent: false },
      (answer) => {
        const out = [];
        res.writeHead(answer.statusCode, answer.rawHeaders);
        answer.on('data', (d) => { out.push(d); res.write(d); });
        answer.on('end', () => { this.#record(asked, answer, Buffer.concat(out)); res.end(); });
      });
    up.on('error', () => res.destroy());
    up.end(body);
  }

  #record(asked, answer, bytes) {
    const reply = parsed(bytes);
    if (asked?.method === 'tools/list' && reply?.result?.tools) this.tools = reply.result.tools.map((t) => t.name);
    if (asked?.method !== 'tools/call') return;
    this.calls.push({ tool: asked.params?.name, args: asked.params?.arguments ?? {}, status: answer.statusCode,
      isError: reply?.result?.isError === true, reply: reply?.result?.structuredContent, rpcError: reply?.error });
  }
}

function parsed(bytes) {
  try { return JSON.parse(bytes.toString('utf8')); } catch { return null; }
}

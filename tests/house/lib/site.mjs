// What stands around the ad server in a browser's test: the paper's site over HTTP, an advertiser's over HTTPS, and Chromium for
// which their names lead there. So origins, ports and referrers are those of the world, and nothing leaves the machine.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import path from 'node:path';
import { launch } from '../../admin/lib/browser.mjs';
import { browser as userAgent } from './paper.mjs';

// 300x250, one colour: any picture will do.
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="250"><rect width="300" height="250" fill="#069"/></svg>';

function certificate(folder) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=acme.example',
    '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

export class Site {
  // `paper` is a Paper whose ads are served as ads.paper.example.
  static async start(paper, { scripts = true } = {}) {
    const site = new Site();
    Object.assign(site, { paper, pages: new Map(), files: new Map(), asked: [] });
    const answer = (req, res) => site.#answer(req, res);
    site.servers = [createServer(answer), createSecureServer(certificate(paper.data), answer)];
    for (const server of site.servers) await new Promise((done) => server.listen(0, '127.0.0.1', done));
    [site.port, site.acmePort] = site.servers.map((server) => server.address().port);
    site.browser = await launch({ args: ['--host-resolver-rules=MAP *.example 127.0.0.1', '--ignore-certificate-errors', '--disable-features=HttpsUpgrades'] });
    site.context = await site.browser.newContext({ viewport: { width: 1000, height: 700 }, javaScriptEnabled: scripts, userAgent });
    return site;
  }

  async stop() {
    await this.browser.close();
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  #answer(req, res) {
    const where = req.url.split('?')[0], host = req.headers.host.replace(/:.*/, '');
    this.asked.push(`${host}${req.url}`);
    if (this.files.has(where)) {
      const { type, bytes } = this.files.get(where);
      return res.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', 'access-control-allow-origin': '*' }).end(bytes);
    }
    if (where.endsWith('.svg')) return res.writeHead(200, { 'content-type': 'image/svg+xml', 'cache-control': 'no-store' }).end(svg);
    const body = host === 'acme.example' ? '<!doctype html><title>Acme</title><h1>Landed</h1>' : this.pages.get(where);
    res.writeHead(body ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' }).end(body ?? '');
  }

  // Where an advertiser's things are.
  acme(where) { return `https://acme.example:${this.acmePort}${where}`; }

  // The ad server as the page knows it.
  get ads() { return `http://ads.paper.example:${new URL(this.paper.ads).port}/ads`; }

  tag(attributes = '') { return `<script async src="${this.ads}/t.js?p=paper" ${attributes}></script>`; }

  // A film of `seconds`, recorded by the browser itself.
  async film(seconds) {
    const page = await this.context.newPage();
    const bytes = await page.evaluate(async (ms) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 }), pen = canvas.getContext('2d');
      const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: 'video/webm' }), parts = [];
      recorder.ondataavailable = (e) => parts.push(e.data);
      const paint = setInterval(() => { pen.fillStyle = `hsl(${performance.now() / 5 % 360} 80% 40%)`; pen.fillRect(0, 0, 320, 180); }, 40);
      recorder.start();
      await new Promise((done) => setTimeout(done, ms));
      recorder.stop();
      await new Promise((done) => { recorder.onstop = done; });
      clearInterval(paint);
      return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
    }, seconds * 1000);
    await page.close();
    return Buffer.from(bytes);
  }

  // A page of the paper: opened, with the events of its slots in `page.events`.
  async open(where, body, { host = 'www.paper.example', context = this.context } = {}) {
    this.pages.set(where, `<!doctype html><html lang="en"><head><title>The Paper</title><link rel="icon" href="data:,"><script>
      window.events = [];
      ['impression', 'viewable', 'empty', 'error'].forEach(function (n) {
        addEventListener('salesagent:' + n, function (e) { window.events.push(n + ' ' + e.target.getAttribute('data-slot')); });
      });</script></head><body><h1>News</h1>${body}</body></html>`);
    const page = await context.newPage();
    page.wrong = [];
    page.on('pageerror', (e) => page.wrong.push(`script: ${e.message}`));
    page.on('console', (m) => { if (m.type() === 'error') page.wrong.push(`console: ${m.text()}`); });
    await page.goto(`http://${host}:${this.port}${where}`);
    return page;
  }
}

// Until the page has announced this.
export function announced(page, what) {
  return page.waitForFunction((w) => window.events.includes(w), what, { timeout: 10000 });
}

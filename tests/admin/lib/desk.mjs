// An agent with people of each role, their sessions at the desk as a browser holds them, and a browser.
import assert from 'node:assert/strict';
import { Agent } from '../../integration/lib/agent.mjs';

export const roles = ['viewer', 'operator', 'administrator'];

export async function json(agent, ...args) {
  const r = await agent.cli(...args, '--json');
  assert.equal(r.code, 0, `${args.join(' ')}: ${r.stderr}`);
  return JSON.parse(r.stdout);
}

// What a browser without scripts does: keeps cookies, follows redirects, posts the forms it has got.
export class Session {
  constructor(agent) {
    Object.assign(this, { agent, cookie: '' });
  }

  // Signs in as this user of the agent's publisher.
  static async of(agent, user) {
    const { url } = await json(agent, 'user', 'link', user);
    return Session.by(agent, new URL(url).pathname);
  }

  static async by(agent, link) {
    const s = new Session(agent);
    const r = await s.post(link, {}, { token: null });
    assert.equal(r.status, 303, r.text);
    assert.equal(r.headers.get('location'), '/admin');
    return s;
  }

  async request(path, { method = 'GET', body, headers = {} } = {}) {
    const res = await fetch(this.agent.base + path, { method, body, redirect: 'manual',
      headers: { accept: 'text/html', ...(this.cookie ? { cookie: this.cookie } : {}), ...headers } });
    const set = res.headers.get('set-cookie');
    if (set) this.cookie = /Max-Age=0/.test(set) ? '' : set.split(';')[0];
    return { status: res.status, headers: res.headers, text: await res.text() };
  }

  get(path) {
    return this.request(path);
  }

  // The view of a page.
  async view(path) {
    const r = await this.request(path, { headers: { accept: 'application/json' } });
    assert.equal(r.status, 200, r.text);
    assert.match(r.headers.get('content-type'), /^application\/json/);
    return JSON.parse(r.text);
  }

  // A form's fields; `token` null: none, left out: the session's own.
  async post(path, fields, { token, origin = this.agent.base, headers = {} } = {}) {
    const form = new URLSearchParams();
    for (const [k, v] of Object.entries(fields)) for (const one of [v].flat()) form.append(k, one);
    if (token === undefined) token = (await this.view('/admin/sessions')).form.token;
    if (token !== null) form.append('token', token);
    return this.request(path, { method: 'POST', body: form, headers: { ...(origin ? { origin } : {}), ...headers } });
  }
}

// Ann views, Otto operates, Ada administers.
export const people = { viewer: 'ann', operator: 'otto', administrator: 'ada' };

export async function start(options) {
  const agent = await Agent.start(options);
  for (const role of roles) await json(agent, 'user', 'add', people[role], '--role', role, '--name', `${people[role]} Example`);
  const sessions = {};
  for (const role of roles) sessions[role] = await Session.of(agent, people[role]);
  return { agent, sessions };
}

const day = (agent, days) => new Date(agent.now() + days * 864e5).toISOString().slice(0, 10);

// A creative for it, synced by its buyer; a person must review it.
export async function creative(agent, media_buy_id, name = 'Banner') {
  const r = await agent.call('sync_creatives', { media_buy_id, creatives: [{ name, format_id: 'fmt-display-300x250',
    click_url: 'https://devtool.example/', assets: [{ role: 'primary', mime_type: 'image/png', width: 300, height: 250,
      file_size_bytes: 87500, url: 'https://cdn.devtool.example/300x250.png' }] }] });
  assert.ok(!r.body.error && !r.body.result.isError, JSON.stringify(r.body));
  return (await json(agent, 'creative', 'list', '--status', 'pending_review')).creatives[0].creative_id;
}

// An agent whose clock goes on to `clock`: people stay signed in only if it is not too late for them.
export async function later(agent, clock) {
  await agent.kill();
  return Object.assign(await Agent.start({ data: agent.data, args: ['--clock', clock] }), { ownsData: true });
}

// A media buy of the demo buyer that a person must decide: its task.
export async function buy(agent, name, { budget = 5000, from = 10, to = 40, token = 'test-token' } = {}) {
  const r = await agent.call('create_media_buy', { name, total_budget: budget, packages: [{ product_id: 'prod-tech-display-001',
    pricing_option_id: 'price-001', budget, start_date: day(agent, from), end_date: day(agent, to) }] }, { token });
  assert.ok(!r.body.error && !r.body.result.isError, JSON.stringify(r.body));
  const id = JSON.stringify(r.body).match(/mb-[0-9a-z]{26}/)[0];
  const { tasks } = await json(agent, 'task', 'list');
  return { media_buy_id: id, task_id: tasks.find((t) => t.subject_id === id).task_id };
}

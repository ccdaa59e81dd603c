// SIGKILL in the middle of traffic: at most the last second is lost, and nothing is ever counted twice.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Paper, browser } from './lib/paper.mjs';

const LOST_MS_MAX = 1000, GRACE_MS = 1500; // a second's batch; and what a loaded machine takes to begin and to write it
const CONNECTIONS = 16, ROUNDS = 3;
const wire = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const file = path.join(tmpdir(), `paper-without-limits-${process.pid}.json`);

let paper, bought;
before(async () => {
  const doc = JSON.parse(readFileSync(path.join(import.meta.dirname, 'publisher.json'), 'utf8'));
  doc.tenant.adapter_settings = { impressions_per_minute: 0, clicks_per_minute: 0 };
  writeFileSync(file, JSON.stringify(doc));
  paper = await Paper.start({ file });
  bought = await paper.buy({ budget: 100000 });
  await paper.ad('top');
});
after(async () => {
  wire.destroy();
  await paper.stop();
  rmSync(file);
});

// One request over a kept connection: its body, or null when the server was gone.
const ask = (where) => new Promise((resolve) => {
  const req = http.get(paper.base + where, { agent: wire, headers: { 'user-agent': browser, referer: 'https://paper.example/news' } }, (res) => {
    let text = '';
    res.setEncoding('latin1').on('data', (d) => { text += d; }).on('end', () => resolve({ status: res.statusCode, text })).on('error', () => resolve(null));
  });
  req.on('error', () => resolve(null));
});

const impressions = async () => (await paper.delivery(bought)).totals.impressions ?? 0;
const urlOf = (token) => `/ads/e/impression/${token}`;

// Reports as fast as it goes, until the server is killed: [token, when it was answered], the answered ones.
async function traffic(ms) {
  const answered = [], tokens = [], began = Date.now();
  const work = async () => {
    for (;;) {
      const ad = await ask('/ads/d?p=paper&slot=top');
      if (!ad) return;
      const { token } = JSON.parse(ad.text).ads[0];
      tokens.push(token);
      if (!await ask(urlOf(token))) return;
      answered.push(Date.now());
    }
  };
  const all = Promise.all(Array.from({ length: CONNECTIONS }, work));
  await sleep(ms);
  const killed = Date.now();
  await paper.agent.kill();
  await all;
  await paper.start();
  return { tokens, answered, killed, seconds: (killed - began) / 1000 };
}

for (let round = 1; round <= ROUNDS; round++) {
  test(`killed for the ${round}. time: the last second is lost, the rest is there, and replays of all of it count what was lost, once`, async (t) => {
    const before = await impressions();
    const { tokens, answered, killed, seconds } = await traffic(3000 + 370 * round);
    const counted = (await impressions()) - before, lost = answered.length - counted;
    const since = lost > 0 ? killed - answered.toSorted((a, b) => a - b)[answered.length - lost] : 0;
    t.diagnostic(`${answered.length} impressions in ${seconds.toFixed(1)} s (${Math.round(2 * answered.length / seconds)} requests/s); ${lost} lost, of the last ${since} ms`);
    assert.ok(answered.length > 40, `${answered.length} impressions are no load`);
    assert.ok(counted <= tokens.length, `${counted} of ${tokens.length}`);
    assert.ok(since <= LOST_MS_MAX + GRACE_MS, `what was answered ${since} ms before the kill is lost`);
    for (const times of [1, 2]) { // the second time nothing is new
      await Promise.all(Array.from({ length: CONNECTIONS }, async (_, k) => {
        for (let i = k; i < tokens.length; i += CONNECTIONS) await ask(urlOf(tokens[i]));
      }));
      await paper.counted(bought, { impressions: before + tokens.length });
      if (times === 2) await sleep(1500);
    }
    assert.equal(await impressions(), before + tokens.length);
  });
}

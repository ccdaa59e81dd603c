// Debian's Chromium, driven by playwright-core.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const widths = [1440, 390];

export function launch({ args = [] } = {}) {
  const executablePath = process.env.CHROMIUM ?? execFileSync('sh', ['-c', 'command -v chromium || command -v chromium-browser || command -v google-chrome']).toString().trim();
  // No sandbox of its own: tests run in containers, as root, on pages of our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', ...args] });
}

// A window of a signed-in person.
export async function open(browser, session, { width = 1440, scripts = true, dark = false, userAgent } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 1000 }, javaScriptEnabled: scripts, userAgent,
    colorScheme: dark ? 'dark' : 'light', baseURL: session.agent.base, bypassCSP: false });
  if (session.cookie) {
    const [name, value] = session.cookie.split('=');
    await context.addCookies([{ name, value, url: session.agent.base }]);
  }
  const page = await context.newPage();
  page.wrong = [];
  page.on('pageerror', (e) => page.wrong.push(`script: ${e.message}`));
  page.on('console', (m) => { if (m.type() === 'error') page.wrong.push(`console: ${m.text()} ${m.location().url}`); });
  page.on('dialog', (d) => { page.wrong.push(`a dialog: ${d.message()}`); return d.dismiss(); });
  // What a creative loads stays in its frame, and this test's world has no network.
  page.on('request', (r) => { if (!r.url().startsWith(session.agent.base) && r.frame() === page.mainFrame()) page.wrong.push(`a request to ${r.url()}`); });
  await page.route((url) => !url.href.startsWith(session.agent.base), (route) => route.fulfill({ contentType: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="25"><rect width="30" height="25" fill="teal"/></svg>' }));
  page.leave = () => context.close();
  return page;
}

// Nothing serious for people who cannot see well or cannot use a mouse. With scripts only: axe is one.
export async function accessible(page, label) {
  await page.evaluate(axe); // past the page's own policy, which forbids it
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const bad = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`), [], label);
}

// Nothing sticks out to the side, once the style sheet is there.
export async function fits(page, label) {
  await page.waitForLoadState('load');
  const [scroll, width] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(scroll <= width, `${label}: ${scroll} pixels of ${width}`);
}

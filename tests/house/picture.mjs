// Makes the pictures of the example page: docs/pictures/demo.png, what a newcomer sees a minute after scripts/run, and with --banner
// the sample creative that the program carries (src/protocols/demo/banner.png).
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Agent } from '../integration/lib/agent.mjs';
import { launch } from '../admin/lib/browser.mjs';
import { approve, buy } from './lib/demo.mjs';
import { browser as userAgent } from './lib/paper.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const banner = `<!doctype html><style>body{margin:0;width:300px;height:250px;background:#0b4f9e;color:#fff;font:700 40px/1.1 Georgia,serif;
  display:flex;flex-direction:column;justify-content:center;align-items:center;gap:14px;box-sizing:border-box;border:6px solid #f2b705}
  small{font:700 17px sans-serif;background:#f2b705;color:#1d2430;padding:8px 18px;border-radius:20px}</style>Acme tools<small>See them</small>`;

const browser = await launch();
try {
  if (process.argv.includes('--banner')) {
    const page = await browser.newPage({ viewport: { width: 300, height: 250 } });
    await page.setContent(banner);
    await page.screenshot({ path: path.join(top, 'src/protocols/demo/banner.png') });
  } else {
    const agent = await Agent.start();
    await buy(agent);
    await approve(agent);
    const page = await browser.newPage({ viewport: { width: 1120, height: 690 }, userAgent });
    for (let i = 0; i < 3; i++) {
      await page.goto(`${agent.base}/demo`);
      await page.getByText('In sight for a second').first().waitFor();
    }
    await page.waitForTimeout(1500);
    mkdirSync(path.join(top, 'docs/pictures'), { recursive: true });
    writeFileSync(path.join(top, 'docs/pictures/demo.png'), await page.screenshot());
    await agent.stop();
  }
} finally {
  await browser.close();
}

// Opens a report in Chromium as its readers would, and fails on anything that would be in their way.
// Usage: node check.mjs REPORT.html OUT_FOLDER NODE_MODULES CHROMIUM [--shots]
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [page_file, out, modules, browser_file, shots] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({
  executablePath: browser_file,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
let failed = false;
const fail = (text) => { failed = true; console.log(`FAIL ${text}`); };

for (const [name, width, media, colorScheme] of [
  ['wide light', 1280, 'screen', 'light'], ['wide dark', 1280, 'screen', 'dark'],
  ['phone light', 320, 'screen', 'light'], ['phone dark', 320, 'screen', 'dark'],
  ['print light', 794, 'print', 'light'], ['print dark', 794, 'print', 'dark'],
]) {
  // The page forbids scripts; axe has to be let in from outside.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  await page.emulateMedia({ media, colorScheme });
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(page_file).href) fail(`${name}: request for ${request.url()}`);
  });
  page.on('console', (message) => fail(`${name}: console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => fail(`${name}: ${error}`));
  await page.goto(pathToFileURL(page_file).href);
  await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = true; }));
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (overflow > 0) fail(`${name}: the page is ${overflow} px wider than its window`);
  await page.addScriptTag({ content: axe });
  const result = await page.evaluate(() => axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  console.log(`${name}: ${result.violations.length} violations, ${result.passes.length} rules passed`);
  for (const violation of result.violations) {
    fail(`${name}: ${violation.id}: ${violation.help}`);
    for (const node of violation.nodes.slice(0, 5)) console.log(`  ${node.target}: ${node.failureSummary}`);
  }
  if (shots) {
    await page.evaluate(() => document.querySelectorAll('details').forEach((details) => { details.open = false; }));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    for (let top = 0, part = 0; top < Math.min(height, 14000); top += 1400, part += 1) {
      await page.screenshot({ fullPage: true, path: join(out, `${name.replace(' ', '-')}-${part}.png`), clip: { x: 0, y: top, width, height: Math.min(1400, height - top) } });
    }
  }
  await context.close();
}

// Printing happens in a page as its reader has it: under its own policy, nothing opened by hand.
const context = await browser.newContext();
const page = await context.newPage();
page.on('console', (message) => fail(`reader: console ${message.type()}: ${message.text()}`));
page.on('request', (request) => { if (!request.url().startsWith('file:')) fail(`reader: request for ${request.url()}`); });
await page.goto(pathToFileURL(page_file).href);
for (const format of ['A4', 'Letter']) {
  const pdf = await page.pdf({ path: join(out, `${format}.pdf`), format, printBackground: true, preferCSSPageSize: true, tagged: true });
  console.log(`${format}: ${pdf.length} bytes printed`);
  if (pdf.length < 20000) fail(`${format}: nothing was printed`);
}
await browser.close();
process.exit(failed ? 1 : 0);

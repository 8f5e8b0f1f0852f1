// Visits pages of the console as their readers would, and fails on anything that would be in their way.
// Usage: node check.mjs BASE_URL NODE_MODULES CHROMIUM [SHOTS_FOLDER]; paths to visit come on standard input, one a line.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [base, modules, browser_file, shots] = process.argv.slice(2);
const paths = readFileSync(0, 'utf8').split('\n').filter(Boolean);
const require = createRequire(join(resolve(modules), 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const browser = await chromium.launch({
  executablePath: browser_file,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
let failed = false;
let visits = 0;
const fail = (text) => { failed = true; console.log(`FAIL ${text}`); };

const watch = (page, name) => {
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) fail(`${name()}: request for ${request.url()}`);
  });
  // A violation of the policy is a console error too.
  page.on('console', (message) => fail(`${name()}: console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => fail(`${name()}: ${error}`));
};

for (const [width, colorScheme, lang] of [
  [1280, 'light', 'en'], [1280, 'dark', 'es'], [320, 'light', 'es'], [320, 'dark', 'en'],
]) {
  // Pages run under their own policy; axe comes from outside it, through the debugger.
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  let name = '';
  watch(page, () => name);
  for (const path of paths) {
    name = `${width} ${colorScheme} ${lang} ${path}`;
    await page.goto(`${base}${path}?lang=${lang}`);
    visits += 1;
    await page.evaluate(() => document.querySelectorAll('main details').forEach((details) => { details.open = true; }));
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) fail(`${name}: the page is ${overflow} px wider than its window`);
    const unsaid = await page.evaluate(() => document.documentElement.innerHTML.match(/⟦[^⟧]*⟧/g));
    if (unsaid) fail(`${name}: words are missing: ${unsaid}`);
    await page.evaluate(axe);
    const result = await page.evaluate(() => axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }));
    for (const violation of result.violations) {
      fail(`${name}: ${violation.id}: ${violation.help}`);
      for (const node of violation.nodes.slice(0, 3)) console.log(`  ${node.target}: ${node.failureSummary}`);
    }
    if (shots) {
      await page.evaluate(() => document.querySelectorAll('main details').forEach((details) => { details.open = false; }));
      await page.screenshot({ fullPage: true, path: join(shots, `${width}-${colorScheme}-${lang}${path.replaceAll('/', '_').slice(0, 60)}.png`) });
    }
  }
  await context.close();
}
console.log(`${visits} visits`);

// Keyboard only: everything that can be used is reached by the Tab key, in the order of the page, and shows where it is.
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
let name = '';
watch(page, () => name);
for (const path of paths.filter((path) => path === '/' || path.includes('/findings/') && path.split('/').length === 5)) {
  name = `keyboard ${path}`;
  await page.goto(`${base}${path}?lang=en`);
  const wanted = await page.evaluate(() => {
    const usable = [...document.querySelectorAll('a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, main summary')]
      .filter((element) => element.checkVisibility());
    usable.forEach((element, index) => { element.dataset.order = index; });
    return usable.length;
  });
  const reached = new Set();
  let last = -1;
  for (let press = 0; press < wanted * 3 + 10 && reached.size < wanted; press += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      return { order: element.dataset?.order, outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, html: element.outerHTML.slice(0, 90) };
    });
    if (at.order === undefined) continue;
    if (!at.outline) fail(`${name}: no focus to be seen on ${at.html}`);
    if (Number(at.order) < last && reached.size < wanted) fail(`${name}: out of order: ${at.html}`);
    last = Number(at.order);
    reached.add(at.order);
  }
  console.log(`${name}: ${reached.size} of ${wanted} reached`);
  if (reached.size < wanted) fail(`${name}: ${wanted - reached.size} cannot be reached`);
  // Small targets: 24 px each way, or alone in their line of text.
  const small = await page.evaluate(() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter((element) => element.checkVisibility() && !element.closest('.skip'))
    .map((element) => [element.getBoundingClientRect(), element.outerHTML.slice(0, 80)])
    .filter(([box]) => box.height > 0 && box.height < 23.5)
    .map(([box, html]) => `${Math.round(box.height)} px: ${html}`));
  for (const one of small.slice(0, 8)) console.log(`  small: ${one}`);
}
await context.close();
await browser.close();
process.exit(failed ? 1 : 0);

// An owner's first hour in Chromium, in step with the test that starts it: a line on standard output says what was reached,
// a line on standard input says what was done meanwhile outside the browser.
// Usage: node journey.mjs SETUP_LINK OUT_FOLDER NODE_MODULES CHROMIUM
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';

const [link, out, modules, browser_file] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const base = new URL(link).origin;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (word, value = '') => console.log(`${word} ${value}`.trim());
const wait_for = async (word) => {
  const { value } = await lines.next();
  if (value !== word) throw new Error(`expected ${word}, got ${value}`);
};
const fail = (text) => { throw new Error(text); };

const browser = await chromium.launch({
  executablePath: browser_file,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
const page = await context.newPage();
page.on('console', (message) => { if (message.type() !== 'info') fail(`console ${message.type()}: ${message.text()}`); });
page.on('pageerror', (error) => fail(`script: ${error}`));
page.on('request', (request) => { if (new URL(request.url()).origin !== base) fail(`request for ${request.url()}`); });
const devtools = await context.newCDPSession(page);
await devtools.send('WebAuthn.enable');
await devtools.send('WebAuthn.addVirtualAuthenticator', {
  options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});

// Every screen that is reached is checked as it is passed.
let screens = 0;
const check = async (name) => {
  const result = await devtools.send('Runtime.evaluate', {
    expression: `${axe};axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
      .then((result) => JSON.stringify(result.violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(' '))])))`,
    awaitPromise: true, returnByValue: true,
  });
  const violations = JSON.parse(result.result.value);
  if (violations.length) fail(`${name}: ${JSON.stringify(violations)}`);
  await page.screenshot({ path: join(out, `${String(screens).padStart(2, '0')}-${name}.png`), fullPage: true });
  screens += 1;
};

try {
  await page.goto(link);
  await check('join');
  await page.fill('#name', 'Dana Ortiz');
  await page.fill('#mail', 'dana@northside.example');
  await page.click('form[data-passkey] button');
  await page.waitForSelector('ul.codes li');
  if (await page.locator('ul.codes li').count() !== 10) fail('ten recovery codes');
  await check('codes');
  await page.locator('[data-codes] a').click();
  await page.waitForURL(`${base}/`);
  await check('today-of-nothing');

  // Out, and in again with the passkey.
  await page.click('form[action$="/logout"] button, button:has-text("Log out"), a:has-text("Log out")');
  await page.waitForURL(/\/login/);
  await check('login');
  await page.click('form[data-passkey] button');
  await page.waitForURL(`${base}/`);

  // Once more while still in, as sensitive changes ask for.
  await page.goto(`${base}/login?to=/settings`);
  await page.click('form[data-passkey] button');
  await page.waitForURL(`${base}/settings/practices`);

  const adding = page.locator('form[action$="/settings/practices"]');
  await adding.locator('[name=name]').fill('Maple Street Dental');
  await adding.locator('button').click();
  await page.waitForLoadState('networkidle');
  await check('settings');
  await page.goto(`${base}/tokens`);
  await page.selectOption('[name=practice]', { label: 'Maple Street Dental' });
  await page.locator('form[action$="/tokens"] button').click();
  await page.waitForLoadState('networkidle');
  await check('token');
  const token = (await page.locator('main').innerText()).match(/enamel1\.[\w-]+\.[\w-]+/);
  say('token', token?.[0] ?? fail('no token on the page'));

  await wait_for('looked');
  // What was sent is folded within a second or two; the page needs no script, so a person would reload it too.
  const shows = async (what, gone = false) => {
    for (let tries = 0; tries < 120; tries += 1) {
      await page.goto(what.url);
      if ((await page.locator(what.selector).count() > 0) !== gone) return;
      await page.waitForTimeout(500);
    }
    fail(`${what.selector} ${gone ? 'stays' : 'does not come'}: ${await page.locator('main').innerText()}`);
  };
  await shows({ url: `${base}/practices`, selector: 'main a:has-text("Maple Street Dental")' });
  await check('practices');
  await page.click('main a:has-text("Maple Street Dental")');
  const practice = page.url();
  await shows({ url: practice, selector: 'main svg[role=img]' });
  await check('practice');
  const findings = `${base}/findings?practice=${practice.split('/').pop()}&rule=phi.folder`;
  await shows({ url: findings, selector: 'main a[href*="/findings/"]' });
  await check('findings');
  await page.locator('main a[href*="/findings/"]').first().click();
  await page.waitForURL(/\/findings\/[0-9a-f]{20}/);
  const finding = page.url();
  await check('finding');
  await page.locator('main a[href*="/evidence/"]').first().click();
  await check('evidence');
  for (const path of ['/devices', '/alerts', '/approvals', '/reports', '/audit', '/']) {
    const answer = await page.goto(base + path);
    if (answer.status() !== 200) fail(`${path}: ${answer.status()}`);
    await check(path === '/' ? 'today' : path.slice(1));
  }
  say('seen', finding);

  await wait_for('fixed');
  await shows({ url: findings, selector: 'main a[href*="/findings/"]' }, true);
  await page.goto(finding);
  await check('finding-gone');
  say('gone', (await page.locator('main').innerText()).replace(/\s+/g, ' '));
  say('screens', screens);
} finally {
  await browser.close();
}
process.exit(0);

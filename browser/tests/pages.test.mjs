// Every page of the navigation and one record of each kind, at both widths and in both themes:
// accessible, never wider than the window, silent on the console. And the ways of the keyboard.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { NARROW, VIEW_RULES, WIDE, assertAccessible, assertNoFaults, assertNoSidewaysScroll, launch, open, sign, signIn } from '../kit.mjs';
import { PASSWORD, explain, start } from '../server.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../server.mjs').Server | undefined} */
let server;

before(async () => {
  // One after the other: what has started is ended, also when the next does not start.
  server = await start('demo');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach((context) => explain(context, server));

// One load for all views: the style sheets answer to width and theme, the server knows neither, and
// width does not hang on theme. Every component is scanned in all four views by components.test.mjs.
const VIEWS = /** @type {const} */ ([[WIDE, 'light', undefined], [NARROW, 'dark', VIEW_RULES]]);

/** Pages that no list leads to. */
const FURTHER = [
  '/', '/password', '/tokens', '/search?q=fitting', '/quality/risk-matrix', '/engineering/import',
  '/r/capa/CAPA-2026-0001/timeline', '/r/change_order/ECO-0002/do/link.add', '/r/change_order/ECO-0002/step/approve',
  '/r/complaint/CO-2026-0002/decide/us_medical_device_report', '/new/complaint', '/new/capa', '/new/part', '/new/procedure',
  '/r/part/LV-100000', '/r/part/LV-101155?rev=A', '/r/procedure/PR-0002?rev=B', '/r/capa/CAPA-2026-0002', '/r/change_order/ECO-0002',
];

/** Whoever may see the page; the first is tried for everything that the navigation shows. */
const EYES = { '/engineering/import': 'l.ferri', '/r/change_order/ECO-0002/step/approve': 'm.ortiz', '/r/complaint/CO-2026-0002/decide/us_medical_device_report': 'r.nilsson', '/new/complaint': 'g.bianchi', '/new/capa': 'g.bianchi', '/new/part': 'l.ferri', '/new/procedure': 'g.bianchi' };

/** @type {Map<string, any>} */
const sessions = new Map();

/** @param {string} login */
async function session(login) {
  const known = sessions.get(login);
  if (known) return known;
  const { context, page } = await open(browser, { baseURL: server?.origin });
  await signIn(page, login, PASSWORD);
  const storage = await context.storageState();
  await context.close();
  sessions.set(login, storage);
  return storage;
}

/**
 * Everything that can be reached: areas, their pages, and the first record of every list.
 * @returns {Promise<{ address: string, login: string }[]>}
 */
async function addresses() {
  const found = new Map();
  for (const login of ['m.ortiz', 'a.conti', 'i.keller']) {
    const { context, page } = await open(browser, { baseURL: server?.origin, storage: await session(login) });
    const hrefs = (/** @type {string} */ selector) => page.locator(selector).evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
    await page.goto('/');
    const areas = await hrefs('nav[aria-label=Areas] a');
    const pages = new Set(areas);
    for (const area of areas) {
      await page.goto(area);
      for (const href of await hrefs('nav[aria-label=Areas] a')) pages.add(href);
    }
    // What the server notes by itself stands on a page of its own.
    await page.goto('/evidence');
    for (const href of await hrefs('main a[href^="/list/"]')) pages.add(href);
    for (const address of pages) {
      if (!address.startsWith('/') || found.has(address)) continue;
      found.set(address, login);
      if (!address.startsWith('/list/')) continue;
      await page.goto(address);
      const [first] = await hrefs(`main a[href^="/r/${address.split('/')[2]}/"]`);
      if (first && !found.has(first)) found.set(first, login);
    }
    await context.close();
  }
  for (const address of FURTHER) found.set(address, EYES[/** @type {keyof typeof EYES} */ (address)] ?? 'm.ortiz');
  return [...found].map(([address, login]) => ({ address, login }));
}

test('FRS-WEB-001 every page is accessible, fits its window and is silent, in both widths and themes', async (t) => {
  const all = await addresses();
  assert.ok(all.length > 40, `only ${all.length} pages were found`);
  /** @type {Map<string, Awaited<ReturnType<typeof open>>>} */
  const readers = new Map();
  try {
    for (const { address, login } of all) {
      await t.test(`${address} as ${login}`, async () => {
        const reader = readers.get(login) ?? await open(browser, { baseURL: server?.origin, storage: await session(login) });
        readers.set(login, reader);
        const { page, faults } = reader;
        faults.length = 0;
        const answer = await page.goto(address);
        assert.equal(answer?.status(), 200);
        const wrong = [];
        for (const [viewport, colorScheme, rules] of VIEWS) {
          await page.setViewportSize(viewport);
          await page.emulateMedia({ colorScheme });
          try {
            await assertNoSidewaysScroll(page);
            await assertAccessible(page, rules);
          } catch (error) {
            wrong.push(`${viewport.width} px, ${colorScheme}: ${error instanceof Error ? error.message : error}`);
          }
        }
        assert.deepEqual(wrong, []);
        assertNoFaults(faults);
      });
    }
  } finally {
    for (const { context } of readers.values()) await context.close();
  }
});

/**
 * @param {string} login
 * @param {(page: Page) => Promise<void>} work
 */
async function as(login, work) {
  const { context, page, faults } = await open(browser, { baseURL: server?.origin, storage: await session(login) });
  page.setDefaultTimeout(8_000);
  try {
    await work(page);
    assertNoFaults(faults);
  } finally {
    await context.close();
  }
}

/**
 * Presses Tab until the element is reached.
 * @param {Page} page
 * @param {import('playwright-core').Locator} target
 */
async function tabTo(page, target) {
  for (let at = 0; at < 80; at += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${target}`);
}

describe('by keyboard alone', () => {
  test('FRS-WEB-018 one signs in', async () => {
    const { context, page, faults } = await open(browser, { baseURL: server?.origin });
    try {
      await page.goto('/sign-in');
      await tabTo(page, page.getByLabel('User name'));
      await page.keyboard.type('m.ortiz');
      await page.keyboard.press('Tab');
      await page.keyboard.type(PASSWORD);
      await Promise.all([page.waitForURL((url) => url.pathname === '/'), page.keyboard.press('Enter')]);
      await page.getByRole('heading', { name: 'My work' }).waitFor();
      assertNoFaults(faults);
    } finally {
      await context.close();
    }
  });

  test('FRS-WEB-018 the palette leads to a record', () => as('m.ortiz', async (page) => {
    await page.goto('/');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Number, person or action' }).waitFor();
    await page.keyboard.type('ECO-0002');
    const record = page.getByRole('option', { name: /ECO-0002.*Keyed intake filter/ });
    await record.waitFor();
    for (let at = 0; at < 8 && (await record.getAttribute('aria-selected')) !== 'true'; at += 1) await page.keyboard.press('ArrowDown');
    await Promise.all([page.waitForURL('**/r/change_order/ECO-0002'), page.keyboard.press('Enter')]);
  }));

  test('FRS-WEB-017 the sign dialog opens over the record; Escape closes it and gives the focus back', () => as('m.ortiz', async (page) => {
    await page.goto('/r/change_order/ECO-0002');
    const opener = page.locator('.record-acts, .next').getByRole('link', { name: /Approve/ }).first();
    await tabTo(page, opener);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Password').waitFor();
    assert.equal(new URL(page.url()).pathname, '/r/change_order/ECO-0002', 'the record stays behind the dialog');
    await assertAccessible(page);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.ok(await opener.evaluate((element) => element === document.activeElement), 'the focus is where it was');
  }));
});

test('FRS-WEB-001 without scripts a person signs in and reads a record', async () => {
  const { context, page } = await open(browser, { baseURL: server?.origin, scripts: false });
  try {
    await signIn(page, 'm.ortiz', PASSWORD);
    await page.goto('/r/change_order/ECO-0002');
    await page.getByRole('link', { name: /Approve/ }).first().click();
    await page.getByLabel('Password').waitFor();
    await sign(page, { login: 'm.ortiz', secret: 'not the password', button: 'Sign: approve' });
    await page.getByLabel('Password').waitFor();
    await page.goto('/r/change_order/ECO-0002');
    await page.locator('.record-line').getByText('In review', { exact: true }).waitFor();
  } finally {
    await context.close();
  }
});

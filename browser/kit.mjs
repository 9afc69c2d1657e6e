// What every browser test uses: a Chromium without background traffic, sign-in, the accessibility
// scan, the check against sideways scrolling, and screenshots. Errors on the console fail a test,
// and so does anything the content security policy refuses.

import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** WCAG 2.2 A and AA, and the practices that screen reader users expect. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What comes after so many of its kind is drawn by the same code; scanning it all takes minutes. */
const ALIKE = 'tbody > tr:nth-child(n+31), article:nth-of-type(n+6)';

export const WIDE = { width: 1280, height: 850 };
export const NARROW = { width: 390, height: 844 };

/** Starts Chromium; `CHROME` names another one than Debian's. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROME ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}

/**
 * Opens a page that remembers what went wrong on it.
 * @param {import('playwright-core').Browser} browser
 * @param {{ viewport?: { width: number, height: number }, theme?: 'light' | 'dark', scripts?: boolean, baseURL?: string, storage?: any }} [options]
 */
export async function open(browser, options = {}) {
  const context = await browser.newContext({
    viewport: options.viewport ?? WIDE,
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    javaScriptEnabled: options.scripts ?? true,
    baseURL: options.baseURL,
    storageState: options.storage,
  });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { context, page, faults };
}

/**
 * Signs in through the page a person uses.
 * @param {import('playwright-core').Page} page
 * @param {string} login
 * @param {string} secret
 */
export async function signIn(page, login, secret) {
  await page.goto('/sign-in');
  await page.getByLabel('User name').fill(login);
  await page.getByLabel('Password').fill(secret);
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), page.getByRole('button', { name: 'Sign in' }).click()]);
}

/**
 * Signs in the open sign dialog or on the sign page.
 * @param {import('playwright-core').Page} page
 * @param {{ login?: string, secret: string, button: string }} answers
 */
export async function sign(page, answers) {
  if (answers.login) await page.locator('input[name=login]').fill(answers.login);
  await page.locator('input[name=secret]').fill(answers.secret);
  await page.getByRole('button', { name: answers.button, exact: true }).click();
}

/** @typedef {{ rule: string, impact: string, places: string[] }} Finding */

/**
 * What axe finds, each with its first places.
 * @param {import('playwright-core').Page} page
 * @param {string[]} [rules] tags or names of rules
 * @returns {Promise<Finding[]>}
 */
export async function findings(page, rules = RULES) {
  // Evaluated, not added as a script element: the page's own policy stays in force.
  const there = await page.evaluate(() => 'axe' in window);
  if (!there) await page.evaluate(await fs.readFile(AXE, 'utf8'));
  const { violations } = await page.evaluate(([rules, alike]) => {
    const exclude = Array.from(document.querySelectorAll(/** @type {string} */ (alike)));
    return /** @type {any} */ (window).axe.run({ include: [document], exclude }, { runOnly: rules, resultTypes: ['violations'] });
  }, /** @type {const} */ ([rules, ALIKE]));
  return violations.map((/** @type {any} */ found) => ({
    rule: found.id,
    impact: found.impact,
    places: found.nodes.slice(0, 5).map((/** @type {any} */ node) => `${node.target.join(' ')}: ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`),
  }));
}

/** What another theme or width can change: colours, and the size of what is pressed. */
export const VIEW_RULES = ['color-contrast', 'target-size', 'link-in-text-block'];

/**
 * @param {import('playwright-core').Page} page
 * @param {string[]} [rules]
 */
export async function assertAccessible(page, rules = RULES) {
  const serious = (await findings(page, rules)).filter((found) => ['serious', 'critical'].includes(found.impact));
  assert.deepEqual(serious, [], 'axe finds nothing serious');
}

/**
 * No page scrolls sideways; wide tables scroll inside their own region.
 * @param {import('playwright-core').Page} page
 */
export async function assertNoSidewaysScroll(page) {
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(excess <= 1, `the page is ${excess} px wider than the window`);
}

/** @param {string[]} faults */
export function assertNoFaults(faults) {
  assert.deepEqual(faults, [], 'nothing failed on the console');
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} folder
 * @param {string} name
 */
export async function shoot(page, folder, name, fullPage = true) {
  await fs.mkdir(folder, { recursive: true });
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file, fullPage });
  return file;
}

// The components in a real browser, on the gallery's pages: keyboard, dialogs, kept drafts, and
// the accessibility scan in both themes and widths. `GALLERY` names a gallery that is written
// already; otherwise it is written here.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serve } from '../gallery.mjs';
import { NARROW, VIEW_RULES, WIDE, assertAccessible, assertNoFaults, assertNoSidewaysScroll, launch, open } from '../kit.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {{ server: import('node:http').Server, origin: string }} */
let site;
/** @type {string} */
let root;

before(async () => {
  root = process.env.GALLERY ?? fs.mkdtempSync(path.join(os.tmpdir(), 'gallery-'));
  if (!process.env.GALLERY) {
    const workspace = path.resolve(import.meta.dirname, '../..');
    execFileSync('cargo', ['run', '--quiet', '--package', 'web', '--example', 'gallery', '--', root], { cwd: workspace, stdio: 'inherit' });
  }
  site = await serve(root);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.server.close();
});

/**
 * Opens a page of the gallery, runs the body, and expects a clean console.
 * @param {string} name
 * @param {(page: import('playwright-core').Page, context: import('playwright-core').BrowserContext) => Promise<void>} body
 * @param {Parameters<typeof open>[1]} [options]
 */
async function on(name, body, options = {}) {
  const { context, page, faults } = await open(browser, { baseURL: site.origin, ...options });
  try {
    await page.goto(`/${name}.html`);
    await body(page, context);
    assertNoFaults(faults);
  } finally {
    await context.close();
  }
}

test('every component is accessible and fits, in both themes and widths', async (t) => {
  const names = fs.readdirSync(root).filter((name) => name.endsWith('.html') && !name.startsWith('fragment')).map((name) => name.slice(0, -5));
  assert.ok(names.length > 15);
  for (const name of names) {
    await t.test(name, async () => {
      await on(name, async (page) => {
        // Everything once; what another width or theme can change in all four views.
        await assertAccessible(page);
        for (const [viewport, colorScheme] of /** @type {const} */ ([[WIDE, 'light'], [NARROW, 'light'], [NARROW, 'dark'], [WIDE, 'dark']])) {
          await page.setViewportSize(viewport);
          await page.emulateMedia({ colorScheme });
          await assertAccessible(page, VIEW_RULES);
          await assertNoSidewaysScroll(page);
        }
      });
    });
  }
});

test('at 200 % zoom no page scrolls sideways', async () => {
  // Half the width at the same text size is what a page gets at 200 %.
  for (const name of ['record', 'capa', 'structure', 'matrix', 'form', 'sign', 'inspector']) {
    await on(name, assertNoSidewaysScroll, { viewport: { width: 640, height: 425 } });
  }
});

describe('the command palette', () => {
  test('opens with Ctrl-K, follows the arrow keys and opens with Enter', () => on('my-work', async (page) => {
    await page.keyboard.press('Control+k');
    const input = page.getByRole('combobox', { name: 'Number, person or action' });
    await input.waitFor();
    await input.fill('valve');
    const options = page.getByRole('option');
    await page.getByRole('option', { name: /Search for “valve”/ }).waitFor();
    assert.equal(await options.first().getAttribute('aria-selected'), 'true');
    await page.keyboard.press('ArrowDown');
    await page.getByRole('option', { name: /510-0007/, selected: true }).waitFor();
    assert.equal(await input.getAttribute('aria-activedescendant'), await options.nth(1).getAttribute('id'));
    await assertAccessible(page);
    await Promise.all([page.waitForURL('**/structure.html'), page.keyboard.press('Enter')]);
  }));

  test('offers the search for what is no record', () => on('my-work', async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('zzz');
    await page.getByRole('option', { name: /Search for “zzz”/ }).waitFor();
  }));

  test('closes with Escape and gives the focus back', () => on('my-work', async (page) => {
    const opener = page.getByRole('link', { name: /Search/ });
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('combobox').waitFor({ state: 'hidden' });
    assert.ok(await opener.evaluate((element) => element === document.activeElement));
  }));
});

describe('the sign dialog', () => {
  test('opens over the record, is accessible and gives the focus back', () => on('record', async (page) => {
    const link = page.locator('.record-acts').getByRole('link', { name: 'Sign implementation' });
    await link.click();
    await page.getByRole('dialog').getByLabel('User name').waitFor();
    assert.ok(await page.getByLabel('User name').evaluate((element) => element === document.activeElement));
    await assertAccessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.ok(await link.evaluate((element) => element === document.activeElement));
  }));

  test('is a page of its own without scripts', () => on('record', async (page) => {
    await page.locator('.record-acts').getByRole('link', { name: 'Sign implementation' }).click();
    await page.waitForURL('**/sign.html');
    assert.ok(await page.getByLabel('Password').isVisible());
  }, { scripts: false }));
});

describe('structures by keyboard', () => {
  /** @param {import('playwright-core').Page} page */
  const active = (page) => page.evaluate(() => document.activeElement?.querySelector('.node-number')?.textContent);

  test('move, open, close and leave', () => on('structure', async (page) => {
    await page.locator('tr[aria-level]').first().focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await active(page), '510-0101');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.locator('tr[aria-level] >> nth=1').getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('ArrowDown');
    assert.equal(await active(page), '510-0102', 'the rows below the closed one are passed over');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await active(page), '510-0007', 'left goes to the parent');
    await page.keyboard.press('End');
    assert.equal(await active(page), '900-0044');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.locator('tr[aria-level]:visible').count(), 1);
  }));

  test('levels open without asking the server', () => on('structure', async (page) => {
    await page.getByRole('link', { name: 'Show levels: 2' }).click();
    assert.equal(await page.locator('tr[aria-level="3"]:visible').count(), 0);
    assert.ok(await page.locator('tr[aria-level="2"]:visible').count() > 3);
  }));

  test('all rows are there without scripts', () => on('structure', async (page) => {
    assert.equal(await page.locator('tr[aria-level]:visible').count(), 15);
  }, { scripts: false }));
});

describe('lists', () => {
  test('arrow keys go from row to row', () => on('capa', async (page) => {
    await page.getByRole('link', { name: 'CAPA-0031' }).focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'CAPA-0030');
    await page.keyboard.press('End');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'CAPA-0022');
  }));

  test('bulk actions show when rows are chosen, also a range', () => on('capa', async (page) => {
    assert.ok(!(await page.getByRole('button', { name: 'Change the owner' }).isVisible()));
    await page.getByLabel('Choose CAPA-0031').click();
    await page.getByLabel('Choose CAPA-0028').click({ modifiers: ['Shift'] });
    assert.equal(await page.locator('[data-bulk-count]').textContent(), '4 rows chosen');
    assert.ok(await page.getByRole('button', { name: 'Change the owner' }).isVisible());
  }));
});

test('cells of a matrix are reached by arrow keys', () => on('matrix', async (page) => {
  await page.locator('table a.cell').first().focus();
  const title = await page.evaluate(() => document.activeElement?.getAttribute('title'));
  await page.keyboard.press('ArrowDown');
  assert.notEqual(await page.evaluate(() => document.activeElement?.getAttribute('title')), title);
  assert.ok(await page.evaluate(() => document.activeElement?.matches('a')));
}));

describe('forms', () => {
  test('the focus is on the error summary, and its links lead to the fields', () => on('form', async (page) => {
    assert.ok(await page.evaluate(() => document.activeElement?.matches('[data-error-summary]')));
    await page.getByRole('link', { name: /^Part:/ }).click();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'f-part');
  }));

  test('suggestions fill the number and show the title', () => on('form', async (page) => {
    await page.locator('#f-part').fill('510');
    await page.getByRole('option', { name: /510-0007/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#f-part').inputValue(), '510-0007');
    assert.equal(await page.locator('#f-part').locator('xpath=../p').textContent(), 'Exhalation valve assembly');
  }));

  test('text that was typed is offered again after the page was lost', () => on('form', async (page, context) => {
    await page.locator('#f-description').fill('Valve hisses above 60 cmH₂O.');
    await page.getByText(/Kept on this machine/).waitFor();
    const again = await context.newPage();
    await again.goto(`${site.origin}/form.html`);
    await again.getByRole('button', { name: 'Take it' }).click();
    assert.equal(await again.locator('#f-description').inputValue(), 'Valve hisses above 60 cmH₂O.');
  }));

  test('without network a form is not sent and nothing is lost', () => on('learner', async (page, context) => {
    await page.waitForLoadState('networkidle');
    await context.setOffline(true);
    await page.getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Continue to the check' }).click();
    await page.getByText(/There is no network/).waitFor();
    assert.ok(await page.getByRole('checkbox').isChecked());
  }));
});

describe('a grid one types into', () => {
  test('takes a block from a spreadsheet and gives it back', () => on('fmea', async (page) => {
    const start = page.getByLabel('Failure mode, row 1');
    const before = await start.inputValue();
    await start.focus();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text/plain', 'Seat cracked\tLeak\t9\nSeat worn\tLeak\t99\n');
      document.activeElement?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    });
    assert.equal(await start.inputValue(), 'Seat cracked');
    assert.equal(await page.getByLabel('S, row 1').inputValue(), '9');
    assert.equal(await page.getByLabel('S, row 2').inputValue(), '8', 'a value that is not offered is left out');
    await page.getByText(/1 did not fit/).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    assert.equal(await start.inputValue(), before);
  }));

  test('Enter goes to the next row instead of sending the form', () => on('fmea', async (page) => {
    await page.getByLabel('Effect, row 1').focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Effect, row 2');
  }));
});

describe('the frame', () => {
  test('the area list opens on a narrow screen without scripts', () => on('my-work', async (page) => {
    assert.ok(!(await page.getByRole('link', { name: 'Engineering' }).isVisible()));
    await page.getByRole('button', { name: 'Areas' }).click();
    assert.ok(await page.getByRole('link', { name: 'Engineering' }).isVisible());
    await page.keyboard.press('Escape');
    assert.ok(!(await page.getByRole('link', { name: 'Engineering' }).isVisible()));
  }, { viewport: NARROW, scripts: false }));

  test('the folded area list and the theme are remembered', () => on('my-work', async (page) => {
    await page.getByRole('button', { name: 'Collapse the area list' }).click();
    await page.locator('summary', { hasText: 'Mara Ortiz' }).click();
    await page.getByRole('button', { name: 'Dark' }).click();
    await page.reload();
    assert.equal(await page.evaluate(() => `${document.documentElement.dataset.nav} ${document.documentElement.dataset.theme}`), 'rail dark');
    await assertAccessible(page);
  }));

  test('a menu closes by Escape and returns the focus', () => on('record', async (page) => {
    const summary = page.locator('.record-acts summary');
    await summary.focus();
    await page.keyboard.press('ArrowDown');
    assert.ok(await page.getByRole('link', { name: 'Edit fields' }).isVisible());
    await page.keyboard.press('Escape');
    assert.ok(await summary.evaluate((element) => element === document.activeElement));
  }));
});

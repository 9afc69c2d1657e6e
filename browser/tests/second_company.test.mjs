// A second company, set up by hand through the pages: nothing is wired to the demo. The tests stand
// in the order in which the page of first steps asks for them; each builds on the ones before it.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible, assertNoFaults, launch, open, sign, signIn } from '../kit.mjs';
import { explain, newData, run, start } from '../server.mjs';

/** @typedef {import('playwright-core').Page} Page */

const FIRST_SECRET = 'a quiet lake in june';

/** Everybody: user name, full name, first password, own password, roles. */
const PEOPLE = {
  writer: { login: 'b.dahl', name: 'Berit Dahl', first: 'first of berit dahl', own: 'berit walks to work', roles: ['Quality engineer'] },
  maker: { login: 'k.moe', name: 'Kari Moe', first: 'first of kari moe', own: 'kari bakes on sundays', roles: ['Design engineer'] },
  owner: { login: 'p.lie', name: 'Per Lie', first: 'first of per lie 1', own: 'per collects old maps', roles: ['Quality engineer', 'Training manager'] },
  quality: { login: 's.berg', name: 'Siri Berg', first: 'first of siri berg', own: 'siri sails in summer', roles: ['Quality manager'] },
  documents: { login: 't.aas', name: 'Tor Aas', first: 'first of tor aas 1', own: 'tor repairs bicycles', roles: ['Document controller'] },
};

/** What stands only in the demo. */
const OF_THE_DEMO = /Brezza|ventilator|Rossi|Ortiz|Bologna|LV-1|ventilate-with-care/i;

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('../server.mjs').Server | undefined} */
let server;

before(async () => {
  const data = newData();
  await run(['init', '--data', data, '--name', 'Nora Lind', '--zone', 'Europe/Oslo'], { PLUMB_PASSWORD: FIRST_SECRET });
  // One after the other: what has started is ended, also when the next does not start.
  server = await start('serve', data);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach((context) => explain(context, server));

/**
 * Signs a person in, lets them work, and expects nothing but refusals on the console.
 * @param {string} login
 * @param {string} secret
 * @param {(page: Page) => Promise<void>} work
 */
async function as(login, secret, work) {
  const { context, page, faults } = await open(browser, { baseURL: server?.origin });
  page.setDefaultTimeout(8_000);
  try {
    await signIn(page, login, secret);
    await work(page);
    // What the server refused on purpose, the browser itself writes on the console.
    assertNoFaults(faults.filter((fault) => !/status of 4\d\d/.test(fault)));
  } finally {
    await context.close();
  }
}

/** @param {Page} page */
const main = (page) => page.locator('main');
/** @param {Page} page @param {string} state */
const isIn = (page, state) => page.locator('.record-line').getByText(state, { exact: true }).waitFor();
/** @param {(page: Page) => Promise<void>} work */
const administrator = (work) => as('admin', FIRST_SECRET, work);

/**
 * Makes a record from its form; answers its address.
 * @param {Page} page
 * @param {string} kind
 * @param {Record<string, string>} texts
 */
async function make(page, kind, texts) {
  await page.goto(`/new/${kind}`);
  for (const [label, text] of Object.entries(texts)) await page.getByLabel(label).first().fill(text);
  await main(page).getByRole('button', { name: /^Create/ }).click();
  await page.locator('.record-line').waitFor();
  return new URL(page.url()).pathname;
}

/** @param {Page} page @param {string} entry */
async function more(page, entry) {
  await page.locator('.record-acts').getByText('More').click();
  await page.locator('.record-acts').getByRole('link', { name: entry, exact: true }).click();
}

/** @param {Page} page @param {string} relation @param {string} target */
async function link(page, relation, target) {
  await more(page, 'Link to another record');
  const group = main(page).getByRole('group', { name: 'Link' });
  if (await group.count()) await group.getByLabel(relation, { exact: true }).check();
  else await main(page).getByLabel('Link', { exact: true }).selectOption({ label: relation });
  await main(page).getByLabel('Target').fill(target);
  await main(page).getByRole('button', { name: 'Link two records' }).click();
  await page.locator('.record-line').waitFor();
}

/** @param {Page} page @param {string} label */
async function step(page, label) {
  await page.locator('.record-acts, .next').getByRole('link', { name: label, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: label, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.record-line').waitFor();
}

/** @param {Page} page @param {keyof typeof PEOPLE} who @param {RegExp} name @param {string} button @param {boolean} [first] the first signature of the session asks for the user name too */
async function signStep(page, who, name, button, first = true) {
  await main(page).getByRole('link', { name }).filter({ visible: true }).first().click();
  const form = page.locator('form[data-sign]');
  await form.getByLabel('Password').waitFor();
  await sign(page, { login: first ? PEOPLE[who].login : undefined, secret: PEOPLE[who].own, button });
  await form.waitFor({ state: 'detached' });
}

/** @type {string} */
let procedure;

test('URS-STORY-004 an empty company says what to do first', () => administrator(async (page) => {
  await main(page).getByRole('heading', { name: /^First steps 0 of/ }).waitFor();
  await assertAccessible(page);
  for (const kind of ['part', 'complaint', 'capa', 'change_order', 'procedure', 'supplier', 'course', 'risk']) {
    await page.goto(`/list/${kind}`);
    assert.doesNotMatch(await page.locator('body').innerText(), OF_THE_DEMO, kind);
    await main(page).getByRole('heading', { level: 1 }).waitFor();
  }
}));

test('URS-STORY-004 sites, departments and job functions are made from the first steps', () => administrator(async (page) => {
  await main(page).getByRole('link', { name: 'Make a site' }).click();
  await page.getByLabel('Number').fill('OSL');
  await page.getByLabel('Title').fill('Oslo workshop');
  await page.getByLabel('Time zone').fill('Europe/Oslo');
  await page.getByRole('button', { name: 'Create site' }).click();
  await isIn(page, 'Active');
  await make(page, 'department', { Number: 'WRK', Title: 'Workshop' });
  await make(page, 'job_function', { Number: 'FITTER', Title: 'Fitter' });
  await page.goto('/');
  await main(page).getByRole('heading', { name: /^First steps 3 of/ }).waitFor();
}));

test('URS-STORY-004 a site in a time zone that does not exist is refused and nothing typed is lost', () => administrator(async (page) => {
  await page.goto('/new/site');
  await page.getByLabel('Number').fill('NOW');
  await page.getByLabel('Title').fill('Nowhere');
  await page.getByLabel('Time zone').fill('Europe/Nowhere');
  const [answer] = await Promise.all([page.waitForResponse((response) => response.request().method() === 'POST'), page.getByRole('button', { name: 'Create site' }).click()]);
  assert.ok(answer.status() >= 400 && answer.status() < 500, `a zone that does not exist is refused, not answered with ${answer.status()}`);
  assert.equal(await page.getByLabel('Title').inputValue(), 'Nowhere');
}));

test('URS-STORY-004 people are added with roles, department and job function', async (t) => {
  for (const person of Object.values(PEOPLE)) {
    await t.test(person.login, () => administrator(async (page) => {
      await make(page, 'person', { 'User name': person.login, 'Full name': person.name, 'Time zone': 'Europe/Oslo', 'First password': person.first, 'Identity verified': 'passport seen in person' });
      for (const role of person.roles) {
        await more(page, 'Grant a role');
        await page.getByLabel('Role').selectOption({ label: role });
        await main(page).getByRole('button', { name: 'Grant a role' }).click();
        await page.locator('.record-line').waitFor();
        await page.locator('#content').getByText(role).first().waitFor();
      }
      if (person === PEOPLE.maker) {
        await link(page, 'Works in', 'WRK');
        await link(page, 'Has the job function', 'FITTER');
      }
    }));
  }
});

test('URS-STORY-004 a password that somebody else set is changed before anything else', async (t) => {
  for (const person of Object.values(PEOPLE)) {
    await t.test(person.login, () => as(person.login, person.first, async (page) => {
      await page.getByText('Choose your own password first').first().waitFor();
      await page.goto('/list/part');
      assert.equal(new URL(page.url()).pathname, '/password', 'there is no way around it');
      await page.getByLabel('Present password').fill(person.first);
      await page.getByLabel('New password', { exact: true }).fill(person.own);
      await page.getByLabel('New password once more').fill(person.own);
      await page.getByRole('button', { name: 'Change password' }).click();
      await page.getByText('Your password is changed.').first().waitFor();
    }));
  }
});

test('URS-STORY-004 a part and an assembly that uses it', () => as(PEOPLE.maker.login, PEOPLE.maker.own, async (page) => {
  for (const [number, title] of [['H-100', 'Hinge'], ['D-100', 'Door']]) {
    await page.goto('/new/part');
    await page.getByLabel('Number', { exact: true }).fill(number);
    await page.getByLabel('Title').fill(title);
    await page.getByLabel('Unit of measure').selectOption({ label: 'each' });
    await main(page).getByRole('button', { name: 'Create part' }).click();
    await isIn(page, 'In work');
  }
  await more(page, 'Add a line');
  await page.getByLabel('Part').fill('H-100');
  await page.getByLabel('Quantity').fill('3');
  await page.getByLabel('Unit').selectOption({ label: 'each' });
  await main(page).getByRole('button', { name: /line/i }).click();
  await page.locator('.record-line').waitFor();
  await main(page).getByRole('link', { name: /^H-100/ }).first().waitFor();
  await assertAccessible(page);
}));

test('URS-STORY-004 a procedure is written and submitted', () => as(PEOPLE.writer.login, PEOPLE.writer.own, async (page) => {
  procedure = await make(page, 'procedure', { Title: 'Hanging doors', Purpose: 'Doors hang straight.', Scope: 'Workshop', Text: '1. Fit three hinges.\n2. Check the gap.' });
  await isIn(page, 'Draft');
  await step(page, 'Submit for review');
  await isIn(page, 'In review');
}));

test('URS-STORY-004 a course on it and a requirement name who learns it', async () => {
  const number = procedure.split('/').at(-1) ?? '';
  /** @type {string[]} */
  let made = [];
  await as(PEOPLE.writer.login, PEOPLE.writer.own, async (page) => {
    const course = await make(page, 'course', { Title: 'Hanging doors', 'Statement to sign': 'I have read this and hang doors by it.', 'Days to complete': '14' });
    await link(page, 'Teaches', number);
    const requirement = await make(page, 'training_requirement', { Title: 'Fitters hang doors' });
    await link(page, 'Requires', course.split('/').at(-1) ?? '');
    await link(page, 'Is for the job function', 'FITTER');
    made = [course, requirement];
  });
  await as(PEOPLE.owner.login, PEOPLE.owner.own, async (page) => {
    for (const [at, address] of made.entries()) {
      await page.goto(address);
      await signStep(page, 'owner', /Approve and put into/, at === 0 ? 'Sign: approve and put into use' : 'Sign: approve and put into force', at === 0);
      await isIn(page, 'Effective');
    }
  });
});

test('URS-STORY-004 nobody approves their own work', () => as(PEOPLE.writer.login, PEOPLE.writer.own, async (page) => {
  await page.goto(procedure);
  await isIn(page, 'In review');
  await page.goto(`${procedure}/step/approve`);
  await main(page).getByText(/You wrote .*, so you cannot sign it/).first().waitFor();
  assert.equal(await page.getByLabel('Password').count(), 0, 'no signature is asked for');
  await page.goto(procedure);
  await isIn(page, 'In review');
}));

test('URS-STORY-004 the page says to the author why they cannot approve, instead of offering it', () => as(PEOPLE.writer.login, PEOPLE.writer.own, async (page) => {
  await page.goto(procedure);
  await isIn(page, 'In review');
  assert.equal(await page.locator('.record-acts, .next').getByRole('link', { name: /Approve/ }).count(), 0, 'the step is not offered');
  await page.locator('.next').getByText(/cannot approve|cannot sign/).waitFor();
}));

test('URS-STORY-004 two people sign it and the document controller makes it effective', async () => {
  await as(PEOPLE.owner.login, PEOPLE.owner.own, async (page) => {
    await page.goto(procedure);
    await signStep(page, 'owner', /Approve/, 'Sign: approve');
    await isIn(page, 'In review');
  });
  await as(PEOPLE.quality.login, PEOPLE.quality.own, async (page) => {
    await page.goto(procedure);
    await signStep(page, 'quality', /Approve/, 'Sign: approve');
    await isIn(page, 'Approved for release');
  });
  await as(PEOPLE.documents.login, PEOPLE.documents.own, async (page) => {
    await page.goto(procedure);
    await signStep(page, 'documents', /Release/, 'Sign: release');
    await isIn(page, 'Effective');
  });
});

test('URS-STORY-004 whoever the matrix names reads and signs it', () => as(PEOPLE.maker.login, PEOPLE.maker.own, async (page) => {
  await main(page).getByRole('link', { name: /Read and sign/ }).first().click();
  await page.getByText('Fit three hinges.').first().waitFor();
  await page.getByRole('button', { name: 'I have read it: sign' }).click();
  await sign(page, { login: PEOPLE.maker.login, secret: PEOPLE.maker.own, button: 'Sign' });
  await page.getByText('is on your training record').first().waitFor();
}));

test('URS-STORY-004 nothing of the demo is anywhere', () => administrator(async (page) => {
  for (const address of ['/', '/list/person', '/list/site', '/admin/roles', '/admin/configuration', '/search?q=ventilator', '/training/matrix']) {
    await page.goto(address);
    const text = (await main(page).innerText()).replaceAll('“ventilator”', '');
    assert.doesNotMatch(text, OF_THE_DEMO, address);
  }
}));

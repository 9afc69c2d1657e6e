// URS-STORY-001, clicked by the people it concerns: the demo company's second case to its end as
// far as the calendar lets it, a fresh complaint on its way to a change order, and the short ways
// that people are promised. The tests stand in the order of the story; each builds on the ones
// before it.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { assertAccessible, assertNoFaults, launch, open, sign, signIn } from '../kit.mjs';
import { PASSWORD, explain, start } from '../server.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Locator} Locator */

const STRUCTURE_A = path.resolve(import.meta.dirname, '../../demo/lung-ventilator-rev-a.xlsx');

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

/**
 * Signs a person in, lets them work, and expects a clean console.
 * @param {string} login
 * @param {(page: Page) => Promise<void>} work
 */
async function as(login, work) {
  const { context, page, faults } = await open(browser, { baseURL: server?.origin });
  page.setDefaultTimeout(8_000);
  try {
    await signIn(page, login, PASSWORD);
    await work(page);
    assertNoFaults(faults);
  } finally {
    await context.close();
  }
}

/** Counts what a person clicks. */
function clicker() {
  let clicks = 0;
  return {
    /** @param {Locator} target */
    async click(target) {
      clicks += 1;
      await target.click();
    },
    get clicks() {
      return clicks;
    },
  };
}

/** @param {Page} page */
const main = (page) => page.locator('main');
/** @param {Page} page @param {string} text */
const says = (page, text) => main(page).getByText(text).filter({ visible: true }).first().waitFor();
/** @param {Page} page @param {string} state */
const isIn = (page, state) => page.locator('.record-line').getByText(state, { exact: true }).waitFor();
/** @param {Page} page @param {string | RegExp} name */
const section = (page, name) => main(page).getByRole('region', { name });

/**
 * Follows a link of the record page to the signature, reads what must be said there, and signs.
 * Whether it stands in a dialog or on a page of its own is the business of pages.test.mjs.
 * @param {Page} page
 * @param {string} login
 * @param {{ link: string | RegExp, button: string, expects: (string | RegExp)[] }} what
 */
async function signFor(page, login, what) {
  await main(page).getByRole('link', { name: what.link }).filter({ visible: true }).first().click();
  const form = page.locator('form[data-sign]');
  await form.getByLabel('Password').waitFor();
  for (const text of what.expects) await form.getByText(text).first().waitFor();
  await assertAccessible(page);
  await sign(page, { login, secret: PASSWORD, button: what.button });
  await form.waitFor({ state: 'detached' });
}

/**
 * Takes an unsigned step, which is confirmed in a dialog.
 * @param {Page} page
 * @param {string} label
 */
async function step(page, label) {
  await page.locator('.record-acts, .next').getByRole('link', { name: label, exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: label, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('.record-line').waitFor();
}

/**
 * Links the record on the page to another one.
 * @param {Page} page
 * @param {string} relation
 * @param {string} number
 */
async function link(page, relation, number) {
  await section(page, /^Links/).getByRole('link', { name: 'Add a link' }).click();
  const group = main(page).getByRole('group', { name: 'Link' });
  if (await group.count()) await group.getByLabel(relation, { exact: true }).check();
  else await main(page).getByLabel('Link', { exact: true }).selectOption({ label: relation });
  await main(page).getByLabel('Target').fill(number);
  await main(page).getByRole('button', { name: 'Link two records' }).click();
  await section(page, /^Links/).getByRole('link', { name: new RegExp(`^${number}`) }).first().waitFor();
}

/**
 * Answers a decision question by question, then takes it.
 * @param {Page} page
 * @param {string[]} answers labels of the answers, in the order of the questions
 */
async function decide(page, answers) {
  for (const [at, answer] of answers.entries()) {
    await main(page).getByText(answers[at - 1] ?? '', { exact: false }).first().waitFor();
    const choice = main(page).getByRole('radio', { name: answer, exact: true });
    const list = main(page).getByRole('combobox');
    if (await choice.count()) await choice.check();
    else await list.selectOption({ label: answer });
    await main(page).getByRole('button', { name: 'Next' }).click();
  }
  await main(page).getByRole('button', { name: 'Take this decision' }).click();
}

const US_ANSWERS = ['Yes', 'Yes', 'Yes, or not ruled out', 'Neither', 'Yes to both', 'No', 'Neither'];
const EU_ANSWERS = ['Yes', 'Yes, or unsure', 'No', 'No'];

/** So many days from today, where the company works. */
function day(/** @type {number} */ days) {
  const at = new Date(Date.now() + days * 86_400_000);
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Rome', year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}

/** A date as the pages write it. */
function written(/** @type {string} */ date) {
  return new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' }).format(new Date(`${date}T00:00:00Z`)).replace('Sept', 'Sep');
}

/** @type {string} the address of the complaint that is typed in */
let complaint;
/** @type {string} the address of the CAPA made from it */
let capa;
/** @type {string} the address of the order made from that */
let order;

test('URS-STORY-001 a complaint typed in becomes a capa in at most six clicks', () => as('g.bianchi', async (page) => {
  await page.goto('/list/complaint');
  const hand = clicker();
  await hand.click(main(page).getByRole('link', { name: 'New complaint' }));
  await page.getByLabel('Title').fill('Hose slips off the oxygen inlet');
  await page.getByLabel('Aware on').fill(day(-10));
  await page.getByLabel('Reported by').selectOption({ label: 'Health professional or facility' });
  await page.getByLabel('Product number').fill('LV-101155');
  await page.getByLabel('What happened').fill('The hose came off the inlet while the trolley was moved. No patient was connected.');
  await hand.click(page.getByRole('group', { name: 'Harm to the patient or user' }).getByLabel('None'));
  await hand.click(page.getByRole('button', { name: 'Create complaint' }));
  await isIn(page, 'Received');
  complaint = new URL(page.url()).pathname;
  await hand.click(main(page).getByRole('link', { name: 'Make a CAPA from this complaint' }).first());
  assert.equal(await page.getByLabel('Title').inputValue(), 'Hose slips off the oxygen inlet', 'the title is taken over');
  assert.match(await page.getByLabel('Problem', { exact: true }).inputValue(), /The hose came off the inlet/, 'what happened is taken over');
  assert.equal(await page.getByLabel('Source').locator('option:checked').innerText(), 'Complaint');
  await hand.click(page.getByRole('button', { name: 'Create CAPA' }));
  await isIn(page, 'Draft');
  capa = new URL(page.url()).pathname;
  await section(page, /^From complaint to proof/).getByRole('link', { name: complaint.split('/').at(-1) }).waitFor();
  assert.ok(hand.clicks <= 6, `${hand.clicks} clicks`);
}));

test('URS-STORY-001 reportability is decided question by question and its clock starts', async () => {
  await as('g.bianchi', async (page) => {
    await page.goto(complaint);
    await says(page, 'Reportability is not decided yet');
    await step(page, 'Start the evaluation');
    await isIn(page, 'Under evaluation');
  });
  await as('r.nilsson', async (page) => {
    await page.goto(complaint);
    await main(page).getByRole('link', { name: 'Decide: Medical device report (FDA)' }).click();
    await decide(page, US_ANSWERS);
    await says(page, `Medical device report (FDA): by ${written(day(20))}`);
    await section(page, 'Reportability').first().getByText('Report within 30 calendar days').first().waitFor();
    await main(page).getByRole('link', { name: 'Decide: Serious incident (EU MDR)' }).click();
    await decide(page, EU_ANSWERS);
    await section(page, 'Reportability').first().getByText('No report: not serious').first().waitFor();
    assert.equal(await main(page).getByText('Reportability is not decided yet').count(), 0);
  });
});

test('URS-STORY-001 the capa gets a cause, an approved plan and a change order of its own', async () => {
  await as('g.bianchi', async (page) => {
    await page.goto(capa);
    await page.locator('.record-acts').getByText('More').click();
    await page.getByRole('link', { name: 'Decide: CAPA needed?', exact: true }).click();
    await decide(page, ['Yes, or unsure']);
    await page.locator('.record-acts').getByText('More').click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Containment').fill('Service checks every inlet.');
    await page.getByRole('group', { name: 'Method' }).getByLabel('5 whys').check();
    await page.getByLabel('Root cause').fill('The inlet has no barb. Proved by pull test.');
    await page.getByLabel('Action plan').fill('Change the inlet to one with a barb.');
    await page.getByLabel('Metric').fill('Hoses that came off');
    await page.getByLabel('Threshold').fill('0');
    await page.getByLabel('Window in days').fill('30');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.locator('.record-line').waitFor();
    await step(page, 'Start the investigation');
    await isIn(page, 'Investigation');
    await step(page, 'Submit the plan for approval');
    await isIn(page, 'Plan in approval');
  });
  await as('m.ortiz', async (page) => {
    await page.goto(capa);
    await signFor(page, 'm.ortiz', { link: /Approve the plan/, button: 'Sign: approve the plan', expects: ['approved the action plan', /becomes implementing/] });
    await isIn(page, 'Implementing');
    await section(page, /^Change orders/).getByRole('button', { name: 'Make a change order' }).click();
    await isIn(page, 'Draft');
    order = new URL(page.url()).pathname;
    assert.match(order, /ECO-/);
    await section(page, /^Links/).getByRole('link', { name: new RegExp(`^${capa.split('/').at(-1)}`) }).first().waitFor();
  });
});

test('URS-STORY-001 a structure file that is uploaded becomes a computed redline', () => as('l.ferri', async (page) => {
  const apply = async (/** @type {any} */ file) => {
    await page.goto(order);
    await page.locator('.record-acts').getByText('More').click();
    await page.locator('.record-acts').getByRole('link', { name: 'Apply a structure file' }).click();
    await page.getByLabel('Structure file').setInputFiles(file);
    await page.getByLabel('Reason').fill('The fittings of before, for a trial');
    await main(page).getByRole('button', { name: /structure/ }).click();
  };
  // The first structure on top of the second: the same seven fittings, the other way round.
  await apply(STRUCTURE_A);
  await page.getByText('The file is applied: 0 added, 0 removed, 7 changed.').first().waitFor();
  await section(page, /^Affected items 7/).waitFor();
  await section(page, /^Redline/).first().getByText(/0 added, 0 removed, 7 changed/).first().waitFor();
  await assertAccessible(page);
}));

test('URS-STORY-001 a file that is no structure is refused by name and leaves nothing', async () => {
  const { context, page } = await open(browser, { baseURL: server?.origin });
  try {
    await signIn(page, 'l.ferri', PASSWORD);
    await page.goto(order);
    const before = await section(page, /^Affected items 7/).count();
    await page.goto(`${order}/do/change_order.apply_structure`);
    await page.getByLabel('Structure file').setInputFiles({ name: 'structure.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('no spreadsheet at all') });
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      main(page).getByRole('button', { name: /structure/ }).click(),
    ]);
    assert.ok(answer.status() >= 400 && answer.status() < 500, `answered ${answer.status()}`);
    await page.getByText(/xlsx|spreadsheet|workbook/i).first().waitFor();
    await page.goto(order);
    assert.equal(await section(page, /^Affected items 7/).count(), before);
  } finally {
    await context.close();
  }
});

test('URS-STORY-001 a risk that concerns the changed part is linked through its page', () => as('g.bianchi', async (page) => {
  await page.goto('/r/risk/RSK-0001');
  await link(page, 'Concerns', 'LV-101132');
}));

test('URS-STORY-001 the release is not offered before quality has signed, and says what it waits for', () => as('d.weber', async (page) => {
  await page.goto('/r/change_order/ECO-0002');
  await isIn(page, 'In review');
  assert.equal(await main(page).getByRole('link', { name: /^(Sign: )?Release$/ }).count(), 0);
  await section(page, /^Signatures/).getByText('Approval for quality').first().waitFor();
}));

test('URS-STORY-001 what leads back is never the step in front', () => as('m.ortiz', async (page) => {
  await page.goto('/r/change_order/ECO-0002');
  await isIn(page, 'In review');
  assert.equal(await page.locator('.record-acts').getByRole('link', { name: 'Send back' }).count(), 0, '“Send back” is not the primary step');
  await page.locator('.record-acts').getByRole('link', { name: /Approve/ }).waitFor();
}));

test('URS-STORY-001 quality finds the order in their work and approves it', () => as('m.ortiz', async (page) => {
  await main(page).getByRole('link', { name: 'ECO-0002', exact: true }).click();
  await isIn(page, 'In review');
  await section(page, /^Impact/).getByText('People to retrain').waitFor();
  for (const name of ['Jonas Olsen', 'Ylenia Marino', 'Zora Novak']) await section(page, /^Impact/).getByRole('link', { name }).waitFor();
  await signFor(page, 'm.ortiz', { link: /Approve/, button: 'Sign: approve', expects: ['Approval for quality', 'Marta Rossi', 'ECO-0002 becomes approved'] });
  await isIn(page, 'Approved');
}));

test('URS-STORY-001 the release says what it does, is signed, and does it at once', () => as('d.weber', async (page) => {
  await page.goto('/r/change_order/ECO-0002');
  await signFor(page, 'd.weber', {
    link: /Release/,
    button: 'Sign: release',
    expects: ['ECO-0002 becomes released', /[Rr]eleases LV-101132 rev B and PR-0002 rev B/, /[Aa]ssigns training to 3 people/],
  });
  await isIn(page, 'Released');
  await page.goto('/r/part/LV-101132?rev=B');
  await isIn(page, 'Released');
  await page.goto('/r/part/LV-101132?rev=A');
  await isIn(page, 'Superseded');
  await page.goto('/r/procedure/PR-0002?rev=B');
  await isIn(page, 'Effective');
  await page.goto('/r/procedure/PR-0002?rev=A');
  await isIn(page, 'Superseded');
}));

test('URS-STORY-001 a wrong password signs nothing and says so in the same place', async () => {
  const { context, page } = await open(browser, { baseURL: server?.origin });
  try {
    await signIn(page, 'j.olsen', PASSWORD);
    await main(page).getByRole('link', { name: /Read and sign/ }).first().click();
    await page.getByRole('button', { name: /I have read it/ }).click();
    await sign(page, { login: 'j.olsen', secret: 'not the password', button: 'Sign' });
    await page.getByRole('alert').or(page.locator('.error-summary')).first().waitFor();
    await page.getByLabel('Password').waitFor();
    await page.goto('/');
    await main(page).getByRole('link', { name: /Read and sign/ }).first().waitFor();
  } finally {
    await context.close();
  }
});

test('URS-STORY-001 closing names open training by count', () => as('m.ortiz', async (page) => {
  await page.goto('/r/capa/CAPA-2026-0002');
  const before = section(page, /^Before this CAPA can be closed/);
  await before.getByText(/Training: 3 of 3 open/).waitFor();
  assert.equal(await before.getByText('Change order ECO-0002 is').count(), 0, 'the released order stands in nobody’s way');
}));

test('URS-STORY-001 reading and signing takes three clicks', async (t) => {
  for (const login of ['y.marino', 'z.novak', 'j.olsen']) {
    await t.test(login, () => as(login, async (page) => {
      const hand = clicker();
      await hand.click(main(page).getByRole('link', { name: /Read and sign/ }).first());
      await page.getByRole('heading', { name: 'Incoming inspection of gas fittings' }).waitFor();
      await says(page, 'The key of the filter frame is checked.');
      await hand.click(page.getByRole('button', { name: 'I have read it: sign' }));
      await page.getByRole('dialog').getByText('Puts PR-0002 rev B on your training record').waitFor();
      await page.locator('input[name=login]').fill(login);
      await page.locator('input[name=secret]').fill(PASSWORD);
      await hand.click(page.getByRole('button', { name: 'Sign', exact: true }));
      await page.getByText('PR-0002 rev B is on your training record').first().waitFor();
      assert.ok(hand.clicks <= 3, `${hand.clicks} clicks`);
      await page.goto('/');
      await says(page, 'Nothing waits for you');
    }));
  }
});

test('URS-STORY-001 the risk that the release flagged is looked at again', async () => {
  await as('m.ortiz', async (page) => {
    await page.goto('/r/capa/CAPA-2026-0002');
    await section(page, /^Re-assessments/).getByText('1 of 1 open').waitFor();
    await section(page, /^Before this CAPA can be closed/).getByRole('link', { name: /RSK-0001/ }).first().waitFor();
  });
  await as('g.bianchi', async (page) => {
    await main(page).getByRole('link', { name: /Report as done.*RSK-0001/ }).click();
    await page.getByLabel(/Outcome/).fill('The keyed frame lowers the probability; no other rating changes.');
    await main(page).getByRole('button').first().click();
    await page.goto('/r/capa/CAPA-2026-0002');
    await section(page, /^Re-assessments/).getByText('all done').waitFor();
  });
});

test('URS-STORY-001 closing is refused while the effectiveness window runs, and the page names it', async () => {
  await as('g.bianchi', async (page) => {
    await page.goto('/r/capa/CAPA-2026-0002');
    await step(page, 'Start the effectiveness check');
    await isIn(page, 'Effectiveness check');
    await page.locator('.record-acts').getByText('More').click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByRole('group', { name: 'Result' }).getByLabel('Effective', { exact: true }).check();
    await page.getByLabel('Evidence').fill('No filter found mounted the wrong way round.');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.locator('.record-line').waitFor();
  });
  await as('m.ortiz', async (page) => {
    await page.goto('/r/capa/CAPA-2026-0002');
    const before = section(page, /^Before this CAPA can be closed/);
    await before.getByText(/Effectiveness is watched for 60 days, until /).waitFor();
    await before.getByText('1 thing to clear').waitFor();
    const next = page.locator('.next');
    await next.getByText('Sign: Close', { exact: true }).waitFor();
    await next.getByText(/Effectiveness is watched for 60 days/).waitFor();
    await page.goto('/r/capa/CAPA-2026-0002/step/close');
    await says(page, 'Close: not possible yet');
    await says(page, 'Effectiveness is watched for 60 days');
    assert.equal(await page.getByLabel('Password').count(), 0, 'no signature is asked for');
    await page.goto('/r/capa/CAPA-2026-0002');
    await isIn(page, 'Effectiveness check');
  });
});

test('URS-STORY-001 the end of the window is written as every date is', () => as('m.ortiz', async (page) => {
  await page.goto('/r/capa/CAPA-2026-0002');
  await section(page, /^Before this CAPA can be closed/).getByText(`until ${written(day(60))}`).waitFor();
}));

test('URS-STORY-001 from the closed capa to the signature on a training record in two clicks', () => as('i.keller', async (page) => {
  await page.goto('/r/capa/CAPA-2026-0001');
  await isIn(page, 'Closed');
  const hand = clicker();
  await hand.click(section(page, /^Training asked for by ECO-0001/).getByRole('link', { name: 'Evidence of Ola Adeyemi' }));
  await says(page, 'I have read and understood this document');
  await says(page, 'Ola Adeyemi');
  assert.ok(hand.clicks <= 2, `${hand.clicks} clicks`);
}));

test('URS-STORY-001 the inspector walks from the complaint to every signature on the training', () => as('i.keller', async (page) => {
  await page.goto('/r/complaint/CO-2026-0001');
  await page.locator('.record-acts').getByText('More').click();
  await page.getByRole('link', { name: 'Follow the story' }).click();
  for (const text of ['CAPA-2026-0001', 'ECO-0001', 'PR-0001', 'Maria Ortiz', 'Dana Weber']) await says(page, text);
  for (const name of ['Ola Adeyemi', 'Petra Bauer', 'Carlo Costa', 'Elise Duval', 'Franco Esposito', 'Helena Fontana', 'Katia Gallo', 'Nora Hoxha', 'Katerina Ivanova', 'Ulla Jensen', 'Awa Kone', 'Sandro Lombardi']) {
    await says(page, name);
  }
  await assertAccessible(page);
  assert.equal(await page.getByRole('button', { name: /^Create|^Make / }).count(), 0, 'an inspector changes nothing');
}));

// Long texts are kept on this machine until the server says it has them. They are kept per
// person, end with signing out, and never go anywhere else.

import { later, make, store } from './dom.js';

const PREFIX = 'plumb.draft.';
const DAYS_KEPT = 14;

/** @typedef {{ at: number, values: Record<string, string[]> }} Draft */

function person() {
  return document.body.dataset.person ?? '';
}

/** @param {string} key */
function keyOf(key) {
  return `${PREFIX}${person()}.${key}`;
}

/** @param {HTMLFormElement} form */
function inputs(form) {
  return /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ (Array.from(form.querySelectorAll('[data-draft]')));
}

/** @param {HTMLInputElement | HTMLTextAreaElement} input */
function isTick(input) {
  return input instanceof HTMLInputElement && (input.type === 'checkbox' || input.type === 'radio');
}

/** @param {HTMLFormElement} form */
function read(form) {
  /** @type {Record<string, string[]>} */
  const values = {};
  for (const input of inputs(form)) {
    const list = (values[input.name] ??= []);
    if (!isTick(input)) list.push(input.value);
    else if (/** @type {HTMLInputElement} */ (input).checked) list.push(input.value);
  }
  return values;
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string[]>} values
 */
function write(form, values) {
  for (const input of inputs(form)) {
    const list = values[input.name];
    if (!list) continue;
    if (isTick(input)) /** @type {HTMLInputElement} */ (input).checked = list.includes(input.value);
    else input.value = list[0] ?? '';
  }
  form.dispatchEvent(new Event('input', { bubbles: true }));
}

/** @param {string} key @returns {Draft | null} */
function load(key) {
  try {
    return JSON.parse(store.get(key) ?? 'null');
  } catch {
    return null;
  }
}

/** @param {number} at */
function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** @param {HTMLFormElement} form */
export function start(form) {
  const key = keyOf(form.dataset.draftKey ?? '');
  const note = form.querySelector('[data-draft-note]');
  const before = load(key);
  const now = JSON.stringify(read(form));
  if (before && JSON.stringify(before.values) !== now) offer(form, key, before);

  form.addEventListener('input', later(400, () => {
    const kept = store.set(key, JSON.stringify({ at: Date.now(), values: read(form) }));
    if (note) note.textContent = kept ? `Kept on this machine at ${clock(Date.now())}` : 'Cannot be kept on this machine';
  }));
}

/**
 * Offers text from before; it never overwrites what the page shows by itself.
 * @param {HTMLFormElement} form
 * @param {string} key
 * @param {Draft} draft
 */
function offer(form, key, draft) {
  const restore = make('button', { type: 'button', class: 'button small' }, 'Take it');
  const discard = make('button', { type: 'button', class: 'button small quiet' }, 'Discard it');
  const banner = make('div', { class: 'banner warn', role: 'status' },
    make('span'),
    make('p', { class: 'banner-title' }, `Text of ${clock(draft.at)} was not sent and is kept on this machine`),
    make('div', { class: 'banner-acts' }, restore, discard));
  restore.addEventListener('click', () => {
    write(form, draft.values);
    banner.remove();
    inputs(form)[0]?.focus();
  });
  discard.addEventListener('click', () => {
    store.set(key, null);
    banner.remove();
  });
  form.before(banner);
}

/** Removes what the server has by now, what is too old, and everything of a person who signs out. */
export function tidy() {
  for (const done of document.querySelectorAll('[data-draft-done]')) {
    store.set(keyOf(/** @type {HTMLElement} */ (done).dataset.draftDone ?? ''), null);
  }
  const oldest = Date.now() - DAYS_KEPT * 24 * 3600 * 1000;
  for (const key of store.keys().filter((name) => name.startsWith(PREFIX))) {
    if ((load(key)?.at ?? 0) < oldest) store.set(key, null);
  }
  document.addEventListener('submit', (event) => {
    if (!(event.target instanceof HTMLFormElement) || new URL(event.target.action).pathname !== '/sign-out') return;
    for (const key of store.keys().filter((name) => name.startsWith(`${PREFIX}${person()}.`))) store.set(key, null);
  });
}

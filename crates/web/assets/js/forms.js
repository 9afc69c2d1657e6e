// Forms: sent once, not left by accident, and nothing typed is lost when the network drops.

import { all, say } from './dom.js';
import { start as startDrafts } from './drafts.js';

/** @type {Set<HTMLFormElement>} */
const dirty = new Set();

/** @param {HTMLFormElement} form */
function sendOnce(form) {
  form.addEventListener('submit', (event) => {
    if (form.hasAttribute('data-sent')) {
      event.preventDefault();
      return;
    }
    if (!navigator.onLine) {
      event.preventDefault();
      say('There is no network. What you typed stays here; send it again when the connection is back.');
      return;
    }
    form.setAttribute('data-sent', '');
    for (const button of all('button[type=submit]', form)) button.setAttribute('aria-disabled', 'true');
  });
}

/** @param {HTMLFormElement} form */
function guard(form) {
  // Values that came back with errors are not saved anywhere yet.
  if (form.hasAttribute('data-returned')) dirty.add(form);
  form.addEventListener('input', () => dirty.add(form));
  form.addEventListener('change', () => dirty.add(form));
  form.addEventListener('reset', () => dirty.delete(form));
  form.addEventListener('submit', (event) => {
    if (!event.defaultPrevented) dirty.delete(form);
  });
}

/** @param {HTMLElement} root */
export function start(root = document.body) {
  for (const element of all('form[data-once]', root)) sendOnce(/** @type {HTMLFormElement} */ (element));
  for (const element of all('form[data-guard]', root)) guard(/** @type {HTMLFormElement} */ (element));
  for (const element of all('form[data-draft-key]', root)) startDrafts(/** @type {HTMLFormElement} */ (element));
}

export function startOnce() {
  window.addEventListener('beforeunload', (event) => {
    if (dirty.size > 0) event.preventDefault();
  });
  // A page that comes back from the browser's memory may send again.
  window.addEventListener('pageshow', () => {
    for (const form of all('form[data-sent]')) {
      form.removeAttribute('data-sent');
      for (const button of all('button[type=submit]', form)) button.removeAttribute('aria-disabled');
    }
  });
  const summary = document.querySelector('[data-error-summary]');
  if (summary instanceof HTMLElement) summary.focus();
}

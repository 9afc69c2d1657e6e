// The sign dialog and confirmations over the page they were called from. The address of the link or
// form shows the same as a page, which is what happens without scripts, and where what comes back is
// no dialog: a refusal that has to be read as a whole.

import { near, say } from './dom.js';
import { start as startForms } from './forms.js';

const HEADERS = { accept: 'text/html', 'plumb-fragment': 'dialog' };

/** @param {HTMLFormElement} form @returns {RequestInit} */
function sent(form) {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) values.append(name, String(value));
  return { method: 'POST', body: values };
}

/**
 * Asks for a dialog; what is done already leads away, and then there is none.
 * @param {string} address
 * @param {RequestInit} [options]
 */
async function ask(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: HEADERS, credentials: 'same-origin' });
  const to = answer.headers.get('plumb-go');
  if (to) {
    go(to);
    return null;
  }
  // Written by our own server from escaped data; scripts in a parsed document never run.
  const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const dialog = /** @type {HTMLDialogElement | null} */ (parsed.querySelector('dialog'));
  if (!dialog) throw new Error(`no dialog, status ${answer.status}`);
  return document.adoptNode(dialog);
}

/** Opens an address anew, also the one that is open. @param {string} to */
function go(to) {
  const there = new URL(to, window.location.href);
  const here = window.location;
  if (there.pathname === here.pathname && there.search === here.search) here.reload();
  else here.assign(there);
}

/** @param {HTMLDialogElement} dialog */
function startIn(dialog) {
  startForms(dialog);
  const form = dialog.querySelector('form');
  form?.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    send(dialog, form);
  });
}

/**
 * Sends the form of a dialog; what was refused comes back into the same dialog.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLFormElement} form
 */
async function send(dialog, form) {
  try {
    const again = await ask(form.action, sent(form));
    if (!again) return;
    dialog.replaceChildren(...again.childNodes);
    startIn(dialog);
    const first = /** @type {HTMLElement | null} */ (dialog.querySelector('[autofocus]'));
    first?.focus();
  } catch {
    // Sent as the browser does it, with the same key: it cannot be done twice.
    form.submit();
  }
}

/**
 * @param {HTMLElement} opener
 * @param {() => Promise<HTMLDialogElement | null>} asked
 * @param {() => void} otherwise
 */
async function show(opener, asked, otherwise) {
  if (opener.hasAttribute('aria-busy')) return;
  if (!navigator.onLine) {
    say('There is no network. Try again when the connection is back.');
    return;
  }
  opener.setAttribute('aria-busy', 'true');
  try {
    const dialog = await asked();
    if (!dialog) return;
    document.body.append(dialog);
    dialog.addEventListener('close', () => {
      dialog.remove();
      opener.focus();
    });
    startIn(dialog);
    dialog.showModal();
  } catch {
    otherwise();
  } finally {
    opener.removeAttribute('aria-busy');
  }
}

export function start() {
  document.addEventListener('click', (event) => {
    const link = /** @type {HTMLAnchorElement | null} */ (near(event, 'a[data-dialog]'));
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(link, () => ask(link.href), () => window.location.assign(link.href));
      return;
    }
    const close = near(event, '[data-close]');
    const dialog = /** @type {HTMLDialogElement | null} */ (close?.closest('dialog') ?? null);
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement | null} */ (near(event, 'form[data-dialog]'));
    if (!form || event.defaultPrevented) return;
    event.preventDefault();
    const opener = event.submitter instanceof HTMLElement ? event.submitter : form;
    show(opener, () => ask(form.action, sent(form)), () => form.submit());
  });
}

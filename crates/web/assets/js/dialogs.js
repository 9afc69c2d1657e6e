// The sign dialog and confirmations over the page they were called from. The link's own address
// shows the same as a page, which is what happens without scripts and after an error.

import { near } from './dom.js';
import { start as startForms } from './forms.js';

/** @param {HTMLAnchorElement} link */
async function show(link) {
  try {
    const answer = await fetch(link.href, { headers: { accept: 'text/html', 'plumb-fragment': 'dialog' }, credentials: 'same-origin' });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    // Written by our own server from escaped data; scripts in a parsed document never run.
    const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const dialog = /** @type {HTMLDialogElement | null} */ (parsed.querySelector('dialog'));
    if (!dialog) throw new Error('no dialog');
    document.body.append(document.adoptNode(dialog));
    dialog.addEventListener('close', () => {
      dialog.remove();
      link.focus();
    });
    startForms(dialog);
    dialog.showModal();
  } catch {
    window.location.assign(link.href);
  }
}

export function start() {
  document.addEventListener('click', (event) => {
    const link = near(event, 'a[data-dialog]');
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(/** @type {HTMLAnchorElement} */ (link));
      return;
    }
    const close = near(event, '[data-close]');
    const dialog = /** @type {HTMLDialogElement | null} */ (close?.closest('dialog') ?? null);
    if (dialog) {
      event.preventDefault();
      dialog.close();
    }
  });
}

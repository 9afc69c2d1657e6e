// The command palette: Ctrl-K, then a number, a person or an action. Without scripts the same
// control is a link to the search page.

import { Combobox, fetchOffers } from './combobox.js';
import { make } from './dom.js';

/** @type {HTMLDialogElement | null} */
let dialog = null;
/** @type {HTMLInputElement | null} */
let input = null;
/** @type {Combobox | null} */
let box = null;

/** @param {HTMLAnchorElement} opener */
function build(opener) {
  const address = opener.dataset.palette ?? '/palette';
  const search = opener.pathname;
  input = /** @type {HTMLInputElement} */ (make('input', { type: 'text', 'aria-label': 'Number, person or action', placeholder: 'Number, person or action', autocomplete: 'off', spellcheck: 'false', maxlength: '200' }));
  const list = make('div', { class: 'palette-list', 'aria-label': 'Suggestions' });
  const note = make('p', { class: 'palette-note', role: 'status' });
  note.hidden = true;
  const icon = opener.querySelector('svg')?.cloneNode(true) ?? '';
  dialog = /** @type {HTMLDialogElement} */ (
    make('dialog', { class: 'palette', 'aria-label': 'Search and commands' },
      make('div', { class: 'palette-line' }, icon, input, make('kbd', {}, 'Esc')),
      note, list,
      make('div', { class: 'palette-foot', 'aria-hidden': 'true' }, '↑ ↓ choose', make('span', {}, 'Enter opens'), make('span', {}, 'Ctrl + Enter opens in a new tab')))
  );
  document.body.append(dialog);
  let newTab = false;
  input.addEventListener('keydown', (event) => {
    newTab = event.ctrlKey || event.metaKey;
  });
  box = new Combobox({
    input,
    list,
    firstActive: true,
    ask: (query, signal) => fetchOffers(`${address}?q=${encodeURIComponent(query)}`, signal),
    extra: (query) => (query ? [{ label: `Search for “${query}”`, detail: 'in all records', href: `${search}?q=${encodeURIComponent(query)}`, group: 'Search' }] : []),
    note: (text) => {
      note.textContent = text;
      note.hidden = !text;
    },
    choose: (offer) => {
      if (!offer.href) return;
      dialog?.close();
      if (newTab) window.open(offer.href, '_blank', 'noopener');
      else window.location.assign(offer.href);
    },
  });
  // A press on the ground around the panel closes it, as Escape does.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog?.close();
  });
}

/** @param {HTMLAnchorElement} opener */
function show(opener) {
  if (!dialog) build(opener);
  if (!dialog || !input || dialog.open) return;
  input.value = '';
  dialog.showModal();
  input.focus();
  box?.ask();
}

export function start() {
  const opener = /** @type {HTMLAnchorElement | null} */ (document.querySelector('a[data-palette]'));
  if (!opener) return;
  opener.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(opener);
  });
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      if (!document.querySelector('dialog[open]')) show(opener);
    }
  });
}

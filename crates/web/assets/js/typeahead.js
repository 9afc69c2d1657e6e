// Record and person inputs: suggestions while typing. Without scripts one types the number, and
// the browser offers the recent ones of the datalist.

import { Combobox, fetchOffers } from './combobox.js';
import { all, make } from './dom.js';

/** @param {HTMLElement} root */
export function start(root = document.body) {
  for (const element of all('input[data-typeahead]', root)) {
    const input = /** @type {HTMLInputElement} */ (element);
    const picker = input.closest('[data-picker]');
    if (!picker || input.readOnly || input.getAttribute('role') === 'combobox') continue;
    // Two lists over one another would help nobody.
    input.removeAttribute('list');
    const list = make('div', { class: 'listbox', 'aria-label': 'Suggestions' });
    input.after(list);
    const chosen = picker.querySelector('[data-chosen]');
    const kind = input.dataset.typeahead ?? '';
    const box = new Combobox({
      input,
      list,
      ask: (query, signal) => (query ? fetchOffers(`/typeahead?kind=${encodeURIComponent(kind)}&q=${encodeURIComponent(query)}`, signal) : Promise.resolve([])),
      choose: (offer) => {
        input.value = offer.value ?? offer.label;
        if (chosen) chosen.textContent = offer.detail ?? '';
        box.close();
        input.dispatchEvent(new Event('change', { bubbles: true }));
      },
      note: (text) => {
        if (chosen && text) chosen.textContent = text;
      },
    });
    input.addEventListener('input', () => {
      if (chosen) chosen.textContent = '';
    });
    input.addEventListener('blur', () => box.close());
  }
}

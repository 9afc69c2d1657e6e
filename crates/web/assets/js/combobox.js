// The combobox of WAI-ARIA 1.2 with a list of suggestions: used by the palette and by the record
// and person inputs. The focus stays in the input; the active option is named to it.

import { freshId, later, make } from './dom.js';

/**
 * @typedef {{ label: string, detail?: string, href?: string, group?: string, value?: string }} Offer
 * @typedef {object} Settings
 * @property {HTMLInputElement} input
 * @property {HTMLElement} list an empty element that becomes the listbox
 * @property {(query: string, signal: AbortSignal) => Promise<Offer[]>} ask
 * @property {(offer: Offer) => void} choose
 * @property {(query: string) => Offer[]} [extra] offers added at the end of what was asked
 * @property {(text: string) => void} [note] told when nothing was found or the network is gone
 * @property {boolean} [firstActive] the first option is active at once
 * @property {(open: boolean) => void} [toggled]
 */

export class Combobox {
  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    const { input, list } = settings;
    list.id = list.id || freshId();
    list.setAttribute('role', 'listbox');
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', list.id);
    /** @type {Offer[]} */
    this.offers = [];
    /** @type {HTMLElement[]} */
    this.options = [];
    this.active = -1;
    this.open(false);
    /** @type {AbortController | null} */
    this.asking = null;
    const ask = later(120, () => this.ask());
    input.addEventListener('input', () => ask());
    input.addEventListener('keydown', (event) => this.key(event));
    // The press must not take the focus from the input, or leaving it would close the list first.
    list.addEventListener('pointerdown', (event) => event.preventDefault());
    list.addEventListener('click', (event) => {
      const option = event.target instanceof Element ? event.target.closest('[role=option]') : null;
      if (option) this.take(this.options.indexOf(/** @type {HTMLElement} */ (option)));
    });
  }

  async ask() {
    const { input, extra, note } = this.settings;
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const query = input.value.trim();
    try {
      const offers = await this.settings.ask(query, asking.signal);
      if (asking.signal.aborted) return;
      this.show([...offers, ...(extra?.(query) ?? [])]);
      note?.(offers.length === 0 && query ? 'Nothing found under these words' : '');
    } catch (error) {
      if (asking.signal.aborted) return;
      this.show(extra?.(query) ?? []);
      note?.('No answer from the server. Suggestions return with the connection.');
    }
  }

  /** @param {Offer[]} offers */
  show(offers) {
    const { list } = this.settings;
    this.offers = offers;
    this.options = [];
    list.replaceChildren();
    /** @type {HTMLElement | null} */
    let group = null;
    let name = '';
    for (const offer of offers) {
      if (offer.group && offer.group !== name) {
        name = offer.group;
        const id = freshId();
        group = make('div', { role: 'group', 'aria-labelledby': id }, make('div', { class: 'palette-group', id, role: 'presentation' }, name));
        list.append(group);
      }
      const option = make('div', { class: 'option', role: 'option', id: freshId(), 'aria-selected': 'false' }, make('span', { class: 'option-label' }, offer.label));
      if (offer.detail) option.append(make('span', { class: 'option-detail' }, offer.detail));
      this.options.push(option);
      (offer.group && group ? group : list).append(option);
    }
    this.open(offers.length > 0);
    this.activate(this.settings.firstActive && offers.length > 0 ? 0 : -1);
  }

  /** @param {boolean} open */
  open(open) {
    this.settings.input.setAttribute('aria-expanded', String(open));
    this.settings.list.hidden = !open;
    this.settings.toggled?.(open);
  }

  close() {
    this.asking?.abort();
    this.show([]);
  }

  /** @param {number} index */
  activate(index) {
    const { input } = this.settings;
    this.options[this.active]?.setAttribute('aria-selected', 'false');
    this.active = index;
    const option = this.options[index];
    if (!option) {
      input.removeAttribute('aria-activedescendant');
      return;
    }
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
  }

  /** @param {number} index */
  take(index) {
    const offer = this.offers[index];
    if (offer) this.settings.choose(offer);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = this.options.length - 1;
    const isOpen = last >= 0;
    if (event.key === 'ArrowDown' && !isOpen) {
      this.ask();
    } else if (event.key === 'ArrowDown') {
      this.activate(this.active >= last ? 0 : this.active + 1);
    } else if (event.key === 'ArrowUp' && isOpen) {
      this.activate(this.active <= 0 ? last : this.active - 1);
    } else if (event.key === 'Enter' && this.active >= 0) {
      this.take(this.active);
    } else if (event.key === 'Escape' && isOpen && !this.settings.firstActive) {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
  }
}

/**
 * Asks an address that answers with a list of offers.
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<Offer[]>}
 */
export async function fetchOffers(address, signal) {
  const answer = await fetch(address, { signal, headers: { accept: 'application/json' }, credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const offers = await answer.json();
  return Array.isArray(offers) ? offers : [];
}

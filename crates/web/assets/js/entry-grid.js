// Grids one types into: up, down and Enter move between rows, a block of cells can be pasted from
// a spreadsheet, and every change can be taken back until it is saved.

import { all, near } from './dom.js';

/** @typedef {HTMLInputElement | HTMLSelectElement} Field */
/** @typedef {{ field: Field, before: string }} Step */

class Grid {
  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.note = form.querySelector('[data-grid-note]');
    this.undoButton = /** @type {HTMLButtonElement | null} */ (form.querySelector('[data-undo]'));
    /** Each entry is one act of the person: a typed cell, or a whole pasted block. @type {Step[][]} */
    this.done = [];
    /** @type {Map<Field, string>} */
    this.before = new Map();
    /** @type {Map<Field, string>} */
    this.saved = new Map();
    for (const field of this.fields()) {
      this.before.set(field, field.value);
      this.saved.set(field, field.value);
    }
    form.addEventListener('change', (event) => this.changed(event));
    form.addEventListener('keydown', (event) => this.key(event));
    form.addEventListener('paste', (event) => this.paste(event));
    form.addEventListener('reset', () => window.setTimeout(() => this.afterReset()));
    this.undoButton?.addEventListener('click', () => this.undo());
  }

  /** @returns {Field[]} */
  fields() {
    return /** @type {Field[]} */ (all('td input, td select', this.form));
  }

  /** @param {Step[]} steps */
  remember(steps) {
    if (steps.length === 0) return;
    this.done.push(steps);
    for (const { field } of steps) this.before.set(field, field.value);
    this.mark();
  }

  mark() {
    let touched = 0;
    for (const [field, value] of this.saved) {
      const differs = field.value !== value;
      field.closest('td')?.classList.toggle('touched', differs);
      if (differs) touched += 1;
    }
    if (this.undoButton) this.undoButton.disabled = this.done.length === 0;
    if (this.note) this.note.textContent = touched === 0 ? 'Nothing changed' : touched === 1 ? '1 cell changed, not saved' : `${touched} cells changed, not saved`;
  }

  /** @param {Event} event */
  changed(event) {
    const field = /** @type {Field} */ (event.target);
    const before = this.before.get(field);
    if (before !== undefined && before !== field.value) this.remember([{ field, before }]);
  }

  undo() {
    const steps = this.done.pop();
    if (!steps) return;
    for (const { field, before } of steps) {
      field.value = before;
      this.before.set(field, before);
    }
    steps[0].field.focus();
    this.form.dispatchEvent(new Event('input', { bubbles: true }));
    this.mark();
  }

  afterReset() {
    this.done = [];
    for (const field of this.fields()) this.before.set(field, field.value);
    this.mark();
  }

  /** @param {Field} field @param {number} down @param {number} right @returns {Field | null} */
  neighbour(field, down, right) {
    const cell = field.closest('td');
    const row = cell?.closest('tr');
    const body = row?.parentElement;
    if (!cell || !row || !body) return null;
    const rows = Array.from(body.children);
    const target = /** @type {HTMLTableRowElement | undefined} */ (rows[rows.indexOf(row) + down]);
    return /** @type {Field | null} */ (target?.cells[cell.cellIndex + right]?.querySelector('input, select') ?? null);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const field = /** @type {Field | null} */ (near(event, 'td input, td select'));
    if (!field) return;
    const inList = field instanceof HTMLSelectElement;
    let down = 0;
    if (event.key === 'Enter') down = event.shiftKey ? -1 : 1;
    else if (!inList && event.key === 'ArrowDown') down = 1;
    else if (!inList && event.key === 'ArrowUp') down = -1;
    else return;
    // Enter would send the form from the middle of the work.
    event.preventDefault();
    const next = this.neighbour(field, down, 0);
    next?.focus();
    if (next instanceof HTMLInputElement) next.select();
  }

  /** @param {ClipboardEvent} event */
  paste(event) {
    const start = /** @type {Field | null} */ (near(event, 'td input, td select'));
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!start || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    /** @type {Step[]} */
    const steps = [];
    let left = 0;
    const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
    lines.forEach((line, down) => line.split('\t').forEach((value, right) => {
      const field = this.neighbour(start, down, right);
      const before = field?.value ?? '';
      if (!field || !put(field, value.trim())) left += 1;
      else if (field.value !== before) steps.push({ field, before });
    }));
    this.remember(steps);
    this.form.dispatchEvent(new Event('input', { bubbles: true }));
    if (left > 0 && this.note) this.note.textContent = `${steps.length} cells pasted; ${left} did not fit and were left out`;
  }
}

/**
 * Puts a pasted value where it fits: a list takes only its own values or words.
 * @param {Field} field
 * @param {string} value
 */
function put(field, value) {
  if (field instanceof HTMLInputElement) {
    if (field.maxLength >= 0 && value.length > field.maxLength) return false;
    field.value = value;
    return true;
  }
  const wanted = value.toLowerCase();
  const offer = Array.from(field.options).find((one) => one.value.toLowerCase() === wanted || one.text.toLowerCase() === wanted);
  if (offer) field.value = offer.value;
  return offer !== undefined;
}

export function start() {
  for (const form of all('form[data-entry-grid]')) new Grid(/** @type {HTMLFormElement} */ (form));
}

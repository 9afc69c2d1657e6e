// Lists by keyboard, and choosing rows for a bulk action.

import { all, near } from './dom.js';

const MAIN = 'a.main, .work-act .button';

/** @param {KeyboardEvent} event */
function move(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
  const step = steps[/** @type {keyof typeof steps} */ (event.key)];
  const rows = near(event, '[data-rows]');
  if (step === undefined || !rows || event.ctrlKey || event.altKey || event.metaKey || !near(event, 'a, [type=checkbox]')) return;
  const column = near(event, '[type=checkbox]') ? '[type=checkbox]' : MAIN;
  const list = Array.from(rows.children);
  const here = list.findIndex((row) => row.contains(/** @type {Node} */ (event.target)));
  const next = list[Math.max(0, Math.min(list.length - 1, here + step))];
  const target = next?.querySelector(column);
  if (target instanceof HTMLElement) {
    event.preventDefault();
    target.focus();
  }
}

/** @param {HTMLFormElement} form */
function bulk(form) {
  const boxes = /** @type {HTMLInputElement[]} */ (all(`input[type=checkbox][form="${form.id}"]`));
  const count = form.querySelector('[data-bulk-count]');
  const whole = /** @type {HTMLInputElement | null} */ (document.querySelector('[data-check-all]'));
  /** @type {HTMLInputElement | null} */
  let last = null;
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    form.classList.toggle('chosen', chosen > 0);
    if (count) count.textContent = chosen === 1 ? '1 row chosen' : `${chosen} rows chosen`;
    if (whole) {
      whole.checked = chosen === boxes.length;
      whole.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    for (const box of boxes) box.closest('tr')?.toggleAttribute('data-chosen', box.checked);
  };
  for (const box of boxes) {
    box.addEventListener('click', (event) => {
      // With Shift, everything between the last and this one.
      if (event.shiftKey && last) {
        const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
        for (const between of boxes.slice(from, to)) between.checked = box.checked;
      }
      last = box;
      show();
    });
  }
  whole?.addEventListener('click', () => {
    for (const box of boxes) box.checked = whole.checked;
    show();
  });
  show();
}

export function start() {
  document.addEventListener('keydown', move);
  for (const form of all('form[data-bulk]')) bulk(/** @type {HTMLFormElement} */ (form));
}

// Matrices by keyboard: the arrow keys go from cell to cell. The links stay ordinary links, so
// that Tab and a screen reader's table commands work as everywhere.

import { all, near } from './dom.js';

/** @param {KeyboardEvent} event */
function move(event) {
  const steps = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
  const step = steps[/** @type {keyof typeof steps} */ (event.key)];
  const cell = /** @type {HTMLTableCellElement | null} */ (near(event, 'td, th'));
  if (!step || !cell || event.ctrlKey || event.altKey || event.metaKey) return;
  const table = cell.closest('table');
  const rows = Array.from(table?.rows ?? []);
  let row = rows.findIndex((one) => one.contains(cell)) + step[0];
  let column = cell.cellIndex + step[1];
  // Cells without a link are passed over.
  while (row >= 0 && row < rows.length && column >= 0 && column < rows[row].cells.length) {
    const link = rows[row].cells[column].querySelector('a');
    if (link) {
      event.preventDefault();
      link.focus();
      link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      return;
    }
    row += step[0];
    column += step[1];
  }
}

export function start() {
  for (const table of all('[data-matrix]')) table.addEventListener('keydown', move);
}

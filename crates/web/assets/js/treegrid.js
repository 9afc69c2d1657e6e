// Structures by keyboard, after the treegrid pattern of WAI-ARIA with the focus on rows: up and
// down, right opens or goes in, left closes or goes out, Home, End, Enter opens the record.

import { all, near } from './dom.js';

/** @param {HTMLElement} row */
const level = (row) => Number(row.getAttribute('aria-level'));

/** @param {HTMLElement} row */
const isOpen = (row) => row.getAttribute('aria-expanded') === 'true';

/** @param {HTMLElement} grid */
const rowsOf = (grid) => all('tbody > tr[aria-level]', grid);

/** Shows each row exactly when all rows above it are open. @param {HTMLElement} grid */
function refresh(grid) {
  let closed = Infinity;
  for (const row of rowsOf(grid)) {
    if (level(row) <= closed) closed = Infinity;
    row.hidden = level(row) > closed;
    if (!row.hidden && row.getAttribute('aria-expanded') === 'false') closed = level(row);
  }
}

/** @param {HTMLElement} row */
function hasRows(row) {
  const next = /** @type {HTMLElement | null} */ (row.nextElementSibling);
  return next !== null && level(next) > level(row);
}

/** Fetches the rows below, or goes to the page that shows them. @param {HTMLElement} row */
async function fetchRows(row) {
  const address = row.dataset.openHref ?? '';
  row.setAttribute('aria-busy', 'true');
  try {
    const answer = await fetch(address, { headers: { accept: 'text/html', 'plumb-fragment': 'rows' }, credentials: 'same-origin' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const rows = Array.from(parsed.querySelectorAll('tr[aria-level]')).filter((one) => Number(one.getAttribute('aria-level')) > level(row));
    if (rows.length === 0) throw new Error('no rows');
    for (const one of rows) one.setAttribute('tabindex', '-1');
    row.after(...rows.map((one) => document.adoptNode(one)));
  } catch {
    window.location.assign(address);
  } finally {
    row.removeAttribute('aria-busy');
  }
}

/**
 * @param {HTMLElement} grid
 * @param {HTMLElement} row
 * @param {boolean} open
 */
async function toggle(grid, row, open) {
  if (!row.hasAttribute('aria-expanded')) return;
  if (open && row.dataset.openHref && !hasRows(row)) await fetchRows(row);
  row.setAttribute('aria-expanded', String(open));
  refresh(grid);
}

/**
 * @param {HTMLElement} grid
 * @param {HTMLElement | undefined} row
 */
function focus(grid, row) {
  if (!row) return;
  for (const other of all('tr[tabindex="0"]', grid)) other.setAttribute('tabindex', '-1');
  row.setAttribute('tabindex', '0');
  row.focus();
  row.scrollIntoView({ block: 'nearest' });
}

/**
 * @param {HTMLElement} grid
 * @param {KeyboardEvent} event
 */
function key(grid, event) {
  const row = near(event, 'tr[aria-level]');
  if (!row || event.target !== row || event.ctrlKey || event.altKey || event.metaKey) return;
  const shown = rowsOf(grid).filter((one) => !one.hidden);
  const here = shown.indexOf(row);
  const closable = row.hasAttribute('aria-expanded');
  switch (event.key) {
    case 'ArrowDown': focus(grid, shown[here + 1]); break;
    case 'ArrowUp': focus(grid, shown[here - 1]); break;
    case 'Home': focus(grid, shown[0]); break;
    case 'End': focus(grid, shown.at(-1)); break;
    case 'ArrowRight':
      if (closable && !isOpen(row)) toggle(grid, row, true);
      else if (closable) focus(grid, shown[here + 1]);
      break;
    case 'ArrowLeft':
      if (closable && isOpen(row)) toggle(grid, row, false);
      else focus(grid, shown.slice(0, here).findLast((one) => level(one) < level(row)));
      break;
    case '*':
      for (const one of rowsOf(grid).filter((other) => level(other) === level(row) && hasRows(other))) one.setAttribute('aria-expanded', 'true');
      refresh(grid);
      break;
    case 'Enter': /** @type {HTMLElement | null} */ (row.querySelector('a.node-number'))?.click(); break;
    default: return;
  }
  event.preventDefault();
}

/**
 * Opens down to a level without asking the server, when all rows are here.
 * @param {HTMLElement} grid
 * @param {HTMLElement} link
 * @returns {boolean} whether it could
 */
function openTo(grid, link) {
  const parents = rowsOf(grid).filter((row) => row.hasAttribute('aria-expanded'));
  if (!parents.every(hasRows)) return false;
  const wanted = Number(link.dataset.level) || Infinity;
  for (const row of parents) row.setAttribute('aria-expanded', String(level(row) < wanted));
  refresh(grid);
  for (const other of all('a', link.parentElement ?? link)) other.removeAttribute('aria-current');
  link.setAttribute('aria-current', 'true');
  return true;
}

export function start() {
  for (const grid of all('[data-treegrid]')) {
    refresh(grid);
    grid.addEventListener('keydown', (event) => key(grid, event));
    grid.addEventListener('click', (event) => {
      const row = near(event, 'tr[aria-level]');
      if (near(event, '[data-twist]') && row) {
        event.preventDefault();
        toggle(grid, row, !isOpen(row));
      } else if (row && !near(event, 'a, button, input')) {
        focus(grid, row);
      }
    });
    for (const link of all(`[data-levels-of="${grid.id}"] a[data-level]`)) {
      link.addEventListener('click', (event) => {
        if (openTo(grid, link)) event.preventDefault();
      });
    }
  }
}

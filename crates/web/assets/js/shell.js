// The frame: area list, theme, menus, the index of a long page, times on hover.

import { all, near, store } from './dom.js';

function fold() {
  const button = document.querySelector('[data-fold]');
  if (!button) return;
  const root = document.documentElement;
  const show = () => {
    const rail = root.dataset.nav === 'rail';
    button.setAttribute('aria-expanded', String(!rail));
    button.setAttribute('aria-label', rail ? 'Expand the area list' : 'Collapse the area list');
  };
  button.addEventListener('click', () => {
    if (root.dataset.nav === 'rail') delete root.dataset.nav;
    else root.dataset.nav = 'rail';
    store.set('plumb.nav', root.dataset.nav ?? null);
    show();
  });
  show();
}

function theme() {
  const root = document.documentElement;
  const buttons = all('[data-theme-set]');
  const show = () => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.themeSet === (root.dataset.theme ?? 'auto')));
  };
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const choice = button.dataset.themeSet ?? 'auto';
      if (choice === 'auto') delete root.dataset.theme;
      else root.dataset.theme = choice;
      store.set('plumb.theme', choice === 'auto' ? null : choice);
      show();
    });
  }
  show();
}

/** Menus close by Escape, by a press elsewhere and when another opens; arrows go through them. */
function menus() {
  const open = () => /** @type {HTMLDetailsElement[]} */ (all('details[data-menu][open]'));
  document.addEventListener('click', (event) => {
    for (const menu of open()) if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  document.addEventListener('keydown', (event) => {
    const menu = /** @type {HTMLDetailsElement | null} */ (near(event, 'details[data-menu]'));
    if (!menu) return;
    if (event.key === 'Escape' && menu.open) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
      event.preventDefault();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const items = all('a.menu-item, button.menu-item', menu);
      if (items.length === 0 || near(event, 'input, select')) return;
      event.preventDefault();
      menu.open = true;
      const here = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
      const next = event.key === 'ArrowDown' ? here + 1 : here < 0 ? items.length - 1 : here - 1;
      items[(next + items.length) % items.length]?.focus();
    }
  });
}

/** Marks in the index the section that is being read. */
function index() {
  const links = /** @type {HTMLAnchorElement[]} */ (all('[data-index] a'));
  if (links.length === 0 || !('IntersectionObserver' in window)) return;
  /** @type {Set<string>} */
  const seen = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(entry.target.id);
      else seen.delete(entry.target.id);
    }
    const first = links.find((link) => seen.has(link.hash.slice(1)));
    for (const link of links) {
      link.classList.toggle('here', link === first);
      if (link === first) link.setAttribute('aria-current', 'location');
      else link.removeAttribute('aria-current');
    }
  }, { rootMargin: '-64px 0px -55% 0px' });
  for (const link of links) {
    const section = document.getElementById(link.hash.slice(1));
    if (section) observer.observe(section);
  }
}

/** A lifecycle wider than the screen is shown where the record is now. */
function lifecycle() {
  for (const now of all('.steps [aria-current="step"]')) {
    const region = now.closest('.steps-scroll');
    if (region) region.scrollLeft = now.offsetLeft - region.clientWidth / 3;
  }
}

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([['year', 31536000], ['month', 2592000], ['day', 86400], ['hour', 3600], ['minute', 60]]);

/** Relative time only on hover, and never without the absolute one. */
function times() {
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  document.addEventListener('pointerover', (event) => {
    const element = /** @type {HTMLTimeElement | null} */ (near(event, 'time[data-when]'));
    if (!element || element.dataset.when) return;
    const at = Date.parse(element.dateTime);
    if (Number.isNaN(at)) return;
    // A calendar date has no hour to count from.
    const dateOnly = element.dateTime.length === 10;
    const seconds = Math.round((at - (dateOnly ? Date.parse(new Date().toISOString().slice(0, 10)) : Date.now())) / 1000);
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? (dateOnly ? ['day', 86400] : ['minute', 60]);
    const relative = format.format(Math.round(seconds / size), /** @type {Intl.RelativeTimeFormatUnit} */ (unit));
    element.title = `${element.title || element.textContent}, ${relative}`;
    element.dataset.when = 'said';
  });
}

/** @param {number} number */
const count = (number) => number.toLocaleString('en-US');

/** Long work asks for its state while it runs, and goes on when it has ended. */
function progress() {
  for (const element of all('[data-poll]')) {
    const ask = async () => {
      try {
        const answer = await fetch(element.dataset.poll ?? '', { headers: { accept: 'application/json' }, credentials: 'same-origin' });
        const state = await answer.json();
        const bar = element.querySelector('progress');
        if (bar) {
          if (state.total === null) {
            bar.removeAttribute('value');
          } else {
            bar.max = Math.max(1, state.total);
            bar.value = state.done;
          }
        }
        const numbers = element.querySelector('[data-numbers]');
        if (numbers) numbers.textContent = state.total === null ? count(state.done) : `${count(state.done)} of ${count(state.total)}`;
        const now = element.querySelector('[data-now]');
        if (now) now.textContent = state.now ?? '';
        if (state.ended_href) {
          window.location.assign(state.ended_href);
          return;
        }
      } catch {
        // The next question may be answered; the work goes on without us.
      }
      window.setTimeout(ask, 2000);
    };
    window.setTimeout(ask, 2000);
  }
}

export function start() {
  fold();
  theme();
  menus();
  index();
  lifecycle();
  times();
  progress();
}

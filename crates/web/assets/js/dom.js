// Small helpers that the other modules share. Elements are built, never parsed from text that
// came from people, and nothing here sets a style: classes and attributes only.

/**
 * Makes an element.
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/**
 * All elements that match, as an array.
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export function all(selector, root = document) {
  return Array.from(root.querySelectorAll(selector));
}

/**
 * The nearest element around an event's target that matches.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function near(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/**
 * Runs the last call of a burst.
 * @template {unknown[]} A
 * @param {number} milliseconds
 * @param {(...args: A) => void} action
 */
export function later(milliseconds, action) {
  /** @type {number | undefined} */
  let timer;
  return (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => action(...args), milliseconds);
  };
}

/**
 * Local storage that may be closed to us.
 */
export const store = {
  /** @param {string} key */
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  /**
   * @param {string} key
   * @param {string | null} value
   * @returns {boolean} whether it was kept
   */
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  },
  /** @returns {string[]} */
  keys() {
    try {
      return Object.keys(localStorage);
    } catch {
      return [];
    }
  },
};

/**
 * Says something at the foot of the window, also to screen readers.
 * @param {string} text
 */
export function say(text) {
  let region = document.querySelector('.toasts');
  if (!region) {
    region = make('div', { class: 'toasts', role: 'status' });
    document.body.append(region);
  }
  const toast = make('div', { class: 'toast' }, text);
  region.append(toast);
  window.setTimeout(() => toast.remove(), 6000);
}

let made = 0;
/** An id that is not on the page yet. */
export function freshId() {
  made += 1;
  return `made-${made}`;
}

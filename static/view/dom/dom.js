// Elements built from data. Text is always text: nothing that comes from an order is ever parsed as HTML.

/** @typedef {Node | string | number | null | undefined | false} Child */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * `class`, `dataset` and `on…` (a listener) are what one expects; a boolean sets or leaves out the
 * attribute; `value`, `checked` and the like go by attribute at birth. Everything else is an attribute.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any> | null} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) setProp(element, name, value);
  append(element, children);
  return element;
}

/** @param {HTMLElement} element @param {string} name @param {any} value */
function setProp(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'dataset') Object.assign(element.dataset, value);
  else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === 'number' ? String(child) : child);
  }
}

/**
 * A line icon of 24 by 24; decoration only.
 * @param {string} path
 * @returns {SVGSVGElement}
 */
export function icon(path) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

/** Writes only what differs: a text node that stays is not redrawn. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Element} element @param {string} name @param {string | null} value null takes it away */
export function setAttribute(element, name, value) {
  if (value === null) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}

/**
 * Brings `parent`'s children into the order of `wanted`. What stands right is not touched, and what is not
 * wanted any more is removed. A focused element keeps its focus through its own move.
 * @param {Element} parent @param {readonly Element[]} wanted
 */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of Array.from(parent.children)) if (!keep.has(child)) child.remove();
  const focused = document.activeElement;
  let at = parent.firstElementChild;
  for (const element of wanted) {
    if (element === at) {
      at = at.nextElementSibling;
      continue;
    }
    // One that left its place makes all behind it wrong by one: take it out rather than move them all.
    if (at && at.nextElementSibling === element) {
      const late = at;
      at = element.nextElementSibling;
      late.remove();
      continue;
    }
    parent.insertBefore(element, at);
  }
  if (focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/**
 * @param {EventTarget} target @param {string} name @param {(event: any) => void} handler @param {AddEventListenerOptions} [options]
 * @returns {() => void} how to end it
 */
export function listen(target, name, handler, options) {
  target.addEventListener(name, handler, options);
  return () => target.removeEventListener(name, handler, options);
}

/** @type {Map<string, Promise<void>>} */
const styles = new Map();

/**
 * Adds a view's style sheet, once; resolves when it holds. Rejects where it cannot be had now; the next call tries again.
 * @param {string} address @returns {Promise<void>}
 */
export function loadStyle(address) {
  const known = styles.get(address);
  if (known) return known;
  const loaded = new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = address;
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => {
      link.remove();
      styles.delete(address);
      reject(new Error(`${address} cannot be had`));
    });
    document.head.append(link);
  });
  styles.set(address, loaded);
  return loaded;
}

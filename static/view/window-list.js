// Draws only the rows that can be seen, and a few beyond: with thousands of orders, one change still costs one row.
// Rows stand where a transform puts them, so a row that moves does not lay out the others anew.

import { arrange } from './dom.js';

const BEYOND = 8;
/** So many rows are built in one frame, those in sight first: building a screenful at once can be felt. */
const AT_ONCE = 6;
const MOVE = 320;
/** More moves than this in a second are a storm: then rows jump. */
const CALM = 3;

/**
 * @template Item
 * @typedef {object} WindowListOptions
 * @property {HTMLElement} element
 * @property {(item: Item) => string} keyOf
 * @property {(item: Item) => number} heightOf px
 * @property {(item: Item, known: HTMLElement | null, index: number) => HTMLElement} draw builds or brings up to date
 * @property {(key: string) => void} forget its element is not shown any more
 */

/**
 * @template Item
 * @param {WindowListOptions<Item>} options
 */
export function createWindowList({ element, keyOf, heightOf, draw, forget }) {
  /** @type {Map<string, {node: HTMLElement, top: number}>} */
  let shown = new Map();
  /** @type {readonly Item[]} */
  let items = [];
  /** @type {number[]} */
  let moves = [];
  /** The frame in which the rest is built, or what was scrolled to; 0 for none. */
  let nextFrame = 0;
  const still = window.matchMedia('(prefers-reduced-motion: reduce)');

  /** @param {HTMLElement} node @param {number} from @param {number} to */
  function slide(node, from, to) {
    if (still.matches || !node.animate) return;
    const steps = [{ transform: `translateY(${from}px)` }, { transform: `translateY(${to}px)` }];
    node.animate(steps, { duration: MOVE, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' });
  }

  /** Of the list, what was in sight when it was measured; px. */
  let from = 0;
  let to = 0;
  let hasScrolled = false;

  function measure() {
    hasScrolled = false;
    from = -element.getBoundingClientRect().top;
    to = from + window.innerHeight;
  }

  /** @param {boolean} moving whether rows that moved are to be seen moving */
  function render(moving) {
    const tops = new Array(items.length);
    let height = 0;
    for (let index = 0; index < items.length; index += 1) {
      tops[index] = height;
      height += heightOf(items[index]);
    }
    let first = 0;
    while (first < items.length - 1 && tops[first + 1] <= from) first += 1;
    let last = first;
    while (last < items.length && tops[last] < to) last += 1;
    let toBuild = AT_ONCE;
    let spare = AT_ONCE;
    for (let index = first; index < last; index += 1) if (!shown.has(keyOf(items[index]))) spare -= 1;
    const sight = { first, last };
    first = Math.max(0, first - BEYOND);
    last = Math.min(items.length, last + BEYOND);
    let isWhole = true;

    const time = performance.now();
    moves = moves.filter((at) => time - at < 1_000);
    const calm = moving && moves.length < CALM;
    let anyMoved = false;
    const focused = document.activeElement;
    /** @type {Map<string, {node: HTMLElement, top: number}>} */
    const next = new Map();
    /** @type {HTMLElement[]} */
    const nodes = [];
    for (let index = 0; index < items.length; index += 1) {
      const key = keyOf(items[index]);
      const known = shown.get(key);
      const isWanted = index >= first && index < last;
      // A row that has the focus stays, wherever it has gone.
      const kept = known !== undefined && known.node.contains(focused);
      if (!isWanted && !kept) continue;
      if (known === undefined) {
        const beyond = index < sight.first || index >= sight.last;
        if ((beyond ? spare : toBuild) <= 0) {
          isWhole = false;
          continue;
        }
        if (beyond) spare -= 1;
        else toBuild -= 1;
      }
      const node = draw(items[index], known ? known.node : null, index);
      const top = tops[index];
      if (!known || known.top !== top) {
        node.style.transform = `translateY(${top}px)`;
        if (known) {
          anyMoved = true;
          if (calm) slide(node, known.top, top);
        }
      }
      next.set(key, { node, top });
      nodes.push(node);
    }
    shown.forEach((_, key) => next.has(key) || forget(key));
    shown = next;
    if (anyMoved && moving) moves.push(time);
    arrange(element, nodes);
    const size = `${height}px`;
    if (element.style.height !== size) element.style.height = size;
    if (!isWhole) askFrame();
  }

  function askFrame() {
    if (nextFrame === 0) nextFrame = requestAnimationFrame(renderNext);
  }

  function renderNext() {
    nextFrame = 0;
    // Measuring lays out what was just built.
    if (hasScrolled) measure();
    render(false);
  }

  return {
    /** @param {readonly Item[]} list @param {boolean} moving */
    show(list, moving) {
      items = list;
      // Once a frame is enough.
      cancelAnimationFrame(nextFrame);
      nextFrame = 0;
      measure();
      render(moving);
    },
    /** After scrolling. */
    redraw() {
      hasScrolled = true;
      askFrame();
    },
    stop: () => cancelAnimationFrame(nextFrame),
    /** @param {string} key */
    nodeOf(key) {
      const known = shown.get(key);
      return known ? known.node : null;
    },
  };
}

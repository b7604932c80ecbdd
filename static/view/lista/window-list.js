// Draws only the rows that can be seen, and a few beyond: with thousands of orders, one change still costs one row.
// Rows stand where a transform puts them, so a row that moves does not lay out the others anew.

import { arrange } from '../dom/dom.js';

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

/** @template Item */
export class WindowList {
  /** @param {WindowListOptions<Item>} options */
  constructor({ element, keyOf, heightOf, draw, forget }) {
    this.element = element;
    this.keyOf = keyOf;
    this.heightOf = heightOf;
    this.draw = draw;
    this.forget = forget;
    /** @type {Map<string, {node: HTMLElement, top: number}>} */
    this.shown = new Map();
    /** @type {readonly Item[]} */
    this.items = [];
    /** @type {number[]} */
    this.moves = [];
    /** The frame in which the rest is built, or what was scrolled to; 0 for none. */
    this.nextFrame = 0;
    this.still = window.matchMedia('(prefers-reduced-motion: reduce)');
    /** Of the list, what was in sight when it was measured; px. */
    this.from = 0;
    this.to = 0;
    this.hasScrolled = false;
  }

  /** @param {HTMLElement} node @param {number} from @param {number} to */
  slide(node, from, to) {
    if (this.still.matches || !node.animate) return;
    const steps = [{ transform: `translateY(${from}px)` }, { transform: `translateY(${to}px)` }];
    node.animate(steps, { duration: MOVE, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' });
  }

  measure() {
    this.hasScrolled = false;
    this.from = -this.element.getBoundingClientRect().top;
    this.to = this.from + window.innerHeight;
  }

  /** Where each item stands, and how high all are; px. */
  layOut() {
    const tops = new Array(this.items.length);
    let height = 0;
    for (let index = 0; index < this.items.length; index += 1) {
      tops[index] = height;
      height += this.heightOf(this.items[index]);
    }
    return { tops, height };
  }

  /** The items that can be seen: from `first` to before `last`. @param {readonly number[]} tops px */
  inSight(tops) {
    let first = 0;
    while (first < this.items.length - 1 && tops[first + 1] <= this.from) first += 1;
    let last = first;
    while (last < this.items.length && tops[last] < this.to) last += 1;
    return { first, last };
  }

  /** @param {boolean} moving whether rows that moved are to be seen moving */
  render(moving) {
    const { tops, height } = this.layOut();
    const sight = this.inSight(tops);
    const first = Math.max(0, sight.first - BEYOND);
    const last = Math.min(this.items.length, sight.last + BEYOND);
    let toBuild = AT_ONCE;
    let spare = AT_ONCE;
    for (let index = sight.first; index < sight.last; index += 1) if (!this.shown.has(this.keyOf(this.items[index]))) spare -= 1;
    let isWhole = true;

    const time = performance.now();
    this.moves = this.moves.filter((at) => time - at < 1_000);
    const calm = moving && this.moves.length < CALM;
    let anyMoved = false;
    const focused = document.activeElement;
    /** @type {Map<string, {node: HTMLElement, top: number}>} */
    const next = new Map();
    /** @type {HTMLElement[]} */
    const nodes = [];
    for (let index = 0; index < this.items.length; index += 1) {
      const key = this.keyOf(this.items[index]);
      const known = this.shown.get(key);
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
      const node = this.draw(this.items[index], known ? known.node : null, index);
      const top = tops[index];
      if (!known || known.top !== top) {
        node.style.transform = `translateY(${top}px)`;
        if (known) {
          anyMoved = true;
          if (calm) this.slide(node, known.top, top);
        }
      }
      next.set(key, { node, top });
      nodes.push(node);
    }
    this.shown.forEach((_, key) => next.has(key) || this.forget(key));
    this.shown = next;
    if (anyMoved && moving) this.moves.push(time);
    arrange(this.element, nodes);
    const size = `${height}px`;
    if (this.element.style.height !== size) this.element.style.height = size;
    if (!isWhole) this.askFrame();
  }

  askFrame() {
    if (this.nextFrame === 0) this.nextFrame = requestAnimationFrame(() => this.renderNext());
  }

  renderNext() {
    this.nextFrame = 0;
    // Measuring lays out what was just built.
    if (this.hasScrolled) this.measure();
    this.render(false);
  }

  /** @param {readonly Item[]} list @param {boolean} moving */
  show(list, moving) {
    this.items = list;
    // Once a frame is enough.
    this.stop();
    this.nextFrame = 0;
    this.measure();
    this.render(moving);
  }

  /** After scrolling. */
  redraw() {
    this.hasScrolled = true;
    this.askFrame();
  }

  stop() {
    cancelAnimationFrame(this.nextFrame);
  }
}

// The list's rows: each built once, and only those in sight.

import { dayOf } from '../order/dates.js';
import { h, setAttribute, setText } from '../dom/dom.js';
import { problemFields } from '../order/ticks.js';
import { createOrderRow } from './order-row.js';
import { WindowList } from './window-list.js';

/** @typedef {import('./list-filter.js').Entry} Entry */
/** @typedef {import('../../client/index.js').Snapshot} Snapshot */

/** px */
const HEADING = 44;

export class ListRows {
  /** @param {Pick<import('../context.js').Context, 'ticks' | 'store' | 'now'>} context */
  constructor({ ticks, store, now }) {
    this.ticks = ticks;
    /** @type {Map<string, ReturnType<typeof createOrderRow>>} */
    this.built = new Map();
    /** px */
    this.rowHeight = 56;
    this.problemHeight = 34;
    this.snapshot = store.getSnapshot();
    this.time = now();
    this.today = dayOf(this.time);
    this.element = h('div', { class: 'rows', role: 'rowgroup' });
    /** @type {WindowList<Entry>} */
    this.list = new WindowList({
      element: this.element,
      keyOf: (entry) => entry.key,
      heightOf: (entry) => this.heightOf(entry),
      draw: (entry, known, index) => {
        const node = entry.kind === 'heading' ? drawHeading(entry, known) : this.drawRow(entry);
        setAttribute(node, 'aria-rowindex', String(index + 2));
        return node;
      },
      forget: (key) => this.built.delete(key),
    });
    this.element.addEventListener('keydown', walk);
  }

  /** As the style sheet has it for this window. */
  measure() {
    const style = getComputedStyle(this.element);
    this.rowHeight = Number.parseFloat(style.getPropertyValue('--row')) || this.rowHeight;
    this.problemHeight = Number.parseFloat(style.getPropertyValue('--problem')) || this.problemHeight;
  }

  /** @param {readonly Entry[]} entries @param {Snapshot} snapshot @param {number} time ms @param {boolean} moving */
  show(entries, snapshot, time, moving) {
    this.snapshot = snapshot;
    this.time = time;
    this.today = dayOf(time);
    this.list.show(entries, moving);
  }

  /** @param {Entry} entry @returns {number} px */
  heightOf(entry) {
    if (entry.kind === 'heading') return HEADING;
    const { id } = entry.pedido;
    return this.rowHeight + (this.snapshot.errors[id] ? problemFields(this.snapshot, id).length * this.problemHeight : 0);
  }

  /** @param {Entry & {kind: 'order'}} entry */
  drawRow(entry) {
    let row = this.built.get(entry.key);
    if (row === undefined) {
      row = createOrderRow(this.ticks);
      row.element.dataset.id = entry.key;
      this.built.set(entry.key, row);
    }
    row.update(entry.pedido, this.snapshot, this.today, this.time);
    return row.element;
  }
}

/** @param {Entry & {kind: 'heading'}} entry @param {HTMLElement | null} known */
function drawHeading({ key, text, count }, known) {
  const words = `${text} · ${count}`;
  if (!known) return h('div', { class: 'group', role: 'row', dataset: { group: key } }, h('span', { role: 'cell' }, words));
  setText(known.firstElementChild || known, words);
  return known;
}

/** Arrow keys walk over the boxes. @param {KeyboardEvent} event */
function walk(event) {
  const box = event.target instanceof Element ? event.target.closest('.box') : null;
  if (!(box instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey || !event.key.startsWith('Arrow')) return;
  const row = /** @type {HTMLElement} */ (box.closest('.row'));
  const all = Array.from(row.querySelectorAll('.box'));
  /** @type {Element | null | undefined} */
  let target;
  if (event.key === 'ArrowLeft') target = all[all.indexOf(box) - 1];
  else if (event.key === 'ArrowRight') target = all[all.indexOf(box) + 1];
  else {
    const step = event.key === 'ArrowDown' ? 'nextElementSibling' : 'previousElementSibling';
    let other = row[step];
    while (other && !other.classList.contains('row')) other = other[step];
    target = other && other.querySelector(`.box[data-setor="${box.dataset.setor}"]`);
  }
  event.preventDefault();
  if (target instanceof HTMLElement) target.focus();
}

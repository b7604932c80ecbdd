// The confirmed orders, newest first. No I/O here, and nobody is told.
//
// Rules:
// 1. Within an order, `versao` decides what is news: an answer may come before its event or after it.
// 2. A deleted order does not come back: its id is remembered, for an older answer may still be on its way.

/** @typedef {import('../wire/protocol.js').Pedido} Pedido */

/** How many deleted ids are remembered. */
const MAX_REMEMBERED = 1_000;

export class Table {
  constructor() {
    /** Newest first; replaced, never changed, so that snapshots may share it. @type {readonly Pedido[]} */
    this.list = Object.freeze([]);
    /** @type {Map<number, Pedido>} */
    this.orders = new Map();
    /** @type {Set<number>} */
    this.deleted = new Set();
  }

  /** @param {number} id */
  get(id) {
    return this.orders.get(id) || null;
  }

  /** @param {Pedido} pedido @returns {boolean} whether it is newer than what is known */
  isNews(pedido) {
    const known = this.orders.get(pedido.id);
    return !this.deleted.has(pedido.id) && (!known || pedido.versao > known.versao);
  }

  /** @param {Pedido} pedido */
  put(pedido) {
    const list = this.list.slice();
    list.splice(this.indexOf(pedido.id), this.orders.has(pedido.id) ? 1 : 0, pedido);
    this.list = Object.freeze(list);
    this.orders.set(pedido.id, pedido);
  }

  /** For good. @param {number} id */
  drop(id) {
    this.deleted.add(id);
    if (this.deleted.size > MAX_REMEMBERED) this.deleted.delete(this.deleted.values().next().value || 0);
    if (!this.orders.delete(id)) return;
    const list = this.list.slice();
    list.splice(this.indexOf(id), 1);
    this.list = Object.freeze(list);
  }

  /**
   * A whole list takes the place of what there was. An order that did not change stays the same object.
   * @param {readonly Pedido[]} list
   * @param {boolean} isOther of another history, perhaps: an equal version says nothing
   * @returns {Map<number, Pedido>} what there was before
   */
  replace(list, isOther) {
    const before = this.orders;
    this.orders = new Map();
    for (const pedido of list) {
      if (this.deleted.has(pedido.id)) continue;
      const known = before.get(pedido.id);
      const isSame =
        known !== undefined &&
        !isOther &&
        known.versao === pedido.versao &&
        known.ultima_atualizacao === pedido.ultima_atualizacao;
      this.orders.set(pedido.id, isSame ? known : pedido);
    }
    this.list = Object.freeze(Array.from(this.orders.values()).sort((a, b) => b.id - a.id));
    return before;
  }

  /** Where `id` stands in the list, or would stand. @param {number} id */
  indexOf(id) {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle].id > id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * @param {Pedido | null} previous @param {Pedido | null} next null where there is none
 * @returns {string[]} the names of the fields that differ
 */
export function changedFields(previous, next) {
  if (next === null) return [];
  if (previous === null) return Object.keys(next);
  const [one, other] = /** @type {Record<string, any>[]} */ ([previous, next]);
  return Object.keys(next).filter((field) => !OF_EACH_CHANGE.has(field) && !isEqual(one[field], other[field]));
}

const OF_EACH_CHANGE = new Set(['versao', 'ultima_atualizacao']);

/** Of values that came as JSON. @param {any} a @param {any} b */
function isEqual(a, b) {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

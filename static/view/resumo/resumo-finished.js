// How many orders were finished on each day, live.
//
// An order counts on the day on which it became finished for the last time (see figures.js). Its
// `ultima_atualizacao` does not tell: what was ready on Monday and handed out on Thursday was last changed on
// Thursday. The history does. It is asked for only where the order itself leaves the day open, a few at a time.

import { dayOf } from '../order/dates.js';
import { isFinished } from '../order/figures.js';

/** @typedef {import('../../client/index.js').Pedido} Pedido */
/** @typedef {import('../../client/index.js').HistoricoEntry} HistoricoEntry */

const AT_ONCE = 3;
const RETRY = 5_000;

/**
 * When an order became finished for the last time, by its history.
 * @param {readonly HistoricoEntry[]} historico oldest first
 * @returns {number | null} ms; null where it is not finished
 */
export function finishedAt(historico) {
  /** @type {any} */
  const state = { status: 'pendente' };
  /** @type {number | null} */
  let at = null;
  for (const { acao, mudancas, timestamp } of historico) {
    if (acao === 'delete') return null;
    for (const [field, values] of Object.entries(mudancas)) state[field] = values[1];
    if (!isFinished(state)) at = null;
    else if (at === null) at = Date.parse(timestamp);
  }
  return at;
}

/**
 * @typedef {object} FinishedDays
 * @property {(first: string) => {byDay: Map<string, number>, unknown: number}} count from the day `first` on;
 *   `unknown`: orders whose day is still being asked for
 * @property {() => void} close
 */

/**
 * @typedef {object} Dependencies
 * @property {import('../../client/index.js').PedidosStore} store
 * @property {Pick<import('../../client/index.js').Clock, 'setTimeout' | 'clearTimeout'>} clock
 * @property {string} since what was last changed before this day is of no interest
 * @property {() => void} onUpdate
 */

/** @param {Dependencies} dependencies @returns {FinishedDays} */
export function createFinishedDays(dependencies) {
  const days = new Days(dependencies);
  days.start();
  return { count: (first) => days.count(first), close: () => days.close() };
}

class Days {
  /** @param {Dependencies} dependencies */
  constructor({ store, clock, since, onUpdate }) {
    this.store = store;
    this.clock = clock;
    this.since = since;
    this.onUpdate = onUpdate;
    /** Of finished orders that are in the store: the day, or null while it is asked for. @type {Map<number, string | null>} */
    this.days = new Map();
    /** @type {Set<number>} */
    this.queue = new Set();
    this.running = 0;
    this.closed = false;
    /** @type {unknown} */
    this.retryTimer = null;
    this.off = [this.store.onChange((change) => this.onChange(change)), this.store.subscribe(() => this.start())];
    this.started = false;
  }

  /** @param {Pedido} pedido */
  ask(pedido) {
    const last = dayOf(Date.parse(pedido.ultima_atualizacao));
    if (last < this.since) return;
    if (dayOf(Date.parse(pedido.data_criacao)) === last) {
      this.days.set(pedido.id, last);
      return;
    }
    this.days.set(pedido.id, null);
    this.queue.add(pedido.id);
  }

  readOn() {
    while (!this.closed && this.retryTimer === null && this.running < AT_ONCE && this.queue.size > 0) {
      const [id] = this.queue;
      this.queue.delete(id);
      this.running += 1;
      this.read(id).then(() => {
        this.running -= 1;
        this.readOn();
      });
    }
  }

  /** @param {number} id */
  async read(id) {
    try {
      const at = finishedAt(await this.store.historico(id));
      // Meanwhile an event may have told it, or may have taken the order away.
      if (this.closed || this.days.get(id) !== null) return;
      if (at === null) this.days.delete(id);
      else this.days.set(id, dayOf(at));
      this.onUpdate();
    } catch (error) {
      if (this.closed || this.days.get(id) !== null) return;
      const { status } = /** @type {import('../../client/index.js').PedidosError} */ (error);
      // Of no use to ask again for what is gone or not for us.
      if (status >= 400 && status < 500 && status !== 429) {
        this.days.delete(id);
        this.onUpdate();
        return;
      }
      this.queue.add(id);
      if (this.retryTimer !== null) return;
      this.retryTimer = this.clock.setTimeout(() => {
        this.retryTimer = null;
        this.readOn();
      }, RETRY);
    }
  }

  /** @param {import('../../client/index.js').PedidoChange} change */
  onChange({ pedido_id: id, pedido, previous, timestamp }) {
    if (!pedido || !isFinished(pedido)) {
      this.days.delete(id);
      this.queue.delete(id);
    } else if (previous && isFinished(previous)) {
      // It was finished before: the day stays.
      if (!this.days.has(id)) this.ask(pedido);
    } else if (timestamp === null || !previous) {
      // Found by a reload, or not in the state before: it may have happened long ago.
      this.ask(pedido);
    } else {
      this.days.set(id, dayOf(Date.parse(timestamp)));
      this.queue.delete(id);
    }
    this.readOn();
    this.onUpdate();
  }

  /** The first list is no change of which `onChange` would tell. */
  start() {
    const { pedidos, lastSync } = this.store.getSnapshot();
    if (this.started || lastSync === null) return;
    this.started = true;
    for (const pedido of pedidos) if (isFinished(pedido) && !this.days.has(pedido.id)) this.ask(pedido);
    this.readOn();
    this.onUpdate();
  }

  /** @param {string} first a day */
  count(first) {
    const byDay = new Map();
    let unknown = 0;
    this.days.forEach((day) => {
      if (day === null) unknown += 1;
      else if (day >= first) byDay.set(day, (byDay.get(day) || 0) + 1);
    });
    return { byDay, unknown };
  }

  close() {
    this.closed = true;
    this.clock.clearTimeout(this.retryTimer);
    this.off.forEach((undo) => undo());
  }
}

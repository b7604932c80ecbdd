// How many orders were finished on each day, live.
//
// An order counts on the day on which it became finished for the last time (see resumo-figures.js). Its
// `ultima_atualizacao` does not tell: what was ready on Monday and handed out on Thursday was last changed on
// Thursday. The history does. It is asked for only where the order itself leaves the day open, a few at a time.

import { dayOf } from './dates.js';
import { isFinished } from './resumo-figures.js';

/** @typedef {import('../client/index.js').Pedido} Pedido */
/** @typedef {import('../client/index.js').HistoricoEntry} HistoricoEntry */

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
 * @param {object} dependencies
 * @param {import('../client/index.js').PedidosStore} dependencies.store
 * @param {Pick<import('../client/index.js').Clock, 'setTimeout' | 'clearTimeout'>} dependencies.clock
 * @param {string} dependencies.since what was last changed before this day is of no interest
 * @param {() => void} dependencies.onUpdate
 * @returns {FinishedDays}
 */
export function createFinishedDays({ store, clock, since, onUpdate }) {
  /** Of finished orders that are in the store: the day, or null while it is asked for. @type {Map<number, string | null>} */
  const days = new Map();
  /** @type {Set<number>} */
  const queue = new Set();
  let running = 0;
  let closed = false;
  /** @type {unknown} */
  let retryTimer = null;

  /** @param {Pedido} pedido */
  function ask(pedido) {
    const last = dayOf(Date.parse(pedido.ultima_atualizacao));
    if (last < since) return;
    if (dayOf(Date.parse(pedido.data_criacao)) === last) {
      days.set(pedido.id, last);
      return;
    }
    days.set(pedido.id, null);
    queue.add(pedido.id);
  }

  function readOn() {
    while (!closed && retryTimer === null && running < AT_ONCE && queue.size > 0) {
      const [id] = queue;
      queue.delete(id);
      running += 1;
      read(id).then(() => {
        running -= 1;
        readOn();
      });
    }
  }

  /** @param {number} id */
  async function read(id) {
    try {
      const at = finishedAt(await store.historico(id));
      // Meanwhile an event may have told it, or may have taken the order away.
      if (closed || days.get(id) !== null) return;
      if (at === null) days.delete(id);
      else days.set(id, dayOf(at));
      onUpdate();
    } catch (error) {
      if (closed || days.get(id) !== null) return;
      const { status } = /** @type {import('../client/index.js').PedidosError} */ (error);
      // Of no use to ask again for what is gone or not for us.
      if (status >= 400 && status < 500 && status !== 429) {
        days.delete(id);
        onUpdate();
        return;
      }
      queue.add(id);
      if (retryTimer !== null) return;
      retryTimer = clock.setTimeout(() => {
        retryTimer = null;
        readOn();
      }, RETRY);
    }
  }

  /** @param {import('../client/index.js').PedidoChange} change */
  function onChange({ pedido_id: id, pedido, previous, timestamp }) {
    if (!pedido || !isFinished(pedido)) {
      days.delete(id);
      queue.delete(id);
    } else if (previous && isFinished(previous)) {
      // It was finished before: the day stays.
      if (!days.has(id)) ask(pedido);
    } else if (timestamp === null || !previous) {
      // Found by a reload, or not in the state before: it may have happened long ago.
      ask(pedido);
    } else {
      days.set(id, dayOf(Date.parse(timestamp)));
      queue.delete(id);
    }
    readOn();
    onUpdate();
  }

  const off = store.onChange(onChange);
  let started = false;
  /** The first list is no change of which `onChange` would tell. */
  function start() {
    const { pedidos, lastSync } = store.getSnapshot();
    if (started || lastSync === null) return;
    started = true;
    for (const pedido of pedidos) if (isFinished(pedido) && !days.has(pedido.id)) ask(pedido);
    readOn();
    onUpdate();
  }
  const offStore = store.subscribe(start);
  start();

  return {
    count(first) {
      const byDay = new Map();
      let unknown = 0;
      days.forEach((day) => {
        if (day === null) unknown += 1;
        else if (day >= first) byDay.set(day, (byDay.get(day) || 0) + 1);
      });
      return { byDay, unknown };
    },
    close() {
      closed = true;
      clock.clearTimeout(retryTimer);
      off();
      offStore();
    },
  };
}

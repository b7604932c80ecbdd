// Ticking a sector, from wherever it is done, and taking it back for 10 s.
//
// Rule: nothing is queued behind the user's back. What cannot be saved now is refused on the control at once.

import { timeOf } from './dates.js';
import { describeTick } from './orders.js';

/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('../client/index.js').Snapshot} Snapshot */
/** @typedef {Partial<Record<import('./orders.js').Setor, boolean>>} SectorChanges */
/**
 * @typedef {object} Undo
 * @property {number} id of the order
 * @property {string} text what was done
 * @property {SectorChanges} before
 * @property {SectorChanges} after
 * @property {number} until ms
 */
/**
 * @typedef {object} ControlState
 * @property {'idle' | 'pending' | 'error'} state
 * @property {string} message what is wrong
 * @property {boolean} retryable
 */
/**
 * @typedef {object} Ticks
 * @property {() => string | null} whyNot why whoever is signed in may tick nothing; null where they may
 * @property {(pedido: Pedido, changes: SectorChanges) => Promise<boolean>} apply whether it was saved
 * @property {(id: number, field: string) => void} retry
 * @property {(id: number, field: string) => void} dismiss
 * @property {(snapshot: Snapshot, id: number, field: string) => ControlState} stateOf
 * @property {(id: number) => Readonly<Record<string, string>>} refusals by field: what was never sent, and why
 * @property {() => readonly Undo[]} undos newest last
 * @property {(undo: Undo) => void} undo
 * @property {() => void} sweep drops what is over
 * @property {() => void} clearRefusals
 * @property {(listener: () => void) => () => void} subscribe
 */

export const UNDO_TIME = 10_000;
const MOST_UNDOS = 3;
/** @type {ControlState} */
const IDLE = Object.freeze({ state: 'idle', message: '', retryable: false });
/** @type {ControlState} */
const PENDING = Object.freeze({ state: 'pending', message: '', retryable: false });

/** @param {SectorChanges} changes @returns {string} */
export function describe(changes) {
  return Object.entries(changes)
    .map(([field, value]) => describeTick(field, Boolean(value)))
    .join(', ');
}

/**
 * @param {object} dependencies
 * @param {import('../client/index.js').PedidosStore} dependencies.store
 * @param {() => string | null} dependencies.whyNot as in Ticks
 * @param {() => string | null} dependencies.cannotSave why a tap does not count now; null where it does
 * @param {(text: string) => void} dependencies.announce
 * @param {() => number} dependencies.now
 * @returns {Ticks}
 */
export function createTicks({ store, whyNot, cannotSave, announce, now }) {
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {Map<number, Record<string, string>>} */
  const refused = new Map();
  /** @type {readonly Undo[]} */
  let undos = [];

  function publish() {
    for (const listener of Array.from(listeners)) listener();
  }

  /** @param {number} id @param {readonly string[]} fields */
  function forgetRefusals(id, fields) {
    const known = refused.get(id);
    if (!known) return;
    const rest = Object.fromEntries(Object.entries(known).filter(([field]) => !fields.includes(field)));
    if (Object.keys(rest).length > 0) refused.set(id, rest);
    else refused.delete(id);
  }

  /** @param {Pedido} pedido @param {SectorChanges} changes @param {boolean} canUndo */
  async function send(pedido, changes, canUndo) {
    const fields = Object.keys(changes);
    const { id, numero } = pedido;
    const reason = cannotSave();
    if (reason !== null) {
      refused.set(id, { ...refused.get(id), ...Object.fromEntries(fields.map((field) => [field, reason])) });
      announce(`Pedido ${numero}: ${reason}`);
      publish();
      return false;
    }
    forgetRefusals(id, fields);
    const before = Object.fromEntries(fields.map((field) => [field, /** @type {any} */ (pedido)[field]]));
    try {
      await store.update(id, changes);
    } catch (failure) {
      announce(`Pedido ${numero}: não foi salvo. ${/** @type {Error} */ (failure).message}`);
      return false;
    }
    const text = `Pedido ${numero}: ${describe(changes)}`;
    announce(canUndo ? `${text}.` : `${text}, desfeito.`);
    if (canUndo) {
      const undo = { id, text, before, after: changes, until: now() + UNDO_TIME };
      undos = [...undos.filter((other) => other.id !== id), undo].slice(-MOST_UNDOS);
    }
    publish();
    return true;
  }

  return {
    whyNot,
    apply: (pedido, changes) => send(pedido, changes, true),
    retry(id, field) {
      const reason = cannotSave();
      if (reason === null) store.retry(id, field).catch(() => undefined);
      else announce(reason);
    },
    dismiss(id, field) {
      forgetRefusals(id, [field]);
      store.dismissError(id, field);
      publish();
    },
    stateOf(snapshot, id, field) {
      if (snapshot.pending[id] && snapshot.pending[id][field]) return PENDING;
      const known = refused.get(id);
      if (known && known[field]) return { state: 'error', message: known[field], retryable: false };
      const error = snapshot.errors[id] && snapshot.errors[id][field];
      if (!error) return IDLE;
      const message = error.kind === 'unconfirmed' ? `Sem confirmação desde ${timeOf(error.at)}.` : error.message;
      return { state: 'error', message, retryable: error.retryable };
    },
    refusals: (id) => refused.get(id) || {},
    undos: () => undos,
    undo(undo) {
      undos = undos.filter((other) => other !== undo);
      publish();
      const pedido = store.getSnapshot().byId.get(undo.id);
      if (!pedido) return;
      // What somebody else has changed since is theirs.
      const mine = Object.entries(undo.before).filter(
        ([field]) => /** @type {any} */ (pedido)[field] === /** @type {any} */ (undo.after)[field],
      );
      if (mine.length > 0) send(pedido, Object.fromEntries(mine), false);
      else announce('Nada a desfazer: outra pessoa já mudou.');
    },
    sweep() {
      const time = now();
      const left = undos.filter(({ until }) => until > time);
      if (left.length === undos.length) return;
      undos = left;
      publish();
    },
    clearRefusals() {
      if (refused.size === 0) return;
      refused.clear();
      publish();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

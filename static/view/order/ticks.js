// Ticking a sector, from wherever it is done, and taking it back for 10 s.
//
// Rule: nothing is queued behind the user's back, and nothing is refused that HTTP may carry. A tick is sent at once, however
// the stream stands; what was not saved says so on its control.

import { createOutbox } from '../../client/index.js';
import { timeOf } from './dates.js';
import { describeTick } from './orders.js';

/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('../../client/index.js').Snapshot} Snapshot */
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
 * @property {() => readonly Undo[]} undos newest last
 * @property {(undo: Undo) => void} undo
 * @property {() => void} sweep drops what is over
 * @property {(listener: () => void) => () => void} subscribe
 */

export const UNDO_TIME = 10_000;
const MOST_UNDOS = 3;
/** @type {ControlState} */
const IDLE = Object.freeze({ state: 'idle', message: '', retryable: false });
/** @type {ControlState} */
const PENDING = Object.freeze({ state: 'pending', message: '', retryable: false });

/** The fields of an order whose write did not get through. @param {Snapshot} snapshot @param {number} id */
export const problemFields = (snapshot, id) => Object.keys(snapshot.errors[id] || {});

/** @param {SectorChanges} changes @returns {string} */
export function describe(changes) {
  return Object.entries(changes)
    .map(([field, value]) => describeTick(field, Boolean(value)))
    .join(', ');
}

/** @param {import('../../client/index.js').EditError} error */
function wordsFor({ kind, at, byNetwork, message }) {
  if (kind !== 'unconfirmed') return message;
  const since = `Sem confirmação desde ${timeOf(at)}`;
  return byNetwork ? `${since}: a rede respondeu no lugar do servidor (portal, proxy ou antivírus).` : `${since}.`;
}

/**
 * @param {object} dependencies
 * @param {import('../../client/index.js').PedidosStore} dependencies.store
 * @param {() => string | null} dependencies.whyNot as in Ticks
 * @param {(text: string) => void} dependencies.announce
 * @param {() => number} dependencies.now
 * @returns {Ticks}
 */
export function createTicks({ store, whyNot, announce, now }) {
  const listeners = /** @type {import('../../client/index.js').Listeners<[]>} */ (createOutbox().listeners());
  /** @type {readonly Undo[]} */
  let undos = [];

  /** @param {Pedido} pedido @param {SectorChanges} changes @param {boolean} canUndo */
  async function send(pedido, changes, canUndo) {
    const fields = Object.keys(changes);
    const { id, numero } = pedido;
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
    listeners.tell();
    return true;
  }

  return {
    whyNot,
    apply: (pedido, changes) => send(pedido, changes, true),
    retry: (id, field) => void store.retry(id, field).catch(() => undefined),
    dismiss: (id, field) => store.dismissError(id, field),
    stateOf(snapshot, id, field) {
      if (snapshot.pending[id] && snapshot.pending[id][field]) return PENDING;
      const error = snapshot.errors[id] && snapshot.errors[id][field];
      if (!error) return IDLE;
      return { state: 'error', message: wordsFor(error), retryable: error.retryable };
    },
    undos: () => undos,
    undo(undo) {
      undos = undos.filter((other) => other !== undo);
      listeners.tell();
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
      listeners.tell();
    },
    subscribe: listeners.add,
  };
}

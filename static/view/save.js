// What becomes of an order's changes on their way to the server. No DOM here; how to send, to ask and to tell is passed in.
//
//              ┌──────────── answer, refusal, nothing to send ────────────┐
//              ▼                                                          │
//   ┌──▶ editing ──start──▶ sending ──the same fields were changed──▶ asking
//   │        ▲               │  │  ▲ ▲                                   │
//   │     seen, discard      │  │  │ └────────────── decided ────────────┘
//   │        │               │  │  start: what was sent, under its key
//   │   unconfirmed ◀─no answer │  │        (asking: back to the form ──▶ editing)
//   │        └──────────────────│──┘
//   └──seen── deleted ◀──404, or the event of it
//
// Rules:
// 1. Each run of `start` ends, whatever is thrown: in `editing`, `unconfirmed` or `deleted`, and is told.
// 2. What was sent and not surely refused may have been done. It is repeated as it was, under its key, or seen to be done:
//    by its event, by a reload, by somebody else's event that holds it. Only a refusal lets it be forgotten.
// 3. An error that is none of the client's comes from our own code, after who knows what: it is no refusal.
// 4. A run goes on when the form is closed, and whoever listens is told then as well.

import { isSame } from './order-edit.js';

/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('./order-edit.js').Edit} Edit */
/** @typedef {import('./order-edit.js').Sent} Sent */
/** @typedef {'editing' | 'sending' | 'asking' | 'unconfirmed' | 'deleted'} SaveState */
/**
 * @typedef {object} Failure
 * @property {string} kind as in PedidosError
 * @property {number} status
 * @property {string} message for the user
 * @property {Readonly<Record<string, string>>} fieldErrors
 * @property {Pedido | null} pedido the current order, on `conflict`
 */
/** @typedef {ReturnType<typeof createSave>} Save */

/** Disjoint changes are put together without asking; so often in a row before one gives up. */
const MOST_MERGES = 4;
/** The server said no, and nothing was done. After `denied`, an earlier try may have been. */
const REFUSALS = new Set(['refused', 'conflict']);
const OWN_FAULT = 'Algo falhou nesta página, e não se sabe se foi salvo.';

/** @param {any} error whatever was thrown @returns {Failure} */
export function failureOf(error) {
  const known = error !== null && typeof error === 'object' && typeof error.kind === 'string';
  return {
    kind: known ? error.kind : 'unconfirmed',
    status: known && error.status ? error.status : 0,
    message: known && error.message ? error.message : OWN_FAULT,
    fieldErrors: (known && error.fieldErrors) || {},
    pedido: (known && error.pedido) || null,
  };
}

/** Whether an order holds what was sent. @param {Record<string, any>} dados @param {Record<string, any>} pedido */
export function holds(dados, pedido) {
  const trimmed = (/** @type {any} */ value) => (typeof value === 'string' ? value.trim() : value);
  return Object.entries(dados).every(([field, value]) => isSame(field, trimmed(value), trimmed(pedido[field])));
}

/** @param {any} value whatever came for an answer */
const isOrder = (value) => value !== null && typeof value === 'object' && Number.isInteger(value.id);

/** @param {Edit} edit @returns {Record<string, any>} */
function newOrder(edit) {
  // The day of entry as it is shown, not the one where the server runs.
  /** @type {Record<string, any>} */
  const dados = { ...edit.changes(), data_entrada: edit.value('data_entrada') };
  if (!dados.numero) delete dados.numero;
  return dados;
}

/**
 * @param {object} dependencies
 * @param {boolean} dependencies.isNew
 * @param {Edit} dependencies.edit
 * @param {(sent: Sent) => Promise<Pedido>} dependencies.send
 * @param {() => Promise<boolean>} dependencies.decide asks about `edit.questions()` and resolves them; false: back to the form
 * @param {(current: Pedido) => void} dependencies.takeIn the order as it is now, for `edit.rebase`
 * @param {() => string} dependencies.newKey
 * @param {() => number} dependencies.now ms
 * @param {() => void} dependencies.onState
 * @param {(saved: Pedido, sent: Sent) => void} dependencies.onSaved
 * @param {(failure: Failure, sent: Sent | null) => void} dependencies.onFailed `sent`: what failed, null where nothing was
 */
export function createSave({ isNew, edit, send, decide, takeIn, newKey, now, onState, onSaved, onFailed }) {
  /** @type {SaveState} */
  let state = 'editing';
  /** What is, or may be, at the server without its answer here. @type {Sent | null} */
  let sent = null;
  /** Of the last run. @type {Failure | null} */
  let failure = null;
  /** The order was deleted while a run was under way. */
  let gone = false;
  /** The order as it came in while a run was under way. @type {Pedido | null} */
  let arrived = null;
  /** The run that is under way, or the last one. @type {Promise<void>} */
  let current = Promise.resolve();

  /** @param {SaveState} next */
  function to(next) {
    state = next;
    onState();
  }

  /** @returns {Sent} the same again as long as it was not answered, or a new one */
  function nextSend() {
    if (isNew) return sent || { key: newKey(), dados: newOrder(edit), versao: null, at: now() };
    const dados = edit.changes();
    const { versao } = edit.base();
    const again = sent !== null && sent.versao === versao && JSON.stringify(sent.dados) === JSON.stringify(dados);
    return again ? /** @type {Sent} */ (sent) : { key: newKey(), dados, versao, at: now() };
  }

  /** @returns {Promise<Pedido | null>} null: back to the form, nothing was sent */
  async function run() {
    for (let merges = 0; ; merges += 1) {
      if (edit.questions().length > 0) {
        to('asking');
        if (!(await decide())) return null;
        to('sending');
      }
      if (!isNew && Object.keys(edit.changes()).length === 0) {
        sent = null;
        return /** @type {Pedido} */ (edit.base());
      }
      sent = nextSend();
      onState();
      try {
        return await send(sent);
      } catch (error) {
        const { kind, pedido } = failureOf(error);
        if (kind !== 'conflict' || pedido === null || isNew || merges >= MOST_MERGES) throw error;
        // Nothing was done. Other fields were changed, or the same ones: then it is asked about.
        sent = null;
        takeIn(pedido);
      }
    }
  }

  async function runOnce() {
    failure = null;
    arrived = null;
    to('sending');
    try {
      const saved = await run();
      if (saved === null) to(gone ? 'deleted' : sent === null ? 'editing' : 'unconfirmed');
      else if (isOrder(saved)) settle(saved, sent || { key: '', dados: {}, versao: null, at: now() });
      else throw new Error(OWN_FAULT);
    } catch (error) {
      fail(error);
    }
  }

  /** @param {unknown} error */
  function fail(error) {
    const what = sent;
    if (what !== null && arrived !== null && holds(what.dados, arrived)) {
      settle(arrived, what);
      return;
    }
    failure = failureOf(error);
    if (REFUSALS.has(failure.kind)) sent = null;
    const missing = !isNew && failure.kind === 'refused' && failure.status === 404;
    to(missing || gone ? 'deleted' : sent !== null ? 'unconfirmed' : 'editing');
    onFailed(failure, what);
  }

  /** @param {Pedido} saved @param {Sent} what */
  function settle(saved, what) {
    sent = null;
    failure = null;
    to(gone ? 'deleted' : 'editing');
    onSaved(saved, what);
  }

  return {
    state: () => state,
    sent: () => sent,
    failure: () => failure,
    isUnderWay: () => state === 'sending' || state === 'asking',

    /** Sends what is to be sent, or what was not answered. Never rejects. */
    start() {
      if (state === 'editing' || state === 'unconfirmed') current = runOnce();
      return current;
    },

    /** The end of what is under way. */
    idle: () => current,

    /**
     * The order as it is now, however it came here; `edit` knows it already.
     * @param {Pedido} pedido @param {boolean} isNews it is newer than what was known: then it cannot be deleted
     */
    seen(pedido, isNews) {
      if (state === 'deleted' && isNews) {
        gone = false;
        to('editing');
      }
      if (state === 'sending') arrived = pedido;
      if (state === 'unconfirmed' && sent !== null && holds(sent.dados, pedido)) settle(pedido, sent);
    },

    /** The order was deleted, as others say. */
    deleted() {
      gone = true;
      if (state === 'editing' || state === 'unconfirmed') to('deleted');
    },

    /** A new order that was sent before, from its draft. @param {Sent} before */
    restore(before) {
      sent = before;
      to('unconfirmed');
    },

    /** What was typed is thrown away, and what was sent with it. */
    discard() {
      sent = null;
      failure = null;
      if (state === 'unconfirmed') to('editing');
    },
  };
}

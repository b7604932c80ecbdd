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

/** @typedef {import('../order/orders.js').Pedido} Pedido */
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
 * @typedef {object} Dependencies
 * @property {boolean} isNew
 * @property {Edit} edit
 * @property {(sent: Sent) => Promise<Pedido>} send
 * @property {() => Promise<boolean>} decide asks about `edit.questions()` and resolves them; false: back to the form
 * @property {(current: Pedido) => void} takeIn the order as it is now, for `edit.rebase`
 * @property {() => string} newKey
 * @property {() => number} now ms
 * @property {() => void} onState
 * @property {(saved: Pedido, sent: Sent) => void} onSaved
 * @property {(failure: Failure, sent: Sent | null) => void} onFailed `sent`: what failed, null where nothing was
 */

/** @param {Dependencies} dependencies */
export function createSave(dependencies) {
  const machine = new Machine(dependencies);
  return {
    state: () => machine.state,
    sent: () => machine.sent,
    failure: () => machine.failure,
    isUnderWay: () => machine.state === 'sending' || machine.state === 'asking',
    /** Sends what is to be sent, or what was not answered. Never rejects. */
    start: () => machine.start(),
    /** The end of what is under way. */
    idle: () => machine.current,
    /**
     * The order as it is now, however it came here; `edit` knows it already.
     * @param {Pedido} pedido @param {boolean} isNews it is newer than what was known: then it cannot be deleted
     */
    seen: (pedido, isNews) => machine.seen(pedido, isNews),
    /** The order was deleted, as others say. */
    deleted: () => machine.deleted(),
    /** A new order that was sent before, from its draft. @param {Sent} before */
    restore: (before) => machine.restore(before),
    /** What was typed is thrown away, and what was sent with it. */
    discard: () => machine.discard(),
  };
}

class Machine {
  /** @param {Dependencies} dependencies */
  constructor({ isNew, edit, send, decide, takeIn, newKey, now, onState, onSaved, onFailed }) {
    this.isNew = isNew;
    this.edit = edit;
    this.send = send;
    this.decide = decide;
    this.takeIn = takeIn;
    this.newKey = newKey;
    this.now = now;
    this.onState = onState;
    this.onSaved = onSaved;
    this.onFailed = onFailed;
    /** @type {SaveState} */
    this.state = 'editing';
    /** What is, or may be, at the server without its answer here. @type {Sent | null} */
    this.sent = null;
    /** Of the last run. @type {Failure | null} */
    this.failure = null;
    /** The order was deleted while a run was under way. */
    this.gone = false;
    /** The order as it came in while a run was under way. @type {Pedido | null} */
    this.arrived = null;
    /** The run that is under way, or the last one. @type {Promise<void>} */
    this.current = Promise.resolve();
  }

  /** @param {SaveState} next */
  to(next) {
    this.state = next;
    this.onState();
  }

  /** @returns {Sent} the same again as long as it was not answered, or a new one */
  nextSend() {
    if (this.isNew) return this.sent || { key: this.newKey(), dados: newOrder(this.edit), versao: null, at: this.now() };
    const dados = this.edit.changes();
    const { versao } = this.edit.base();
    const again = this.sent !== null && this.sent.versao === versao && JSON.stringify(this.sent.dados) === JSON.stringify(dados);
    return again ? /** @type {Sent} */ (this.sent) : { key: this.newKey(), dados, versao, at: this.now() };
  }

  /** @returns {Promise<Pedido | null>} null: back to the form, nothing was sent */
  async run() {
    for (let merges = 0; ; merges += 1) {
      if (this.edit.questions().length > 0) {
        this.to('asking');
        if (!(await this.decide())) return null;
        this.to('sending');
      }
      if (!this.isNew && Object.keys(this.edit.changes()).length === 0) {
        this.sent = null;
        return /** @type {Pedido} */ (this.edit.base());
      }
      this.sent = this.nextSend();
      this.onState();
      try {
        return await this.send(this.sent);
      } catch (error) {
        const { kind, pedido } = failureOf(error);
        if (kind !== 'conflict' || pedido === null || this.isNew || merges >= MOST_MERGES) throw error;
        // Nothing was done. Other fields were changed, or the same ones: then it is asked about.
        this.sent = null;
        this.takeIn(pedido);
      }
    }
  }

  async runOnce() {
    this.failure = null;
    this.arrived = null;
    this.to('sending');
    try {
      const saved = await this.run();
      if (saved === null) this.to(this.gone ? 'deleted' : this.sent === null ? 'editing' : 'unconfirmed');
      else if (isOrder(saved)) this.settle(saved, this.sent || { key: '', dados: {}, versao: null, at: this.now() });
      else throw new Error(OWN_FAULT);
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param {unknown} error */
  fail(error) {
    const what = this.sent;
    if (what !== null && this.arrived !== null && holds(what.dados, this.arrived)) {
      this.settle(this.arrived, what);
      return;
    }
    this.failure = failureOf(error);
    if (REFUSALS.has(this.failure.kind)) this.sent = null;
    const missing = !this.isNew && this.failure.kind === 'refused' && this.failure.status === 404;
    this.to(missing || this.gone ? 'deleted' : this.sent !== null ? 'unconfirmed' : 'editing');
    this.onFailed(this.failure, what);
  }

  /** @param {Pedido} saved @param {Sent} what */
  settle(saved, what) {
    this.sent = null;
    this.failure = null;
    this.to(this.gone ? 'deleted' : 'editing');
    this.onSaved(saved, what);
  }

  /** Never rejects. */
  start() {
    if (this.state === 'editing' || this.state === 'unconfirmed') this.current = this.runOnce();
    return this.current;
  }

  /** @param {Pedido} pedido @param {boolean} isNews */
  seen(pedido, isNews) {
    if (this.state === 'deleted' && isNews) {
      this.gone = false;
      this.to('editing');
    }
    if (this.state === 'sending') this.arrived = pedido;
    if (this.state === 'unconfirmed' && this.sent !== null && holds(this.sent.dados, pedido)) this.settle(pedido, this.sent);
  }

  deleted() {
    this.gone = true;
    if (this.state === 'editing' || this.state === 'unconfirmed') this.to('deleted');
  }

  /** @param {Sent} before */
  restore(before) {
    this.sent = before;
    this.to('unconfirmed');
  }

  discard() {
    this.sent = null;
    this.failure = null;
    if (this.state === 'unconfirmed') this.to('editing');
  }
}

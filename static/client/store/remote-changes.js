// What others changed last, by order and field.

import { WHOLE_ORDER } from '../wire/protocol.js';
import { withField, without } from './by-field.js';

/** @typedef {import('../wire/protocol.js').Pedido} Pedido */
/** @typedef {import('../wire/protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */
/** @typedef {import('./snapshot.js').RemoteChange} RemoteChange */

/** Of so many orders. A wall panel runs for months. */
const MAX_ORDERS = 500;

export class RemoteChanges {
  constructor() {
    /** @type {import('./by-field.js').ByField<RemoteChange>} */
    this.all = Object.freeze({});
  }

  /**
   * @param {PedidoUpdateMessage} message of a creation or a change
   * @param {Pedido | null} previous the order before it
   * @param {number} receivedAt ms
   */
  note(message, previous, receivedAt) {
    const { action, pedido_id: id, autor, timestamp, cursor } = message;
    const fields = action === 'create' ? [WHOLE_ORDER] : message.changed || [];
    for (const field of fields) {
      const before = previous ? /** @type {any} */ (previous)[field] : undefined;
      this.all = withField(this.all, id, field, { autor, timestamp, receivedAt, cursor, before });
    }
    this.bound();
  }

  /** @param {number} id */
  forget(id) {
    this.all = without(this.all, id);
  }

  /** Forgets the order whose last change is the oldest. */
  bound() {
    const ids = Object.keys(this.all);
    if (ids.length <= MAX_ORDERS) return;
    /** @param {string} key */
    const age = (key) => Math.max(...Object.values(this.all[Number(key)]).map((change) => change.receivedAt));
    this.forget(Number(ids.reduce((a, b) => (age(a) <= age(b) ? a : b))));
  }
}

// The last things that happened between this client and the server, in words for the user.

/** @typedef {'connected' | 'disconnected' | 'reload' | 'event' | 'error'} SyncLogKind */
/**
 * @typedef {object} SyncLogEntry
 * @property {number} id grows
 * @property {number} at ms
 * @property {SyncLogKind} kind
 * @property {string} text
 */

const LENGTH = 50;
const ACTIONS = { create: 'criado', update: 'alterado', delete: 'excluído' };

/** @param {import('./environment.js').Clock} clock */
export function createSyncLog(clock) {
  /** @type {readonly SyncLogEntry[]} */
  let entries = Object.freeze([]);
  let last = 0;
  return {
    entries: () => entries,
    /** @param {SyncLogKind} kind @param {string} text */
    add(kind, text) {
      last += 1;
      const entry = Object.freeze({ id: last, at: clock.now(), kind, text });
      entries = Object.freeze([entry, ...entries.slice(0, LENGTH - 1)]);
    },
  };
}

/**
 * @param {import('./protocol.js').PedidoUpdateMessage} message
 * @param {import('./protocol.js').Pedido | null} previous
 * @returns {string}
 */
export function describeChange(message, previous) {
  const pedido = message.data || previous;
  const parts = [`Pedido ${pedido ? pedido.numero : message.pedido_id} ${ACTIONS[message.action]}`];
  if (message.action === 'update' && message.changed) parts.push(message.changed.join(', '));
  if (message.autor) parts.push(message.autor);
  return parts.join(' · ');
}

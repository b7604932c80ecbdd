// The last things that happened between this client and the server, in words for the user.

/** @typedef {'connected' | 'disconnected' | 'reload' | 'event' | 'error'} SyncLogKind */
/**
 * @typedef {object} SyncLogEntry
 * @property {number} id grows
 * @property {number} at ms
 * @property {SyncLogKind} kind
 * @property {string} text
 */
/** @typedef {ReturnType<typeof createSyncLog>} SyncLog */

const LENGTH = 50;
const ACTIONS = { create: 'criado', update: 'alterado', delete: 'excluído' };

/** @param {import('../environment.js').Clock} clock */
export function createSyncLog(clock) {
  /** @type {readonly SyncLogEntry[]} */
  let entries = Object.freeze([]);
  let last = 0;
  /** What was said of the connection last. */
  let said = '';

  /** @param {SyncLogKind} kind @param {string} text */
  function add(kind, text) {
    last += 1;
    const entry = Object.freeze({ id: last, at: clock.now(), kind, text });
    entries = Object.freeze([entry, ...entries.slice(0, LENGTH - 1)]);
  }

  return {
    entries: () => entries,
    add,

    /** Once for each outage, not for each attempt. @param {import('../stream/tabs.js').SharedState} connection */
    connection({ status, transport, error }) {
      if (status === 'connecting' || (status === 'disconnected' && !error && said === '')) return;
      const text = describeConnection(status, transport, error);
      if (text === said) return;
      said = text;
      add(status, text);
    },
  };
}

/** @param {string} status @param {string | null} transport @param {{message: string} | null} error @returns {string} */
function describeConnection(status, transport, error) {
  if (status === 'connected') return `Conectado por ${transport === 'sse' ? 'SSE' : 'WebSocket'}.`;
  return error ? error.message : 'Sem conexão; tentando de novo.';
}

/**
 * @param {import('../wire/protocol.js').PedidoUpdateMessage} message
 * @param {import('../wire/protocol.js').Pedido | null} previous
 * @returns {string}
 */
export function describeChange(message, previous) {
  const pedido = message.data || previous;
  const parts = [`Pedido ${pedido ? pedido.numero : message.pedido_id} ${ACTIONS[message.action]}`];
  if (message.action === 'update' && message.changed) parts.push(message.changed.join(', '));
  if (message.autor) parts.push(message.autor);
  return parts.join(' · ');
}

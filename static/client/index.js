// The client's front door.

import { createApi } from './api.js';
import { CONNECTION_DEFAULTS } from './stream/connection-state.js';
import { createConnection } from './stream/connection.js';
import { browserEnvironment } from './environment.js';
import { Fallback, storedMemory } from './stream/fallback.js';
import { createLifecycle } from './lifecycle.js';
import { createProbe } from './stream/probe.js';
import { sseTransport } from './stream/sse-transport.js';
import { createStore } from './store/store.js';
import { createSharedConnection } from './stream/tabs.js';
import { webSocketTransport } from './stream/ws-transport.js';

export { PedidosError } from './api.js';
export { browserEnvironment } from './environment.js';
export { callApart, createOutbox, report } from './listeners.js';
export { SETORES, WHOLE_ORDER, comparePosition } from './wire/protocol.js';

/**
 * @typedef {object} ClientOptions
 * @property {string} [baseUrl] of the server, such as `http://192.168.0.10:8000`; the page's own origin by default
 * @property {string | null} [token]
 * @property {string | null} [autor] who writes, on a server without sign-in
 * @property {boolean} [shareStream] one stream for all tabs of this browser; true by default
 * @property {import('./stream/connection-state.js').TransportPreference} [transport] `auto` by default
 * @property {boolean} [autoReconnect]
 * @property {number} [reconnectInterval] ms
 * @property {number} [maxReconnectAttempts] without end by default
 * @property {boolean} [heartbeat]
 * @property {number} [heartbeatInterval] ms
 * @property {Partial<import('./environment.js').Environment>} [environment] what to use instead of the browser's own
 */

/**
 * @typedef {object} PedidosClient
 * @property {string} clientId what this client sends as `X-Pedidos-Cliente`
 * @property {import('./stream/tabs.js').SharedConnection} connection
 * @property {import('./api.js').Api} api
 * @property {import('./store/snapshot.js').PedidosStore} store
 * @property {(autor: string | null) => void} setAutor for the writes from here on
 * @property {() => void} close
 */

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').HistoricoEntry} HistoricoEntry */
/** @typedef {import('./api.js').WriteOptions} WriteOptions */
/** @typedef {import('./environment.js').Clock} Clock */
/** @typedef {import('./stream/connection-state.js').ConnectionError} ConnectionError */
/** @typedef {import('./wire/protocol.js').Setor} Setor */
/**
 * @template {any[]} Told
 * @typedef {import('./listeners.js').Listeners<Told>} Listeners
 */
/** @typedef {import('./store/snapshot.js').Snapshot} Snapshot */
/** @typedef {import('./store/snapshot.js').PedidosStore} PedidosStore */
/** @typedef {import('./store/snapshot.js').PedidoChange} PedidoChange */
/** @typedef {import('./store/snapshot.js').PendingEdit} PendingEdit */
/** @typedef {import('./store/snapshot.js').EditError} EditError */
/** @typedef {import('./store/snapshot.js').RemoteChange} RemoteChange */
/** @typedef {import('./wire/protocol.js').Pedido} Pedido */
/** @typedef {import('./wire/protocol.js').ItemPedido} ItemPedido */
/** @typedef {import('./wire/protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('./wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./stream/connection-state.js').TransportPreference} TransportPreference */
/** @typedef {import('./stream/tabs.js').SharedState} SharedState */
/** @typedef {import('./stream/tabs.js').SharedConnection} SharedConnection */
/** @typedef {import('./store/sync-log.js').SyncLogEntry} SyncLogEntry */

/**
 * Nothing is sent before `store.load()` or `connection.start()`.
 * @param {ClientOptions} [options]
 * @returns {PedidosClient}
 */
export function createPedidosClient(options = {}) {
  const environment = { ...browserEnvironment(), ...options.environment };
  const { fetch, clock, random, randomId, WebSocket, openChannel, storage } = environment;
  const baseUrl = (options.baseUrl || environment.origin).replace(/\/+$/, '');
  const token = options.token || null;
  const shareStream = options.shareStream !== false;
  const clientId = randomId();
  let autor = options.autor || null;

  const lifecycle = createLifecycle(environment);
  const connection = createConnection({
    open: {
      websocket: webSocketTransport({ baseUrl, token, WebSocket }),
      sse: sseTransport({ baseUrl, token, fetch }),
    },
    probe: createProbe({ baseUrl, token, fetch, clock }),
    clock,
    random,
    fallback: new Fallback({ clock, random, memory: storedMemory(storage, baseUrl) }),
    lifecycle,
    settings: {
      transport: options.transport || CONNECTION_DEFAULTS.transport,
      autoReconnect: options.autoReconnect !== false,
      reconnectInterval: options.reconnectInterval || CONNECTION_DEFAULTS.reconnectInterval,
      maxReconnectAttempts:
        options.maxReconnectAttempts === undefined
          ? CONNECTION_DEFAULTS.maxReconnectAttempts
          : options.maxReconnectAttempts,
      heartbeat: options.heartbeat !== false,
      heartbeatInterval: options.heartbeatInterval || CONNECTION_DEFAULTS.heartbeatInterval,
    },
  });
  const channel = shareStream && openChannel ? openChannel(channelName(baseUrl, token)) : null;
  const stream = createSharedConnection({ connection, channel, tab: clientId, clock, random, lifecycle });
  const api = createApi({ baseUrl, token, clientId, autor: () => autor, fetch, clock, randomId });
  const store = createStore({ api, stream, clock, random, clientId });

  return {
    clientId,
    connection: stream,
    api,
    store,
    setAutor(next) {
      autor = next;
    },
    close() {
      store.close();
      stream.close();
      lifecycle.close();
    },
  };
}

/**
 * Tabs share a stream when they would get the same one. The token itself does not belong into a name.
 * @param {string} baseUrl @param {string | null} token
 */
function channelName(baseUrl, token) {
  let hash = 0x811c9dc5;
  for (const char of token || '') hash = Math.imul(hash ^ (char.codePointAt(0) || 0), 0x01000193);
  return `pedidos 1 ${baseUrl} ${(hash >>> 0).toString(16)}`;
}

// The orders, live, for a component.

import { useEffect, useMemo, useSyncExternalStore } from 'react';

import { PedidosError, SETORES } from '../client/index.js';
import { useClient } from './clients.js';
import { useLatest } from './use-latest.js';

/** @typedef {import('../client/index.js').Pedido} Pedido */
/** @typedef {import('../client/index.js').PedidoChanges} PedidoChanges */
/** @typedef {import('../client/index.js').PedidoChange} PedidoChange */
/** @typedef {import('../client/index.js').PedidosStore} PedidosStore */
/** @typedef {import('../client/index.js').Snapshot} Snapshot */
/** @typedef {import('../client/index.js').TransportPreference} TransportPreference */
/** @typedef {import('../client/index.js').WriteOptions} WriteOptions */
/** @typedef {import('../client/index.js').ConnectionError} ConnectionError */

/**
 * @typedef {object} PedidosSyncOptions
 * @property {string} [serverUrl] such as `http://192.168.0.10:8000`; the page's own origin by default
 * @property {string | null} [token]
 * @property {string | null} [autor] who writes, on a server without sign-in
 * @property {boolean} [autoFetch] load when mounted; true by default
 * @property {number} [recentes] days: load the open orders, and those changed within so many days
 * @property {TransportPreference} [transport]
 * @property {(pedido: Pedido, change: PedidoChange) => void} [onPedidoCreate]
 * @property {(pedido: Pedido, change: PedidoChange) => void} [onPedidoUpdate]
 * @property {(id: number, change: PedidoChange) => void} [onPedidoDelete]
 * @property {(id: number, field: string, value: any) => void} [onStatusUpdate] a sector or the status changed
 * @property {(error: Error) => void} [onSyncError] a load or write failed, or the connection stopped or is blocked
 */

/**
 * @typedef {object} PedidosSync
 * @property {readonly Pedido[]} pedidos newest first
 * @property {boolean} isLoading the first list is on its way
 * @property {PedidosError | null} error of the last load
 * @property {Date | null} lastSync
 * @property {Snapshot['syncLog']} syncLog the last 50, newest first
 * @property {boolean} wsConnected live updates arrive, by whichever transport
 * @property {'connecting' | 'connected' | 'disconnected' | 'error'} wsState
 * @property {boolean} delayed the network holds changes back; they come, about a second late
 * @property {'websocket' | 'sse' | null} transport
 * @property {number} reconnectAttempt
 * @property {ConnectionError | null} connectionError
 * @property {Snapshot['pending']} pending by order and field: writes on their way
 * @property {Snapshot['errors']} errors by order and field: writes that did not get through
 * @property {Snapshot['remoteChanges']} remoteChanges by order and field: who changed it last
 * @property {(query?: {recentes?: number}) => Promise<void>} fetchPedidos
 * @property {(id: number) => Promise<Pedido>} fetchPedidoById
 * @property {(id: number, changes: PedidoChanges, options?: WriteOptions) => Promise<Pedido>} updatePedido
 * @property {(dados: PedidoChanges & {cliente: string}, options?: WriteOptions) => Promise<Pedido>} createPedido
 * @property {(id: number, options?: WriteOptions) => Promise<void>} deletePedido
 * @property {(id: number, field: string) => Promise<void>} retry
 * @property {(id: number, field: string) => void} dismissError
 * @property {() => void} wsReconnect
 * @property {(transport: TransportPreference) => void} setTransport
 */

/** Before there is a client, and on a server that renders. @type {Snapshot} */
const EMPTY = Object.freeze({
  pedidos: Object.freeze([]),
  byId: new Map(),
  pending: Object.freeze({}),
  errors: Object.freeze({}),
  remoteChanges: Object.freeze({}),
  connection: Object.freeze({
    status: 'disconnected',
    delayed: false,
    transport: null,
    preference: 'auto',
    reconnectAttempt: 0,
    lastHeardAt: null,
    connectedAt: null,
    disconnectedAt: null,
    serverVersion: null,
    error: null,
    role: 'follower',
  }),
  serverVersion: null,
  cursor: null,
  lastSync: null,
  syncLog: Object.freeze([]),
  isLoading: false,
  isReloading: false,
  error: null,
});
const getEmpty = () => EMPTY;
const subscribeToNothing = () => () => undefined;
const STATUS_FIELDS = new Set([...SETORES, 'status']);

/** What a change is told to. @type {((options: PedidosSyncOptions, change: PedidoChange) => void)[]} */
const CALLBACKS = [
  ({ onPedidoCreate }, change) => {
    if (change.action === 'create' && change.pedido && onPedidoCreate) onPedidoCreate(change.pedido, change);
  },
  ({ onPedidoUpdate }, change) => {
    if (change.action === 'update' && change.pedido && onPedidoUpdate) onPedidoUpdate(change.pedido, change);
  },
  ({ onPedidoDelete }, change) => {
    if (change.action === 'delete' && onPedidoDelete) onPedidoDelete(change.pedido_id, change);
  },
  ({ onStatusUpdate }, { action, pedido, pedido_id: id, changed }) => {
    if (action !== 'update' || !pedido || !onStatusUpdate) return;
    for (const field of changed) {
      if (STATUS_FIELDS.has(field)) onStatusUpdate(id, field, /** @type {any} */ (pedido)[field]);
    }
  },
];

/**
 * Any number of components may use it: those with the same server and token share one connection.
 * @param {PedidosSyncOptions} [options]
 * @returns {PedidosSync}
 */
export function usePedidosSync(options = {}) {
  const { serverUrl, token, autor, transport, autoFetch = true } = options;
  const client = useClient({ baseUrl: serverUrl, token, transport });
  const latest = useLatest({ options, client });

  const snapshot = useSyncExternalStore(
    client ? client.store.subscribe : subscribeToNothing,
    client ? client.store.getSnapshot : getEmpty,
    getEmpty,
  );

  useEffect(() => {
    if (client && autor !== undefined) client.setAutor(autor);
  }, [client, autor]);

  useEffect(() => {
    if (!client) return undefined;
    const { store, connection } = client;
    const off = [
      // Each callback apart: one that throws takes none of the others with it.
      ...CALLBACKS.map((tell) => store.onChange((change) => tell(latest.current.options, change))),
      store.onError((error) => {
        const { onSyncError } = latest.current.options;
        if (onSyncError) onSyncError(error);
      }),
      tellConnectionErrors(connection, latest),
    ];
    return () => off.forEach((undo) => undo());
  }, [client, latest]);

  useEffect(() => {
    if (!client || !autoFetch) return;
    const { cursor, isLoading } = client.store.getSnapshot();
    // Another component has loaded it, or is about to.
    if (cursor === null && !isLoading) client.store.load({ recentes: latest.current.options.recentes });
  }, [client, autoFetch, latest]);

  const calls = useMemo(() => callsOf(() => latest.current.client), [latest]);
  const { connection } = snapshot;
  const { lastSync, cursor, error } = snapshot;
  return {
    pedidos: snapshot.pedidos,
    // Also in the moment before the load begins, or an empty list would flash up.
    isLoading: snapshot.isLoading || (autoFetch && cursor === null && error === null),
    error,
    lastSync: useMemo(() => (lastSync === null ? null : new Date(lastSync)), [lastSync]),
    syncLog: snapshot.syncLog,
    wsConnected: connection.status === 'connected',
    wsState: connection.status,
    delayed: connection.delayed,
    transport: connection.transport,
    reconnectAttempt: connection.reconnectAttempt,
    connectionError: connection.error,
    pending: snapshot.pending,
    errors: snapshot.errors,
    remoteChanges: snapshot.remoteChanges,
    ...calls,
  };
}

/**
 * The same functions for the whole life of the component.
 * @param {() => import('../client/index.js').PedidosClient | null} getClient
 */
function callsOf(getClient) {
  /** @returns {PedidosStore} */
  function store() {
    const client = getClient();
    if (!client) throw new PedidosError('unavailable', 'Ainda não há conexão com o servidor.');
    return client.store;
  }
  return {
    /** @type {PedidosSync['fetchPedidos']} */
    fetchPedidos: async (query) => store().load(query),
    /** @type {PedidosSync['fetchPedidoById']} */
    fetchPedidoById: async (id) => store().fetchById(id),
    /** @type {PedidosSync['updatePedido']} */
    updatePedido: (id, changes, options) => attempt(() => store().update(id, changes, options)),
    /** @type {PedidosSync['createPedido']} */
    createPedido: async (dados, options) => store().create(dados, options),
    /** @type {PedidosSync['deletePedido']} */
    deletePedido: (id, options) => attempt(() => store().remove(id, options)),
    /** @type {PedidosSync['retry']} */
    retry: (id, field) => attempt(() => store().retry(id, field)),
    /** @type {PedidosSync['dismissError']} */
    dismissError: (id, field) => store().dismissError(id, field),
    wsReconnect() {
      const client = getClient();
      if (client) client.connection.reconnect();
    },
    /** @type {PedidosSync['setTransport']} */
    setTransport(preference) {
      const client = getClient();
      if (client) client.connection.setTransport(preference);
    },
  };
}

/**
 * Hands the store's own promise on, whose rejection may be ignored (the error is on the field).
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
function attempt(call) {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * @param {import('../client/index.js').SharedConnection} connection
 * @param {{readonly current: {options: PedidosSyncOptions}}} latest
 */
function tellConnectionErrors(connection, latest) {
  /** @type {string | null} */
  let told = null;
  return connection.subscribe(() => {
    const { error } = connection.getState();
    const kind = error ? error.kind : null;
    if (kind === told) return;
    told = kind;
    const { onSyncError } = latest.current.options;
    if (error && onSyncError) onSyncError(new Error(error.message));
  });
}

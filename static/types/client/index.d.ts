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
export function createPedidosClient(options?: ClientOptions): PedidosClient;
export { PedidosError } from "./api.js";
export { browserEnvironment } from "./environment.js";
export type ClientOptions = {
    /**
     * of the server, such as `http://192.168.0.10:8000`; the page's own origin by default
     */
    baseUrl?: string | undefined;
    token?: string | null | undefined;
    /**
     * who writes, on a server without sign-in
     */
    autor?: string | null | undefined;
    /**
     * one stream for all tabs of this browser; true by default
     */
    shareStream?: boolean | undefined;
    /**
     * `auto` by default
     */
    transport?: import("./stream/connection-state.js").TransportPreference | undefined;
    autoReconnect?: boolean | undefined;
    /**
     * ms
     */
    reconnectInterval?: number | undefined;
    /**
     * without end by default
     */
    maxReconnectAttempts?: number | undefined;
    heartbeat?: boolean | undefined;
    /**
     * ms
     */
    heartbeatInterval?: number | undefined;
    /**
     * what to use instead of the browser's own
     */
    environment?: Partial<import("./environment.js").Environment> | undefined;
};
export type PedidosClient = {
    /**
     * what this client sends as `X-Pedidos-Cliente`
     */
    clientId: string;
    connection: import("./stream/tabs.js").SharedConnection;
    api: import("./api.js").Api;
    store: import("./store/snapshot.js").PedidosStore;
    /**
     * for the writes from here on
     */
    setAutor: (autor: string | null) => void;
    close: () => void;
};
export type Api = import("./api.js").Api;
export type HistoricoEntry = import("./api.js").HistoricoEntry;
export type WriteOptions = import("./api.js").WriteOptions;
export type Clock = import("./environment.js").Clock;
export type ConnectionError = import("./stream/connection-state.js").ConnectionError;
export type Setor = import("./wire/protocol.js").Setor;
export type Listeners<Told extends any[]> = import("./listeners.js").Listeners<Told>;
export type Snapshot = import("./store/snapshot.js").Snapshot;
export type PedidosStore = import("./store/snapshot.js").PedidosStore;
export type PedidoChange = import("./store/snapshot.js").PedidoChange;
export type PendingEdit = import("./store/snapshot.js").PendingEdit;
export type EditError = import("./store/snapshot.js").EditError;
export type RemoteChange = import("./store/snapshot.js").RemoteChange;
export type Pedido = import("./wire/protocol.js").Pedido;
export type ItemPedido = import("./wire/protocol.js").ItemPedido;
export type PedidoChanges = import("./wire/protocol.js").PedidoChanges;
export type ServerMessage = import("./wire/protocol.js").ServerMessage;
export type TransportPreference = import("./stream/connection-state.js").TransportPreference;
export type SharedState = import("./stream/tabs.js").SharedState;
export type SharedConnection = import("./stream/tabs.js").SharedConnection;
export type SyncLogEntry = import("./store/sync-log.js").SyncLogEntry;
export { callApart, createOutbox, report } from "./listeners.js";
export { SETORES, WHOLE_ORDER, comparePosition } from "./wire/protocol.js";

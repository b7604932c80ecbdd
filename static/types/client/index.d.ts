/**
 * @typedef {object} ClientOptions
 * @property {string} [baseUrl] of the server, such as `http://192.168.0.10:8000`; the page's own origin by default
 * @property {string | null} [token]
 * @property {string | null} [autor] who writes, on a server without sign-in
 * @property {boolean} [shareStream] one stream for all tabs of this browser; true by default
 * @property {import('./connection.js').TransportPreference} [transport] `auto` by default
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
 * @property {import('./tabs.js').SharedConnection} connection
 * @property {import('./api.js').Api} api
 * @property {import('./store.js').PedidosStore} store
 * @property {(autor: string | null) => void} setAutor for the writes from here on
 * @property {() => void} close
 */
/** @typedef {import('./store.js').Snapshot} Snapshot */
/** @typedef {import('./store.js').PedidosStore} PedidosStore */
/** @typedef {import('./store.js').PedidoChange} PedidoChange */
/** @typedef {import('./store.js').PendingEdit} PendingEdit */
/** @typedef {import('./store.js').EditError} EditError */
/** @typedef {import('./store.js').RemoteChange} RemoteChange */
/** @typedef {import('./protocol.js').Pedido} Pedido */
/** @typedef {import('./protocol.js').ItemPedido} ItemPedido */
/** @typedef {import('./protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('./protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./connection.js').TransportPreference} TransportPreference */
/** @typedef {import('./tabs.js').SharedState} SharedState */
/** @typedef {import('./tabs.js').SharedConnection} SharedConnection */
/** @typedef {import('./sync-log.js').SyncLogEntry} SyncLogEntry */
/**
 * Nothing is sent before `store.load()` or `connection.start()`.
 * @param {ClientOptions} [options]
 * @returns {PedidosClient}
 */
export function createPedidosClient(options?: ClientOptions): PedidosClient;
export { PedidosError } from "./api.js";
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
    transport?: import("./connection.js").TransportPreference | undefined;
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
    connection: import("./tabs.js").SharedConnection;
    api: import("./api.js").Api;
    store: import("./store.js").PedidosStore;
    /**
     * for the writes from here on
     */
    setAutor: (autor: string | null) => void;
    close: () => void;
};
export type Snapshot = import("./store.js").Snapshot;
export type PedidosStore = import("./store.js").PedidosStore;
export type PedidoChange = import("./store.js").PedidoChange;
export type PendingEdit = import("./store.js").PendingEdit;
export type EditError = import("./store.js").EditError;
export type RemoteChange = import("./store.js").RemoteChange;
export type Pedido = import("./protocol.js").Pedido;
export type ItemPedido = import("./protocol.js").ItemPedido;
export type PedidoChanges = import("./protocol.js").PedidoChanges;
export type ServerMessage = import("./protocol.js").ServerMessage;
export type TransportPreference = import("./connection.js").TransportPreference;
export type SharedState = import("./tabs.js").SharedState;
export type SharedConnection = import("./tabs.js").SharedConnection;
export type SyncLogEntry = import("./sync-log.js").SyncLogEntry;
export { SETORES, WHOLE_ORDER } from "./protocol.js";

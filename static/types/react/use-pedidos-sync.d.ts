/**
 * Any number of components may use it: those with the same server and token share one connection.
 * @param {PedidosSyncOptions} [options]
 * @returns {PedidosSync}
 */
export function usePedidosSync(options?: PedidosSyncOptions): PedidosSync;
export type Pedido = import("../client/index.js").Pedido;
export type PedidoChanges = import("../client/index.js").PedidoChanges;
export type PedidoChange = import("../client/index.js").PedidoChange;
export type PedidosStore = import("../client/index.js").PedidosStore;
export type Snapshot = import("../client/index.js").Snapshot;
export type TransportPreference = import("../client/index.js").TransportPreference;
export type WriteOptions = import("../client/index.js").WriteOptions;
export type ConnectionError = import("../client/index.js").ConnectionError;
export type PedidosSyncOptions = {
    /**
     * such as `http://192.168.0.10:8000`; the page's own origin by default
     */
    serverUrl?: string | undefined;
    token?: string | null | undefined;
    /**
     * who writes, on a server without sign-in
     */
    autor?: string | null | undefined;
    /**
     * load when mounted; true by default
     */
    autoFetch?: boolean | undefined;
    /**
     * days: load the open orders, and those changed within so many days
     */
    recentes?: number | undefined;
    transport?: import("../client/stream/connection-state.js").TransportPreference | undefined;
    onPedidoCreate?: ((pedido: Pedido, change: PedidoChange) => void) | undefined;
    onPedidoUpdate?: ((pedido: Pedido, change: PedidoChange) => void) | undefined;
    onPedidoDelete?: ((id: number, change: PedidoChange) => void) | undefined;
    /**
     * a sector or the status changed
     */
    onStatusUpdate?: ((id: number, field: string, value: any) => void) | undefined;
    /**
     * a load or write failed, or the connection stopped or is blocked
     */
    onSyncError?: ((error: Error) => void) | undefined;
};
export type PedidosSync = {
    /**
     * newest first
     */
    pedidos: readonly Pedido[];
    /**
     * the first list is on its way
     */
    isLoading: boolean;
    /**
     * of the last load
     */
    error: PedidosError | null;
    lastSync: Date | null;
    /**
     * the last 50, newest first
     */
    syncLog: Snapshot["syncLog"];
    /**
     * live updates arrive, by whichever transport
     */
    wsConnected: boolean;
    wsState: "connecting" | "connected" | "disconnected" | "error";
    /**
     * the network holds changes back; they come, about a second late
     */
    delayed: boolean;
    transport: "websocket" | "sse" | null;
    reconnectAttempt: number;
    connectionError: ConnectionError | null;
    /**
     * by order and field: writes on their way
     */
    pending: Snapshot["pending"];
    /**
     * by order and field: writes that did not get through
     */
    errors: Snapshot["errors"];
    /**
     * by order and field: who changed it last
     */
    remoteChanges: Snapshot["remoteChanges"];
    fetchPedidos: (query?: {
        recentes?: number;
    }) => Promise<void>;
    fetchPedidoById: (id: number) => Promise<Pedido>;
    updatePedido: (id: number, changes: PedidoChanges, options?: WriteOptions) => Promise<Pedido>;
    createPedido: (dados: PedidoChanges & {
        cliente: string;
    }, options?: WriteOptions) => Promise<Pedido>;
    deletePedido: (id: number, options?: WriteOptions) => Promise<void>;
    retry: (id: number, field: string) => Promise<void>;
    dismissError: (id: number, field: string) => void;
    wsReconnect: () => void;
    setTransport: (transport: TransportPreference) => void;
};
import { PedidosError } from '../client/index.js';

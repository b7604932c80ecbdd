export type Pedido = import("../wire/protocol.js").Pedido;
export type PedidoChanges = import("../wire/protocol.js").PedidoChanges;
export type WriteOptions = import("../api.js").WriteOptions;
export type ListQuery = import("../api.js").ListQuery;
export type PedidosError = import("../api.js").PedidosError;
export type SyncLogEntry = import("./sync-log.js").SyncLogEntry;
export type ByField<T> = import("./by-field.js").ByField<T>;
/**
 * A write on its way, as its control shows it.
 */
export type PendingEdit = {
    /**
     * what was asked for
     */
    value: any;
    /**
     * ms
     */
    since: number;
    /**
     * its Idempotency-Key
     */
    key: string;
};
/**
 * A write that did not get through; it stays until `retry`, `dismissError` or the next `update` of the field.
 */
export type EditError = {
    /**
     * what was asked for
     */
    value: any;
    /**
     * ms
     */
    at: number;
    /**
     * its Idempotency-Key
     */
    key: string;
    kind: import("../api.js").PedidosErrorKind;
    /**
     * for the user; the field's own where the server gave one
     */
    message: string;
    status: number;
    /**
     * somebody else answered in the server's place
     */
    byNetwork: boolean;
    retryable: boolean;
    /**
     * on `conflict`: the order as it is now
     */
    current: Pedido | null;
};
/**
 * What somebody else changed last on a field.
 */
export type RemoteChange = {
    autor: string | null;
    /**
     * the server's, ISO 8601
     */
    timestamp: string;
    /**
     * ms
     */
    receivedAt: number;
    cursor: string;
    before: any;
};
/**
 * A change that was just applied, once each.
 */
export type PedidoChange = {
    action: "create" | "update" | "delete";
    pedido_id: number;
    /**
     * null on delete
     */
    pedido: Pedido | null;
    /**
     * null where it was not in the state
     */
    previous: Pedido | null;
    /**
     * names of fields
     */
    changed: string[];
    autor: string | null;
    /**
     * null where it was found by a reload
     */
    timestamp: string | null;
    /**
     * written by this client
     */
    own: boolean;
    source: "event" | "answer" | "reload";
};
export type Snapshot = {
    /**
     * newest first; the same object as before where an order did not change
     */
    pedidos: readonly Pedido[];
    byId: ReadonlyMap<number, Pedido>;
    pending: ByField<PendingEdit>;
    errors: ByField<EditError>;
    remoteChanges: ByField<RemoteChange>;
    connection: import("../stream/tabs.js").SharedState;
    serverVersion: string | null;
    /**
     * up to which the state is complete
     */
    cursor: string | null;
    /**
     * ms; when the state last changed or was confirmed
     */
    lastSync: number | null;
    /**
     * newest first, at most 50
     */
    syncLog: readonly SyncLogEntry[];
    /**
     * the first list is on its way
     */
    isLoading: boolean;
    /**
     * a further list is on its way
     */
    isReloading: boolean;
    /**
     * of the last load
     */
    error: PedidosError | null;
};
export type PedidosStore = {
    subscribe: (listener: () => void) => () => void;
    /**
     * immutable, and the same object until something changes
     */
    getSnapshot: () => Snapshot;
    onChange: (listener: (change: PedidoChange) => void) => () => void;
    /**
     * each failed load and write
     */
    onError: (listener: (error: PedidosError) => void) => () => void;
    /**
     * the list, then the stream behind it;
     * never rejects: see `error`
     */
    load: (query?: {
        recentes?: number;
    }) => Promise<void>;
    update: (id: number, changes: PedidoChanges, options?: WriteOptions) => Promise<Pedido>;
    create: (dados: PedidoChanges & {
        cliente: string;
    }, options?: WriteOptions) => Promise<Pedido>;
    remove: (id: number, options?: WriteOptions) => Promise<void>;
    /**
     * the write that failed on this field, with its own key
     */
    retry: (id: number, field: string) => Promise<void>;
    /**
     * of the whole write that failed on this field
     */
    dismissError: (id: number, field: string) => void;
    /**
     * one order from the server; not kept in the state
     * unless it is there already
     */
    fetchById: (id: number) => Promise<Pedido>;
    /**
     * beyond what is loaded; not kept in the state
     */
    search: (q: string, query?: ListQuery) => Promise<Pedido[]>;
    historico: (id: number) => Promise<import("../api.js").HistoricoEntry[]>;
    close: () => void;
};

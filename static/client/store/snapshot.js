// What the store shows: the types of its snapshots and of what it tells.

/** @typedef {import('../wire/protocol.js').Pedido} Pedido */
/** @typedef {import('../wire/protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('../api.js').WriteOptions} WriteOptions */
/** @typedef {import('../api.js').ListQuery} ListQuery */
/** @typedef {import('../api.js').PedidosError} PedidosError */
/** @typedef {import('./sync-log.js').SyncLogEntry} SyncLogEntry */
/**
 * @template T
 * @typedef {import('./by-field.js').ByField<T>} ByField
 */

/**
 * A write on its way, as its control shows it.
 * @typedef {object} PendingEdit
 * @property {any} value what was asked for
 * @property {number} since ms
 * @property {string} key its Idempotency-Key
 */

/**
 * A write that did not get through; it stays until `retry`, `dismissError` or the next `update` of the field.
 * @typedef {object} EditError
 * @property {any} value what was asked for
 * @property {number} at ms
 * @property {string} key its Idempotency-Key
 * @property {import('../api.js').PedidosErrorKind} kind
 * @property {string} message for the user; the field's own where the server gave one
 * @property {number} status
 * @property {boolean} byNetwork somebody else answered in the server's place
 * @property {boolean} retryable
 * @property {Pedido | null} current on `conflict`: the order as it is now
 */

/**
 * What somebody else changed last on a field.
 * @typedef {object} RemoteChange
 * @property {string | null} autor
 * @property {string} timestamp the server's, ISO 8601
 * @property {number} receivedAt ms
 * @property {string} cursor
 * @property {any} before
 */

/**
 * A change that was just applied, once each.
 * @typedef {object} PedidoChange
 * @property {'create' | 'update' | 'delete'} action
 * @property {number} pedido_id
 * @property {Pedido | null} pedido null on delete
 * @property {Pedido | null} previous null where it was not in the state
 * @property {string[]} changed names of fields
 * @property {string | null} autor
 * @property {string | null} timestamp null where it was found by a reload
 * @property {boolean} own written by this client
 * @property {'event' | 'answer' | 'reload'} source
 */

/**
 * @typedef {object} Snapshot
 * @property {readonly Pedido[]} pedidos newest first; the same object as before where an order did not change
 * @property {ReadonlyMap<number, Pedido>} byId
 * @property {ByField<PendingEdit>} pending
 * @property {ByField<EditError>} errors
 * @property {ByField<RemoteChange>} remoteChanges
 * @property {import('../stream/tabs.js').SharedState} connection
 * @property {string | null} serverVersion
 * @property {string | null} cursor up to which the state is complete
 * @property {number | null} lastSync ms; when the state last changed or was confirmed
 * @property {readonly SyncLogEntry[]} syncLog newest first, at most 50
 * @property {boolean} isLoading the first list is on its way
 * @property {boolean} isReloading a further list is on its way
 * @property {PedidosError | null} error of the last load
 */

/**
 * @typedef {object} PedidosStore
 * @property {(listener: () => void) => () => void} subscribe
 * @property {() => Snapshot} getSnapshot immutable, and the same object until something changes
 * @property {(listener: (change: PedidoChange) => void) => () => void} onChange
 * @property {(listener: (error: PedidosError) => void) => () => void} onError each failed load and write
 * @property {(query?: {recentes?: number}) => Promise<void>} load the list, then the stream behind it;
 *   never rejects: see `error`
 * @property {(id: number, changes: PedidoChanges, options?: WriteOptions) => Promise<Pedido>} update
 * @property {(dados: PedidoChanges & {cliente: string}, options?: WriteOptions) => Promise<Pedido>} create
 * @property {(id: number, options?: WriteOptions) => Promise<void>} remove
 * @property {(id: number, field: string) => Promise<void>} retry the write that failed on this field, with its own key
 * @property {(id: number, field: string) => void} dismissError of the whole write that failed on this field
 * @property {(id: number) => Promise<Pedido>} fetchById one order from the server; not kept in the state
 *   unless it is there already
 * @property {(q: string, query?: ListQuery) => Promise<Pedido[]>} search beyond what is loaded; not kept in the state
 * @property {(id: number) => Promise<import('../api.js').HistoricoEntry[]>} historico
 * @property {() => void} close
 */

export {};

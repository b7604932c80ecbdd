/**
 * The error of a write is on its field: a caller who does not look at the promise is no fault.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
export function quiet<T>(promise: Promise<T>): Promise<T>;
/** @typedef {import('../wire/protocol.js').Pedido} Pedido */
/** @typedef {import('../wire/protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('../wire/protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */
/** @typedef {import('../api.js').PedidosError} PedidosError */
/** @typedef {import('../api.js').WriteOptions} WriteOptions */
/** @typedef {import('./snapshot.js').PendingEdit} PendingEdit */
/** @typedef {import('./snapshot.js').EditError} EditError */
/**
 * What is asked for.
 * @typedef {object} Edit
 * @property {number} id
 * @property {PedidoChanges} changes
 * @property {readonly string[]} fields
 * @property {WriteOptions & {idempotencyKey: string}} options
 */
/**
 * One try of an edit.
 * @typedef {object} Write
 * @property {Edit} edit
 * @property {'waiting' | 'sent' | 'failed' | 'settled'} state
 * @property {(value: any) => void} resolve
 * @property {(failure: PedidosError) => void} reject
 */
/**
 * Whose writes they are.
 * @typedef {object} Owner
 * @property {<T>(work: () => T) => T} transition
 * @property {() => void} commit
 * @property {() => number} loads how many lists were loaded so far
 * @property {(pedido: Pedido, action: 'update', loadsBefore: number) => void} applyAnswer
 * @property {(id: number) => void} applyRemoval
 * @property {(id: number, failure: PedidosError) => void} onFailed
 */
export class Writes {
    /**
     * @param {object} dependencies
     * @param {import('../api.js').Api} dependencies.api
     * @param {import('../environment.js').Clock} dependencies.clock
     * @param {import('./table.js').Table} dependencies.table
     * @param {Owner} dependencies.owner
     */
    constructor({ api, clock, table, owner }: {
        api: import("../api.js").Api;
        clock: import("../environment.js").Clock;
        table: import("./table.js").Table;
        owner: Owner;
    });
    api: {
        create(dados: import("../api.js").PedidoChanges & {
            cliente: string;
        }, options?: import("../api.js").WriteOptions): Promise<import("../api.js").Pedido>;
        patch(id: number, changes: import("../api.js").PedidoChanges, options?: import("../api.js").WriteOptions): Promise<import("../api.js").Pedido>;
        remove(id: number, options?: import("../api.js").WriteOptions): Promise<{
            message: string;
        }>;
        list(query?: ListQuery, { etag }?: {
            etag?: string | null;
        }): Promise<ListAnswer>;
        get(id: number): Promise<import("../api.js").Pedido>;
        historico(id: number): Promise<HistoricoEntry[]>;
        proximoNumero(): Promise<{
            proximo_numero: number;
            total_pedidos: number;
        }>;
        newKey: () => string;
    };
    clock: import("../environment.js").Clock;
    table: import("./table.js").Table;
    owner: Owner;
    turns: {
        take(names: readonly string[], done: Promise<unknown>, send: () => void): void;
    };
    /** On their way or failed, by key. @type {Map<string, Write>} */
    known: Map<string, Write>;
    /** @type {import('./by-field.js').ByField<PendingEdit>} */
    pending: import("./by-field.js").ByField<PendingEdit>;
    /** @type {import('./by-field.js').ByField<EditError>} */
    errors: import("./by-field.js").ByField<EditError>;
    /** @param {Edit} edit @returns {Promise<Pedido>} */
    update(edit: Edit): Promise<Pedido>;
    /** @param {Edit} edit @returns {Promise<unknown>} */
    remove(edit: Edit): Promise<unknown>;
    /**
     * @template T
     * @param {Edit} edit
     * @param {() => Promise<T>} send
     * @param {(answer: T, loadsBefore: number) => void} onAnswer
     * @returns {Promise<T>}
     */
    start<T>(edit: Edit, send: () => Promise<T>, onAnswer: (answer: T, loadsBefore: number) => void): Promise<T>;
    /** The fields of a new write are pending, and what was wrong with them is past. @param {Write} write */
    note(write: Write): void;
    /**
     * An edit is done, as its answer, its own event or the order itself says: nothing of these fields is pending any more, nor
     * wrong. Once that holds for all of its fields, its caller has an answer.
     * @param {Write} write
     * @param {readonly string[]} fields of it
     * @param {any} value for its caller
     */
    settle(write: Write, fields: readonly string[], value: any): void;
    /** @param {Write} write @param {PedidosError} failure */
    fail(write: Write, failure: PedidosError): void;
    /**
     * This client's own change came by the stream: as good as the answer, also where that was given up.
     * @param {PedidoUpdateMessage} message of a change or a removal
     */
    onEvent({ pedido_id: id, data }: PedidoUpdateMessage): void;
    /** What is as it was asked for needs no confirmation any more. @param {Pedido} pedido as it is now */
    onOrder(pedido: Pedido): void;
    /** The order is gone, and with it what was wrong. @param {number} id */
    onRemoved(id: number): void;
    /** @param {number} id @param {string} field */
    retry(id: number, field: string): Promise<void>;
    /** All of the write that failed on this field. @param {number} id @param {string} field */
    dismiss(id: number, field: string): void;
    /** @param {number} id @param {string} field */
    forget(id: number, field: string): void;
    /** @param {Write} write @param {readonly string[]} fields */
    clearPending({ edit: { id, options } }: Write, fields: readonly string[]): void;
    /** @param {number} id @param {string} field @returns {EditError | null} */
    errorOf(id: number, field: string): EditError | null;
    /** @param {number} id @param {string} key */
    hasError(id: number, key: string): boolean;
    /** @param {string} key @param {number} id @param {string} field */
    isWrongUnder(key: string, id: number, field: string): boolean;
    /** @param {string} key @param {number} id @param {string} field */
    isPendingUnder(key: string, id: number, field: string): boolean;
}
export type Pedido = import("../wire/protocol.js").Pedido;
export type PedidoChanges = import("../wire/protocol.js").PedidoChanges;
export type PedidoUpdateMessage = import("../wire/protocol.js").PedidoUpdateMessage;
export type PedidosError = import("../api.js").PedidosError;
export type WriteOptions = import("../api.js").WriteOptions;
export type PendingEdit = import("./snapshot.js").PendingEdit;
export type EditError = import("./snapshot.js").EditError;
/**
 * What is asked for.
 */
export type Edit = {
    id: number;
    changes: PedidoChanges;
    fields: readonly string[];
    options: WriteOptions & {
        idempotencyKey: string;
    };
};
/**
 * One try of an edit.
 */
export type Write = {
    edit: Edit;
    state: "waiting" | "sent" | "failed" | "settled";
    resolve: (value: any) => void;
    reject: (failure: PedidosError) => void;
};
/**
 * Whose writes they are.
 */
export type Owner = {
    transition: <T>(work: () => T) => T;
    commit: () => void;
    /**
     * how many lists were loaded so far
     */
    loads: () => number;
    applyAnswer: (pedido: Pedido, action: "update", loadsBefore: number) => void;
    applyRemoval: (id: number) => void;
    onFailed: (id: number, failure: PedidosError) => void;
};

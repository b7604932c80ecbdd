export class Loading {
    /**
     * @param {object} dependencies
     * @param {import('../api.js').Api} dependencies.api
     * @param {import('../stream/tabs.js').SharedConnection} dependencies.stream
     * @param {import('../environment.js').Clock} dependencies.clock
     * @param {() => number} dependencies.random
     * @param {import('./table.js').Table} dependencies.table
     * @param {import('./sync-log.js').SyncLog} dependencies.log
     * @param {Owner} dependencies.owner
     */
    constructor({ api, stream, clock, random, table, log, owner }: {
        api: import("../api.js").Api;
        stream: import("../stream/tabs.js").SharedConnection;
        clock: import("../environment.js").Clock;
        random: () => number;
        table: import("./table.js").Table;
        log: import("./sync-log.js").SyncLog;
        owner: Owner;
    });
    api: {
        create(dados: PedidoChanges & {
            cliente: string;
        }, options?: WriteOptions): Promise<import("../api.js").Pedido>;
        patch(id: number, changes: PedidoChanges, options?: WriteOptions): Promise<import("../api.js").Pedido>;
        remove(id: number, options?: WriteOptions): Promise<{
            message: string;
        }>;
        list(query?: ListQuery, { etag }?: {
            etag?: string | null;
        }): Promise<import("../api.js").ListAnswer>;
        get(id: number): Promise<import("../api.js").Pedido>;
        historico(id: number): Promise<HistoricoEntry[]>;
        proximoNumero(): Promise<{
            proximo_numero: number;
            total_pedidos: number;
        }>;
        newKey: () => string;
    };
    stream: import("../stream/tabs.js").SharedConnection;
    clock: import("../environment.js").Clock;
    random: () => number;
    table: import("./table.js").Table;
    log: {
        entries: () => readonly import("./sync-log.js").SyncLogEntry[];
        add: (kind: SyncLogKind, text: string) => void;
        connection({ status, transport, error }: import("../stream/tabs.js").SharedState): void;
    };
    owner: Owner;
    /** @type {{recentes?: number}} */
    query: {
        recentes?: number;
    };
    /** @type {string | null} */
    applied: string | null;
    /** The list that the state still is, to the letter, for a 304. Its orders are the state's: kept for themselves they would be
     * a second copy of all of them as soon as they change. @type {{key: string, etag: string} | null} */
    lastList: {
        key: string;
        etag: string;
    } | null;
    /** What came in during a load; null while none is under way. @type {(PedidoUpdateMessage | Pedido)[] | null} */
    waiting: (PedidoUpdateMessage | Pedido)[] | null;
    /** How many lists were loaded. */
    count: number;
    /** The stream began anew: what we have may be of another history. */
    isOtherHistory: boolean;
    /** The request that is under way. @type {Promise<void> | null} */
    request: Promise<void> | null;
    isWantedAgain: boolean;
    /** @type {unknown} */
    retryTimer: unknown;
    /** Of the last load. @type {PedidosError | null} */
    error: PedidosError | null;
    isClosed: boolean;
    isUnderWay(): boolean;
    /** The state is not the last list any more. */
    stateChanged(): void;
    /** An order that was answered during a load, whose list may be older. @param {Pedido} pedido */
    keepAnswer(pedido: Pedido): void;
    /** @param {{recentes?: number}} [query] another filter */
    load(query?: {
        recentes?: number;
    }): Promise<void>;
    close(): void;
    /** @param {import('../wire/protocol.js').ServerMessage} message */
    onMessage(message: import("../wire/protocol.js").ServerMessage): void;
    /**
     * A stream that begins elsewhere than the list stands. Further on: it was opened before there was a list. Further back: what the
     * list knows beyond may be of a history that the server has no more, since a copy was put back meanwhile.
     * @param {string} cursor
     */
    onBeginning(cursor: string): void;
    /** @param {PedidoUpdateMessage} message */
    onEvent(message: PedidoUpdateMessage): void;
    /** @param {PedidoUpdateMessage} message the next one */
    apply(message: PedidoUpdateMessage): void;
    reload(): void;
    loadOnce(): Promise<void>;
    /** @param {PedidosError} failure */
    onFailed(failure: PedidosError): void;
    /** @param {ListAnswer} answer @param {string} key of its query @param {boolean} isOther of another history, perhaps */
    onLoaded({ pedidos, cursor, etag, notModified }: ListAnswer, key: string, isOther: boolean): void;
    /** @param {PedidoUpdateMessage[]} events that waited for the list */
    catchUp(events: PedidoUpdateMessage[]): void;
}
export type Pedido = import("../wire/protocol.js").Pedido;
export type PedidoUpdateMessage = import("../wire/protocol.js").PedidoUpdateMessage;
export type PedidosError = import("../api.js").PedidosError;
export type ListAnswer = import("../api.js").ListAnswer;
/**
 * Whose state it is.
 */
export type Owner = {
    transition: <T>(work: () => T) => T;
    commit: () => void;
    /**
     * the next one
     */
    applyEvent: (message: PedidoUpdateMessage) => void;
    /**
     *   `answers`: of own writes, that came meanwhile; `isOther`: of another history, perhaps
     */
    applyList: (list: readonly Pedido[], answers: readonly Pedido[], isOther: boolean, isFirst: boolean) => void;
    onFailed: (failure: PedidosError) => void;
};

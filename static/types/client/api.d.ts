/**
 * @param {object} dependencies
 * @param {string} dependencies.baseUrl
 * @param {string | null} dependencies.token
 * @param {string} dependencies.clientId
 * @param {() => string | null} dependencies.autor
 * @param {import('./environment.js').Environment['fetch']} dependencies.fetch
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => string} dependencies.randomId
 */
export function createApi({ baseUrl, token, clientId, autor, fetch, clock, randomId }: {
    baseUrl: string;
    token: string | null;
    clientId: string;
    autor: () => string | null;
    fetch: import("./environment.js").Environment["fetch"];
    clock: import("./environment.js").Clock;
    randomId: () => string;
}): {
    /**
     * @param {PedidoChanges & {cliente: string}} dados
     * @param {WriteOptions} [options]
     * @returns {Promise<Pedido>}
     */
    create(dados: PedidoChanges & {
        cliente: string;
    }, options?: WriteOptions): Promise<Pedido>;
    /**
     * @param {number} id
     * @param {PedidoChanges} changes only these fields change
     * @param {WriteOptions} [options]
     * @returns {Promise<Pedido>} the whole order after it
     */
    patch(id: number, changes: PedidoChanges, options?: WriteOptions): Promise<Pedido>;
    /**
     * @param {number} id
     * @param {WriteOptions} [options]
     * @returns {Promise<{message: string}>}
     */
    remove(id: number, options?: WriteOptions): Promise<{
        message: string;
    }>;
    /**
     * One page, or with no `limite` the whole list.
     * @param {ListQuery} [query]
     * @param {{etag?: string | null}} [options] answer 304 where nothing changed since
     * @returns {Promise<ListAnswer>}
     */
    list(query?: ListQuery, { etag }?: {
        etag?: string | null;
    }): Promise<ListAnswer>;
    /** @param {number} id @returns {Promise<Pedido>} */
    get(id: number): Promise<Pedido>;
    /** @param {number} id @returns {Promise<HistoricoEntry[]>} */
    historico(id: number): Promise<HistoricoEntry[]>;
    /** @returns {Promise<{proximo_numero: number, total_pedidos: number}>} */
    proximoNumero(): Promise<{
        proximo_numero: number;
        total_pedidos: number;
    }>;
    newKey: () => string;
};
/** @typedef {import('./wire/protocol.js').Pedido} Pedido */
/** @typedef {import('./wire/protocol.js').PedidoChanges} PedidoChanges */
/**
 * - `refused`: the server said no (4xx, 500); sending the same again gives the same;
 * - `conflict`: 412, another version; `pedido` is the current one;
 * - `denied`: 401, 403;
 * - `unavailable`: it was surely not done (429, 503), later it may be;
 * - `unconfirmed`: no answer of the server's came, or somebody else's in its place (`byNetwork`). It may have been done: try
 *   again with the same `idempotencyKey`.
 * @typedef {'refused' | 'conflict' | 'denied' | 'unavailable' | 'unconfirmed'} PedidosErrorKind
 */
export class PedidosError extends Error {
    /**
     * @param {PedidosErrorKind} kind
     * @param {string} message for the user, in Portuguese
     * @param {{status?: number, title?: string, type?: string, fieldErrors?: Record<string, string>,
     *          pedido?: Pedido | null, retryAfter?: number | null, byNetwork?: boolean}} [details]
     */
    constructor(kind: PedidosErrorKind, message: string, details?: {
        status?: number;
        title?: string;
        type?: string;
        fieldErrors?: Record<string, string>;
        pedido?: Pedido | null;
        retryAfter?: number | null;
        byNetwork?: boolean;
    });
    kind: PedidosErrorKind;
    /** HTTP status, 0 where there was no answer of the server's. */
    status: number;
    title: string;
    /** The problem's `type`, such as `urn:pedidos:problema:pedido-nao-encontrado`; '' where there was none. */
    type: string;
    /** Somebody else answered in the server's place: a portal, a proxy, an antivirus. */
    byNetwork: boolean;
    /** @type {Readonly<Record<string, string>>} the name of a field → what is wrong with it */
    fieldErrors: Readonly<Record<string, string>>;
    /** @type {Pedido | null} the current order, on `conflict` */
    pedido: Pedido | null;
    /** ms, as the server asked; null where it did not */
    retryAfter: number | null;
    /** @type {string | null} of the write that failed */
    idempotencyKey: string | null;
    /** Whether the same write may be sent again. */
    get retryable(): boolean;
}
/**
 * @typedef {object} ListQuery
 * @property {number} [recentes] days: all open orders, and those changed within so many days
 * @property {string} [status]
 * @property {string} [setor]
 * @property {string} [prioridade]
 * @property {string} [q] number, client, town
 * @property {string} [atualizado_desde]
 * @property {number} [limite]
 * @property {string} [cursor] of the page
 */
/**
 * @typedef {object} ListAnswer
 * @property {boolean} notModified 304: `pedidos` is empty, what was answered under the ETag holds
 * @property {Pedido[]} pedidos
 * @property {string | null} etag
 * @property {string | null} cursor where in the stream this answer stands
 * @property {number | null} total
 * @property {string | null} next the address of the next page
 */
/**
 * @typedef {object} WriteOptions
 * @property {number | string} [ifMatch] a `versao`, or an ETag; another version answers `conflict`
 * @property {string} [idempotencyKey] of an earlier try of the same write
 */
/**
 * @typedef {object} HistoricoEntry
 * @property {string} cursor
 * @property {'create' | 'update' | 'delete'} acao
 * @property {string | null} autor
 * @property {string} timestamp
 * @property {Record<string, [any, any]>} mudancas
 */
/** @typedef {ReturnType<typeof createApi>} Api */
export const READ_TIMEOUT: 30000;
/** All tries of one write together. */
export const WRITE_TIMEOUT: 10000;
/** Of the 404 that says that there is no such order, and not that the address is wrong. */
export const NO_SUCH_ORDER: "urn:pedidos:problema:pedido-nao-encontrado";
/**
 * Whether it is what was asked for.
 */
export type IsOurs = (value: any, response: Response) => boolean;
/**
 * A success: what was answered, parsed.
 */
export type Answer = {
    response: Response;
    value: any;
};
export type Pedido = import("./wire/protocol.js").Pedido;
export type PedidoChanges = import("./wire/protocol.js").PedidoChanges;
/**
 * - `refused`: the server said no (4xx, 500); sending the same again gives the same;
 * - `conflict`: 412, another version; `pedido` is the current one;
 * - `denied`: 401, 403;
 * - `unavailable`: it was surely not done (429, 503), later it may be;
 * - `unconfirmed`: no answer of the server's came, or somebody else's in its place (`byNetwork`). It may have been done: try
 *   again with the same `idempotencyKey`.
 */
export type PedidosErrorKind = "refused" | "conflict" | "denied" | "unavailable" | "unconfirmed";
export type ListQuery = {
    /**
     * days: all open orders, and those changed within so many days
     */
    recentes?: number | undefined;
    status?: string | undefined;
    setor?: string | undefined;
    prioridade?: string | undefined;
    /**
     * number, client, town
     */
    q?: string | undefined;
    atualizado_desde?: string | undefined;
    limite?: number | undefined;
    /**
     * of the page
     */
    cursor?: string | undefined;
};
export type ListAnswer = {
    /**
     * 304: `pedidos` is empty, what was answered under the ETag holds
     */
    notModified: boolean;
    pedidos: Pedido[];
    etag: string | null;
    /**
     * where in the stream this answer stands
     */
    cursor: string | null;
    total: number | null;
    /**
     * the address of the next page
     */
    next: string | null;
};
export type WriteOptions = {
    /**
     * a `versao`, or an ETag; another version answers `conflict`
     */
    ifMatch?: string | number | undefined;
    /**
     * of an earlier try of the same write
     */
    idempotencyKey?: string | undefined;
};
export type HistoricoEntry = {
    cursor: string;
    acao: "create" | "update" | "delete";
    autor: string | null;
    timestamp: string;
    mudancas: Record<string, [any, any]>;
};
export type Api = ReturnType<typeof createApi>;

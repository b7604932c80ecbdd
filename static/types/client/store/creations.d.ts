/** @typedef {import('../wire/protocol.js').Pedido} Pedido */
/** @typedef {import('../wire/protocol.js').PedidoChanges} PedidoChanges */
/** @typedef {import('../api.js').PedidosError} PedidosError */
/** @typedef {{dados: PedidoChanges, resolve: (pedido: Pedido) => void}} Creation */
/**
 * @param {object} dependencies
 * @param {import('../api.js').Api} dependencies.api
 * @param {() => number} dependencies.loads how many lists were loaded so far
 * @param {(pedido: Pedido, loadsBefore: number) => void} dependencies.onAnswer
 * @param {(failure: PedidosError) => void} dependencies.onFailed
 */
export function createCreations({ api, loads, onAnswer, onFailed }: {
    api: import("../api.js").Api;
    loads: () => number;
    onAnswer: (pedido: Pedido, loadsBefore: number) => void;
    onFailed: (failure: PedidosError) => void;
}): {
    /**
     * @param {PedidoChanges & {cliente: string}} dados
     * @param {import('../api.js').WriteOptions} options
     * @returns {Promise<Pedido>}
     */
    create(dados: PedidoChanges & {
        cliente: string;
    }, options: import("../api.js").WriteOptions): Promise<Pedido>;
    /** This client's own event. @param {Pedido} pedido */
    onEvent(pedido: Pedido): void;
};
export type Pedido = import("../wire/protocol.js").Pedido;
export type PedidoChanges = import("../wire/protocol.js").PedidoChanges;
export type PedidosError = import("../api.js").PedidosError;
export type Creation = {
    dados: PedidoChanges;
    resolve: (pedido: Pedido) => void;
};

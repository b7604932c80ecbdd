/** @typedef {import('./snapshot.js').Pedido} Pedido */
/** @typedef {import('./snapshot.js').PedidoChange} PedidoChange */
/** @typedef {import('./snapshot.js').PedidosError} PedidosError */
/** @typedef {import('./snapshot.js').PedidosStore} PedidosStore */
/** @typedef {import('./snapshot.js').Snapshot} Snapshot */
/** @typedef {import('../wire/protocol.js').PedidoUpdateMessage} PedidoUpdateMessage */
/**
 * @typedef {object} Dependencies
 * @property {import('../api.js').Api} api
 * @property {import('../stream/tabs.js').SharedConnection} stream
 * @property {import('../environment.js').Clock} clock
 * @property {() => number} random
 * @property {string} clientId
 */
/** @param {Dependencies} dependencies @returns {PedidosStore} */
export function createStore(dependencies: Dependencies): PedidosStore;
export type Pedido = import("./snapshot.js").Pedido;
export type PedidoChange = import("./snapshot.js").PedidoChange;
export type PedidosError = import("./snapshot.js").PedidosError;
export type PedidosStore = import("./snapshot.js").PedidosStore;
export type Snapshot = import("./snapshot.js").Snapshot;
export type PedidoUpdateMessage = import("../wire/protocol.js").PedidoUpdateMessage;
export type Dependencies = {
    api: import("../api.js").Api;
    stream: import("../stream/tabs.js").SharedConnection;
    clock: import("../environment.js").Clock;
    random: () => number;
    clientId: string;
};

// New orders on their way. One is there by its answer or by its event, whichever comes first.

import { isDoneIn } from './same-value.js';

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
export function createCreations({ api, loads, onAnswer, onFailed }) {
  /** @type {Set<Creation>} */
  const underWay = new Set();

  return {
    /**
     * @param {PedidoChanges & {cliente: string}} dados
     * @param {import('../api.js').WriteOptions} options
     * @returns {Promise<Pedido>}
     */
    async create(dados, options) {
      const loadsBefore = loads();
      /** @type {Creation} */
      const creation = { dados, resolve: () => undefined };
      /** @type {Promise<Pedido>} */
      const event = new Promise((resolve) => Object.assign(creation, { resolve }));
      underWay.add(creation);
      try {
        const answer = api.create(dados, options).then((pedido) => {
          onAnswer(pedido, loadsBefore);
          return pedido;
        });
        return await Promise.race([answer, event]);
      } catch (failure) {
        onFailed(/** @type {PedidosError} */ (failure));
        throw failure;
      } finally {
        underWay.delete(creation);
      }
    },

    /** This client's own event. @param {Pedido} pedido */
    onEvent(pedido) {
      const made = Array.from(underWay).find(({ dados }) => isDoneIn(dados, Object.keys(dados), pedido));
      if (made) made.resolve(pedido);
    },
  };
}

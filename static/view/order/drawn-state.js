// What a row of the list or a card of the board was drawn from last: while all of it is the same there is nothing to do.

/** @typedef {import('../../client/index.js').Snapshot} Snapshot */
/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('./recent-changes.js').RecentChange} RecentChange */

export function createDrawnState() {
  /** @type {unknown[]} */
  let drawn = [];

  return {
    /**
     * Whether any of it is another than at the last call.
     * @param {Pedido} pedido @param {Snapshot} snapshot @param {string} today @param {RecentChange | null} change
     */
    changes(pedido, snapshot, today, change) {
      const { id } = pedido;
      const state = [pedido, snapshot.pending[id], snapshot.errors[id], today, change && change.cursor, change && change.light];
      if (drawn.length > 0 && state.every((part, index) => part === drawn[index])) return false;
      drawn = state;
      return true;
    },
  };
}

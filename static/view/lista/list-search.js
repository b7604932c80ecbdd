// Asks the server for what is searched for, beyond what is loaded.

import { readSearch } from '../order/orders.js';

/** @typedef {import('../order/orders.js').Pedido} Pedido */

/** From the last letter to the question; ms. */
const PAUSE = 300;
/** Letters. */
const SHORTEST = 2;

export class ListSearch {
  /** @param {{store: import('../../client/index.js').PedidosStore, onFound: () => void}} dependencies */
  constructor({ store, onFound }) {
    this.store = store;
    this.onFound = onFound;
    /** @type {readonly Pedido[]} */
    this.found = [];
    /** @type {'idle' | 'asking' | 'done' | 'failed'} */
    this.state = 'idle';
    /** Grows with each question: an older one's answer counts for nothing. */
    this.number = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** @param {string} q */
  ask(q) {
    this.stop();
    this.found = [];
    if (readSearch(q).words.join('').length < SHORTEST) {
      this.state = 'idle';
      return;
    }
    this.state = 'asking';
    const mine = this.number;
    this.timer = setTimeout(async () => {
      const found = await this.store.search(q.trim()).catch(() => null);
      if (mine !== this.number) return;
      this.found = found || [];
      this.state = found === null ? 'failed' : 'done';
      this.onFound();
    }, PAUSE);
  }

  stop() {
    clearTimeout(this.timer);
    this.number += 1;
  }
}

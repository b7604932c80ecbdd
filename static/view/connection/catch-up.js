// Back after an outage: the page says *Atualizando…* until it shows what the server has. Nothing waits for it.

import { comparePosition } from '../../client/index.js';
import { QUIET, outageSince } from './connection-view.js';

const PATIENCE = 8_000;

/**
 * Asks the server once where its log stands, and waits until the stream has brought the page there.
 * @param {object} dependencies
 * @param {import('../../client/index.js').PedidosStore} dependencies.store
 * @param {import('../../client/index.js').Api} dependencies.api
 * @param {() => number} dependencies.now
 * @param {() => void} dependencies.onChange
 */
export function createCatchUp({ store, api, now, onChange }) {
  /** @type {number | null} */
  let outage = null;
  let active = false;
  /** Where the server's log stood when it was asked. @type {string | null} */
  let target = null;
  let attempt = 0;

  function end() {
    active = false;
    attempt += 1;
    onChange();
  }

  async function begin() {
    active = true;
    target = null;
    attempt += 1;
    const mine = attempt;
    onChange();
    try {
      const { cursor } = await api.list({ limite: 1 });
      if (mine !== attempt) return;
      target = cursor;
      look();
    } catch (failure) {
      if (mine === attempt) end();
      return;
    }
    setTimeout(() => {
      if (mine !== attempt || !active) return;
      // The stream did not bring it: another history, or a gap. The list does.
      store.load();
      end();
    }, PATIENCE);
  }

  function look() {
    const { connection, cursor, isReloading } = store.getSnapshot();
    const since = outageSince(connection);
    if (since !== null) {
      outage = since;
    } else if (outage !== null && connection.status === 'connected') {
      const long = now() - outage >= QUIET;
      outage = null;
      if (long) begin();
    }
    if (active && !isReloading && target !== null && comparePosition(cursor, target) === 'repeat') end();
  }

  store.subscribe(look);
  return { isActive: () => active };
}

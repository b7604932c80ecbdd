// One polite live region. One's own results are said at once; what others changed is summed up, at most every 15 s.

/** @typedef {import('../../client/index.js').PedidoChange} PedidoChange */

export const SUMMARY_PAUSE = 15_000;
/** ms in which one's own result is not talked over by what others changed. */
export const OWN_PAUSE = 5_000;
const NAMED = 3;

/**
 * @param {HTMLElement} region
 * @param {() => number} now
 */
export function createAnnouncer(region, now) {
  /** The numbers of orders that others changed, by id: the changes themselves would keep two versions of each order.
   * @type {Map<number, string>} */
  let others = new Map();
  let lastSummary = -Infinity;
  let lastOwn = -Infinity;
  let toggle = false;

  /** @param {string} text */
  function show(text) {
    // The same words twice are said twice.
    toggle = !toggle;
    region.textContent = text + (toggle ? '' : '\u00a0');
  }

  function summarize() {
    if (others.size === 0 || now() - lastSummary < SUMMARY_PAUSE || now() - lastOwn < OWN_PAUSE) return;
    lastSummary = now();
    const numbers = Array.from(others.values());
    others = new Map();
    const named = numbers.slice(0, NAMED).join(', ');
    const rest = numbers.length > NAMED ? ` e mais ${numbers.length - NAMED}` : '';
    show(numbers.length === 1 ? `O pedido ${named} mudou.` : `${numbers.length} pedidos mudaram: ${named}${rest}.`);
  }

  return {
    /** @param {string} text */
    say(text) {
      lastOwn = now();
      show(text);
    },
    /** @param {PedidoChange} change */
    note(change) {
      if (change.own) return;
      const pedido = change.pedido || change.previous;
      others.set(change.pedido_id, pedido ? pedido.numero : String(change.pedido_id));
    },
    summarize,
  };
}

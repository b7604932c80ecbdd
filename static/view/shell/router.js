// Addresses within the page: `#/lista?setor=costura`, `#/pedido/12`.

/**
 * @typedef {object} Route
 * @property {string} name of the view
 * @property {number | null} id of an order
 * @property {URLSearchParams} query
 */

const VIEWS = new Set(['lista', 'quadro', 'resumo', 'pedido', 'novo', 'ficha']);
const OF_ONE_ORDER = new Set(['pedido', 'ficha']);

/** What is no address of ours shows the list. @param {string} hash @returns {Route} */
export function parseRoute(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name, id] = path.split('/');
  const number = /^\d+$/.test(id || '') ? Number(id) : null;
  const known = VIEWS.has(name) && (number !== null || !OF_ONE_ORDER.has(name));
  return { name: known ? name : 'lista', id: number, query: new URLSearchParams(known ? query : '') };
}

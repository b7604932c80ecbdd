// The views, each loaded when it is first shown, with the style sheets of its folder.

import { loadStyle } from '../dom/dom.js';

/** @typedef {import('../context.js').Mount} Mount */
/** @typedef {{folder: string, sheets: readonly string[], title: string, load: () => Promise<{mount: Mount}>}} View */

/** @type {Readonly<Record<string, View>>} */
export const VIEWS = Object.freeze({
  lista: { folder: 'lista', sheets: ['lista', 'filters', 'row'], title: 'Lista', load: () => import('../lista/lista.js') },
  quadro: { folder: 'quadro', sheets: ['quadro'], title: 'Quadro', load: () => import('../quadro/quadro.js') },
  resumo: { folder: 'resumo', sheets: ['resumo'], title: 'Resumo', load: () => import('../resumo/resumo.js') },
  pedido: { folder: 'pedido', sheets: ['pedido', 'items', 'conflict'], title: 'Pedido', load: () => import('../pedido/pedido.js') },
  novo: { folder: 'pedido', sheets: ['pedido', 'items', 'conflict'], title: 'Novo pedido', load: () => import('../pedido/pedido.js') },
  ficha: { folder: 'ficha', sheets: ['ficha'], title: 'Ficha', load: () => import('../ficha/ficha.js') },
});

const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 30_000;

/** By the name of their module. @type {Map<string, Mount>} */
const loaded = new Map();
/** How often each has failed. @type {Map<string, number>} */
const failures = new Map();

/**
 * @param {string} name
 * @returns {Promise<Mount>} rejects where the module or its style sheet cannot be had now
 */
export async function loadView(name) {
  const { folder, sheets, load } = VIEWS[name];
  const known = loaded.get(folder);
  if (known) return known;
  const failed = failures.get(folder) || 0;
  // Some browsers keep a failed import for good: each further try has an address of its own.
  const retry = () => import(new URL(`../${folder}/${folder}.js?tentativa=${failed}`, import.meta.url).href);
  try {
    const [{ mount }] = await Promise.all([
      failed === 0 ? load() : retry(),
      ...sheets.map((sheet) => loadStyle(new URL(`../${folder}/${sheet}.css`, import.meta.url).href)),
    ]);
    loaded.set(folder, mount);
    return mount;
  } catch (error) {
    failures.set(folder, failed + 1);
    throw error;
  }
}

/** ms until a view that could not be had is asked for again. @param {string} name */
export function retryAfter(name) {
  const failed = failures.get(VIEWS[name].folder) || 1;
  return Math.min(FIRST_RETRY * 2 ** (failed - 1), LONGEST_RETRY);
}

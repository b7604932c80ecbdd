// The views, each loaded when it is first shown, with the style sheet of its name.

import { loadStyle } from './dom.js';

/** @typedef {import('./context.js').Mount} Mount */
/** @typedef {{style: string, title: string, load: () => Promise<{mount: Mount}>}} View */

/** @type {Readonly<Record<string, View>>} */
export const VIEWS = Object.freeze({
  lista: { style: 'lista', title: 'Lista', load: () => import('./lista.js') },
  quadro: { style: 'quadro', title: 'Quadro', load: () => import('./quadro.js') },
  resumo: { style: 'resumo', title: 'Resumo', load: () => import('./resumo.js') },
  pedido: { style: 'pedido', title: 'Pedido', load: () => import('./pedido.js') },
  novo: { style: 'pedido', title: 'Novo pedido', load: () => import('./pedido.js') },
  ficha: { style: 'ficha', title: 'Ficha', load: () => import('./ficha.js') },
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
  const { style, load } = VIEWS[name];
  const known = loaded.get(style);
  if (known) return known;
  const failed = failures.get(style) || 0;
  // Some browsers keep a failed import for good: each further try has an address of its own.
  const retry = () => import(new URL(`./${style}.js?tentativa=${failed}`, import.meta.url).href);
  try {
    const [{ mount }] = await Promise.all([
      failed === 0 ? load() : retry(),
      loadStyle(new URL(`./${style}.css`, import.meta.url).href),
    ]);
    loaded.set(style, mount);
    return mount;
  } catch (error) {
    failures.set(style, failed + 1);
    throw error;
  }
}

/** ms until a view that could not be had is asked for again. @param {string} name */
export function retryAfter(name) {
  const failed = failures.get(VIEWS[name].style) || 1;
  return Math.min(FIRST_RETRY * 2 ** (failed - 1), LONGEST_RETRY);
}

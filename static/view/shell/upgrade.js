// A page older than its server offers to reload, and does so by itself when nobody looks and nothing is being typed.

import { h, setText } from '../dom/dom.js';

const KEY = 'pedidos.recarregada';

/**
 * @param {object} dependencies
 * @param {string} dependencies.version this page's
 * @param {import('../../client/index.js').PedidosStore} dependencies.store
 * @param {() => boolean} dependencies.isBusy something is being typed, or on its way
 * @param {() => void} dependencies.reload
 */
export function createUpgrade({ version, store, isBusy, reload }) {
  const text = h('span', null);
  const button = h('button', { type: 'button', class: 'button', onclick: () => reload() }, 'Atualizar');
  const element = h('div', { class: 'notice notice--info', id: 'atualizacao', hidden: true }, text, button);

  function isOld() {
    const { serverVersion } = store.getSnapshot();
    return serverVersion !== null && serverVersion !== version;
  }

  function look() {
    const old = isOld();
    if (element.hidden === old) element.hidden = !old;
    if (!old) return;
    const { serverVersion } = store.getSnapshot();
    setText(text, `Há uma versão nova do sistema (${serverVersion}).`);
    if (document.visibilityState !== 'hidden' || isBusy()) return;
    // Where a cache gives the old page again, once is enough.
    try {
      if (sessionStorage.getItem(KEY) === serverVersion) return;
      sessionStorage.setItem(KEY, String(serverVersion));
    } catch (error) {
      return;
    }
    reload();
  }

  store.subscribe(look);
  document.addEventListener('visibilitychange', look);
  return { element, look };
}

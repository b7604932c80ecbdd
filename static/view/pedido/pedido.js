// The page of one order, and of a new one: finds the order, then shows its form.

import { WHOLE_ORDER } from '../../client/index.js';
import { h } from '../dom/dom.js';
import { mountForm } from './order-form.js';

/** @typedef {import('../context.js').Context} Context */

/** How long the form waits to learn who is signed in, whose drafts it may offer; ms. */
const WAIT_FOR_SESSION = 3_000;

/** @param {HTMLElement} element @param {Context} context @returns {() => void} */
export function mount(element, context) {
  const { id } = context.route;
  let unmount = () => undefined;
  let gone = false;

  async function load() {
    element.replaceChildren(h('p', { class: 'empty' }, 'Carregando o pedido…'));
    try {
      const [pedido, owner] = await Promise.all([find(context, id), ownerOf(context)]);
      if (gone) return;
      element.replaceChildren();
      const whyNot = id === null ? context.session.whyNot(WHOLE_ORDER) : null;
      if (whyNot !== null) showRefusal(element, whyNot);
      else unmount = /** @type {() => undefined} */ (mountForm(element, context, pedido, owner));
    } catch (error) {
      if (!gone) showFailure(element, error, load);
    }
  }
  load();
  return () => {
    gone = true;
    unmount();
  };
}

/** @param {Context} context @param {number | null} id null for a new order */
async function find({ store }, id) {
  if (id === null) return null;
  return store.getSnapshot().byId.get(id) || store.fetchById(id);
}

/** @param {Context} context @returns {Promise<string | null>} as in `drafts.js` */
async function ownerOf({ session }) {
  const patience = new Promise((resolve) => setTimeout(resolve, WAIT_FOR_SESSION));
  await Promise.race([session.whenKnown(), patience]);
  return session.owner();
}

/** @param {HTMLElement} element @param {any} error @param {() => void} again */
function showFailure(element, error, again) {
  const missing = error.status === 404;
  element.replaceChildren(
    h(
      'div',
      { class: 'empty' },
      h('h1', null, missing ? 'Este pedido não existe' : 'O pedido não pôde ser carregado'),
      h('p', null, missing ? 'Ele foi excluído, ou o endereço está errado.' : String(error.message)),
      !missing && h('button', { type: 'button', class: 'button', onclick: again }, 'Tentar de novo'),
      h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
    ),
  );
}

/** @param {HTMLElement} element @param {string} why */
function showRefusal(element, why) {
  element.replaceChildren(
    h(
      'div',
      { class: 'empty' },
      h('h1', null, 'Você não pode criar pedidos'),
      h('p', null, `${why}.`),
      h('a', { class: 'button', href: '#/lista' }, 'Voltar à lista'),
    ),
  );
}

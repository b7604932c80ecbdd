// What the list says where it has no rows, and of a search that goes on.

import { WHOLE_ORDER } from '../../client/index.js';
import { h, setText } from '../dom/dom.js';

/** @typedef {'' | 'loading' | 'error' | 'empty' | 'nothing'} Kind */

const SEARCHING = {
  idle: '',
  asking: 'Buscando também nos pedidos mais antigos…',
  done: '',
  failed: 'Não foi possível buscar nos pedidos mais antigos.',
};

/**
 * @param {Pick<import('../context.js').Context, 'store' | 'session'>} context
 * @param {() => void} onClear
 */
export function createListMessage({ store, session }, onClear) {
  const message = h('div', { class: 'message' });
  const searching = h('p', { class: 'searching muted' });
  let shown = '';

  /** @param {Kind} kind @param {string} text of the error @returns {Node[]} */
  function contentFor(kind, text) {
    if (kind === '') return [];
    if (kind === 'loading') return loading();
    if (kind === 'error') {
      const again = h('button', { type: 'button', class: 'button', onclick: () => store.load() }, 'Tentar agora');
      return [empty('Não foi possível carregar os pedidos', `${text} O sistema continua tentando sozinho.`, again)];
    }
    if (kind === 'empty') {
      const create = h('a', { class: 'button button--primary', href: '#/novo' }, 'Criar o primeiro pedido');
      const mayCreate = session.whyNot(WHOLE_ORDER) === null;
      return [empty('Nenhum pedido por aqui', 'Quando alguém criar um pedido, ele aparece nesta lista na mesma hora.', mayCreate && create)];
    }
    const clear = h('button', { type: 'button', class: 'button', onclick: onClear }, 'Limpar filtros');
    return [empty('Nenhum pedido com estes filtros', '', clear)];
  }

  return {
    elements: [message, searching],
    /** @param {Kind} kind @param {string} text of the error @param {keyof typeof SEARCHING} search */
    draw(kind, text, search) {
      setText(searching, SEARCHING[search]);
      if (`${kind} ${text}` === shown) return;
      shown = `${kind} ${text}`;
      message.replaceChildren(...contentFor(kind, text));
    },
  };
}

/** @param {string} heading @param {string} text @param {HTMLElement | false} way on */
function empty(heading, text, way) {
  return h('div', { class: 'empty' }, h('h2', null, heading), text !== '' && h('p', null, text), way);
}

function loading() {
  const bones = Array.from({ length: 8 }, () => h('div', { class: 'bone' }));
  return [h('p', { class: 'only-heard' }, 'Carregando os pedidos…'), h('div', { class: 'bones', 'aria-hidden': 'true' }, bones)];
}

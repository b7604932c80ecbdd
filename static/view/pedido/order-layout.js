// Where the parts of an order's form stand.

import { h, setText } from '../dom/dom.js';

/**
 * @param {object} given
 * @param {number | null} given.id null for a new order
 * @param {ReadonlyMap<string, import('./fields.js').Field>} given.fields
 * @param {HTMLElement[]} given.items
 * @param {HTMLElement} given.itemsNote
 * @param {HTMLElement} given.faults
 * @param {HTMLElement[]} given.boxes the sectors
 * @param {HTMLElement | null} given.timeline
 * @param {string | null} given.whyLocked why some fields are only shown
 * @param {boolean} given.canSave
 * @param {boolean} given.canRemove
 * @param {() => void} given.onSave
 * @param {() => void} given.onDiscard
 * @param {() => void} given.onRemove
 * @param {() => void} given.onSum
 */
export function layOut(given) {
  const { id, fields } = given;
  /** @param {string} name */
  const part = (name) => /** @type {import('./fields.js').Field} */ (fields.get(name)).element;
  /** @param {string} text @param {() => void} onclick @param {string} kind @param {string} [name] */
  const button = (text, onclick, kind, name) => h('button', { type: 'button', class: kind, id: name, onclick }, text);

  const heading = h('h1', { tabindex: '-1' });
  const subtitle = h('p', { class: 'muted' });
  const banner = h('div', { class: 'banner', hidden: true });
  const itemsTotal = h('output', { id: 'valor-itens' });
  const useSum = button('', given.onSum, 'link');
  const save = button('', given.onSave, 'button button--primary', 'salvar');
  const discard = button('Descartar alterações', given.onDiscard, 'button button--plain');
  const state = h('p', { class: 'savebar__state', id: 'estado' });
  const problems = h('div', { class: 'sectors__problems' });
  const remove = button('Excluir pedido', given.onRemove, 'button button--danger', 'excluir');
  remove.hidden = !given.canRemove;
  part('valor_total').append(useSum);

  const form = h(
    'form',
    { class: 'form', novalidate: true, 'aria-label': id === null ? 'Novo pedido' : 'Pedido' },
    given.faults,
    h(
      'section',
      { class: 'panel' },
      h('h2', null, 'Cliente'),
      h('div', { class: 'grid' }, ...['cliente', 'numero', 'telefone_cliente', 'cidade_cliente'].map(part)),
    ),
    h(
      'section',
      { class: 'panel' },
      h('h2', null, 'Prazo'),
      h('div', { class: 'grid' }, ...['data_entrada', 'data_entrega', 'prioridade', 'status', 'observacao'].map(part)),
    ),
    h('section', { class: 'panel', id: 'itens' }, h('h2', null, 'Itens'), given.itemsNote, ...given.items),
    h(
      'section',
      { class: 'panel' },
      h('h2', null, 'Pagamento e envio'),
      h(
        'div',
        { class: 'grid' },
        ...['tipo_pagamento', 'forma_envio', 'valor_frete'].map(part),
        h('div', { class: 'field' }, h('span', { class: 'field__label' }, 'Soma dos itens'), itemsTotal),
        ...['valor_total', 'obs_pagamento'].map(part),
      ),
    ),
    h('div', { class: 'savebar', hidden: !given.canSave }, state, h('span', { class: 'savebar__rest' }), discard, save),
  );
  const side = given.timeline !== null && sideOf(given.boxes, problems, given.timeline, remove);
  const head = h(
    'div',
    { class: 'order__head' },
    h('div', null, heading, subtitle, given.whyLocked !== null && h('p', null, `${given.whyLocked}.`)),
    id !== null && h('a', { class: 'button', href: `#/ficha/${id}` }, 'Ficha para imprimir'),
  );
  return {
    elements: [head, banner, h('div', { class: id === null ? 'order order--new' : 'order' }, form, side)],
    form,
    heading,
    banner,
    itemsTotal,
    useSum,
    save,
    discard,
    state,
    problems,
    remove,
    /** @param {string} title @param {string} below */
    head(title, below) {
      setText(heading, title);
      setText(subtitle, below);
    },
  };
}

/** Beside the form. @param {HTMLElement[]} boxes @param {HTMLElement} problems @param {HTMLElement} timeline @param {HTMLElement} remove */
function sideOf(boxes, problems, timeline, remove) {
  return h(
    'div',
    { class: 'order__side' },
    h(
      'section',
      { class: 'panel', 'aria-labelledby': 'setores-titulo' },
      h('h2', { id: 'setores-titulo' }, 'Setores'),
      h('div', { class: 'sectors' }, ...boxes),
      problems,
    ),
    timeline,
    remove,
  );
}

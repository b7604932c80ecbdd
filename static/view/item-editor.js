// One item of an order in the form. What it does not know of an item it keeps and gives back.

import { h } from './dom.js';
import { createField, lockAll } from './fields.js';
import { EYELETS, FINISHES, ITEM_FIELDS, shownItemValue, typedItemValue } from './item-fields.js';
import { createItemPicture } from './item-picture.js';
import { currency, itemCents, toAmount } from './money.js';

/** @typedef {import('../client/index.js').ItemPedido} ItemPedido */
/** @typedef {ReturnType<typeof createItemEditor>} ItemEditor */

let serial = 0;

/**
 * @param {ItemPedido} first
 * @param {{onChange: () => void, onRemove: () => void}} handlers
 * @param {string | null} whyNot why the item is only shown; null where it can be changed
 */
export function createItemEditor(first, { onChange, onRemove }, whyNot) {
  serial += 1;
  const prefix = `item-${serial}`;
  /** @type {Record<string, any>} */
  let item = { ...first };
  const fields = new Map(ITEM_FIELDS.map((options) => [options.name, createField({ ...options, id: `${prefix}-${options.name}` })]));
  const legend = h('legend', null);
  const sum = h('output', { class: 'item__sum' });
  const picture = createItemPicture(prefix, (value) => set('imagem', value));
  const remove = h('button', { type: 'button', class: 'button button--plain', onclick: onRemove }, 'Remover item');

  /** @param {string} name @param {any} value */
  function set(name, value) {
    item = { ...item, [name]: value };
    drawSum();
    onChange();
  }

  for (const [name, field] of fields) {
    field.control.addEventListener('input', () => {
      field.setFault(null);
      set(name, typedItemValue(name, field.control.value));
    });
  }

  const finishes = FINISHES.map(([name, label]) => {
    const box = h('input', { type: 'checkbox', id: `${prefix}-${name}` });
    box.addEventListener('change', () => {
      set('acabamento', { overloque: false, elastico: false, ilhos: false, ...item.acabamento, [name]: box.checked });
      showEyelets();
    });
    return { name, box, element: h('label', { class: 'check', for: box.id }, box, label) };
  });

  function showEyelets() {
    const has = Boolean(item.acabamento && item.acabamento.ilhos);
    for (const name of EYELETS) /** @type {import('./fields.js').Field} */ (fields.get(name)).element.hidden = !has;
  }

  function drawSum() {
    sum.textContent = currency(toAmount(itemCents(/** @type {ItemPedido} */ (item))));
  }

  function draw() {
    for (const [name, { control }] of fields) {
      // What is being typed keeps its cursor, and its spelling.
      const same = typedItemValue(name, control.value) === typedItemValue(name, shownItemValue(name, item[name]));
      if (!same || control !== document.activeElement) control.value = shownItemValue(name, item[name]);
    }
    for (const { name, box } of finishes) box.checked = Boolean(item.acabamento && item.acabamento[name]);
    showEyelets();
    drawSum();
    picture.show(item.imagem || '');
  }

  /** @param {string} name */
  const part = (name) => /** @type {import('./fields.js').Field} */ (fields.get(name)).element;
  const element = h(
    'fieldset',
    { class: 'item' },
    legend,
    h('div', { class: 'item__head' }, part('descricao'), part('valor_unitario')),
    h(
      'div',
      { class: 'item__grid' },
      ...['largura', 'altura', 'metro_quadrado', 'tecido', 'tipo_producao', 'emenda', 'vendedor', 'designer'].map(part),
    ),
    h('div', { class: 'item__finish', role: 'group', 'aria-label': 'Acabamento' }, ...finishes.map((finish) => finish.element)),
    h('div', { class: 'item__grid' }, ...EYELETS.map(part)),
    part('observacao'),
    picture.element,
    h(
      'div',
      { class: 'item__foot' },
      remove,
      h('span', null, 'Total do item ', sum),
    ),
  );
  draw();
  if (whyNot !== null) {
    lockAll(element, whyNot);
    picture.lock();
    remove.remove();
  }

  return {
    element,
    item: () => /** @type {ItemPedido} */ (item),
    /** The item as others changed it. @param {ItemPedido} next */
    update(next) {
      item = { ...next };
      draw();
    },
    focus: () => part('descricao').querySelector('input')?.focus(),
    /** @param {number} index @param {number} count */
    setPlace(index, count) {
      legend.textContent = `Item ${index + 1} de ${count}`;
      for (const [name, field] of fields) field.control.name = `items.${index}.${name}`;
      picture.field.control.name = `items.${index}.imagem`;
    },
    /** @param {string} name @returns {import('./fields.js').Field | undefined} */
    field: (name) => (name === 'imagem' ? picture.field : fields.get(name)),
    clearFaults() {
      fields.forEach((field) => field.setFault(null));
      picture.field.setFault(null);
    },
  };
}

// One item of an order in the form. What it does not know of an item it keeps and gives back.

import { h, setText } from '../dom/dom.js';
import { createField, lockAll } from './fields.js';
import { EYELETS, FINISHES, ITEM_FIELDS, shownItemValue, typedItemValue } from './item-fields.js';
import { createItemPicture } from './item-picture.js';
import { currency, itemCents, toAmount } from '../order/money.js';

/** @typedef {import('../../client/index.js').ItemPedido} ItemPedido */
/** @typedef {ReturnType<typeof createItemEditor>} ItemEditor */

let serial = 0;

/** Of the ids of one item's fields. */
function nextPrefix() {
  serial += 1;
  return `item-${serial}`;
}

/**
 * @param {ItemPedido} first
 * @param {{onChange: () => void, onRemove: () => void}} handlers
 * @param {string | null} whyNot why the item is only shown; null where it can be changed
 */
export function createItemEditor(first, { onChange, onRemove }, whyNot) {
  const prefix = nextPrefix();
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

  fields.forEach(({ control, setFault }, name) => {
    control.addEventListener('input', () => {
      setFault(null);
      set(name, typedItemValue(name, control.value));
    });
  });

  const finishes = createFinishes(prefix, (name, isOn) => {
    set('acabamento', { overloque: false, elastico: false, ilhos: false, ...item.acabamento, [name]: isOn });
    showEyelets();
  });

  function showEyelets() {
    const has = Boolean(item.acabamento && item.acabamento.ilhos);
    fields.forEach(({ element: one }, name) => EYELETS.includes(name) && one.toggleAttribute('hidden', !has));
  }

  const drawSum = () => setText(sum, currency(toAmount(itemCents(/** @type {ItemPedido} */ (item)))));

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

  const boxes = finishes.map((finish) => finish.element);
  const element = layOut(fields, { legend, finishes: boxes, picture: picture.element, remove, sum });
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
    focus: () => fields.get('descricao')?.control.focus(),
    /** @param {number} index @param {number} count */
    setPlace(index, count) {
      setText(legend, `Item ${index + 1} de ${count}`);
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

/** @param {string} prefix of the ids @param {(name: string, isOn: boolean) => void} onChange */
function createFinishes(prefix, onChange) {
  return FINISHES.map(([name, label]) => {
    const box = h('input', { type: 'checkbox', id: `${prefix}-${name}` });
    box.addEventListener('change', () => onChange(name, box.checked));
    return { name, box, element: h('label', { class: 'check', for: box.id }, box, label) };
  });
}

/**
 * @param {ReadonlyMap<string, import('./fields.js').Field>} fields
 * @param {{legend: HTMLElement, finishes: HTMLElement[], picture: HTMLElement, remove: HTMLElement, sum: HTMLElement}} parts
 */
function layOut(fields, { legend, finishes, picture, remove, sum }) {
  /** @param {string} name */
  const part = (name) => /** @type {import('./fields.js').Field} */ (fields.get(name)).element;
  return h(
    'fieldset',
    { class: 'item' },
    legend,
    h('div', { class: 'item__head' }, part('descricao'), part('valor_unitario')),
    h(
      'div',
      { class: 'item__grid' },
      ...['largura', 'altura', 'metro_quadrado', 'tecido', 'tipo_producao', 'emenda', 'vendedor', 'designer'].map(part),
    ),
    h('div', { class: 'item__finish', role: 'group', 'aria-label': 'Acabamento' }, ...finishes),
    h('div', { class: 'item__grid' }, ...EYELETS.map(part)),
    part('observacao'),
    picture,
    h('div', { class: 'item__foot' }, remove, h('span', null, 'Total do item ', sum)),
  );
}

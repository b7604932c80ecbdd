// One item of an order in the form. What it does not know of an item it keeps and gives back.

import { h } from './dom.js';
import { createField, lockAll } from './fields.js';
import { imageFromFile } from './image-file.js';
import { currency, itemCents, readable, toAmount, toCents } from './money.js';

/** @typedef {import('../client/protocol.js').ItemPedido} ItemPedido */

const AMOUNTS = new Set(['valor_unitario', 'ilhos_valor_unitario']);
const EYELETS = ['ilhos_qtd', 'ilhos_valor_unitario', 'ilhos_distancia'];

/** @returns {ItemPedido} */
export const newItem = () => ({
  descricao: '',
  tipo_producao: '',
  largura: '',
  altura: '',
  metro_quadrado: '',
  vendedor: '',
  designer: '',
  tecido: '',
  acabamento: { overloque: false, elastico: false, ilhos: false },
  emenda: 'sem-emenda',
  observacao: '',
  valor_unitario: '0.00',
  imagem: '',
});

/** @type {readonly (Omit<import('./fields.js').FieldOptions, 'id'>)[]} */
const FIELDS = [
  { name: 'descricao', label: 'Descrição', required: true, maxlength: 2000, className: 'field--wide' },
  { name: 'valor_unitario', label: 'Valor (R$)', kind: 'amount' },
  {
    name: 'tipo_producao',
    label: 'Tipo de produção',
    maxlength: 200,
    suggestions: ['Painel', 'Totem', 'Lona', 'Bandeira', 'Camisa', 'Uniforme', 'Almofada', 'Cortina'],
  },
  { name: 'tecido', label: 'Tecido', maxlength: 200 },
  { name: 'largura', label: 'Largura', maxlength: 200 },
  { name: 'altura', label: 'Altura', maxlength: 200 },
  { name: 'metro_quadrado', label: 'Área (m²)', maxlength: 200 },
  {
    name: 'emenda',
    label: 'Emenda',
    kind: 'select',
    choices: [
      ['sem-emenda', 'Sem emenda'],
      ['com-emenda', 'Com emenda'],
    ],
  },
  { name: 'vendedor', label: 'Vendedor', maxlength: 200 },
  { name: 'designer', label: 'Designer', maxlength: 200 },
  { name: 'ilhos_qtd', label: 'Ilhoses', maxlength: 200 },
  { name: 'ilhos_valor_unitario', label: 'Valor do ilhós (R$)', kind: 'amount' },
  { name: 'ilhos_distancia', label: 'Distância (cm)', maxlength: 200 },
  { name: 'observacao', label: 'Observação do item', kind: 'area', maxlength: 10000, className: 'field--full' },
];

/** @type {readonly (readonly ['overloque' | 'elastico' | 'ilhos', string])[]} */
const FINISHES = [
  ['overloque', 'Overloque'],
  ['elastico', 'Elástico'],
  ['ilhos', 'Ilhós'],
];

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
  const fields = new Map(FIELDS.map((options) => [options.name, createField({ ...options, id: `${prefix}-${options.name}` })]));
  const legend = h('legend', null);
  const sum = h('output', { class: 'item__sum' });

  /** @param {string} name @param {any} value */
  function set(name, value) {
    item = { ...item, [name]: value };
    drawSum();
    onChange();
  }

  for (const [name, field] of fields) {
    const value = item[name];
    field.control.value = AMOUNTS.has(name) && value ? readable(value) : value || '';
    if (name === 'emenda') field.control.value = value || 'sem-emenda';
    field.control.addEventListener('input', () => {
      field.setFault(null);
      const typed = field.control.value;
      if (!AMOUNTS.has(name)) {
        set(name, typed);
        return;
      }
      const cents = toCents(typed);
      const empty = name === 'valor_unitario' ? '0.00' : '';
      set(name, typed.trim() === '' ? empty : cents === null ? typed : toAmount(cents));
    });
  }

  const finishes = FINISHES.map(([name, label]) => {
    const box = h('input', { type: 'checkbox', id: `${prefix}-${name}` });
    box.checked = Boolean(item.acabamento && item.acabamento[name]);
    box.addEventListener('change', () => {
      set('acabamento', { overloque: false, elastico: false, ilhos: false, ...item.acabamento, [name]: box.checked });
      showEyelets();
    });
    return h('label', { class: 'check', for: box.id }, box, label);
  });

  function showEyelets() {
    const has = Boolean(item.acabamento && item.acabamento.ilhos);
    for (const name of EYELETS) /** @type {import('./fields.js').Field} */ (fields.get(name)).element.hidden = !has;
  }

  function drawSum() {
    sum.textContent = currency(toAmount(itemCents(/** @type {ItemPedido} */ (item))));
  }

  // ---- the picture ---------------------------------------------------------------------------

  const picture = h('img', { class: 'item__picture', alt: 'Imagem do item', referrerpolicy: 'no-referrer' });
  const address = createField({ name: 'imagem', id: `${prefix}-imagem`, label: 'Imagem', placeholder: 'Endereço, ou escolha um arquivo' });
  const file = h('input', { type: 'file', accept: 'image/*', id: `${prefix}-arquivo`, hidden: true });
  const choose = h('button', { type: 'button', class: 'button', onclick: () => file.click() }, 'Escolher arquivo…');
  const drop = h('button', { type: 'button', class: 'button button--plain', onclick: () => setPicture('') }, 'Tirar imagem');

  const remove = h('button', { type: 'button', class: 'button button--plain', onclick: onRemove }, 'Remover item');

  /** @param {string} value */
  function setPicture(value) {
    set('imagem', value);
    drawPicture();
  }

  function drawPicture() {
    const value = item.imagem || '';
    const embedded = value.startsWith('data:');
    address.control.value = embedded ? '' : value;
    address.element.hidden = embedded;
    picture.hidden = value === '' || !/^(data:image\/|https?:|\/)/.test(value);
    if (!picture.hidden) picture.src = value;
    drop.hidden = value === '';
  }

  address.control.addEventListener('change', () => setPicture(address.control.value.trim()));
  picture.addEventListener('error', () => {
    picture.hidden = true;
    if (item.imagem) address.setFault('A imagem não pôde ser mostrada.');
  });
  picture.addEventListener('load', () => address.setFault(null));
  file.addEventListener('change', async () => {
    const chosen = file.files && file.files[0];
    file.value = '';
    if (!chosen) return;
    try {
      setPicture(await imageFromFile(chosen));
      address.setFault(null);
    } catch (error) {
      address.element.hidden = false;
      address.setFault(/** @type {Error} */ (error).message);
    }
  });

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
    h('div', { class: 'item__finish', role: 'group', 'aria-label': 'Acabamento' }, ...finishes),
    h('div', { class: 'item__grid' }, ...EYELETS.map(part)),
    part('observacao'),
    h('div', { class: 'item__image' }, picture, address.element, choose, file, drop),
    h(
      'div',
      { class: 'item__foot' },
      remove,
      h('span', null, 'Total do item ', sum),
    ),
  );
  showEyelets();
  drawSum();
  drawPicture();
  if (whyNot !== null) {
    lockAll(element, whyNot);
    if (!item.imagem) address.element.hidden = true;
    for (const button of [choose, drop, remove]) button.remove();
  }

  return {
    element,
    item: () => /** @type {ItemPedido} */ (item),
    focus: () => part('descricao').querySelector('input')?.focus(),
    /** @param {number} index @param {number} count */
    setPlace(index, count) {
      legend.textContent = `Item ${index + 1} de ${count}`;
      for (const [name, field] of fields) field.control.name = `items.${index}.${name}`;
      address.control.name = `items.${index}.imagem`;
    },
    /** @param {string} name @returns {import('./fields.js').Field | undefined} */
    field: (name) => (name === 'imagem' ? address : fields.get(name)),
    clearFaults: () => fields.forEach((field) => field.setFault(null)),
  };
}

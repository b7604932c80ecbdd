// The fields of one item: how each is typed, shown and named. No DOM here.

import { readable, toAmount, toCents } from '../order/money.js';

/** @typedef {import('../../client/index.js').ItemPedido} ItemPedido */

const AMOUNTS = new Set(['valor_unitario', 'ilhos_valor_unitario']);
export const EYELETS = Object.freeze(['ilhos_qtd', 'ilhos_valor_unitario', 'ilhos_distancia']);

/** @type {readonly (Omit<import('./fields.js').FieldOptions, 'id'>)[]} */
export const ITEM_FIELDS = [
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
export const FINISHES = [
  ['overloque', 'Overloque'],
  ['elastico', 'Elástico'],
  ['ilhos', 'Ilhós'],
];

/** @type {Readonly<Record<string, string>>} */
const NAMES = Object.freeze({
  imagem: 'Imagem',
  ...Object.fromEntries(ITEM_FIELDS.map(({ name, label }) => [name, label])),
  ...Object.fromEntries(FINISHES.map(([name, label]) => [`acabamento.${name}`, label])),
});

/** @param {string} field as in `items-merge.js` */
export const itemFieldName = (field) => NAMES[field] || field;

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

/** @param {string} field @param {any} value @returns {string} as it stands in its control */
export function shownItemValue(field, value) {
  if (field === 'emenda') return value || 'sem-emenda';
  return AMOUNTS.has(field) && value ? readable(value) : String(value === null || value === undefined ? '' : value);
}

/** @param {string} field @param {string} text @returns {string} as it is sent; what is no amount stays as it was typed */
export function typedItemValue(field, text) {
  if (!AMOUNTS.has(field)) return text;
  if (text.trim() === '') return field === 'valor_unitario' ? '0.00' : '';
  const cents = toCents(text);
  return cents === null ? text : toAmount(cents);
}

/** @param {string} field */
export const isItemAmount = (field) => AMOUNTS.has(field);

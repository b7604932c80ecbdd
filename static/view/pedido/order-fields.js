// The fields of the order's form, and how a value is typed and shown in each.

import { createField } from './fields.js';
import { readable, toAmount, toCents } from '../order/money.js';
import { AMOUNTS, DATES } from './order-edit.js';
import { STATUS_NAMES } from '../order/orders.js';

/** @typedef {import('./fields.js').Field} Field */

/** @type {readonly (Omit<import('./fields.js').FieldOptions, 'id'>)[]} */
const FIELDS = [
  { name: 'cliente', label: 'Cliente', required: true, maxlength: 200, className: 'field--wide' },
  { name: 'numero', label: 'Número', maxlength: 40, placeholder: 'automático' },
  { name: 'telefone_cliente', label: 'Telefone', kind: 'tel', maxlength: 200 },
  { name: 'cidade_cliente', label: 'Cidade', maxlength: 200 },
  { name: 'data_entrada', label: 'Entrada', kind: 'date' },
  { name: 'data_entrega', label: 'Entrega', kind: 'date' },
  {
    name: 'prioridade',
    label: 'Prioridade',
    kind: 'select',
    choices: [
      ['NORMAL', 'Normal'],
      ['ALTA', 'Urgente'],
    ],
  },
  { name: 'status', label: 'Situação', kind: 'select', choices: Object.entries(STATUS_NAMES) },
  { name: 'observacao', label: 'Observação', kind: 'area', maxlength: 10000, className: 'field--full' },
  {
    name: 'tipo_pagamento',
    label: 'Pagamento',
    maxlength: 200,
    suggestions: ['Pix', 'Dinheiro', 'Cartão de crédito', 'Cartão de débito', 'Boleto', 'Transferência'],
  },
  {
    name: 'forma_envio',
    label: 'Envio',
    maxlength: 200,
    suggestions: ['Retirada', 'Motoboy', 'Correios', 'Sedex', 'Transportadora'],
  },
  { name: 'valor_frete', label: 'Frete (R$)', kind: 'amount' },
  { name: 'valor_total', label: 'Valor total (R$)', kind: 'amount' },
  { name: 'obs_pagamento', label: 'Observação do pagamento', kind: 'area', maxlength: 10000, className: 'field--full' },
];

/** @returns {Map<string, Field>} by name */
export function createOrderFields() {
  return new Map(FIELDS.map((options) => [options.name, createField({ ...options, id: `campo-${options.name}` })]));
}

/** @param {string} name @param {any} value @returns {string} as it stands in its control */
export function shownValue(name, value) {
  if (value === null || value === undefined) return '';
  return AMOUNTS.has(name) ? readable(value) : String(value);
}

/**
 * What was typed, as it is compared and sent; an amount that cannot be read stays as it was typed.
 * @param {string} name @param {string} text
 */
export function typedValue(name, text) {
  if (DATES.has(name)) return text === '' ? null : text;
  if (!AMOUNTS.has(name)) return text;
  const cents = toCents(text);
  return cents === null ? text : toAmount(cents);
}

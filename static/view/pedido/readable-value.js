// A field's value in words: for the history, for a conflict, for what others changed.

import { isItemAmount, itemFieldName } from './item-fields.js';
import { currency, itemCents, toAmount } from '../order/money.js';
import { STATUS_NAMES } from '../order/orders.js';

/** @param {string} day */
const fullDate = (day) => day.split('-').reverse().join('/');

/** @param {string} field @param {any} value @returns {string} */
export function readableValue(field, value) {
  if (value === null || value === undefined || value === '') return 'vazio';
  if (field === 'items' && Array.isArray(value)) {
    if (value.length === 0) return 'nenhum item';
    return value.map((item) => `${item.descricao} · ${currency(toAmount(itemCents(item)))}`).join('\n');
  }
  if (field.startsWith('valor_')) return currency(String(value));
  if (field.startsWith('data_') && /^\d{4}-\d{2}-\d{2}$/.test(value)) return fullDate(value);
  if (field === 'status') return STATUS_NAMES[value] || String(value);
  if (field === 'prioridade') return value === 'ALTA' ? 'Urgente' : 'Normal';
  if (typeof value === 'boolean') return value ? 'marcado' : 'desmarcado';
  return String(value);
}

/** @param {string} field of an item, as in `items-merge.js` @param {any} value */
function readableItemField(field, value) {
  if (field.startsWith('acabamento.')) return value ? 'sim' : 'não';
  if (value === null || value === undefined || value === '') return 'vazio';
  if (isItemAmount(field)) return currency(String(value));
  if (field === 'imagem') return String(value).startsWith('data:') ? 'uma imagem de arquivo' : String(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Where a part of the items is: `Item 2 · Tecido`. @param {import('./items-merge.js').Part} part */
export function partName({ index, field }) {
  return field === null ? `Item ${index + 1}` : `Item ${index + 1} · ${itemFieldName(field)}`;
}

/** One side's value of a part of the items. @param {import('./items-merge.js').Part} part @param {any} value */
export function readablePartValue({ field }, value) {
  if (field !== null) return readableItemField(field, value);
  if (value === null) return 'removido';
  return Object.entries(value)
    .filter(([name, one]) => name !== 'id' && typeof one !== 'object' && one !== '' && one !== null)
    .map(([name, one]) => `${itemFieldName(name)}: ${readableItemField(name, one)}`)
    .join('\n');
}

/** @param {import('./items-merge.js').Part} part @param {any} value */
export const readablePart = (part, value) => `${partName(part)}: ${readablePartValue(part, value)}`;

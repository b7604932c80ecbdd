// A field's value in words: for the history, for a conflict, for what others changed.

import { currency, itemCents, toAmount } from './money.js';
import { STATUS_NAMES } from './orders.js';

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

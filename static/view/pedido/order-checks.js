// What can be seen to be wrong with an order before it is sent. No DOM here.

import { FIRST_YEAR, LAST_YEAR, isYearMeant } from '../order/dates.js';
import { whyNotAddress } from './image-file.js';
import { toCents } from '../order/money.js';
import { DATES } from './order-edit.js';

/** @typedef {import('../../client/index.js').ItemPedido} ItemPedido */

const NO_AMOUNT = 'Escreva um valor como 1.234,56.';

/**
 * @param {(field: string) => any} value of a field
 * @param {object} circumstances
 * @param {boolean} circumstances.isNew
 * @param {readonly string[]} circumstances.unreadable dates that the browser could not read
 * @returns {Record<string, string>} by field, as the server names them
 */
export function faultsOf(value, { isNew, unreadable }) {
  /** @type {Record<string, string>} */
  const wrong = {};
  if (String(value('cliente')).trim() === '') wrong.cliente = 'Diga quem é o cliente.';
  if (!isNew && String(value('numero')).trim() === '') wrong.numero = 'O número não pode ficar em branco.';
  for (const name of ['valor_frete', 'valor_total']) {
    if (toCents(value(name)) === null) wrong[name] = NO_AMOUNT;
  }
  for (const name of DATES) {
    if (unreadable.includes(name)) wrong[name] = 'Escreva uma data que existe.';
    else if (value(name) && !isYearMeant(value(name))) wrong[name] = `Escreva um ano entre ${FIRST_YEAR} e ${LAST_YEAR}.`;
  }
  /** @type {ItemPedido[]} */ (value('items')).forEach((item, index) => {
    if (item.descricao.trim() === '') wrong[`items.${index}.descricao`] = 'Diga o que é este item.';
    for (const name of /** @type {const} */ (['valor_unitario', 'ilhos_valor_unitario'])) {
      if (toCents(item[name]) === null) wrong[`items.${index}.${name}`] = NO_AMOUNT;
    }
    const fault = whyNotAddress(item.imagem || '');
    if (fault) wrong[`items.${index}.imagem`] = fault;
  });
  return wrong;
}

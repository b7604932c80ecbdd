// What the orders add up to: counts per sector, late ones, those due today. Shared by Resumo and Painel.
//
// Rules:
// 1. A day is a string, `YYYY-MM-DD`, and days are compared as strings (see dates.js).
// 2. An order that is neither delivered nor cancelled counts where its card stands: under its first unticked sector.
// 3. Finished is what is `pronto` or `entregue`, or has all five boxes ticked; never what is `cancelado`.

import { daysBetween } from './dates.js';
import { STAGES, STAGE_NAMES, isClosed, isLate, shownStatus, stageOf } from './orders.js';

/** @typedef {import('../../client/index.js').Pedido} Pedido */
/** @typedef {import('./orders.js').Stage} Stage */

const WEEKDAYS = ['domingo', 'segunda', 'terça', 'quarta', 'quinta', 'sexta', 'sábado'];
const SUNDAY = '2026-01-04';

/** @param {string} day @param {number} count may be negative @returns {string} */
export function addDays(day, count) {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, date + count)).toISOString().slice(0, 10);
}

/** @param {string} day @returns {string} `segunda` */
export function weekday(day) {
  return WEEKDAYS[((daysBetween(SUNDAY, day) % 7) + 7) % 7];
}

/** @param {Pedido} pedido @param {string} today @returns {string} `desde ontem`, `há 3 dias` */
export function delayText(pedido, today) {
  const days = daysBetween(pedido.data_entrega || today, today);
  return days === 1 ? 'desde ontem' : `há ${days} dias`;
}

/** @param {Pedido} pedido */
export function isFinished(pedido) {
  const status = shownStatus(pedido);
  return status === 'pronto' || status === 'entregue';
}

/**
 * @typedef {object} Figures
 * @property {{stage: Stage, name: string, open: number, late: number}[]} stages
 * @property {number} open
 * @property {Pedido[]} late the longest late first
 * @property {Pedido[]} dueToday not finished, urgent ones first
 * @property {Pedido[]} urgent neither late nor due today nor finished, the next due first
 */

/**
 * @param {readonly Pedido[]} pedidos
 * @param {string} today
 * @returns {Figures}
 */
export function figuresOf(pedidos, today) {
  const stages = STAGES.map((stage) => ({ stage, name: STAGE_NAMES[stage], open: 0, late: 0 }));
  /** @type {Figures} */
  const figures = { stages, open: 0, late: [], dueToday: [], urgent: [] };
  for (const pedido of pedidos) {
    if (isClosed(pedido)) continue;
    const entry = stages[STAGES.indexOf(stageOf(pedido))];
    entry.open += 1;
    figures.open += 1;
    if (isLate(pedido, today)) {
      entry.late += 1;
      figures.late.push(pedido);
    } else if (isFinished(pedido)) continue;
    else if (pedido.data_entrega === today) figures.dueToday.push(pedido);
    else if (pedido.prioridade === 'ALTA') figures.urgent.push(pedido);
  }
  figures.late.sort((a, b) => byDelivery(a, b) || urgentFirst(a, b) || a.id - b.id);
  figures.dueToday.sort((a, b) => urgentFirst(a, b) || a.id - b.id);
  figures.urgent.sort((a, b) => byDelivery(a, b) || a.id - b.id);
  return figures;
}

/** @param {Pedido} a @param {Pedido} b */
function urgentFirst(a, b) {
  return Number(b.prioridade === 'ALTA') - Number(a.prioridade === 'ALTA');
}

/** No date comes last. @param {Pedido} a @param {Pedido} b */
function byDelivery(a, b) {
  const [first, second] = [a.data_entrega || '9999', b.data_entrega || '9999'];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

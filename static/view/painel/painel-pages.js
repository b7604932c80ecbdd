// Which orders the panel names, some at a time: late ones first, then those due today, then urgent ones.

import { daysBetween, shortDate } from '../order/dates.js';
import { STAGE_NAMES, stageOf } from '../order/orders.js';
import { delayText, weekday } from '../order/figures.js';

/** @typedef {import('../../client/index.js').Pedido} Pedido */

/** So many fit on the screen. */
export const PER_PAGE = 4;
/** How long one page stays, ms. */
export const TURN = 12_000;
/** More pages than this would come round too seldom: the number in the heading says how many there are. */
const MOST_PAGES = 6;

/**
 * @typedef {object} Page
 * @property {'atrasados' | 'hoje' | 'urgentes' | 'em-dia'} kind
 * @property {string} heading
 * @property {string} position `2/3`, or '' where there is only one page
 * @property {{numero: string, cliente: string, detail: string}[]} entries
 */

/**
 * @param {import('../order/figures.js').Figures} figures
 * @param {string} today
 * @returns {Page[]} at least one
 */
export function pagesOf(figures, today) {
  const pages = [
    ...split('atrasados', figures.late, (count) => (count === 1 ? '1 atrasado' : `${count} atrasados`), (pedido) =>
      [delayText(pedido, today), place(pedido)],
    ),
    ...split('hoje', figures.dueToday, (count) => `${count} para hoje`, (pedido) => [
      place(pedido),
      pedido.prioridade === 'ALTA' ? 'urgente' : '',
    ]),
    ...split('urgentes', figures.urgent, (count) => (count === 1 ? '1 urgente' : `${count} urgentes`), (pedido) => [
      place(pedido),
      pedido.data_entrega ? dayName(pedido.data_entrega, today) : '',
    ]),
  ].slice(0, MOST_PAGES);
  if (pages.length === 0) {
    const heading = figures.open > 0 ? 'Tudo em dia' : 'Nenhum pedido aberto';
    return [{ kind: 'em-dia', heading, position: '', entries: [] }];
  }
  if (pages.length > 1) pages.forEach((page, index) => (page.position = `${index + 1}/${pages.length}`));
  return pages;
}

/**
 * The page whose turn it is, by time alone.
 * @template T
 * @param {readonly T[]} pages @param {number} now ms
 * @returns {T}
 */
export function pageAt(pages, now) {
  return pages[Math.floor(now / TURN) % pages.length];
}

/**
 * @param {Page['kind']} kind
 * @param {readonly Pedido[]} pedidos
 * @param {(count: number) => string} heading
 * @param {(pedido: Pedido) => string[]} detail
 * @returns {Page[]}
 */
function split(kind, pedidos, heading, detail) {
  const pages = [];
  for (let at = 0; at < pedidos.length && pages.length < MOST_PAGES; at += PER_PAGE) {
    pages.push({
      kind,
      heading: heading(pedidos.length),
      position: '',
      entries: pedidos.slice(at, at + PER_PAGE).map((pedido) => ({
        numero: pedido.numero,
        cliente: pedido.cliente,
        detail: detail(pedido).filter(Boolean).join(' · '),
      })),
    });
  }
  return pages;
}

/** @param {Pedido} pedido */
function place(pedido) {
  return STAGE_NAMES[stageOf(pedido)];
}

/** @param {string} day @param {string} today */
function dayName(day, today) {
  const ahead = daysBetween(today, day);
  if (ahead === 1) return 'amanhã';
  return ahead < 7 ? weekday(day) : shortDate(day, today);
}

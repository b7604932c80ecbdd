// One card of the board.

import { SETORES } from '../../client/index.js';
import { relativeDay, shortDate } from '../order/dates.js';
import { h, icon, setAttribute, setText } from '../dom/dom.js';
import { problemFields } from '../order/ticks.js';
import { STAGE_NAMES, fieldName, isLate, stageOf } from '../order/orders.js';
import { createDrawnState } from '../order/drawn-state.js';
import { recentChange } from '../order/recent-changes.js';

const UP = 'M12 19V6M6 11l6-6 6 6';
const CLOCK = 'M12 7v5l3 2M12 21a9 9 0 100-18 9 9 0 000 18z';

/** @typedef {import('../order/orders.js').Pedido} Pedido */
/** @typedef {import('../../client/index.js').Snapshot} Snapshot */

/** Where the writes on their way would bring a card. @param {Pedido} pedido @param {Snapshot} snapshot */
function destination(pedido, snapshot) {
  const pending = snapshot.pending[pedido.id];
  if (!pending || !SETORES.some((setor) => pending[setor])) return null;
  const values = SETORES.filter((setor) => pending[setor]).map((setor) => [setor, pending[setor].value]);
  return stageOf({ ...pedido, ...Object.fromEntries(values) });
}

/**
 * What did not get through. One move may have sent several fields; they stand and fall together.
 * @param {HTMLElement} problems @param {import('../order/ticks.js').Ticks} ticks @param {Snapshot} snapshot @param {number} id
 */
function drawProblems(problems, ticks, snapshot, id) {
  const fields = problemFields(snapshot, id);
  problems.hidden = fields.length === 0;
  problems.replaceChildren();
  if (fields.length === 0) return;
  const { message, retryable } = ticks.stateOf(snapshot, id, fields[0]);
  const dismiss = () => fields.forEach((field) => ticks.dismiss(id, field));
  problems.append(
    h('p', null, h('strong', null, `${fields.map(fieldName).join(', ')}: `), message),
    h(
      'p',
      null,
      retryable && h('button', { type: 'button', class: 'link', onclick: () => ticks.retry(id, fields[0]) }, 'Repetir'),
      h('button', { type: 'button', class: 'link', onclick: dismiss }, 'Dispensar'),
    ),
  );
}

/**
 * @param {import('../order/ticks.js').Ticks} ticks
 * @param {(card: HTMLElement, button: HTMLElement) => void} openMenu
 */
export function createOrderCard(ticks, openMenu) {
  const numero = h('span', { class: 'card__number' });
  const cliente = h('span', { class: 'card__client' });
  const link = h('a', { class: 'card__link', draggable: 'false', 'aria-describedby': 'quadro-ajuda' }, numero, cliente);
  const urgent = h('span', { class: 'tag tag--urgent' }, icon(UP), 'Urgente');
  const late = h('span', { class: 'tag tag--late' }, icon(CLOCK), 'Atrasado');
  const date = h('span', { class: 'card__date' });
  const chip = h('span', { class: 'tag tag--changed card__chip' });
  const sending = h('span', null);
  const pending = h('p', { class: 'card__pending' }, h('span', { class: 'spinner' }), sending);
  const problems = h('div', { class: 'card__problems' });
  const move = h('button', { type: 'button', class: 'card__move', 'aria-haspopup': 'menu' }, 'Mover para…');
  const element = h(
    'li',
    { class: 'card' },
    link,
    h('p', { class: 'card__facts' }, urgent, late, date),
    chip,
    pending,
    problems,
    move,
  );
  move.addEventListener('click', () => openMenu(element, move));

  const drawn = createDrawnState();

  return {
    element,
    /** @param {Pedido} pedido @param {Snapshot} snapshot @param {string} today @param {number} now ms */
    update(pedido, snapshot, today, now) {
      const { id } = pedido;
      const change = recentChange(snapshot.remoteChanges[id], pedido, now);
      if (!drawn.changes(pedido, snapshot, today, change)) return;
      element.dataset.id = String(id);
      setAttribute(link, 'href', `#/pedido/${id}`);
      setText(numero, pedido.numero);
      setText(cliente, pedido.cliente);
      setAttribute(move, 'aria-label', `Mover para… o pedido ${pedido.numero}`);
      urgent.hidden = pedido.prioridade !== 'ALTA';
      setAttribute(element, 'data-urgent', urgent.hidden ? null : '');
      late.hidden = !isLate(pedido, today);
      const day = pedido.data_entrega;
      setText(date, day ? `${shortDate(day, today)} · ${relativeDay(day, today)}` : 'sem data');
      chip.hidden = change === null;
      setText(chip, change === null ? '' : change.text);
      setAttribute(element, 'data-fresh', change && change.light);
      const target = destination(pedido, snapshot);
      pending.hidden = target === null;
      setAttribute(element, 'data-pending', target === null ? null : '');
      setText(sending, target === null ? '' : `Enviando para ${STAGE_NAMES[target]}…`);
      const why = ticks.whyNot();
      setAttribute(move, 'aria-disabled', target === null && why === null ? null : 'true');
      setAttribute(move, 'title', why);
      drawProblems(problems, ticks, snapshot, id);
    },
  };
}

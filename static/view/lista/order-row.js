// One row of the list. It is built once, and then only what differs is written.

import { SETORES } from '../../client/index.js';
import { relativeDay, shortDate } from '../order/dates.js';
import { h, icon, setAttribute, setText } from '../dom/dom.js';
import { currency } from '../order/money.js';
import { STATUS_NAMES, fieldName, isLate, shownStatus } from '../order/orders.js';
import { createDrawnState } from '../order/drawn-state.js';
import { recentChange } from '../order/recent-changes.js';
import { createSectorBox } from '../order/sector-box.js';
import { problemFields } from '../order/ticks.js';

const UP = 'M12 19V6M6 11l6-6 6 6';
const CLOCK = 'M12 7v5l3 2M12 21a9 9 0 100-18 9 9 0 000 18z';

/** @typedef {import('../order/orders.js').Pedido} Pedido */
/** @typedef {import('../../client/index.js').Snapshot} Snapshot */

/**
 * What did not get through, below the row.
 * @param {HTMLElement} problems @param {import('../order/ticks.js').Ticks} ticks @param {Snapshot} snapshot @param {number} id
 */
function drawProblems(problems, ticks, snapshot, id) {
  const fields = problemFields(snapshot, id);
  problems.hidden = fields.length === 0;
  problems.replaceChildren(
    ...fields.map((field) => {
      const { message, retryable } = ticks.stateOf(snapshot, id, field);
      return h(
        'span',
        { class: 'problem' },
        h('span', { class: 'problem__text' }, h('strong', null, `${fieldName(field)}: `), message),
        retryable && h('button', { type: 'button', class: 'link', onclick: () => ticks.retry(id, field) }, 'Repetir'),
        h('button', { type: 'button', class: 'link', onclick: () => ticks.dismiss(id, field) }, 'Dispensar'),
      );
    }),
  );
}

/**
 * @param {import('../order/ticks.js').Ticks} ticks
 */
export function createOrderRow(ticks) {
  const numero = h('span', { class: 'row__number' });
  const cliente = h('span', { class: 'row__client' });
  const link = h('a', { class: 'row__link' }, numero, cliente);
  const urgent = h('span', { class: 'tag tag--urgent' }, icon(UP), 'Urgente');
  const cidade = h('span', { class: 'row__town' });
  const chip = h('span', { class: 'tag tag--changed row__chip' });
  const entrega = h('span', { class: 'row__date' });
  const quando = h('span', { class: 'row__when' });
  const late = h('span', { class: 'tag tag--late' }, icon(CLOCK), 'Atrasado');
  const status = h('span', { class: 'row__status' });
  const valor = h('span', { class: 'row__amount' });
  const problems = h('div', { class: 'row__problems', role: 'cell' });
  const boxes = SETORES.map((setor) => createSectorBox(setor, ticks));
  const element = h(
    'div',
    { class: 'row', role: 'row' },
    h('div', { class: 'row__who', role: 'rowheader' }, link, h('span', { class: 'row__more' }, urgent, cidade, chip)),
    h('div', { class: 'row__delivery', role: 'cell' }, entrega, late, quando),
    ...boxes.map((box, index) => h('div', { class: 'row__box', role: 'cell', dataset: { n: index } }, box.element)),
    h('div', { class: 'row__state', role: 'cell' }, status),
    h('div', { class: 'row__value', role: 'cell' }, valor),
    problems,
  );

  const drawn = createDrawnState();

  return {
    element,
    /** @param {Pedido} pedido @param {Snapshot} snapshot @param {string} today @param {number} now ms */
    update(pedido, snapshot, today, now) {
      const { id } = pedido;
      const change = recentChange(snapshot.remoteChanges[id], pedido, now);
      if (!drawn.changes(pedido, snapshot, today, change)) return;

      setAttribute(link, 'href', `#/pedido/${id}`);
      setText(numero, pedido.numero);
      setText(cliente, pedido.cliente);
      setAttribute(cliente, 'title', pedido.cliente);
      setText(cidade, pedido.cidade_cliente);
      urgent.hidden = pedido.prioridade !== 'ALTA';
      setAttribute(element, 'data-urgent', pedido.prioridade === 'ALTA' ? '' : null);
      const isOver = isLate(pedido, today);
      setAttribute(element, 'data-late', isOver ? '' : null);
      late.hidden = !isOver;
      setText(entrega, pedido.data_entrega ? shortDate(pedido.data_entrega, today) : 'sem data');
      setText(quando, pedido.data_entrega ? relativeDay(pedido.data_entrega, today) : '');
      quando.hidden = isOver;
      setAttribute(quando, 'data-today', pedido.data_entrega === today ? '' : null);
      const stands = shownStatus(pedido);
      setText(status, STATUS_NAMES[stands] || stands);
      setAttribute(status, 'data-status', stands);
      setText(valor, currency(pedido.valor_total));
      chip.hidden = change === null;
      setText(chip, change === null ? '' : change.text);
      // There is room for one of them.
      cidade.hidden = change !== null;
      setAttribute(element, 'data-fresh', change && change.light);
      for (const box of boxes) box.update(pedido, snapshot);
      drawProblems(problems, ticks, snapshot, id);
    },
  };
}

// What stands on the wall. Every element is made once; from then on only texts and classes change, so that
// months of it leave nothing behind.

import { h, setAttribute, setText } from '../dom/dom.js';
import { STAGES, STAGE_NAMES } from '../order/orders.js';
import { PER_PAGE } from './painel-pages.js';

/**
 * @typedef {object} Picture
 * @property {'loading' | 'ok' | 'trying' | 'offline'} level
 * @property {string} state beside the clock, '' for nothing
 * @property {string} time
 * @property {string} date
 * @property {{x: number, y: number}} shift in hundredths of the screen's height
 * @property {import('../order/figures.js').Figures} figures
 * @property {import('./painel-pages.js').Page} page
 */

/** @param {HTMLElement} element */
export function createScreen(element) {
  const time = h('span', { class: 'painel-hora' });
  const date = h('span', { class: 'painel-data' });
  const state = h('span', { class: 'painel-estado', role: 'status' });
  const rows = STAGES.map((stage) => createRow(STAGE_NAMES[stage]));
  const total = createRow('Abertos');
  const heading = h('span', null);
  const position = h('span', { class: 'painel-pagina' });
  const entries = Array.from({ length: PER_PAGE }, createEntry);
  const picture = h(
    'div',
    { class: 'painel-quadro' },
    h('header', { class: 'painel-topo' }, h('h1', { class: 'painel-oculto' }, 'Pedidos'), date, state, time),
    h(
      'main',
      { class: 'painel-corpo' },
      h(
        'section',
        { class: 'painel-setores', 'aria-label': 'Pedidos por setor' },
        h('ul', null, [...rows, total].map((row) => row.element)),
      ),
      h(
        'section',
        { class: 'painel-lista', 'aria-label': 'Pedidos em destaque' },
        h('h2', null, heading, position),
        h('ul', null, entries.map((entry) => entry.element)),
      ),
    ),
  );
  const loading = h('p', { class: 'painel-carregando' }, 'Carregando…');
  const root = h('div', { class: 'painel' }, picture, loading);
  total.element.classList.add('painel-total');
  element.append(root);

  return {
    root,
    /** @param {Picture} next */
    draw({ level, state: stateText, time: timeText, date: dateText, shift, figures, page }) {
      setAttribute(root, 'data-estado', level);
      picture.style.transform = `translate(${shift.x}vmin, ${shift.y}vmin)`;
      setText(time, timeText);
      setText(date, dateText);
      setText(state, stateText);
      figures.stages.forEach(({ open, late }, index) => rows[index].draw(open, late));
      total.draw(figures.open, 0);
      setAttribute(root, 'data-pagina', page.kind);
      setText(heading, page.heading);
      setText(position, page.position);
      entries.forEach((entry, index) => entry.draw(page.entries[index] || null));
    },
    remove() {
      root.remove();
    },
  };
}

/** @param {string} name */
function createRow(name) {
  const late = h('span', { class: 'painel-atraso' });
  const count = h('strong', null);
  return {
    element: h('li', null, h('span', { class: 'painel-nome' }, name), late, count),
    /** @param {number} open @param {number} lateCount */
    draw(open, lateCount) {
      setText(count, String(open));
      setText(late, lateCount > 0 ? String(lateCount) : '');
      setAttribute(late, 'title', lateCount > 0 ? `${lateCount} atrasados` : null);
      setAttribute(count, 'class', open === 0 ? 'painel-zero' : null);
    },
  };
}

function createEntry() {
  const numero = h('strong', null);
  const cliente = h('span', { class: 'painel-cliente' });
  const detail = h('span', { class: 'painel-detalhe' });
  const element = h('li', null, h('span', { class: 'painel-linha' }, numero, cliente), detail);
  return {
    element,
    /** @param {{numero: string, cliente: string, detail: string} | null} entry */
    draw(entry) {
      element.hidden = entry === null;
      setText(numero, entry ? entry.numero : '');
      setText(cliente, entry ? entry.cliente : '');
      setText(detail, entry ? entry.detail : '');
    },
  };
}

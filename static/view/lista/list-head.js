// What stands above the list's rows: search, filters, the sectors with their counts, and the columns' heads.

import { SETORES } from '../../client/index.js';
import { h, icon, setAttribute, setText } from '../dom/dom.js';
import { NO_FILTERS, isFiltered } from './list-filter.js';
import { STAGES, STAGE_NAMES, STATUS_NAMES, isClosed } from '../order/orders.js';

/** @typedef {import('./list-filter.js').Filters} Filters */

const LENS = 'M10.5 17a6.5 6.5 0 100-13 6.5 6.5 0 000 13zM20 20l-4.8-4.8';
const STAR = 'M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7 9.6 9z';

/** @type {readonly [string, string][]} */
const COLUMNS = [
  ['numero', 'Nº'],
  ['cliente', 'Cliente'],
  ['entrega', 'Entrega'],
  ['status', 'Situação'],
  ['valor', 'Valor'],
];

export class ListHead {
  /**
   * @param {object} dependencies
   * @param {import('../settings.js').Settings} dependencies.settings
   * @param {(some: Partial<Filters>) => void} dependencies.onChange
   * @param {() => void} dependencies.onSearch something else is searched for
   */
  constructor({ settings, onChange, onSearch }) {
    this.settings = settings;
    this.onChange = onChange;
    this.onSearch = onSearch;
    this.filters = NO_FILTERS;
    this.q = h('input', {
      class: 'input',
      type: 'search',
      id: 'busca',
      placeholder: 'Buscar número, cliente, cidade…',
      'aria-label': 'Buscar número, cliente, cidade ou telefone',
      autocomplete: 'off',
    });
    this.status = h(
      'select',
      { class: 'input', 'aria-label': 'Situação' },
      h('option', { value: 'abertos' }, 'Em aberto'),
      h('option', { value: 'todos' }, 'Todas as situações'),
      ...Object.entries(STATUS_NAMES).map(([value, text]) => h('option', { value }, text)),
    );
    this.order = h(
      'select',
      { class: 'input filters__order', 'aria-label': 'Ordenar por' },
      ...COLUMNS.map(([value, text]) => h('option', { value }, `Ordem: ${text}`)),
    );
    this.urgent = h('button', { type: 'button', class: 'button toggle', 'aria-pressed': 'false' }, 'Só urgentes');
    this.clear = h('button', { type: 'button', class: 'button button--plain', id: 'limpar' }, 'Limpar filtros');
    this.mine = h(
      'select',
      { class: 'input', id: 'lista-meu-setor', 'aria-label': 'Meu setor' },
      h('option', { value: '' }, 'Meu setor: nenhum'),
      ...SETORES.map((setor) => h('option', { value: setor }, `Meu setor: ${STAGE_NAMES[setor]}`)),
    );
    this.summary = h('p', { class: 'summary', id: 'resumo-da-lista' });
    this.stages = new Map(['', ...STAGES].map((stage) => [stage, this.createStage(stage)]));
    this.heads = new Map(COLUMNS.map(([column, text]) => [column, this.createHead(column, text)]));
    this.filterBar = this.layOut();
    this.columns = this.layOutColumns();
    this.listen();
  }

  /** @param {string} stage '' for all */
  createStage(stage) {
    const count = h('span', { class: 'stage__count' });
    const star = icon(STAR);
    const text = stage === '' ? 'Todos' : STAGE_NAMES[/** @type {import('../order/orders.js').Stage} */ (stage)];
    const onclick = () => this.onChange({ setor: stage });
    const button = h('button', { type: 'button', class: 'stage', dataset: { stage }, onclick }, star, text, count);
    return { button, count, star };
  }

  /** @param {string} column @param {string} text */
  createHead(column, text) {
    const button = h('button', { type: 'button', class: 'head__button', onclick: () => this.sortBy(column) }, text);
    return { text, button, cell: h('div', { role: 'columnheader', class: `head__${column}` }, button) };
  }

  layOut() {
    const { q, status, order, urgent, clear, summary, mine } = this;
    const stages = Array.from(this.stages.values(), ({ button }) => button);
    return h(
      'div',
      { class: 'filters' },
      h('div', { class: 'filters__row' },
        h('div', { class: 'search' }, icon(LENS), q), status, order, urgent, clear,
        h('span', { class: 'filters__rest' }), summary, mine),
      h('div', { class: 'stages', role: 'group', 'aria-label': 'Filtrar por setor' }, ...stages),
    );
  }

  layOutColumns() {
    const head = (/** @type {string} */ column) => /** @type {{cell: HTMLElement, button: HTMLElement}} */ (this.heads.get(column));
    return h(
      'div',
      { class: 'head', role: 'row' },
      h('div', { class: 'head__who', role: 'columnheader' }, head('numero').button, head('cliente').button),
      head('entrega').cell,
      ...SETORES.map((setor) => h('div', { role: 'columnheader', class: 'head__sector' }, STAGE_NAMES[setor])),
      head('status').cell,
      head('valor').cell,
    );
  }

  listen() {
    const { q, status, order, urgent, clear, mine } = this;
    q.addEventListener('input', () => {
      this.onChange({ q: q.value });
      this.onSearch();
    });
    status.addEventListener('change', () => {
      // A closed order waits in no sector.
      const closed = isClosed({ status: /** @type {any} */ (status.value) });
      this.onChange(closed ? { status: status.value, setor: '' } : { status: status.value });
    });
    order.addEventListener('change', () => this.onChange({ ordem: order.value, desc: false }));
    urgent.addEventListener('click', () => this.onChange({ urgentes: !this.filters.urgentes }));
    mine.addEventListener('change', () => this.settings.set('meuSetor', mine.value));
    clear.addEventListener('click', () => this.clearAll());
  }

  /** All filters; the order of the rows stays. */
  clearAll() {
    this.onChange({ ...NO_FILTERS, ordem: this.filters.ordem, desc: this.filters.desc });
    this.onSearch();
    this.q.focus();
  }

  /** @param {string} column */
  sortBy(column) {
    this.onChange({ ordem: column, desc: this.filters.ordem === column ? !this.filters.desc : false });
  }

  /** @param {Filters} filters */
  draw(filters) {
    this.filters = filters;
    const meuSetor = this.settings.get('meuSetor');
    if (this.q.value !== filters.q) this.q.value = filters.q;
    this.status.value = filters.status;
    this.order.value = filters.ordem;
    this.mine.value = meuSetor;
    setAttribute(this.urgent, 'aria-pressed', String(filters.urgentes));
    this.clear.hidden = !isFiltered(filters);
    this.stages.forEach(({ button, star }, stage) => {
      setAttribute(button, 'aria-pressed', String(filters.setor === stage));
      const own = stage !== '' && stage === meuSetor;
      star.toggleAttribute('hidden', !own);
      setAttribute(button, 'title', own ? 'Meu setor' : null);
    });
    this.heads.forEach(({ text, button, cell }, column) => {
      const direction = filters.ordem === column ? (filters.desc ? 'descending' : 'ascending') : null;
      setAttribute(button, 'data-sorted', direction);
      if (cell.isConnected) setAttribute(cell, 'aria-sort', direction);
      const words = direction === 'ascending' ? ', em ordem crescente' : ', em ordem decrescente';
      setAttribute(button, 'aria-label', direction && `${text}${words}`);
    });
  }

  /** @param {Record<string, number>} byStage @param {{open: number, late: number, urgent: number}} sums */
  drawCounts(byStage, { open, late, urgent }) {
    this.stages.forEach(({ count }, stage) => setText(count, String(byStage[stage])));
    const parts = [
      `${open} em aberto`,
      late > 0 && `${late} ${late === 1 ? 'atrasado' : 'atrasados'}`,
      urgent > 0 && `${urgent} ${urgent === 1 ? 'urgente' : 'urgentes'}`,
    ];
    setText(this.summary, parts.filter(Boolean).join(' · '));
  }
}

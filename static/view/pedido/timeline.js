// Who changed what on an order, and when; the newest on top.

import { momentOf } from '../order/dates.js';
import { h } from '../dom/dom.js';
import { STAGE_NAMES, fieldName } from '../order/orders.js';
import { readableValue } from './readable-value.js';

/** @typedef {import('../../client/index.js').HistoricoEntry} HistoricoEntry */

const SUMS = new Set(['items']);

/** @param {string} field @param {readonly [any, any]} change @returns {string} */
function describe(field, [before, after]) {
  if (field in STAGE_NAMES) return `${after ? 'marcou' : 'desmarcou'} ${fieldName(field)}`;
  if (SUMS.has(field)) {
    const count = Array.isArray(after) ? after.length : 0;
    return `mudou os itens (${count === 1 ? '1 item' : `${count} itens`})`;
  }
  return `${fieldName(field)}: ${readableValue(field, before)} → ${readableValue(field, after)}`;
}

/** @param {HistoricoEntry} entry @returns {string[]} */
function linesOf({ acao, mudancas }) {
  if (acao === 'create') return ['criou o pedido'];
  if (acao === 'delete') return ['excluiu o pedido'];
  return Object.entries(mudancas).map(([field, change]) => describe(field, change));
}

/**
 * @param {object} dependencies
 * @param {import('../../client/index.js').PedidosStore} dependencies.store
 * @param {number} dependencies.id
 * @param {() => number} dependencies.now
 */
export function createTimeline({ store, id, now }) {
  const list = h('ol', { class: 'timeline' });
  const state = h('p', { class: 'muted' }, 'Carregando o histórico…');
  const element = h(
    'section',
    { class: 'panel', 'aria-labelledby': 'historico-titulo' },
    h('h2', { id: 'historico-titulo' }, 'Histórico'),
    state,
    list,
  );
  let asked = 0;

  async function load() {
    asked += 1;
    const mine = asked;
    try {
      const entries = await store.historico(id);
      if (mine !== asked) return;
      state.hidden = entries.length > 0;
      state.textContent = 'Nada registrado.';
      list.replaceChildren(
        ...entries
          .slice()
          .reverse()
          .map((entry) =>
            h(
              'li',
              { dataset: { acao: entry.acao } },
              h(
                'p',
                { class: 'timeline__who' },
                h('strong', null, entry.autor || 'Sem nome'),
                ' ',
                h('time', { datetime: entry.timestamp }, momentOf(Date.parse(entry.timestamp), now())),
              ),
              ...linesOf(entry).map((line) => h('p', null, line)),
            ),
          ),
      );
    } catch (failure) {
      if (mine !== asked) return;
      state.hidden = false;
      state.replaceChildren(
        `O histórico não pôde ser carregado. `,
        h('button', { type: 'button', class: 'link', onclick: load }, 'Tentar de novo'),
      );
    }
  }

  return { element, load };
}

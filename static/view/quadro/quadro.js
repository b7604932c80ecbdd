// The board: a column per sector. A card stands under its first sector that is not ticked; moving it ticks.

import { WHOLE_ORDER } from '../../client/index.js';
import { BoardCards } from './board-cards.js';
import { BoardCarry } from './board-carry.js';
import { dayOf } from '../order/dates.js';
import { h } from '../dom/dom.js';
import { isClosed } from '../order/orders.js';
import { createSchedule } from '../dom/schedule.js';

/** @typedef {import('../context.js').Context} Context */

const WALKING = 'as setas andam pelos cartões.';
const HELP = `Barra de espaço pega o cartão, as setas escolhem o setor, Enter solta e Esc desiste. Sem pegar, ${WALKING}`;

/** @param {HTMLElement} element @param {Context} context @returns {() => void} */
export function mount(element, context) {
  const { store, settings, ticks, now } = context;
  const whyNot = ticks.whyNot();
  const board = new BoardCards({
    ticks,
    settings,
    isLocked: whyNot !== null,
    onMore: () => schedule.ask(),
    openMenu: (card, button) => carry.openMenu(card, button),
  });
  const carry = new BoardCarry({ context, element, board, draw });
  const message = createMessage(context, board.element);
  element.append(
    h('h1', { class: 'only-heard' }, 'Quadro de pedidos'),
    h('p', { class: 'only-heard', id: 'quadro-ajuda' }, whyNot === null ? HELP : `${whyNot}: ${WALKING}`),
    carry.note,
    message.element,
    board.element,
  );
  let snapshot = store.getSnapshot();
  let today = dayOf(now());

  function draw() {
    if (carry.held !== null) return;
    snapshot = store.getSnapshot();
    const time = now();
    today = dayOf(time);
    board.draw(snapshot, time);
    message.draw(snapshot);
  }

  const schedule = createSchedule(draw);
  const off = [
    store.subscribe(schedule.ask),
    ticks.subscribe(schedule.ask),
    settings.subscribe(schedule.ask),
    context.everySecond(() => {
      if (Object.keys(snapshot.remoteChanges).length > 0 || today !== dayOf(now())) schedule.ask();
    }),
  ];
  schedule.now();

  return () => {
    carry.close();
    schedule.stop();
    off.forEach((undo) => undo());
  };
}

/** What stands in the board's place while it has nothing to show. @param {Context} context @param {HTMLElement} board */
function createMessage({ store, session }, board) {
  const element = h('div');
  let shown = 'none';

  /** @param {string} heading @param {string} text @param {HTMLElement | false} way on */
  const empty = (heading, text, way) => h('div', { class: 'empty' }, h('h2', null, heading), h('p', null, text), way);

  /** @param {string} kind `loading`, `empty`, or the words of an error */
  function contentFor(kind) {
    if (kind === 'loading') return h('p', { class: 'empty' }, 'Carregando os pedidos…');
    if (kind !== 'empty') {
      const again = h('button', { type: 'button', class: 'button', onclick: () => store.load() }, 'Tentar agora');
      return empty('Não foi possível carregar os pedidos', kind, again);
    }
    const create = h('a', { class: 'button button--primary', href: '#/novo' }, 'Novo pedido');
    const mayCreate = session.whyNot(WHOLE_ORDER) === null;
    return empty('Nenhum pedido em aberto', 'Um pedido novo aparece aqui, na coluna Financeiro.', mayCreate && create);
  }

  return {
    element,
    /** @param {import('../../client/index.js').Snapshot} snapshot */
    draw({ lastSync, error, pedidos }) {
      let kind = '';
      if (lastSync === null) kind = error ? error.message : 'loading';
      else if (pedidos.every(isClosed)) kind = 'empty';
      if (kind === shown) return;
      shown = kind;
      board.hidden = kind !== '';
      element.replaceChildren(...(kind === '' ? [] : [contentFor(kind)]));
    },
  };
}

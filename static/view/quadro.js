// The board: a column per sector. A card stands under its first sector that is not ticked; moving it ticks.
//
// Rule: while a card is held nothing else moves. What comes in meanwhile waits until it is dropped, and what
// the drop means is decided by the order as it is then.

import { WHOLE_ORDER } from '../client/index.js';
import { createCardDrag } from './card-drag.js';
import { dayOf } from './dates.js';
import { arrange, h, setAttribute, setText } from './dom.js';
import { createMenu } from './menu.js';
import { createOrderCard } from './order-card.js';
import { STAGES, STAGE_NAMES, changesToReach, comparator, isClosed, stageOf } from './orders.js';
import { createSchedule } from './schedule.js';

/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('./orders.js').Stage} Stage */

const PAGE = 40;
/** So many new cards a column are built in one frame, from the top: a whole board at once can be felt. */
const AT_ONCE = 4;
const WALKING = 'as setas andam pelos cartões.';
const HELP = `Barra de espaço pega o cartão, as setas escolhem o setor, Enter solta e Esc desiste. Sem pegar, ${WALKING}`;

const byDelivery = comparator('entrega', false);
/** @param {Pedido} a @param {Pedido} b */
const byUrgency = (a, b) => Number(b.prioridade === 'ALTA') - Number(a.prioridade === 'ALTA') || byDelivery(a, b);

/** @param {HTMLElement} element @param {Context} context @returns {() => void} */
export function mount(element, context) {
  const { store, session, settings, ticks, now, announce } = context;
  const whyNot = ticks.whyNot();
  const columns = STAGES.map((stage) => {
    const count = h('span', { class: 'column__count' });
    const cards = h('ol', { class: 'cards', 'aria-labelledby': `coluna-${stage}` });
    const more = h('button', { type: 'button', class: 'button button--plain column__more', hidden: true });
    const section = h(
      'section',
      { class: 'column', dataset: { stage }, 'aria-labelledby': `coluna-${stage}` },
      h('h2', { class: 'column__head', id: `coluna-${stage}` }, STAGE_NAMES[stage], count),
      h('div', { class: 'column__body', tabindex: '-1' }, cards, more),
    );
    const column = { stage, section, count, cards, more, limit: PAGE };
    more.addEventListener('click', () => {
      column.limit += PAGE;
      draw();
    });
    return column;
  });
  const board = h('div', { class: 'board', 'data-locked': whyNot !== null }, ...columns.map(({ section }) => section));
  const note = h('p', { class: 'notice notice--warn board__note', hidden: true });
  const message = h('div');
  element.append(
    h('h1', { class: 'only-heard' }, 'Quadro de pedidos'),
    h('p', { class: 'only-heard', id: 'quadro-ajuda' }, whyNot === null ? HELP : `${whyNot}: ${WALKING}`),
    note,
    message,
    board,
  );
  const menu = createMenu(element, 'Mover para');

  /** @type {Map<number, ReturnType<typeof createOrderCard> & {stage: Stage | null}>} */
  const cards = new Map();
  let snapshot = store.getSnapshot();
  let today = dayOf(now());

  // ---- moving --------------------------------------------------------------------------------

  /** @type {{id: number, numero: string, stage: Stage, byKeys: boolean} | null} */
  let held = null;

  /** @param {number} id @param {Stage} stage */
  async function moveTo(id, stage) {
    const pedido = store.getSnapshot().byId.get(id);
    if (!pedido) return;
    const changes = changesToReach(pedido, stage);
    if (Object.keys(changes).length === 0) {
      announce(`O pedido ${pedido.numero} já está em ${STAGE_NAMES[stage]}.`);
      return;
    }
    const card = cards.get(id);
    const focused = card !== undefined && card.element.contains(document.activeElement);
    const saved = await ticks.apply(pedido, changes);
    if (!saved || !focused) return;
    draw();
    const moved = cards.get(id);
    const nowhere = document.activeElement === document.body || document.activeElement === null;
    if (!moved || !(nowhere || moved.element.contains(document.activeElement))) return;
    /** @type {HTMLElement} */ (moved.element.querySelector('.card__link')).focus();
    moved.element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  /** @param {HTMLElement} card @param {boolean} byKeys */
  function lift(card, byKeys) {
    const pedido = store.getSnapshot().byId.get(Number(card.dataset.id));
    if (whyNot !== null || !pedido || card.hasAttribute('data-pending')) return false;
    menu.close(false);
    held = { id: pedido.id, numero: pedido.numero, stage: stageOf(pedido), byKeys };
    card.classList.add('card--held');
    note.hidden = true;
    return true;
  }

  /** @param {string | null} stage */
  function over(stage) {
    for (const column of columns) setAttribute(column.section, 'data-target', column.stage === stage ? '' : null);
  }

  /** @param {string | null} stage null: it is put back */
  function drop(stage) {
    if (held === null) return;
    const { id, numero } = held;
    const card = cards.get(id);
    held = null;
    over(null);
    if (card) card.element.classList.remove('card--held');
    draw();
    if (!store.getSnapshot().byId.has(id)) {
      setText(note, `O pedido ${numero} foi excluído por outra pessoa enquanto você o movia.`);
      note.hidden = false;
      announce(note.textContent || '');
      return;
    }
    if (stage !== null) moveTo(id, /** @type {Stage} */ (stage));
  }

  const drag = createCardDrag({
    board,
    onLift: (card) => lift(card, false),
    onOver: over,
    onDrop: drop,
  });

  /** @param {HTMLElement} card @param {HTMLElement} button */
  function openMenu(card, button) {
    const id = Number(card.dataset.id);
    const pedido = store.getSnapshot().byId.get(id);
    if (whyNot !== null || !pedido || card.hasAttribute('data-pending')) return;
    const stage = stageOf(pedido);
    menu.open(
      button,
      STAGES.map((target) => ({
        text: target === stage ? `${STAGE_NAMES[target]} (está aqui)` : STAGE_NAMES[target],
        current: target === stage,
        choose: () => moveTo(id, target),
      })),
    );
  }

  // ---- keyboard ------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const target = event.target instanceof Element ? event.target.closest('.card__link') : null;
    const card = target && target.closest('.card');
    if (!(card instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (held !== null && held.byKeys ? carry(event.key) : walk(event.key, card)) event.preventDefault();
  }

  /** With a card in hand. @param {string} key @returns {boolean} whether it was for us */
  function carry(key) {
    if (held === null) return false;
    const at = STAGES.indexOf(held.stage);
    if (key === 'ArrowLeft' || key === 'ArrowRight') {
      held.stage = STAGES[Math.max(0, Math.min(STAGES.length - 1, at + (key === 'ArrowRight' ? 1 : -1)))];
      over(held.stage);
      announce(STAGE_NAMES[held.stage]);
    } else if (key === ' ' || key === 'Enter') {
      drop(held.stage);
    } else if (key === 'Escape') {
      announce(`O pedido ${held.numero} ficou onde estava.`);
      drop(null);
    } else {
      return key.startsWith('Arrow');
    }
    return true;
  }

  /** @param {string} key @param {HTMLElement} card @returns {boolean} */
  function walk(key, card) {
    if (key === ' ') {
      if (lift(card, true) && held !== null) {
        over(held.stage);
        announce(`Pedido ${held.numero} na mão, em ${STAGE_NAMES[held.stage]}. Setas escolhem o setor, Enter solta.`);
      }
      return true;
    }
    const column = columns.findIndex(({ section }) => section.contains(card));
    const siblings = Array.from(columns[column].cards.children);
    const place = siblings.indexOf(card);
    /** @type {Element | undefined} */
    let next;
    if (key === 'ArrowUp') next = siblings[place - 1];
    else if (key === 'ArrowDown') next = siblings[place + 1];
    else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      const step = key === 'ArrowRight' ? 1 : -1;
      let other = column + step;
      while (columns[other] && columns[other].cards.childElementCount === 0) other += step;
      const there = columns[other] ? columns[other].cards.children : null;
      next = there ? there[Math.min(place, there.length - 1)] : undefined;
    } else return false;
    const link = next && next.querySelector('.card__link');
    if (link instanceof HTMLElement) link.focus();
    return true;
  }
  board.addEventListener('keydown', onKey);
  board.addEventListener('focusout', () => {
    // Whoever walks off with a card in hand has put it back, wherever to: to nothing that takes the focus, or to
    // another window. The board waits while a card is held.
    if (held !== null && held.byKeys) drop(null);
  });

  // ---- drawing -------------------------------------------------------------------------------

  const still = window.matchMedia('(prefers-reduced-motion: reduce)');

  function draw() {
    if (held !== null) return;
    snapshot = store.getSnapshot();
    const time = now();
    today = dayOf(time);
    /** @type {Map<Stage, Pedido[]>} */
    const byStage = new Map(STAGES.map((stage) => [stage, []]));
    for (const pedido of snapshot.pedidos) {
      if (!isClosed(pedido)) /** @type {Pedido[]} */ (byStage.get(stageOf(pedido))).push(pedido);
    }
    /** @type {Map<number, Stage>} */
    const drawn = new Map();
    /** @type {{node: HTMLElement, from: DOMRect}[]} */
    const moving = [];
    const plan = columns.map((column) => {
      const all = /** @type {Pedido[]} */ (byStage.get(column.stage)).sort(byUrgency);
      return { column, all, seen: all.slice(0, column.limit) };
    });
    for (const { column, seen } of plan) {
      for (const pedido of seen) {
        drawn.set(pedido.id, column.stage);
        const card = cards.get(pedido.id);
        if (card && card.stage !== column.stage && card.element.isConnected && !still.matches) {
          moving.push({ node: card.element, from: card.element.getBoundingClientRect() });
        }
      }
    }
    const focused = document.activeElement;
    for (const { column, all, seen } of plan) {
      /** @type {HTMLElement[]} */
      const nodes = [];
      let toBuild = AT_ONCE;
      for (const pedido of seen) {
        let card = cards.get(pedido.id);
        if (card === undefined) {
          if (toBuild === 0) continue;
          toBuild -= 1;
          card = { ...createOrderCard(ticks, openMenu), stage: null };
          cards.set(pedido.id, card);
        }
        card.stage = column.stage;
        card.update(pedido, snapshot, today, time);
        nodes.push(card.element);
      }
      if (nodes.length < seen.length) schedule.ask();
      arrange(column.cards, nodes);
      setText(column.count, String(all.length));
      const left = all.length - seen.length;
      column.more.hidden = left === 0;
      setText(column.more, `Mostrar mais (${left})`);
      setAttribute(column.section, 'data-mine', settings.get('meuSetor') === column.stage ? '' : null);
    }
    cards.forEach((_, id) => drawn.has(id) || cards.delete(id));
    // Moved to another column: its focus was lost on the way.
    if (focused instanceof HTMLElement && focused !== document.activeElement && board.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
    if (moving.length <= 3) moving.forEach(slide);
    drawMessage();
  }

  /** @param {{node: HTMLElement, from: DOMRect}} move */
  function slide({ node, from }) {
    const to = node.getBoundingClientRect();
    const start = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
    node.animate([{ transform: start }, { transform: 'none' }], { duration: 380, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' });
  }

  let messageShown = 'none';
  function drawMessage() {
    let kind = '';
    if (snapshot.lastSync === null) kind = snapshot.error ? snapshot.error.message : 'loading';
    else if (snapshot.pedidos.every(isClosed)) kind = 'empty';
    if (kind === messageShown) return;
    messageShown = kind;
    board.hidden = kind !== '';
    if (kind === '') message.replaceChildren();
    else if (kind === 'loading') message.replaceChildren(h('p', { class: 'empty' }, 'Carregando os pedidos…'));
    else if (kind === 'empty') {
      message.replaceChildren(
        h(
          'div',
          { class: 'empty' },
          h('h2', null, 'Nenhum pedido em aberto'),
          h('p', null, 'Um pedido novo aparece aqui, na coluna Financeiro.'),
          session.whyNot(WHOLE_ORDER) === null && h('a', { class: 'button button--primary', href: '#/novo' }, 'Novo pedido'),
        ),
      );
    } else {
      message.replaceChildren(
        h(
          'div',
          { class: 'empty' },
          h('h2', null, 'Não foi possível carregar os pedidos'),
          h('p', null, kind),
          h('button', { type: 'button', class: 'button', onclick: () => store.load() }, 'Tentar agora'),
        ),
      );
    }
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
    drag.close();
    schedule.stop();
    off.forEach((undo) => undo());
  };
}

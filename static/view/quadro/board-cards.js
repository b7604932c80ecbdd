// The board's columns and the cards in them: each card built once, and slid where it moves to another column.

import { dayOf } from '../order/dates.js';
import { arrange, h, setAttribute, setText } from '../dom/dom.js';
import { createOrderCard } from './order-card.js';
import { STAGES, STAGE_NAMES, comparator, isClosed, stageOf } from '../order/orders.js';

/** @typedef {import('../order/orders.js').Pedido} Pedido */
/** @typedef {import('../order/orders.js').Stage} Stage */
/** @typedef {import('../../client/index.js').Snapshot} Snapshot */
/** @typedef {ReturnType<typeof createColumn>} Column */
/** What a column is to show. @typedef {{column: Column, all: Pedido[], seen: Pedido[]}} Plan */

/** Cards of a column, until more are asked for. */
const PAGE = 40;
/** So many new cards a column are built in one frame, from the top: a whole board at once can be felt. */
const AT_ONCE = 4;
/** More cards than this at once are a storm: then they jump. */
const CALM = 3;
/** ms */
const SLIDE = 380;

const byDelivery = comparator('entrega', false);
/** @param {Pedido} a @param {Pedido} b */
const byUrgency = (a, b) => Number(b.prioridade === 'ALTA') - Number(a.prioridade === 'ALTA') || byDelivery(a, b);

/** @param {Stage} stage @param {() => void} onMore */
function createColumn(stage, onMore) {
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
    onMore();
  });
  return column;
}

export class BoardCards {
  /**
   * @param {object} dependencies
   * @param {import('../order/ticks.js').Ticks} dependencies.ticks
   * @param {import('../settings.js').Settings} dependencies.settings
   * @param {boolean} dependencies.isLocked
   * @param {() => void} dependencies.onMore more cards are to be drawn, now or in the next frame
   * @param {(card: HTMLElement, button: HTMLElement) => void} dependencies.openMenu
   */
  constructor({ ticks, settings, isLocked, onMore, openMenu }) {
    this.ticks = ticks;
    this.settings = settings;
    this.onMore = onMore;
    this.openMenu = openMenu;
    this.columns = STAGES.map((stage) => createColumn(stage, onMore));
    this.element = h('div', { class: 'board', 'data-locked': isLocked }, ...this.columns.map(({ section }) => section));
    /** @type {Map<number, ReturnType<typeof createOrderCard> & {stage: Stage | null}>} */
    this.cards = new Map();
    this.still = window.matchMedia('(prefers-reduced-motion: reduce)');
  }

  /** @param {number} id */
  get(id) {
    return this.cards.get(id);
  }

  /** @param {Snapshot} snapshot @param {number} time ms */
  draw(snapshot, time) {
    const plans = this.plan(snapshot);
    const moving = this.still.matches ? [] : this.moving(plans);
    const focused = document.activeElement;
    for (const plan of plans) this.drawColumn(plan, snapshot, time);
    const drawn = new Set(plans.flatMap(({ seen }) => seen.map(({ id }) => id)));
    this.cards.forEach((_, id) => drawn.has(id) || this.cards.delete(id));
    // Moved to another column: its focus was lost on the way.
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.element.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
    if (moving.length <= CALM) moving.forEach(slide);
  }

  /** @param {Snapshot} snapshot @returns {Plan[]} */
  plan({ pedidos }) {
    /** @type {Map<Stage, Pedido[]>} */
    const byStage = new Map(STAGES.map((stage) => [stage, []]));
    for (const pedido of pedidos) {
      if (!isClosed(pedido)) /** @type {Pedido[]} */ (byStage.get(stageOf(pedido))).push(pedido);
    }
    return this.columns.map((column) => {
      const all = /** @type {Pedido[]} */ (byStage.get(column.stage)).sort(byUrgency);
      return { column, all, seen: all.slice(0, column.limit) };
    });
  }

  /** The cards that go to another column, and where they stand before. @param {readonly Plan[]} plans */
  moving(plans) {
    /** @type {{node: HTMLElement, from: DOMRect}[]} */
    const moving = [];
    for (const { column, seen } of plans) {
      for (const { id } of seen) {
        const card = this.cards.get(id);
        if (!card || card.stage === column.stage || !card.element.isConnected) continue;
        moving.push({ node: card.element, from: card.element.getBoundingClientRect() });
      }
    }
    return moving;
  }

  /** @param {Plan} plan @param {Snapshot} snapshot @param {number} time ms */
  drawColumn({ column, all, seen }, snapshot, time) {
    /** @type {HTMLElement[]} */
    const nodes = [];
    const today = dayOf(time);
    let toBuild = AT_ONCE;
    for (const pedido of seen) {
      let card = this.cards.get(pedido.id);
      if (card === undefined) {
        if (toBuild === 0) continue;
        toBuild -= 1;
        card = { ...createOrderCard(this.ticks, this.openMenu), stage: null };
        this.cards.set(pedido.id, card);
      }
      card.stage = column.stage;
      card.update(pedido, snapshot, today, time);
      nodes.push(card.element);
    }
    if (nodes.length < seen.length) this.onMore();
    arrange(column.cards, nodes);
    setText(column.count, String(all.length));
    const left = all.length - seen.length;
    column.more.hidden = left === 0;
    setText(column.more, `Mostrar mais (${left})`);
    setAttribute(column.section, 'data-mine', this.settings.get('meuSetor') === column.stage ? '' : null);
  }
}

/** @param {{node: HTMLElement, from: DOMRect}} move */
function slide({ node, from }) {
  const to = node.getBoundingClientRect();
  const start = `translate(${from.left - to.left}px, ${from.top - to.top}px)`;
  node.animate([{ transform: start }, { transform: 'none' }], { duration: SLIDE, easing: 'cubic-bezier(0.2, 0.7, 0.2, 1)' });
}

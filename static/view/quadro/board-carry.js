// Moving a card of the board to another sector: carried by the pointer or by keys, or by its menu.
//
// Rule: while a card is held nothing else moves. What comes in meanwhile waits until it is dropped, and what
// the drop means is decided by the order as it is then.

import { CardDrag } from './card-drag.js';
import { h, setAttribute, setText } from '../dom/dom.js';
import { createMenu } from './menu.js';
import { STAGES, STAGE_NAMES, changesToReach, stageOf } from '../order/orders.js';

/** @typedef {import('../order/orders.js').Stage} Stage */

export class BoardCarry {
  /**
   * @param {object} dependencies
   * @param {import('../context.js').Context} dependencies.context
   * @param {HTMLElement} dependencies.element of the view, for the menu
   * @param {import('./board-cards.js').BoardCards} dependencies.board
   * @param {() => void} dependencies.draw now
   */
  constructor({ context, element, board, draw }) {
    this.store = context.store;
    this.ticks = context.ticks;
    this.announce = context.announce;
    this.whyNot = context.ticks.whyNot();
    this.board = board;
    this.draw = draw;
    /** @type {{id: number, numero: string, stage: Stage, byKeys: boolean} | null} */
    this.held = null;
    /** Says that the order is gone that was carried. */
    this.note = h('p', { class: 'notice notice--warn board__note', hidden: true });
    this.menu = createMenu(element, 'Mover para');
    this.drag = new CardDrag({
      board: board.element,
      onLift: (card) => this.lift(card, false),
      onOver: (stage) => this.over(stage),
      onDrop: (stage) => this.drop(stage),
    });
    board.element.addEventListener('keydown', (event) => this.onKey(event));
    board.element.addEventListener('focusout', () => {
      // Whoever walks off with a card in hand has put it back, wherever to: to nothing that takes the focus, or to
      // another window. The board waits while a card is held.
      if (this.held !== null && this.held.byKeys) this.drop(null);
    });
  }

  close() {
    this.drag.close();
  }

  /** @param {number} id @param {Stage} stage */
  async moveTo(id, stage) {
    const pedido = this.store.getSnapshot().byId.get(id);
    if (!pedido) return;
    const changes = changesToReach(pedido, stage);
    if (Object.keys(changes).length === 0) {
      this.announce(`O pedido ${pedido.numero} já está em ${STAGE_NAMES[stage]}.`);
      return;
    }
    const card = this.board.get(id);
    const focused = card !== undefined && card.element.contains(document.activeElement);
    const saved = await this.ticks.apply(pedido, changes);
    if (!saved || !focused) return;
    this.draw();
    const moved = this.board.get(id);
    const nowhere = document.activeElement === document.body || document.activeElement === null;
    if (!moved || !(nowhere || moved.element.contains(document.activeElement))) return;
    /** @type {HTMLElement} */ (moved.element.querySelector('.card__link')).focus();
    moved.element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  /** @param {HTMLElement} card @param {boolean} byKeys */
  lift(card, byKeys) {
    const pedido = this.store.getSnapshot().byId.get(Number(card.dataset.id));
    if (this.whyNot !== null || !pedido || card.hasAttribute('data-pending')) return false;
    this.menu.close(false);
    this.held = { id: pedido.id, numero: pedido.numero, stage: stageOf(pedido), byKeys };
    card.classList.add('card--held');
    this.note.hidden = true;
    return true;
  }

  /** @param {string | null} stage */
  over(stage) {
    for (const column of this.board.columns) setAttribute(column.section, 'data-target', column.stage === stage ? '' : null);
  }

  /** @param {string | null} stage null: it is put back */
  drop(stage) {
    if (this.held === null) return;
    const { id, numero } = this.held;
    const card = this.board.get(id);
    this.held = null;
    this.over(null);
    if (card) card.element.classList.remove('card--held');
    this.draw();
    if (!this.store.getSnapshot().byId.has(id)) {
      setText(this.note, `O pedido ${numero} foi excluído por outra pessoa enquanto você o movia.`);
      this.note.hidden = false;
      this.announce(this.note.textContent || '');
      return;
    }
    if (stage !== null) this.moveTo(id, /** @type {Stage} */ (stage));
  }

  /** @param {HTMLElement} card @param {HTMLElement} button */
  openMenu(card, button) {
    const id = Number(card.dataset.id);
    const pedido = this.store.getSnapshot().byId.get(id);
    if (this.whyNot !== null || !pedido || card.hasAttribute('data-pending')) return;
    const stage = stageOf(pedido);
    this.menu.open(
      button,
      STAGES.map((target) => ({
        text: target === stage ? `${STAGE_NAMES[target]} (está aqui)` : STAGE_NAMES[target],
        current: target === stage,
        choose: () => this.moveTo(id, target),
      })),
    );
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const target = event.target instanceof Element ? event.target.closest('.card__link') : null;
    const card = target && target.closest('.card');
    if (!(card instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.held !== null && this.held.byKeys ? this.carry(event.key) : this.walk(event.key, card)) event.preventDefault();
  }

  /** With a card in hand. @param {string} key @returns {boolean} whether it was for us */
  carry(key) {
    if (this.held === null) return false;
    const at = STAGES.indexOf(this.held.stage);
    if (key === 'ArrowLeft' || key === 'ArrowRight') {
      this.held.stage = STAGES[Math.max(0, Math.min(STAGES.length - 1, at + (key === 'ArrowRight' ? 1 : -1)))];
      this.over(this.held.stage);
      this.announce(STAGE_NAMES[this.held.stage]);
    } else if (key === ' ' || key === 'Enter') {
      this.drop(this.held.stage);
    } else if (key === 'Escape') {
      this.announce(`O pedido ${this.held.numero} ficou onde estava.`);
      this.drop(null);
    } else {
      return key.startsWith('Arrow');
    }
    return true;
  }

  /** @param {string} key @param {HTMLElement} card @returns {boolean} */
  walk(key, card) {
    if (key === ' ') {
      if (this.lift(card, true) && this.held !== null) {
        this.over(this.held.stage);
        this.announce(`Pedido ${this.held.numero} na mão, em ${STAGE_NAMES[this.held.stage]}. Setas escolhem o setor, Enter solta.`);
      }
      return true;
    }
    const column = this.board.columns.findIndex(({ section }) => section.contains(card));
    const siblings = Array.from(this.board.columns[column].cards.children);
    const place = siblings.indexOf(card);
    /** @type {Element | undefined} */
    let next;
    if (key === 'ArrowUp') next = siblings[place - 1];
    else if (key === 'ArrowDown') next = siblings[place + 1];
    else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      const step = key === 'ArrowRight' ? 1 : -1;
      let other = column + step;
      while (this.board.columns[other] && this.board.columns[other].cards.childElementCount === 0) other += step;
      const there = this.board.columns[other] ? this.board.columns[other].cards.children : null;
      next = there ? there[Math.min(place, there.length - 1)] : undefined;
    } else return false;
    const link = next && next.querySelector('.card__link');
    if (link instanceof HTMLElement) link.focus();
    return true;
  }
}

// Carrying a card over the board, by mouse, finger or pen.
//
//          press        moved 6 px (mouse, pen)          release over a column
//   idle ────────▶ pressed ─────────────────────▶ held ─────────────────────────▶ idle, dropped
//    ▲               │     still for 300 ms (finger)  │
//    └───────────────┴────────────────────────────────┘ release elsewhere, Escape, cancelled
//
// A finger that moves before its time scrolls. Rejected: HTML5 drag and drop, which no finger can do.

import { listen } from '../dom/dom.js';

/** px that a mouse or a pen moves before it carries. */
const THRESHOLD = 6;
/** ms that a finger rests. */
const LONG_PRESS = 300;
/** px from the board's edge where it scrolls along, and how far each frame. */
const EDGE = 60;
const EDGE_STEP = 14;

export class CardDrag {
  /**
   * @param {object} dependencies
   * @param {HTMLElement} dependencies.board
   * @param {(card: HTMLElement) => boolean} dependencies.onLift false where it may not be lifted
   * @param {(stage: string | null) => void} dependencies.onOver
   * @param {(stage: string | null) => void} dependencies.onDrop null where it was let go elsewhere
   */
  constructor({ board, onLift, onOver, onDrop }) {
    this.board = board;
    this.onLift = onLift;
    this.onOver = onOver;
    this.onDrop = onDrop;
    /** @type {{card: HTMLElement, x: number, y: number, pointer: number, timer: ReturnType<typeof setTimeout> | undefined} | null} */
    this.pressed = null;
    /** @type {{ghost: HTMLElement, dx: number, dy: number, pointer: number, stage: string | null, frame: number} | null} */
    this.held = null;
    this.x = 0;
    this.y = 0;

    this.off = [
      listen(board, 'pointerdown', (event) => this.onDown(event)),
      listen(board, 'dragstart', (event) => event.preventDefault()),
      listen(board, 'touchmove', (event) => this.stay(event), { passive: false }),
      listen(board, 'contextmenu', (event) => this.stay(event)),
      listen(window, 'pointermove', (event) => this.onMove(event)),
      listen(window, 'pointerup', (event) => this.onUp(event)),
      listen(window, 'pointercancel', () => this.letGo(null)),
      listen(window, 'keydown', (event) => this.onKey(event)),
      listen(window, 'blur', () => this.onBlur()),
    ];
  }

  /** @returns {string | null} */
  stageUnder() {
    const below = document.elementFromPoint(this.x, this.y);
    const column = below && below.closest('[data-stage]');
    return column instanceof HTMLElement && this.board.contains(column) ? column.dataset.stage || null : null;
  }

  place() {
    if (this.held === null) return;
    this.held.ghost.style.transform = `translate(${this.x - this.held.dx}px, ${this.y - this.held.dy}px) rotate(1.5deg)`;
    const stage = this.stageUnder();
    if (stage !== this.held.stage) {
      this.held.stage = stage;
      this.onOver(stage);
    }
  }

  /** Near an edge the board moves along. */
  scrollAlong() {
    if (this.held === null) return;
    const { left, right } = this.board.getBoundingClientRect();
    if (this.x < left + EDGE) this.board.scrollLeft -= EDGE_STEP;
    else if (this.x > right - EDGE) this.board.scrollLeft += EDGE_STEP;
    this.held.frame = requestAnimationFrame(() => this.scrollAlong());
  }

  lift() {
    if (this.pressed === null) return;
    const { card, pointer } = this.pressed;
    this.pressed = null;
    if (!this.onLift(card)) return;
    const box = card.getBoundingClientRect();
    const ghost = /** @type {HTMLElement} */ (card.cloneNode(true));
    ghost.classList.add('card--ghost');
    ghost.setAttribute('aria-hidden', 'true');
    ghost.style.width = `${box.width}px`;
    document.body.append(ghost);
    this.held = { ghost, dx: this.x - box.left, dy: this.y - box.top, pointer, stage: null, frame: 0 };
    document.body.classList.add('is-dragging');
    this.place();
    this.held.frame = requestAnimationFrame(() => this.scrollAlong());
  }

  /** @param {string | null} stage */
  letGo(stage) {
    if (this.pressed) clearTimeout(this.pressed.timer);
    this.pressed = null;
    if (this.held === null) return;
    cancelAnimationFrame(this.held.frame);
    this.held.ghost.remove();
    this.held = null;
    document.body.classList.remove('is-dragging');
    // The release is no click on what is below.
    setTimeout(listen(window, 'click', swallow, { capture: true, once: true }), 0);
    this.onDrop(stage);
  }

  /** @param {PointerEvent} event */
  onDown(event) {
    if (!event.isPrimary || event.button !== 0 || this.held !== null) return;
    const target = /** @type {Element} */ (event.target);
    const card = target.closest('.card');
    if (!(card instanceof HTMLElement) || target.closest('button')) return;
    this.x = event.clientX;
    this.y = event.clientY;
    const timer = event.pointerType === 'touch' ? setTimeout(() => this.lift(), LONG_PRESS) : undefined;
    this.pressed = { card, x: this.x, y: this.y, pointer: event.pointerId, timer };
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    if (this.held !== null && event.pointerId === this.held.pointer) {
      this.x = event.clientX;
      this.y = event.clientY;
      this.place();
    } else if (this.pressed !== null && event.pointerId === this.pressed.pointer) {
      this.x = event.clientX;
      this.y = event.clientY;
      if (Math.hypot(this.x - this.pressed.x, this.y - this.pressed.y) < THRESHOLD) return;
      if (this.pressed.timer === undefined) {
        this.lift();
        return;
      }
      clearTimeout(this.pressed.timer);
      this.pressed = null;
    }
  }

  /** @param {PointerEvent} event */
  onUp(event) {
    if (this.held !== null && event.pointerId !== this.held.pointer) return;
    this.letGo(this.held === null ? null : this.stageUnder());
  }

  /** Another window has taken the pointer away, and with it the release. */
  onBlur() {
    if (this.held !== null) this.letGo(null);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key === 'Escape' && this.held !== null) this.letGo(null);
  }

  /** @param {Event} event */
  stay(event) {
    if (this.held !== null && event.cancelable) event.preventDefault();
  }

  close() {
    this.letGo(null);
    this.off.forEach((undo) => undo());
  }
}

/** @param {Event} event */
function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

// Carrying a card over the board, by mouse, finger or pen.
//
//          press        moved 6 px (mouse, pen)          release over a column
//   idle ────────▶ pressed ─────────────────────▶ held ─────────────────────────▶ idle, dropped
//    ▲               │     still for 300 ms (finger)  │
//    └───────────────┴────────────────────────────────┘ release elsewhere, Escape, cancelled
//
// A finger that moves before its time scrolls. Rejected: HTML5 drag and drop, which no finger can do.

const THRESHOLD = 6;
const LONG_PRESS = 300;
const EDGE = 60;
const EDGE_STEP = 14;

/**
 * @param {object} dependencies
 * @param {HTMLElement} dependencies.board
 * @param {(card: HTMLElement) => boolean} dependencies.onLift false where it may not be lifted
 * @param {(stage: string | null) => void} dependencies.onOver
 * @param {(stage: string | null) => void} dependencies.onDrop null where it was let go elsewhere
 */
export function createCardDrag({ board, onLift, onOver, onDrop }) {
  /** @type {{card: HTMLElement, x: number, y: number, pointer: number, timer: ReturnType<typeof setTimeout> | undefined} | null} */
  let pressed = null;
  /** @type {{ghost: HTMLElement, dx: number, dy: number, pointer: number, stage: string | null, frame: number} | null} */
  let held = null;
  let x = 0;
  let y = 0;

  /** @returns {string | null} */
  function stageUnder() {
    const below = document.elementFromPoint(x, y);
    const column = below && below.closest('[data-stage]');
    return column instanceof HTMLElement && board.contains(column) ? column.dataset.stage || null : null;
  }

  function place() {
    if (held === null) return;
    held.ghost.style.transform = `translate(${x - held.dx}px, ${y - held.dy}px) rotate(1.5deg)`;
    const stage = stageUnder();
    if (stage !== held.stage) {
      held.stage = stage;
      onOver(stage);
    }
  }

  /** Near an edge the board moves along. */
  function scrollAlong() {
    if (held === null) return;
    const { left, right } = board.getBoundingClientRect();
    if (x < left + EDGE) board.scrollLeft -= EDGE_STEP;
    else if (x > right - EDGE) board.scrollLeft += EDGE_STEP;
    held.frame = requestAnimationFrame(scrollAlong);
  }

  function lift() {
    if (pressed === null) return;
    const { card, pointer } = pressed;
    pressed = null;
    if (!onLift(card)) return;
    const box = card.getBoundingClientRect();
    const ghost = /** @type {HTMLElement} */ (card.cloneNode(true));
    ghost.classList.add('card--ghost');
    ghost.setAttribute('aria-hidden', 'true');
    ghost.style.width = `${box.width}px`;
    document.body.append(ghost);
    held = { ghost, dx: x - box.left, dy: y - box.top, pointer, stage: null, frame: 0 };
    document.body.classList.add('is-dragging');
    place();
    held.frame = requestAnimationFrame(scrollAlong);
  }

  /** @param {string | null} stage */
  function letGo(stage) {
    if (pressed) clearTimeout(pressed.timer);
    pressed = null;
    if (held === null) return;
    cancelAnimationFrame(held.frame);
    held.ghost.remove();
    held = null;
    document.body.classList.remove('is-dragging');
    // The release is no click on what is below.
    window.addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener('click', swallow, { capture: true }), 0);
    onDrop(stage);
  }

  /** @param {Event} event */
  function swallow(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {PointerEvent} event */
  function onDown(event) {
    if (!event.isPrimary || event.button !== 0 || held !== null) return;
    const target = /** @type {Element} */ (event.target);
    const card = target.closest('.card');
    if (!(card instanceof HTMLElement) || target.closest('button')) return;
    x = event.clientX;
    y = event.clientY;
    const timer = event.pointerType === 'touch' ? setTimeout(lift, LONG_PRESS) : undefined;
    pressed = { card, x, y, pointer: event.pointerId, timer };
  }

  /** @param {PointerEvent} event */
  function onMove(event) {
    if (held !== null && event.pointerId === held.pointer) {
      x = event.clientX;
      y = event.clientY;
      place();
    } else if (pressed !== null && event.pointerId === pressed.pointer) {
      x = event.clientX;
      y = event.clientY;
      if (Math.hypot(x - pressed.x, y - pressed.y) < THRESHOLD) return;
      if (pressed.timer === undefined) {
        lift();
        return;
      }
      clearTimeout(pressed.timer);
      pressed = null;
    }
  }

  /** @param {PointerEvent} event */
  function onUp(event) {
    if (held !== null && event.pointerId !== held.pointer) return;
    letGo(held === null ? null : stageUnder());
  }

  const onCancel = () => letGo(null);
  /** Another window has taken the pointer away, and with it the release. */
  const onBlur = () => held !== null && letGo(null);
  /** @param {KeyboardEvent} event */
  const onKey = (event) => event.key === 'Escape' && held !== null && letGo(null);
  /** @param {Event} event */
  const stay = (event) => held !== null && event.cancelable && event.preventDefault();
  /** @param {Event} event */
  const noNative = (event) => event.preventDefault();

  board.addEventListener('pointerdown', onDown);
  board.addEventListener('dragstart', noNative);
  board.addEventListener('touchmove', stay, { passive: false });
  board.addEventListener('contextmenu', stay);
  window.addEventListener('pointermove', onMove);
  window.addEventListener('pointerup', onUp);
  window.addEventListener('pointercancel', onCancel);
  window.addEventListener('keydown', onKey);
  window.addEventListener('blur', onBlur);

  return {
    close() {
      letGo(null);
      window.removeEventListener('pointermove', onMove);
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onCancel);
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('blur', onBlur);
    },
  };
}

// What was ticked in the last 10 s, and the way back. At most three lines, never a storm.

import { h } from '../dom/dom.js';

/** @param {import('../order/ticks.js').Ticks} ticks */
export function createUndoBar(ticks) {
  const element = h('section', { class: 'undo', id: 'desfazer', 'aria-label': 'Desfazer', hidden: true });
  /** @type {Map<import('../order/ticks.js').Undo, HTMLElement>} */
  let lines = new Map();

  function draw() {
    const next = new Map();
    for (const undo of ticks.undos()) {
      const line =
        lines.get(undo) ||
        h(
          'div',
          { class: 'undo__line' },
          h('span', null, undo.text),
          h('button', { type: 'button', class: 'button', onclick: () => ticks.undo(undo) }, 'Desfazer'),
        );
      next.set(undo, line);
      if (!line.parentNode) element.append(line);
    }
    lines.forEach((line, undo) => next.has(undo) || line.remove());
    lines = next;
    element.hidden = lines.size === 0;
  }

  ticks.subscribe(draw);
  return element;
}

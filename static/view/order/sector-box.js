// One sector's box: ticked with one click. What it shows is the server's state and nothing else: on its way it
// says so and stays as it was; what did not get through says why, on the spot.

import { h, icon, setAttribute, setText } from '../dom/dom.js';
import { STAGE_NAMES, stageOf } from './orders.js';

const CHECK = 'M5 12.5l4.5 4.5L19 7';
/** @typedef {import('./orders.js').Pedido} Pedido */
/** @typedef {import('./orders.js').Setor} Setor */

/**
 * @param {Setor} setor
 * @param {import('./ticks.js').Ticks} ticks
 */
export function createSectorBox(setor, ticks) {
  const name = STAGE_NAMES[setor];
  const words = h('span', { class: 'box__text' }, name);
  const element = h(
    'button',
    { type: 'button', class: 'box', dataset: { setor } },
    h('span', { class: 'box__mark' }, icon(CHECK), h('span', { class: 'spinner' })),
    words,
  );
  /** @type {Pedido | null} */
  let shown = null;
  /** @type {import('./ticks.js').ControlState | null} */
  let control = null;

  element.addEventListener('click', (event) => {
    // The second click of a double click takes nothing back, nor does it hit what has moved here meanwhile.
    if (shown === null || control === null || control.state === 'pending' || event.detail > 1) return;
    if (ticks.whyNot() !== null) return;
    if (control.state === 'error' && control.retryable) ticks.retry(shown.id, setor);
    else ticks.apply(shown, { [setor]: !shown[setor] });
  });

  return {
    element,
    /** @param {Pedido} pedido @param {import('../../client/index.js').Snapshot} snapshot */
    update(pedido, snapshot) {
      shown = pedido;
      control = ticks.stateOf(snapshot, pedido.id, setor);
      const ticked = pedido[setor];
      const rest = ticked ? 'done' : stageOf(pedido) === setor ? 'next' : 'open';
      setAttribute(element, 'data-state', control.state === 'idle' ? rest : control.state);
      setAttribute(element, 'aria-pressed', String(ticked));
      const why = ticks.whyNot();
      setAttribute(element, 'aria-disabled', control.state === 'pending' || why !== null ? 'true' : null);
      let label = `${name}, pedido ${pedido.numero}`;
      let text = name;
      if (control.state === 'pending') {
        text = 'Enviando';
        label = `Enviando: ${label}`;
      } else if (control.state === 'error') {
        text = control.retryable ? 'Sem confirmação · Repetir' : 'Não salvo';
        label = `${text}: ${label}. ${control.message}`;
      }
      setText(words, text);
      setAttribute(element, 'aria-label', label);
      setAttribute(element, 'title', control.state === 'error' ? control.message : why);
    },
  };
}

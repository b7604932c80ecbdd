// The five sectors of an open order: ticked at once, apart from the form's save.

import { SETORES } from '../../client/index.js';
import { h } from '../dom/dom.js';
import { fieldName } from '../order/orders.js';
import { createSectorBox } from '../order/sector-box.js';

/**
 * @param {Pick<import('../context.js').Context, 'store' | 'ticks'>} context
 * @param {number | null} id null for an order that is yet to be created: it has none
 */
export function createOrderSectors({ store, ticks }, id) {
  const boxes = id === null ? [] : SETORES.map((setor) => createSectorBox(setor, ticks));

  return {
    elements: boxes.map(({ element }) => element),

    /** @param {import('../order/orders.js').Pedido} pedido @param {HTMLElement} problems where to say what was not saved */
    draw(pedido, problems) {
      if (id === null) return;
      const snapshot = store.getSnapshot();
      for (const box of boxes) box.update(pedido, snapshot);
      const wrong = SETORES.map((setor) => ({ setor, ...ticks.stateOf(snapshot, id, setor) })).filter((one) => one.state === 'error');
      problems.replaceChildren(
        ...wrong.map(({ setor, message }) =>
          h(
            'p',
            { class: 'field__error' },
            `${fieldName(setor)}: ${message} `,
            h('button', { type: 'button', class: 'link', onclick: () => ticks.dismiss(id, setor) }, 'Dispensar'),
          ),
        ),
      );
    },
  };
}

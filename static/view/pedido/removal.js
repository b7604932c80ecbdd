// The question before an order is deleted, until it is.

import { h, setAttribute, setText } from '../dom/dom.js';
import { failureOf } from './save.js';

const CHANGED = 'Outra pessoa acabou de mudar este pedido. Confira antes de excluir.';

/**
 * @param {import('../order/orders.js').Pedido} pedido as it is shown
 * @param {object} handlers
 * @param {() => Promise<void>} handlers.remove
 * @param {() => void} handlers.onRemoved
 * @param {(message: string) => void} handlers.onFailed where the question is closed by then
 * @returns {HTMLDialogElement} open
 */
export function askRemoval({ numero, cliente }, { remove, onRemoved, onFailed }) {
  const trouble = h('p', { class: 'field__error', role: 'alert' });
  const yes = h('button', { type: 'button', class: 'button button--danger', onclick: send }, 'Excluir');
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'excluir-titulo' },
    h('h2', { id: 'excluir-titulo' }, `Excluir o pedido ${numero}?`),
    h('p', null, `${cliente}. Ele some para todos, e o número não é usado de novo.`),
    trouble,
    h(
      'div',
      { class: 'dialog__actions' },
      h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancelar'),
      yes,
    ),
  );

  async function send() {
    if (yes.getAttribute('aria-disabled') === 'true') return;
    setAttribute(yes, 'aria-disabled', 'true');
    setText(yes, 'Enviando');
    setText(trouble, '');
    try {
      await remove();
      onRemoved();
      dialog.close();
    } catch (error) {
      const { kind, message } = failureOf(error);
      if (!dialog.open) onFailed(kind === 'conflict' ? CHANGED : message);
      setText(trouble, kind === 'conflict' ? CHANGED : message);
      setAttribute(yes, 'aria-disabled', null);
      setText(yes, kind === 'unconfirmed' || kind === 'unavailable' ? 'Repetir' : 'Excluir');
    }
  }

  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

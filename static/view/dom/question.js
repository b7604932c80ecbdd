// A question over the page, with two answers. The one that does nothing has the focus.

import { h } from './dom.js';

/**
 * @param {object} question
 * @param {string} question.id
 * @param {string} question.title
 * @param {string} question.text
 * @param {string} question.yes
 * @param {string} [question.no]
 * @param {boolean} [question.danger]
 * @param {(dialog: HTMLDialogElement) => void} opened whoever closes it has it answered with no
 * @returns {Promise<boolean>}
 */
export function ask({ id, title, text, yes, no = 'Cancelar', danger = false }, opened) {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = h('dialog', { class: 'dialog', id, 'aria-labelledby': `${id}-titulo` });
    const agree = () => {
      answer = true;
      dialog.close();
    };
    dialog.append(
      h('h2', { id: `${id}-titulo` }, title),
      h('p', null, text),
      h(
        'div',
        { class: 'dialog__actions' },
        h('button', { type: 'button', class: 'button', autofocus: true, onclick: () => dialog.close() }, no),
        h('button', { type: 'button', class: `button ${danger ? 'button--danger' : 'button--primary'}`, onclick: agree }, yes),
      ),
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    opened(dialog);
  });
}

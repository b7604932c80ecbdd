// Two people changed the same fields, or the same field of an item: both versions side by side, and for each a choice. Nothing is chosen
// beforehand: a hurried Enter must not wipe out anybody's work.

import { momentOf } from '../order/dates.js';
import { h } from '../dom/dom.js';
import { fieldName } from '../order/orders.js';
import { partName, readablePartValue, readableValue } from './readable-value.js';

/** @typedef {import('./order-edit.js').Question} Question */
/** @typedef {Record<string, import('./order-edit.js').Choice>} Choices by the question's key */

/**
 * @param {readonly Question[]} questions
 * @param {number} now ms
 * @param {(dialog: HTMLDialogElement) => void} opened whoever closes it decides nothing
 * @returns {Promise<Choices | null>} null: back to the form, nothing decided
 */
export function askConflict(questions, now, opened) {
  return new Promise((resolve) => {
    const missing = h('p', { class: 'field__error', role: 'alert' });
    const groups = questions.map((question) => createGroup(question, now));
    const form = h(
      'form',
      { method: 'dialog' },
      ...groups.map(({ element }) => element),
      missing,
      h(
        'div',
        { class: 'dialog__actions' },
        h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Voltar ao formulário'),
        h('button', { type: 'submit', class: 'button button--primary' }, 'Salvar com estas escolhas'),
      ),
    );
    const dialog = h(
      'dialog',
      { class: 'dialog dialog--wide', id: 'conflito', 'aria-labelledby': 'conflito-titulo' },
      h('h2', { id: 'conflito-titulo' }, 'Outra pessoa mudou os mesmos campos'),
      h('p', { class: 'muted' }, 'Escolha o que vale em cada um. O que você digitou continua guardado até salvar.'),
      form,
    );
    /** @type {Choices | null} */
    let answer = null;

    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const open = groups.find(({ choice }) => choice() === null);
      if (open) {
        missing.textContent = 'Escolha um dos dois em cada campo.';
        open.focus();
        return;
      }
      answer = Object.fromEntries(groups.map(({ key, choice }) => [key, /** @type {'meu' | 'dele'} */ (choice())]));
      dialog.close();
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    opened(dialog);
    groups[0].focus();
  });
}

/** @param {Question} question @param {number} now */
function createGroup({ key, field, part, mine, theirs, before, autor, timestamp }, now) {
  const name = `conflito-${key}`;
  /** @param {any} value */
  const readable = (value) => (part === null ? readableValue(field, value) : readablePartValue(part, value));
  const own = h('input', { type: 'radio', name, value: 'meu' });
  const other = h('input', { type: 'radio', name, value: 'dele' });
  const who = [autor || 'Outra pessoa', timestamp && momentOf(Date.parse(timestamp), now)].filter(Boolean).join(' · ');
  /** @param {HTMLInputElement} radio @param {string} title @param {string} from @param {any} value */
  const side = (radio, title, from, value) =>
    h(
      'label',
      { class: 'versus__side' },
      h('span', { class: 'versus__title' }, radio, title),
      h('span', { class: 'versus__from' }, from),
      h('span', { class: 'versus__value' }, readable(value)),
    );
  const element = h(
    'fieldset',
    { class: 'versus', dataset: { campo: key } },
    h('legend', null, part === null ? fieldName(field) : partName(part)),
    side(own, 'Manter o meu', 'Você, neste formulário', mine),
    side(other, 'Usar o dele', who, theirs),
    h('p', { class: 'versus__before' }, `Antes: ${readable(before)}`),
  );
  element.addEventListener('change', () => {
    for (const radio of [own, other]) {
      /** @type {HTMLElement} */ (radio.closest('label')).classList.toggle('versus__side--chosen', radio.checked);
    }
  });
  return {
    key,
    element,
    choice: () => (own.checked ? 'meu' : other.checked ? 'dele' : null),
    focus: () => own.focus(),
  };
}

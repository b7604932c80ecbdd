// What stands below a field that somebody else changed: who, when, and what can be done about it.

import { atMoment } from '../order/dates.js';
import { h, setAttribute } from '../dom/dom.js';
import { isSame } from './order-edit.js';
import { readablePart, readableValue } from './readable-value.js';

/** @typedef {import('./order-edit.js').Origin} Origin */

/**
 * @param {object} dependencies
 * @param {import('./order-edit.js').Edit} dependencies.edit
 * @param {ReadonlyMap<string, import('./fields.js').Field>} dependencies.fields
 * @param {() => number} dependencies.now ms
 * @param {(name: string, choice: import('./order-edit.js').Choice) => void} dependencies.onChoice
 * @param {(name: string) => void} dependencies.onBringBack what gave way is wanted after all
 */
export function createOrderNotes({ edit, fields, now, onChoice, onBringBack }) {
  const itemsNote = h('div', { class: 'field__note', hidden: true });
  /** What somebody else changed while the form was open. @type {Map<string, Origin & {before: any}>} */
  const arrived = new Map();

  /** @param {Origin} origin */
  const whoAndWhen = ({ autor, timestamp }) =>
    [autor || 'Outra pessoa', timestamp && atMoment(Date.parse(timestamp), now())].filter(Boolean).join(' ');

  /** @param {string} text @param {() => void} onclick */
  const link = (text, onclick) => h('button', { type: 'button', class: 'link', onclick }, text);

  /** @param {string} name @returns {(Node | string)[]} */
  function contentFor(name) {
    const conflict = edit.conflicts()[name];
    if (conflict) {
      const theirs = edit
        .questions()
        .filter(({ field }) => field === name)
        .map(({ part, theirs: value }) => (part === null ? readableValue(name, value) : readablePart(part, value)));
      return [
        h('p', null, `${whoAndWhen(conflict)} mudou para:`),
        h('p', { class: 'field__theirs' }, theirs.join('\n')),
        link('Manter o meu', () => onChoice(name, 'meu')),
        link('Usar o dele', () => onChoice(name, 'dele')),
      ];
    }
    if (name in edit.discarded()) {
      const mine = edit.discarded()[name];
      if (isSame(name, mine, edit.value(name))) return [];
      return [h('p', null, `Você tinha digitado: ${readableValue(name, mine)}`), link('Voltar ao meu', () => onBringBack(name))];
    }
    const change = arrived.get(name);
    // Changes of other items stand beside one's own.
    if (!change || (name in edit.touched() && name !== 'items')) return [];
    const before = name === 'items' ? '' : ` · antes: ${readableValue(name, change.before)}`;
    return [h('p', { class: 'field__arrived' }, `${whoAndWhen(change)} mudou${before}`)];
  }

  return {
    itemsNote,
    /** @param {string} name @param {Origin & {before: any}} change */
    arrive: (name, change) => arrived.set(name, change),
    clear: () => arrived.clear(),
    /** @param {string} name */
    draw(name) {
      const content = contentFor(name);
      const isConflict = edit.conflicts()[name] ? '' : null;
      const known = fields.get(name);
      if (name === 'items') {
        itemsNote.replaceChildren(...content);
        itemsNote.hidden = content.length === 0;
        setAttribute(itemsNote, 'data-conflict', isConflict);
      } else if (known) {
        known.setNote(...content);
        setAttribute(known.element, 'data-conflict', isConflict);
      }
    },
  };
}

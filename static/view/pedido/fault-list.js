// What is wrong with an order: a list on top of the form, and a word at each field.

import { h } from '../dom/dom.js';
import { fieldName } from '../order/orders.js';

/** @typedef {import('./fields.js').Field} Field */

/**
 * @param {object} places
 * @param {ReadonlyMap<string, Field>} places.fields
 * @param {Pick<ReturnType<typeof import('./item-list.js').createItemList>, 'editor' | 'clearFaults'>} places.items
 */
export function createFaultList({ fields, items }) {
  const element = h('div', { class: 'faults', role: 'alert', tabindex: '-1', hidden: true });

  /** @param {string} name as the server names it @returns {{label: string, place: Field | undefined}} */
  function find(name) {
    const [, index, of] = /^items\.(\d+)\.([^.]+)/.exec(name) || [];
    const editor = index === undefined ? undefined : items.editor(Number(index));
    if (editor) return { label: `Item ${Number(index) + 1}`, place: editor.field(of) };
    return { label: fieldName(name), place: fields.get(name) };
  }

  return {
    element,
    /** @param {Readonly<Record<string, string>>} wrong by field @param {string} [general] nothing of both: all is well */
    show(wrong, general) {
      fields.forEach((known) => known.setFault(null));
      items.clearFaults();
      const lines = Object.entries(wrong).map(([name, message]) => {
        const { label, place } = find(name);
        if (place) place.setFault(message);
        const text = `${label}: ${message}`;
        const focus = () => place && place.control.focus();
        return h('li', null, place ? h('button', { type: 'button', class: 'link', onclick: focus }, text) : text);
      });
      element.hidden = lines.length === 0 && !general;
      element.replaceChildren(
        h('p', null, h('strong', null, general || 'Falta corrigir:')),
        lines.length > 0 ? h('ul', null, ...lines) : '',
      );
      if (element.hidden) return;
      const first = element.parentElement && element.parentElement.querySelector('[aria-invalid="true"]');
      if (first instanceof HTMLElement) first.focus();
      else element.focus();
    },
  };
}

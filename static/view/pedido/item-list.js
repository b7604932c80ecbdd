// The items of an order in the form, one editor each.

import { arrange, h } from '../dom/dom.js';
import { createItemEditor } from './item-editor.js';
import { newItem } from './item-fields.js';
import { alignItems } from './items-merge.js';

/** @typedef {import('../../client/index.js').ItemPedido} ItemPedido */
/** @typedef {import('./item-editor.js').ItemEditor} ItemEditor */

/** @param {{onChange: (items: ItemPedido[]) => void, whyNot: string | null}} dependencies */
export function createItemList({ onChange, whyNot }) {
  /** @type {readonly ItemEditor[]} */
  let editors = [];
  const list = h('div', { class: 'items' });
  const removed = h('p', { class: 'items__removed', role: 'status', hidden: true });
  const add = h('button', { type: 'button', class: 'button', hidden: whyNot !== null, onclick: insert }, 'Adicionar item');

  const items = () => editors.map((editor) => editor.item());

  /** @param {ItemPedido} item */
  function createEditor(item) {
    const editor = createItemEditor(item, { onChange: () => onChange(items()), onRemove: () => remove(editor) }, whyNot);
    return editor;
  }

  /** @param {readonly ItemEditor[]} next */
  function place(next) {
    const same = next.length === editors.length && next.every((editor, index) => editor === editors[index]);
    editors = next;
    editors.forEach((editor, index) => editor.setPlace(index, editors.length));
    // Taken out and put back, a field would lose its cursor.
    if (!same) arrange(list, editors.map((editor) => editor.element));
  }

  function insert() {
    const editor = createEditor(newItem());
    place([...editors, editor]);
    onChange(items());
    editor.focus();
  }

  /** @param {ItemEditor} editor */
  function remove(editor) {
    const index = editors.indexOf(editor);
    const what = editor.item().descricao.trim();
    place(editors.filter((other) => other !== editor));
    const undo = () => {
      removed.hidden = true;
      place([...editors.slice(0, index), editor, ...editors.slice(index)]);
      onChange(items());
      editor.focus();
    };
    removed.replaceChildren(
      `Item removido${what === '' ? '' : `: ${what}`}. `,
      h('button', { type: 'button', class: 'link', onclick: undo }, 'Desfazer'),
    );
    removed.hidden = false;
    onChange(items());
    add.focus();
  }

  return {
    elements: [list, removed, add],
    /** @param {number} index */
    editor: (index) => editors[index],
    clearFaults: () => editors.forEach((editor) => editor.clearFaults()),
    /** An item that is still there keeps its fields, and the cursor in them. @param {readonly ItemPedido[]} next */
    show(next) {
      const origin = alignItems(items(), next);
      place(
        next.map((item, index) => {
          const known = origin[index];
          if (known === null) return createEditor(item);
          editors[known.index].update(item);
          return editors[known.index];
        }),
      );
    },
    /** What was removed can be brought back until then. */
    forgetRemoved() {
      removed.hidden = true;
    },
  };
}

// The picture of an item in the form: an address that is typed, or a file that is chosen.

import { h, setText } from '../dom/dom.js';
import { createField } from './fields.js';
import { imageFromFile, whyNotAddress } from './image-file.js';

const CHOOSE = 'Escolher arquivo…';

/**
 * @param {string} prefix of the item's ids
 * @param {(value: string) => void} onChange
 */
export function createItemPicture(prefix, onChange) {
  const picture = h('img', { class: 'item__picture', alt: 'Imagem do item', referrerpolicy: 'no-referrer' });
  const field = createField({ name: 'imagem', id: `${prefix}-imagem`, label: 'Imagem', placeholder: 'Endereço, ou escolha um arquivo' });
  const file = h('input', { type: 'file', accept: 'image/*', id: `${prefix}-arquivo`, hidden: true });
  const choose = h('button', { type: 'button', class: 'button', onclick: () => file.click() }, CHOOSE);
  const drop = h('button', { type: 'button', class: 'button button--plain', onclick: () => change('') }, 'Tirar imagem');
  let value = '';

  /** @param {string | null} message */
  function setFault(message) {
    field.setFault(message);
    // A picture from a file has no address to show; its fault needs the place.
    field.element.hidden = value.startsWith('data:') && !message;
  }

  function draw() {
    field.control.value = value.startsWith('data:') ? '' : value;
    picture.hidden = !/^(data:image\/|https?:|\/)/.test(value);
    if (picture.hidden) picture.removeAttribute('src');
    else picture.src = value;
    drop.hidden = value === '';
    setFault(whyNotAddress(value));
  }

  /** @param {string} next */
  function change(next) {
    value = next;
    draw();
    onChange(value);
  }

  // Kept with each key: it may be saved before the field is left. It is shown when the field is left.
  field.control.addEventListener('input', () => {
    value = field.control.value.trim();
    setFault(null);
    onChange(value);
  });
  field.control.addEventListener('change', draw);
  picture.addEventListener('error', () => {
    picture.hidden = true;
    if (value) setFault(whyNotAddress(value) || 'A imagem não pôde ser mostrada.');
  });
  file.addEventListener('change', async () => {
    const chosen = file.files && file.files[0];
    file.value = '';
    if (!chosen) return;
    setText(choose, 'Preparando…');
    try {
      change(await imageFromFile(chosen));
    } catch (error) {
      setFault(/** @type {Error} */ (error).message);
    }
    setText(choose, CHOOSE);
  });

  return {
    field: { ...field, setFault },
    element: h('div', { class: 'item__image' }, picture, field.element, choose, file, drop),
    /** @param {string} next */
    show(next) {
      if (next === value && picture.src !== '') return;
      value = next;
      draw();
    },
    /** What is only shown has nothing to choose. */
    lock() {
      if (value === '') field.element.hidden = true;
      for (const button of [choose, drop]) button.remove();
    },
  };
}

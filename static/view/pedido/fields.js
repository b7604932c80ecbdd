// Labelled inputs, each with a place for its fault and for what others did to it.

import { LAST_YEAR } from '../order/dates.js';
import { h, setAttribute, setText } from '../dom/dom.js';

/**
 * @typedef {object} FieldOptions
 * @property {string} name
 * @property {string} id unique in the page
 * @property {string} label
 * @property {'text' | 'tel' | 'date' | 'amount' | 'area' | 'select'} [kind]
 * @property {readonly [string, string][]} [choices] of a select: value and text
 * @property {readonly string[]} [suggestions]
 * @property {string} [hint]
 * @property {string} [placeholder]
 * @property {boolean} [required]
 * @property {number} [maxlength]
 * @property {string} [className]
 */

/** @param {FieldOptions} options @returns {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} */
function createControl({ name, id, kind = 'text', choices = [], suggestions, placeholder, required, maxlength }) {
  const common = { class: 'input', id, name, maxlength, placeholder, 'aria-required': required ? 'true' : null };
  if (kind === 'select') {
    return h('select', common, ...choices.map(([value, text]) => h('option', { value }, text)));
  }
  if (kind === 'area') return h('textarea', { ...common, rows: '3' });
  return h('input', {
    ...common,
    type: kind === 'amount' ? 'text' : kind,
    inputmode: kind === 'amount' ? 'decimal' : null,
    // Without it a browser takes years of six digits.
    max: kind === 'date' ? `${LAST_YEAR}-12-31` : null,
    list: suggestions ? `${id}-lista` : null,
    autocomplete: 'off',
  });
}

/** @param {FieldOptions} options */
export function createField(options) {
  const { id, label, hint, suggestions, required, className = '' } = options;
  const control = createControl(options);
  const fault = h('p', { class: 'field__error', id: `${id}-erro`, hidden: true });
  const note = h('div', { class: 'field__note', id: `${id}-nota`, hidden: true });
  const help = h('p', { class: 'field__hint', id: `${id}-dica`, hidden: !hint }, hint || '');
  const element = h(
    'div',
    { class: `field ${className}` },
    h('label', { for: id }, label, required && h('span', { class: 'muted' }, ' (obrigatório)')),
    control,
    suggestions && h('datalist', { id: `${id}-lista` }, ...suggestions.map((value) => h('option', { value }))),
    help,
    fault,
    note,
  );

  function describe() {
    const parts = [help, fault, note].filter((part) => !part.hidden).map((part) => part.id);
    setAttribute(control, 'aria-describedby', parts.length > 0 ? parts.join(' ') : null);
  }
  describe();

  return {
    element,
    control,
    /** @param {string} text */
    setHint(text) {
      setText(help, text);
      help.hidden = text === '';
      describe();
    },
    /** @param {string | null} message */
    setFault(message) {
      setText(fault, message || '');
      fault.hidden = !message;
      setAttribute(control, 'aria-invalid', message ? 'true' : null);
      describe();
    },
    /** @param {...(Node | string)} content nothing hides it */
    setNote(...content) {
      note.replaceChildren(...content);
      note.hidden = content.length === 0;
      describe();
    },
  };
}

/**
 * The controls within only show what they hold. Text can still be read to its end and copied.
 * @param {HTMLElement} element
 * @param {string} why
 */
export function lockAll(element, why) {
  for (const control of element.querySelectorAll('input, select, textarea')) {
    control.setAttribute('title', why);
    if (control instanceof HTMLSelectElement) {
      control.disabled = true;
    } else if (/** @type {HTMLInputElement} */ (control).type === 'checkbox') {
      // Disabled, it would be too pale to see whether it is ticked.
      control.setAttribute('aria-disabled', 'true');
      control.addEventListener('click', (event) => event.preventDefault());
    } else {
      control.setAttribute('readonly', '');
    }
  }
}

/** @typedef {ReturnType<typeof createField>} Field */

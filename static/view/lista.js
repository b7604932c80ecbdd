import { h } from './dom.js';

/** @type {import('./context.js').Mount} */
export function mount(element) {
  element.append(h('p', { class: 'empty' }, 'Em construção.'));
  return () => undefined;
}

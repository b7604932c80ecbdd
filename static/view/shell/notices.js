// What has to be said whatever view is open, until it is read: that an order was not saved after all, say.

import { h } from '../dom/dom.js';

const MOST = 3;

/** @typedef {ReturnType<typeof createNotices>} Notices */

export function createNotices() {
  const element = h('section', { class: 'notices', id: 'avisos', 'aria-label': 'Avisos', role: 'alert', hidden: true });

  function draw() {
    element.hidden = element.childElementCount === 0;
  }

  return {
    element,
    /**
     * @param {string} text
     * @param {{href: string, text: string}} [link] where one can do something about it
     * @returns {() => void} takes it away
     */
    show(text, link) {
      const close = () => {
        line.remove();
        draw();
      };
      const line = h(
        'div',
        { class: 'undo__line notices__line' },
        h('span', null, text),
        link && h('a', { class: 'button', href: link.href, onclick: close }, link.text),
        h('button', { type: 'button', class: 'button', onclick: close }, 'Dispensar'),
      );
      element.append(line);
      while (element.childElementCount > MOST && element.firstElementChild) element.firstElementChild.remove();
      draw();
      return close;
    },
  };
}

// A small menu that opens at a button (WAI-ARIA menu button pattern).

import { h } from '../dom/dom.js';

/**
 * @param {HTMLElement} host
 * @param {string} label
 */
export function createMenu(host, label) {
  const element = h('div', { class: 'menu', role: 'menu', 'aria-label': label, hidden: true });
  /** @type {HTMLElement | null} */
  let opener = null;
  host.append(element);

  const items = () => /** @type {HTMLElement[]} */ (Array.from(element.querySelectorAll('[role="menuitem"]')));

  /** @param {boolean} back whether the focus goes back to where it came from */
  function close(back) {
    if (element.hidden) return;
    element.hidden = true;
    if (opener) opener.setAttribute('aria-expanded', 'false');
    if (back && opener) opener.focus({ preventScroll: true });
    opener = null;
  }

  element.addEventListener('keydown', (event) => {
    const all = items();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape' || event.key === 'Tab') close(true);
    else if (to !== undefined) all[(to + all.length) % all.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener('focusout', (event) => {
    if (!element.contains(/** @type {Node | null} */ (event.relatedTarget))) close(false);
  });

  return {
    element,
    isOpen: () => !element.hidden,
    close,
    /**
     * @param {HTMLElement} button
     * @param {readonly {text: string, current: boolean, choose: () => void}[]} choices
     */
    open(button, choices) {
      close(false);
      opener = button;
      button.setAttribute('aria-expanded', 'true');
      element.replaceChildren(
        ...choices.map(({ text, current, choose }) =>
          h(
            'button',
            {
              type: 'button',
              role: 'menuitem',
              class: 'menu__item',
              tabindex: '-1',
              'aria-disabled': current ? 'true' : null,
              onclick: () => {
                if (current) return;
                close(true);
                choose();
              },
            },
            text,
          ),
        ),
      );
      element.hidden = false;
      const { left, bottom, top } = button.getBoundingClientRect();
      const { offsetWidth: width, offsetHeight: height } = element;
      const below = bottom + height + 8 <= window.innerHeight;
      element.style.left = `${Math.max(8, Math.min(left, window.innerWidth - width - 8))}px`;
      element.style.top = `${Math.max(8, below ? bottom + 4 : top - height - 4)}px`;
      const first = items().find((item) => item.getAttribute('aria-disabled') !== 'true');
      if (first) first.focus();
    },
  };
}

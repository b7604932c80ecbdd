// The bar on top: the ways between the views, who is signed in, and the settings.

import { h, icon, setAttribute, setText } from '../dom/dom.js';

const PLUS = 'M12 5v14M5 12h14';
const GEAR = 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4.5v5M8 14.5v5';
const PERSON = 'M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-4 3.6-6 8-6s8 2 8 6';

/**
 * @param {object} dependencies
 * @param {import('../session.js').Session} dependencies.session
 * @param {import('../settings.js').Settings} dependencies.settings
 * @param {HTMLElement} dependencies.pill the connection
 * @param {{element: HTMLElement, open: () => void}} dependencies.drawer the settings
 */
export function createTopbar({ session, settings, pill, drawer }) {
  /** @param {string} name @param {string} text */
  const link = (name, text) => h('a', { href: `#/${name}`, dataset: { view: name } }, text);
  const long = h('span', { class: 'nav__long' }, '\u00a0pedido');
  const create = h('a', { href: '#/novo', class: 'nav__new', dataset: { view: 'novo' } }, icon(PLUS), 'Novo', long);
  const nav = h(
    'nav',
    { class: 'nav', 'aria-label': 'Páginas' },
    link('lista', 'Lista'),
    link('quadro', 'Quadro'),
    link('resumo', 'Resumo'),
    create,
  );
  const whoName = h('span', null);
  const who = h('button', { type: 'button', class: 'button button--plain', id: 'quem', onclick: drawer.open }, icon(PERSON), whoName);
  const gearProps = { type: 'button', class: 'icon-button', id: 'ajustes', 'aria-label': 'Ajustes', 'aria-haspopup': 'dialog' };
  const gear = h('button', { ...gearProps, onclick: drawer.open }, icon(GEAR));
  drawer.element.addEventListener('close', () => {
    // The button that asked for the name is gone with its question.
    const focused = document.activeElement;
    if (who.hidden && (focused === who || focused === document.body)) gear.focus();
  });
  const element = h(
    'div',
    { class: 'topbar' },
    h(
      'a',
      { class: 'brand', href: '#/lista', 'aria-label': 'Pedidos' },
      h('img', { src: new URL('../icone.svg', import.meta.url).href, alt: '' }),
      h('span', { class: 'brand__name' }, 'Pedidos'),
    ),
    nav,
    h('span', { class: 'topbar__rest' }),
    who,
    pill,
    gear,
  );

  return {
    element,
    nav,
    /** Who is signed in, or what they say their name is. */
    drawWho() {
      const nome = session.nome();
      setText(whoName, nome || 'Quem é você?');
      setAttribute(who, 'aria-label', nome && `Você entrou como ${nome}`);
      setAttribute(who, 'title', nome);
      setAttribute(who, 'data-nome', nome);
      who.hidden = nome === null && settings.get('autor') !== '';
    },
    /** Whether a new order may be begun. @param {boolean} may */
    offerNew(may) {
      create.hidden = !may;
    },
  };
}

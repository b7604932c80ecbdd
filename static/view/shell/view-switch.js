// Shows the view that the address names, and its place's words where it cannot be had.

import { callApart, report } from '../../client/index.js';
import { h, setAttribute } from '../dom/dom.js';
import { parseRoute } from './router.js';
import { VIEWS, loadView, retryAfter } from './views.js';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {import('../context.js').Mount} Mount */
/** @typedef {import('./router.js').Route} Route */

export class ViewSwitch {
  /**
   * @param {object} dependencies
   * @param {HTMLElement} dependencies.main
   * @param {HTMLElement} dependencies.nav
   * @param {(title: string) => void} dependencies.setTitle
   * @param {(route: Route) => Context} dependencies.contextFor
   */
  constructor({ main, nav, setTitle, contextFor }) {
    this.main = main;
    this.nav = nav;
    this.setTitle = setTitle;
    this.contextFor = contextFor;
    /** Takes the present view down. */
    this.unmount = () => {};
    /** Grows with each address: what an older one still loads is void. */
    this.generation = 0;
    /** The address whose view could not be had, while its place says so. @type {string | null} */
    this.missing = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
  }

  async show() {
    this.generation += 1;
    const mine = this.generation;
    clearTimeout(this.retry);
    const { hash } = location;
    const route = parseRoute(hash);
    this.main.setAttribute('aria-busy', 'true');
    const mount = await loadView(route.name).catch(() => null);
    if (mine !== this.generation) return;
    this.main.removeAttribute('aria-busy');
    if (mount === null) {
      if (this.missing !== hash) this.open(route, (place) => this.showMissing(place, route));
      this.missing = hash;
      // An old page asks for a module that a newer server no longer has, or it is the network's answer, or none.
      this.retry = setTimeout(() => this.show(), retryAfter(route.name));
      return;
    }
    this.missing = null;
    this.open(route, mount);
  }

  /** @param {Route} route @param {Mount} mount */
  open(route, mount) {
    callApart(this.unmount);
    this.unmount = () => {};
    const { title, folder } = VIEWS[route.name];
    const isFirst = this.main.childElementCount === 0;
    const place = h('div', { class: `view view--${route.name}` });
    this.main.replaceChildren(place);
    document.body.dataset.view = route.name;
    // What the view's own sheets are scoped by; others stay loaded.
    document.body.dataset.sheet = folder;
    for (const item of this.nav.querySelectorAll('a')) {
      setAttribute(item, 'aria-current', item.dataset.view === route.name ? 'page' : null);
    }
    this.setTitle(title);
    if (!isFirst) {
      window.scrollTo(0, 0);
      this.main.focus({ preventScroll: true });
    }
    try {
      this.unmount = mount(place, this.contextFor(route));
    } catch (error) {
      const text = 'As outras páginas continuam funcionando. Se isto se repetir, avise quem cuida do sistema.';
      place.replaceChildren(this.sorry(`${title}: algo deu errado ao abrir`, text));
      report(error);
    }
  }

  /** @param {HTMLElement} place @param {Route} route @returns {() => void} */
  showMissing(place, route) {
    const text = 'O servidor não respondeu, ou outra coisa respondeu no lugar dele. O sistema continua tentando sozinho.';
    place.append(this.sorry(`${VIEWS[route.name].title}: não foi possível abrir`, text));
    return () => undefined;
  }

  /** @param {string} heading @param {string} text */
  sorry(heading, text) {
    return h(
      'div',
      { class: 'empty' },
      h('h2', null, heading),
      h('p', null, text),
      h('button', { type: 'button', class: 'button button--primary', onclick: () => this.show() }, 'Tentar de novo'),
      h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, 'Recarregar a página'),
    );
  }
}

// What stands around the views: the ways between them, the connection, the undo bar and the live region.

import { SETORES, WHOLE_ORDER, callApart, createOutbox, report } from '../client/index.js';
import { createAnnouncer } from './announcer.js';
import { createCatchUp } from './catch-up.js';
import { createConnectionBar } from './connection-bar.js';
import { h, icon, setAttribute, setText } from './dom.js';
import { createConnectionDrawer, createSettingsDrawer } from './drawers.js';
import { guardLeaving } from './leave-guard.js';
import { createBell, createChime, createTitle } from './news.js';
import { createNotices } from './notices.js';
import { parseRoute } from './router.js';
import { createSchedule } from './schedule.js';
import { createTicks } from './ticks.js';
import { createUndoBar } from './undo-bar.js';
import { createUpgrade } from './upgrade.js';
import { VIEWS, loadView, retryAfter } from './views.js';

/** @typedef {import('./context.js').Context} Context */
const PLUS = 'M12 5v14M5 12h14';
const GEAR = 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4.5v5M8 14.5v5';
const PERSON = 'M12 12a4 4 0 100-8 4 4 0 000 8zM4 21c0-4 3.6-6 8-6s8 2 8 6';

/**
 * @param {object} dependencies
 * @param {HTMLElement} dependencies.root
 * @param {import('../client/index.js').PedidosClient} dependencies.client
 * @param {import('./session.js').Session} dependencies.session
 * @param {import('./settings.js').Settings} dependencies.settings
 * @param {import('./storage.js').KeyStorage} dependencies.storage
 * @param {() => number} dependencies.now
 * @param {string} dependencies.version
 */
export function startShell({ root, client, session, settings, storage, now, version }) {
  const { store } = client;

  // ---- what is heard, and what is counted ----------------------------------------------------

  const region = h('div', { id: 'anuncios', class: 'only-heard', role: 'status', 'aria-live': 'polite' });
  const announcer = createAnnouncer(region, now);
  const title = createTitle();
  const bell = createBell();
  const chime = createChime({ isOn: () => settings.get('som'), play: bell.play, now });
  for (const { note } of [announcer, title, chime]) store.onChange(note);

  // ---- writes --------------------------------------------------------------------------------

  const catchUp = createCatchUp({ store, api: client.api, now, onChange: () => schedule.ask() });
  const bar = createConnectionBar({
    client,
    now,
    isCatchingUp: catchUp.isActive,
    openDrawer: () => connectionDrawer.open(),
    announce: announcer.say,
  });
  const ticks = createTicks({
    store,
    announce: announcer.say,
    now,
    // Whoever may tick one sector may tick them all.
    whyNot: () => session.whyNot(SETORES[0]),
  });

  guardLeaving(() => Object.keys(store.getSnapshot().pending).length > 0);
  let holds = 0;
  function holdReload() {
    let held = true;
    holds += 1;
    return () => {
      if (held) holds -= 1;
      held = false;
      upgrade.look();
    };
  }
  const upgrade = createUpgrade({
    version,
    store,
    isBusy: () => holds > 0 || Object.keys(store.getSnapshot().pending).length > 0,
    reload: () => location.reload(),
  });

  const notices = createNotices();

  // ---- the frame -----------------------------------------------------------------------------

  const connectionDrawer = createConnectionDrawer({ client, settings, view: bar.view, now, version });
  const settingsDrawer = createSettingsDrawer({ session, settings, tryBell: bell.play });
  /** @param {string} name @param {string} text */
  const link = (name, text) => h('a', { href: `#/${name}`, dataset: { view: name } }, text);
  const create = h('a', { href: '#/novo', class: 'nav__new', dataset: { view: 'novo' } }, icon(PLUS), 'Novo', h('span', { class: 'nav__long' }, '\u00a0pedido'));
  const nav = h(
    'nav',
    { class: 'nav', 'aria-label': 'Páginas' },
    link('lista', 'Lista'),
    link('quadro', 'Quadro'),
    link('resumo', 'Resumo'),
    create,
  );
  const whoName = h('span', null);
  const who = h(
    'button',
    { type: 'button', class: 'button button--plain', id: 'quem', onclick: settingsDrawer.open },
    icon(PERSON),
    whoName,
  );
  const gear = h(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      id: 'ajustes',
      'aria-label': 'Ajustes',
      'aria-haspopup': 'dialog',
      onclick: settingsDrawer.open,
    },
    icon(GEAR),
  );
  settingsDrawer.element.addEventListener('close', () => {
    // The button that asked for the name is gone with its question.
    const focused = document.activeElement;
    if (who.hidden && (focused === who || focused === document.body)) gear.focus();
  });
  const main = h('main', { id: 'conteudo', class: 'content', tabindex: '-1' });
  const top = h(
    'header',
    { class: 'top' },
    bar.band,
    upgrade.element,
    h(
      'div',
      { class: 'topbar' },
      h(
        'a',
        { class: 'brand', href: '#/lista', 'aria-label': 'Pedidos' },
        h('img', { src: new URL('./icone.svg', import.meta.url).href, alt: '' }),
        h('span', { class: 'brand__name' }, 'Pedidos'),
      ),
      nav,
      h('span', { class: 'topbar__rest' }),
      who,
      bar.pill,
      gear,
    ),
  );
  const page = h(
    'div',
    { class: 'shell' },
    h('button', { type: 'button', class: 'button skip', onclick: () => main.focus() }, 'Pular para o conteúdo'),
    top,
    main,
    h('div', { class: 'bottom' }, notices.element, createUndoBar(ticks)),
    region,
    connectionDrawer.element,
    settingsDrawer.element,
  );

  function applySettings() {
    client.setAutor(settings.get('autor') || null);
    drawWho();
  }

  function drawWho() {
    const nome = session.nome();
    setText(whoName, nome || 'Quem é você?');
    setAttribute(who, 'aria-label', nome && `Você entrou como ${nome}`);
    setAttribute(who, 'title', nome);
    setAttribute(who, 'data-nome', nome);
    who.hidden = nome === null && settings.get('autor') !== '';
  }

  /** Before it was known who is signed in, the view offered everything. */
  function limit() {
    drawWho();
    create.hidden = session.whyNot(WHOLE_ORDER) !== null;
    if (create.hidden) show();
  }

  // ---- time ----------------------------------------------------------------------------------

  const schedule = createSchedule(() => {
    bar.draw();
    connectionDrawer.draw();
  });
  const everySecond = /** @type {import('../client/index.js').Listeners<[]>} */ (createOutbox().listeners());
  for (const listener of [ticks.sweep, schedule.ask, announcer.summarize]) everySecond.add(listener);
  setInterval(() => everySecond.tell(), 1_000);
  store.subscribe(schedule.ask);

  // ---- the ways between the views ------------------------------------------------------------

  let unmount = () => {};
  let generation = 0;
  /** The address whose view could not be had, while its place says so. @type {string | null} */
  let missing = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let retry;

  /** @param {string} path */
  function navigate(path) {
    location.hash = `#${path}`;
  }

  async function show() {
    generation += 1;
    const mine = generation;
    clearTimeout(retry);
    const { hash } = location;
    const route = parseRoute(hash);
    main.setAttribute('aria-busy', 'true');
    const mount = await loadView(route.name).catch(() => null);
    if (mine !== generation) return;
    main.removeAttribute('aria-busy');
    if (mount === null) {
      if (missing !== hash) open(route, showMissing);
      missing = hash;
      // An old page asks for a module that a newer server no longer has, or it is the network's answer, or none.
      retry = setTimeout(show, retryAfter(route.name));
      return;
    }
    missing = null;
    open(route, mount);
  }

  /** @param {import('./router.js').Route} route @param {import('./context.js').Mount} mount */
  function open(route, mount) {
    callApart(unmount);
    unmount = () => {};
    const view = VIEWS[route.name];
    const first = main.childElementCount === 0;
    const place = h('div', { class: `view view--${route.name}` });
    main.replaceChildren(place);
    document.body.dataset.view = route.name;
    for (const item of nav.querySelectorAll('a')) {
      setAttribute(item, 'aria-current', item.dataset.view === route.name ? 'page' : null);
    }
    title.set(`${view.title} · Pedidos`);
    if (!first) {
      window.scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
    try {
      unmount = mount(place, contextFor(route));
    } catch (error) {
      place.replaceChildren(
        sorry(`${view.title}: algo deu errado ao abrir`, 'As outras páginas continuam funcionando. Se isto se repetir, avise quem cuida do sistema.'),
      );
      report(error);
    }
  }

  /** @param {HTMLElement} place @param {Context} context @returns {() => void} */
  function showMissing(place, { route }) {
    const text = 'O servidor não respondeu, ou outra coisa respondeu no lugar dele. O sistema continua tentando sozinho.';
    place.append(sorry(`${VIEWS[route.name].title}: não foi possível abrir`, text));
    return () => undefined;
  }

  /** @param {string} heading @param {string} text */
  function sorry(heading, text) {
    return h(
      'div',
      { class: 'empty' },
      h('h2', null, heading),
      h('p', null, text),
      h('button', { type: 'button', class: 'button button--primary', onclick: show }, 'Tentar de novo'),
      h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, 'Recarregar a página'),
    );
  }

  /** @param {import('./router.js').Route} route @returns {Context} */
  function contextFor(route) {
    return {
      client,
      store,
      api: client.api,
      route,
      navigate,
      announce: announcer.say,
      notify: notices.show,
      session,
      settings,
      storage,
      now,
      everySecond: everySecond.add,
      setTitle: (text) => title.set(`${text} · Pedidos`),
      holdReload,
      ticks,
    };
  }

  // What sticks below the top has to know how high it is: bands come and go.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty('--top-height', `${top.offsetHeight}px`);
  }).observe(top);
  document.body.append(page);
  root.remove();
  applySettings();
  settings.subscribe(applySettings);
  session.subscribe(limit);
  for (const gesture of ['pointerdown', 'keydown']) {
    window.addEventListener(gesture, () => settings.get('som') && bell.wake(), { once: true });
  }
  window.addEventListener('hashchange', show);
  bar.draw();
  show();
}

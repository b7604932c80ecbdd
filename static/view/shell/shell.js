// What stands around the views: the bar on top, the connection, the undo bar and the live region.

import { SETORES, WHOLE_ORDER, createOutbox } from '../../client/index.js';
import { createAnnouncer } from './announcer.js';
import { createCatchUp } from '../connection/catch-up.js';
import { createConnectionBar } from '../connection/connection-bar.js';
import { h } from '../dom/dom.js';
import { createConnectionDrawer, createSettingsDrawer } from './drawers.js';
import { guardLeaving } from '../dom/leave-guard.js';
import { createBell, createChime, createTitle } from './news.js';
import { createNotices } from './notices.js';
import { createSchedule } from '../dom/schedule.js';
import { createTicks } from '../order/ticks.js';
import { createTopbar } from './topbar.js';
import { createUndoBar } from './undo-bar.js';
import { createUpgrade } from './upgrade.js';
import { ViewSwitch } from './view-switch.js';

/** @typedef {import('../context.js').Context} Context */

/**
 * @typedef {object} Dependencies
 * @property {HTMLElement} root what stood there while all this was loaded
 * @property {import('../../client/index.js').PedidosClient} client
 * @property {import('../session.js').Session} session
 * @property {import('../settings.js').Settings} settings
 * @property {import('../storage.js').KeyStorage} storage
 * @property {() => number} now
 * @property {string} version
 */

/** @param {Dependencies} dependencies */
export function startShell(dependencies) {
  const shell = new Shell(dependencies);
  document.body.append(shell.element);
  dependencies.root.remove();
  shell.start();
}

class Shell {
  /** @param {Dependencies} dependencies */
  constructor({ client, session, settings, storage, now, version }) {
    const { store, api } = client;
    this.client = client;
    this.session = session;
    this.settings = settings;
    this.storage = storage;
    this.now = now;
    /** How many forms ask the page not to reload itself. */
    this.holds = 0;
    this.everySecond = /** @type {import('../../client/index.js').Listeners<[]>} */ (createOutbox().listeners());
    this.schedule = createSchedule(() => this.drawConnection());

    this.region = h('div', { id: 'anuncios', class: 'only-heard', role: 'status', 'aria-live': 'polite' });
    this.announcer = createAnnouncer(this.region, now);
    this.title = createTitle();
    this.bell = createBell();
    const announce = this.announcer.say;
    // Whoever may tick one sector may tick them all.
    this.ticks = createTicks({ store, announce, now, whyNot: () => session.whyNot(SETORES[0]) });
    this.upgrade = createUpgrade({
      version,
      store,
      isBusy: () => this.holds > 0 || this.isSending(),
      reload: () => location.reload(),
    });
    this.notices = createNotices();

    const catchUp = createCatchUp({ store, api, now, onChange: this.schedule.ask });
    this.bar = createConnectionBar({
      client,
      now,
      isCatchingUp: catchUp.isActive,
      openDrawer: () => this.connectionDrawer.open(),
      announce,
    });
    this.connectionDrawer = createConnectionDrawer({ client, settings, view: this.bar.view, now, version });
    this.settingsDrawer = createSettingsDrawer({ session, settings, tryBell: this.bell.play });
    this.topbar = createTopbar({ session, settings, pill: this.bar.pill, drawer: this.settingsDrawer });
    this.main = h('main', { id: 'conteudo', class: 'content', tabindex: '-1' });
    this.top = h('header', { class: 'top' }, this.bar.band, this.upgrade.element, this.topbar.element);
    this.element = this.layOut();
    this.views = new ViewSwitch({
      main: this.main,
      nav: this.topbar.nav,
      setTitle: (text) => this.setTitle(text),
      contextFor: (route) => this.contextFor(route),
    });
  }

  layOut() {
    return h(
      'div',
      { class: 'shell' },
      h('button', { type: 'button', class: 'button skip', onclick: () => this.main.focus() }, 'Pular para o conteúdo'),
      this.top,
      this.main,
      h('div', { class: 'bottom' }, this.notices.element, createUndoBar(this.ticks)),
      this.region,
      this.connectionDrawer.element,
      this.settingsDrawer.element,
    );
  }

  start() {
    const { settings, session, bell, everySecond, ticks, schedule, announcer } = this;
    const { store } = this.client;
    const chime = createChime({ isOn: () => settings.get('som'), play: bell.play, now: this.now });
    for (const { note } of [announcer, this.title, chime]) store.onChange(note);
    store.subscribe(schedule.ask);
    for (const listener of [ticks.sweep, schedule.ask, announcer.summarize]) everySecond.add(listener);
    setInterval(() => everySecond.tell(), 1_000);
    guardLeaving(() => this.isSending());
    // What sticks below the top has to know how high it is: bands come and go.
    new ResizeObserver(() => {
      document.documentElement.style.setProperty('--top-height', `${this.top.offsetHeight}px`);
    }).observe(this.top);
    for (const gesture of ['pointerdown', 'keydown']) {
      window.addEventListener(gesture, () => settings.get('som') && bell.wake(), { once: true });
    }
    this.applySettings();
    settings.subscribe(() => this.applySettings());
    session.subscribe(() => this.limit());
    window.addEventListener('hashchange', () => this.views.show());
    this.bar.draw();
    this.views.show();
  }

  /** Writes are on their way. */
  isSending() {
    return Object.keys(this.client.store.getSnapshot().pending).length > 0;
  }

  drawConnection() {
    this.bar.draw();
    this.connectionDrawer.draw();
  }

  applySettings() {
    this.client.setAutor(this.settings.get('autor') || null);
    this.topbar.drawWho();
  }

  /** Before it was known who is signed in, the view offered everything. */
  limit() {
    const may = this.session.whyNot(WHOLE_ORDER) === null;
    this.topbar.drawWho();
    this.topbar.offerNew(may);
    if (!may) this.views.show();
  }

  /** @returns {() => void} */
  holdReload() {
    let isHeld = true;
    this.holds += 1;
    return () => {
      if (isHeld) this.holds -= 1;
      isHeld = false;
      this.upgrade.look();
    };
  }

  /** @param {string} text */
  setTitle(text) {
    this.title.set(`${text} · Pedidos`);
  }

  /** @param {import('./router.js').Route} route @returns {Context} */
  contextFor(route) {
    const { client, session, settings, storage, now, ticks } = this;
    return {
      client,
      store: client.store,
      api: client.api,
      route,
      navigate(path) {
        location.hash = `#${path}`;
      },
      announce: this.announcer.say,
      notify: this.notices.show,
      session,
      settings,
      storage,
      now,
      everySecond: this.everySecond.add,
      setTitle: (text) => this.setTitle(text),
      holdReload: () => this.holdReload(),
      ticks,
    };
  }
}

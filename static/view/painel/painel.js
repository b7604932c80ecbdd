// Painel: the read-only board on the wall, alone on its page (`/?painel=1`). It runs for months on a TV's old
// browser: no array grows here, and a single timer runs, for the earliest of what is due.

import { OFFLINE, hasLostAccess, outageSince } from '../connection/connection-view.js';
import { dayOf, shortDate, timeOf } from '../order/dates.js';
import { isLive, trustOf } from './painel-connection.js';
import { pageAt, pagesOf, TURN } from './painel-pages.js';
import { createReloader } from './painel-reload.js';
import { createScreen } from './painel-screen.js';
import { shiftAt, STAY } from './painel-shift.js';
import { figuresOf, weekday } from '../order/figures.js';
import { signInAddress } from '../session.js';

/** @typedef {import('../context.js').Context} Context */
/** @typedef {Omit<import('../../client/index.js').Clock, 'monotonic'>} Clock */

/** Changes that come faster than that are drawn together: a TV's processor is slow. */
const REDRAW = 500;
const SECOND = 1_000;
const MINUTE = 60_000;
/** The connection has stopped for good, after a refusal: nobody stands before a TV to press a button. */
const RESTART = 5 * MINUTE;
const ANSWER_DEADLINE = 10_000;

/**
 * @typedef {object} Surroundings
 * @property {Clock} clock
 * @property {() => number} random in [0, 1)
 * @property {() => Promise<boolean>} answers whether the page can be had
 * @property {() => void} reload
 */

/**
 * @param {HTMLElement} element
 * @param {Pick<Context, 'client' | 'store' | 'now'>} context
 * @returns {() => void}
 */
export function mount(element, { client, store, now }) {
  const panel = createPanel(element, store, client.connection, {
    clock: {
      now,
      setTimeout: (callback, ms) => window.setTimeout(callback, ms),
      clearTimeout: (timer) => window.clearTimeout(timer),
    },
    random: Math.random,
    answers: pageAnswers,
    reload: () => window.location.reload(),
  });
  window.addEventListener('error', panel.fault);
  window.addEventListener('unhandledrejection', panel.fault);
  const act = () => (hasLostAccess(store.getSnapshot().connection) ? window.location.assign(signInAddress()) : toggleFullScreen());
  // Enter is the OK key of a TV's remote control.
  const onKey = (/** @type {KeyboardEvent} */ event) => (event.key === 'Enter' || event.key === 'f') && act();
  document.addEventListener('click', act);
  document.addEventListener('keydown', onKey);
  return () => {
    window.removeEventListener('error', panel.fault);
    window.removeEventListener('unhandledrejection', panel.fault);
    document.removeEventListener('click', act);
    document.removeEventListener('keydown', onKey);
    panel.close();
  };
}

/**
 * @param {HTMLElement} element
 * @param {Pick<import('../../client/index.js').PedidosStore, 'subscribe' | 'getSnapshot'>} store
 * @param {Pick<import('../../client/index.js').SharedConnection, 'reconnect'>} connection
 * @param {Surroundings} surroundings
 */
export function createPanel(element, store, connection, { clock, random, answers, reload }) {
  const screen = createScreen(element);
  const reloader = createReloader({ now: clock.now, random, answers, reload });
  /** Since when no live data comes in. @type {number | null} */
  let since = clock.now();
  let restartAt = Infinity;
  /** @type {unknown} */
  let timer = null;
  /** When the timer goes off. */
  let timerAt = Infinity;
  /** Figures and pages are worked out anew only for other orders, or another day. */
  const shown = { pedidos: /** @type {unknown} */ (null), day: '', ...work([], dayOf(clock.now())) };

  function run() {
    clock.clearTimeout(timer);
    timerAt = Infinity;
    const now = clock.now();
    const snapshot = store.getSnapshot();
    keepTime(snapshot, now);
    const trust = trustOf({ snapshot, since, now });
    const day = dayOf(now);
    if (snapshot.pedidos !== shown.pedidos || day !== shown.day) {
      Object.assign(shown, work(snapshot.pedidos, day), { pedidos: snapshot.pedidos, day });
    }
    const { figures, pages } = shown;
    screen.draw({ level: trust.level, state: trust.text, ...clockAt(now, day), figures, page: pageAt(pages, now) });
    reloader.check({ live: since === null, serverVersion: snapshot.serverVersion });
    wakeIn(nextRun(now));
  }

  /** @param {import('../../client/index.js').Snapshot} snapshot @param {number} now */
  function keepTime(snapshot, now) {
    const { status } = snapshot.connection;
    const outage = outageSince(snapshot.connection);
    if (isLive(snapshot)) since = null;
    else if (since === null) since = outage === null ? now : outage;
    if (status !== 'error') restartAt = Infinity;
    else if (restartAt === Infinity) restartAt = now + RESTART * (1 + random());
    else if (now >= restartAt) {
      restartAt = Infinity;
      connection.reconnect();
    }
  }

  /** How long nothing on the screen changes by itself. @param {number} now */
  function nextRun(now) {
    const waits = [MINUTE - (now % MINUTE), STAY - (now % STAY), reloader.due() - now, restartAt - now];
    if (shown.pages.length > 1) waits.push(TURN - (now % TURN));
    if (since !== null && now - since <= OFFLINE) waits.push(SECOND);
    // What is overdue waits for the connection; the minute is soon enough to look again.
    return Math.min(...waits.filter((wait) => wait > 0));
  }

  /** @param {number} ms */
  function wakeIn(ms) {
    if (clock.now() + ms >= timerAt) return;
    clock.clearTimeout(timer);
    timerAt = clock.now() + ms;
    timer = clock.setTimeout(run, ms);
  }

  const off = store.subscribe(() => wakeIn(REDRAW));
  run();

  return {
    /** Something threw where nothing should: a fresh page is the best that can be had. */
    fault: () => reloader.fault(),
    close() {
      off();
      clock.clearTimeout(timer);
      reloader.close();
      screen.remove();
    },
  };
}

/** @param {number} now @param {string} day */
function clockAt(now, day) {
  return { time: timeOf(now), date: `${weekday(day)}, ${shortDate(day, day)}`, shift: shiftAt(now) };
}

/** @param {readonly import('../../client/index.js').Pedido[]} pedidos @param {string} day */
function work(pedidos, day) {
  const figures = figuresOf(pedidos, day);
  return { figures, pages: pagesOf(figures, day) };
}

/** @returns {Promise<boolean>} */
async function pageAnswers() {
  const controller = new AbortController();
  const timer = window.setTimeout(() => controller.abort(), ANSWER_DEADLINE);
  try {
    const response = await fetch(window.location.href, { cache: 'no-store', signal: controller.signal });
    // A portal's page is HTML, too.
    return response.ok && (await response.text()).includes('name="pedidos-versao"');
  } finally {
    window.clearTimeout(timer);
  }
}

// A browser lets only a person's own hand fill the screen: a click, or the OK key of the remote control.
function toggleFullScreen() {
  const done = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen && document.documentElement.requestFullscreen();
  if (done) done.catch(() => undefined);
}

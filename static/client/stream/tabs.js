// One stream per browser: the tabs elect a leader, which holds the connection and passes its
// messages on. It looks like a connection, so what stands on it does not know.
//
//               start(), no leader heard within 150 ms,
//               lease run out, leader resigned,
//               or it is hidden while this tab is visible
//     ┌──────────┐ ────────────────────────────────────▶ ┌────────┐
//     │ follower │                                       │ leader │
//     └──────────┘ ◀──────────────────────────────────── └────────┘
//               another leads by a higher claim;
//               this tab is closed or frozen (it resigns first)
//
// A claim is (term, visible, id); the higher one leads. Whoever takes the lead raises the term, so an
// old leader that thaws steps down as soon as it hears of the new one. For a moment there may be
// two leaders; that costs a second stream and nothing else, because every tab follows its own
// position: it drops what it has seen, whoever sends it, and a gap makes its store reload.
//
// A leader whose stream is refused for good (its session is over, say) gives the lead up and tells why. Nobody who heard it tries by
// itself: they would be refused as well. A tab that is opened later, after signing in again, leads, and all are live again.
//
// The lease is kept by a note each second. A hidden tab's timers may run once a minute, so a hidden
// leader's lease is longer; it only ever leads when no tab is visible.
//
// Rejected: Web Locks (not there on plain http), a SharedWorker (not there on Chrome for Android, and it
// knows neither sleep nor visibility).

import { createOutbox } from '../listeners.js';
import { comparePosition } from '../wire/protocol.js';
import { outranks } from './claims.js';

/** @typedef {import('./connection-state.js').Connection} Connection */
/** @typedef {import('./connection-state.js').ConnectionState} ConnectionState */
/** @typedef {import('./connection-state.js').TransportPreference} TransportPreference */
/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */

/** @typedef {import('./claims.js').Claim} Claim */
/** @typedef {import('./claims.js').TabNote} TabNote */

/** `leader` also where a tab is alone. @typedef {'leader' | 'follower'} Role */
/** @typedef {ConnectionState & {role: Role}} SharedState */
/** @typedef {Omit<Connection, 'getState'> & {getState: () => SharedState}} SharedConnection */

export const NOTE_INTERVAL = 1_000;
export const LEASE = 3_000;
export const HIDDEN_LEASE = 75_000;
export const HELLO = 150;

/**
 * @typedef {object} Dependencies
 * @property {Connection} connection
 * @property {import('../environment.js').Channel | null} channel null: this tab is alone
 * @property {string} tab a random id
 * @property {import('../environment.js').Clock} clock
 * @property {() => number} random
 * @property {import('../lifecycle.js').Lifecycle} lifecycle
 */

/** @param {Dependencies} dependencies @returns {SharedConnection} */
export function createSharedConnection(dependencies) {
  const tab = new Tab(dependencies);
  const { transition } = tab;
  return {
    start: (from = null) => transition(() => tab.start(from)),
    close: () => transition(() => tab.close()),
    reconnect: () => transition(() => tab.reconnect()),
    setTransport: (preference) => transition(() => tab.setTransport(preference)),
    deliveryIsLate: () => transition(() => tab.deliveryIsLate()),
    send: (message) => tab.role === 'leader' && tab.connection.send(message),
    getState: () => tab.state,
    position: () => tab.position,
    subscribe: tab.stateListeners.add,
    onMessage: tab.messageListeners.add,
  };
}

class Tab {
  /** @param {Dependencies} dependencies */
  constructor({ connection, channel, tab, clock, random, lifecycle }) {
    this.connection = connection;
    this.channel = channel;
    this.tab = tab;
    this.clock = clock;
    this.random = random;
    this.lifecycle = lifecycle;
    const outbox = createOutbox();
    this.transition = outbox.transition;
    this.stateListeners = /** @type {import('../listeners.js').Listeners<[]>} */ (outbox.listeners());
    this.messageListeners = /** @type {import('../listeners.js').Listeners<[ServerMessage]>} */ (outbox.listeners());
    /** @type {Role} */
    this.role = 'follower';
    this.started = false;
    this.away = false;
    /** The server refuses this browser: it leads again when it is told to, or hears of a leader that was let in. */
    this.refused = false;
    this.term = 0;
    /** The leader, where it is another tab. @type {Claim | null} */
    this.leader = null;
    this.leaderHeardAt = 0;
    this.helloAt = 0;
    /** @type {string | null} */
    this.position = null;
    /** @type {unknown} */
    this.timer = null;
    /** @type {SharedState} */
    this.state = Object.freeze({ ...this.connection.getState(), role: this.role });
    this.handOn = this.messageListeners.tell;
    this.off = [
      this.connection.subscribe(() => this.transition(() => this.onConnectionState())),
      this.connection.onMessage((message) => this.transition(() => this.onOwnMessage(message))),
      this.lifecycle.subscribe((event) => this.transition(() => this.onLifecycle(event))),
    ];
    if (this.channel) {
      this.channel.onmessage = (event) => this.transition(() => this.onNote(event.data));
      this.sayHello();
    }
  }

  // ---- what it is told -----------------------------------------------------------------------

  /** @param {string | null} from */
  start(from) {
    if (this.started) return;
    this.started = true;
    if (this.position === null) this.position = from;
    this.considerLeading();
  }

  close() {
    this.started = false;
    this.resign();
    this.clock.clearTimeout(this.timer);
    this.off.splice(0).forEach((undo) => undo());
    if (this.channel) this.channel.close();
    this.channel = null;
    this.publish(this.connection.getState());
  }

  reconnect() {
    if (this.role === 'leader') this.connection.reconnect();
    else if (this.leader) this.post({ kind: 'reconnect', tab: this.tab });
    else if (this.started) this.lead();
  }

  /** @param {TransportPreference} preference */
  setTransport(preference) {
    if (this.role === 'leader') {
      this.connection.setTransport(preference);
    } else {
      this.publish({ ...this.state, preference });
      this.post({ kind: 'transport', tab: this.tab, preference });
    }
  }

  deliveryIsLate() {
    if (this.role === 'leader') this.connection.deliveryIsLate();
    else this.post({ kind: 'late', tab: this.tab });
  }

  /** @param {ConnectionState} next */
  publish(next) {
    this.state = Object.freeze({ ...next, role: this.role });
    this.stateListeners.tell();
  }

  /** @param {TabNote} note */
  post(note) {
    if (!this.channel) return;
    try {
      this.channel.postMessage(note);
    } catch (error) {
      // Closed by the browser, or forbidden: this tab is alone from here on.
      this.channel = null;
      this.leader = null;
      this.considerLeading();
    }
  }

  /** @param {number} ms @param {() => void} callback */
  setTimer(ms, callback) {
    this.clock.clearTimeout(this.timer);
    this.timer = this.clock.setTimeout(() => this.transition(callback), ms);
  }

  // ---- leading -------------------------------------------------------------------------------

  /** @returns {Claim} */
  claim() {
    return { tab: this.tab, term: this.term, visible: this.lifecycle.isVisible() };
  }

  announce() {
    this.post({ kind: 'lead', ...this.claim(), state: this.connection.getState(), cursor: this.position });
  }

  keepLease() {
    this.announce();
    if (this.channel) this.setTimer(NOTE_INTERVAL, () => this.keepLease());
  }

  lead() {
    this.refused = false;
    this.term += 1;
    this.leader = null;
    // The wish for one transport outlives the tab that led.
    this.connection.setTransport(this.state.preference);
    this.connection.start(this.position);
    // Last: how its stream ended before is no news.
    this.role = 'leader';
    this.publish(this.connection.getState());
    this.keepLease();
  }

  /** Drops the stream without a word; the position stays. */
  stepDown() {
    this.role = 'follower';
    this.clock.clearTimeout(this.timer);
    this.connection.close();
  }

  resign() {
    if (this.role !== 'leader') return;
    this.stepDown();
    this.post({ kind: 'resign', tab: this.tab, term: this.term });
  }

  /** Its stream has ended for good. @param {ConnectionState} why */
  giveUp(why) {
    this.role = 'follower';
    this.refused = true;
    this.clock.clearTimeout(this.timer);
    this.publish(why);
    this.post({ kind: 'resign', tab: this.tab, term: this.term, refused: why });
  }

  // ---- following -----------------------------------------------------------------------------

  lease() {
    if (!this.leader) return 0;
    const wait = this.leader.visible ? LEASE : HIDDEN_LEASE;
    // Who is looked at does not wait a minute for a hidden tab.
    return this.lifecycle.isVisible() ? Math.min(wait, LEASE) : wait;
  }

  /** Takes the lead, or comes back when that may be due. */
  considerLeading() {
    if (!this.started || this.away || this.refused || this.role === 'leader') return;
    if (!this.channel) return this.lead();
    const now = this.clock.monotonic();
    if (!this.leader) {
      const left = this.helloAt + HELLO - now;
      return left > 0 ? this.setTimer(left, () => this.considerLeading()) : this.lead();
    }
    if (this.lifecycle.isVisible() && !this.leader.visible) return this.lead();
    const left = this.leaderHeardAt + this.lease() - now;
    if (left <= 0) return this.lead();
    // Spread out, so that of several tabs one is first.
    return this.setTimer(left + this.random() * 200, () => this.considerLeading());
  }

  /** @param {Extract<TabNote, {kind: 'lead'}>} note */
  onLead(note) {
    const rival = { tab: note.tab, term: note.term, visible: note.visible };
    if (this.role === 'leader') {
      if (outranks(this.claim(), rival)) return this.announce();
      this.stepDown();
    } else if (this.leader && this.leader.tab !== rival.tab && outranks(this.leader, rival)) {
      return undefined;
    }
    this.term = Math.max(this.term, note.term);
    this.leader = rival;
    this.leaderHeardAt = this.clock.monotonic();
    this.refused = false;
    if (this.position === null) {
      this.position = note.cursor;
    } else if (note.cursor !== null && comparePosition(this.position, note.cursor) !== 'repeat') {
      // Its notes come behind its messages, so we missed some: we were frozen, or it took over from one
      // that crashed in the middle of a message.
      this.position = note.cursor;
      this.handOn({ type: 'refresh_required', message: 'Esta aba perdeu mudanças.' });
    }
    if (this.changed(note.state) || this.state.role !== this.role) this.publish(note.state);
    return this.considerLeading();
  }

  /** @param {Extract<TabNote, {kind: 'resign'}>} note of the leader */
  onResign(note) {
    this.leader = null;
    this.term = Math.max(this.term, note.term);
    if (note.refused) {
      this.refused = true;
      this.clock.clearTimeout(this.timer);
      this.publish(note.refused);
      return;
    }
    // Visible tabs first; among them, chance.
    this.helloAt = this.clock.monotonic() - HELLO + (this.lifecycle.isVisible() ? 0 : 100) + this.random() * 50;
    this.considerLeading();
  }

  /** @param {ConnectionState} next */
  changed(next) {
    return /** @type {(keyof ConnectionState)[]} */ (Object.keys(next)).some(
      (key) => next[key] !== this.state[key] && JSON.stringify(next[key]) !== JSON.stringify(this.state[key]),
    );
  }

  /** @param {ServerMessage} message */
  onRelayed(message) {
    if (message.type === 'pedido_update') {
      if (comparePosition(this.position, message.cursor) === 'repeat') return;
      this.position = message.cursor;
    } else if (message.type === 'refresh_required' && message.cursor) {
      this.position = message.cursor;
    }
    this.handOn(message);
  }

  /** @param {TabNote} note */
  onNote(note) {
    if (!note || note.tab === this.tab || this.away) return;
    switch (note.kind) {
      case 'hello':
        if (this.role === 'leader') this.announce();
        break;
      case 'lead':
        this.onLead(note);
        break;
      case 'resign':
        if (this.leader && this.leader.tab === note.tab) this.onResign(note);
        break;
      case 'message':
        if (this.role === 'follower') this.onRelayed(note.message);
        break;
      case 'reconnect':
        if (this.role === 'leader') this.connection.reconnect();
        break;
      case 'late':
        if (this.role === 'leader') this.connection.deliveryIsLate();
        break;
      case 'transport':
        if (this.role === 'leader') this.connection.setTransport(note.preference);
        break;
      default: // a newer page's tab may say more
    }
  }

  // ---- what it hears -------------------------------------------------------------------------

  sayHello() {
    this.helloAt = this.clock.monotonic();
    this.post({ kind: 'hello', tab: this.tab });
  }

  onConnectionState() {
    if (this.role !== 'leader') return;
    const next = this.connection.getState();
    if (this.channel && next.status === 'error') return this.giveUp(next);
    this.publish(next);
    this.announce();
  }

  /** @param {ServerMessage} message */
  onOwnMessage(message) {
    if (this.role !== 'leader') return;
    this.position = this.connection.position();
    // The other tabs first: what this tab does with it may be slow.
    if (message.type !== 'pong') this.post({ kind: 'message', tab: this.tab, term: this.term, message });
    this.handOn(message);
  }

  /** @param {import('../lifecycle.js').LifecycleEvent} event */
  onLifecycle(event) {
    if (event === 'leave') {
      this.away = true;
      this.resign();
    } else if (event === 'return') {
      this.away = false;
      this.refused = false;
      this.leader = null;
      this.sayHello();
      this.considerLeading();
    } else if (event === 'visible' || event === 'hidden') {
      if (this.role === 'leader') this.announce();
      else this.considerLeading();
    } else if (this.role === 'follower') {
      // Woken: the leader may be gone, or may be woken a moment later and tell.
      this.setTimer(NOTE_INTERVAL, () => this.considerLeading());
    }
  }
}

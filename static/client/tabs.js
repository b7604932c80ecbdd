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

import { createOutbox } from './listeners.js';
import { comparePosition, cursorNumber } from './protocol.js';

/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./connection.js').ConnectionState} ConnectionState */
/** @typedef {import('./connection.js').TransportPreference} TransportPreference */
/** @typedef {import('./protocol.js').ServerMessage} ServerMessage */

/** `leader` also where a tab is alone. @typedef {'leader' | 'follower'} Role */
/** @typedef {ConnectionState & {role: Role}} SharedState */
/** @typedef {Omit<Connection, 'getState'> & {getState: () => SharedState}} SharedConnection */

/**
 * What tabs say to each other. `refused`: how the stream of the one that resigns ended for good; `late`: an event that must have
 * been sent has not come.
 * @typedef {{kind: 'hello', tab: string}
 *   | {kind: 'lead', tab: string, term: number, visible: boolean, state: ConnectionState, cursor: string | null}
 *   | {kind: 'resign', tab: string, term: number, refused?: ConnectionState}
 *   | {kind: 'message', tab: string, term: number, message: ServerMessage}
 *   | {kind: 'reconnect', tab: string}
 *   | {kind: 'late', tab: string}
 *   | {kind: 'transport', tab: string, preference: TransportPreference}} TabNote
 */

/** @typedef {{tab: string, term: number, visible: boolean}} Claim */

export const NOTE_INTERVAL = 1_000;
export const LEASE = 3_000;
export const HIDDEN_LEASE = 75_000;
export const HELLO = 150;

/**
 * @param {Claim} one @param {Claim} other
 * @returns {boolean} whether `one` leads before `other`
 */
export function outranks(one, other) {
  if (one.term !== other.term) return one.term > other.term;
  if (one.visible !== other.visible) return one.visible;
  return one.tab < other.tab;
}

/**
 * @param {object} dependencies
 * @param {Connection} dependencies.connection
 * @param {import('./environment.js').Channel | null} dependencies.channel null: this tab is alone
 * @param {string} dependencies.tab a random id
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => number} dependencies.random
 * @param {import('./lifecycle.js').Lifecycle} dependencies.lifecycle
 * @returns {SharedConnection}
 */
export function createSharedConnection({ connection, channel, tab, clock, random, lifecycle }) {
  const outbox = createOutbox();
  const { transition } = outbox;
  const stateListeners = /** @type {import('./listeners.js').Listeners<[]>} */ (outbox.listeners());
  const messageListeners = /** @type {import('./listeners.js').Listeners<[ServerMessage]>} */ (outbox.listeners());

  /** @type {Role} */
  let role = 'follower';
  let started = false;
  let away = false;
  /** The server refuses this browser: it leads again when it is told to, or hears of a leader that was let in. */
  let refused = false;
  let term = 0;
  /** The leader, where it is another tab. @type {Claim | null} */
  let leader = null;
  let leaderHeardAt = 0;
  let helloAt = 0;
  /** @type {string | null} */
  let position = null;
  /** @type {unknown} */
  let timer = null;
  /** @type {SharedState} */
  let state = Object.freeze({ ...connection.getState(), role });

  /** @param {ConnectionState} next */
  function publish(next) {
    state = Object.freeze({ ...next, role });
    stateListeners.tell();
  }

  const handOn = messageListeners.tell;

  /** @param {TabNote} note */
  function post(note) {
    if (!channel) return;
    try {
      channel.postMessage(note);
    } catch (error) {
      // Closed by the browser, or forbidden: this tab is alone from here on.
      channel = null;
      leader = null;
      considerLeading();
    }
  }

  /** @param {number} ms @param {() => void} callback */
  function setTimer(ms, callback) {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(() => transition(callback), ms);
  }

  // ---- leading -------------------------------------------------------------------------------

  /** @returns {Claim} */
  const claim = () => ({ tab, term, visible: lifecycle.isVisible() });

  function announce() {
    post({ kind: 'lead', ...claim(), state: connection.getState(), cursor: position });
  }

  function keepLease() {
    announce();
    if (channel) setTimer(NOTE_INTERVAL, keepLease);
  }

  function lead() {
    refused = false;
    term += 1;
    leader = null;
    // The wish for one transport outlives the tab that led.
    connection.setTransport(state.preference);
    connection.start(position);
    // Last: how its stream ended before is no news.
    role = 'leader';
    publish(connection.getState());
    keepLease();
  }

  /** Drops the stream without a word; the position stays. */
  function stepDown() {
    role = 'follower';
    clock.clearTimeout(timer);
    connection.close();
  }

  function resign() {
    if (role !== 'leader') return;
    stepDown();
    post({ kind: 'resign', tab, term });
  }

  /** Its stream has ended for good. @param {ConnectionState} why */
  function giveUp(why) {
    role = 'follower';
    refused = true;
    clock.clearTimeout(timer);
    publish(why);
    post({ kind: 'resign', tab, term, refused: why });
  }

  // ---- following -----------------------------------------------------------------------------

  function lease() {
    if (!leader) return 0;
    const wait = leader.visible ? LEASE : HIDDEN_LEASE;
    // Who is looked at does not wait a minute for a hidden tab.
    return lifecycle.isVisible() ? Math.min(wait, LEASE) : wait;
  }

  /** Takes the lead, or comes back when that may be due. */
  function considerLeading() {
    if (!started || away || refused || role === 'leader') return;
    if (!channel) return lead();
    const now = clock.monotonic();
    if (!leader) {
      const left = helloAt + HELLO - now;
      return left > 0 ? setTimer(left, considerLeading) : lead();
    }
    if (lifecycle.isVisible() && !leader.visible) return lead();
    const left = leaderHeardAt + lease() - now;
    if (left <= 0) return lead();
    // Spread out, so that of several tabs one is first.
    return setTimer(left + random() * 200, considerLeading);
  }

  /** @param {Extract<TabNote, {kind: 'lead'}>} note */
  function onLead(note) {
    const rival = { tab: note.tab, term: note.term, visible: note.visible };
    if (role === 'leader') {
      if (outranks(claim(), rival)) return announce();
      stepDown();
    } else if (leader && leader.tab !== rival.tab && outranks(leader, rival)) {
      return undefined;
    }
    term = Math.max(term, note.term);
    leader = rival;
    leaderHeardAt = clock.monotonic();
    refused = false;
    if (position === null) {
      position = note.cursor;
    } else if (cursorNumber(note.cursor) > cursorNumber(position)) {
      // Its notes come behind its messages, so we missed some: we were frozen, or it took over from one
      // that crashed in the middle of a message.
      position = note.cursor;
      handOn({ type: 'refresh_required', message: 'Esta aba perdeu mudanças.' });
    }
    if (changed(note.state) || state.role !== role) publish(note.state);
    return considerLeading();
  }

  /** @param {ConnectionState} next */
  function changed(next) {
    return /** @type {(keyof ConnectionState)[]} */ (Object.keys(next)).some(
      (key) => next[key] !== state[key] && JSON.stringify(next[key]) !== JSON.stringify(state[key]),
    );
  }

  /** @param {ServerMessage} message */
  function onRelayed(message) {
    if (message.type === 'pedido_update') {
      if (comparePosition(position, message.cursor) === 'repeat') return;
      position = message.cursor;
    } else if (message.type === 'refresh_required' && message.cursor) {
      position = message.cursor;
    }
    handOn(message);
  }

  /** @param {TabNote} note */
  function onNote(note) {
    if (!note || note.tab === tab || away) return;
    switch (note.kind) {
      case 'hello':
        if (role === 'leader') announce();
        break;
      case 'lead':
        onLead(note);
        break;
      case 'resign':
        if (leader && leader.tab === note.tab) {
          leader = null;
          term = Math.max(term, note.term);
          if (note.refused) {
            refused = true;
            clock.clearTimeout(timer);
            publish(note.refused);
            break;
          }
          // Visible tabs first; among them, chance.
          helloAt = clock.monotonic() - HELLO + (lifecycle.isVisible() ? 0 : 100) + random() * 50;
          considerLeading();
        }
        break;
      case 'message':
        if (role === 'follower') onRelayed(note.message);
        break;
      case 'reconnect':
        if (role === 'leader') connection.reconnect();
        break;
      case 'late':
        if (role === 'leader') connection.deliveryIsLate();
        break;
      case 'transport':
        if (role === 'leader') connection.setTransport(note.preference);
        break;
      default: // a newer page's tab may say more
    }
  }

  // ---- wiring --------------------------------------------------------------------------------

  function sayHello() {
    helloAt = clock.monotonic();
    post({ kind: 'hello', tab });
  }

  function onConnectionState() {
    if (role !== 'leader') return;
    const next = connection.getState();
    if (channel && next.status === 'error') return giveUp(next);
    publish(next);
    announce();
  }

  /** @param {ServerMessage} message */
  function onOwnMessage(message) {
    if (role !== 'leader') return;
    position = connection.position();
    // The other tabs first: what this tab does with it may be slow.
    if (message.type !== 'pong') post({ kind: 'message', tab, term, message });
    handOn(message);
  }

  /** @param {import('./lifecycle.js').LifecycleEvent} event */
  function onLifecycle(event) {
    if (event === 'leave') {
      away = true;
      resign();
    } else if (event === 'return') {
      away = false;
      refused = false;
      leader = null;
      sayHello();
      considerLeading();
    } else if (event === 'visible' || event === 'hidden') {
      if (role === 'leader') announce();
      else considerLeading();
    } else if (role === 'follower') {
      // Woken: the leader may be gone, or may be woken a moment later and tell.
      setTimer(NOTE_INTERVAL, considerLeading);
    }
  }

  const off = [
    connection.subscribe(() => transition(onConnectionState)),
    connection.onMessage((message) => transition(() => onOwnMessage(message))),
    lifecycle.subscribe((event) => transition(() => onLifecycle(event))),
  ];
  if (channel) {
    channel.onmessage = (event) => transition(() => onNote(event.data));
    sayHello();
  }

  return {
    start: (from = null) =>
      transition(() => {
        if (started) return;
        started = true;
        if (position === null) position = from;
        considerLeading();
      }),
    close: () =>
      transition(() => {
        started = false;
        resign();
        clock.clearTimeout(timer);
        off.splice(0).forEach((undo) => undo());
        if (channel) channel.close();
        channel = null;
        publish(connection.getState());
      }),
    reconnect: () =>
      transition(() => {
        if (role === 'leader') connection.reconnect();
        else if (leader) post({ kind: 'reconnect', tab });
        else if (started) lead();
      }),
    setTransport: (preference) =>
      transition(() => {
        if (role === 'leader') {
          connection.setTransport(preference);
        } else {
          publish({ ...state, preference });
          post({ kind: 'transport', tab, preference });
        }
      }),
    deliveryIsLate: () =>
      transition(() => {
        if (role === 'leader') connection.deliveryIsLate();
        else post({ kind: 'late', tab });
      }),
    send: (message) => role === 'leader' && connection.send(message),
    getState: () => state,
    position: () => position,
    subscribe: stateListeners.add,
    onMessage: messageListeners.add,
  };
}

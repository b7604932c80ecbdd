// One stream of messages from the server, whatever the network does.
//
//                 start()
//     ┌─────────┐ reconnect() ┌────────────┐ first message  ┌───────────┐
//     │ stopped │────────────▶│ connecting │───────────────▶│ connected │
//     └─────────┘             └────────────┘                └───────────┘
//       ▲  ▲  ▲                 │        ▲                    │       │
//       │  │  │         refused │        │ silent: at once    │       │
//       │  │  │    or 3 s hang  │        └────────────────────┘       │
//       │  │  │                 ▼        │                            │ ended
//       │  │  │ denied   ┌─────────┐     │ blocked: the other         │
//       │  │  └──────────│ probing │─────┘ transport, at once         │
//       │  │             └─────────┘                                  │
//       │  │               ▲   │ no answer, or nothing else to try    │
//       │  │   died young  │   ▼                                      │
//       │  │             ┌─────────┐ 3 s ± jitter; at once on online, │
//       │  └─────────────│ waiting │ wake and reconnect() ─▶ connecting
//       │ too many tries └─────────┘◀─────────────────────────────────┘
//       │
//       └── close(), a close code that says stop, 401/403 of our server on the stream itself: from any state
//
// Fallback, in "auto": see fallback.js for when WebSocket counts as blocked. Then SSE, with the same cursor. What is tried beside
// a live SSE (beside.js) takes over without interrupting it, and what both deliver is dropped by its cursor.
//
// Delivery, on SSE: some networks hold each piece back until the next one comes. It shows when an own change's event does
// not follow its answer (`deliveryIsLate`), when an event comes seconds after its time, or when the stream stays silent.
// Then the stream is opened anew with a heartbeat each second, which releases the event before it: `delayed`.
//
// Position: `cursor` is the last one handed on. It moves only forward, event by event, or to where
// the server says that a new stream begins (`refresh_required` with a cursor); so a cut at any
// moment resumes without loss or repeat.
//
// `blocked`, once said, stands until a heartbeat has come through on a stream that asks for one each second, or until there is
// something else to say: each try opens well enough, and would be taken for a cure.

import { withJitter } from '../backoff.js';
import { createOutbox } from '../listeners.js';
import { comparePosition } from '../wire/protocol.js';
import { Beside } from './beside.js';
import { TEXT, initialState } from './connection-state.js';
import { createDelivery } from './delivery.js';
import { Failures } from './failures.js';
import { Liveness } from './liveness.js';
import { createOpening } from './opening.js';
import { createTimers } from './timers.js';

/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./connection-state.js').Connection} Connection */
/** @typedef {import('./connection-state.js').ConnectionError} ConnectionError */
/** @typedef {import('./connection-state.js').ConnectionState} ConnectionState */
/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {import('./transport.js').TransportEnd} TransportEnd */

/** Seconds between heartbeats where the network holds each piece back until the next. */
export const CLOSE_HEARTBEAT = 1;
/** What did not come while the machine slept may still come in so many ms after it. */
const RECENT = 5_000;

/**
 * @typedef {object} Dependencies
 * @property {Record<TransportName, import('./transport.js').OpenTransport>} open
 * @property {() => Promise<import('./probe.js').ProbeResult>} probe
 * @property {import('../environment.js').Clock} clock
 * @property {() => number} random
 * @property {import('./fallback.js').Fallback} fallback
 * @property {Pick<import('../lifecycle.js').Lifecycle, 'subscribe'>} lifecycle
 * @property {import('./connection-state.js').ConnectionSettings} settings
 */

/** @param {Dependencies} dependencies @returns {Connection} */
export function createConnection(dependencies) {
  const machine = new Machine(dependencies);
  const { transition } = machine;
  return {
    start: (from = null) => transition(() => machine.start(from)),
    close: () => transition(() => machine.close()),
    reconnect: () => transition(() => machine.reconnect()),
    setTransport: (preference) => transition(() => machine.setTransport(preference)),
    deliveryIsLate: () => transition(() => machine.deliveryIsLate()),
    send: (message) => machine.phase === 'connected' && machine.current !== null && machine.current.send(message),
    getState: () => machine.state,
    position: () => machine.cursor,
    subscribe: machine.stateListeners.add,
    onMessage: machine.messageListeners.add,
  };
}

class Machine {
  /** @param {Dependencies} dependencies */
  constructor({ open, probe, clock, random, fallback, lifecycle, settings }) {
    const outbox = createOutbox();
    const { transition } = outbox;
    this.transition = transition;
    this.stateListeners = /** @type {import('../listeners.js').Listeners<[]>} */ (outbox.listeners());
    this.messageListeners = /** @type {import('../listeners.js').Listeners<[ServerMessage]>} */ (outbox.listeners());
    this.clock = clock;
    this.random = random;
    this.fallback = fallback;
    this.lifecycle = lifecycle;
    this.settings = settings;

    this.state = initialState(settings.transport);
    /** @type {'stopped' | 'connecting' | 'probing' | 'waiting' | 'connected'} */
    this.phase = 'stopped';
    /** @type {string | null} */
    this.cursor = null;
    /** The stream in use, or being opened. @type {Transport | null} */
    this.current = null;
    /** Grows with each change of phase: what an older phase still has under way is void. */
    this.generation = 0;
    /** When the outage began, and when the present stream was asked for, by the monotonic clock. */
    this.outageAt = 0;
    this.askedAt = 0;
    /** @type {(() => void) | null} */
    this.unsubscribeLifecycle = null;

    /** Of the present phase; entering another one clears them. */
    this.timers = createTimers({ clock, transition });
    this.delivery = createDelivery({ clock });
    this.liveness = new Liveness({
      clock,
      timers: this.timers,
      delivery: this.delivery,
      settings,
      isDelayed: () => this.state.delayed,
      onSilent: () => this.failures.silent(),
    });
    this.failures = new Failures({ probe, fallback, liveness: this.liveness, owner: this });
    this.openStream = createOpening({ open, timers: this.timers, transition });
    this.handlers = {
      onActivity: (/** @type {Transport} */ transport) => this.onActivity(transport),
      onMessage: (/** @type {Transport} */ transport, /** @type {ServerMessage} */ message) => {
        if (transport === this.current) this.receive(message);
      },
      onEnd: (/** @type {Transport} */ transport, /** @type {TransportEnd} */ end) => {
        if (transport === this.current) this.failures.lost(end);
      },
    };
    this.beside = new Beside({
      openStream: this.openStream,
      handlers: this.handlers,
      timers: this.timers,
      clock,
      random,
      fallback,
      delivery: this.delivery,
      position: () => this.cursor,
      takeOver: (transport) => this.takeOver(transport),
    });
  }

  // ---- what it is told -----------------------------------------------------------------------

  /** @param {string | null} from */
  start(from) {
    if (this.phase !== 'stopped') return;
    if (from !== null) this.cursor = from;
    this.publish({ reconnectAttempt: 0, error: null });
    this.attempt();
  }

  close() {
    if (this.phase !== 'stopped') this.stop('disconnected', null);
  }

  reconnect() {
    this.fallback.restartCounts();
    if (this.phase === 'stopped') this.publish({ reconnectAttempt: 0, error: null });
    this.attempt();
  }

  /** @param {import('./connection-state.js').TransportPreference} preference */
  setTransport(preference) {
    if (preference === this.state.preference) return;
    this.fallback.forget();
    this.publish({ preference });
    if (this.phase !== 'stopped') this.attempt();
  }

  deliveryIsLate() {
    if (this.phase !== 'connected' || !this.current || this.current.name !== 'sse' || this.fallback.isHeldBack()) return;
    if (this.delivery.hasSleptSince(this.clock.monotonic() - RECENT)) return;
    this.fallback.holdsBack();
    this.attempt();
  }

  /** @param {import('../lifecycle.js').LifecycleEvent} event */
  onLifecycle(event) {
    if (event === 'online') this.fallback.forget();
    if (event !== 'online' && event !== 'wake' && event !== 'return') return;
    if (this.phase === 'waiting') this.attempt();
    else if (this.phase === 'connected') this.liveness.look();
  }

  // ---- state ---------------------------------------------------------------------------------

  /** @param {Partial<ConnectionState>} change */
  publish(change) {
    this.state = Object.freeze({ ...this.state, ...change });
    this.stateListeners.tell();
  }

  /** Since when there is no connection, ms by the wall clock. */
  outageSince() {
    const now = this.clock.now();
    const { disconnectedAt } = this.state;
    if (disconnectedAt === null) {
      this.outageAt = this.clock.monotonic();
      return now;
    }
    // Set back meanwhile, the clock would hide the outage until it has caught up.
    return disconnectedAt <= now ? disconnectedAt : now - (this.clock.monotonic() - this.outageAt);
  }

  /** @param {Machine['phase']} next */
  enter(next) {
    if (next !== 'stopped' && !this.unsubscribeLifecycle) {
      this.unsubscribeLifecycle = this.lifecycle.subscribe((event) => this.transition(() => this.onLifecycle(event)));
    }
    this.phase = next;
    this.generation += 1;
    this.timers.clearAll();
    this.beside.close();
    if (this.current && next !== 'connected') {
      this.current.close();
      this.current = null;
    }
  }

  // ---- opening -------------------------------------------------------------------------------

  attempt() {
    this.enter('connecting');
    const { preference } = this.state;
    const name = preference === 'auto' ? this.fallback.transport() : preference;
    this.publish({ status: 'connecting', transport: name, connectedAt: null, disconnectedAt: this.outageSince() });
    this.askedAt = this.clock.monotonic();
    const heartbeat = name === 'sse' && this.fallback.isHeldBack() ? CLOSE_HEARTBEAT : null;
    this.current = this.openStream(name, this.cursor, heartbeat, {
      ...this.handlers,
      onReady: (transport) => {
        this.current = transport;
        this.enter('connected');
        this.connected(transport);
      },
      onFailure: (how, end) => this.failures.failed(name, how, end),
    });
  }

  /** Why the last stream failed is being asked. */
  ask() {
    this.enter('probing');
  }

  // ---- waiting and stopping ------------------------------------------------------------------

  /**
   * @param {number} atLeast ms
   * @param {ConnectionError | null} [error] what the user should know, while it goes on trying
   * @returns {boolean} false where it stopped instead
   */
  wait(atLeast, error = null) {
    const { reconnectAttempt } = this.state;
    if (!this.settings.autoReconnect) {
      this.stop('disconnected', null);
      return false;
    }
    if (reconnectAttempt >= this.settings.maxReconnectAttempts) {
      this.stop('error', { kind: 'attempts', message: TEXT.attempts, status: null });
      return false;
    }
    this.enter('waiting');
    this.publish({
      status: 'disconnected',
      connectedAt: null,
      disconnectedAt: this.outageSince(),
      reconnectAttempt: reconnectAttempt + 1,
      error,
    });
    const pause = Math.max(atLeast, withJitter(this.settings.reconnectInterval, this.random));
    this.timers.set('retry', pause, () => this.attempt());
    return true;
  }

  /** @param {number | null} status @param {string} message */
  deny(status, message) {
    const text = message || (status === null ? TEXT.stopped : TEXT.denied);
    this.stop('error', { kind: 'denied', message: text, status });
  }

  /** @param {'disconnected' | 'error'} status @param {ConnectionError | null} error */
  stop(status, error) {
    this.enter('stopped');
    if (this.unsubscribeLifecycle) this.unsubscribeLifecycle();
    this.unsubscribeLifecycle = null;
    this.publish({ status, error, transport: null, connectedAt: null, disconnectedAt: this.outageSince() });
  }

  // ---- connected -----------------------------------------------------------------------------

  /** @param {Transport} transport that has just spoken for the first time */
  connected(transport) {
    const { fallback, liveness, beside } = this;
    this.failures.opened(this.clock.monotonic() - this.askedAt);
    const delayed = transport.name === 'sse' && fallback.isHeldBack();
    const { error } = this.state;
    const at = this.clock.now();
    this.publish({
      status: 'connected',
      delayed,
      transport: transport.name,
      reconnectAttempt: 0,
      connectedAt: at,
      lastHeardAt: at,
      disconnectedAt: null,
      error: delayed && error && error.kind === 'blocked' ? error : null,
    });
    liveness.begin(transport);
    if (transport.name === 'websocket') fallback.websocketWorks();
    else if (this.state.preference === 'auto') beside.scheduleUpgrade();
    if (delayed) beside.scheduleTrial();
  }

  /** From the stream in use, beside which it was opened. @param {Transport} transport */
  takeOver(transport) {
    const old = this.current;
    this.current = transport;
    if (old) old.close();
    this.enter('connected');
    this.connected(transport);
  }

  /** @param {Transport} transport */
  onActivity(transport) {
    if (transport !== this.current || this.phase !== 'connected') return;
    const { liveness } = this;
    const before = this.state.lastHeardAt || 0;
    liveness.heard();
    if (liveness.hasBeat && this.state.error) this.publish({ error: null });
    // Under load the state is not worth more than one new object a second.
    if (liveness.heardAt - before >= 1_000) this.publish({ lastHeardAt: liveness.heardAt });
  }

  /** @param {ServerMessage} message */
  receive(message) {
    if (message.type === 'connection') {
      // Where a cursor was named and another one comes back, a refresh_required follows, and only
      // that one moves the position: a cut between the two must lose nothing.
      if (this.cursor === null && message.cursor) this.cursor = message.cursor;
      this.publish({ serverVersion: message.versao_servidor || null });
      this.noteTime(message.timestamp);
    } else if (message.type === 'refresh_required') {
      if (message.cursor) this.cursor = message.cursor;
    } else if (message.type === 'pedido_update') {
      if (comparePosition(this.cursor, message.cursor) === 'repeat') return;
      this.cursor = message.cursor;
      this.noteTime(message.timestamp);
    }
    this.messageListeners.tell(message);
  }

  /** @param {string} timestamp when the server wrote a message that has just come */
  noteTime(timestamp) {
    if (this.current && this.current.name === 'sse' && this.delivery.isLate(timestamp)) this.deliveryIsLate();
  }

}

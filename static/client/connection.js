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
//       │  │  │ 401/403  ┌─────────┐     │ blocked: the other         │
//       │  │  └──────────│ probing │─────┘ transport, at once         │
//       │  │             └─────────┘                                  │
//       │  │               ▲   │ no answer, or nothing else to try    │
//       │  │   died young  │   ▼                                      │
//       │  │             ┌─────────┐ 3 s ± jitter; at once on online, │
//       │  └─────────────│ waiting │ wake and reconnect() ─▶ connecting
//       │ too many tries └─────────┘◀─────────────────────────────────┘
//       │
//       └── close(), a close code that says stop, 401/403 on the stream itself: from any state
//
// Fallback, in "auto": WebSocket is *blocked* when its upgrade is refused twice running, or hangs, or
// it opens and dies young three times running, each while our server answers over HTTP. Then SSE, with the
// same cursor. While SSE is live, WebSocket is tried beside it every few minutes and takes over once
// it has spoken: nothing is interrupted, and what both deliver is dropped by its cursor.
//
// Position: `cursor` is the last one handed on. It moves only forward, event by event, or to where
// the server says that a new stream begins (`refresh_required` with a cursor); so a cut at any
// moment resumes without loss or repeat.

import { withJitter } from './backoff.js';
import { closeCode, comparePosition } from './protocol.js';

/** @typedef {import('./protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {import('./transport.js').TransportEnd} TransportEnd */
/** @typedef {import('./transport.js').OpenTransport} OpenTransport */
/** @typedef {import('./probe.js').ProbeResult} ProbeResult */
/** @typedef {'auto' | TransportName} TransportPreference */

/**
 * Why live updates do not come, in words for the user.
 * - `denied`: 401/403, or a close code that says stop. Final until `reconnect()`.
 * - `attempts`: `maxReconnectAttempts` used up. Final until `reconnect()`.
 * - `blocked`: the server answers, but the network lets neither transport through. Goes on trying.
 * @typedef {{kind: 'denied' | 'attempts' | 'blocked', message: string, status: number | null}} ConnectionError
 */

/**
 * @typedef {object} ConnectionState
 * @property {'connecting' | 'connected' | 'disconnected' | 'error'} status `disconnected`: the next
 *   attempt is on its way, or it was closed; `error`: stopped, see `error`
 * @property {TransportName | null} transport in use, or being tried
 * @property {TransportPreference} preference
 * @property {number} reconnectAttempt 0 while connected
 * @property {number | null} lastHeardAt ms; when the server last gave a sign of life on the stream
 * @property {number | null} connectedAt ms; since when, null while not connected
 * @property {number | null} disconnectedAt ms; since when, through all attempts; null while connected
 * @property {string | null} serverVersion
 * @property {ConnectionError | null} error
 */

/**
 * @typedef {object} ConnectionSettings
 * @property {TransportPreference} transport
 * @property {boolean} autoReconnect
 * @property {number} reconnectInterval ms
 * @property {number} maxReconnectAttempts Infinity by default
 * @property {boolean} heartbeat
 * @property {number} heartbeatInterval ms
 */

/**
 * @typedef {object} Connection
 * @property {(from?: string | null) => void} start begins, behind the cursor `from`; nothing where it runs already
 * @property {() => void} close
 * @property {() => void} reconnect drops what there is and tries at once
 * @property {(preference: TransportPreference) => void} setTransport
 * @property {(message: object) => boolean} send false where nothing was sent (SSE, not connected)
 * @property {() => ConnectionState} getState an immutable object, another one after each change
 * @property {() => string | null} position the cursor of the last message handed on
 * @property {(listener: () => void) => () => void} subscribe to the state
 * @property {(listener: (message: ServerMessage) => void) => () => void} onMessage
 */

export const WEBSOCKET_DEADLINE = 3_000;
export const SSE_DEADLINE = 4_000;
export const PONG_DEADLINE = 10_000;
export const WAKE_DEADLINE = 3_000;
/** The server gives a sign of life every 25 s at least. */
export const SSE_SILENCE = 35_000;
/** A connection that lived shorter died young. */
export const YOUNG = 10_000;
export const YOUNG_DEATHS = 3;
export const REFUSALS = 2;
export const WEBSOCKET_RETRY = 300_000;
/** A timer this late means that the machine slept, not that the server was silent. */
const LATE_TIMER = 5_000;

/** @type {ConnectionSettings} */
export const CONNECTION_DEFAULTS = Object.freeze({
  transport: 'auto',
  autoReconnect: true,
  reconnectInterval: 3_000,
  maxReconnectAttempts: Infinity,
  heartbeat: true,
  heartbeatInterval: 30_000,
});

const TEXT = {
  denied: 'O servidor recusou o acesso. Entre de novo.',
  stopped: 'O servidor encerrou a conexão e pediu para não voltar.',
  attempts: 'Sem conexão: o número máximo de tentativas foi atingido.',
  blocked:
    'A rede bloqueia as atualizações ao vivo: o servidor responde, mas um proxy retém o fluxo. ' +
    'No proxy, libere WebSocket (cabeçalho Upgrade) ou desligue a retenção de respostas ' +
    '(no nginx: proxy_buffering off).',
  websocketBlocked:
    'A rede bloqueia WebSocket: o servidor responde, mas o Upgrade não passa. ' +
    'Escolha o transporte automático, ou libere o cabeçalho Upgrade no proxy.',
};

/**
 * @param {object} dependencies
 * @param {Record<TransportName, OpenTransport>} dependencies.open
 * @param {() => Promise<ProbeResult>} dependencies.probe
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => number} dependencies.random
 * @param {Pick<import('./lifecycle.js').Lifecycle, 'subscribe'>} dependencies.lifecycle
 * @param {ConnectionSettings} dependencies.settings
 * @returns {Connection}
 */
export function createConnection({ open, probe, clock, random, lifecycle, settings }) {
  /** @type {Set<() => void>} */
  const stateListeners = new Set();
  /** @type {Set<(message: ServerMessage) => void>} */
  const messageListeners = new Set();

  /** @type {ConnectionState} */
  let state = Object.freeze({
    status: 'disconnected',
    transport: null,
    preference: settings.transport,
    reconnectAttempt: 0,
    lastHeardAt: null,
    connectedAt: null,
    disconnectedAt: null,
    serverVersion: null,
    error: null,
  });
  /** @type {'stopped' | 'connecting' | 'probing' | 'waiting' | 'connected'} */
  let phase = 'stopped';
  /** @type {string | null} */
  let cursor = null;
  /** The stream in use, or being opened. @type {Transport | null} */
  let current = null;
  /** A WebSocket tried beside a live SSE. @type {Transport | null} */
  let candidate = null;
  /** Grows with each change of phase: what an older phase still has under way is void. */
  let generation = 0;
  let refusals = 0;
  let youngDeaths = 0;
  /** Until then, SSE is what "auto" means. */
  let sseUntil = 0;
  let heardAt = 0;
  /** @type {(() => void) | null} */
  let unsubscribeLifecycle = null;

  /** The timers of the present phase; entering another one clears them. @type {Map<string, unknown>} */
  const timers = new Map();

  /** @param {string} name @param {number} ms @param {() => void} callback */
  function setTimer(name, ms, callback) {
    clearTimer(name);
    timers.set(
      name,
      clock.setTimeout(() => {
        timers.delete(name);
        callback();
      }, ms),
    );
  }

  /** @param {string} name */
  function clearTimer(name) {
    clock.clearTimeout(timers.get(name));
    timers.delete(name);
  }

  /** @param {Partial<ConnectionState>} change */
  function publish(change) {
    state = Object.freeze({ ...state, ...change });
    for (const listener of Array.from(stateListeners)) listener();
  }

  /** @param {typeof phase} next */
  function enter(next) {
    phase = next;
    generation += 1;
    timers.forEach((timer) => clock.clearTimeout(timer));
    timers.clear();
    if (candidate) candidate.close();
    candidate = null;
    if (current && next !== 'connected') {
      current.close();
      current = null;
    }
    return generation;
  }

  // ---- opening -------------------------------------------------------------------------------

  /** @returns {TransportName} */
  function choose() {
    if (state.preference !== 'auto') return state.preference;
    return clock.now() < sseUntil ? 'sse' : 'websocket';
  }

  function attempt() {
    enter('connecting');
    const name = choose();
    publish({
      status: 'connecting',
      transport: name,
      connectedAt: null,
      disconnectedAt: state.disconnectedAt === null ? clock.now() : state.disconnectedAt,
    });
    current = openStream(name, {
      onReady: (transport) => {
        current = transport;
        connected();
      },
      onFailure: (how, end) => failed(name, how, end),
    });
  }

  /**
   * Opens a stream and waits for its first message; from then on it is the connection's.
   * @param {TransportName} name
   * @param {{onReady: (transport: Transport) => void,
   *          onFailure: (how: 'refused' | 'hung', end: TransportEnd | null) => void}} outcome
   * @returns {Transport}
   */
  function openStream(name, outcome) {
    let ready = false;
    const deadline = name === 'websocket' ? WEBSOCKET_DEADLINE : SSE_DEADLINE;
    const timer = `open ${name}`;
    const transport = open[name](cursor, {
      onActivity: () => transport === current && heard(),
      onMessage: (message) => {
        if (!ready) {
          // Only what speaks our protocol is our server: a captive portal's answer is none.
          if (message.type !== 'connection') return;
          ready = true;
          clearTimer(timer);
          outcome.onReady(transport);
        }
        if (transport === current) receive(message);
      },
      onEnd: (end) => {
        clearTimer(timer);
        if (!ready) outcome.onFailure('refused', end);
        else if (transport === current) lost(end);
      },
    });
    setTimer(timer, deadline, () => {
      transport.close();
      outcome.onFailure('hung', null);
    });
    return transport;
  }

  /** @param {TransportName} name @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
  async function failed(name, how, end) {
    if (end && (end.status === 401 || end.status === 403)) return deny(end.status, '');
    if (end && closeCode(end.code).action === 'stop') return deny(null, end.reason);
    // The server itself closed it (a restart, say), with a code of its own: no question of the network.
    if (end && end.code !== null && !closeCode(end.code).network) return wait(0);
    const mine = enter('probing');
    const result = await probe();
    if (mine !== generation) return undefined;
    if (result.verdict === 'denied') return deny(result.status, result.message);
    if (result.verdict === 'unreachable') {
      refusals = 0;
      youngDeaths = 0;
      return wait(0);
    }
    return name === 'websocket' ? websocketBlocked(how) : sseBlocked(end);
  }

  /** @param {'refused' | 'hung'} how */
  function websocketBlocked(how) {
    refusals += 1;
    if (state.preference === 'websocket') return wait(0, TEXT.websocketBlocked);
    // A refusal may be a server that was just coming up: ask once more. A hang has cost 3 s already.
    if (how === 'refused' && refusals < REFUSALS) return attempt();
    return fallBack();
  }

  /** @param {TransportEnd | null} end */
  function sseBlocked(end) {
    // The server itself said "not now" (503, 429): no reason to accuse the network.
    const ours = end !== null && end.status !== null && end.status >= 429;
    // Next time from the top, WebSocket first: perhaps only this path is closed.
    sseUntil = 0;
    return wait((end && end.retryAfter) || 0, ours ? undefined : TEXT.blocked);
  }

  function fallBack() {
    refusals = 0;
    youngDeaths = 0;
    sseUntil = clock.now() + withJitter(WEBSOCKET_RETRY, random);
    attempt();
  }

  // ---- waiting and stopping ------------------------------------------------------------------

  /** @param {number} atLeast ms @param {string} [blocked] */
  function wait(atLeast, blocked) {
    if (!settings.autoReconnect) return stop('disconnected', null);
    if (state.reconnectAttempt >= settings.maxReconnectAttempts) {
      return stop('error', { kind: 'attempts', message: TEXT.attempts, status: null });
    }
    enter('waiting');
    publish({
      status: 'disconnected',
      connectedAt: null,
      disconnectedAt: state.disconnectedAt === null ? clock.now() : state.disconnectedAt,
      reconnectAttempt: state.reconnectAttempt + 1,
      error: blocked ? { kind: 'blocked', message: blocked, status: null } : null,
    });
    setTimer('retry', Math.max(atLeast, withJitter(settings.reconnectInterval, random)), attempt);
    return undefined;
  }

  /** @param {number | null} status @param {string} message */
  function deny(status, message) {
    const text = message || (status === null ? TEXT.stopped : TEXT.denied);
    stop('error', { kind: 'denied', message: text, status });
  }

  /** @param {'disconnected' | 'error'} status @param {ConnectionError | null} error */
  function stop(status, error) {
    enter('stopped');
    if (unsubscribeLifecycle) unsubscribeLifecycle();
    unsubscribeLifecycle = null;
    publish({
      status,
      error,
      transport: null,
      connectedAt: null,
      disconnectedAt: state.disconnectedAt === null ? clock.now() : state.disconnectedAt,
    });
  }

  // ---- connected -----------------------------------------------------------------------------

  function connected() {
    if (phase !== 'connected') enter('connected');
    const transport = /** @type {Transport} */ (current);
    refusals = 0;
    heardAt = clock.now();
    publish({
      status: 'connected',
      transport: transport.name,
      reconnectAttempt: 0,
      connectedAt: heardAt,
      lastHeardAt: heardAt,
      disconnectedAt: null,
      error: null,
    });
    if (transport.name === 'websocket') {
      sseUntil = 0;
      keepPinging();
    } else {
      expectSign(SSE_SILENCE);
      scheduleUpgrade();
    }
  }

  function heard() {
    const before = state.lastHeardAt || 0;
    heardAt = clock.now();
    if (phase !== 'connected') return;
    clearTimer('silence');
    if (current && current.name === 'sse') expectSign(SSE_SILENCE);
    // Under load the state is not worth more than one new object a second.
    if (heardAt - before >= 1_000) publish({ lastHeardAt: heardAt });
  }

  /** @param {ServerMessage} message */
  function receive(message) {
    if (message.type === 'connection') {
      // Where a cursor was named and another one comes back, a refresh_required follows, and only
      // that one moves the position: a cut between the two must lose nothing.
      if (cursor === null && message.cursor) cursor = message.cursor;
      publish({ serverVersion: message.versao_servidor || null });
    } else if (message.type === 'refresh_required') {
      if (message.cursor) cursor = message.cursor;
    } else if (message.type === 'pedido_update') {
      if (comparePosition(cursor, message.cursor) === 'repeat') return;
      cursor = message.cursor;
    }
    for (const listener of Array.from(messageListeners)) listener(message);
  }

  /** @param {TransportEnd} end */
  async function lost(end) {
    const { action, network } = closeCode(end.code);
    if (action === 'stop') return deny(null, end.reason);
    const young = clock.now() - (state.connectedAt || 0) < YOUNG;
    const websocket = current !== null && current.name === 'websocket';
    if (!websocket || !young || !network) {
      youngDeaths = 0;
      return wait(end.retryAfter || 0);
    }
    youngDeaths += 1;
    // Shown as waiting while it is asked whose fault it is.
    wait(0);
    if (phase !== 'waiting') return undefined;
    const mine = generation;
    const result = await probe();
    if (mine !== generation) return undefined;
    if (result.verdict === 'denied') return deny(result.status, result.message);
    if (result.verdict === 'unreachable') youngDeaths = 0;
    else if (youngDeaths >= YOUNG_DEATHS && state.preference === 'auto') fallBack();
    return undefined;
  }

  // ---- liveness ------------------------------------------------------------------------------

  function keepPinging() {
    if (!settings.heartbeat) return;
    setTimer('ping', settings.heartbeatInterval, () => {
      ping(PONG_DEADLINE);
      keepPinging();
    });
  }

  /** @param {number} deadline ms */
  function ping(deadline) {
    if (current && current.send({ type: 'ping' })) expectSign(deadline);
    else silent();
  }

  /** No sign of life within so many ms means dead. @param {number} ms */
  function expectSign(ms) {
    if (!settings.heartbeat) return;
    const due = clock.now() + ms;
    setTimer('silence', ms, () => {
      // The machine slept through the deadline: what the network has kept for us may still come in.
      if (clock.now() - due > LATE_TIMER) expectSign(WAKE_DEADLINE);
      else silent();
    });
  }

  // Silence has cost enough time already, and it is each client's own: no jitter is needed.
  function silent() {
    youngDeaths = 0;
    publish({ reconnectAttempt: state.reconnectAttempt + 1 });
    attempt();
  }

  /** @param {import('./lifecycle.js').LifecycleEvent} event */
  function onLifecycle(event) {
    if (event === 'online') sseUntil = 0;
    if (event !== 'online' && event !== 'wake' && event !== 'return') return;
    if (phase === 'waiting') attempt();
    else if (phase === 'connected' && current) {
      if (current.name === 'websocket') ping(WAKE_DEADLINE);
      else if (clock.now() - heardAt > SSE_SILENCE) expectSign(WAKE_DEADLINE);
    }
  }

  // ---- back to WebSocket ---------------------------------------------------------------------

  function scheduleUpgrade() {
    if (state.preference !== 'auto') return;
    setTimer('upgrade', Math.max(0, sseUntil - clock.now()), () => {
      candidate = openStream('websocket', {
        onReady: (transport) => {
          const old = current;
          candidate = null;
          current = transport;
          if (old) old.close();
          enter('connected');
          connected();
        },
        onFailure: () => {
          candidate = null;
          sseUntil = clock.now() + withJitter(WEBSOCKET_RETRY, random);
          scheduleUpgrade();
        },
      });
    });
  }

  return {
    start(from = null) {
      if (phase !== 'stopped') return;
      if (from !== null) cursor = from;
      unsubscribeLifecycle = lifecycle.subscribe(onLifecycle);
      publish({ reconnectAttempt: 0, error: null });
      attempt();
    },
    close() {
      if (phase !== 'stopped') stop('disconnected', null);
    },
    reconnect() {
      refusals = 0;
      youngDeaths = 0;
      if (!unsubscribeLifecycle) unsubscribeLifecycle = lifecycle.subscribe(onLifecycle);
      if (phase === 'stopped') publish({ reconnectAttempt: 0, error: null });
      attempt();
    },
    setTransport(preference) {
      if (preference === state.preference) return;
      sseUntil = 0;
      publish({ preference });
      if (phase !== 'stopped') attempt();
    },
    send: (message) => phase === 'connected' && current !== null && current.send(message),
    getState: () => state,
    position: () => cursor,
    subscribe(listener) {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    onMessage(listener) {
      messageListeners.add(listener);
      return () => messageListeners.delete(listener);
    },
  };
}

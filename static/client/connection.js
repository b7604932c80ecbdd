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
// Fallback, in "auto": see fallback.js for when WebSocket counts as blocked. Then SSE, with the same cursor. While SSE is
// live, WebSocket is tried beside it every few minutes and takes over once it has spoken: nothing is interrupted, and what
// both deliver is dropped by its cursor.
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

import { DENIALS } from './answers.js';
import { withJitter } from './backoff.js';
import { TICK, createDelivery } from './delivery.js';
import { createOutbox } from './listeners.js';
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
 * - `blocked`: the server answers, but the network lets neither transport through, or the server has no room for a stream. Goes
 *   on trying; what HTTP carries works.
 * - `network-answer`: somebody else (a portal, a proxy, an antivirus) answers in the server's place. Goes on trying.
 * @typedef {{kind: 'denied' | 'attempts' | 'blocked' | 'network-answer', message: string, status: number | null}} ConnectionError
 */

/**
 * @typedef {object} ConnectionState
 * @property {'connecting' | 'connected' | 'disconnected' | 'error'} status `disconnected`: the next
 *   attempt is on its way, or it was closed; `error`: stopped, see `error`
 * @property {boolean} delayed the network holds changes back; they come, about a second late
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
 * @property {() => void} deliveryIsLate an event that must have been sent has not come
 * @property {(message: object) => boolean} send false where nothing was sent (SSE, not connected)
 * @property {() => ConnectionState} getState an immutable object, another one after each change
 * @property {() => string | null} position the cursor of the last message handed on
 * @property {(listener: () => void) => () => void} subscribe to the state
 * @property {(listener: (message: ServerMessage) => void) => () => void} onMessage
 */

/** How long the first messages of a stream may take to come. */
const BEGINNING = 2_000;
export const WEBSOCKET_DEADLINE = 3_000;
export const SSE_DEADLINE = 3_000;
export const PONG_DEADLINE = 10_000;
export const WAKE_DEADLINE = 3_000;
/** The server gives a sign of life every 25 s at least. */
export const SSE_SILENCE = 35_000;
/** Seconds between heartbeats where the network holds each piece back until the next. */
export const CLOSE_HEARTBEAT = 1;
export const CLOSE_SILENCE = 6_000;
/** ms; a first message that waits for the next heartbeat takes longer. */
const PROMPT = 700;
/** What did not come while the machine slept may still come in so many ms after it. */
const RECENT = 5_000;
/** A connection that lived shorter died young. */
export const YOUNG = 10_000;
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
  network:
    'A rede respondeu no lugar do servidor (um portal, um proxy ou um antivírus). ' +
    'Se for um portal, entre nele; aqui tudo volta sozinho.',
  websocketBlocked:
    'A rede bloqueia WebSocket: o servidor responde, mas o Upgrade não passa. ' +
    'Escolha o transporte automático, ou libere o cabeçalho Upgrade no proxy.',
};

/** @type {ConnectionError} */
const NETWORK_ANSWER = Object.freeze({ kind: 'network-answer', message: TEXT.network, status: null });

/**
 * @param {object} dependencies
 * @param {Record<TransportName, OpenTransport>} dependencies.open
 * @param {() => Promise<ProbeResult>} dependencies.probe
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => number} dependencies.random
 * @param {import('./fallback.js').Fallback} dependencies.fallback
 * @param {Pick<import('./lifecycle.js').Lifecycle, 'subscribe'>} dependencies.lifecycle
 * @param {ConnectionSettings} dependencies.settings
 * @returns {Connection}
 */
export function createConnection({ open, probe, clock, random, fallback, lifecycle, settings }) {
  const delivery = createDelivery({ clock });
  const outbox = createOutbox();
  const { transition } = outbox;
  const stateListeners = /** @type {import('./listeners.js').Listeners<[]>} */ (outbox.listeners());
  const messageListeners = /** @type {import('./listeners.js').Listeners<[ServerMessage]>} */ (outbox.listeners());

  /** @type {ConnectionState} */
  let state = Object.freeze({
    status: 'disconnected',
    delayed: false,
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
  /** By the wall clock, which also runs while the machine sleeps. */
  let heardAt = 0;
  /** The same by the monotonic clock. */
  let heardMonotonic = 0;
  /** By the monotonic clock, as all durations. */
  let connectedAt = 0;
  let outageAt = 0;
  /** That the network holds pieces back was concluded from one stream alone that hung. It may just have been coming up. */
  let isGuess = false;
  /** By the monotonic clock. */
  let openedAt = 0;
  /** Whether this stream has given a sign of life that did not come with its beginning. */
  let hasBeat = false;
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
        transition(callback);
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
    stateListeners.tell();
  }

  /** Since when there is no connection, ms by the wall clock. */
  function outageSince() {
    const now = clock.now();
    if (state.disconnectedAt === null) {
      outageAt = clock.monotonic();
      return now;
    }
    // Set back meanwhile, the clock would hide the outage until it has caught up.
    return state.disconnectedAt <= now ? state.disconnectedAt : now - (clock.monotonic() - outageAt);
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
    return fallback.transport();
  }

  function attempt() {
    enter('connecting');
    const name = choose();
    publish({
      status: 'connecting',
      transport: name,
      connectedAt: null,
      disconnectedAt: outageSince(),
    });
    openedAt = clock.monotonic();
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
    const heartbeat = name === 'sse' && fallback.isHeldBack() ? CLOSE_HEARTBEAT : null;
    const timer = `open ${name}`;
    /** @type {import('./transport.js').TransportHandlers} */
    const handlers = {
      onActivity: () => transition(() => transport === current && heard()),
      onMessage: (message) => transition(() => {
        if (!ready) {
          // Only what speaks our protocol is our server: a captive portal's answer is none.
          if (message.type !== 'connection') return;
          ready = true;
          clearTimer(timer);
          outcome.onReady(transport);
        }
        if (transport === current) receive(message);
      }),
      onEnd: (end) => transition(() => {
        clearTimer(timer);
        if (!ready) outcome.onFailure('refused', end);
        else if (transport === current) lost(end);
      }),
    };
    const transport = open[name](cursor, handlers, heartbeat);
    setTimer(timer, deadline, () => {
      transport.close();
      outcome.onFailure('hung', null);
    });
    return transport;
  }

  /** @param {TransportName} name @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
  function failed(name, how, end) {
    if (isDenial(end)) return deny(end.status, end.reason);
    // The server itself closed it (a restart, say), with a code of its own: no question of the network.
    if (end && end.code !== null && !closeCode(end.code).network) return wait(0);
    enter('probing');
    return askWhy((result) => {
      if (result.verdict === 'denied') return deny(result.status, result.message);
      if (result.verdict !== 'answers') {
        fallback.restartCounts();
        return wait(0, result.verdict === 'foreign' ? NETWORK_ANSWER : null);
      }
      return name === 'websocket' ? websocketBlocked(how) : sseBlocked(how, end);
    });
  }

  /**
   * Asks what stands behind a stream that failed; nothing comes of it where the phase has changed meanwhile.
   * @param {(result: ProbeResult) => void} then
   */
  async function askWhy(then) {
    const mine = generation;
    const result = await probe();
    if (mine === generation) transition(() => then(result));
  }

  /** @param {'refused' | 'hung'} how */
  function websocketBlocked(how) {
    const isBlocked = fallback.websocketFailed(how);
    if (state.preference === 'websocket') return wait(0, blocked(TEXT.websocketBlocked));
    return isBlocked ? fallBack() : attempt();
  }

  /** @param {'refused' | 'hung'} how @param {TransportEnd | null} end */
  function sseBlocked(how, end) {
    // Its first message may wait for the next piece.
    if (how === 'hung' && !fallback.isHeldBack()) {
      fallback.holdsBack();
      isGuess = true;
      return attempt();
    }
    fallback.fromTheTop();
    // The server itself said "not now" (503, 429): its words, and no reason to accuse the network.
    if (end && end.refusedBy === 'server') return wait(end.retryAfter || 0, blocked(end.reason));
    return wait(0, blocked(TEXT.blocked));
  }

  function fallBack() {
    fallback.toSse();
    attempt();
  }

  // ---- waiting and stopping ------------------------------------------------------------------

  /** @param {number} atLeast ms @param {ConnectionError | null} [error] what the user should know, while it goes on trying */
  function wait(atLeast, error = null) {
    if (!settings.autoReconnect) return stop('disconnected', null);
    if (state.reconnectAttempt >= settings.maxReconnectAttempts) {
      return stop('error', { kind: 'attempts', message: TEXT.attempts, status: null });
    }
    enter('waiting');
    publish({
      status: 'disconnected',
      connectedAt: null,
      disconnectedAt: outageSince(),
      reconnectAttempt: state.reconnectAttempt + 1,
      error,
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
      disconnectedAt: outageSince(),
    });
  }

  // ---- connected -----------------------------------------------------------------------------

  function connected() {
    if (phase !== 'connected') enter('connected');
    const transport = /** @type {Transport} */ (current);
    heardAt = clock.now();
    connectedAt = clock.monotonic();
    heardMonotonic = connectedAt;
    if (isGuess && connectedAt - openedAt < PROMPT) fallback.delivers();
    isGuess = false;
    hasBeat = false;
    delivery.begin();
    publish({
      status: 'connected',
      delayed: isDelayed(transport),
      transport: transport.name,
      reconnectAttempt: 0,
      connectedAt: heardAt,
      lastHeardAt: heardAt,
      disconnectedAt: null,
      error: isDelayed(transport) && state.error && state.error.kind === 'blocked' ? state.error : null,
    });
    if (transport.name === 'websocket') {
      fallback.websocketWorks();
      keepPinging();
    } else {
      expectSign(silenceLimit());
      scheduleUpgrade();
      keepTicking();
    }
  }

  function keepTicking() {
    setTimer('tick', TICK, () => {
      delivery.tick();
      keepTicking();
    });
  }

  /** @param {Transport} transport */
  const isDelayed = (transport) => transport.name === 'sse' && fallback.isHeldBack();

  const silenceLimit = () => (state.delayed ? CLOSE_SILENCE : SSE_SILENCE);

  function heard() {
    const before = state.lastHeardAt || 0;
    heardAt = clock.now();
    heardMonotonic = clock.monotonic();
    if (phase !== 'connected') return;
    if (heardMonotonic - connectedAt > BEGINNING) {
      hasBeat = true;
      if (state.error) publish({ error: null });
    }
    clearTimer('silence');
    if (current && current.name === 'sse') expectSign(silenceLimit());
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
      noteTime(message.timestamp);
    } else if (message.type === 'refresh_required') {
      if (message.cursor) cursor = message.cursor;
    } else if (message.type === 'pedido_update') {
      if (comparePosition(cursor, message.cursor) === 'repeat') return;
      cursor = message.cursor;
      noteTime(message.timestamp);
    }
    messageListeners.tell(message);
  }

  /** @param {string} timestamp when the server wrote a message that has just come */
  function noteTime(timestamp) {
    if (current && current.name === 'sse' && delivery.isLate(timestamp)) deliveryIsLate();
  }

  function deliveryIsLate() {
    if (phase !== 'connected' || !current || current.name !== 'sse' || fallback.isHeldBack()) return;
    if (delivery.hasSleptSince(clock.monotonic() - RECENT)) return;
    fallback.holdsBack();
    attempt();
  }

  /** @param {TransportEnd} end */
  function lost(end) {
    const { action, network } = closeCode(end.code);
    if (action === 'stop') return deny(null, end.reason);
    const young = clock.monotonic() - connectedAt < YOUNG;
    const websocket = current !== null && current.name === 'websocket';
    if (!websocket || !young || !network) {
      fallback.restartYoungDeaths();
      return wait(end.retryAfter || 0);
    }
    const isBlocked = fallback.diedYoung();
    // Shown as waiting while it is asked whose fault it is.
    wait(0);
    if (phase !== 'waiting') return undefined;
    return askWhy((result) => {
      if (result.verdict === 'denied') return deny(result.status, result.message);
      if (result.verdict === 'foreign') publish({ error: NETWORK_ANSWER });
      if (result.verdict !== 'answers') fallback.restartYoungDeaths();
      else if (isBlocked && state.preference === 'auto') fallBack();
      return undefined;
    });
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

  function silent() {
    fallback.restartYoungDeaths();
    const hasSlept = delivery.hasSleptSince(heardMonotonic);
    if (state.delayed && !hasSlept) {
      // Even a heartbeat each second does not get through.
      fallback.fromTheTop();
      wait(0, blocked(TEXT.blocked));
      return;
    }
    // Not one heartbeat since it began: it is not the line that is dead.
    if (current && current.name === 'sse' && !hasBeat && !hasSlept) fallback.holdsBack();
    // Silence has cost enough time already, and it is each client's own: no jitter is needed.
    publish({ reconnectAttempt: state.reconnectAttempt + 1 });
    attempt();
  }

  /** @param {import('./lifecycle.js').LifecycleEvent} event */
  function onLifecycle(event) {
    if (event === 'online') fallback.forget();
    if (event !== 'online' && event !== 'wake' && event !== 'return') return;
    if (phase === 'waiting') attempt();
    else if (phase === 'connected' && current) {
      if (current.name === 'websocket') ping(WAKE_DEADLINE);
      else if (clock.now() - heardAt > silenceLimit()) expectSign(WAKE_DEADLINE);
    }
  }

  // ---- back to WebSocket ---------------------------------------------------------------------

  function scheduleUpgrade() {
    if (state.preference !== 'auto') return;
    setTimer('upgrade', fallback.retryIn(), () => {
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
          fallback.toSse();
          scheduleUpgrade();
        },
      });
    });
  }

  return {
    start: (from = null) =>
      transition(() => {
        if (phase !== 'stopped') return;
        if (from !== null) cursor = from;
        unsubscribeLifecycle = lifecycle.subscribe((event) => transition(() => onLifecycle(event)));
        publish({ reconnectAttempt: 0, error: null });
        attempt();
      }),
    close: () =>
      transition(() => {
        if (phase !== 'stopped') stop('disconnected', null);
      }),
    reconnect: () =>
      transition(() => {
        fallback.restartCounts();
        if (!unsubscribeLifecycle) {
          unsubscribeLifecycle = lifecycle.subscribe((event) => transition(() => onLifecycle(event)));
        }
        if (phase === 'stopped') publish({ reconnectAttempt: 0, error: null });
        attempt();
      }),
    setTransport: (preference) =>
      transition(() => {
        if (preference === state.preference) return;
        fallback.forget();
        publish({ preference });
        if (phase !== 'stopped') attempt();
      }),
    deliveryIsLate: () => transition(deliveryIsLate),
    send: (message) => phase === 'connected' && current !== null && current.send(message),
    getState: () => state,
    position: () => cursor,
    subscribe: stateListeners.add,
    onMessage: messageListeners.add,
  };
}

/**
 * Whether the server itself refuses us, so that trying again changes nothing.
 * @param {TransportEnd | null} end
 * @returns {end is TransportEnd & {status: number}}
 */
function isDenial(end) {
  return end !== null && end.refusedBy === 'server' && DENIALS.includes(Number(end.status));
}

/** @param {string} message @returns {ConnectionError} */
function blocked(message) {
  return { kind: 'blocked', message, status: null };
}

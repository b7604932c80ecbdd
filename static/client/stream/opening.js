// Opens a stream, and hands it over with its first message.
//
// Rule: only what speaks our protocol is our server: a captive portal's answer is none. So a stream is open when its first
// message has come, not when its socket is.

/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {import('./transport.js').TransportEnd} TransportEnd */

/** ms until its first message. */
export const WEBSOCKET_DEADLINE = 3_000;
export const SSE_DEADLINE = 3_000;

/**
 * Before `onReady` there is `onFailure` and nothing else; after it, the rest.
 * @typedef {object} Outcome
 * @property {(transport: Transport) => void} onReady
 * @property {(how: 'refused' | 'hung', end: TransportEnd | null) => void} onFailure
 * @property {(transport: Transport) => void} onActivity also before it
 * @property {(transport: Transport, message: ServerMessage) => void} onMessage the first one as well
 * @property {(transport: Transport, end: TransportEnd) => void} onEnd
 */

/**
 * @param {object} dependencies
 * @param {Record<TransportName, import('./transport.js').OpenTransport>} dependencies.open
 * @param {import('./timers.js').Timers} dependencies.timers
 * @param {<T>(work: () => T) => T} dependencies.transition
 */
export function createOpening({ open, timers, transition }) {
  /**
   * @param {TransportName} name
   * @param {string | null} cursor
   * @param {number | null} heartbeat s between two of them; null: as the server likes
   * @param {Outcome} outcome
   * @returns {Transport}
   */
  return function openStream(name, cursor, heartbeat, outcome) {
    let isReady = false;
    const timer = `open ${name}`;
    const transport = open[name](
      cursor,
      {
        onActivity: () => transition(() => outcome.onActivity(transport)),
        onMessage: (message) =>
          transition(() => {
            if (!isReady) {
              if (message.type !== 'connection') return;
              isReady = true;
              timers.clear(timer);
              outcome.onReady(transport);
            }
            outcome.onMessage(transport, message);
          }),
        onEnd: (end) =>
          transition(() => {
            timers.clear(timer);
            if (isReady) outcome.onEnd(transport, end);
            else outcome.onFailure('refused', end);
          }),
      },
      heartbeat,
    );
    timers.set(timer, name === 'websocket' ? WEBSOCKET_DEADLINE : SSE_DEADLINE, () => {
      transport.close();
      outcome.onFailure('hung', null);
    });
    return transport;
  };
}

// The one interface of both transports, so that the connection's state machine is written once.

/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {'websocket' | 'sse'} TransportName */

/**
 * How a transport ended.
 * @typedef {object} TransportEnd
 * @property {number | null} code WebSocket close code
 * @property {number | null} status HTTP status, where the transport can see it (SSE)
 * @property {number | null} retryAfter ms, as the server asked
 * @property {string} reason
 * @property {'server' | 'network' | null} refusedBy who refused it, where it was refused; null where that cannot be seen
 */

/**
 * @typedef {object} TransportHandlers
 * @property {(message: ServerMessage) => void} onMessage
 * @property {() => void} onActivity something came in, were it a heartbeat
 * @property {(end: TransportEnd) => void} onEnd once, and never after close()
 */

/**
 * @typedef {object} Transport
 * @property {TransportName} name
 * @property {(message: object) => boolean} send false where nothing can be sent
 * @property {() => void} close silent: no handler is called from here on
 */

/**
 * Opens a stream that begins behind `cursor`, or at the live end when it is null. `heartbeat` is how many seconds apart the
 * server's signs of life are to be, for SSE; null for the server's own choice.
 * @typedef {(cursor: string | null, handlers: TransportHandlers, heartbeat?: number | null) => Transport} OpenTransport
 */

/**
 * @param {string} baseUrl
 * @param {string} path
 * @param {string | null} cursor
 * @param {number | null} [heartbeat] seconds
 * @returns {string}
 */
export function streamUrl(baseUrl, path, cursor, heartbeat = null) {
  const query = new URLSearchParams();
  if (cursor !== null) query.set('cursor', cursor);
  if (heartbeat !== null) query.set('batimento', String(heartbeat));
  const text = query.toString();
  return baseUrl + path + (text && `?${text}`);
}

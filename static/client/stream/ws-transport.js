// The stream over a WebSocket.

import { PATHS, parseMessage } from '../wire/protocol.js';
import { streamUrl } from './transport.js';

/** @typedef {import('./transport.js').OpenTransport} OpenTransport */

/**
 * @param {{baseUrl: string, token: string | null, WebSocket: import('../environment.js').Environment['WebSocket']}} options
 * @returns {OpenTransport}
 */
export function webSocketTransport({ baseUrl, token, WebSocket }) {
  // A browser sets no header on a WebSocket, and a token in the address would end in logs: it
  // travels as a subprotocol, and the server answers with the first one only.
  const protocols = token ? ['pedidos.v1', `bearer.${base64url(token)}`] : undefined;

  return function open(cursor, handlers) {
    const url = streamUrl(baseUrl, PATHS.websocket, cursor).replace(/^http/, 'ws');
    let over = false;
    /** @type {WebSocket | null} */
    let socket = null;

    /** @param {number} code @param {string} reason */
    function end(code, reason) {
      if (over) return;
      over = true;
      handlers.onEnd({ code, status: null, retryAfter: null, reason, refusedBy: null });
    }

    try {
      if (!WebSocket) throw new Error('no WebSocket here');
      socket = new WebSocket(url, protocols);
    } catch (error) {
      // Refused by the browser itself (content policy, mixed content): as if by the network.
      Promise.resolve().then(() => end(1006, String(error)));
    }
    if (socket) {
      socket.onmessage = (event) => {
        if (over) return;
        handlers.onActivity();
        const message = typeof event.data === 'string' ? parseMessage(event.data) : null;
        if (message) handlers.onMessage(message);
      };
      socket.onclose = (event) => end(event.code, event.reason);
      // An `error` is always followed by `close`, and says nothing that `close` does not.
    }

    return {
      name: 'websocket',
      send(message) {
        if (over || !socket || socket.readyState !== 1) return false;
        socket.send(JSON.stringify(message));
        return true;
      },
      close() {
        over = true;
        if (socket) socket.close();
      },
    };
  };
}

/** @param {string} text */
function base64url(text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join('')).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

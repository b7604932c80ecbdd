// What a connection says of itself: its state, its settings, and the words for what is wrong.

/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./transport.js').TransportName} TransportName */
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

/** @type {ConnectionSettings} */
export const CONNECTION_DEFAULTS = Object.freeze({
  transport: 'auto',
  autoReconnect: true,
  reconnectInterval: 3_000,
  maxReconnectAttempts: Infinity,
  heartbeat: true,
  heartbeatInterval: 30_000,
});

export const TEXT = {
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
export const NETWORK_ANSWER = Object.freeze({ kind: 'network-answer', message: TEXT.network, status: null });

/** @param {string} message @returns {ConnectionError} */
export function blocked(message) {
  return { kind: 'blocked', message, status: null };
}

/** @param {TransportPreference} preference @returns {ConnectionState} before anything was tried */
export function initialState(preference) {
  return Object.freeze({
    status: 'disconnected',
    delayed: false,
    transport: null,
    preference,
    reconnectAttempt: 0,
    lastHeardAt: null,
    connectedAt: null,
    disconnectedAt: null,
    serverVersion: null,
    error: null,
  });
}

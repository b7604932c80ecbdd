/** @param {string} message @returns {ConnectionError} */
export function blocked(message: string): ConnectionError;
/** @param {TransportPreference} preference @returns {ConnectionState} before anything was tried */
export function initialState(preference: TransportPreference): ConnectionState;
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
export const CONNECTION_DEFAULTS: ConnectionSettings;
export namespace TEXT {
    let denied: string;
    let stopped: string;
    let attempts: string;
    let blocked: string;
    let network: string;
    let websocketBlocked: string;
}
/** @type {ConnectionError} */
export const NETWORK_ANSWER: ConnectionError;
export type ServerMessage = import("../wire/protocol.js").ServerMessage;
export type TransportName = import("./transport.js").TransportName;
export type TransportPreference = "auto" | TransportName;
/**
 * Why live updates do not come, in words for the user.
 * - `denied`: 401/403, or a close code that says stop. Final until `reconnect()`.
 * - `attempts`: `maxReconnectAttempts` used up. Final until `reconnect()`.
 * - `blocked`: the server answers, but the network lets neither transport through, or the server has no room for a stream. Goes
 *   on trying; what HTTP carries works.
 * - `network-answer`: somebody else (a portal, a proxy, an antivirus) answers in the server's place. Goes on trying.
 */
export type ConnectionError = {
    kind: "denied" | "attempts" | "blocked" | "network-answer";
    message: string;
    status: number | null;
};
export type ConnectionState = {
    /**
     * `disconnected`: the next
     * attempt is on its way, or it was closed; `error`: stopped, see `error`
     */
    status: "connecting" | "connected" | "disconnected" | "error";
    /**
     * the network holds changes back; they come, about a second late
     */
    delayed: boolean;
    /**
     * in use, or being tried
     */
    transport: TransportName | null;
    preference: TransportPreference;
    /**
     * 0 while connected
     */
    reconnectAttempt: number;
    /**
     * ms; when the server last gave a sign of life on the stream
     */
    lastHeardAt: number | null;
    /**
     * ms; since when, null while not connected
     */
    connectedAt: number | null;
    /**
     * ms; since when, through all attempts; null while connected
     */
    disconnectedAt: number | null;
    serverVersion: string | null;
    error: ConnectionError | null;
};
export type ConnectionSettings = {
    transport: TransportPreference;
    autoReconnect: boolean;
    /**
     * ms
     */
    reconnectInterval: number;
    /**
     * Infinity by default
     */
    maxReconnectAttempts: number;
    heartbeat: boolean;
    /**
     * ms
     */
    heartbeatInterval: number;
};
export type Connection = {
    /**
     * begins, behind the cursor `from`; nothing where it runs already
     */
    start: (from?: string | null) => void;
    close: () => void;
    /**
     * drops what there is and tries at once
     */
    reconnect: () => void;
    setTransport: (preference: TransportPreference) => void;
    /**
     * an event that must have been sent has not come
     */
    deliveryIsLate: () => void;
    /**
     * false where nothing was sent (SSE, not connected)
     */
    send: (message: object) => boolean;
    /**
     * an immutable object, another one after each change
     */
    getState: () => ConnectionState;
    /**
     * the cursor of the last message handed on
     */
    position: () => string | null;
    /**
     * to the state
     */
    subscribe: (listener: () => void) => () => void;
    onMessage: (listener: (message: ServerMessage) => void) => () => void;
};

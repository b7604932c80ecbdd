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
export function createConnection({ open, probe, clock, random, lifecycle, settings }: {
    open: Record<TransportName, OpenTransport>;
    probe: () => Promise<ProbeResult>;
    clock: import("./environment.js").Clock;
    random: () => number;
    lifecycle: Pick<import("./lifecycle.js").Lifecycle, "subscribe">;
    settings: ConnectionSettings;
}): Connection;
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
export const WEBSOCKET_DEADLINE: 3000;
export const SSE_DEADLINE: 4000;
export const PONG_DEADLINE: 10000;
export const WAKE_DEADLINE: 3000;
/** The server gives a sign of life every 25 s at least. */
export const SSE_SILENCE: 35000;
/** A connection that lived shorter died young. */
export const YOUNG: 10000;
export const YOUNG_DEATHS: 3;
export const REFUSALS: 2;
export const WEBSOCKET_RETRY: 300000;
/** @type {ConnectionSettings} */
export const CONNECTION_DEFAULTS: ConnectionSettings;
export type ServerMessage = import("./protocol.js").ServerMessage;
export type Transport = import("./transport.js").Transport;
export type TransportName = import("./transport.js").TransportName;
export type TransportEnd = import("./transport.js").TransportEnd;
export type OpenTransport = import("./transport.js").OpenTransport;
export type ProbeResult = import("./probe.js").ProbeResult;
export type TransportPreference = "auto" | TransportName;
/**
 * Why live updates do not come, in words for the user.
 * - `denied`: 401/403, or a close code that says stop. Final until `reconnect()`.
 * - `attempts`: `maxReconnectAttempts` used up. Final until `reconnect()`.
 * - `blocked`: the server answers, but the network lets neither transport through. Goes on trying.
 */
export type ConnectionError = {
    kind: "denied" | "attempts" | "blocked";
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

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
export function createConnection({ open, probe, clock, random, fallback, lifecycle, settings }: {
    open: Record<TransportName, OpenTransport>;
    probe: () => Promise<ProbeResult>;
    clock: import("./environment.js").Clock;
    random: () => number;
    fallback: import("./fallback.js").Fallback;
    lifecycle: Pick<import("./lifecycle.js").Lifecycle, "subscribe">;
    settings: ConnectionSettings;
}): Connection;
export const WEBSOCKET_DEADLINE: 3000;
export const SSE_DEADLINE: 3000;
export const PONG_DEADLINE: 10000;
export const WAKE_DEADLINE: 3000;
/** The server gives a sign of life every 25 s at least. */
export const SSE_SILENCE: 35000;
/** Seconds between heartbeats where the network holds each piece back until the next. */
export const CLOSE_HEARTBEAT: 1;
export const CLOSE_SILENCE: 6000;
/** A connection that lived shorter died young. */
export const YOUNG: 10000;
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

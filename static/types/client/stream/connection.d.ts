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
export function createConnection(dependencies: Dependencies): Connection;
/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./connection-state.js').Connection} Connection */
/** @typedef {import('./connection-state.js').ConnectionError} ConnectionError */
/** @typedef {import('./connection-state.js').ConnectionState} ConnectionState */
/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {import('./transport.js').TransportEnd} TransportEnd */
/** Seconds between heartbeats where the network holds each piece back until the next. */
export const CLOSE_HEARTBEAT: 1;
export type Dependencies = {
    open: Record<TransportName, import("./transport.js").OpenTransport>;
    probe: () => Promise<import("./probe.js").ProbeResult>;
    clock: import("../environment.js").Clock;
    random: () => number;
    fallback: import("./fallback.js").Fallback;
    lifecycle: Pick<import("../lifecycle.js").Lifecycle, "subscribe">;
    settings: import("./connection-state.js").ConnectionSettings;
};
export type ServerMessage = import("../wire/protocol.js").ServerMessage;
export type Connection = import("./connection-state.js").Connection;
export type ConnectionError = import("./connection-state.js").ConnectionError;
export type ConnectionState = import("./connection-state.js").ConnectionState;
export type Transport = import("./transport.js").Transport;
export type TransportName = import("./transport.js").TransportName;
export type TransportEnd = import("./transport.js").TransportEnd;

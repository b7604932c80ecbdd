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
export function createOpening({ open, timers, transition }: {
    open: Record<TransportName, import("./transport.js").OpenTransport>;
    timers: import("./timers.js").Timers;
    transition: <T>(work: () => T) => T;
}): (name: TransportName, cursor: string | null, heartbeat: number | null, outcome: Outcome) => Transport;
/** @typedef {import('../wire/protocol.js').ServerMessage} ServerMessage */
/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {import('./transport.js').TransportEnd} TransportEnd */
/** ms until its first message. */
export const WEBSOCKET_DEADLINE: 3000;
export const SSE_DEADLINE: 3000;
/**
 * Before `onReady` there is `onFailure` and nothing else; after it, the rest.
 */
export type Outcome = {
    onReady: (transport: Transport) => void;
    onFailure: (how: "refused" | "hung", end: TransportEnd | null) => void;
    /**
     * also before it
     */
    onActivity: (transport: Transport) => void;
    /**
     * the first one as well
     */
    onMessage: (transport: Transport, message: ServerMessage) => void;
    onEnd: (transport: Transport, end: TransportEnd) => void;
};
export type ServerMessage = import("../wire/protocol.js").ServerMessage;
export type Transport = import("./transport.js").Transport;
export type TransportName = import("./transport.js").TransportName;
export type TransportEnd = import("./transport.js").TransportEnd;

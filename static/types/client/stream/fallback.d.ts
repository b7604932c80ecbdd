/**
 * @param {Storage | null} storage null where it may not be used
 * @param {string} name of the server
 * @returns {Memory}
 */
export function storedMemory(storage: Storage | null, name: string): Memory;
/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {{until: number, heldBack: boolean}} Known `until` in wall-clock ms */
/**
 * Where it is remembered.
 * @typedef {object} Memory
 * @property {() => Known | null} read
 * @property {(known: Known | null) => void} write null: forget it
 */
export const WEBSOCKET_RETRY: 300000;
export const REFUSALS: 2;
export const YOUNG_DEATHS: 3;
/** @typedef {{clock: import('../environment.js').Clock, random: () => number, memory: Memory}} Dependencies */
export class Fallback {
    /** @param {Dependencies} dependencies */
    constructor({ clock, random, memory }: Dependencies);
    clock: import("../environment.js").Clock;
    random: () => number;
    memory: Memory;
    refusals: number;
    youngDeaths: number;
    /** By the monotonic clock; until then, SSE is what "auto" means. */
    sseUntil: number;
    heldBack: boolean;
    /** @returns {TransportName} */
    transport(): TransportName;
    /** ms until WebSocket is worth another try */
    retryIn(): number;
    /** Whether an SSE stream needs its heartbeats close together. */
    isHeldBack(): boolean;
    /** What was counted says nothing any more: the server was away, or it works. */
    restartCounts(): void;
    restartYoungDeaths(): void;
    /** @param {'refused' | 'hung'} how @returns {boolean} whether WebSocket counts as blocked now */
    websocketFailed(how: "refused" | "hung"): boolean;
    /** @returns {boolean} whether WebSocket counts as blocked now */
    diedYoung(): boolean;
    toSse(): void;
    holdsBack(): void;
    delivers(): void;
    /** A stream over it is open. It may yet die young. */
    websocketWorks(): void;
    /** Another network, or another wish: begin from the top. */
    forget(): void;
    /** Neither way is open: next time WebSocket first, perhaps only this path is closed. A page opened anew need not ask. */
    fromTheTop(): void;
    /** And remembers it, over a reload of the page. @param {number} sseUntil @param {boolean} heldBack */
    learn(sseUntil: number, heldBack: boolean): void;
}
export type TransportName = import("./transport.js").TransportName;
/**
 * `until` in wall-clock ms
 */
export type Known = {
    until: number;
    heldBack: boolean;
};
/**
 * Where it is remembered.
 */
export type Memory = {
    read: () => Known | null;
    /**
     * null: forget it
     */
    write: (known: Known | null) => void;
};
export type Dependencies = {
    clock: import("../environment.js").Clock;
    random: () => number;
    memory: Memory;
};

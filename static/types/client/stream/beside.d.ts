/** @typedef {import('./transport.js').Transport} Transport */
/** @typedef {import('./opening.js').Outcome} Outcome */
/** ms between two trials of the delivery. */
export const DELIVERY_RETRY: 300000;
/** s between the heartbeats of a trial. */
export const TRIAL_HEARTBEAT: 5;
export class Beside {
    /**
     * @param {object} dependencies
     * @param {ReturnType<typeof import('./opening.js').createOpening>} dependencies.openStream
     * @param {Pick<Outcome, 'onActivity' | 'onMessage' | 'onEnd'>} dependencies.handlers of the stream in use
     * @param {import('./timers.js').Timers} dependencies.timers
     * @param {import('../environment.js').Clock} dependencies.clock
     * @param {() => number} dependencies.random
     * @param {import('./fallback.js').Fallback} dependencies.fallback
     * @param {import('./delivery.js').Delivery} dependencies.delivery
     * @param {() => string | null} dependencies.position
     * @param {(transport: Transport) => void} dependencies.takeOver from the stream in use
     */
    constructor({ openStream, handlers, timers, clock, random, fallback, delivery, position, takeOver }: {
        openStream: ReturnType<typeof import("./opening.js").createOpening>;
        handlers: Pick<Outcome, "onActivity" | "onMessage" | "onEnd">;
        timers: import("./timers.js").Timers;
        clock: import("../environment.js").Clock;
        random: () => number;
        fallback: import("./fallback.js").Fallback;
        delivery: import("./delivery.js").Delivery;
        position: () => string | null;
        takeOver: (transport: Transport) => void;
    });
    openStream: (name: import("./opening.js").TransportName, cursor: string | null, heartbeat: number | null, outcome: import("./opening.js").Outcome) => import("./opening.js").Transport;
    handlers: Pick<import("./opening.js").Outcome, "onActivity" | "onMessage" | "onEnd">;
    timers: {
        set(name: string, ms: number, callback: () => void): void;
        clear: (name: string) => void;
        clearAll: () => void;
    };
    clock: import("../environment.js").Clock;
    random: () => number;
    fallback: import("./fallback.js").Fallback;
    delivery: {
        tick: () => void;
        begin(): void;
        hasSleptSince(moment: number): boolean;
        isLate(timestamp: string): boolean;
    };
    position: () => string | null;
    takeOver: (transport: Transport) => void;
    /** @type {Set<Transport>} */
    open: Set<Transport>;
    /** Ends what is tried. The timers are the phase's. */
    close(): void;
    /** @param {Transport} transport that takes over */
    chosen(transport: Transport): void;
    scheduleUpgrade(): void;
    /** @param {number} [interval] ms */
    scheduleTrial(interval?: number): void;
    tryDelivery(): void;
}
export type Transport = import("./transport.js").Transport;
export type Outcome = import("./opening.js").Outcome;

export const PONG_DEADLINE: 10000;
export const WAKE_DEADLINE: 3000;
/** The server gives a sign of life every 25 s at least. */
export const SSE_SILENCE: 35000;
/** Where it gives one each second. */
export const CLOSE_SILENCE: 6000;
/** A connection that lived shorter died young. */
export const YOUNG: 10000;
export class Liveness {
    /**
     * @param {object} dependencies
     * @param {import('../environment.js').Clock} dependencies.clock
     * @param {import('./timers.js').Timers} dependencies.timers
     * @param {import('./delivery.js').Delivery} dependencies.delivery
     * @param {Pick<import('./connection-state.js').ConnectionSettings, 'heartbeat' | 'heartbeatInterval'>} dependencies.settings
     * @param {() => boolean} dependencies.isDelayed whether SSE has a heartbeat each second
     * @param {() => void} dependencies.onSilent
     */
    constructor({ clock, timers, delivery, settings, isDelayed, onSilent }: {
        clock: import("../environment.js").Clock;
        timers: import("./timers.js").Timers;
        delivery: import("./delivery.js").Delivery;
        settings: Pick<import("./connection-state.js").ConnectionSettings, "heartbeat" | "heartbeatInterval">;
        isDelayed: () => boolean;
        onSilent: () => void;
    });
    clock: import("../environment.js").Clock;
    timers: {
        set(name: string, ms: number, callback: () => void): void;
        clear: (name: string) => void;
        clearAll: () => void;
    };
    delivery: {
        tick: () => void;
        begin(): void;
        hasSleptSince(moment: number): boolean;
        isLate(timestamp: string): boolean;
    };
    settings: Pick<import("./connection-state.js").ConnectionSettings, "heartbeat" | "heartbeatInterval">;
    isDelayed: () => boolean;
    onSilent: () => void;
    /** @type {Transport | null} */
    transport: Transport | null;
    /** By the wall clock, which also runs while the machine sleeps. */
    heardAt: number;
    /** The same by the monotonic clock. */
    heardMonotonic: number;
    /** By the monotonic clock. */
    openedAt: number;
    /** Whether this stream has given a sign of life that did not come with its beginning. */
    hasBeat: boolean;
    /** @param {Transport} transport that has just spoken for the first time */
    begin(transport: Transport): void;
    /** A sign of life, whatever it says. */
    heard(): void;
    /** After the page, the machine or the network woke. */
    look(): void;
    isYoung(): boolean;
    /** Whether the machine has slept, or the page has not run, since the last sign of life. */
    hasSlept(): boolean;
    silenceLimit(): 35000 | 6000;
    keepTicking(): void;
    keepPinging(): void;
    /** @param {number} deadline ms */
    ping(deadline: number): void;
    /** No sign of life within so many ms means dead. @param {number} ms */
    expectSign(ms: number): void;
}
export type Transport = import("./transport.js").Transport;

/**
 * @template {any[]} Told
 * @typedef {object} Listeners
 * @property {(listener: (...told: Told) => void) => () => void} add returns how to take it away again
 * @property {(...told: Told) => void} tell now, or at the end of the transition under way
 * @property {() => number} size
 */
/**
 * @typedef {object} Outbox
 * @property {<T>(work: () => T) => T} transition nobody is told anything before `work` is done
 * @property {<Told extends any[]>() => Listeners<Told>} listeners told through this outbox, in the order of the changes
 */
/** As the browser reports what nobody caught. @param {unknown} error */
export function report(error: unknown): void;
/** Calls what is not ours: what it throws is reported and goes no further. @param {() => void} call */
export function callApart(call: () => void): void;
/** @returns {Outbox} */
export function createOutbox(): Outbox;
export type Listeners<Told extends any[]> = {
    /**
     * returns how to take it away again
     */
    add: (listener: (...told: Told) => void) => () => void;
    /**
     * now, or at the end of the transition under way
     */
    tell: (...told: Told) => void;
    size: () => number;
};
export type Outbox = {
    /**
     * nobody is told anything before `work` is done
     */
    transition: <T>(work: () => T) => T;
    /**
     * told through this outbox, in the order of the changes
     */
    listeners: <Told extends any[]>() => Listeners<Told>;
};

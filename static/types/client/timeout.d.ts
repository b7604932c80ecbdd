/**
 * @param {import('./environment.js').Clock} clock
 * @param {number} ms
 * @returns {{signal: AbortSignal, done: () => void, expired: () => boolean}}
 */
export function withTimeout(clock: import("./environment.js").Clock, ms: number): {
    signal: AbortSignal;
    done: () => void;
    expired: () => boolean;
};

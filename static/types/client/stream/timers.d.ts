/**
 * @param {object} dependencies
 * @param {import('../environment.js').Clock} dependencies.clock
 * @param {<T>(work: () => T) => T} dependencies.transition each callback is one
 */
export function createTimers({ clock, transition }: {
    clock: import("../environment.js").Clock;
    transition: <T>(work: () => T) => T;
}): {
    /** In the place of the one of that name. @param {string} name @param {number} ms @param {() => void} callback */
    set(name: string, ms: number, callback: () => void): void;
    clear: (name: string) => void;
    clearAll: () => void;
};
export type Timers = ReturnType<typeof createTimers>;

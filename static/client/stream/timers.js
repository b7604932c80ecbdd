// The timers of one phase, by name.

/**
 * @param {object} dependencies
 * @param {import('../environment.js').Clock} dependencies.clock
 * @param {<T>(work: () => T) => T} dependencies.transition each callback is one
 */
export function createTimers({ clock, transition }) {
  /** @type {Map<string, unknown>} */
  const timers = new Map();

  /** @param {string} name */
  function clear(name) {
    clock.clearTimeout(timers.get(name));
    timers.delete(name);
  }

  return {
    /** In the place of the one of that name. @param {string} name @param {number} ms @param {() => void} callback */
    set(name, ms, callback) {
      clear(name);
      const timer = clock.setTimeout(() => {
        timers.delete(name);
        transition(callback);
      }, ms);
      timers.set(name, timer);
    },
    clear,
    clearAll: () => Array.from(timers.keys()).forEach(clear),
  };
}

/** @typedef {ReturnType<typeof createTimers>} Timers */

// Who is told of a change, and when.
//
// Rule: listeners are told after the transition, each apart from the others. One may throw: that is reported, and nobody
// else notices. One may call back in: what that changes is told next, behind what is being told now.

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
export function report(error) {
  const scope = /** @type {any} */ (globalThis);
  // Chrome 87 has no reportError.
  if (typeof scope.reportError === 'function') scope.reportError(error);
  else console.error(error);
}

/** Calls what is not ours: what it throws is reported and goes no further. @param {() => void} call */
export function callApart(call) {
  try {
    call();
  } catch (error) {
    report(error);
  }
}

/** @returns {Outbox} */
export function createOutbox() {
  let transitions = 0;
  let isTelling = false;
  /** @type {{to: Set<{listener: Function}>, told: any[]}[]} */
  const waiting = [];

  function deliver() {
    if (transitions > 0 || isTelling) return;
    isTelling = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { to, told } = next;
      for (const entry of Array.from(to)) {
        // Else it was taken away by one that was told before it.
        if (to.has(entry)) callApart(() => entry.listener(...told));
      }
    }
    isTelling = false;
  }

  return {
    transition(work) {
      transitions += 1;
      try {
        return work();
      } finally {
        transitions -= 1;
        deliver();
      }
    },
    listeners() {
      /** @type {Set<{listener: Function}>} */
      const entries = new Set();
      return {
        add(listener) {
          // An entry of its own, so that the same function may listen twice.
          const entry = { listener };
          entries.add(entry);
          return () => {
            entries.delete(entry);
          };
        },
        tell(...told) {
          // Told nothing but that something changed, they look for themselves: once is enough.
          if (told.length === 0 && waiting.some(({ to }) => to === entries)) return;
          waiting.push({ to: entries, told });
          deliver();
        },
        size: () => entries.size,
      };
    },
  };
}

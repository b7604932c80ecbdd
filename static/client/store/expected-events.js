// The events of own changes that were answered: each is sent before its answer, or at once after it. One that does not come is
// held back on its way.

/** ms that the event of an own change may come behind its answer, before the network is asked to hurry. */
export const EVENT_DEADLINE = 1_500;

/**
 * @param {object} dependencies
 * @param {import('../environment.js').Clock} dependencies.clock
 * @param {() => void} dependencies.onLate
 */
export function createExpectedEvents({ clock, onLate }) {
  /** By order. @type {Map<number, {versao: number, timer: unknown}>} */
  const expected = new Map();

  /** @param {number} id */
  function forget(id) {
    const event = expected.get(id);
    if (event) clock.clearTimeout(event.timer);
    expected.delete(id);
  }

  return {
    /** @param {number} id @param {number} versao */
    expect(id, versao) {
      forget(id);
      const timer = clock.setTimeout(() => {
        expected.delete(id);
        onLate();
      }, EVENT_DEADLINE);
      expected.set(id, { versao, timer });
    },

    /** @param {number} id @param {number} versao */
    arrived(id, versao) {
      const event = expected.get(id);
      if (event && versao >= event.versao) forget(id);
    },

    clear: () => Array.from(expected.keys()).forEach(forget),
  };
}

/** @typedef {ReturnType<typeof createExpectedEvents>} ExpectedEvents */

// Whether a network delivers what comes over an SSE stream when it is sent, or holds it back.
//
// An event is late when it comes seconds further behind its time than the promptest message of its stream did, each by the
// server's clock. What came while the machine slept, or while the page was too busy to take it, says nothing of the network: a
// tick a second tells when that was.

/** An event that comes so many ms later than the stream's first message did was held back. */
export const LATE_EVENT = 3_000;
/** ms between two ticks. */
export const TICK = 1_000;
/** A tick that comes so many ms after the last one: the page did not run in between. */
const GAP = 2_500;

/** @param {{clock: import('../environment.js').Clock}} dependencies */
export function createDelivery({ clock }) {
  /** ms between the server's time and ours at the promptest message of this stream; null before its first. @type {number | null} */
  let promptest = null;
  /** When the stream began, by the server's clock. */
  let beganAt = 0;
  /** By the wall clock, which also runs while the machine sleeps. */
  let tickAt = clock.now();
  /** The end of the last time in which the page did not run, by the monotonic clock. */
  let gapEnd = -Infinity;

  function tick() {
    const now = clock.now();
    if (now - tickAt > GAP) gapEnd = clock.monotonic();
    tickAt = now;
  }

  return {
    /** To be called each `TICK` while a stream is open. */
    tick,

    /** Another stream is open. */
    begin() {
      promptest = null;
      tickAt = clock.now();
    },

    /** Whether the page has not run for a while since then. @param {number} moment by the monotonic clock */
    hasSleptSince(moment) {
      tick();
      return gapEnd >= moment;
    },

    /**
     * Takes note of a message. What was missed before the stream began is older than it, and says nothing.
     * @param {string} timestamp ISO 8601, by the server's clock
     * @returns {boolean} whether it was held back
     */
    isLate(timestamp) {
      const written = Date.parse(timestamp);
      if (Number.isNaN(written)) return false;
      const delay = clock.monotonic() - written;
      if (promptest === null) {
        promptest = delay;
        beganAt = written;
        return false;
      }
      if (written < beganAt) return false;
      const before = promptest;
      promptest = Math.min(before, delay);
      tick();
      return delay - before > LATE_EVENT && written + before > gapEnd;
    },
  };
}

/** @typedef {ReturnType<typeof createDelivery>} Delivery */

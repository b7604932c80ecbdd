// What this network lets through, as far as it is known: which transport "auto" means now, and how far apart the heartbeats
// of an SSE stream may be.
//
// WebSocket is *blocked* when its upgrade is refused twice running, or hangs, or it opens and dies young three times
// running, each while the server answers over HTTP. Then it is SSE for some minutes. A network that *holds back* each piece of
// an answer until the next one comes is asked to pass a heartbeat each second: each releases the event before it.
// Both are remembered for that long, so that a page that is opened again does not begin from the top.

import { withJitter } from './backoff.js';

/** @typedef {import('./transport.js').TransportName} TransportName */
/** @typedef {{until: number, heldBack: boolean}} Known `until` in wall-clock ms */
/**
 * Where it is remembered.
 * @typedef {object} Memory
 * @property {() => Known | null} read
 * @property {(known: Known | null) => void} write null: forget it
 */

export const WEBSOCKET_RETRY = 300_000;
export const REFUSALS = 2;
export const YOUNG_DEATHS = 3;
/** Longer than any that was written: the clock was set back. */
const LONGEST = 2 * WEBSOCKET_RETRY;

/**
 * @param {object} dependencies
 * @param {import('./environment.js').Clock} dependencies.clock
 * @param {() => number} dependencies.random
 * @param {Memory} dependencies.memory
 */
export function createFallback({ clock, random, memory }) {
  let refusals = 0;
  let youngDeaths = 0;
  /** By the monotonic clock; until then, SSE is what "auto" means. */
  let sseUntil = -Infinity;
  let heldBack = false;

  const known = memory.read();
  const left = known ? known.until - clock.now() : 0;
  if (known && left > 0 && left <= LONGEST) {
    sseUntil = clock.monotonic() + left;
    heldBack = known.heldBack;
  }

  function remember() {
    const ms = sseUntil - clock.monotonic();
    memory.write(ms > 0 ? { until: clock.now() + ms, heldBack } : null);
  }

  function restartCounts() {
    refusals = 0;
    youngDeaths = 0;
  }

  return {
    /** @returns {TransportName} */
    transport: () => (clock.monotonic() < sseUntil ? 'sse' : 'websocket'),

    /** ms until WebSocket is worth another try */
    retryIn: () => Math.max(0, sseUntil - clock.monotonic()),

    /** Whether an SSE stream needs its heartbeats close together. */
    isHeldBack: () => heldBack,

    /** What was counted says nothing any more: the server was away, or it works. */
    restartCounts,

    restartYoungDeaths() {
      youngDeaths = 0;
    },

    /** @param {'refused' | 'hung'} how @returns {boolean} whether WebSocket counts as blocked now */
    websocketFailed(how) {
      refusals += 1;
      // A refusal may be a server that was just coming up: ask once more. A hang has cost 3 s already.
      return how === 'hung' || refusals >= REFUSALS;
    },

    /** @returns {boolean} whether WebSocket counts as blocked now */
    diedYoung() {
      youngDeaths += 1;
      return youngDeaths >= YOUNG_DEATHS;
    },

    toSse() {
      restartCounts();
      sseUntil = clock.monotonic() + withJitter(WEBSOCKET_RETRY, random);
      remember();
    },

    holdsBack() {
      heldBack = true;
      remember();
    },

    delivers() {
      heldBack = false;
      remember();
    },

    /** A stream over it is open. It may yet die young. */
    websocketWorks() {
      refusals = 0;
      sseUntil = -Infinity;
      heldBack = false;
      remember();
    },

    /** Another network, or another wish: begin from the top. */
    forget() {
      restartCounts();
      sseUntil = -Infinity;
      heldBack = false;
      remember();
    },

    /** Neither way is open: next time WebSocket first, perhaps only this path is closed. A page opened anew need not ask. */
    fromTheTop() {
      sseUntil = -Infinity;
    },
  };
}

/** @typedef {ReturnType<typeof createFallback>} Fallback */

/**
 * @param {Storage | null} storage null where it may not be used
 * @param {string} name of the server
 * @returns {Memory}
 */
export function storedMemory(storage, name) {
  const key = `pedidos.rede ${name}`;
  return {
    read() {
      try {
        const { until, heldBack } = JSON.parse((storage && storage.getItem(key)) || 'null');
        return typeof until === 'number' ? { until, heldBack: heldBack === true } : null;
      } catch (error) {
        return null;
      }
    },
    write(known) {
      try {
        if (!storage) return;
        if (known) storage.setItem(key, JSON.stringify(known));
        else storage.removeItem(key);
      } catch (error) {
        // A full disk, a private window: it is found out again next time.
      }
    },
  };
}

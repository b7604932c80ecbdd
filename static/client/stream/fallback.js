// What this network lets through, as far as it is known: which transport "auto" means now, and how far apart the heartbeats
// of an SSE stream may be.
//
// WebSocket is *blocked* when its upgrade is refused twice running, or hangs, or it opens and dies young three times
// running, each while the server answers over HTTP. Then it is SSE for some minutes. A network that *holds back* each piece of
// an answer until the next one comes is asked to pass a heartbeat each second: each releases the event before it.
// Both are remembered for that long, so that a page that is opened again does not begin from the top.

import { withJitter } from '../backoff.js';

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

/** @typedef {{clock: import('../environment.js').Clock, random: () => number, memory: Memory}} Dependencies */

export class Fallback {
  /** @param {Dependencies} dependencies */
  constructor({ clock, random, memory }) {
    this.clock = clock;
    this.random = random;
    this.memory = memory;
    this.refusals = 0;
    this.youngDeaths = 0;
    /** By the monotonic clock; until then, SSE is what "auto" means. */
    this.sseUntil = -Infinity;
    this.heldBack = false;

    const known = memory.read();
    const left = known ? known.until - clock.now() : 0;
    if (known && left > 0 && left <= LONGEST) {
      this.sseUntil = clock.monotonic() + left;
      this.heldBack = known.heldBack;
    }
  }

  /** @returns {TransportName} */
  transport() {
    return this.clock.monotonic() < this.sseUntil ? 'sse' : 'websocket';
  }

  /** ms until WebSocket is worth another try */
  retryIn() {
    return Math.max(0, this.sseUntil - this.clock.monotonic());
  }

  /** Whether an SSE stream needs its heartbeats close together. */
  isHeldBack() {
    return this.heldBack;
  }

  /** What was counted says nothing any more: the server was away, or it works. */
  restartCounts() {
    this.refusals = 0;
    this.youngDeaths = 0;
  }

  restartYoungDeaths() {
    this.youngDeaths = 0;
  }

  /** @param {'refused' | 'hung'} how @returns {boolean} whether WebSocket counts as blocked now */
  websocketFailed(how) {
    this.refusals += 1;
    // A refusal may be a server that was just coming up: ask once more. A hang has cost 3 s already.
    return how === 'hung' || this.refusals >= REFUSALS;
  }

  /** @returns {boolean} whether WebSocket counts as blocked now */
  diedYoung() {
    this.youngDeaths += 1;
    return this.youngDeaths >= YOUNG_DEATHS;
  }

  toSse() {
    this.restartCounts();
    this.learn(this.clock.monotonic() + withJitter(WEBSOCKET_RETRY, this.random), this.heldBack);
  }

  holdsBack() {
    this.learn(this.sseUntil, true);
  }

  delivers() {
    this.learn(this.sseUntil, false);
  }

  /** A stream over it is open. It may yet die young. */
  websocketWorks() {
    this.refusals = 0;
    this.learn(-Infinity, false);
  }

  /** Another network, or another wish: begin from the top. */
  forget() {
    this.restartCounts();
    this.learn(-Infinity, false);
  }

  /** Neither way is open: next time WebSocket first, perhaps only this path is closed. A page opened anew need not ask. */
  fromTheTop() {
    this.sseUntil = -Infinity;
  }

  /** And remembers it, over a reload of the page. @param {number} sseUntil @param {boolean} heldBack */
  learn(sseUntil, heldBack) {
    this.sseUntil = sseUntil;
    this.heldBack = heldBack;
    const ms = sseUntil - this.clock.monotonic();
    this.memory.write(ms > 0 ? { until: this.clock.now() + ms, heldBack } : null);
  }
}

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

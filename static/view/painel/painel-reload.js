// When the panel reloads itself: each night, for memory and for whatever a year brings; after an upgrade of the
// server, whose page it then shows; and after a fault of its own.
//
// Rules:
// 1. Never onto a server that does not answer: the browser's error page would stay there for ever.
// 2. Always with jitter: twenty panels of one shop must not fetch the page in the same second.
// 3. No night twice: the next time is further away than the nights are spread.

const HOUR = 3_600_000;
const NIGHT_HOUR = 3;
const NIGHT_SPREAD = 1.5 * HOUR;
const NIGHT_APART = 2 * HOUR;
/** A night further away than this is the sign of a clock that was set back. */
const NIGHT_FARTHEST = 31 * HOUR;
const UPGRADE = { after: 5_000, spread: 115_000 };
const FAULT = { after: 60_000, spread: 240_000 };
const AGAIN = { after: 30_000, spread: 60_000 };

/**
 * A moment between 3:00 and 4:30 local time, at least two hours ahead.
 * @param {number} now ms
 * @param {() => number} random
 * @returns {number} ms
 */
export function nextNight(now, random) {
  const date = new Date(now);
  date.setHours(NIGHT_HOUR, 0, 0, 0);
  const jitter = Math.floor(random() * NIGHT_SPREAD);
  while (date.getTime() + jitter < now + NIGHT_APART) date.setDate(date.getDate() + 1);
  return date.getTime() + jitter;
}

/**
 * @typedef {object} Reloader
 * @property {(state: {live: boolean, serverVersion: string | null}) => void} check
 * @property {() => void} fault something went wrong in the page itself
 * @property {() => number} due ms; when `check` wants to be called at the latest
 * @property {() => void} close
 */

/**
 * @param {object} dependencies
 * @param {() => number} dependencies.now ms
 * @param {() => number} dependencies.random in [0, 1)
 * @param {() => Promise<boolean>} dependencies.answers whether the page can be had
 * @param {() => void} dependencies.reload
 * @returns {Reloader}
 */
export function createReloader({ now, random, answers, reload }) {
  let night = nextNight(now(), random);
  let sooner = Infinity;
  let version = '';
  let asking = false;
  let closed = false;

  /** @param {{after: number, spread: number}} wait */
  const soon = ({ after, spread }) => now() + after + Math.floor(random() * spread);

  async function attempt() {
    asking = true;
    const good = await answers().catch(() => false);
    asking = false;
    if (closed) return;
    if (!good) {
      sooner = soon(AGAIN);
      night = Math.max(night, sooner);
      return;
    }
    night = nextNight(now(), random);
    sooner = Infinity;
    version = '';
    reload();
  }

  return {
    check({ live, serverVersion }) {
      if (night - now() > NIGHT_FARTHEST) night = nextNight(now(), random);
      if (serverVersion) {
        if (version && version !== serverVersion) sooner = Math.min(sooner, soon(UPGRADE));
        version = serverVersion;
      }
      if (live && !asking && now() >= Math.min(night, sooner)) attempt();
    },
    fault() {
      sooner = Math.min(sooner, soon(FAULT));
    },
    due: () => Math.min(night, sooner),
    close() {
      closed = true;
    },
  };
}

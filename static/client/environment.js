// All that the client takes from the browser, in one place, so that a test can pass in its own.
// Nothing here needs a secure context: a shop's LAN is plain http, where there are no Web Locks, no
// crypto.randomUUID, no crypto.subtle. crypto.getRandomValues is there.

/**
 * @typedef {object} Clock
 * @property {() => number} now wall-clock ms, for what is shown and to notice sleep: it may jump, back too
 * @property {() => number} monotonic ms, for durations: it never goes back
 * @property {(callback: () => void, ms: number) => unknown} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

/**
 * The part of BroadcastChannel that is used.
 * @typedef {object} Channel
 * @property {(data: any) => void} postMessage
 * @property {((event: {data: any}) => void) | null} onmessage
 * @property {() => void} close
 */

/**
 * @typedef {object} Environment
 * @property {typeof fetch} fetch
 * @property {(new (url: string, protocols?: string | string[]) => WebSocket) | null} WebSocket
 * @property {((name: string) => Channel | null) | null} openChannel null where tabs cannot talk to each other
 * @property {Storage | null} storage what outlives the page; null where it may not be used
 * @property {Clock} clock
 * @property {() => number} random in [0, 1), for jitter only
 * @property {() => string} randomId 128 bits, hexadecimal
 * @property {EventTarget | null} window
 * @property {(EventTarget & {visibilityState: string}) | null} document
 * @property {string} origin where the page came from, '' outside of a page
 */

/** @returns {Environment} */
export function browserEnvironment() {
  const scope = /** @type {any} */ (globalThis);
  // Null where there is no page: a server that renders, a test.
  const page = scope.document && scope.window ? scope.window : null;
  return {
    fetch: (input, init) => scope.fetch(input, init),
    WebSocket: scope.WebSocket || null,
    openChannel: page && scope.BroadcastChannel ? (name) => orNull(() => new scope.BroadcastChannel(name)) : null,
    storage: page ? orNull(() => scope.localStorage) : null,
    clock: {
      now: () => Date.now(),
      monotonic: () => scope.performance.now(),
      setTimeout: (callback, ms) => scope.setTimeout(callback, ms),
      clearTimeout: (timer) => scope.clearTimeout(timer),
    },
    random: Math.random,
    randomId: () =>
      Array.from(scope.crypto.getRandomValues(new Uint8Array(16)), (/** @type {number} */ byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join(''),
    window: page,
    document: page ? scope.document : null,
    origin: page ? page.location.origin : '',
  };
}

/**
 * What a browser may have and yet forbid: it then throws.
 * @template T
 * @param {() => T} get
 * @returns {T | null}
 */
function orNull(get) {
  try {
    return get() || null;
  } catch (error) {
    return null;
  }
}

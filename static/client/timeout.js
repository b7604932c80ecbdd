// A fetch that gives up. (AbortSignal.timeout is younger than the browsers this runs in, and would
// not use the clock that is passed in.)

/**
 * @param {import('./environment.js').Clock} clock
 * @param {number} ms
 * @returns {{signal: AbortSignal, done: () => void, expired: () => boolean}}
 */
export function withTimeout(clock, ms) {
  const controller = new AbortController();
  let expired = false;
  const timer = clock.setTimeout(() => {
    expired = true;
    controller.abort();
  }, ms);
  return { signal: controller.signal, done: () => clock.clearTimeout(timer), expired: () => expired };
}

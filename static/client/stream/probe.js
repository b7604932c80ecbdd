// What stands behind a stream that will not open: browsers hide the status of a WebSocket's
// handshake, so it is learnt by fetch.

import { DENIALS, isHealth, isOurProblem, parseJson } from '../wire/answers.js';
import { PATHS } from '../wire/protocol.js';
import { withTimeout } from '../timeout.js';

/**
 * - `answers`: our server is there and would let us in: it is the network that refuses the stream;
 * - `denied`: our server is there and refuses us, in its own words;
 * - `foreign`: somebody else answers in its place: a portal, or a proxy while the server restarts;
 * - `unreachable`: no answer.
 * @typedef {{verdict: 'answers' | 'foreign' | 'unreachable'}
 *   | {verdict: 'denied', status: number, message: string}} ProbeResult
 */

const TIMEOUT = 3_000;

/**
 * @param {{baseUrl: string, token: string | null, fetch: typeof fetch, clock: import('../environment.js').Clock}} options
 * @returns {() => Promise<ProbeResult>}
 */
export function createProbe({ baseUrl, token, fetch, clock }) {
  /** @type {Record<string, string>} */
  const headers = token ? { Authorization: `Bearer ${token}` } : {};

  /** @param {string} path @returns {Promise<{response: Response, body: any} | null>} null: no answer */
  async function ask(path) {
    const { signal, done } = withTimeout(clock, TIMEOUT);
    try {
      const response = await fetch(baseUrl + path, { headers, cache: 'no-store', signal });
      return { response, body: parseJson(await response.text()) };
    } catch (error) {
      return null;
    } finally {
      done();
    }
  }

  return async function probe() {
    const health = await ask(PATHS.health);
    if (health === null) return { verdict: 'unreachable' };
    if (isDenied(health)) return denied(health);
    // Also where it says of itself that its database cannot be written.
    if (!isHealth(health.body)) return { verdict: 'foreign' };
    // /health is open to all; the stream's own address, asked without an upgrade, says 426 to those whom it would let in.
    const stream = await ask(PATHS.websocket);
    return stream !== null && isDenied(stream) ? denied(stream) : { verdict: 'answers' };
  };
}

/** @param {{response: Response, body: any}} answer */
function isDenied({ response, body }) {
  return DENIALS.includes(response.status) && isOurProblem(response, body);
}

/**
 * @param {{response: Response, body: any}} answer
 * @returns {ProbeResult}
 */
function denied({ response, body }) {
  const message = typeof body.detail === 'string' ? body.detail : '';
  return { verdict: 'denied', status: response.status, message };
}

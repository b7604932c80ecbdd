// What stands behind a stream that will not open: browsers hide the status of a WebSocket's
// handshake, so it is learnt by fetch.

import { PATHS } from './protocol.js';
import { withTimeout } from './timeout.js';

/**
 * - `answers`: our server is there and would let us in: it is the network that refuses the stream;
 * - `denied`: our server is there and refuses us (401, 403);
 * - `unreachable`: no answer, or somebody else's: a proxy says 502 while the server restarts, and
 *   a restarting server is not a blocked network.
 * @typedef {{verdict: 'answers' | 'unreachable'} | {verdict: 'denied', status: number, message: string}} ProbeResult
 */

const TIMEOUT = 3_000;

/**
 * @param {{baseUrl: string, token: string | null, fetch: typeof fetch, clock: import('./environment.js').Clock}} options
 * @returns {() => Promise<ProbeResult>}
 */
export function createProbe({ baseUrl, token, fetch, clock }) {
  /** @type {Record<string, string>} */
  const headers = token ? { Authorization: `Bearer ${token}` } : {};

  /** @param {string} path */
  async function ask(path) {
    const { signal, done } = withTimeout(clock, TIMEOUT);
    try {
      const response = await fetch(baseUrl + path, { headers, cache: 'no-store', signal });
      const body = await response.json().catch(() => null);
      return { status: response.status, body: body !== null && typeof body === 'object' ? body : null };
    } catch (error) {
      return { status: 0, body: null };
    } finally {
      done();
    }
  }

  return async function probe() {
    const health = await ask(PATHS.health);
    // 503 counts too: the server itself says that its database cannot be written.
    if (health.status === 401 || health.status === 403) return denied(health);
    if (!health.body || typeof health.body.status !== 'string') return { verdict: 'unreachable' };
    // /health is open to all; the stream's own address, asked without an upgrade, says 426 to those
    // whom it would let in. A refusal counts only in the server's own words, not in a proxy's.
    const stream = await ask(PATHS.websocket);
    if ((stream.status === 401 || stream.status === 403) && stream.body) return denied(stream);
    return { verdict: 'answers' };
  };
}

/**
 * @param {{status: number, body: any}} answer
 * @returns {ProbeResult}
 */
function denied({ status, body }) {
  const message = body && typeof body.detail === 'string' ? body.detail : '';
  return { verdict: 'denied', status, message };
}

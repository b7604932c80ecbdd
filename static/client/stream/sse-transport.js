// The stream over Server-Sent Events, read with fetch.
//
// Rejected: EventSource. It hides the heartbeats (comments) by which a silent connection is judged,
// hides the status (401 looks like a lost cable), sends no Authorization header, repeats its first
// address with the old cursor in it, and closes for good on any status but 200.

import { isOurProblem, parseJson } from '../wire/answers.js';
import { PATHS, parseMessage } from '../wire/protocol.js';
import { createSseParser } from '../wire/sse-parser.js';
import { streamUrl } from './transport.js';

/** @typedef {import('./transport.js').OpenTransport} OpenTransport */

/**
 * @param {{baseUrl: string, token: string | null, fetch: typeof fetch}} options
 * @returns {OpenTransport}
 */
export function sseTransport({ baseUrl, token, fetch }) {
  return function open(cursor, handlers, heartbeat = null) {
    const abort = new AbortController();
    let over = false;

    /** @param {number | null} status @param {string} reason @param {Partial<import('./transport.js').TransportEnd>} [rest] */
    function end(status, reason, rest = {}) {
      if (over) return;
      over = true;
      handlers.onEnd({ code: null, status, retryAfter: null, reason, refusedBy: null, ...rest });
    }

    /** @param {Response} response that is no stream */
    async function refused(response) {
      const problem = parseJson(await response.text());
      abort.abort();
      if (!isOurProblem(response, problem)) {
        end(response.status, `HTTP ${response.status}`, { refusedBy: 'network' });
        return;
      }
      const wait = Number(response.headers.get('Retry-After'));
      const reason = typeof problem.detail === 'string' ? problem.detail : '';
      end(response.status, reason, { refusedBy: 'server', retryAfter: wait > 0 ? wait * 1000 : null });
    }

    async function follow() {
      /** @type {Record<string, string>} */
      const headers = { Accept: 'text/event-stream' };
      if (token) headers.Authorization = `Bearer ${token}`;
      // The cursor goes in the query: a Last-Event-ID header would cost a preflight on each resume.
      const response = await fetch(streamUrl(baseUrl, PATHS.sse, cursor, heartbeat), {
        headers,
        cache: 'no-store',
        signal: abort.signal,
      });
      if (over) return;
      const type = response.headers.get('Content-Type') || '';
      if (response.status !== 200 || !type.startsWith('text/event-stream') || !response.body) {
        await refused(response);
        return;
      }
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const feed = createSseParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (over || done) break;
        handlers.onActivity();
        for (const data of feed(decoder.decode(value, { stream: true }))) {
          const message = parseMessage(data);
          // Checked each time: a handler may close this transport.
          if (message && !over) handlers.onMessage(message);
        }
      }
      end(200, 'the stream ended');
    }

    follow().catch((error) => end(null, String(error)));

    return {
      name: 'sse',
      send: () => false,
      close() {
        over = true;
        abort.abort();
      },
    };
  };
}

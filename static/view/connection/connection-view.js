// How the connection is shown. A short break is nobody's business; a long one must not be overlooked.
//
//   0 s        5 s                     35 s
//   │ nothing  │ Reconectando (amber)  │ SEM CONEXÃO (band; the data shows as stale)
//
// Two things are told apart from an outage: `blocked`, where changes do not come by themselves but HTTP works, so all that is
// done counts; and changes that the network delivers late.
//
// An outage begins when the stream ended; or, where it was the heartbeat that found it dead, when the server was
// last heard: until then nobody could know.

import { timeOf } from '../order/dates.js';

/** @typedef {import('../../client/index.js').Snapshot} Snapshot */
/**
 * @typedef {object} ConnectionView
 * @property {'loading' | 'ok' | 'catching-up' | 'reconnecting' | 'offline' | 'blocked'} kind
 * @property {string} text
 * @property {string} detail
 */

export const QUIET = 5_000;
export const OFFLINE = 35_000;

/** @param {import('../../client/index.js').SharedState} connection @returns {number | null} ms; null while there is none */
export function outageSince({ status, disconnectedAt, lastHeardAt }) {
  if (status === 'connected' || disconnectedAt === null) return null;
  const foundByHeartbeat = lastHeardAt !== null && disconnectedAt - lastHeardAt >= OFFLINE;
  return foundByHeartbeat ? lastHeardAt : disconnectedAt;
}

/**
 * The token was revoked, or the session is over: no other try helps, but to sign in again.
 * @param {import('../../client/index.js').SharedState} connection
 */
export function hasLostAccess({ error }) {
  return error !== null && error.kind === 'denied' && (error.status === 401 || error.status === null);
}

/** Somebody else answers in its place; the whole of it is said where there is room. */
const SHORT = 'a rede responde pelo servidor';
const TRANSPORTS = { websocket: 'WebSocket', sse: 'SSE' };

/**
 * @param {Pick<Snapshot, 'connection' | 'lastSync' | 'isLoading' | 'error'>} snapshot
 * @param {number} now ms
 * @param {boolean} catchingUp back again, and not yet at the server's position
 * @returns {ConnectionView}
 */
export function connectionView({ connection, lastSync, isLoading, error }, now, catchingUp) {
  const heard = Math.max(connection.lastHeardAt || 0, lastSync || 0);
  const age = heard ? `dados de ${timeOf(heard)}` : 'nada carregado ainda';
  const since = outageSince(connection);
  const silence = since === null ? 0 : now - since;

  const { error: trouble } = connection;
  const attempt = `Tentativa ${Math.max(1, connection.reconnectAttempt)}`;

  if (trouble && (trouble.kind === 'denied' || trouble.kind === 'attempts')) {
    return { kind: 'offline', text: `SEM CONEXÃO · ${age}`, detail: trouble.message };
  }
  if (trouble && trouble.kind === 'blocked') {
    const text = silence >= OFFLINE ? `Sem atualizações ao vivo · ${age}` : 'Sem atualizações ao vivo';
    return { kind: 'blocked', text, detail: trouble.message };
  }
  if (silence >= OFFLINE) {
    const detail = trouble ? trouble.message : `${attempt}. O que for marcado agora pode não ser salvo.`;
    return { kind: 'offline', text: `SEM CONEXÃO · ${age}`, detail };
  }
  if (lastSync === null) {
    const text = error ? 'Não foi possível carregar' : 'Carregando…';
    return { kind: isLoading || !error ? 'loading' : 'reconnecting', text, detail: error ? error.message : '' };
  }
  if (silence >= QUIET) {
    return { kind: 'reconnecting', text: `Reconectando, ${attempt}`, detail: trouble ? SHORT : age };
  }
  if (catchingUp) return { kind: 'catching-up', text: 'Atualizando…', detail: age };
  const transport = connection.transport ? TRANSPORTS[connection.transport] : '';
  const detail = [transport, `última mudança ${timeOf(lastSync)}`].filter(Boolean).join(' · ');
  return { kind: 'ok', text: connection.delayed ? 'Atrasado pela rede' : 'Sincronizado', detail };
}

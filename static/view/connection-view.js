// How the connection is shown. A short break is nobody's business; a long one must not be overlooked.
//
//   0 s        5 s                     35 s
//   │ nothing  │ Reconectando (amber)  │ SEM CONEXÃO (band; the data shows as stale)
//
// An outage begins when the stream ended; or, where it was the heartbeat that found it dead, when the server was
// last heard: until then nobody could know.

import { timeOf } from './dates.js';

/** @typedef {import('../client/index.js').Snapshot} Snapshot */
/**
 * @typedef {object} ConnectionView
 * @property {'loading' | 'ok' | 'catching-up' | 'reconnecting' | 'offline' | 'blocked'} kind
 * @property {string} text
 * @property {string} detail
 * @property {boolean} canSave whether a tap counts
 */

export const QUIET = 5_000;
export const OFFLINE = 35_000;

/** @param {import('../client/index.js').SharedState} connection @returns {number | null} ms; null while there is none */
export function outageSince({ status, disconnectedAt, lastHeardAt }) {
  if (status === 'connected' || disconnectedAt === null) return null;
  const foundByHeartbeat = lastHeardAt !== null && disconnectedAt - lastHeardAt >= OFFLINE;
  return foundByHeartbeat ? lastHeardAt : disconnectedAt;
}

/**
 * The token was revoked, or the session is over: no other try helps, but to sign in again.
 * @param {import('../client/index.js').SharedState} connection
 */
export function hasLostAccess({ error }) {
  return error !== null && error.kind === 'denied' && error.status !== 403;
}

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

  if (connection.error && connection.error.kind !== 'blocked') {
    return { kind: 'offline', text: `SEM CONEXÃO · ${age}`, detail: connection.error.message, canSave: false };
  }
  if (silence >= OFFLINE) {
    const attempt = `Tentativa ${Math.max(1, connection.reconnectAttempt)}`;
    const detail = connection.error ? connection.error.message : `${attempt}. Nada do que for marcado agora será salvo.`;
    return { kind: 'offline', text: `SEM CONEXÃO · ${age}`, detail, canSave: false };
  }
  if (connection.error) {
    return { kind: 'blocked', text: 'Sem atualizações ao vivo', detail: connection.error.message, canSave: true };
  }
  if (lastSync === null) {
    const text = error ? 'Não foi possível carregar' : 'Carregando…';
    return { kind: isLoading || !error ? 'loading' : 'reconnecting', text, detail: error ? error.message : '', canSave: true };
  }
  if (silence >= QUIET) {
    const text = `Reconectando, Tentativa ${Math.max(1, connection.reconnectAttempt)}`;
    return { kind: 'reconnecting', text, detail: age, canSave: true };
  }
  if (catchingUp) return { kind: 'catching-up', text: 'Atualizando…', detail: age, canSave: false };
  const transport = connection.transport ? TRANSPORTS[connection.transport] : '';
  const detail = [transport, `última mudança ${timeOf(lastSync)}`].filter(Boolean).join(' · ');
  return { kind: 'ok', text: 'Sincronizado', detail, canSave: true };
}

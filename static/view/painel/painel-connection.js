// How far what the panel shows can be trusted. The connection judges by heartbeat; here only the time counts.

import { OFFLINE, QUIET, hasLostAccess } from '../connection/connection-view.js';
import { timeOf } from '../order/dates.js';

/**
 * - `loading`: nothing to show yet;
 * - `ok`: live, or away for less than 5 s;
 * - `trying`: away for longer;
 * - `offline`: away for so long that the figures may be wrong, or the session is over.
 * @typedef {object} Trust
 * @property {'loading' | 'ok' | 'trying' | 'offline'} level
 * @property {string} text what to say about it, '' for nothing
 */

/**
 * @param {object} facts
 * @param {import('../../client/index.js').Snapshot} facts.snapshot
 * @param {number | null} facts.since ms; since when something is wrong, null while nothing is
 * @param {number} facts.now ms
 * @returns {Trust}
 */
export function trustOf({ snapshot, since, now }) {
  const loaded = snapshot.lastSync !== null;
  const { lastHeardAt, reconnectAttempt } = snapshot.connection;
  const away = since === null ? 0 : now - since;
  const isOver = hasLostAccess(snapshot.connection);
  if (isOver || away >= OFFLINE) {
    // Of another day, an hour alone would be taken for today's.
    const heard = Math.max(lastHeardAt || 0, snapshot.lastSync || 0);
    const days = Math.floor((now - heard) / 86_400_000);
    const when = days > 0 ? `${timeOf(heard)}, há ${days === 1 ? '1 dia' : `${days} dias`}` : timeOf(heard);
    if (isOver) return { level: 'offline', text: loaded ? `ENTRE DE NOVO · dados de ${when}` : 'ENTRE DE NOVO' };
    return { level: 'offline', text: loaded ? `SEM CONEXÃO · dados de ${when}` : 'SEM CONEXÃO com o servidor' };
  }
  if (away >= QUIET) {
    const attempt = Math.max(1, reconnectAttempt);
    return { level: 'trying', text: `Reconectando, Tentativa ${attempt}` };
  }
  return { level: loaded ? 'ok' : 'loading', text: '' };
}

/**
 * Whether live data comes in. A list that cannot be loaded over a living stream is as stale as a dead stream.
 * @param {import('../../client/index.js').Snapshot} snapshot
 */
export function isLive({ connection, error }) {
  return connection.status === 'connected' && error === null;
}

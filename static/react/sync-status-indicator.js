// How the connection is doing, in a line.

import { createElement } from 'react';

/**
 * Takes what `usePedidosSync` gives: `<SyncStatusIndicator {...sync} />`. Its look is the app's own: style it by the class
 * `sync-status` and the attribute `data-state`.
 * @param {Pick<import('./use-pedidos-sync.js').PedidosSync,
 *   'wsState' | 'delayed' | 'transport' | 'reconnectAttempt' | 'lastSync' | 'connectionError' | 'wsReconnect'>} props
 */
export function SyncStatusIndicator({
  wsState,
  delayed,
  transport,
  reconnectAttempt,
  lastSync,
  connectionError,
  wsReconnect,
}) {
  const connected = wsState === 'connected';
  return createElement(
    'span',
    { className: 'sync-status', 'data-state': wsState },
    // The words alone are the live region: the time in it would be read aloud with each change.
    createElement('span', { role: 'status' }, textOf(wsState, delayed, reconnectAttempt, connectionError)),
    connected && createElement('span', null, ` · ${transport === 'sse' ? 'SSE' : 'WebSocket'}`),
    lastSync && createElement('time', { dateTime: lastSync.toISOString() }, ` · ${timeOf(lastSync)}`),
    !connected && createElement('button', { type: 'button', onClick: () => wsReconnect() }, 'Reconectar'),
  );
}

/**
 * @param {'connecting' | 'connected' | 'disconnected' | 'error'} wsState
 * @param {boolean} delayed
 * @param {number} attempt
 * @param {import('../client/index.js').ConnectionError | null} error
 */
function textOf(wsState, delayed, attempt, error) {
  if (error) return error.message;
  if (wsState === 'connected') return delayed ? '✅ Sincronizado (atrasado pela rede)' : '✅ Sincronizado';
  return attempt > 0 ? `Reconectando, tentativa ${attempt}` : 'Conectando';
}

/** @param {Date} date */
function timeOf(date) {
  return date.toLocaleTimeString('pt-BR', { hour: '2-digit', minute: '2-digit' });
}

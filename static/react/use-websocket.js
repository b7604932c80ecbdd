// The bare stream of messages, for a component that keeps its own state.

import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

import { callApart } from '../client/index.js';
import { useClient } from './clients.js';
import { useLatest } from './use-latest.js';

/** @typedef {import('../client/index.js').ServerMessage} ServerMessage */
/** @typedef {import('../client/index.js').SharedState} SharedState */

/**
 * @typedef {object} WebSocketOptions
 * @property {string | null} [token]
 * @property {boolean} [autoReconnect] true by default
 * @property {number} [reconnectInterval] ms; 3000 by default, more or less a third
 * @property {number} [maxReconnectAttempts] without end by default
 * @property {boolean} [heartbeat] true by default
 * @property {number} [heartbeatInterval] ms; 30000 by default
 * @property {(message: ServerMessage) => void} [onMessage]
 * @property {() => void} [onConnect]
 * @property {() => void} [onDisconnect]
 * @property {(error: Error) => void} [onError]
 */

/**
 * @typedef {object} WebSocketHook
 * @property {boolean} isConnected
 * @property {'connecting' | 'connected' | 'disconnected' | 'error'} connectionState
 * @property {ServerMessage | null} lastMessage
 * @property {number} reconnectAttempt
 * @property {(message: object) => boolean} sendMessage false where it was not sent: not connected, over SSE, or another tab
 *   holds the stream
 * @property {() => void} reconnect
 * @property {() => void} disconnect for this component; others that share the connection keep it
 */

const subscribeToNothing = () => () => undefined;
const getNull = () => null;

/**
 * `url` names the stream, such as `ws://192.168.0.10:8000/ws/pedidos`. Components with the same address and settings, those
 * of `usePedidosSync` too, share one connection; it falls back to SSE as theirs does.
 * @param {string | null} url null: not connected
 * @param {WebSocketOptions} [options]
 * @returns {WebSocketHook}
 */
export function useWebSocket(url, options = {}) {
  const [wanted, setWanted] = useState(true);
  const [lastMessage, setLastMessage] = useState(/** @type {ServerMessage | null} */ (null));
  const { token, autoReconnect, reconnectInterval, maxReconnectAttempts, heartbeat, heartbeatInterval } =
    options;
  const client = useClient(
    {
      baseUrl: baseUrlOf(url || ''),
      token,
      autoReconnect,
      reconnectInterval,
      maxReconnectAttempts,
      heartbeat,
      heartbeatInterval,
    },
    wanted && Boolean(url),
  );
  const latest = useLatest({ options, client });

  const state = useSyncExternalStore(
    client ? client.connection.subscribe : subscribeToNothing,
    /** @type {() => SharedState | null} */ (client ? client.connection.getState : getNull),
    getNull,
  );

  useEffect(() => {
    if (!client) return undefined;
    return follow(client.connection, setLastMessage, () => latest.current.options);
  }, [client, latest]);

  const sendMessage = useCallback(
    (/** @type {object} */ message) => {
      const { client: current } = latest.current;
      return current !== null && current.connection.send(message);
    },
    [latest],
  );
  const reconnect = useCallback(() => {
    const { client: current } = latest.current;
    if (current) current.connection.reconnect();
    else setWanted(true);
  }, [latest]);
  const disconnect = useCallback(() => setWanted(false), []);

  return {
    isConnected: state !== null && state.status === 'connected',
    connectionState: state ? state.status : wanted && url ? 'connecting' : 'disconnected',
    lastMessage,
    reconnectAttempt: state ? state.reconnectAttempt : 0,
    sendMessage,
    reconnect,
    disconnect,
  };
}

/**
 * @param {import('../client/index.js').SharedConnection} connection
 * @param {(message: ServerMessage) => void} onLast
 * @param {() => WebSocketOptions} options those of the last render
 * @returns {() => void} how to end it
 */
function follow(connection, onLast, options) {
  let connected = false;
  /** @type {string | null} */
  let error = null;
  // What was known is replaced before anybody is told: a callback may call back in.
  function tellStatus() {
    const was = connected;
    connected = connection.getState().status === 'connected';
    const { onConnect, onDisconnect } = options();
    if (!was && connected && onConnect) onConnect();
    if (was && !connected && onDisconnect) onDisconnect();
  }
  function tellError() {
    const next = connection.getState().error;
    const known = error;
    error = next ? next.kind : null;
    const { onError } = options();
    if (next && next.kind !== known && onError) onError(new Error(next.message));
  }
  const off = [
    connection.subscribe(tellStatus),
    connection.subscribe(tellError),
    connection.onMessage(onLast),
    connection.onMessage((message) => {
      const { onMessage } = options();
      if (onMessage) onMessage(message);
    }),
  ];
  // How it is already, where others have it open. React would take the component down for a callback that throws here.
  callApart(tellStatus);
  callApart(tellError);
  connection.start();
  return () => {
    off.forEach((undo) => undo());
    const { onDisconnect } = options();
    if (connected && onDisconnect) callApart(onDisconnect);
  };
}

/** @param {string} url */
function baseUrlOf(url) {
  return url.replace(/^ws/, 'http').replace(/\/ws\/pedidos\/?(\?.*)?$/, '');
}

// The bare stream of messages, for a component that keeps its own state.

import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

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
    const { connection } = client;
    let connected = false;
    /** @type {string | null} */
    let error = null;
    function tell() {
      const next = connection.getState();
      const callbacks = latest.current.options;
      if (!connected && next.status === 'connected' && callbacks.onConnect) callbacks.onConnect();
      if (connected && next.status !== 'connected' && callbacks.onDisconnect) callbacks.onDisconnect();
      const kind = next.error ? next.error.kind : null;
      if (next.error && kind !== error && callbacks.onError) callbacks.onError(new Error(next.error.message));
      connected = next.status === 'connected';
      error = kind;
    }
    const off = [
      connection.subscribe(tell),
      connection.onMessage((message) => {
        setLastMessage(message);
        const { onMessage } = latest.current.options;
        if (onMessage) onMessage(message);
      }),
    ];
    tell();
    connection.start();
    return () => {
      off.forEach((undo) => undo());
      const { onDisconnect } = latest.current.options;
      if (connected && onDisconnect) onDisconnect();
    };
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

/** @param {string} url */
function baseUrlOf(url) {
  return url.replace(/^ws/, 'http').replace(/\/ws\/pedidos\/?(\?.*)?$/, '');
}

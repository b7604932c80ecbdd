// One client for all components that ask for the same server, however many mount.
//
// The registry is the default value of a context, so an app needs no provider, and a test or an app with several
// windows can give its own. A client is closed one task after its last user left: StrictMode and a change
// of route unmount and mount within the same task, and must not cost a reconnect.

import { createContext, useContext, useEffect, useState } from 'react';

import { createPedidosClient } from '../client/index.js';

/** @typedef {import('../client/index.js').ClientOptions} ClientOptions */
/** @typedef {import('../client/index.js').PedidosClient} PedidosClient */

/**
 * @typedef {object} ClientRegistry
 * @property {(options: ClientOptions) => PedidosClient} acquire
 * @property {(options: ClientOptions) => void} release
 */

/**
 * @param {(options: ClientOptions) => PedidosClient} [create]
 * @returns {ClientRegistry}
 */
export function createClientRegistry(create = createPedidosClient) {
  /** @type {Map<string, {client: PedidosClient, users: number}>} */
  const entries = new Map();
  return {
    acquire(options) {
      const key = keyOf(options);
      const entry = entries.get(key) || { client: create(options), users: 0 };
      entry.users += 1;
      entries.set(key, entry);
      return entry.client;
    },
    release(options) {
      const key = keyOf(options);
      const entry = entries.get(key);
      if (!entry) return;
      entry.users -= 1;
      setTimeout(() => {
        if (entry.users > 0 || entries.get(key) !== entry) return;
        entries.delete(key);
        entry.client.close();
      }, 0);
    },
  };
}

/** What makes two clients different. The author is not of it: it changes without reconnecting.
 * @param {ClientOptions} options */
function keyOf({
  baseUrl,
  token,
  transport,
  autoReconnect,
  reconnectInterval,
  maxReconnectAttempts,
  ...rest
}) {
  const { heartbeat, heartbeatInterval, shareStream } = rest;
  return JSON.stringify([
    (baseUrl || '').replace(/\/+$/, ''),
    token || '',
    transport || 'auto',
    autoReconnect !== false,
    reconnectInterval || 0,
    maxReconnectAttempts === Infinity || maxReconnectAttempts === undefined ? -1 : maxReconnectAttempts,
    heartbeat !== false,
    heartbeatInterval || 0,
    shareStream !== false,
  ]);
}

export const ClientRegistryContext = createContext(createClientRegistry());

/**
 * The client while the component is mounted and `enabled`; null before. Rendering has no side effect: an
 * abandoned render leaves nothing open.
 * @param {ClientOptions} options
 * @param {boolean} [enabled]
 * @returns {PedidosClient | null}
 */
export function useClient(options, enabled = true) {
  const registry = useContext(ClientRegistryContext);
  const [client, setClient] = useState(/** @type {PedidosClient | null} */ (null));
  const key = keyOf(options);
  useEffect(() => {
    if (!enabled) return undefined;
    setClient(registry.acquire(options));
    return () => {
      setClient(null);
      registry.release(options);
    };
    // The key says all that matters of the options.
  }, [registry, key, enabled]);
  return client;
}

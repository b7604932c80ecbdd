// React hooks (18 and 19) on the sync client.

export { ClientRegistryContext, createClientRegistry } from './clients.js';
export { SyncStatusIndicator } from './sync-status-indicator.js';
export { usePedidosSync } from './use-pedidos-sync.js';
export { useWebSocket } from './use-websocket.js';

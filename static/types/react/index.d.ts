export { SyncStatusIndicator } from "./sync-status-indicator.js";
export { usePedidosSync } from "./use-pedidos-sync.js";
export { useWebSocket } from "./use-websocket.js";
export { ClientRegistryContext, createClientRegistry } from "./clients.js";

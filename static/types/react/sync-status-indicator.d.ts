/**
 * Takes what `usePedidosSync` gives: `<SyncStatusIndicator {...sync} />`. Its look is the app's own: style it by the class
 * `sync-status` and the attribute `data-state`.
 * @param {Pick<import('./use-pedidos-sync.js').PedidosSync,
 *   'wsState' | 'delayed' | 'transport' | 'reconnectAttempt' | 'lastSync' | 'connectionError' | 'wsReconnect'>} props
 */
export function SyncStatusIndicator({ wsState, delayed, transport, reconnectAttempt, lastSync, connectionError, wsReconnect, }: Pick<import("./use-pedidos-sync.js").PedidosSync, "wsState" | "delayed" | "transport" | "reconnectAttempt" | "lastSync" | "connectionError" | "wsReconnect">): import("react").DetailedReactHTMLElement<{
    className: string;
    'data-state': "error" | "connected" | "connecting" | "disconnected";
}, HTMLElement>;

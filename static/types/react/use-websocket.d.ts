/**
 * `url` names the stream, such as `ws://192.168.0.10:8000/ws/pedidos`. Components with the same address and settings, those
 * of `usePedidosSync` too, share one connection; it falls back to SSE as theirs does.
 * @param {string | null} url null: not connected
 * @param {WebSocketOptions} [options]
 * @returns {WebSocketHook}
 */
export function useWebSocket(url: string | null, options?: WebSocketOptions): WebSocketHook;
export type ServerMessage = import("../client/index.js").ServerMessage;
export type SharedState = import("../client/index.js").SharedState;
export type WebSocketOptions = {
    token?: string | null | undefined;
    /**
     * true by default
     */
    autoReconnect?: boolean | undefined;
    /**
     * ms; 3000 by default, more or less a third
     */
    reconnectInterval?: number | undefined;
    /**
     * without end by default
     */
    maxReconnectAttempts?: number | undefined;
    /**
     * true by default
     */
    heartbeat?: boolean | undefined;
    /**
     * ms; 30000 by default
     */
    heartbeatInterval?: number | undefined;
    onMessage?: ((message: ServerMessage) => void) | undefined;
    onConnect?: (() => void) | undefined;
    onDisconnect?: (() => void) | undefined;
    onError?: ((error: Error) => void) | undefined;
};
export type WebSocketHook = {
    isConnected: boolean;
    connectionState: "connecting" | "connected" | "disconnected" | "error";
    lastMessage: ServerMessage | null;
    reconnectAttempt: number;
    /**
     * false where it was not sent: not connected, over SSE, or another tab
     * holds the stream
     */
    sendMessage: (message: object) => boolean;
    reconnect: () => void;
    /**
     * for this component; others that share the connection keep it
     */
    disconnect: () => void;
};
